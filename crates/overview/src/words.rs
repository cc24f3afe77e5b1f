//! What happened and what is wanted, in an operator's words.

use std::time::Duration;

use baton_model::{PinUntil, RestartHow, UnixMicros, Wish};
use baton_store::{Connecting, Doer, LettingGo, Taking, What};

use crate::{Look, units};

/// Who did something.
#[must_use]
pub fn doer(look: &Look, doer: &Doer) -> String {
    match doer {
        Doer::Instance(id) => look.called(*id),
        Doer::Operator(name) => name.to_string(),
    }
}

/// What was done, in an operator's words.
#[must_use]
pub fn told(look: &Look, what: &What) -> String {
    match what {
        What::Took { shard, from, how, .. } => {
            let how = match how {
                Taking::Claimed => "claimed",
                Taking::Accepted => "accepted",
            };
            let from = from.map(|id| format!(" from {}", look.called(id)));
            format!("{shard} {how}{}", from.unwrap_or_default())
        }
        What::Live { shard, how, gap_ms, replayed, .. } => {
            let how = match how {
                Connecting::Resumed => format!("resumed, {replayed} replayed"),
                Connecting::Identified => "in a new session".to_owned(),
            };
            let gap = gap_ms.map(|ms| format!(", deaf for {ms} ms"));
            format!("{shard} live: {how}{}", gap.unwrap_or_default())
        }
        What::LetGo { shard, to, how, .. } => {
            let how = match how {
                LettingGo::Released => "given back",
                LettingGo::HandedOver => "handed over",
                LettingGo::Fenced => "lost to a later owner",
            };
            let to = to.map(|id| format!(" to {}", look.called(id)));
            format!("{shard} {how}{}", to.unwrap_or_default())
        }
        What::DrainBegan { instance, reason, shards } => {
            let shards = counted(*shards);
            format!("drain of {} began with {shards}: {reason}", look.called(*instance))
        }
        What::DrainEnded { instance, handed_over, released, ms } => format!(
            "drain of {} ended after {}: {handed_over} handed over, {released} given back",
            look.called(*instance),
            units::time(Duration::from_millis(*ms)),
        ),
        What::DrainTakenBack { instance } => {
            format!("drain of {} taken back", look.called(*instance))
        }
        What::Ordered { intent } => format!("wants {}", wanted(look, &intent.wish)),
        What::LeaseBroken { shard, from, reason, .. } => {
            format!("{shard} taken away from {}: {reason}", look.called(*from))
        }
        What::Restored { taken_at, shards } => {
            let taken_at = units::moment(UnixMicros(taken_at.0.saturating_mul(1_000)));
            format!("restored {} from a backup of {taken_at}", counted(*shards))
        }
        What::TokenRead { app, changed: true } => format!("token of {app} read: it is another one"),
        What::TokenRead { app, changed: false } => format!("token of {app} read: it is the same"),
        What::AppPut { app } => format!("put app {app} into the store"),
        What::AppRemoved { app } => format!("removed app {app} from the store"),
        What::Unknown => "something that a newer Baton has a word for".to_owned(),
    }
}

fn counted(shards: u32) -> String {
    units::counted(usize::try_from(shards).unwrap_or(usize::MAX), "shard", "shards")
}

/// What is wanted, in an operator's words.
#[must_use]
pub fn wanted(look: &Look, wish: &Wish) -> String {
    match wish {
        Wish::Drain { instance, limit: None } => format!("{} empty", look.called(*instance)),
        Wish::Drain { instance, limit: Some(limit) } => {
            format!("{} empty within {}", look.called(*instance), units::time(*limit))
        }
        Wish::Pin { shard, to, until } => match until {
            PinUntil::Arrived => format!("{shard} moved to {}", look.called(*to)),
            PinUntil::TakenBack => format!("{shard} kept at {}", look.called(*to)),
        },
        Wish::Restart { shard, how: RestartHow::Resume } => {
            format!("{shard} connected anew")
        }
        Wish::Restart { shard, how: RestartHow::Identify } => {
            format!("{shard} in a new session")
        }
        Wish::ReadToken { app } => format!("the token of {app} read again"),
    }
}
