//! The users of `valkey/users.acl`: what is documented, and nothing besides.

use std::{collections::BTreeSet, fs, path::PathBuf};

use baton_test_servers::{Program, Server};
use redis::{Connection, Value};

/// What keeps a connection going and shows nothing of what is stored.
const HARMLESS: &[&str] = &[
    "asking",
    "auth",
    "client|caching",
    "client|capa",
    "client|getname",
    "client|getredir",
    "client|help",
    "client|id",
    "client|import-source",
    "client|info",
    "client|no-touch",
    "client|reply",
    "client|setinfo",
    "client|setname",
    "client|tracking",
    "client|trackinginfo",
    "client|unblock",
    // Where the nodes of a Cluster are.
    "cluster|slots",
    "command",
    "command|count",
    "command|docs",
    "command|getkeys",
    "command|getkeysandflags",
    "command|help",
    "command|info",
    "command|list",
    "echo",
    "hello",
    "info",
    "ping",
    "quit",
    "readonly",
    "readwrite",
    "reset",
    "select",
    "script|load",
    "time",
    // They keep nobody waiting but who asks.
    "wait",
    "waitaof",
    "xinfo|help",
];

/// Keys of Baton's own that no consumer has to do with, as docs/protocol.md names them.
const NOT_ITS_OWN: [&str; 13] = [
    "baton:{main}:instances",
    "baton:{main}:planner",
    "baton:{main}:targets",
    "baton:{main}:stored-apps",
    "baton:{main}:intents",
    "baton:{main}:reports",
    "baton:{main}:store",
    "baton:{main}:conflicts",
    "baton:{main}:journal",
    "baton:{bot}:identify:buckets",
    "baton:{bot}:identify:day",
    "baton:{bot.0}:shard:0:7",
    "somebody's",
];

fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn text(path: &str) -> String {
    fs::read_to_string(repository(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The rights of a user, in a file that lists users.
fn rights(path: &str, user: &str) -> Vec<String> {
    let start = format!("user {user} on ");
    let text = text(path);
    let line = text.lines().find_map(|line| line.strip_prefix(&start));
    let line = line.unwrap_or_else(|| panic!("no line \"{start}…\" in {path}"));
    line.split_whitespace().skip(1).map(str::to_owned).collect()
}

/// A server with a user of the list, and somebody who is that user.
fn server_with(user: &str, program: Program) -> (Server, String) {
    let server = Server::start(program, &[]);
    let rights = rights("valkey/users.acl", user);
    let mut words = vec!["ACL", "SETUSER", user, "on", ">secret"];
    words.extend(rights.iter().map(String::as_str));
    server.command::<()>(&words).expect("a user");
    let url = format!("redis://{user}:secret@127.0.0.1:{}", server.port());
    (server, url)
}

fn connect(url: &str) -> Connection {
    redis::Client::open(url).expect("a url").get_connection().expect("it may come in")
}

/// What came of a command: whether it was refused because the user may not.
fn is_refused(url: &str, words: &[&str]) -> bool {
    let mut command = redis::cmd(words[0]);
    for word in &words[1..] {
        command.arg(*word);
    }
    let answer = command.query::<Value>(&mut connect(url));
    answer.is_err_and(|error| error.to_string().contains("NOPERM") || is_no_permission(&error))
}

fn is_no_permission(error: &redis::RedisError) -> bool {
    let detail = error.detail().unwrap_or_default();
    // DEBUG and MODULE are off for everybody, which is said before anybody's rights are looked at.
    detail.contains("permission") || detail.contains("command not allowed. If the enable-")
}

/// A command of the server, from `COMMAND`.
#[derive(Debug)]
struct Known {
    name: String,
    arity: i64,
    first_key: i64,
    has_keys_elsewhere: bool,
}

/// Every command that the server has, and every one below those.
fn commands(server: &Server) -> Vec<Known> {
    let all: Vec<Value> = server.command(&["COMMAND"]).expect("a list");
    let mut known = Vec::new();
    for command in &all {
        gather(command, &mut known);
    }
    assert!(known.len() > 300, "{} commands", known.len());
    known
}

fn gather(command: &Value, known: &mut Vec<Known>) {
    let Value::Array(fields) = command else { panic!("{command:?} is no command") };
    let number = |value: &Value| {
        let Value::Int(number) = value else { panic!("{value:?} is no number") };
        *number
    };
    let flags = format!("{:?}", fields[2]);
    if let Some(Value::Array(below)) = fields.get(9)
        && !below.is_empty()
    {
        below.iter().for_each(|command| gather(command, known));
        return;
    }
    known.push(Known {
        name: redis::from_redis_value(fields[0].clone()).expect("a name"),
        arity: number(&fields[1]),
        first_key: number(&fields[3]),
        has_keys_elsewhere: flags.contains("movablekeys"),
    });
}

/// The command with as many words as it needs, about a key.
fn attempt(known: &Known, key: &str) -> Vec<String> {
    let mut words: Vec<String> = known.name.split('|').map(str::to_owned).collect();
    let typed: Option<&[&str]> = match known.name.as_str() {
        "eval" | "evalsha" | "eval_ro" | "evalsha_ro" | "fcall" | "fcall_ro" => {
            Some(&["return 1", "1", "KEY"])
        }
        "xread" => Some(&["STREAMS", "KEY", "0"]),
        "xreadgroup" => Some(&["GROUP", "g", "c", "STREAMS", "KEY", ">"]),
        _ => None,
    };
    if let Some(typed) = typed {
        words.extend(typed.iter().map(|word| word.replace("KEY", key)));
        return words;
    }
    let needed = usize::try_from(known.arity.abs()).expect("small");
    while words.len() < needed {
        let at = i64::try_from(words.len()).expect("small");
        words.push(if at == known.first_key { key.to_owned() } else { "1".to_owned() });
    }
    words
}

#[test]
fn a_consumer_is_refused_every_command_outside_its_streams() {
    for program in [Program::Valkey, Program::Redis] {
        let (server, url) = server_with("consumer", program);
        let (mut harmless, mut others) = (BTreeSet::new(), Vec::new());
        for known in commands(&server) {
            for key in NOT_ITS_OWN {
                let words = attempt(&known, key);
                let words: Vec<_> = words.iter().map(String::as_str).collect();
                if is_refused(&url, &words) {
                    continue;
                }
                let is_harmless = known.first_key == 0 && !known.has_keys_elsewhere;
                let is_listed = HARMLESS.contains(&known.name.as_str());
                match is_harmless && is_listed {
                    true => drop(harmless.insert(known.name.clone())),
                    false => others.push(words.join(" ")),
                }
            }
        }
        assert_eq!(others, Vec::<String>::new(), "a consumer may do this");
        assert!(harmless.contains("ping") && harmless.contains("time"), "{harmless:?}");
    }
}

#[test]
fn a_consumer_changes_nothing_that_it_only_reads() {
    let (server, url) = server_with("consumer", Program::Valkey);
    server.command::<()>(&["HSET", "baton:{main}:apps", "bot", "{}"]).expect("set");
    let refused = |words: &[&str]| is_refused(&url, words);
    assert!(!refused(&["HGET", "baton:{main}:apps", "bot"]));
    assert!(refused(&["HSET", "baton:{main}:apps", "bot", "x"]));
    assert!(refused(&["HDEL", "baton:{main}:apps", "bot"]));
    assert!(!refused(&["XADD", "baton:{bot.0}:commands", "*", "v", "1"]));
    assert!(refused(&["XREAD", "STREAMS", "baton:{bot.0}:commands", "0"]));
    assert!(refused(&["XADD", "baton:{bot.0}:events", "*", "v", "1"]));
    assert!(refused(&["XADD", "baton:{bot.0}:results:me", "*", "v", "1"]));
    assert!(refused(&["XGROUP", "DESTROY", "baton:{bot.0}:events", "others"]));
    assert!(refused(&["XGROUP", "SETID", "baton:{bot.0}:events", "others", "0"]));
}

#[test]
fn no_script_of_a_consumer_does_what_it_may_not() {
    let (server, url) = server_with("consumer", Program::Valkey);
    let run = |script: &str| {
        redis::cmd("EVAL").arg(script).arg(0).query::<Value>(&mut connect(&url)).map(drop)
    };
    run("return redis.call('xadd', 'baton:{bot.0}:dead:g', '*', 'a', 'b')").expect("its own");
    for key in NOT_ITS_OWN {
        let script = format!("return redis.call('hset', \"{key}\", 'owner', 'me')");
        run(&script).expect_err(key);
        assert!(!server.command::<bool>(&["EXISTS", key]).expect("asked"), "{key}");
    }
    run("return redis.call('xadd', 'baton:{bot.0}:events', '*', 'a', 'b')").expect_err("events");
    run("return redis.call('flushall')").expect_err("flushall");
}

#[test]
fn a_gateway_does_nothing_outside_batons_keys_and_nothing_to_the_server() {
    for user in ["gateway", "admin"] {
        let (server, url) = server_with(user, Program::Valkey);
        for known in commands(&server) {
            let words = attempt(&known, "somebody's");
            let words: Vec<_> = words.iter().map(String::as_str).collect();
            // To hear no more of a channel is nobody's loss.
            let has_keys =
                (known.first_key != 0 || known.has_keys_elsewhere) && known.name != "sunsubscribe";
            assert!(!has_keys || is_refused(&url, &words), "{user} may {words:?}");
        }
        for words in [
            &["FLUSHALL"][..],
            &["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"],
            &["SHUTDOWN"],
            &["ACL", "SETUSER", "x"],
            &["FUNCTION", "FLUSH"],
            &["CLIENT", "PAUSE", "1000"],
            &["CLIENT", "KILL", "TYPE", "normal"],
            &["REPLICAOF", "h", "1"],
            &["KEYS", "*"],
            &["MONITOR"],
        ] {
            assert!(is_refused(&url, words), "{user} may {words:?}");
        }
    }
}

#[test]
fn the_users_have_the_rights_that_are_documented() {
    let list = "valkey/users.acl";
    assert_eq!(rights(list, "gateway"), rights("docs/valkey.md", "gateway"));
    assert_eq!(rights(list, "consumer"), rights("docs/consumers.md", "consumer"));
    let more = ["+bgsave", "+lastsave", "+acl|load"].map(str::to_owned);
    assert_eq!(rights(list, "admin"), [rights(list, "gateway"), more.to_vec()].concat());
    assert_eq!(text(list).lines().next(), Some("user default off resetpass ~* &* +@all"));
}

#[test]
fn who_asks_how_a_server_is_may_do_nothing_else() {
    let (server, url) = server_with("health", Program::Valkey);
    let mut allowed: Vec<_> = commands(&server)
        .iter()
        .filter(|known| {
            let words = attempt(known, "somebody's");
            !is_refused(&url, &words.iter().map(String::as_str).collect::<Vec<_>>())
        })
        .map(|known| known.name.clone())
        .filter(|name| !["auth", "hello", "quit", "reset"].contains(&name.as_str()))
        .collect();
    // A server lists its commands in an order that differs from start to start.
    allowed.sort();
    assert_eq!(allowed, ["ping", "role"]);
}
