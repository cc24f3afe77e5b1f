//! Outputs as lines of a story.

use baton_fleet::{Hint, Output};
use baton_model::{Expected, InstanceId, ShardKey};

/// An instance's letter: `a` is number 10.
pub(super) fn letter(id: InstanceId) -> String {
    format!("{:x}", id.bits())
}

pub(super) fn id_of(letter: &str) -> InstanceId {
    InstanceId::new(u128::from_str_radix(letter, 16).unwrap())
}

fn numbers(shards: &[ShardKey]) -> String {
    let numbers: Vec<_> = shards.iter().map(|s| s.number.to_string()).collect();
    numbers.join(",")
}

fn lease(expected: Expected) -> String {
    match expected.holder {
        Some(holder) => format!("{}@{}", letter(holder), expected.epoch),
        None => format!("nobody@{}", expected.epoch),
    }
}

/// None for what goes on all the time.
pub(super) fn line(output: &Output) -> Option<String> {
    let line = match output {
        Output::Beat(..) | Output::Poll(_) | Output::Sweep(_) => return None,
        Output::Confirmed => "confirmed".to_owned(),
        Output::Unconfirmed => "unconfirmed".to_owned(),
        Output::Reassert => "reassert".to_owned(),
        Output::NameDataSet => "name the data set".to_owned(),
        Output::Impostor => "impostor".to_owned(),
        Output::Claim(shard, expected) => format!("claim {} of {}", shard.number, lease(*expected)),
        Output::ClaimPlanner(expected) => format!("claim planner of {}", lease(*expected)),
        Output::ReleasePlanner(epoch) => format!("release planner @{epoch}"),
        Output::WriteTargets { set, clear, .. } => {
            let set = set.iter().map(|(s, to)| format!(" {}={}", s.number, letter(*to)));
            let clear = clear.iter().map(|s| format!(" {}=", s.number));
            format!("targets{}", set.chain(clear).collect::<String>())
        }
        Output::Forget(id, beat) => format!("forget {} @{beat}", letter(*id)),
        Output::NoPlace { left_over, pins_unmet } => {
            format!("no place for [{}], pins unmet [{}]", numbers(left_over), numbers(pins_unmet))
        }
        Output::Warm(shard) => format!("warm {}", shard.number),
        Output::Cool(shard) => format!("cool {}", shard.number),
        Output::HandOver(shard, to) => format!("hand over {} to {}", shard.number, letter(*to)),
        Output::Superseded(shard) => format!("superseded {}", shard.number),
        Output::Release(shard) => format!("release {}", shard.number),
        Output::DrainGivenUp(order) => format!("drain {} given up", order.0),
        Output::Drained => "drained".to_owned(),
        Output::Tell(hint) => return told(hint),
        Output::TakePermit { request, bucket, .. } => {
            format!("take permit {} in bucket {}", request.0, bucket.0)
        }
        Output::Identify { shard, use_before } => {
            format!("identify {} before {use_before}", shard.number)
        }
        Output::BudgetExhausted { reset_after, .. } => {
            format!("budget exhausted for {reset_after:?}")
        }
    };
    Some(line)
}

fn told(hint: &Hint) -> Option<String> {
    match hint {
        Hint::Suspect { instance } => Some(format!("tell suspect {}", letter(*instance))),
        Hint::Released => Some("tell released".to_owned()),
        Hint::Warmed { shard, .. } => Some(format!("tell warmed {}", shard.number)),
        Hint::NotWarmed { shard, .. } => Some(format!("tell not warmed {}", shard.number)),
        // These follow every claim and every target, or come from a shard.
        Hint::Taken { .. } | Hint::Move { .. } | Hint::Offered { .. } => None,
    }
}
