//! What the tests act with: a state, a shard, two instances.

use std::num::{NonZeroU16, NonZeroU32};

use baton_model::{
    AppName, AppShape, Dispatch, Epoch, EventName, Expected, Generation, InstanceId, Lane,
    LaneCount, OfferId, ResumeUrl, Seq, SessionId, SessionNumber, SessionStart, ShardCount,
    ShardKey, ShardNumber, StoreMillis, UnixMicros,
};
use baton_store::{
    Append, AppendError, Entry, EntryBody, Grant, Hold, NewSession, ShardAddress, StreamId,
};
use baton_store_embedded::state::{Retention, StoreState};
use bytes::Bytes;

pub(crate) const ANNA: InstanceId = InstanceId::new(0xa);
pub(crate) const BERT: InstanceId = InstanceId::new(0xb);
pub(crate) const FIRST_OFFER: OfferId = OfferId(1);
pub(crate) const LANE: Lane = Lane(0);

/// The store's time when a story begins.
pub(crate) const NOON: StoreMillis = StoreMillis(1_700_000_000_000);

pub(crate) fn later(millis: u64) -> StoreMillis {
    StoreMillis(NOON.0 + millis)
}

pub(crate) fn app() -> AppName {
    "bot".parse().expect("a name")
}

/// One shard, on so many lanes.
pub(crate) fn shape(lanes: u16) -> AppShape {
    AppShape {
        generation: Generation(0),
        shards: ShardCount(NonZeroU32::MIN),
        lanes: LaneCount(NonZeroU16::new(lanes).expect("lanes")),
    }
}

pub(crate) fn shard(number: u32) -> ShardAddress {
    let shard = ShardKey { app: app(), generation: Generation(0), number: ShardNumber(number) };
    ShardAddress { shard, lane: LANE }
}

pub(crate) fn hold(owner: InstanceId, epoch: Epoch) -> Hold {
    let address = shard(0);
    Hold { address, owner, epoch }
}

pub(crate) fn empty() -> StoreState {
    StoreState::new(Retention::default())
}

/// Shard 0 in Anna's hands since noon.
pub(crate) fn owned_by_anna() -> (StoreState, Hold) {
    let mut state = empty();
    let grant = claim(&mut state, ANNA);
    (state, hold(ANNA, grant.epoch))
}

/// Shard 0 in Anna's hands, in a session whose entries 1 to 3 the stream holds.
pub(crate) fn at_seq_3() -> (StoreState, Hold, SessionNumber) {
    let (mut state, hold) = owned_by_anna();
    let session = state.begin_session(NOON, &hold, &new_session("one")).expect("begun");
    let appended = append(&mut state, &hold, session, 0, &[1, 2, 3]);
    assert_eq!(appended, Ok(Seq(3)));
    state.take_changes();
    (state, hold, session)
}

/// Takes shard 0 from whoever has it.
pub(crate) fn claim(state: &mut StoreState, me: InstanceId) -> Grant {
    let rows = state.rows(&[shard(0)]);
    let expected = Expected::unchanged(rows[0].as_ref());
    state.claim(NOON, &shard(0), expected, me).expect("claimed")
}

pub(crate) fn new_session(id: &str) -> NewSession {
    NewSession {
        id: SessionId::new(id),
        resume_url: Some(url()),
        start: SessionStart::First,
        previous: None,
        at: UnixMicros(7),
    }
}

pub(crate) fn url() -> ResumeUrl {
    "wss://resume.discord.gg".parse().expect("a url")
}

pub(crate) fn dispatch(seq: u64) -> EntryBody {
    EntryBody::Dispatch(Dispatch {
        seq: Seq(seq),
        name: EventName::new("MESSAGE_CREATE"),
        guild: None,
        at: UnixMicros(seq),
        trace: None,
        frame: Bytes::from(format!("{{\"s\":{seq}}}")),
    })
}

/// Appends dispatches with these seqs behind `prev`; complete up to the last of them.
pub(crate) fn append(
    state: &mut StoreState,
    hold: &Hold,
    session: SessionNumber,
    prev: u64,
    seqs: &[u64],
) -> Result<Seq, AppendError> {
    let append = Append {
        hold: hold.clone(),
        session,
        prev: Seq(prev),
        entries: seqs.iter().map(|seq| dispatch(*seq)).collect(),
        last: Seq(seqs.last().copied().unwrap_or(prev)),
    };
    state.append(NOON, &append)
}

pub(crate) fn entries(state: &StoreState) -> Vec<Entry> {
    let entries = state.entries(&app(), LANE, StreamId::START, usize::MAX);
    entries.into_iter().map(|(_, entry)| entry).collect()
}

/// Session and seq of every dispatch in the stream, in order.
pub(crate) fn dispatches(state: &StoreState) -> Vec<(SessionNumber, u64)> {
    let all = entries(state).into_iter();
    all.filter_map(|entry| match entry.body {
        EntryBody::Dispatch(dispatch) => Some((entry.session, dispatch.seq.0)),
        EntryBody::Marker { .. } => None,
    })
    .collect()
}
