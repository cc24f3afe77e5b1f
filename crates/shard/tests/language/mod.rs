//! The language that stories are written in.
//!
//! `A` is the instance whose machine it is, `B` and `C` are others. `@5` is an epoch, `s1/10`
//! session 1 with the stream at seq 10; Discord's id of session 1 is `d1`, and `wss://d1` where
//! to resume it. `#7` is an offer, `k1` the first socket.

mod read;
mod write;

use std::{collections::BTreeSet, time::Duration};

use baton_model::{EventName, InstanceId, Moment};
use baton_shard::{Config, Input, ShardMachine};
use baton_test_stories::Stage as _;

/// A machine, and the time by which it lives.
pub(crate) struct Stage {
    shard: ShardMachine,
    now: Moment,
}

impl Stage {
    /// A machine whose seed draws the middle of every pause or thereabouts, and which leaves
    /// TYPING_START out of the stream.
    pub(crate) fn new() -> Self {
        let config = Config {
            me: InstanceId::new(0xA),
            left_out: BTreeSet::from([EventName::new("TYPING_START")]),
            seed: 1,
        };
        Self { shard: ShardMachine::new(config, Moment::ZERO), now: Moment::ZERO }
    }
}

impl baton_test_stories::Stage for Stage {
    fn play(&mut self, line: &str) {
        let words: Vec<_> = line.split_whitespace().collect();
        match words[..] {
            ["given", "live", session] => self.play_until_live(session),
            ["wait", time] => {
                self.now += read::duration(time);
            }
            ["wake"] => self.wake(),
            ["wake", "until", time] => self.wake_until(read::moment(time)),
            _ => {
                for input in read::inputs(&words) {
                    self.shard.handle(input, self.now);
                }
            }
        }
    }

    fn told(&mut self) -> Vec<String> {
        let mut lines = self.outputs();
        lines.push(self.state());
        lines
    }
}

impl Stage {
    fn outputs(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        while let Some(output) = self.shard.poll_output() {
            lines.push(write::output(&output));
        }
        lines
    }

    /// The last line of a block.
    fn state(&self) -> String {
        let status = self.shard.status();
        let wake = match self.shard.poll_timeout() {
            Some((at, reason)) => format!("wake {at} for {reason}"),
            None => "no wake".to_owned(),
        };
        let until = match status.deadline {
            Some(at) => format!(" until {at}"),
            None => String::new(),
        };
        let actor = write::actor(status.waits_for);
        format!("= {} waits for {actor}{until}; {wake}", status.state)
    }

    /// Since when the state is what it is.
    pub(crate) fn since(&self) -> Moment {
        self.shard.status().since
    }

    fn wake(&mut self) {
        let (at, _) = self.shard.poll_timeout().expect("nothing to wake for");
        self.now = self.now.max(at);
        self.shard.handle(Input::Wake, self.now);
        let again = self.shard.poll_timeout();
        let is_served = again.is_none_or(|(at, _)| at > self.now);
        assert!(is_served, "woken at {}, and again: {again:?}", self.now);
    }

    fn wake_until(&mut self, end: Moment) {
        while self.shard.poll_timeout().is_some_and(|(at, _)| at <= end) {
            self.wake();
        }
        self.now = end;
    }

    /// The beginning of most stories: at +20s the shard is live under epoch 5 on socket k1, and
    /// the stream holds what was received.
    fn play_until_live(&mut self, session: &str) {
        let (number, last) = read::session_and_seq(session);
        let resumed = last.0 + 1;
        for line in [
            "confirmed",
            "claim free@0",
            &format!("claimed @0 -> @5 {session}"),
            "k1 hello",
            &format!("k1 resumed {resumed}"),
            &format!("appended @5 s{}/{resumed}", number.0),
        ] {
            self.play(line);
        }
        self.now += Duration::from_secs(20);
        self.shard.handle(Input::Wake, self.now);
        self.outputs();
    }
}
