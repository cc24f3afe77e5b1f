//! What of an instance may change while it runs, and the handles to change it.
//!
//! Whoever needs one of these looks at it each time that it needs it; nobody is told. So a change
//! costs nothing on any way but its own, and what cannot change so is not here.

use std::collections::BTreeSet;

use baton_model::AppName;
use baton_store::{Op, Trim};
use tokio::sync::watch;
use twilight_model::gateway::{
    OpCode,
    payload::outgoing::{UpdatePresence, update_presence::UpdatePresencePayload},
    presence::Status,
};

use crate::{brokers::BrokersSettings, memory::Bounds, roster::Roster, trimming::USUAL};

/// What of an app may change while it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppTuning {
    /// How much of its lanes is kept.
    pub keep: Trim,
    /// What consumers may have its shards send.
    pub commands: BTreeSet<Op>,
    /// How copies of its events are written for `@discordjs/brokers`; none if they are not.
    pub brokers: Option<BrokersSettings>,
    /// How it is shown; none for online and nothing else.
    pub presence: Option<UpdatePresencePayload>,
}

impl Default for AppTuning {
    fn default() -> Self {
        Self { keep: USUAL, commands: Op::ALL.into(), brokers: None, presence: None }
    }
}

impl AppTuning {
    /// The frame by which a live session is told how the bot is shown.
    pub(crate) fn presence_frame(&self) -> String {
        let online = || UpdatePresencePayload {
            activities: Vec::new(),
            afk: false,
            since: None,
            status: Status::Online,
        };
        let d = self.presence.clone().unwrap_or_else(online);
        let update = UpdatePresence { d, op: OpCode::PresenceUpdate };
        serde_json::to_string(&update).expect("a presence is JSON")
    }
}

/// The handles of one instance.
#[derive(Debug)]
pub struct Tuning {
    pub(crate) memory: watch::Sender<Bounds>,
    pub(crate) roster: Roster,
}

impl Tuning {
    /// Has the instance leave its memory within other bounds.
    pub fn set_memory(&self, bounds: Bounds) {
        self.memory.send_replace(bounds);
    }

    /// Changes an app. One that the instance does not run is left alone.
    pub fn set_app(&self, name: &AppName, new: AppTuning) {
        self.roster.tune(name, new);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn discord_is_told_of_a_presence_that_is_not_set_any_more() {
        let frame = AppTuning::default().presence_frame();
        let told = r#"{"d":{"activities":[],"afk":false,"since":null,"status":"online"},"op":3}"#;
        assert_eq!(frame, told);
    }
}
