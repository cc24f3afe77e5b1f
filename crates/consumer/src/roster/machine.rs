//! The machine itself.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use baton_model::Moment;

use super::{
    calm::Calm,
    disuse::Disuse,
    evidence::Evidence,
    input::{Errand, Input, Output, Poll},
    pace::Pace,
    record::{Condition, Record, Row},
    shares::deal,
};
use crate::settings::{BEAT_PERIOD, FORGOTTEN_AFTER, SURE};

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
    pace: Pace,
    is_leaving: bool,
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
    /// Lanes of which we are not sure any more: we held them when that had passed, or leave them to
    /// whoever keeps up.
    lapsed: BTreeSet<u16>,
    /// Lanes that we leave to others, and when we cease to be sure of them: whatever our handlers
    /// do, they are given back then.
    yielded: BTreeMap<u16, Moment>,
    next_beat: Moment,
    is_beating: bool,
    dead_since: BTreeMap<String, Moment>,
    outputs: VecDeque<Output>,
}

impl Roster {
    pub(crate) fn new(me: String, tier: u8, lanes: u16, (pace, now): (Pace, Moment)) -> Self {
        Self {
            me,
            tier,
            lanes,
            beat: 0,
            pace,
            is_leaving: false,
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
            yielded: BTreeMap::new(),
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
            Input::Ended(lane, epoch) => self.on_ended(lane, epoch),
            Input::InHand(oldest) => {
                if self.pace.look(oldest, now) {
                    self.next_beat = now;
                }
            }
            Input::Leave => {
                self.is_leaving = true;
                self.let_go(now);
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
        if self.is_leaving && self.ties.is_empty() {
            self.outputs.push_back(Output::Left);
            self.next_beat = now + FORGOTTEN_AFTER;
            return;
        }
        self.take_back_from_handlers(now);
        self.give_back();
        self.is_beating = true;
        self.beat += 1;
        self.next_beat = now + BEAT_PERIOD;
        let record = Record {
            beat: self.beat,
            tier: self.tier,
            condition: self.condition(now),
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
        self.let_go(now);
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
            if self.is_named_by_another(lane, now) || self.is_leaving {
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

    fn let_go(&mut self, now: Moment) {
        let (is_leaving, is_behind) = (self.is_leaving, !self.pace.keeps_up(now));
        for (lane, tie) in &mut self.ties {
            if !is_leaving && self.wanted.contains(lane) {
                continue;
            }
            match *tie {
                Tie::Granted(epoch, _) => *tie = Tie::Returning(epoch),
                Tie::Held(epoch) => {
                    *tie = Tie::Ending(epoch);
                    if is_behind {
                        self.lapsed.insert(*lane);
                        self.yielded.insert(*lane, self.sure_until);
                    }
                    let end = if is_behind { Output::Yield(*lane) } else { Output::End(*lane) };
                    self.outputs.push_back(end);
                }
                Tie::Ending(_) | Tie::Returning(_) => {}
            }
        }
    }

    /// A handler that hangs may keep a lane from being let go of. Once we are not sure of the lane
    /// any more nothing of it is begun here, and what is written is refused under a later lease.
    fn take_back_from_handlers(&mut self, now: Moment) {
        let is_over = |until: &Moment| now >= *until;
        let over: Vec<_> = self
            .yielded
            .iter()
            .filter(|(_, until)| is_over(until))
            .map(|(lane, _)| *lane)
            .collect();
        for lane in over {
            self.yielded.remove(&lane);
            if let Some(Tie::Ending(epoch)) = self.ties.get(&lane).copied() {
                self.ties.insert(lane, Tie::Returning(epoch));
            }
        }
    }

    fn look_at_rows(&mut self) {
        if self.is_leaving {
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
                self.yielded.remove(&lane);
                // Nobody takes it while we name it.
                self.next_beat = now;
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
        let is_wanted = self.wanted.contains(&lane) && !self.is_leaving;
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

    /// What we have held under an earlier epoch may end late.
    fn on_ended(&mut self, lane: u16, ended: u64) {
        if let Some(Tie::Held(epoch) | Tie::Ending(epoch)) = self.ties.get(&lane).copied()
            && epoch == ended
        {
            self.ties.insert(lane, Tie::Returning(epoch));
        }
        self.give_back();
    }

    fn condition(&self, now: Moment) -> Condition {
        match (self.is_leaving, self.pace.keeps_up(now)) {
            (true, _) => Condition::Leaving,
            (false, true) => Condition::Fit,
            (false, false) => Condition::Behind,
        }
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
