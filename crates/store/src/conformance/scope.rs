//! Names that one case has for itself, and what all cases need.

use std::{
    collections::BTreeMap,
    num::NonZeroU16,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use baton_model::{
    AppName, Capacity, Dispatch, Epoch, EventName, Expected, Generation, GuildId, InstanceId,
    InstanceRecord, Lane, Phase, RowSession, Seq, SessionId, SessionNumber, SessionStart, ShardKey,
    ShardNumber, StoreMillis, Tier, UnixMicros, Version, Weight,
};
use bytes::Bytes;

use crate::{
    Append, Entry, EntryBody, Events, Hold, Leases, NewSession, ShardAddress, Store, StreamId,
    Unhappy,
};

/// How often reading a stream is repeated before the store counts as away.
const READ_ATTEMPTS_MAX: u32 = 100;

/// The pause between two attempts.
const READ_PAUSE: Duration = Duration::from_millis(20);

static NEXT: AtomicU64 = AtomicU64::new(0);

/// Names that nobody else uses on the server.
#[derive(Debug, Clone)]
pub struct Scope {
    app: AppName,
    base: u128,
}

impl Scope {
    /// A scope unlike every other of this process, and of every process with another `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let app = format!("case-{seed:x}-{number}");
        let app = app.parse().unwrap_or_else(|error| unreachable!("{app}: {error}"));
        Self { app, base: (u128::from(seed) << 64) | (u128::from(number) << 16) }
    }

    /// The app.
    #[must_use]
    pub const fn app(&self) -> &AppName {
        &self.app
    }

    /// One of the case's instances.
    #[must_use]
    pub fn instance(&self, number: u8) -> InstanceId {
        InstanceId::new(self.base | u128::from(number))
    }

    /// One of the case's shards; they all write to lane 0.
    #[must_use]
    pub fn shard(&self, number: u32) -> ShardAddress {
        let generation = Generation(0);
        let number = ShardNumber(number);
        let shard = ShardKey { app: self.app.clone(), generation, number };
        ShardAddress { shard, lane: Lane(0) }
    }
}

/// An instance that is up.
#[must_use]
pub fn record() -> InstanceRecord {
    InstanceRecord {
        phase: Phase::Up,
        tier: Tier(0),
        zone: "a".parse().unwrap_or_else(|error| unreachable!("{error}")),
        weight: Weight(NonZeroU16::MIN),
        capacity: Capacity(1_000),
        version: Version { major: 0, minor: 1, patch: 0 },
        joined_at: StoreMillis(0),
        stalled: std::collections::BTreeSet::new(),
    }
}

/// Claims a shard that has no row, and begins a session.
///
/// # Panics
/// If the store refuses.
pub async fn live<S: Store>(
    store: &S,
    shard: &ShardAddress,
    me: InstanceId,
) -> (Hold, SessionNumber) {
    let grant = store.claim(shard, Expected::NEVER_LEASED, me).await.expect("claimed");
    let hold = Hold { address: shard.clone(), owner: me, epoch: grant.epoch };
    let session = store.begin_session(&hold, &new_session("s1", SessionStart::First)).await;
    (hold, session.expect("begun"))
}

/// A session as Discord opens it, after none.
pub(super) fn new_session(id: &str, start: SessionStart) -> NewSession {
    let url = "wss://gateway-us-east1-b.discord.gg".parse();
    NewSession {
        id: SessionId::new(id),
        resume_url: Some(url.unwrap_or_else(|error| unreachable!("{error}"))),
        start,
        previous: None,
        at: UnixMicros(7),
    }
}

/// A session as Discord opens it, after one whose stream ends at this seq.
pub(super) fn following(
    id: &str,
    start: SessionStart,
    number: SessionNumber,
    seq: u64,
) -> NewSession {
    let previous = Some(RowSession { number, last_seq: Seq(seq) });
    NewSession { previous, ..new_session(id, start) }
}

/// A dispatch whose every field follows from its seq, so that it can be checked anywhere.
#[must_use]
pub fn dispatch(seq: u64) -> EntryBody {
    EntryBody::Dispatch(Dispatch {
        seq: Seq(seq),
        name: EventName::new("MESSAGE_CREATE"),
        guild: seq.is_multiple_of(2).then_some(GuildId(seq * 1_000)),
        at: UnixMicros(1_000_000 + seq),
        trace: None,
        frame: Bytes::from(format!("{{\"t\":\"MESSAGE_CREATE\",\"s\":{seq},\"op\":0,\"d\":{{}}}}")),
    })
}

/// An append of the dispatches behind `prev`, up to `last`.
#[must_use]
pub fn append(hold: &Hold, session: SessionNumber, prev: u64, last: u64) -> Append {
    Append {
        hold: hold.clone(),
        session,
        prev: Seq(prev),
        entries: (prev + 1..=last).map(dispatch).collect(),
        last: Seq(last),
    }
}

/// The same right under another epoch.
pub(super) fn under(hold: &Hold, epoch: Epoch) -> Hold {
    Hold { epoch, ..hold.clone() }
}

/// Everything in the case's lane. Reading is repeated as a consumer does: a connection may have
/// died unnoticed since it was last used.
///
/// # Panics
/// If it cannot be read.
pub async fn stream<S: Events>(store: &S, scope: &Scope) -> Vec<Entry> {
    let mut after = StreamId::START;
    let mut entries = Vec::new();
    let mut failures = 0;
    loop {
        let some = match store.entries(scope.app(), Lane(0), after, 1_000).await {
            Ok(some) => some,
            Err(error) => {
                failures += 1;
                assert!(error.is_retryable() && failures <= READ_ATTEMPTS_MAX, "{error}");
                tokio::time::sleep(READ_PAUSE).await;
                continue;
            }
        };
        let Some((last, _)) = some.last() else { return entries };
        after = *last;
        entries.extend(some.into_iter().map(|(_, entry)| entry.expect("it is an entry")));
    }
}

/// The row of a shard.
pub(super) async fn row<S: Leases>(store: &S, shard: &ShardAddress) -> baton_model::LeaseRow {
    let mut rows = store.rows(std::slice::from_ref(shard)).await.expect("read");
    rows.pop().flatten().expect("the shard has a row")
}

/// What a stream's dispatches look like beside those that were written.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// Dispatches that are missing.
    pub lost: usize,
    /// Dispatches that are there more than once.
    pub doubled: usize,
    /// Dispatches that come before one with a smaller seq.
    pub reordered: usize,
    /// Dispatches that are not what was written.
    pub altered: usize,
}

impl Audit {
    /// Compares a stream with the dispatches `1..=last` of one session of every shard named.
    #[must_use]
    pub fn of(entries: &[Entry], shards: impl IntoIterator<Item = ShardNumber>, last: u64) -> Self {
        let mut audit = Self::default();
        let mut seen: BTreeMap<ShardNumber, Vec<u64>> = BTreeMap::new();
        for entry in entries {
            let EntryBody::Dispatch(found) = &entry.body else {
                continue;
            };
            if entry.body != dispatch(found.seq.0) {
                audit.altered += 1;
            }
            seen.entry(entry.shard).or_default().push(found.seq.0);
        }
        for shard in shards {
            let seqs = seen.remove(&shard).unwrap_or_default();
            audit.reordered += seqs.windows(2).filter(|pair| pair[1] < pair[0]).count();
            for seq in 1..=last {
                match seqs.iter().filter(|found| **found == seq).count() {
                    0 => audit.lost += 1,
                    times => audit.doubled += times - 1,
                }
            }
        }
        audit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(seqs: &[u64]) -> Vec<Entry> {
        let entry = |seq: &u64| Entry {
            shard: ShardNumber(0),
            session: SessionNumber(1),
            epoch: Epoch(1),
            body: dispatch(*seq),
        };
        seqs.iter().map(entry).collect()
    }

    #[test]
    fn the_audit_finds_each_defect() {
        let audit = |seqs: &[u64]| Audit::of(&written(seqs), [ShardNumber(0)], 3);
        assert_eq!(audit(&[1, 2, 3]), Audit::default());
        assert_eq!(audit(&[1, 3]), Audit { lost: 1, ..Audit::default() });
        assert_eq!(audit(&[1, 2, 2, 3]), Audit { doubled: 1, ..Audit::default() });
        assert_eq!(audit(&[1, 3, 2]), Audit { reordered: 1, ..Audit::default() });
        let mut altered = written(&[1, 2, 3]);
        if let EntryBody::Dispatch(dispatch) = &mut altered[1].body {
            dispatch.frame = Bytes::from_static(b"{}");
        }
        let found = Audit::of(&altered, [ShardNumber(0)], 3);
        assert_eq!(found, Audit { altered: 1, ..Audit::default() });
        let foreign = Audit::of(&written(&[1]), [ShardNumber(9)], 1);
        assert_eq!(foreign, Audit { lost: 1, ..Audit::default() });
    }
}
