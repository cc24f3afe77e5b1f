//! EVALSHA: what the scripts of the SDK do, done by the store itself.
//!
//! No script runs here. An SDK asks for one by the digest of its text, and the digests of those
//! texts are known: behind each stands the same in the words of this store, as one operation. Any
//! other digest is unknown, as it is to a server that was not sent its text; and a text is not
//! taken, for nobody here could read it.

mod lanes;
mod leases;
mod members;

use baton_store::StreamId;
use bytes::Bytes;

use super::{Answer, hash};
use crate::{
    live::Scene,
    resp::{
        arguments::{Arguments, kept},
        keys::{grouped, owned},
        refusal::Refusal,
        reply::Reply,
        session::{House, Session, Step},
    },
    state::{Group, GroupName, Reader, StreamName},
};

/// A script: the digest of its text, what it is called there, and what it does.
struct Script {
    digest: &'static str,
    run: Run,
}

#[derive(Clone, Copy)]
enum Run {
    /// With a lane's keys, by whoever may act there.
    AtLane(fn(&mut Scene<'_>, Seat<'_>, Arguments<'_>) -> Answer),
    /// With one key of a hash.
    OfHash(fn(&mut Scene<'_>, &Bytes, Arguments<'_>) -> Answer),
}

/// The scripts of `crates/consumer`. One that changes there gets a line of its own here, and the
/// line before it stays: consumers are not all new at once.
const SCRIPTS: &[Script] = &[
    at_lane("0b3ff3d3d34782b26c241ee820cc73a32cb8d456", lanes::ack),
    at_lane("b32f9de9b706c00ef8f2524fb2c5accaeca1ac89", lanes::bury),
    at_lane("24379e645aadce829257c3db627f2db09520d3b9", lanes::keep),
    at_lane("bf2d452e3f2c5a4dbe8c656dc9a22949e24621d0", lanes::claim),
    at_lane("f3db3b9e9d020f62dbed4b4e3aab5a4726c29b8d", lanes::take),
    at_lane("bec41646ff313b85b3474ef6151de3051f7d8847", members::sweep),
    at_lane("ddb5634f6948b3a8a11824104c5045741f0892b1", members::leave),
    of_hash("25093a97d39820982edadcf71eb1e20176b32bb5", leases::beat),
    of_hash("46631db9534ab461f0cfc5a098549235535e3f35", leases::lease),
];

const fn at_lane(
    digest: &'static str,
    run: fn(&mut Scene<'_>, Seat<'_>, Arguments<'_>) -> Answer,
) -> Script {
    Script { digest, run: Run::AtLane(run) }
}

const fn of_hash(
    digest: &'static str,
    run: fn(&mut Scene<'_>, &Bytes, Arguments<'_>) -> Answer,
) -> Script {
    Script { digest, run: Run::OfHash(run) }
}

fn known(digest: &Bytes) -> Option<&'static Script> {
    SCRIPTS.iter().find(|script| digest.eq_ignore_ascii_case(script.digest.as_bytes()))
}

/// Of a text's digest, in hexadecimal digits.
const DIGEST_LENGTH: usize = 40;

/// `digest …`
pub(crate) fn exists(
    _: &mut Session,
    _: &House,
    arguments: Arguments<'_>,
) -> Result<Step, Refusal> {
    let are_known = arguments.rest().iter().map(|digest| i64::from(known(digest).is_some()));
    Ok(Step::answer(Reply::List(are_known.map(Reply::Number).collect())))
}

/// `digest keys key … argument …`
pub(crate) fn evalsha(at: &mut Scene<'_>, mut arguments: Arguments<'_>) -> Answer {
    let digest = arguments.next()?;
    if digest.len() != DIGEST_LENGTH {
        return Err(Refusal::no_script());
    }
    let count = arguments.integer()?;
    let count =
        usize::try_from(count).map_err(|_| Refusal::err("Number of keys can't be negative"))?;
    if count > arguments.len() {
        return Err(Refusal::err("Number of keys can't be greater than number of args"));
    }
    let script = known(digest).ok_or_else(Refusal::no_script)?;
    let (keys, arguments) = arguments.rest().split_at(count);
    let mut arguments = Arguments::new(arguments);
    match (script.run, keys) {
        (Run::OfHash(run), [key]) => run(at, &hash::readers(key)?, arguments),
        (Run::AtLane(run), [events, row, letters]) => {
            let seat = Seat {
                keys: LaneKeys { events, row, letters },
                group: arguments.next()?,
                me: arguments.next()?,
                epoch: arguments.next()?,
            };
            seat.ensure_allowed()?;
            if !is_held(at, &seat)? {
                return Ok(Reply::List(vec![Reply::word("fenced")]));
            }
            run(at, seat, arguments)
        }
        (Run::OfHash(_) | Run::AtLane(_), _) => {
            Err(Refusal::err("the script has another number of keys"))
        }
    }
}

/// What a script has answered behind its outcome.
fn ok<const N: usize>(rest: [Reply; N]) -> Answer {
    Ok(Reply::List([Reply::word("ok")].into_iter().chain(rest).collect()))
}

/// As whom a script acts, and where.
#[derive(Clone, Copy)]
struct Seat<'a> {
    keys: LaneKeys<'a>,
    group: &'a Bytes,
    me: &'a Bytes,
    /// The number of the lease; empty where lanes are shared.
    epoch: &'a Bytes,
}

#[derive(Clone, Copy)]
struct LaneKeys<'a> {
    events: &'a Bytes,
    row: &'a Bytes,
    letters: &'a Bytes,
}

impl Seat<'_> {
    /// All keys are asked for before anything is done.
    fn ensure_allowed(&self) -> Result<(), Refusal> {
        grouped(self.keys.events)?;
        hash::readers(self.keys.row)?;
        owned(self.keys.letters).map(drop)
    }

    fn stream(&self) -> Result<StreamName, Refusal> {
        grouped(self.keys.events)
    }

    fn reader(&self) -> Result<Reader, Refusal> {
        let group = GroupName { stream: self.stream()?, group: kept(self.group) };
        Ok(Reader { group, consumer: kept(self.me) })
    }

    /// The group, which must be there.
    fn found<'s>(&self, at: &'s Scene<'_>, name: &GroupName) -> Result<&'s Group, Refusal> {
        let group = at.state.group(name);
        group.ok_or_else(|| Refusal::no_group(self.keys.events, self.group))
    }
}

/// May this consumer still act on the lane? A row that is missing, or has an older number, was lost
/// with its store, and is written back.
fn is_held(at: &Scene<'_>, seat: &Seat<'_>) -> Result<bool, Refusal> {
    if seat.epoch.is_empty() {
        return Ok(true);
    }
    let mine = leases::epoch(seat.epoch)?;
    let row = leases::row(at, seat.keys.row)?;
    if row.epoch >= mine {
        return Ok(row.epoch == mine && row.owner == *seat.me);
    }
    leases::put(at, seat.keys.row, &leases::Row { epoch: mine, owner: kept(seat.me) })?;
    Ok(true)
}

/// Ids, as they are named in a request.
fn ids(mut arguments: Arguments<'_>) -> Result<Vec<StreamId>, Refusal> {
    let mut ids = Vec::new();
    while arguments.len() > 0 {
        ids.push(arguments.id()?);
    }
    Ok(ids)
}
