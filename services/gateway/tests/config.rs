//! A configuration is read as a whole, judged as a whole, and shows no secret.

use std::{collections::BTreeSet, fs};

use baton_fleet::Company;
use baton_gateway::{
    brokers::{BrokersSettings, CopyMode},
    config::{
        Config, Effect, Events, Mistakes, StorePlace, StoreSettings, Workers, diff, reference,
    },
    memory::Bounds,
    tuning::AppTuning,
};
use baton_model::{EventName, Version};
use baton_store::{Op, Trim};
use proptest::prelude::*;
use twilight_gateway::Intents;

/// All that is needed, and nothing more.
const LEAST: &str = r#"
store.url = "valkey://localhost"
[apps.music]
token = "file:token"
intents = ["guilds"]
"#;

const TOKEN: &str = "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs";

/// Loads a text as the file `baton.toml`, with variables over it.
fn load(toml: &str, variables: &[(&str, &str)]) -> Result<Config, Mistakes> {
    let folder = tempfile::tempdir().expect("it works");
    let path = folder.path().join("baton.toml");
    fs::write(&path, toml).expect("it works");
    let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    Config::load(Some(&path), variables)
}

fn good(toml: &str, variables: &[(&str, &str)]) -> Config {
    load(toml, variables).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

/// The mistakes, without the folder of the file.
fn mistakes(toml: &str, variables: &[(&str, &str)]) -> Vec<String> {
    let mistakes = load(toml, variables).expect_err("there are mistakes").to_string();
    let bare = |line: &str| match line.find("baton.toml") {
        Some(at) => line[at..].to_owned(),
        None => line.to_owned(),
    };
    mistakes.lines().map(bare).collect()
}

/// The mistakes of an otherwise good file with these lines in its app, which begin in line 6.
fn in_app(lines: &str) -> Vec<String> {
    mistakes(&format!("{LEAST}{lines}"), &[])
}

#[test]
fn all_mistakes_are_reported_together_each_with_its_place() {
    let toml = r#"
flet = "main"
log = "debug"
[stroe]
url = "valkey://localhost"
[instance]
tier = 256
weight = "heavy"
[drain]
limit = "2m"
[apps.music]
token = "MTk4"
intents = ["guild", "guilds", "MESSAGE_CONTENT", 7]
shards = 0
[apps."No Name"]
shards = 1
"#;
    let variables = [
        ("BATON_LOG__LEVEL", "inof"),
        ("BATON_HTTP__LISTEN", "localhost"),
        ("BATON_STORE__URI", "valkey://localhost"),
        ("BATON_APPS__MUSIC__LANES", "0"),
        ("BATON_APPS__MUSIC__SHRADS", "1"),
    ];
    let expected = [
        "store.url is not set (nor is BATON_STORE__URL); expected valkey://host:port, \
         valkey-sentinel://…/service, valkey-cluster://… (valkeys…: TLS) or embedded:///folder",
        "baton.toml:2: flet is unknown; did you mean fleet?",
        "baton.toml:3: log is a section; expected [log] and its options under it",
        "baton.toml:4: stroe is unknown; did you mean store?",
        "baton.toml:7: instance.tier = 256; expected a number from 0 to 255",
        "baton.toml:8: instance.weight = \"heavy\"; expected a number from 1 to 65535",
        "baton.toml:10: drain.limit = \"2m\"; expected a length of time from \"1s\" to \"1m\"",
        "baton.toml:12: apps.music.token = (not shown); expected env:NAME or file:PATH, or a list \
         of them, never the token itself",
        "baton.toml:13: apps.music.intents = [\"guild\", \"guilds\", \"MESSAGE_CONTENT\", 7]: \
         guild; expected an intent, as in \"guilds\"; did you mean guilds?",
        "baton.toml:13: apps.music.intents = [\"guild\", \"guilds\", \"MESSAGE_CONTENT\", 7]: \
         MESSAGE_CONTENT; expected an intent, as in \"guilds\"; did you mean message_content?",
        "baton.toml:13: apps.music.intents = [\"guild\", \"guilds\", \"MESSAGE_CONTENT\", 7]: \
         item 4; expected an intent's name",
        "baton.toml:14: apps.music.shards = 0; expected \"auto\" or a number from 1 to 65536",
        "baton.toml:15: apps.\"No Name\" is no app's name; expected 1 to 64 of a-z 0-9 . _ -",
        "BATON_APPS__MUSIC__SHRADS is unknown; did you mean BATON_APPS__MUSIC__SHARDS?",
        "BATON_STORE__URI is unknown; did you mean BATON_STORE__URL?",
        "BATON_HTTP__LISTEN = \"localhost\"; expected address:port, as in 127.0.0.1:9090",
        "BATON_LOG__LEVEL = \"inof\"; expected one of error, warn, info, debug, trace; did you \
         mean info?",
        "BATON_APPS__MUSIC__LANES = 0; expected a number from 1 to 1024",
    ];
    assert_eq!(mistakes(toml, &variables), expected);
}

#[test]
fn nothing_at_all_lacks_a_store_and_an_app() {
    let mistakes = Config::load(None, std::iter::empty()).unwrap_err().to_string();
    let starts: Vec<_> = mistakes.lines().map(|line| &line[..20]).collect();
    assert_eq!(starts, ["store.url is not set", "no app is configured"]);
}

#[test]
fn an_app_lacks_its_token_and_its_intents() {
    let expected = [
        "apps.a.token is not set (nor is BATON_APPS__A__TOKEN); expected env:NAME or file:PATH, \
         or a list of them, never the token itself",
        "apps.a.intents is not set (nor is BATON_APPS__A__INTENTS); expected a list of intents, \
         as in [\"guilds\"], or their number",
    ];
    assert_eq!(mistakes("store.url = \"embedded://data\"\n[apps.a]", &[]), expected);
}

#[test]
fn after_a_slip_of_syntax_only_what_is_certain_is_reported() {
    let toml = "fleet = \"main\n[apps.music\ntokne = 1\n";
    let found = mistakes(toml, &[("BATON_LOG__FORMAT", "xml")]);
    assert_eq!(found.len(), 3, "{found:#?}");
    assert!(found[0].starts_with("baton.toml:1: this is no TOML: "), "{found:#?}");
    assert!(found[1].starts_with("baton.toml:2: this is no TOML: "), "{found:#?}");
    assert_eq!(found[2], "BATON_LOG__FORMAT = \"xml\"; expected one of text, json");
}

#[test]
fn a_file_that_is_not_there_is_a_mistake_among_the_others() {
    let path = std::path::Path::new("no/such/baton.toml");
    let variables = [("BATON_FLEET".to_owned(), "A".to_owned())].into_iter();
    let mistakes = Config::load(Some(path), variables).unwrap_err().to_string();
    let expected = "no/such/baton.toml: cannot be read: No such file or directory (os error 2)\n\
                    BATON_FLEET = \"A\"; expected a name of 1 to 64 of a-z 0-9 . _ -";
    assert_eq!(mistakes, expected);
}

#[test]
fn events_and_presence_and_commands_say_which_item_is_wrong() {
    let found = in_app(
        r#"commands = ["update_presence", "identify"]
events.leave_out = ["TYPING_STRAT", "typing_start", "SOMETHING_OF_TOMORROW", ""]
[apps.music.presence]
status = "away"
activities = [{ type = "eating", name = "" }, { type = "playing", name = "x", url = "u", nam = 1 }, 3]"#,
    );
    let expected = [
        "identify; expected a list of request_channel_info, request_guild_members, \
         request_soundboard_sounds, update_presence, update_voice_state",
        "TYPING_STRAT; expected an event's name, as in MESSAGE_CREATE; did you mean TYPING_START?",
        "typing_start; expected an event's name, as in MESSAGE_CREATE; did you mean TYPING_START?",
        "\"\"; expected an event's name, as in MESSAGE_CREATE",
        "expected one of online, idle, dnd, invisible",
        "item 1: type; expected one of playing, streaming, listening, watching, custom, competing",
        "item 1: name; expected a text of 1 to 128 characters",
        "item 2: nam is unknown; expected type, name, url; did you mean name?",
        "item 2: url; expected a text, for type \"streaming\" only",
        "item 3; expected a table, as in { type = \"watching\", name = \"you\" }",
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.ends_with(expected), "{found}\n{expected}");
    }
}

#[test]
fn options_that_do_not_go_together_are_mistakes() {
    let found = in_app("events.forward = []\nevents.leave_out = []\ntoken_ = 1");
    assert_eq!(
        found[0],
        "baton.toml:6: apps.music.events.forward is set, and events.leave_out as well; set one of \
         them"
    );
    for (url, options, said) in [
        ("embedded://x", "store.user = \"u\"", "store.user is not used by an embedded store"),
        ("embedded://x", "store.password = \"file:p\"", "store.password is not used by an"),
        ("embedded://x", "store.ca_file = \"p\"", "store.ca_file is not used by an embedded"),
        ("valkey://h", "store.ca_file = \"p\"", "store.ca_file is not used without TLS"),
        ("valkeys://u:p@h", "store.password = \"file:p\"", "store.password is set, and store.url"),
        ("valkeys://h", "store.user = \"u\"", "store.user is set, but store.password is not"),
        ("valkeys://h", "store.password = \"env:NO\"", "store.password names no variable that"),
    ] {
        let found =
            mistakes(&format!("{options}{}", LEAST.replace("valkey://localhost", url)), &[]);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].starts_with(&format!("baton.toml:1: {said}")), "{found:#?}");
    }
}

#[test]
fn a_token_that_no_variable_can_hold_is_a_mistake_and_one_that_a_file_may_hold_is_not() {
    let with = |token: &str| LEAST.replace("\"file:token\"", token);
    let found = mistakes(&with(r#"["env:BATON_A", "env:B"]"#), &[("B", "")]);
    let said = "apps.music.token names no variable that is set; set one, or name a file";
    assert_eq!(found, [format!("baton.toml:4: {said}")]);
    good(&with(r#"["env:BATON_A", "env:B"]"#), &[("BATON_A", TOKEN)]);
    good(&with(r#"["env:A", "file:b"]"#), &[]);
    good(LEAST, &[("BATON_APPS__MUSIC__TOKEN", "env:BATON_X,file:y"), ("BATON_X", TOKEN)]);
}

/// All options of a bot, with where each comes from.
const DESCRIBED: &[&str] = &[
    "fleet = \"variable\"  # BATON_FLEET",
    "store.url = \"valkey://localhost:6379\"  # baton.toml:3",
    "store.user is not set  # default",
    "store.password is not set  # default",
    "store.ca_file is not set  # default",
    "instance.name is not set  # default",
    "instance.zone = \"default\"  # default",
    "instance.tier = 0  # default",
    "instance.weight = 100  # default",
    "instance.capacity = 10000  # default",
    "instance.workers = 3  # BATON_INSTANCE__WORKERS",
    "http.listen = \"127.0.0.1:9090\"  # default",
    "http.page = \"off\"  # default",
    "log.format = \"text\"  # default",
    "log.level = \"warn\"  # baton.toml:2",
    "telemetry.metrics = \"on\"  # default",
    "telemetry.per_shard = \"auto\"  # default",
    "telemetry.otlp_url is not set  # default",
    "telemetry.otlp_logs_url is not set  # default",
    "telemetry.trace_one_in = 1000  # default",
    "drain.limit = \"1m\"  # default",
    "drain.kill_timeout is not set  # default",
    "memory.drain_at_percent = 85  # default",
    "stored_apps.token_folder is not set  # default",
    "stored_apps.token_prefix is not set  # default",
    "stored_apps.gateway_url is not set  # default",
    "stored_apps.api_url is not set  # default",
    "apps.music.token = [\"file:token\"]  # baton.toml:5",
    "apps.music.intents = [\"guilds\"]  # baton.toml:6",
    "apps.music.shards = 32  # BATON_APPS__MUSIC__SHARDS",
    "apps.music.lanes = 16  # default",
    "apps.music.events.forward = [\"MESSAGE_CREATE\", \"READY\"]  # \
     BATON_APPS__MUSIC__EVENTS__FORWARD",
    "apps.music.events.leave_out is not set  # default",
    "apps.music.presence.status = \"online\"  # default",
    "apps.music.presence.activities = []  # default",
    "apps.music.large_threshold = 50  # default",
    "apps.music.commands = [\"request_channel_info\", \"request_guild_members\", \
     \"request_soundboard_sounds\", \"update_presence\", \"update_voice_state\"]  # default",
    "apps.music.trim.min_age = \"1h\"  # default",
    "apps.music.trim.entries_max = 1000000  # default",
    "apps.music.trim.bytes_max = 268435456  # default",
    "apps.music.trim.live_within = \"12h\"  # default",
    "apps.music.brokers.mode = \"off\"  # default",
    "apps.music.brokers.prefix = \"\"  # default",
    "apps.music.brokers.group_idle_max = \"1d\"  # default",
    "apps.music.gateway_url is not set  # default",
    "apps.music.api_url is not set  # default",
];

#[test]
fn a_variable_wins_over_the_file_and_the_file_over_the_default() {
    let toml = format!("fleet = \"file\"\nlog.level = \"warn\"{LEAST}shards = 8\n");
    let variables = [
        ("BATON_FLEET", "variable"),
        ("BATON_APPS__MUSIC__SHARDS", "32"),
        ("BATON_APPS__MUSIC__EVENTS__FORWARD", "MESSAGE_CREATE, READY"),
        ("BATON_INSTANCE__WORKERS", "3"),
        ("BATON_LOG__LEVEL", ""),
        ("BATON_CONFIG", "baton.toml"),
        ("baton_fleet", "other"),
    ];
    let config = good(&toml, &variables);
    assert_eq!(config.instance.workers, Workers::Fixed(3.try_into().unwrap()));
    let described = config.describe();
    let lines: Vec<_> = described
        .lines()
        .map(|line| match line.split_once("  # ") {
            Some((option, origin)) if origin.contains("baton.toml:") => {
                format!("{option}  # {}", &origin[origin.find("baton.toml:").unwrap()..])
            }
            Some(_) | None => line.to_owned(),
        })
        .collect();
    assert_eq!(lines, DESCRIBED);
}

#[test]
fn variables_alone_are_enough() {
    let variables = [
        ("BATON_STORE__URL", "embedded:///var/lib/baton"),
        ("BATON_APPS__MUSIC__TOKEN", "env:DISCORD_TOKEN"),
        ("BATON_APPS__MUSIC__INTENTS", "guilds,guild_messages"),
        ("DISCORD_TOKEN", TOKEN),
    ];
    let config = good("", &variables);
    assert_eq!(config.store.place, StorePlace::Embedded("/var/lib/baton".into()));
    let settings = config.settings(Version::default());
    assert_eq!(settings.apps[0].intents, Intents::GUILDS | Intents::GUILD_MESSAGES);
}

#[test]
fn nobody_else_is_waited_for_on_an_embedded_store() {
    let company = |config: &Config| config.settings(Version::default()).company;
    assert_eq!(company(&good(LEAST, &[])), Company::Anybody);
    let embedded = [("BATON_STORE__URL", "embedded:///var/lib/baton")];
    assert_eq!(company(&good(LEAST, &embedded)), Company::Together(1));
}

#[test]
fn a_variable_finds_an_app_whose_name_no_variable_can_spell() {
    let dashed = LEAST.replace("apps.music", "apps.music-bot");
    let shards = [("BATON_APPS__MUSIC_BOT__SHARDS", "2")];
    let config = good(&dashed, &shards);
    assert!(config.describe().contains("apps.music-bot.shards = 2  #"), "{}", config.describe());
    let both = format!("{dashed}\n[apps.music_bot]\ntoken = \"file:t\"\nintents = 0\n");
    let said = "BATON_APPS__MUSIC_BOT__SHARDS can mean apps.music-bot and apps.music_bot; set it \
                in the file";
    assert_eq!(mistakes(&both, &shards), [said]);
}

#[test]
fn what_is_forwarded_leaves_out_every_other_event_that_has_a_name() {
    let config = good(&format!("{LEAST}events.forward = [\"READY\", \"NEW_ONE\"]"), &[]);
    let app = config.apps.values().next().unwrap();
    let settings = config.settings(Version::default());
    assert!(matches!(&app.events, Events::Forward(events) if events.len() == 2));
    let left_out = &settings.apps[0].left_out;
    assert!(left_out.contains(&EventName::new("MESSAGE_CREATE")));
    assert!(!left_out.contains(&EventName::new("READY")));
    let config = good(&format!("{LEAST}events.leave_out = [\"READY\"]"), &[]);
    let left_out = config.settings(Version::default()).apps.remove(0).left_out;
    assert_eq!(left_out, [EventName::new("READY")].into());
}

#[test]
fn the_store_is_opened_with_the_password_and_the_certificates_from_their_places() {
    let folder = tempfile::tempdir().unwrap();
    let (password, ca) = (folder.path().join("password"), folder.path().join("ca.pem"));
    let options = format!(
        "store.user = \"me\"\nstore.password = \"file:{}\"\nstore.ca_file = \"{}\"",
        password.display(),
        ca.display()
    );
    let toml = format!("{options}{}", LEAST.replace("valkey:", "valkeys:"));
    let config = good(&toml, &[]);
    let told = |config: &Config| config.store.settings(config.fleet.clone());
    assert!(told(&config).unwrap_err().to_string().starts_with("the store's password is not"));
    fs::write(&password, "hunter two\n").unwrap();
    let error = told(&config).unwrap_err().to_string();
    assert!(error.starts_with("store.ca_file ") && error.contains("ca.pem cannot be read"));
    fs::write(&ca, "PEM").unwrap();
    let StoreSettings::Valkey(valkey) = told(&config).unwrap() else { panic!("not valkey") };
    assert_eq!(valkey.url.login.user.as_deref(), Some("me"));
    assert_eq!(valkey.url.login.password.as_deref(), Some("hunter two"));
    assert_eq!(valkey.ca_pem.as_deref(), Some(&b"PEM"[..]));
}

#[test]
fn a_reload_says_of_every_change_when_it_takes_effect() {
    let toml = |more: &str| format!("{more}{LEAST}");
    let old = good(&toml("drain.limit = \"60s\""), &[]);
    let new = toml("log.level = \"debug\"\nfleet = \"b\"\ndrain.limit = \"1m\"")
        .replace("guilds", "guild_messages")
        .replace("valkey://localhost", "valkey://u:pw@localhost")
        + "lanes = 2\nevents.forward = [\"READY\"]\n[apps.b]\ntoken = \"file:t\"\nintents = 0";
    let new = good(&new, &[]);
    let said: Vec<_> = diff(&old, &new).iter().map(ToString::to_string).collect();
    let expected = [
        "fleet: \"main\" becomes \"b\"; needs a restart of this instance",
        "store.url: \"valkey://localhost:6379\" becomes \"valkey://localhost:6379\" (with a \
         password); needs a restart of this instance",
        "log.level: \"info\" becomes \"debug\"; takes effect at once",
        "apps.b is new; needs a restart of this instance",
        "apps.music.intents: [\"guilds\"] becomes [\"guild_messages\"]; needs a restart, and \
         reaches each shard with its next session",
        "apps.music.lanes: 16 becomes 2; needs a stop of the whole fleet: all its instances must \
         agree",
        "apps.music.events.forward: unset becomes [\"READY\"]; needs a restart of this instance",
    ];
    assert_eq!(said, expected);
    let back = diff(&new, &old);
    assert_eq!(back[3].to_string(), "apps.b is gone; needs a restart of this instance");
    assert_eq!(back[0].effect, Effect::Restart);
    assert_eq!(diff(&new, &new), []);
}

/// What takes effect at once, each other than it would be without it.
const AT_ONCE: &str = r#"
log.level = "debug"
drain.limit = "5s"
memory.drain_at_percent = 50
[apps.music.presence]
status = "idle"
activities = [{ type = "watching", name = "you" }]
[apps.music.trim]
min_age = "1m"
entries_max = 5_000
bytes_max = 2_000_000
live_within = "2m"
[apps.music.brokers]
mode = "also"
prefix = "b:"
group_idle_max = "1m"
[apps.music]
commands = ["update_presence"]
"#;

/// The same with what an app needs, in one file.
fn all_at_once() -> Config {
    let needed = "token = \"file:token\"\nintents = [\"guilds\"]\n";
    good(&format!("store.url = \"valkey://localhost\"{AT_ONCE}{needed}"), &[])
}

#[test]
fn what_takes_effect_at_once_is_taken_over_and_is_no_change_any_more() {
    let (mut config, mut new) = (good(LEAST, &[]), all_at_once());
    let changes = diff(&config, &new);
    assert_eq!(changes.len(), 13, "{changes:#?}");
    assert!(changes.iter().all(|change| change.effect == Effect::AtOnce), "{changes:#?}");
    let at_once =
        reference().lines().filter(|line| line.ends_with("takes effect at once |")).count();
    assert_eq!(at_once, changes.len(), "every one of them is tried here");
    config.take_over(&new);
    assert_eq!(diff(&config, &new), []);
    let version = Version::default();
    let (taken, whole) = (config.settings(version), new.settings(version));
    assert_eq!(taken.bounds, whole.bounds);
    assert_eq!(taken.apps, whole.apps);
    assert_eq!((config.log_level, config.drain_limit), (new.log_level, new.drain_limit));

    new = good(&LEAST.replace("guilds", "guild_messages"), &[]);
    config.take_over(&new);
    let [change] = &diff(&config, &new)[..] else { panic!("one change is left") };
    assert_eq!(change.effect, Effect::NewSessions);
    assert_eq!(config.apps.values().next().unwrap().intents, Intents::GUILDS);
}

#[test]
fn the_mode_of_streams_for_brokers_is_one_of_three_and_changes_at_once() {
    let with_mode = |mode: &str| format!("{LEAST}brokers.mode = \"{mode}\"\n");
    let modes = ["off", "also", "instead"].map(|mode| {
        let config = good(&with_mode(mode), &[]);
        config.apps.into_values().next().expect("an app").brokers.map(|it| it.mode)
    });
    assert_eq!(modes, [None, Some(CopyMode::Also), Some(CopyMode::Instead)]);
    let [mistake] = &mistakes(&with_mode("insted"), &[])[..] else { panic!("one mistake") };
    assert!(mistake.contains("did you mean instead?"), "{mistake}");
    let (old, new) = (good(&with_mode("also"), &[]), good(&with_mode("instead"), &[]));
    let [change] = &diff(&old, &new)[..] else { panic!("one change") };
    assert_eq!(change.effect, Effect::AtOnce);
}

#[test]
fn what_is_configured_reaches_the_app_and_without_it_what_is_usual_holds() {
    let tuning = |config: &Config| config.apps.values().next().unwrap().tuning();
    assert_eq!(tuning(&good(LEAST, &[])), AppTuning::default());
    let config = all_at_once();
    let AppTuning { keep, commands, presence, brokers } = tuning(&config);
    let seconds = std::time::Duration::from_secs;
    let (min_age, live_within) = (seconds(60), seconds(120));
    assert_eq!(keep, Trim { min_age, entries_max: 5_000, bytes_max: 2_000_000, live_within });
    assert_eq!(commands, [Op::UpdatePresence].into());
    let (prefix, group_idle_max) = ("b:".to_owned(), seconds(60));
    assert_eq!(brokers, Some(BrokersSettings { mode: CopyMode::Also, prefix, group_idle_max }));
    assert_eq!(presence.unwrap().activities[0].name, "you");
    assert_eq!(config.bounds(), Bounds { share_percent: 50, drain_limit: seconds(5) });
}

/// Streams that others name lie in any slot, and there is one stream of each name.
#[test]
fn streams_for_brokers_need_a_valkey_that_is_no_cluster_and_are_one_apps() {
    let brokers = "brokers.mode = \"also\"\n";
    let with_store = |url: &str| {
        let toml = format!("{}{brokers}", LEAST.replace("valkey://localhost", url));
        mistakes(&toml, &[])
    };
    let embedded = "baton.toml:6: apps.music.brokers.mode is not off, but an embedded store has no \
        streams for @discordjs/brokers; set it to off, or use a Valkey";
    assert_eq!(with_store("embedded:///var/lib/baton"), [embedded]);
    let cluster = "baton.toml:6: apps.music.brokers.mode is not off, but a Cluster cannot hold \
        streams for @discordjs/brokers; set it to off, or use a Valkey that is none";
    assert_eq!(with_store("valkey-cluster://localhost"), [cluster]);
    for mode in ["also", "instead"] {
        good(&format!("{LEAST}brokers.mode = \"{mode}\"\n"), &[]);
    }
    good(&LEAST.replace("valkey://localhost", "embedded:///folder"), &[]);

    let other = "[apps.radio]\ntoken = \"file:token\"\nintents = [\"guilds\"]\n";
    let both = format!("{LEAST}{brokers}{other}{brokers}");
    let shared = "apps.radio.brokers.prefix is that of apps.music as well; give each a prefix of \
        its own";
    assert_eq!(mistakes(&both, &[]), [shared]);
    good(&format!("{both}brokers.prefix = \"radio:\"\n"), &[]);
    let prefix = "baton.toml:6: apps.music.brokers.prefix = \"baton:\"; expected at most 64 of \
        a-z A-Z 0-9 . : _ -, and not baton: at first";
    assert_eq!(in_app("brokers.prefix = \"baton:\"\n"), [prefix]);
}

#[test]
fn a_changed_password_is_a_change_although_it_is_not_shown() {
    let with = |password: &str| {
        let url = format!("valkey://u:{password}@localhost");
        good(&LEAST.replace("valkey://localhost", &url), &[])
    };
    let [change] = &diff(&with("one"), &with("two"))[..] else { panic!("one change") };
    let said = "store.url: its secret part has changed; needs a restart of this instance";
    assert_eq!(change.to_string(), said);
    assert!(!format!("{change:?}").contains("two"));
}

/// Every option's name, as a variable of the app `music`, and what the documentation says it takes.
fn promised() -> Vec<(String, String)> {
    let reference = reference();
    let lines: Vec<_> = reference.lines().collect();
    let variables = lines.iter().filter(|line| line.starts_with("| ") && line.contains("`BATON_"));
    let cells = variables.map(|line| line.split(" | ").collect::<Vec<_>>());
    cells
        .map(|cells| {
            let variable = cells[2].trim_matches('`').replace("<NAME>", "MUSIC");
            (variable, cells[0].trim_start_matches("| ").to_owned())
        })
        .collect()
}

#[test]
fn every_number_is_taken_from_the_first_that_is_promised_to_the_last() {
    let mut options = 0;
    for (variable, takes) in promised() {
        let Some((_, range)) = takes.split_once("a number from ") else { continue };
        let (least, most) = range.split_once(" to ").unwrap();
        let (least, most): (i64, i64) = (least.parse().unwrap(), most.parse().unwrap());
        for number in [least, most] {
            good(LEAST, &[(&variable, &number.to_string())]);
        }
        for number in [least - 1, most + 1] {
            let found = mistakes(LEAST, &[(&variable, &number.to_string())]);
            assert_eq!(found, [format!("{variable} = {number}; expected {takes}")]);
        }
        options += 1;
    }
    assert_eq!(options, 11);
}

#[test]
fn every_word_that_is_promised_is_taken_and_means_something_of_its_own() {
    let mut words_taken = 0;
    for (variable, takes) in promised() {
        let Some(words) = takes.strip_prefix("one of ") else { continue };
        let taken = |word: &str| {
            let config = good(LEAST, &[(&variable, word)]);
            let app = config.apps.values().next().unwrap();
            let (status, mode) = (app.presence.status, app.brokers.as_ref().map(|it| it.mode));
            let (page, format, level) = (config.page, config.log_format, config.log_level);
            let (counts, per_shard) = (config.telemetry.metrics, config.telemetry.per_shard);
            format!("{page:?} {format:?} {level:?} {status:?} {mode:?} {counts:?} {per_shard:?}")
        };
        let meanings: BTreeSet<_> = words.split(", ").map(taken).collect();
        assert_eq!(meanings.len(), words.split(", ").count(), "{variable}");
        words_taken += meanings.len();
    }
    assert_eq!(words_taken, 2 + 2 + 5 + 2 + 3 + 4 + 3);
}

#[test]
fn every_intent_and_every_activity_that_is_promised_is_taken() {
    let reference = reference();
    let (_, intents) = reference.split_once("## Intents\n\n").unwrap();
    let (intents, _) = intents.split_once("\n\n").unwrap();
    let intents: Vec<_> = intents.lines().map(|line| &line[3..line.len() - 1]).collect();
    let all = good(LEAST, &[("BATON_APPS__MUSIC__INTENTS", &intents.join(","))]);
    assert_eq!(all.apps.values().next().unwrap().intents, Intents::all());
    for kind in ["playing", "streaming", "listening", "watching", "custom", "competing"] {
        let activity = format!("[{{ type = \"{kind}\", name = \"x\" }}]");
        let config = good(LEAST, &[("BATON_APPS__MUSIC__PRESENCE__ACTIVITIES", &activity)]);
        let shown = format!("{:?}", config.apps.values().next().unwrap().presence);
        assert!(shown.to_lowercase().contains(&format!("kind: {kind}")), "{shown}");
    }
}

#[test]
fn a_length_of_time_is_taken_between_its_bounds() {
    for (variable, least, most) in [
        ("BATON_DRAIN__LIMIT", 1_000, 60_000),
        ("BATON_APPS__MUSIC__TRIM__MIN_AGE", 15_000, 604_800_000),
        ("BATON_APPS__MUSIC__TRIM__LIVE_WITHIN", 60_000, 604_800_000),
    ] {
        for (ms, is_good) in [(least, true), (least - 1, false), (most, true), (most + 1, false)] {
            let found = load(LEAST, &[(variable, &format!("{ms}ms"))]);
            assert_eq!(found.is_ok(), is_good, "{variable} {ms}");
        }
    }
    assert_eq!(good(LEAST, &[]).drain_limit, baton_model::limits::DRAIN_LIMIT);
}

#[test]
fn an_instance_that_would_be_killed_while_it_drains_does_not_start() {
    let with = |limit: &str, timeout: &str| {
        let limits = format!("limit = \"{limit}\", kill_timeout = \"{timeout}\"");
        load(&format!("drain = {{ {limits} }}\n{LEAST}"), &[])
    };
    for (limit, timeout, is_good) in [
        ("1m", "75s", true),
        ("1m", "70001ms", true),
        ("1m", "70s", false),
        ("20s", "30001ms", true),
        ("20s", "30s", false),
    ] {
        assert_eq!(with(limit, timeout).is_ok(), is_good, "{limit} {timeout}");
    }
    assert_eq!(
        mistakes(LEAST, &[("BATON_DRAIN__KILL_TIMEOUT", "30s")]),
        ["drain.kill_timeout = 30s; expected more than drain.limit (1m) and 10s to let go: \
             have it waited for longer, or lower drain.limit"]
    );
}

/// Where a secret may stand by right or by mistake, with `SECRET` for it.
const HIDING_PLACES: [&str; 23] = [
    "store.url = \"valkey://user:SECRET@host\"",
    "store.url = \"valkeys-sentinel://a:SECRET@b/main?sentinel=c:SECRET\"",
    "store.url = \"valkey-sentinel://b/main?SECRET\"",
    "store.url = \"valkey://user:SECRET#@host\"",
    "store.url = \"valkey://SECRET:SECRET\"",
    "store.url = \"valkey://host/SECRET\"",
    "store.url = \"SECRET://host\"",
    "store.url = \"SECRET\"",
    "store.url = [\"SECRET\"]",
    "store.password = \"SECRET\"",
    "store.password = { is = \"SECRET\" }",
    "store.passwrd = \"SECRET\"",
    "password = \"SECRET\"",
    "apps.music.token = \"SECRET\"",
    "apps.music.token = [\"file:x\", \"SECRET\"]",
    "apps.music.token = \"Bot SECRET\"",
    "apps.music.tokens = [\"SECRET\"]",
    "apps.music.gateway_url = \"ws://user:SECRET@host\"",
    "apps.music.api_url = \"https://host/?key=SECRET\"",
    "telemetry.otlp_url = \"http://user:SECRET@host\"",
    "telemetry.otlp_url = \"http://host/?key=SECRET\"",
    "telemetry.otlp_logs_url = \"http://user:SECRET@host\"",
    "store.password = \"SECRET\n",
];

#[test]
fn without_an_app_an_instance_may_wait_for_those_of_the_store() {
    let store = "store.url = \"valkey://localhost\"\n";
    let config = good(&format!("{store}stored_apps.token_folder = \"/run/tokens\"\n"), &[]);
    let offered = config.stored_apps.expect("it offers tokens");
    assert_eq!(offered.token_folder.as_deref(), Some(std::path::Path::new("/run/tokens")));
    let only_urls = format!("{store}stored_apps.api_url = \"https://here\"\n");
    for offers_nothing in [store, &only_urls] {
        let mistakes = load(offers_nothing, &[]).unwrap_err().to_string();
        assert!(mistakes.contains("no app is configured"), "{mistakes}");
    }
    let any = format!("{store}stored_apps.token_prefix = \"\"\n");
    let mistakes = load(&any, &[]).unwrap_err().to_string();
    assert!(mistakes.contains("which every variable's name begins with"), "{mistakes}");
}

proptest! {
    #[test]
    fn no_secret_is_shown_anywhere(
        secret in "[A-Za-z0-9]{16,40}",
        place in 0..HIDING_PLACES.len(),
        is_otherwise_good: bool,
    ) {
        let line = HIDING_PLACES[place].replace("SECRET", &secret);
        let mut toml = format!("{line}\n");
        if is_otherwise_good && !line.starts_with("store.url") {
            toml += "store.url = \"valkey://localhost\"\n";
        }
        if is_otherwise_good && !line.starts_with("apps") {
            toml += "apps.music.token = \"file:t\"\n";
        }
        toml += if is_otherwise_good { "apps.music.intents = 1\n" } else { "fleet = 1\n" };
        let shown = match load(&toml, &[]) {
            Ok(config) => {
                let other = good(LEAST, &[]);
                let changes = diff(&other, &config);
                let told: Vec<_> = changes.iter().map(ToString::to_string).collect();
                let settings = config.settings(Version::default());
                let store = config.store.settings(config.fleet.clone());
                format!(
                    "{config:?}{}{changes:?}{told:?}{settings:?}{store:?}", config.describe()
                )
            }
            Err(mistakes) => format!("{mistakes:?}{mistakes}"),
        };
        prop_assert!(!shown.contains(&secret), "{shown}");
    }

    #[test]
    fn no_token_is_shown_wherever_somebody_pasted_it(
        token in "[A-Za-z0-9_-]{24}\\.[A-Za-z0-9_-]{6}\\.[A-Za-z0-9_-]{27,38}",
        place in 0..8_usize,
    ) {
        let toml = match place {
            0 => format!("fleet = \"{token}\"{LEAST}"),
            1 => format!("\"{token}\" = 1{LEAST}"),
            2 => format!("{LEAST}intents = [\"{token}\"]"),
            3 => format!("{LEAST}[apps.\"{token}\"]"),
            4 => format!("{LEAST}commands = [\"{token}\"]"),
            5 => format!("{LEAST}events.leave_out = [\"{token}\"]"),
            6 => LEAST.replace("file:token", &format!("env:{token}")),
            _ => LEAST.replace("file:token", &token),
        };
        let mistakes = load(&toml, &[]).unwrap_err();
        prop_assert!(!format!("{mistakes:?}{mistakes}").contains(&token), "{mistakes}");
    }

    #[test]
    fn no_secret_of_a_variable_is_shown(secret in "[A-Za-z0-9]{16,40}", place in 0..5_usize) {
        let name = ["BATON_TOKEN", "BATON_STORE__PASSWORD", "BATON_APPS__MUSIC__TOKEN",
            "BATON_STORE__URL", "BATON_APPS__MUSIC__API_URL"][place];
        let mistakes = load(LEAST, &[(name, &secret)]).unwrap_err();
        prop_assert!(!format!("{mistakes:?}{mistakes}").contains(&secret), "{mistakes}");
        prop_assert!(mistakes.to_string().contains(name));
    }

    #[test]
    fn any_text_is_read_or_refused(toml in "\\PC{0,120}", variable in "\\PC{0,40}") {
        let refused = load(&toml, &[("BATON_APPS__A__INTENTS", &variable)]).is_err();
        prop_assert!(refused, "nobody can guess a store's url");
    }

    #[test]
    fn any_value_of_any_option_is_read_or_refused(
        option in 0..46_usize,
        value in prop_oneof![
            "-?[0-9]{1,22}", "\"[a-z:/.@]{0,30}\"", "\\[\"[A-Z_a-z:]{0,12}\", [0-9]\\]",
            "\\{ type = \"[a-z]{0,9}\", name = 1 \\}", "\\[\\{ name = \"[a-zä]{0,9}\" \\}\\]",
            "(true|1\\.5|nan|1979-05-27|\"[0-9]{1,20}(ms|s|h)\")",
        ],
    ) {
        let names: Vec<_> = good(LEAST, &[]).describe().lines()
            .map(|line| line.split(' ').next().unwrap().to_owned()).collect();
        prop_assert_eq!(names.len(), 46);
        let name = &names[option];
        let variable = format!("BATON_{}", name.to_uppercase().replace('.', "__"));
        let own = format!("{name} = {value}\n");
        for found in [load(&own, &[]), load(LEAST, &[(&variable, &value)])] {
            if let Err(mistakes) = found {
                prop_assert!(!mistakes.0.is_empty());
            }
        }
    }
}
