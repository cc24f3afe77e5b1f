//! The machine itself.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use baton_model::Moment;

use super::{
    evidence::Evidence,
    record::{Condition, Record, Row},
    shares::deal,
};
use crate::settings::{BEAT_PERIOD, EVIDENCE_SPAN, FORGOTTEN_AFTER, SURE};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    /// A beat that was sent then has been taken, and this is what stands beside it; whether our own
    /// record stood there before.
    Polled { sent: Moment, records: BTreeMap<String, Option<Record>>, was_known: bool },
    /// A beat was not taken, or it is unknown whether it was.
    BeatFailed,
    /// An errand was carried out.
    Done(Errand, Row),
    /// An errand was not carried out, or it is unknown whether it was.
    Failed(Errand),
    /// We have stopped reading a lane that we held, in whatever way.
    Ended(u16),
    /// We are to leave.
    Leave,
    /// It is later.
    Time,
}

/// Something to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Output {
    /// Beat, with this record; these that are long dead are to be forgotten. It is answered before
    /// the next is wanted.
    Beat { record: Record, forget: Vec<String> },
    /// Ask a lane's row. One errand for a lane at a time.
    Run(Errand),
    /// The lane is ours under this epoch: read it.
    Begin(u16, u64),
    /// Stop reading the lane: it is another's.
    End(u16),
    /// Nobody else has our lanes until then.
    Sure(Moment),
    /// We hold nothing any more, and may go.
    Left,
}

/// Something that is asked of a lane's row; its answer is the row as it stands then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Errand {
    Look(u16),
    /// Take it, if its epoch is this.
    Claim(u16, u64),
    /// Give it back, held under this epoch.
    Release(u16, u64),
}

/// What we have to do with a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tie {
    /// It is ours under this epoch.
    Held(u64),
    /// It was, and is being finished.
    Ending(u64),
    /// It is to be given back.
    Returning(u64),
}

/// Who reads what, as one consumer sees it.
#[derive(Debug)]
pub(crate) struct Roster {
    me: String,
    tier: u8,
    lanes: u16,
    beat: u64,
    condition: Condition,
    evidence: Evidence,
    records: BTreeMap<String, Option<Record>>,
    /// Owners of rows that were looked at.
    owners: BTreeMap<u16, String>,
    ties: BTreeMap<u16, Tie>,
    asked: BTreeSet<u16>,
    wanted: BTreeSet<u16>,
    /// Since when our record has been there without a break.
    known_since: Option<Moment>,
    next_beat: Moment,
    is_beating: bool,
    dead_since: BTreeMap<String, Moment>,
    outputs: VecDeque<Output>,
}

impl Roster {
    pub(crate) fn new(me: String, tier: u8, lanes: u16, now: Moment) -> Self {
        Self {
            me,
            tier,
            lanes,
            beat: 0,
            condition: Condition::Fit,
            evidence: Evidence::default(),
            records: BTreeMap::new(),
            owners: BTreeMap::new(),
            ties: BTreeMap::new(),
            asked: BTreeSet::new(),
            wanted: BTreeSet::new(),
            known_since: None,
            next_beat: now,
            is_beating: false,
            dead_since: BTreeMap::new(),
            outputs: VecDeque::new(),
        }
    }

    /// Tells it something.
    pub(crate) fn handle(&mut self, input: Input, now: Moment) {
        match input {
            Input::Polled { sent, records, was_known } => {
                self.on_polled(sent, records, was_known, now);
            }
            Input::BeatFailed => self.is_beating = false,
            Input::Done(errand, row) => self.on_done(errand, row, now),
            Input::Failed(errand) => {
                self.asked.remove(&errand.lane());
            }
            Input::Ended(lane) => self.on_ended(lane),
            Input::Leave => {
                self.condition = Condition::Leaving;
                self.let_go();
            }
            Input::Time => {}
        }
        self.beat(now);
    }

    /// What is to be done next, until there is nothing more.
    pub(crate) fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to come again, if nothing happens before.
    pub(crate) fn poll_timeout(&self) -> Moment {
        self.next_beat
    }

    fn beat(&mut self, now: Moment) {
        if self.is_beating || now < self.next_beat {
            return;
        }
        if self.is_leaving() && self.ties.is_empty() {
            self.outputs.push_back(Output::Left);
            self.next_beat = now + FORGOTTEN_AFTER;
            return;
        }
        self.give_back();
        self.is_beating = true;
        self.beat += 1;
        self.next_beat = now + BEAT_PERIOD;
        let record = Record {
            beat: self.beat,
            tier: self.tier,
            condition: self.condition,
            lanes: self.ties.keys().copied().collect(),
        };
        let long = |since: &Moment| now.since(*since) >= FORGOTTEN_AFTER;
        let forget = self.dead_since.iter().filter(|(_, since)| long(since));
        let forget = forget.map(|(name, _)| name.clone()).collect();
        self.outputs.push_back(Output::Beat { record, forget });
    }

    fn on_polled(
        &mut self,
        sent: Moment,
        records: BTreeMap<String, Option<Record>>,
        was_known: bool,
        now: Moment,
    ) {
        self.is_beating = false;
        self.records = records;
        if !was_known || self.known_since.is_none() {
            self.known_since = Some(now);
        }
        self.outputs.push_back(Output::Sure(sent + SURE));
        self.look_at_beats(now);
        let wanted = self.share(now);
        self.wanted = wanted;
        self.let_go();
        self.look_at_rows();
    }

    fn look_at_beats(&mut self, now: Moment) {
        self.evidence.polled(now);
        let owners: BTreeSet<_> = self.owners.values().cloned().collect();
        let known: BTreeSet<_> = self.records.keys().cloned().chain(owners).collect();
        for name in &known {
            let record = self.records.get(name).and_then(Option::as_ref);
            self.evidence.saw(name, record.map(|record| record.beat), now);
            match self.evidence.is_dead(name, now) {
                true => drop(self.dead_since.entry(name.clone()).or_insert(now)),
                false => drop(self.dead_since.remove(name)),
            }
        }
        self.evidence.forget_others(|name| known.contains(name));
        self.dead_since.retain(|name, _| known.contains(name));
    }

    /// The lanes that should be ours. All that live and are fit share them, the best tier alone; if
    /// nobody is fit, those that are not.
    fn share(&self, now: Moment) -> BTreeSet<u16> {
        let fit = self.living(Condition::Fit, now);
        let able = if fit.is_empty() { self.living(Condition::Behind, now) } else { fit };
        let best = able.iter().map(|(tier, _)| *tier).min();
        let of_best = able.into_iter().filter(|(tier, _)| Some(*tier) == best);
        let members: Vec<_> = of_best.map(|(_, name)| name).collect();
        let dealt = deal(self.lanes, &members);
        dealt.into_iter().filter(|(_, name)| *name == self.me).map(|(lane, _)| lane).collect()
    }

    fn living(&self, condition: Condition, now: Moment) -> Vec<(u8, &str)> {
        let records = self.records.iter().filter_map(|(name, record)| {
            let record = record.as_ref().filter(|record| record.condition == condition)?;
            (!self.evidence.is_dead(name, now)).then_some((record.tier, name.as_str()))
        });
        records.collect()
    }

    fn let_go(&mut self) {
        let is_leaving = self.is_leaving();
        for (lane, tie) in &mut self.ties {
            if let Tie::Held(epoch) = *tie
                && (is_leaving || !self.wanted.contains(lane))
            {
                *tie = Tie::Ending(epoch);
                self.outputs.push_back(Output::End(*lane));
            }
        }
    }

    fn look_at_rows(&mut self) {
        if self.is_leaving() {
            return;
        }
        for lane in &self.wanted {
            if !self.ties.contains_key(lane) && self.asked.insert(*lane) {
                self.outputs.push_back(Output::Run(Errand::Look(*lane)));
            }
        }
    }

    fn on_done(&mut self, errand: Errand, row: Row, now: Moment) {
        self.asked.remove(&errand.lane());
        match errand {
            Errand::Look(lane) => self.on_looked(lane, row, now),
            Errand::Claim(lane, before) => {
                let is_ours = row.owner.as_deref() == Some(&self.me) && row.epoch > before;
                if is_ours && !self.is_leaving() {
                    self.ties.insert(lane, Tie::Held(row.epoch));
                    self.outputs.push_back(Output::Begin(lane, row.epoch));
                } else if is_ours {
                    self.ties.insert(lane, Tie::Returning(row.epoch));
                }
            }
            Errand::Release(lane, _) => {
                self.ties.remove(&lane);
            }
        }
    }

    /// Claims it if nobody can have it: by its row, and by what the living say of themselves, for
    /// the store may have lost the row or its latest holder.
    fn on_looked(&mut self, lane: u16, row: Row, now: Moment) {
        let is_taken = self.records.iter().any(|(name, record)| {
            let has_it = record.as_ref().is_some_and(|record| record.lanes.contains(&lane));
            has_it && *name != self.me && !self.evidence.is_dead(name, now)
        });
        let is_settled = self.known_since.is_some_and(|since| now.since(since) >= EVIDENCE_SPAN);
        let is_free = match &row.owner {
            None => true,
            // Whoever comes back under its name knows that it was gone.
            Some(owner) => *owner == self.me || self.evidence.is_dead(owner, now),
        };
        match row.owner {
            Some(owner) => drop(self.owners.insert(lane, owner)),
            None => drop(self.owners.remove(&lane)),
        }
        let may_claim = is_free && is_settled && !is_taken && self.wanted.contains(&lane);
        if may_claim && !self.is_leaving() && self.asked.insert(lane) {
            self.outputs.push_back(Output::Run(Errand::Claim(lane, row.epoch)));
        }
    }

    fn on_ended(&mut self, lane: u16) {
        if let Some(Tie::Held(epoch) | Tie::Ending(epoch)) = self.ties.get(&lane).copied() {
            self.ties.insert(lane, Tie::Returning(epoch));
        }
        self.give_back();
    }

    fn is_leaving(&self) -> bool {
        self.condition == Condition::Leaving
    }

    fn give_back(&mut self) {
        for (lane, tie) in &self.ties {
            if let Tie::Returning(epoch) = tie
                && self.asked.insert(*lane)
            {
                self.outputs.push_back(Output::Run(Errand::Release(*lane, *epoch)));
            }
        }
    }
}

impl Errand {
    pub(crate) const fn lane(self) -> u16 {
        match self {
            Self::Look(lane) | Self::Claim(lane, _) | Self::Release(lane, _) => lane,
        }
    }
}
