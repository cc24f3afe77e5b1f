//! The machine in a small world that is against it: handlers fail, requests fail although they were
//! carried out, deliveries get lost on their way. Beside it runs a simpler truth.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use baton_model::{Marker, Moment, Seq, StreamId, UnixMicros};
use baton_store::{Entry, EntryBody};
use proptest::prelude::*;

use super::{
    Arrival, Claim, Done, Ending, Errand, Input, LaneMachine, Output, Sharing, Whose,
    examples::{arrival, entry},
};
use crate::settings::Settings;

/// What is drawn for one step.
#[derive(Debug, Clone, Copy)]
enum Draw {
    /// The handler at this place ends well, or not.
    End(usize, bool),
    /// What was read arrives, or is lost on its way.
    Read(bool),
    /// The errand is carried out; carried out, but the answer lost; or neither.
    Errand(Luck),
    Wait(u64),
}

#[derive(Debug, Clone, Copy)]
enum Luck {
    Good,
    Late,
    Bad,
}

fn draw() -> impl Strategy<Value = Draw> {
    prop_oneof![
        6 => (any::<usize>(), prop::bool::weighted(0.7)).prop_map(|(at, well)| Draw::End(at, well)),
        2 => prop::bool::weighted(0.8).prop_map(Draw::Read),
        4 => prop_oneof![8 => Just(Luck::Good), 1 => Just(Luck::Late), 1 => Just(Luck::Bad)]
            .prop_map(Draw::Errand),
        2 => (1_u64..3_000).prop_map(Draw::Wait),
    ]
}

/// A lane's group as the store has it.
struct World {
    machine: LaneMachine,
    now: Moment,
    entries: BTreeMap<StreamId, Entry>,
    next_new: VecDeque<StreamId>,
    pending: BTreeMap<StreamId, u32>,
    letters: BTreeSet<StreamId>,
    handled: Vec<StreamId>,
    running: Vec<StreamId>,
    reading: Option<usize>,
    errand: Option<Errand>,
    is_over: bool,
}

const ATTEMPTS_MAX: u32 = 3;

impl World {
    fn new(sharing: Sharing, guilds: &[u8]) -> Self {
        let settings = Settings { attempts_max: ATTEMPTS_MAX, ..Settings::default() };
        let made = guilds.iter().zip(1..).map(|(guild, number)| {
            let entry = match guild {
                // Some are markers, of either shard.
                9 => marker(number),
                guild => entry(u32::from(guild % 2), number, Some(u64::from(*guild))),
            };
            (StreamId { millis: 1, number }, entry)
        });
        let entries: BTreeMap<_, _> = made.collect();
        let mut machine = LaneMachine::new(Arc::new(settings), sharing, Moment::ZERO);
        machine.handle(Input::Sure(Moment::from_millis(u64::MAX)), Moment::ZERO);
        Self {
            machine,
            now: Moment::ZERO,
            next_new: entries.keys().copied().collect(),
            entries,
            pending: BTreeMap::new(),
            letters: BTreeSet::new(),
            handled: Vec::new(),
            running: Vec::new(),
            reading: None,
            errand: None,
            is_over: false,
        }
    }

    fn step(&mut self, draw: Draw) {
        match draw {
            Draw::End(at, well) if !self.running.is_empty() => {
                let id = self.running.swap_remove(at % self.running.len());
                self.end(id, well);
            }
            Draw::Read(arrives) => self.read(arrives),
            Draw::Errand(luck) => self.run_errand(luck),
            Draw::Wait(millis) => self.tell(Input::Time, Duration::from_millis(millis)),
            Draw::End(..) => {}
        }
    }

    fn tell(&mut self, input: Input, after: Duration) {
        self.now += after;
        self.machine.handle(input, self.now);
        while let Some(output) = self.machine.poll_output(self.now) {
            self.take(output);
        }
    }

    fn take(&mut self, output: Output) {
        match output {
            Output::Read(count) => assert!(self.reading.replace(count).is_none(), "one at a time"),
            Output::Run(errand) => assert!(self.errand.replace(errand).is_none(), "one at a time"),
            Output::Handle { id, attempt, .. } => {
                assert!(attempt <= ATTEMPTS_MAX, "{id} is tried too often");
                self.ensure_turn(id);
                self.running.push(id);
            }
            Output::GaveUp(burial) => assert!(self.letters.contains(&burial.id)),
            Output::Over => self.is_over = true,
        }
    }

    /// Everything before it that it has to wait for is done.
    fn ensure_turn(&self, id: StreamId) {
        let is_done = |id: &StreamId| self.handled.contains(id) || self.letters.contains(id);
        let this = &self.entries[&id];
        for (before, entry) in self.entries.range(..id) {
            let is_marker = |entry: &Entry| matches!(entry.body, EntryBody::Marker { .. });
            let is_same_guild = guild(entry).is_some() && guild(entry) == guild(this);
            let is_shards_marker = is_marker(entry) || is_marker(this);
            if entry.shard == this.shard && (is_same_guild || is_shards_marker) {
                assert!(is_done(before), "{id} came before {before}");
            }
        }
    }

    fn end(&mut self, id: StreamId, well: bool) {
        let ending = match well {
            true => Ending::Handled,
            false => Ending::Failed("no".to_owned()),
        };
        if well {
            self.handled.push(id);
        }
        self.tell(Input::Ended(id, ending), Duration::ZERO);
    }

    fn read(&mut self, arrives: bool) {
        let Some(count) = self.reading.take() else {
            return;
        };
        let count = count.min(7).min(self.next_new.len());
        let new: Vec<_> = self.next_new.drain(..count).collect();
        self.pending.extend(new.iter().map(|id| (*id, 1)));
        let arrivals = new.into_iter().map(|id| self.arrival(id)).collect();
        let input = if arrives { Input::Read(arrivals) } else { Input::ReadFailed };
        self.tell(input, Duration::ZERO);
    }

    fn arrival(&self, id: StreamId) -> Arrival {
        let deliveries = self.pending[&id];
        Arrival { deliveries, ..arrival(id.number, &self.entries[&id]) }
    }

    fn run_errand(&mut self, luck: Luck) {
        let Some(errand) = self.errand.take() else {
            return;
        };
        let done = match luck {
            Luck::Good | Luck::Late => Some(self.carry_out(&errand)),
            Luck::Bad => None,
        };
        let input = match (luck, done) {
            (Luck::Good, Some(done)) => Input::Done(errand, done),
            (Luck::Good | Luck::Late | Luck::Bad, _) => Input::Failed(errand),
        };
        self.tell(input, Duration::from_millis(1));
    }

    fn carry_out(&mut self, errand: &Errand) -> Done {
        match errand {
            Errand::Ack(ids) => {
                for id in ids {
                    assert!(self.handled.contains(id), "{id} is acknowledged before it is handled");
                    self.pending.remove(id);
                }
                Done::Written
            }
            Errand::Bury(burial) => {
                if self.pending.remove(&burial.id).is_some() {
                    assert!(self.letters.insert(burial.id), "one letter each");
                }
                Done::Written
            }
            Errand::Keep(_) => Done::Lost(Vec::new()),
            Errand::Claim(claim) => self.claim(*claim),
            Errand::Release(_) | Errand::Sweep | Errand::Wake => Done::Written,
        }
    }

    /// Nobody else is here, so nothing is left behind by others.
    fn claim(&mut self, claim: Claim) -> Done {
        if claim.whose == Whose::All && claim.idle > Duration::ZERO {
            return Done::Claimed(Vec::new(), None);
        }
        let found = self.pending.keys().filter(|id| **id > claim.after).copied();
        let found: Vec<_> = found.take(claim.count.min(5)).collect();
        for id in &found {
            *self.pending.get_mut(id).unwrap() += 1;
        }
        let upto = found.last().copied();
        Done::Claimed(found.into_iter().map(|id| self.arrival(id)).collect(), upto)
    }

    /// From now on everything goes well.
    fn finish(&mut self) {
        for _ in 0..20_000 {
            if self.pending.is_empty() && self.next_new.is_empty() && self.running.is_empty() {
                return;
            }
            let well = [Draw::Read(true), Draw::Errand(Luck::Good), Draw::End(0, true)];
            well.into_iter().for_each(|draw| self.step(draw));
            let wake = self.machine.poll_timeout().map_or(Duration::ZERO, |at| at.since(self.now));
            self.tell(Input::Time, wake);
        }
        panic!("there is no end: {:?}", self.pending);
    }
}

fn guild(entry: &Entry) -> Option<u64> {
    match &entry.body {
        EntryBody::Dispatch(dispatch) => dispatch.guild.map(|guild| guild.0),
        EntryBody::Marker { .. } => None,
    }
}

fn marker(number: u64) -> Entry {
    let body = EntryBody::Marker {
        seq: Seq(number),
        at: UnixMicros(0),
        marker: Marker::StreamLost { upto: Seq(number) },
    };
    Entry { body, ..entry(u32::from(number.is_multiple_of(2)), number, None) }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_entry_is_handled_in_its_turn_or_buried_and_only_then_acknowledged(
        guilds in prop::collection::vec(0_u8..10, 1..60),
        draws in prop::collection::vec(draw(), 0..300),
        is_exclusive: bool,
    ) {
        let sharing = if is_exclusive { Sharing::Exclusive } else { Sharing::Shared };
        let mut world = World::new(sharing, &guilds);
        world.tell(Input::Time, Duration::ZERO);
        draws.into_iter().for_each(|draw| world.step(draw));
        world.finish();
        let mut done = world.handled.clone();
        done.sort_unstable();
        let once = done.windows(2).all(|two| two[0] < two[1]);
        prop_assert!(once, "nobody died, so nothing is handled twice: {:?}", world.handled);
        done.extend(world.letters.iter().copied());
        let all: BTreeSet<_> = done.iter().copied().collect();
        prop_assert_eq!(all.len(), guilds.len());
        prop_assert_eq!(done.len(), guilds.len(), "handled or buried, not both");
    }

    #[test]
    fn whoever_stops_ends_whatever_goes_wrong(
        guilds in prop::collection::vec(0_u8..10, 1..40),
        before in prop::collection::vec(draw(), 0..100),
        after in prop::collection::vec(draw(), 0..100),
    ) {
        let mut world = World::new(Sharing::Shared, &guilds);
        world.tell(Input::Time, Duration::ZERO);
        before.into_iter().for_each(|draw| world.step(draw));
        world.tell(Input::Stop, Duration::ZERO);
        after.into_iter().for_each(|draw| world.step(draw));
        for _ in 0..1_000 {
            let well = [Draw::Read(true), Draw::Errand(Luck::Good), Draw::End(0, true)];
            well.into_iter().for_each(|draw| world.step(draw));
            world.tell(Input::Time, Duration::from_millis(60));
        }
        prop_assert!(world.is_over && world.running.is_empty() && world.reading.is_none());
        let left = world.handled.iter().filter(|id| world.pending.contains_key(id)).count();
        prop_assert_eq!(left, 0, "what was handled is acknowledged");
    }
}
