//! The words of the stories.
//!
//! | line | what happens |
//! |---|---|
//! | `given guilds 4` | a setting; only before anything else |
//! | `c1 open [resume] [query]` | a client comes, to the gateway or to the resume host |
//! | `c1 identify [0/2] [token t] [intents n]` | a whole IDENTIFY |
//! | `c1 resume s1/5 [token t]` | RESUME of the first session from seq 5 |
//! | `c1 heartbeat`, `c1 presence`, `c1 binary` | frames; `presence 120` is so many of them |
//! | `c1 says {…}`, `c1 says 4097 bytes` | any text |
//! | `c1 closes 1000`, `c1 is gone` | the client ends it, with or without a close frame |
//! | `emit NAME [n]`, `emit 1/2 NAME` | something happens, so many times, in all or in one shard |
//! | `rest GET /gateway [token]`, `admin POST /faults {…}` | requests |
//! | `wait 5s` | time passes, with wakes where they are due |

mod write;

use std::{collections::VecDeque, time::Duration};

use baton_mock_discord::{
    Compressions, ConnectionId, Discord, Host, Input, RequestId, ResumedElsewhere, SeqStep,
    SessionOrdinal, Settings, Slice, load::Content,
};
use baton_model::{EventName, Moment, ShardCount};
use serde_json::json;

const SEED: u64 = 7;

pub(crate) struct Stage {
    settings: Settings,
    discord: Option<Discord>,
    now: Moment,
    requests: u64,
    verdicts_told: u64,
    lines: Vec<String>,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self {
            settings: Settings { guilds: 0, ..Settings::default() },
            discord: None,
            now: Moment::ZERO,
            requests: 0,
            verdicts_told: 0,
            lines: Vec::new(),
        }
    }
}

impl baton_test_stories::Stage for Stage {
    fn play(&mut self, line: &str) {
        let mut words: VecDeque<_> = line.split(' ').collect();
        match words.pop_front().expect("a word") {
            "given" => self.given(words[0], words[1]),
            "wait" => self.wait(duration(words[0])),
            "emit" => self.emit(words),
            "rest" => {
                let request = self.next_request();
                let authorization = words.get(2).map(|token| format!("Bot {token}"));
                let (method, path) = (words[0].to_owned(), words[1].to_owned());
                self.handle(Input::Rest { request, method, path, authorization });
            }
            "admin" => {
                let request = self.next_request();
                let (method, path) = (words[0].to_owned(), words[1].to_owned());
                words.drain(..2);
                let body = Vec::from(words).join(" ");
                self.handle(Input::Admin { request, method, path, body });
            }
            client => {
                let number = client.strip_prefix('c').expect("a client").parse().expect("a number");
                self.client(ConnectionId(number), words);
            }
        }
    }

    /// The last line says when Discord wants to be woken.
    fn told(&mut self) -> Vec<String> {
        let mut lines = std::mem::take(&mut self.lines);
        lines.push(match self.discord().poll_timeout() {
            Some(at) => format!("= at {} asleep until {at}", self.now),
            None => format!("= at {} asleep", self.now),
        });
        lines
    }
}

impl Stage {
    fn given(&mut self, name: &str, value: &str) {
        assert!(self.discord.is_none(), "settings come first");
        let number = || value.parse::<u64>().expect("a number");
        let small = || value.parse::<u32>().expect("a number");
        let settings = &mut self.settings;
        match name {
            "tokens" => settings.tokens = value.split(',').map(str::to_owned).collect(),
            "guilds" => settings.guilds = small(),
            "guilds_per_shard_max" => settings.guilds_per_shard_max = small(),
            "guild_members" => settings.guild_members = small(),
            "guild_create_bytes" => settings.guild_create_bytes = small(),
            "shards" => settings.shards = ShardCount(small().try_into().expect("a shard")),
            "shards_max" => settings.shards_max = ShardCount(small().try_into().expect("a shard")),
            "compressions" => settings.compressions = compressions(value),
            "max_concurrency" => settings.max_concurrency = small(),
            "identifies_a_day" => settings.identifies_a_day = small(),
            "ledger_max" => settings.ledger_max = value.parse().expect("a number"),
            "heartbeat_interval" => settings.heartbeat_interval = duration(value),
            "session_timeout" => settings.session_timeout = duration(value),
            "seq_step_up_to" => settings.seq_step = SeqStep::UpTo(number()),
            "intents_granted" => settings.intents_granted = number(),
            "connections_in_10_s_max" => {
                settings.connections_in_10_s_max = value.parse().expect("a number");
            }
            "resumed_elsewhere" if value == "leave" => {
                settings.resumed_elsewhere = ResumedElsewhere::Leave;
            }
            "resumed_elsewhere" => {
                settings.resumed_elsewhere =
                    ResumedElsewhere::Close(value.parse().expect("a close code"));
            }
            _ => panic!("no setting {name} {value}"),
        }
    }

    fn client(&mut self, connection: ConnectionId, mut words: VecDeque<&str>) {
        let text = |text: String| Input::Text { connection, text };
        let input = match words.pop_front().expect("a word") {
            "open" => {
                let host = match words.front() {
                    Some(&"resume") => Host::Resume,
                    Some(_) | None => Host::Gateway,
                };
                let query = words.iter().find(|word| word.contains('='));
                let query = query.unwrap_or(&"v=10&encoding=json").to_string();
                Input::Opened { connection, host, query }
            }
            "identify" => text(identify(&words)),
            "resume" => text(self.resume(&words)),
            "heartbeat" => text(r#"{"op":1,"d":null}"#.to_owned()),
            "presence" => {
                let times = words.front().map_or(1, |times| times.parse().expect("a number"));
                for _ in 0..times {
                    self.handle(text(r#"{"op":3,"d":{}}"#.to_owned()));
                }
                return;
            }
            "binary" => Input::Binary { connection },
            "says" if words.back() == Some(&"bytes") => {
                let length = words[0].parse::<usize>().expect("a number");
                let (head, tail) = (r#"{"op":3,"d":""#, r#""}"#);
                let filling = "x".repeat(length - head.len() - tail.len());
                text(format!("{head}{filling}{tail}"))
            }
            "says" => text(Vec::from(words).join(" ")),
            "closes" => Input::Closed { connection, code: words[0].parse().ok() },
            "is" => Input::Closed { connection, code: None },
            other => panic!("no word {other}"),
        };
        self.handle(input);
    }

    fn resume(&mut self, words: &VecDeque<&str>) -> String {
        let (session, seq) = words[0].split_once('/').expect("a session and a number");
        let ordinal = session.strip_prefix('s').and_then(|number| number.parse().ok());
        let known = ordinal.and_then(|number| {
            let sessions = &self.discord().ledger().sessions;
            Some(sessions.get(&SessionOrdinal(number))?.id.clone())
        });
        let session_id = known.unwrap_or_else(|| session.to_owned());
        let token = option(words, "token").unwrap_or("token");
        let seq: u64 = seq.parse().expect("a number");
        json!({"op": 6, "d": {"token": token, "session_id": session_id, "seq": seq}}).to_string()
    }

    fn emit(&mut self, mut words: VecDeque<&str>) {
        let slice = words[0].split_once('/').map(|(id, count)| {
            Slice::checked(id.parse().expect("a number"), count.parse().expect("a number"))
                .expect("a shard within its count")
        });
        if slice.is_some() {
            words.pop_front();
        }
        let times = words.get(1).map_or(1, |times| times.parse().expect("a number"));
        for _ in 0..times {
            let content = Content::Given { name: EventName::new(words[0]), data: "{}".into() };
            self.handle(Input::Emit { slice, content });
        }
    }

    fn wait(&mut self, length: Duration) {
        let end = self.now + length;
        while let Some(due) = self.discord().poll_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.handle(Input::Wake);
        }
        self.now = end;
        self.handle(Input::Wake);
    }

    fn next_request(&mut self) -> RequestId {
        self.requests += 1;
        RequestId(self.requests)
    }

    fn handle(&mut self, input: Input) {
        let now = self.now;
        self.discord().handle(input, now);
        while let Some(output) = self.discord().poll_output() {
            let line = write::output(&output);
            self.lines.push(line);
        }
        self.tell_verdicts();
    }

    fn tell_verdicts(&mut self) {
        let told = self.verdicts_told;
        let verdicts = self.discord().verdicts();
        let passed: u64 = verdicts.counts.values().sum();
        let new = usize::try_from(passed - told).expect("few verdicts");
        let lines: Vec<_> = verdicts
            .latest
            .iter()
            .rev()
            .take(new)
            .rev()
            .map(|verdict| {
                let by = verdict.connection.map_or("a request".to_owned(), |by| by.to_string());
                let of = verdict.slice.map_or(String::new(), |slice| format!(" of {slice}"));
                format!("! {} by {by}{of}", verdict.rule)
            })
            .collect();
        self.lines.extend(lines);
        self.verdicts_told = passed;
    }

    fn discord(&mut self) -> &mut Discord {
        let settings = &self.settings;
        self.discord.get_or_insert_with(|| Discord::new(settings.clone(), SEED, Moment::ZERO))
    }
}

fn identify(words: &VecDeque<&str>) -> String {
    let token = option(words, "token").unwrap_or("token");
    let intents: i64 =
        option(words, "intents").map_or(1, |intents| intents.parse().expect("a number"));
    let mut data = json!({"token": token, "properties": {"os": "linux"}, "intents": intents});
    if let Some((id, count)) = words.front().and_then(|word| word.split_once('/')) {
        let number = |text: &str| text.parse::<u64>().expect("a number");
        data["shard"] = json!([number(id), number(count)]);
    }
    json!({"op": 2, "d": data}).to_string()
}

fn option<'a>(words: &VecDeque<&'a str>, name: &str) -> Option<&'a str> {
    let at = words.iter().position(|word| *word == name)?;
    words.get(at + 1).copied()
}

fn compressions(text: &str) -> Compressions {
    match text {
        "none" => Compressions::None,
        "zlib" => Compressions::Zlib,
        "zstd" => Compressions::Zstd,
        other => panic!("no compressions {other}"),
    }
}

fn duration(text: &str) -> Duration {
    if let Some(millis) = text.strip_suffix("ms") {
        return Duration::from_millis(millis.parse().expect("a number"));
    }
    let seconds = text.strip_suffix('s').expect("a length such as 5s or 500ms");
    Duration::from_secs(seconds.parse().expect("a number"))
}
