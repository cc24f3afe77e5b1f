//! A consumer's place at one lane: as whom, and under which lease it acts there.

use std::sync::Arc;

use baton_model::{AppName, Lane, whole_millis};
use baton_store::{StoreError, key::Key};
use redis::{Cmd, Value};

use crate::{
    answer::{list, text},
    scripts::{self, Call, Prepared},
    settings::GONE_AFTER,
    wire::Wire,
};

/// The code of a server's error when a group is not there.
const NO_GROUP: &str = "NOGROUP";

/// What a server's error says when a stream is not there.
const NO_KEY: &str = "no such key";

/// As whom, and where.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) app: Arc<AppName>,
    pub(crate) lane: Lane,
    pub(crate) group: String,
    /// This consumer's name.
    pub(crate) me: String,
    /// The number of the lease, in an exclusive lane.
    pub(crate) epoch: Option<u64>,
}

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Setback {
    /// The lane is somebody else's.
    Fenced,
    /// The group is not there: it never was, or the store was wiped.
    NoGroup,
    /// The store did not do it.
    Store(StoreError),
}

impl From<StoreError> for Setback {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Refused { reason } if reason.starts_with(NO_GROUP) => Self::NoGroup,
            StoreError::Refused { .. }
            | StoreError::Unavailable { .. }
            | StoreError::Unknown { .. }
            | StoreError::Corrupt { .. }
            | StoreError::Newer { .. } => Self::Store(error),
        }
    }
}

/// From where a group reads that is there for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Begin {
    /// From the oldest entry that is still there.
    #[default]
    Oldest,
    /// From the next entry that comes.
    Newest,
}

impl Seat {
    pub(crate) fn events_key(&self) -> String {
        Key::Events(&self.app, self.lane).to_string()
    }

    /// A script's call, with what all of them are told.
    pub(crate) fn call<'a>(&self, script: &'a Prepared) -> Call<'a> {
        let mut call = script.call(&[
            self.events_key(),
            Key::Reader(&self.app, self.lane, &self.group).to_string(),
            Key::DeadLetters(&self.app, self.lane, &self.group).to_string(),
        ]);
        call.arg(&self.group)
            .arg(&self.me)
            .arg(self.epoch.map_or_else(String::new, |epoch| epoch.to_string()));
        call
    }

    /// A read of new entries by this consumer, but for what it is told besides.
    pub(crate) fn read(&self) -> Cmd {
        let mut read = redis::cmd("XREADGROUP");
        read.arg("GROUP").arg(&self.group).arg(&self.me);
        read
    }

    /// Makes the group, unless it is there. After a wipe it reads from the very beginning, whatever
    /// it did when it was new: what stands in the stream then was written since, and not read yet.
    pub(crate) async fn ensure_group(&self, wire: &mut Wire, begin: Begin) -> Result<(), Setback> {
        let from = match begin {
            Begin::Oldest => "0",
            Begin::Newest => "$",
        };
        let mut create = redis::cmd("XGROUP");
        create.arg("CREATE").arg(self.events_key()).arg(&self.group).arg(from).arg("MKSTREAM");
        match wire.send(&create).await {
            Ok(_) => Ok(()),
            Err(StoreError::Refused { reason }) if reason.starts_with("BUSYGROUP") => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Leaves the group, unless as its last consumer or with something pending.
    pub(crate) async fn leave(&self, wire: &mut Wire) -> Result<(), Setback> {
        let mut leave = self.call(&scripts::LEAVE);
        leave.arg(whole_millis(GONE_AFTER));
        match wire.run(&leave).await.map_err(Setback::from).and_then(outcome) {
            // After a wipe there is nothing to leave: no group, or not even a stream.
            Ok(_) | Err(Setback::NoGroup) => Ok(()),
            Err(Setback::Store(StoreError::Refused { reason })) if reason.contains(NO_KEY) => {
                Ok(())
            }
            Err(setback) => Err(setback),
        }
    }
}

/// What a script has answered behind its outcome.
pub(crate) fn outcome(answer: Value) -> Result<Vec<Value>, Setback> {
    let mut elements = list(answer)?;
    if elements.is_empty() {
        return Err(StoreError::refused("server answered no outcome").into());
    }
    verdict(text(&elements.remove(0))?)?;
    Ok(elements)
}

/// What the first word of a script's answer means.
pub(crate) fn verdict(word: &str) -> Result<(), Setback> {
    match word {
        "ok" => Ok(()),
        "fenced" => Err(Setback::Fenced),
        other => Err(StoreError::refused(format!("server answered {other:?}")).into()),
    }
}
