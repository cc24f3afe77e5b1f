//! What happened, in a line of the screen.

use baton_model::InstanceId;
use baton_store::{Connecting, Doer, Happening, LettingGo, Taking, What};

use crate::{fleet::Look, output::units};

/// Where in a moment the time of day stands.
const TIME_OF_DAY: std::ops::Range<usize> = 11..19;

pub(super) fn line(look: &Look, happening: &Happening) -> String {
    let moment = units::moment(happening.at);
    let time = moment.get(TIME_OF_DAY).unwrap_or(&moment);
    let by = match &happening.by {
        Doer::Instance(id) => look.called(*id),
        Doer::Operator(name) => name.to_string(),
    };
    format!("{time} {by} {}", deed(look, &happening.what))
}

fn deed(look: &Look, what: &What) -> String {
    let called = |id: &InstanceId| look.called(*id);
    match what {
        What::Took { shard, from, how, epoch: _ } => {
            let verb = match how {
                Taking::Claimed => "claimed",
                Taking::Accepted => "accepted",
            };
            let from = from.as_ref().map(|id| format!(" from {}", called(id)));
            format!("{verb} {shard}{}", from.unwrap_or_default())
        }
        What::Live { shard, how, gap_ms, replayed, .. } => {
            let verb = match how {
                Connecting::Resumed => "resumed",
                Connecting::Identified => "identified",
            };
            let gap = gap_ms.map(|gap| format!(" after {gap} ms")).unwrap_or_default();
            format!("{verb} {shard}{gap}, {replayed} replayed")
        }
        What::LetGo { shard, to, how, epoch: _ } => {
            let verb = match how {
                LettingGo::Released => "released",
                LettingGo::HandedOver => "handed over",
                LettingGo::Fenced => "was fenced on",
            };
            let to = to.as_ref().map(|id| format!(" to {}", called(id))).unwrap_or_default();
            format!("{verb} {shard}{to}")
        }
        What::DrainBegan { instance, reason, shards } => {
            let because = match reason.as_str() {
                "" => String::new(),
                reason => format!(" ({reason})"),
            };
            let shards = units::counted(usize::try_from(*shards).unwrap_or(0), "shard", "shards");
            format!("begins to drain {}, {shards}{because}", called(instance))
        }
        What::DrainEnded { instance, handed_over, released, ms } => {
            let name = called(instance);
            format!("drained {name} in {ms} ms: {handed_over} handed over, {released} released")
        }
        What::DrainTakenBack { instance } => format!("drains {} no longer", called(instance)),
        What::Ordered { intent } => format!("ordered {}", intent.subject()),
        What::TokenRead { app, changed: true } => format!("read another token of {app}"),
        What::TokenRead { app, changed: false } => format!("read the same token of {app}"),
        What::Unknown => "did what a newer baton has a word for".to_owned(),
    }
}
