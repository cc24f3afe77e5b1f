//! The machine itself.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use baton_model::Moment;

use super::{
    calm::Calm,
    disuse::Disuse,
    evidence::Evidence,
    record::{Condition, Record, Row},
    shares::deal,
};
use crate::settings::{BEAT_PERIOD, FORGOTTEN_AFTER, SURE};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    /// A beat has been taken.
    Polled(Poll),
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

/// What the answer to a beat shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Poll {
    /// When the beat was sent.
    pub(crate) sent: Moment,
    /// What everybody says; nothing where it cannot be read.
    pub(crate) records: BTreeMap<String, Option<Record>>,
    /// Whether our own record stood there before.
    pub(crate) was_known: bool,
    /// Which server has answered: another one after every failover and restart.
    pub(crate) server: String,
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
    /// Nobody else has the lane until then.
    Sure(u16, Moment),
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
    /// Its row says since then that it is ours under this epoch, and we have yet to see that the
    /// store that says so is the one that it was.
    Granted(u64, Moment),
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
    disuse: Disuse,
    ties: BTreeMap<u16, Tie>,
    /// The servers that have granted them.
    servers: BTreeMap<u16, String>,
    asked: BTreeSet<u16>,
    wanted: BTreeSet<u16>,
    calm: Calm,
    /// Until when nobody can have taken us for dead.
    sure_until: Moment,
    /// Lanes that we held when that had passed.
    lapsed: BTreeSet<u16>,
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
            disuse: Disuse::default(),
            ties: BTreeMap::new(),
            servers: BTreeMap::new(),
            asked: BTreeSet::new(),
            wanted: BTreeSet::new(),
            calm: Calm::default(),
            sure_until: Moment::ZERO,
            lapsed: BTreeSet::new(),
            next_beat: now,
            is_beating: false,
            dead_since: BTreeMap::new(),
            outputs: VecDeque::new(),
        }
    }

    /// Tells it something.
    pub(crate) fn handle(&mut self, input: Input, now: Moment) {
        match input {
            Input::Polled(poll) => self.on_polled(poll, now),
            Input::BeatFailed => {
                self.is_beating = false;
                self.calm.doubt();
            }
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

    fn on_polled(&mut self, poll: Poll, now: Moment) {
        self.is_beating = false;
        self.records = poll.records;
        self.calm.polled(poll.server, poll.was_known, now);
        if now > self.sure_until {
            self.lapse();
        }
        self.sure_until = self.sure_until.max(poll.sent + SURE);
        self.begin_granted(poll.sent, now);
        let sure = self.ties.keys().filter(|lane| !self.lapsed.contains(lane));
        self.outputs.extend(sure.map(|lane| Output::Sure(*lane, self.sure_until)));
        self.look_at_beats(now);
        let wanted = self.share(now);
        self.wanted = wanted;
        self.let_go();
        self.look_at_rows();
    }

    /// Begins with what was granted before this beat was sent, if nothing speaks against it.
    fn begin_granted(&mut self, sent: Moment, now: Moment) {
        let granted = self.ties.iter().filter_map(|(lane, tie)| match tie {
            Tie::Granted(epoch, at) if *at <= sent => Some((*lane, *epoch)),
            Tie::Granted(..) | Tie::Held(_) | Tie::Ending(_) | Tie::Returning(_) => None,
        });
        for (lane, epoch) in granted.collect::<Vec<_>>() {
            let server = self.servers.get(&lane).cloned().unwrap_or_default();
            if self.is_named_by_another(lane, now) || self.is_leaving() {
                self.ties.insert(lane, Tie::Returning(epoch));
            } else if self.calm.is_calm(lane, &server, now) {
                self.ties.insert(lane, Tie::Held(epoch));
                self.outputs.push_back(Output::Begin(lane, epoch));
            }
        }
    }

    /// Whether somebody who lives says that the lane is theirs.
    fn is_named_by_another(&self, lane: u16, now: Moment) -> bool {
        self.records.iter().any(|(name, record)| {
            let names_it = record.as_ref().is_some_and(|record| record.lanes.contains(&lane));
            names_it && *name != self.me && !self.evidence.is_dead(name, now)
        })
    }

    /// We were silent for so long that others may have taken us for dead, and may be about to take
    /// our lanes, whatever their rows say. We give them up, and take part again as anybody else.
    fn lapse(&mut self) {
        for (lane, tie) in &mut self.ties {
            match *tie {
                Tie::Granted(epoch, _) => *tie = Tie::Returning(epoch),
                Tie::Held(epoch) => {
                    *tie = Tie::Ending(epoch);
                    self.outputs.push_back(Output::End(*lane));
                }
                Tie::Ending(_) | Tie::Returning(_) => {}
            }
            self.lapsed.insert(*lane);
        }
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
            if !is_leaving && self.wanted.contains(lane) {
                continue;
            }
            match *tie {
                Tie::Granted(epoch, _) => *tie = Tie::Returning(epoch),
                Tie::Held(epoch) => {
                    *tie = Tie::Ending(epoch);
                    self.outputs.push_back(Output::End(*lane));
                }
                Tie::Ending(_) | Tie::Returning(_) => {}
            }
        }
    }

    fn look_at_rows(&mut self) {
        if self.is_leaving() {
            return;
        }
        let untied = self.wanted.iter().filter(|lane| !self.ties.contains_key(lane));
        for lane in untied {
            if self.asked.insert(*lane) {
                self.outputs.push_back(Output::Run(Errand::Look(*lane)));
            }
        }
    }

    fn on_done(&mut self, errand: Errand, row: Row, now: Moment) {
        self.asked.remove(&errand.lane());
        match errand {
            Errand::Look(lane) => self.on_looked(lane, row, now),
            Errand::Claim(lane, before) => {
                if row.owner.as_deref() == Some(&self.me) && row.epoch > before {
                    self.ties.insert(lane, Tie::Granted(row.epoch, now));
                    self.servers.insert(lane, row.server);
                    self.next_beat = now;
                }
            }
            Errand::Release(lane, _) => {
                self.ties.remove(&lane);
                self.lapsed.remove(&lane);
            }
        }
    }

    /// Claims it if nobody can have it: by its row, and by what the living say of themselves, for
    /// the store may have lost the row or its latest holder.
    fn on_looked(&mut self, lane: u16, row: Row, now: Moment) {
        if self.ties.contains_key(&lane) {
            return;
        }
        let is_taken = self.is_named_by_another(lane, now);
        let is_calm = self.calm.is_calm(lane, &row.server, now);
        let is_free = match &row.owner {
            None => true,
            // Whoever comes back under its name knows that it was gone.
            Some(owner) => *owner == self.me || self.evidence.is_dead(owner, now),
        };
        let record = row.owner.as_ref().and_then(|owner| self.records.get(owner)?.as_ref());
        let is_unused = self.disuse.looked(lane, &row, record, now);
        let is_wanted = self.wanted.contains(&lane) && !self.is_leaving();
        match row.owner {
            Some(owner) => drop(self.owners.insert(lane, owner)),
            None => drop(self.owners.remove(&lane)),
        }
        let is_fresh = self.evidence.is_fresh(now);
        let may_claim = is_fresh && (is_free || is_unused) && is_calm && !is_taken && is_wanted;
        if may_claim && self.asked.insert(lane) {
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
