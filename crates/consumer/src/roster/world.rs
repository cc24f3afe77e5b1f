//! Some consumers, a store, and everything that can come between them: beats and answers that are
//! lost, consumers that freeze and thaw, a store that is wiped.

use std::{collections::BTreeMap, time::Duration};

use baton_model::Moment;
use proptest::prelude::*;

use super::{Errand, Input, Limits, Output, Pace, Poll, Record, Roster, Row};

const LANES: u16 = 4;

/// The pace of the world. Whatever is asked is answered within one step, or never.
const STEP_MS: u64 = 50;

/// How often readers ask the store for anything, and hear that a lane is another's.
const HEAL_MS: u64 = 700;

/// Steps after which everything must have settled: a freeze, evidence, trust, a beat, a look, a
/// claim.
const SETTLED: usize = FREEZE_MAX as usize + 160;

const PACE: Limits =
    Limits { in_hand_max: Duration::from_secs(1), trusted_after: Duration::from_secs(2) };

/// Steps that one may be frozen.
const FREEZE_MAX: u8 = 80;

#[derive(Debug, Clone, Copy)]
enum Draw {
    Nothing,
    /// One stops for so many steps, as if it were frozen.
    Freeze(usize, u8),
    /// The handlers of one hang for so many steps.
    Hang(usize, u8),
    /// One dies; another comes in its place.
    Die(usize),
    /// One leaves as it should; another comes in its place.
    Leave(usize),
    /// All requests of one fail in this step; they were carried out, or not.
    Trouble(usize, bool),
    Wipe,
    /// The store forgets what was written to it in the last steps.
    RollBack,
}

fn draw() -> impl Strategy<Value = Draw> {
    prop_oneof![
        30 => Just(Draw::Nothing),
        2 => (any::<usize>(), 1..FREEZE_MAX).prop_map(|(who, steps)| Draw::Freeze(who, steps)),
        2 => (any::<usize>(), 1..FREEZE_MAX).prop_map(|(who, steps)| Draw::Hang(who, steps)),
        1 => any::<usize>().prop_map(Draw::Die),
        1 => any::<usize>().prop_map(Draw::Leave),
        4 => (any::<usize>(), any::<bool>()).prop_map(|(who, done)| Draw::Trouble(who, done)),
        1 => Just(Draw::Wipe),
        1 => Just(Draw::RollBack),
    ]
}

#[derive(Debug, Clone, Default)]
struct Store {
    server: u32,
    records: BTreeMap<String, Record>,
    rows: BTreeMap<u16, Row>,
}

struct Consumer {
    name: String,
    roster: Roster,
    /// Lanes that it reads.
    reads: BTreeMap<u16, u64>,
    sure_until: BTreeMap<u16, Moment>,
    frozen: u8,
    /// For how many steps its handlers hang, and since when they do.
    hangs: u8,
    hangs_since: Option<Moment>,
    /// What they keep from being let go of.
    kept: Vec<(u16, u64)>,
    has_left: bool,
    /// What was asked, and when.
    asked: Vec<(Moment, Output)>,
}

struct World {
    now: Moment,
    store: Store,
    earlier: Store,
    consumers: Vec<Consumer>,
    come: usize,
}

impl World {
    fn new(count: usize) -> Self {
        let (store, earlier) = (Store::default(), Store::default());
        let mut world = Self { now: Moment::ZERO, store, earlier, consumers: Vec::new(), come: 0 };
        (0..count).for_each(|_| world.come());
        world
    }

    fn come(&mut self) {
        self.come += 1;
        let name = format!("c{}", self.come);
        // Every third one is of a worse tier.
        let tier = u8::from(self.come.is_multiple_of(3));
        let roster = Roster::new(name.clone(), tier, LANES, (Pace::new(Some(PACE)), self.now));
        self.consumers.push(Consumer {
            name,
            roster,
            reads: BTreeMap::new(),
            sure_until: BTreeMap::new(),
            frozen: 0,
            hangs: 0,
            hangs_since: None,
            kept: Vec::new(),
            has_left: false,
            asked: Vec::new(),
        });
    }

    fn step(&mut self, draw: Draw) {
        self.now = Moment::from_nanos(self.now.as_nanos() + STEP_MS * 1_000_000);
        let place = |who: usize| who % self.consumers.len();
        let (mut troubled, mut is_done) = (None, false);
        match draw {
            Draw::Nothing => {}
            Draw::Freeze(who, steps) => {
                let place = place(who);
                self.consumers[place].frozen = steps;
            }
            Draw::Hang(who, steps) => {
                let place = place(who);
                let consumer = &mut self.consumers[place];
                consumer.hangs = consumer.hangs.max(steps);
                consumer.hangs_since.get_or_insert(self.now);
            }
            Draw::Die(who) => {
                self.consumers.remove(place(who));
                self.come();
            }
            Draw::Leave(who) => {
                let place = place(who);
                self.consumers[place].tell(Input::Leave, self.now);
                self.come();
            }
            Draw::Trouble(who, done) => (troubled, is_done) = (Some(place(who)), done),
            Draw::Wipe => self.store = Store { server: self.store.server, ..Store::default() },
            Draw::RollBack => {
                let server = self.store.server + 1;
                self.store = Store { server, ..self.earlier.clone() };
            }
        }
        for place in 0..self.consumers.len() {
            let luck = (troubled != Some(place)).then_some(()).ok_or(is_done);
            self.turn(place, luck);
        }
        self.consumers.retain(|consumer| !consumer.has_left);
        self.ensure_one_reader();
        if (self.now.as_nanos() / 1_000_000).is_multiple_of(500) {
            self.earlier = self.store.clone();
        }
    }

    /// One consumer's step: its requests are answered, and it is told the time.
    fn turn(&mut self, place: usize, luck: Result<(), bool>) {
        let consumer = &mut self.consumers[place];
        if consumer.frozen > 0 {
            consumer.frozen -= 1;
            return;
        }
        for (sent, asked) in std::mem::take(&mut consumer.asked) {
            let input = match luck {
                Ok(()) => self.store.carry_out(&consumer.name, &asked, sent),
                Err(done) => {
                    if done {
                        self.store.carry_out(&consumer.name, &asked, sent);
                    }
                    match asked {
                        Output::Run(errand) => Input::Failed(errand),
                        Output::Beat { .. } => Input::BeatFailed,
                        Output::Begin(..)
                        | Output::End(_)
                        | Output::Yield(_)
                        | Output::Sure(..)
                        | Output::Left => {
                            unreachable!("it is not asked of the store")
                        }
                    }
                }
            };
            consumer.tell(input, self.now);
        }
        if (self.now.as_nanos() / 1_000_000).is_multiple_of(HEAL_MS) {
            consumer.heal(&mut self.store, self.now);
        }
        consumer.work(self.now);
        consumer.tell(Input::Time, self.now);
    }

    /// A lane is begun by nobody while another still begins deliveries of it.
    fn ensure_one_reader(&self) {
        for lane in 0..LANES {
            let is_sure =
                |one: &&Consumer| one.sure_until.get(&lane).is_some_and(|at| self.now < *at);
            let consumers = self.consumers.iter().filter(is_sure);
            let reading = consumers.filter(|consumer| consumer.reads.contains_key(&lane));
            let names: Vec<_> = reading.map(|consumer| &consumer.name).collect();
            assert!(names.len() <= 1, "{:?}: lane {lane} is read by {names:?}", self.now);
        }
    }
}

impl Consumer {
    fn tell(&mut self, input: Input, now: Moment) {
        self.roster.handle(input, now);
        while let Some(output) = self.roster.poll_output() {
            match output {
                Output::Begin(lane, epoch) => {
                    self.sure_until.remove(&lane);
                    self.reads.insert(lane, epoch);
                }
                Output::End(lane) | Output::Yield(lane) => {
                    let epoch = self.reads.get(&lane).copied().unwrap_or_default();
                    self.kept.push((lane, epoch));
                    self.let_go(now);
                }
                Output::Sure(lane, until) => drop(self.sure_until.insert(lane, until)),
                Output::Left => self.has_left = true,
                asked @ (Output::Beat { .. } | Output::Run(_)) => self.asked.push((now, asked)),
            }
        }
    }

    /// Handlers that hang have something in hand, if a lane is read.
    fn work(&mut self, now: Moment) {
        self.hangs = self.hangs.saturating_sub(1);
        if self.hangs == 0 {
            self.hangs_since = None;
            self.let_go(now);
        }
        let has_some = !self.reads.is_empty();
        let oldest = self.hangs_since.filter(|_| has_some);
        self.tell(Input::InHand(oldest), now);
    }

    /// Ends what was to be ended, unless handlers hang.
    fn let_go(&mut self, now: Moment) {
        if self.hangs > 0 {
            return;
        }
        for (lane, epoch) in std::mem::take(&mut self.kept) {
            if self.reads.get(&lane) == Some(&epoch) {
                self.reads.remove(&lane);
            }
            self.roster.handle(Input::Ended(lane, epoch), now);
        }
    }

    /// What the scripts of a reader do: they write a lost row back, or find that it is another's.
    fn heal(&mut self, store: &mut Store, now: Moment) {
        for (lane, epoch) in self.reads.clone() {
            let row = store.rows.entry(lane).or_default();
            if row.epoch < epoch {
                *row = Row { epoch, owner: Some(self.name.clone()), ..Row::default() };
            } else if row.epoch > epoch {
                self.reads.remove(&lane);
                self.roster.handle(Input::Ended(lane, epoch), now);
            }
        }
    }
}

impl Store {
    fn carry_out(&mut self, name: &str, asked: &Output, sent: Moment) -> Input {
        match asked {
            Output::Beat { record, forget } => {
                let was_known = self.records.insert(name.to_owned(), record.clone()).is_some();
                self.records.retain(|name, _| !forget.contains(name));
                let records = self.records.clone().into_iter();
                let records = records.map(|(name, record)| (name, Some(record))).collect();
                Input::Polled(Poll { sent, records, was_known, server: self.server.to_string() })
            }
            Output::Run(errand) => Input::Done(*errand, self.lease(name, *errand, sent)),
            Output::Begin(..)
            | Output::End(_)
            | Output::Yield(_)
            | Output::Sure(..)
            | Output::Left => {
                unreachable!("it is not asked of the store")
            }
        }
    }

    fn lease(&mut self, name: &str, errand: Errand, now: Moment) -> Row {
        let row = self.rows.entry(errand.lane()).or_default();
        match errand {
            Errand::Claim(_, epoch) if row.epoch == epoch => {
                let time = now.as_nanos() / 1_000_000;
                row.epoch = (epoch + 1).max(time);
                row.owner = Some(name.to_owned());
            }
            Errand::Release(_, epoch)
                if row.epoch == epoch && row.owner.as_deref() == Some(name) =>
            {
                row.owner = None;
            }
            Errand::Look(_) | Errand::Claim(..) | Errand::Release(..) => {}
        }
        Row { server: self.server.to_string(), ..row.clone() }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_lane_has_two_readers_and_when_it_is_calm_every_lane_has_one(
        count in 1_usize..5,
        draws in prop::collection::vec(draw(), 0..400),
    ) {
        let mut world = World::new(count);
        draws.into_iter().for_each(|draw| world.step(draw));
        (0..SETTLED).for_each(|_| world.step(Draw::Nothing));
        let first_tier = world.consumers.iter().any(|consumer| !is_second(&consumer.name));
        for lane in 0..LANES {
            let reading: Vec<_> =
                world.consumers.iter().filter(|one| one.reads.contains_key(&lane)).collect();
            let all: Vec<_> = world.consumers.iter().map(|one| &one.roster).collect();
            prop_assert_eq!(reading.len(), 1, "lane {}: {:#?} {:#?}", lane, world.store, all);
            prop_assert!(!first_tier || !is_second(&reading[0].name), "the first tier is there");
        }
    }
}

fn is_second(name: &str) -> bool {
    name.trim_start_matches('c').parse::<usize>().unwrap().is_multiple_of(3)
}
