//! Where the courier's stories are played.

use std::{collections::BTreeSet, time::Duration};

use baton_gateway::courier::{Courier, Input, Output, Parcel, RateLimited};
use baton_model::{GuildId, Moment, StreamId};
use baton_shard::SocketId;
use baton_store::{CommandOutcome, Op};
use baton_test_stories::Stage;
use bytes::Bytes;

/// A courier that begins at place 0, and the time.
///
/// - `read <place> [for <name>] [until <seconds>] <frame>`: the shard's next command; `presence`,
///   `voice` and `members` stand for frames
/// - `many <count> <frame>`: so many commands, from place 1
/// - `passed <place>`, `live <socket>`, `down`, `written <socket>`, `taken back <socket>`,
///   `saved <place>`, `not saved`
/// - `allow <op> …`: these from here on; all of them before
/// - `show <status>`: the bot is to be shown so
/// - `refused op <op> guild <guild> for <seconds>`
/// - `wait <seconds>`: time passes, and it is woken when it wants to be
/// - `smooth`: from here on socket and store do at once what they are asked for, and what is sent
///   is only counted
pub(crate) struct CourierStage {
    courier: Courier,
    now: Moment,
    told: Vec<String>,
    /// What it does goes well at once, and is only counted.
    is_smooth: bool,
    sent: usize,
}

impl Default for CourierStage {
    fn default() -> Self {
        let courier = Courier::new(StreamId::START, Op::ALL.into());
        Self { courier, now: Moment::ZERO, told: Vec::new(), is_smooth: false, sent: 0 }
    }
}

impl Stage for CourierStage {
    fn play(&mut self, line: &str) {
        let words: Vec<_> = line.split(' ').collect();
        match words[..] {
            ["read", ..] => self.read(line),
            ["many", count, word] => {
                for place in 1..=number::<u64>(count) {
                    self.read(&format!("read {place} {word}"));
                }
            }
            ["passed", at] => self.handle(Input::Passed(place(at))),
            ["live", id] => self.handle(Input::Link(Some(socket(id)))),
            ["down"] => self.handle(Input::Link(None)),
            ["written", id] => self.handle(Input::Written(socket(id))),
            ["taken", "back", id] => self.handle(Input::TakenBack(socket(id))),
            ["saved", at] => self.handle(Input::Saved(place(at))),
            ["not", "saved"] => self.handle(Input::NotSaved),
            ["refused", "op", op, "guild", guild, "for", pause] => {
                let (op, guild) = (number(op), Some(GuildId(number(guild))));
                let retry_after = seconds(pause);
                let refused = RateLimited { op, guild, nonce: None, retry_after };
                self.handle(Input::RateLimited(refused));
            }
            ["allow", ref names @ ..] => {
                let is_named = |op: &Op| names.contains(&op.name());
                let ops: BTreeSet<_> = Op::ALL.into_iter().filter(is_named).collect();
                assert_eq!(ops.len(), names.len(), "{line:?} names what is no op");
                self.handle(Input::Allow(ops));
            }
            ["show", status] => {
                let frame = format!(r#"{{"op":3,"d":{{"status":"{status}"}}}}"#);
                self.handle(Input::Show(frame));
            }
            ["wait", length] => self.wait(seconds(length)),
            ["smooth"] => self.is_smooth = true,
            _ => panic!("{line:?} is no line of a courier's story"),
        }
    }

    fn told(&mut self) -> Vec<String> {
        let mut told = std::mem::take(&mut self.told);
        if self.is_smooth {
            told.push(format!("{} sent", std::mem::take(&mut self.sent)));
        }
        let wake = self.courier.poll_timeout();
        let wake = wake.map_or("asleep".to_owned(), |at| format!("asleep until {at}"));
        told.push(format!("= at {}, {} waiting, {wake}", self.now, self.courier.waiting()));
        told
    }
}

impl CourierStage {
    fn read(&mut self, line: &str) {
        let mut rest = line.strip_prefix("read ").expect("it reads");
        let mut next = || {
            let (word, left) = rest.split_once(' ').unwrap_or((rest, ""));
            rest = left;
            word
        };
        let id = place(next());
        let (mut reply_to, mut expires, trace) = (String::new(), None, None);
        let mut word = next();
        if word == "for" {
            next().clone_into(&mut reply_to);
            word = next();
        }
        if word == "until" {
            expires = Some(Moment::ZERO + seconds(next()));
            word = next();
        }
        let frame = match word {
            "presence" => r#"{"op":3,"d":{}}"#.to_owned(),
            "voice" => r#"{"op":4,"d":{"guild_id":"1"}}"#.to_owned(),
            "members" => r#"{"op":8,"d":{"guild_id":"1","query":"","limit":0}}"#.to_owned(),
            "unreadable:" => {
                let frame = Err(rest.to_owned());
                return self.handle(Input::Read(Parcel { id, expires, reply_to, trace, frame }));
            }
            _ => format!("{word} {rest}").trim_end().to_owned(),
        };
        let frame = Ok(Bytes::from(frame));
        self.handle(Input::Read(Parcel { id, expires, reply_to, trace, frame }));
    }

    fn wait(&mut self, length: Duration) {
        let end = self.now + length;
        while let Some(due) = self.courier.poll_timeout().filter(|due| *due <= end) {
            assert!(due > self.now, "it wants to be woken at {due}, and it is {} ", self.now);
            self.now = due;
            self.handle(Input::Wake);
        }
        self.now = end;
    }

    fn handle(&mut self, input: Input) {
        self.courier.handle(input, self.now);
        while let Some(output) = self.courier.poll_output() {
            if self.is_smooth {
                self.do_well(&output);
            } else {
                let at = self.now;
                self.told.push(format!("{at} {}", words_of(&output)));
            }
        }
    }

    fn do_well(&mut self, output: &Output) {
        let done = match output {
            Output::Send { socket, .. } => {
                self.sent += 1;
                Input::Written(*socket)
            }
            Output::Save(place) => Input::Saved(*place),
            Output::Answer { .. } => return,
        };
        self.courier.handle(done, self.now);
    }
}

fn words_of(output: &Output) -> String {
    match output {
        Output::Send { socket, frame } => format!("send to {}: {frame}", socket.0),
        Output::Save(place) => format!("save {}", place.millis),
        Output::Answer { command, reply_to, outcome } => {
            let whom = if reply_to.is_empty() { "nobody" } else { reply_to };
            format!("{} to {whom}: {}", command.millis, outcome_in_words(outcome))
        }
    }
}

fn outcome_in_words(outcome: &CommandOutcome) -> String {
    let name = outcome.name();
    match outcome {
        CommandOutcome::Sent | CommandOutcome::Expired => name.to_owned(),
        CommandOutcome::Invalid { why } | CommandOutcome::Dropped { why } => {
            format!("{name}, {why}")
        }
        CommandOutcome::RateLimited { retry_after } => format!("{name}, again in {retry_after:?}"),
    }
}

fn number<T: std::str::FromStr>(word: &str) -> T {
    word.parse().ok().unwrap_or_else(|| panic!("{word:?} is no number"))
}

fn place(word: &str) -> StreamId {
    StreamId { millis: number(word), number: 0 }
}

fn socket(word: &str) -> SocketId {
    SocketId(number(word))
}

fn seconds(word: &str) -> Duration {
    Duration::from_secs_f64(number(word.trim_end_matches('s')))
}
