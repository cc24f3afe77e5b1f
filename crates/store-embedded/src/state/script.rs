//! A script for tests: any operation after any other, from a seed.
//!
//! Most operations are what a caller that knows the state would do, so that stories get
//! somewhere; some are stale or wrong. A test that holds the state against something else (its
//! replay, the disk) drives both with one script.

use std::{
    collections::BTreeSet,
    num::{NonZeroU16, NonZeroU32},
    time::Duration,
};

use baton_model::{
    AppName, AppShape, Beat, Capacity, DataSetId, Dispatch, Epoch, EventName, Expected, Generation,
    GuildId, InstanceId, InstanceRecord, IntentId, Lane, LaneCount, LeaseRow, NewIntent, OfferId,
    Phase, PinUntil, RestartHow, RowSession, Seq, SessionId, SessionNumber, SessionRow,
    SessionStart, ShardCount, ShardKey, ShardNumber, StoreMillis, StoredApp, Tier, UnixMicros,
    Version, Weight, Wish, limits::RING_KEEP,
};
use baton_store::{
    Append, Command, CommandTrim, Conflict, ConflictId, ConflictKind, Doer, EntryBody, Happening,
    Hold, NewSession, SessionStartLimit, ShardAddress, StreamId, Targets, Trim, What,
};
use bytes::Bytes;

use super::{
    Claim, Cut, CutShort, GroupName, GroupPlace, Handing, LaneAddress, NewId, Reader, Record,
    StoreState, StreamMark, StreamName,
};

/// Draws operations and does them.
pub(crate) struct Script {
    dice: u64,
    now: StoreMillis,
}

impl Script {
    pub(crate) fn new(seed: u64) -> Self {
        let now = StoreMillis(1_000_000);
        Self { dice: seed, now }
    }

    /// A number below `sides`: splitmix64.
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.dice = self.dice.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.dice;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ (bits >> 31)) % sides
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.roll(100) < percent
    }

    /// Does one operation.
    pub(crate) fn step(&mut self, state: &mut StoreState) {
        self.now = match self.roll(20) {
            0 => StoreMillis(self.now.0 - 50), // the clock is set back
            millis => StoreMillis(self.now.0 + millis),
        };
        match self.roll(15) {
            0..5 => self.write_events(state),
            5 | 6 => self.move_lease(state),
            7 => self.reassert(state),
            8 => self.use_commands(state),
            9 => self.take_part(state),
            10 => self.plan(state),
            11 => self.identify(state),
            12 => self.keep_records(state),
            _ => self.consume(state),
        }
    }

    fn write_events(&mut self, state: &mut StoreState) {
        let hold = self.hold(state);
        if self.chance(5) {
            self.trim(state, hold.address.lane);
        }
        let session = lease(state, &hold.address).and_then(|row| row.session);
        match session {
            Some(session) if !self.chance(5) => self.append(state, hold, &session),
            session => {
                let new = self.new_session(session.as_ref());
                drop(state.begin_session(self.now, &hold, &new));
            }
        }
    }

    fn trim(&mut self, state: &mut StoreState, lane: Lane) {
        let trim = Trim {
            min_age: Duration::from_millis(self.roll(1_000)),
            entries_max: self.roll(24),
            bytes_max: self.roll(20_000),
            live_within: Duration::ZERO,
        };
        // Late enough for entries to be older than what a failover can lose.
        state.trim(self.now.after(RING_KEEP), &app(), lane, &trim);
    }

    fn append(&mut self, state: &mut StoreState, hold: Hold, session: &SessionRow) {
        let stale = self.roll(3);
        let prev = (session.last_seq.0 + self.roll(2)).saturating_sub(stale);
        let mut last = prev;
        let mut entries = Vec::new();
        for _ in 0..self.roll(5) {
            last += 1 + self.roll(2);
            entries.push(self.dispatch(last));
        }
        let append = Append {
            hold,
            session: SessionNumber(session.number.0 - u64::from(self.chance(3))),
            prev: Seq(prev),
            entries,
            last: Seq(last),
        };
        drop(state.append(self.now, &append));
    }

    fn move_lease(&mut self, state: &mut StoreState) {
        let hold = self.hold(state);
        let (me, offer) = (self.instance(), OfferId(self.roll(2)));
        let row = lease(state, &hold.address);
        match self.roll(8) {
            0 | 1 => {
                let expected = Expected::unchanged(row.as_ref());
                drop(state.claim(self.now, &hold.address, expected, me));
            }
            2 => drop(state.offer(&hold, me, offer)),
            3 => drop(state.accept(self.now, &hold, offer, me)),
            4 => drop(state.retract(&hold, offer)),
            5 => drop(state.release(&hold)),
            6 => drop(state.break_lease(&hold.address, Expected::unchanged(row.as_ref()))),
            _ => {
                let session = row.and_then(|row| row.session).map(|s| s.number);
                drop(state.forget_resume_url(&hold, session.unwrap_or_default()));
            }
        }
    }

    fn reassert(&mut self, state: &mut StoreState) {
        let mut hold = self.hold(state);
        hold.epoch.0 += self.roll(2);
        let number = self.now.0 - 10 + self.roll(20);
        let session = SessionRow {
            number: SessionNumber(number),
            id: SessionId::new("told"),
            resume_url: None,
            last_seq: Seq(self.roll(50)),
        };
        let session = self.chance(50).then_some(&session);
        drop(state.reassert(self.now, &hold, session));
    }

    fn use_commands(&mut self, state: &mut StoreState) {
        let hold = self.hold(state);
        let command = Command {
            shard: hold.address.shard.number,
            expires: self.chance(50).then_some(self.now),
            reply_to: "reply".repeat(usize::from(self.chance(50))),
            trace: self.chance(50).then(trace),
            frame: self.frame(),
        };
        let lane = hold.address.lane;
        let sent = state.send_command(self.now, &app(), lane, &command);
        if let Ok(done) = sent {
            drop(state.set_commands_done(&hold, done));
        }
        if self.chance(20) {
            let shape = AppShape {
                generation: Generation(1),
                shards: ShardCount(NonZeroU32::new(3).unwrap()),
                lanes: LaneCount(NonZeroU16::MIN),
            };
            let age_max = Duration::from_millis(self.roll(500));
            state.trim_commands(self.now, &app(), lane, CommandTrim { shapes: &[shape], age_max });
        }
    }

    fn take_part(&mut self, state: &mut StoreState) {
        let me = self.instance();
        match self.roll(12) {
            0 => {
                let stored = state.members.get(&me).map(|member| member.beat);
                state.forget(me, stored.unwrap_or_default());
            }
            1 => {
                state.ensure_data_set(DataSetId(u128::from(self.roll(9))));
            }
            2 => {
                let shape = self.shape();
                state.agree_app(&app(), shape);
            }
            3 => {
                let conflict = self.conflict();
                state.record_conflict(self.now, &conflict);
            }
            7 => {
                let happening = self.happening();
                state.note(self.now, &happening);
            }
            8 => {
                let options = [("token".to_owned(), self.roll(3).to_string())].into();
                let seen = self.roll(3);
                drop(state.put_app(&app(), seen, &StoredApp::Wanted { options }));
            }
            4 | 5 => {
                let intent = self.intent();
                drop(state.intend(self.now, &intent));
            }
            6 => {
                let intent = self.intent();
                state.withdraw(&intent.subject(), intent.id);
            }
            beat => {
                let beat = Beat(self.now.0 + beat);
                let record = self.record();
                drop(state.beat(self.now, me, beat, &record));
            }
        }
    }

    fn plan(&mut self, state: &mut StoreState) {
        let me = self.instance();
        let expected = Expected::unchanged(state.planner.as_ref());
        let Ok(grant) = state.claim_planner(self.now, expected, me) else {
            unreachable!("nobody came in between")
        };
        let mut shards = || (0..self.roll(4)).map(|_| self.address().shard).collect::<Vec<_>>();
        let (set, clear) = (shards(), shards());
        let set: Vec<_> = set.into_iter().map(|shard| (shard, self.instance())).collect();
        let epoch = Epoch(grant.epoch.0 - u64::from(self.chance(20)));
        drop(state.write_targets(me, epoch, Targets { set: &set, clear: &clear }));
        if self.chance(20) {
            state.release_planner(me, epoch);
        }
    }

    fn identify(&mut self, state: &mut StoreState) {
        if self.chance(20) {
            let limit = SessionStartLimit {
                total: 1_000,
                remaining: 990,
                reset_after: Duration::from_millis(self.roll(500)),
            };
            return state.learn_limit(self.now, &app(), limit);
        }
        let bucket = u32::try_from(self.roll(3)).unwrap();
        state.take_identify(self.now, &app(), bucket);
    }

    /// Reads with groups, acknowledges and claims, on all kinds of streams.
    fn consume(&mut self, state: &mut StoreState) {
        let reader = self.reader();
        let group = &reader.group;
        let Some(found) = state.group(group) else {
            assert_eq!(state.ensure_stream(&group.stream), Ok(()));
            let entries_read = self.chance(50).then_some(0);
            let place = GroupPlace { last_delivered: StreamId::START, entries_read };
            return state.place_group(group, place);
        };
        let pending: Vec<_> = found.pending.keys().copied().take(3).collect();
        let count = usize::try_from(self.roll(6)).unwrap();
        state.hear_of(self.now, &reader);
        match self.roll(12) {
            0..4 => drop(state.read_new(self.now, &reader, count, Handing::UntilAcknowledged)),
            4 => drop(state.read_new(self.now, &reader, count, Handing::ForGood)),
            5 => drop(state.read_again(self.now, &reader, StreamId::START, count)),
            6 | 7 => {
                state.acknowledge(group, &pending);
            }
            8 => drop(state.claim_pending(self.now, &reader, &pending, self.claim())),
            9 => drop(state.claim_next(self.now, &reader, (StreamId::START, count), self.claim())),
            10 => {
                state.forget_consumer(group, &reader.consumer);
            }
            _ => {
                state.remove_group(group);
            }
        }
    }

    fn claim(&self) -> Claim {
        let (idle, at) = (Duration::ZERO, self.now);
        Claim { idle, at, deliveries: None, counts: true, force: false }
    }

    fn reader(&mut self) -> Reader {
        let stream = match self.roll(4) {
            0 => self.own_stream(),
            1 => StreamName::Commands(self.lane()),
            _ => StreamName::Events(self.lane()),
        };
        let name = |kind: &str, number| Bytes::from(format!("{kind} {number}"));
        let group = GroupName { stream, group: name("group", self.roll(2)) };
        Reader { group, consumer: name("consumer", self.roll(3)) }
    }

    fn lane(&mut self) -> LaneAddress {
        LaneAddress { app: app(), lane: self.address().lane }
    }

    fn own_stream(&mut self) -> StreamName {
        StreamName::Other(Bytes::from(format!("mine {}", self.roll(2))))
    }

    /// Writes to streams of consumers, and what is no command where commands stand.
    fn keep_records(&mut self, state: &mut StoreState) {
        let mut name = self.own_stream();
        if self.chance(20) {
            name = StreamName::Commands(self.lane());
        }
        let fields = (0..self.roll(4)).map(|_| (self.frame(), self.frame())).collect::<Vec<_>>();
        let record = Record::copied(fields.iter().map(|(name, value)| (&name[..], &value[..])));
        let id = state.add_record(self.now, &name, NewId::Now, record);
        let StreamName::Other(_) = name else { return };
        match (self.roll(8), id) {
            (0, Ok(id)) => {
                state.delete_records(&name, &[id]);
            }
            (1, _) => {
                let cut = Cut::Above(self.roll(4));
                state.cut_short(&name, CutShort { cut, most: u64::MAX });
            }
            (2, _) => {
                state.delete_stream(&name);
            }
            (3, _) => state.set_mark(
                &name,
                StreamMark {
                    gone: 7,
                    given: StreamId { millis: 1 << 50, number: self.roll(9) },
                    max_deleted: StreamId::START,
                },
            ),
            (_, _) => {}
        }
    }

    /// Mostly the right to a row as it stands.
    fn hold(&mut self, state: &StoreState) -> Hold {
        let address = self.address();
        let row = lease(state, &address);
        let owner = row.as_ref().and_then(|row| row.holding.owner());
        let owner = match owner {
            Some(owner) if !self.chance(5) => owner,
            Some(_) | None => self.instance(),
        };
        let epoch = row.map_or(0, |row| row.epoch.0);
        let epoch = Epoch(epoch.saturating_sub(u64::from(self.chance(5))));
        Hold { address, owner, epoch }
    }

    fn address(&mut self) -> ShardAddress {
        let number = u32::try_from(self.roll(3)).unwrap();
        let shard = ShardKey { app: app(), generation: Generation(1), number: ShardNumber(number) };
        let lane = Lane(u16::from(number == 2));
        ShardAddress { shard, lane }
    }

    fn instance(&mut self) -> InstanceId {
        InstanceId::new(u128::from(self.roll(3)))
    }

    fn new_session(&mut self, before: Option<&SessionRow>) -> NewSession {
        let previous = before.map(RowSession::from);
        NewSession {
            id: SessionId::new(&format!("session {}", self.roll(100))),
            resume_url: self.chance(80).then(|| "wss://resume.discord.gg".parse().unwrap()),
            start: SessionStart::Invalidated,
            previous: previous.filter(|_| !self.chance(5)),
            at: UnixMicros(self.now.0),
        }
    }

    fn dispatch(&mut self, seq: u64) -> EntryBody {
        EntryBody::Dispatch(Dispatch {
            seq: Seq(seq),
            name: EventName::new("MESSAGE_CREATE"),
            guild: self.chance(50).then(|| GuildId(self.roll(u64::MAX))),
            at: UnixMicros(self.now.0 * 1_000),
            trace: self.chance(20).then(trace),
            frame: self.frame(),
        })
    }

    /// Mostly short, sometimes longer than a page of the disk; any bytes.
    fn frame(&mut self) -> Bytes {
        let length = if self.chance(3) { 6_000 } else { 300 };
        let length = self.roll(length);
        (0..length).map(|_| u8::try_from(self.roll(256)).unwrap()).collect()
    }

    fn conflict(&mut self) -> Conflict {
        Conflict {
            id: ConflictId(self.roll(u64::MAX)),
            kind: ConflictKind::Fenced,
            instances: BTreeSet::from([self.instance(), self.instance()]),
            shard: self.chance(50).then(|| self.address().shard),
            epochs: BTreeSet::from([Epoch(self.roll(9))]),
            resolution: "stopped".to_owned(),
            at: UnixMicros(self.now.0),
        }
    }

    fn happening(&mut self) -> Happening {
        let by = Doer::Instance(self.instance());
        let what = What::TokenRead { app: app(), changed: self.chance(50) };
        Happening { at: UnixMicros(self.now.0), by, what }
    }

    fn intent(&mut self) -> NewIntent {
        let shard = self.address().shard;
        let wish = match self.roll(4) {
            0 => Wish::Drain { instance: self.instance(), limit: None },
            1 => Wish::Pin { shard, to: self.instance(), until: PinUntil::Arrived },
            2 => Wish::Restart { shard, how: RestartHow::Resume },
            _ => Wish::ReadToken { app: app() },
        };
        let line = |text: &str| text.parse().unwrap();
        NewIntent { id: IntentId(self.roll(3)), wish, by: line("ann"), reason: line("") }
    }

    fn shape(&mut self) -> AppShape {
        let count = u16::try_from(1 + self.roll(9)).unwrap();
        AppShape {
            generation: Generation(u32::from(count)),
            shards: ShardCount(NonZeroU32::new(u32::from(count)).unwrap()),
            lanes: LaneCount(NonZeroU16::new(count).unwrap()),
        }
    }

    fn record(&mut self) -> InstanceRecord {
        InstanceRecord {
            phase: Phase::Up,
            tier: Tier(0),
            zone: "a".parse().unwrap(),
            weight: Weight(NonZeroU16::MIN),
            capacity: Capacity(10),
            version: Version::default(),
            joined_at: self.now,
            stalled: BTreeSet::from([self.address().shard]),
        }
    }
}

fn lease(state: &StoreState, shard: &ShardAddress) -> Option<LeaseRow> {
    state.rows.get(shard).map(|row| row.lease.clone())
}

fn app() -> AppName {
    "bot".parse().unwrap()
}

fn trace() -> baton_model::TraceParent {
    let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    text.parse().unwrap()
}

mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::state::{Change, GroupChange, Retention, StreamChange};

    const SMALL: Retention = Retention { items_max: 24, bytes_max: 20_000 };

    fn story(seed: u64, steps: usize) -> Vec<(Vec<Change>, StoreState)> {
        let mut script = Script::new(seed);
        let mut state = StoreState::new(SMALL);
        let step = |_| {
            script.step(&mut state);
            (state.take_changes(), state.clone())
        };
        (0..steps).map(step).collect()
    }

    proptest! {
        #[test]
        fn a_state_is_what_its_changes_make_after_every_operation(seed: u64) {
            let mut replayed = StoreState::new(SMALL);
            for (changes, state) in story(seed, 300) {
                for change in &changes {
                    replayed.apply(change);
                }
                prop_assert_eq!(&replayed, &state);
            }
        }

        #[test]
        fn a_change_applied_twice_is_applied_once(seed: u64) {
            let mut replayed = StoreState::new(SMALL);
            for (changes, state) in story(seed, 100) {
                for change in &changes {
                    replayed.apply(change);
                    replayed.apply(change);
                }
                prop_assert_eq!(&replayed, &state);
            }
        }

        #[test]
        fn a_session_is_in_the_stream_in_order_and_once(seed: u64) {
            let story = story(seed, 300);
            let mut last = std::collections::BTreeMap::new();
            for change in story.iter().flat_map(|(changes, _)| changes) {
                if let Change::Entry(_, _, entry) = change
                    && let EntryBody::Dispatch(dispatch) = &entry.body
                {
                    let key = (entry.shard, entry.session);
                    let at = (entry.epoch, dispatch.seq);
                    if let Some((epoch, seq)) = last.insert(key, at) {
                        prop_assert!(dispatch.seq > seq && entry.epoch >= epoch);
                    }
                }
            }
        }
    }

    #[test]
    fn a_script_gets_everywhere() {
        let changes: Vec<_> = story(1, 2_000).into_iter().flat_map(|(c, _)| c).collect();
        let count = |is: fn(&Change) -> bool| changes.iter().filter(|change| is(change)).count();
        for (kind, found) in [
            ("data set", count(|c| matches!(c, Change::DataSet(_)))),
            ("app", count(|c| matches!(c, Change::App(..)))),
            ("row", count(|c| matches!(c, Change::Row(..)))),
            ("entry", count(|c| matches!(c, Change::Entry(..)))),
            ("trim", count(|c| matches!(c, Change::EntriesTrimmed(..)))),
            ("record", count(|c| matches!(c, Change::Stream(_, StreamChange::Record(..))))),
            ("trim", count(|c| matches!(c, Change::Stream(_, StreamChange::Trimmed(_))))),
            ("deletion", count(|c| matches!(c, Change::Stream(_, StreamChange::Deleted(_))))),
            ("delivery", count(|c| matches!(c, Change::Group(_, GroupChange::Pending(_))))),
            ("settling", count(|c| matches!(c, Change::Group(_, GroupChange::Settled(_))))),
            ("end of a group", count(|c| matches!(c, Change::Group(_, GroupChange::Gone)))),
            ("conflict", count(|c| matches!(c, Change::Conflict(..)))),
            ("member", count(|c| matches!(c, Change::Member(..)))),
            ("forgotten", count(|c| matches!(c, Change::MemberForgotten(_)))),
            ("planner", count(|c| matches!(c, Change::Planner(_)))),
            ("target", count(|c| matches!(c, Change::Target(..)))),
            ("cleared", count(|c| matches!(c, Change::TargetCleared(_)))),
            ("happening", count(|c| matches!(c, Change::Happening(..)))),
            ("stored app", count(|c| matches!(c, Change::StoredApp(..)))),
            ("intent", count(|c| matches!(c, Change::Intent(_)))),
            ("intent gone", count(|c| matches!(c, Change::IntentGone(_)))),
            ("bucket", count(|c| matches!(c, Change::IdentifyBucket(..)))),
            ("day", count(|c| matches!(c, Change::IdentifyDay(..)))),
        ] {
            assert!(found > 0, "no {kind}");
        }
    }
}
