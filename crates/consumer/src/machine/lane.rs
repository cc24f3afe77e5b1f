//! The machine itself: from what came to what is done.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use baton_model::{Moment, StreamId};

use super::{
    errands::Errands,
    held::{Held, Holdings, State},
    input::{Arrival, Burial, Claim, Done, Ending, Errand, Input, Output, Whose},
    intake::{Intake, take_in},
    seen::Seen,
    turns::Turns,
};
use crate::settings::{
    CLAIM_MAX, DELIVERIES_MAX, ERROR_BYTES_MAX, KEEP_MAX, SEEN_MAX, Settings, WAKE_PERIOD,
};

/// Who else reads the lane for the same group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// Anybody: each entry goes to whoever asks first, and what the dead have left is taken over.
    Shared,
    /// Nobody, as long as we are sure of it: what is pending is ours, whoever has taken it.
    Exclusive,
}

/// What the machine is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// What was delivered before and is not done comes first; it has been looked for up to here.
    TakingOver(StreamId),
    Reading,
    /// What is held is finished.
    Stopping,
    /// What is being handled is finished, and the rest is left to others.
    Yielding,
    /// What is held is left to others.
    Leaving,
    Over,
}

/// One lane's deliveries at one consumer.
#[derive(Debug)]
pub(crate) struct LaneMachine {
    settings: Arc<Settings>,
    sharing: Sharing,
    phase: Phase,
    held: Holdings,
    running: usize,
    turns: Turns,
    seen: Seen,
    errands: Errands,
    is_reading: bool,
    /// When to end a read that is under way, once nothing new is wanted.
    next_wake: Moment,
    last_read: StreamId,
    /// Until when nobody else has the lane. A shared lane is nobody's.
    sure_until: Option<Moment>,
    outputs: VecDeque<Output>,
}

impl LaneMachine {
    pub(crate) fn new(settings: Arc<Settings>, sharing: Sharing, now: Moment) -> Self {
        let sure_until = match sharing {
            Sharing::Shared => None,
            Sharing::Exclusive => Some(now),
        };
        Self {
            settings,
            sharing,
            phase: Phase::TakingOver(StreamId::START),
            held: Holdings::default(),
            running: 0,
            turns: Turns::default(),
            seen: Seen::new(SEEN_MAX),
            errands: Errands::new(now),
            is_reading: false,
            next_wake: now,
            last_read: StreamId::START,
            sure_until,
            outputs: VecDeque::new(),
        }
    }

    /// Tells it something.
    pub(crate) fn handle(&mut self, input: Input, now: Moment) {
        if self.phase == Phase::Over {
            return;
        }
        match input {
            Input::Read(arrivals) => self.on_read(arrivals, now),
            Input::ReadFailed => self.on_read_failed(),
            Input::Ended(id, ending) => self.on_ended(id, ending, now),
            Input::Done(errand, done) => self.on_done(&errand, done, now),
            Input::Failed(errand) => self.on_failed(errand, now),
            Input::Sure(until) => self.sure_until = self.sure_until.map(|sure| sure.max(until)),
            Input::Fenced => self.end(),
            Input::Stop => self.stop(Phase::Stopping),
            Input::Yield => self.stop(Phase::Yielding),
            Input::GiveUp => self.stop(Phase::Leaving),
            Input::Time => {}
        }
    }

    /// What is to be done next, until there is nothing more.
    pub(crate) fn poll_output(&mut self, now: Moment) -> Option<Output> {
        if let Some(output) = self.outputs.pop_front() {
            return Some(output);
        }
        if self.phase == Phase::Over {
            return None;
        }
        // First: the server looks for the next entries while these are handled.
        if let Some(output) = self.next_read(now) {
            return Some(output);
        }
        if let Some(output) = self.next_turn(now) {
            return Some(output);
        }
        if self.errands.is_free(now)
            && let Some(errand) = self.next_errand(now)
        {
            self.errands.begin();
            return Some(Output::Run(errand));
        }
        None
    }

    /// Since when what has been in hand for longest has been.
    pub(crate) fn in_hand_since(&self) -> Option<Moment> {
        self.held.oldest()
    }

    /// When to come again, if nothing happens before.
    pub(crate) fn poll_timeout(&self) -> Option<Moment> {
        let is_patient = matches!(self.phase, Phase::TakingOver(_) | Phase::Reading);
        let rested = self.held.next_rested().filter(|_| is_patient).map(|(at, _)| at);
        let sure = self.sure_until;
        let rested = rested.filter(|at| sure.is_none_or(|sure| *at < sure));
        let keep = (self.sharing == Sharing::Shared).then_some(self.errands.next_keep);
        let claim = self.claimable().map(|_| self.errands.next_claim);
        let wake = (!is_patient && self.is_reading).then_some(self.next_wake);
        rested.into_iter().chain(self.errands.timeout([keep, claim, wake])).min()
    }

    fn on_read(&mut self, arrivals: Vec<Arrival>, now: Moment) {
        self.is_reading = false;
        if let Some(last) = arrivals.last() {
            self.last_read = self.last_read.max(last.id);
        }
        for arrival in arrivals {
            self.arrive(arrival, now);
        }
    }

    /// What was on its way to us is pending under our name, and behind everything that we have
    /// read.
    fn on_read_failed(&mut self) {
        self.is_reading = false;
        if self.phase == Phase::Reading {
            self.phase = Phase::TakingOver(self.last_read);
            self.errands.next_claim = Moment::ZERO;
        }
    }

    fn arrive(&mut self, arrival: Arrival, now: Moment) {
        let id = arrival.id;
        if self.held.get(id).is_some() {
            self.held.mark_kept(id, now);
            return;
        }
        let intake = take_in(&arrival, &self.settings);
        let (state, since, kept_at) = (State::Waiting, now, now);
        let held = |said| Held { arrival, said, attempts: 0, state, since, kept_at };
        match intake {
            Intake::Unwanted => self.errands.ack(id, now),
            Intake::Unreadable(error) => {
                self.held.insert(held(None));
                self.bury(id, format!("entry cannot be read: {error}"));
            }
            Intake::Wanted(entry, line) => {
                self.held.insert(held(Some((Arc::new(entry), line))));
                self.turns.enter(id, line);
                self.give_up_on_killers(id);
            }
        }
    }

    fn give_up_on_killers(&mut self, id: StreamId) {
        let deliveries = self.held.get(id).map_or(0, |held| held.arrival.deliveries);
        if deliveries > DELIVERIES_MAX {
            let before = deliveries - 1;
            self.bury(id, format!("delivered {before} times, and its consumer was gone each time"));
        }
    }

    fn on_ended(&mut self, id: StreamId, ending: Ending, now: Moment) {
        let Some(held) = self.held.get(id) else {
            return;
        };
        assert_eq!(held.state, State::Running, "what ends was running: {id}");
        self.running -= 1;
        let attempts = held.attempts;
        match ending {
            Ending::Handled => {
                if let Some((entry, _)) = &held.said {
                    self.seen.remember(entry);
                }
                self.finish(id, now);
            }
            Ending::Failed(error) if attempts >= self.settings.attempts_max => self.bury(id, error),
            Ending::Failed(_) => {
                let until = now + self.settings.retry_pause(attempts);
                self.held.set_state(id, State::Resting(until));
            }
        }
    }

    /// Done, one way or the other.
    fn finish(&mut self, id: StreamId, now: Moment) {
        self.forget(id);
        self.errands.ack(id, now);
    }

    fn forget(&mut self, id: StreamId) {
        if let Some(Held { said: Some((_, line)), .. }) = self.held.remove(id) {
            self.turns.leave(id, line);
        }
    }

    /// Its line goes on when that is written: what comes behind it may build on it.
    fn bury(&mut self, id: StreamId, mut error: String) {
        let Some(held) = self.held.get(id) else {
            return;
        };
        let cut = (0..=ERROR_BYTES_MAX).rev().find(|at| error.is_char_boundary(*at));
        error.truncate(cut.unwrap_or_default());
        let fields = held.arrival.fields.clone();
        let burial = Arc::new(Burial { id, attempts: held.attempts, error, fields });
        self.held.set_state(id, State::Buried(burial.clone()));
        self.errands.bury(burial);
    }

    fn on_done(&mut self, errand: &Errand, done: Done, now: Moment) {
        self.errands.done();
        match (errand, done) {
            (Errand::Bury(burial), Done::Written) => {
                self.forget(burial.id);
                self.outputs.push_back(Output::GaveUp(burial.clone()));
            }
            (Errand::Keep(ids), Done::Lost(lost)) => self.on_kept(ids, &lost, now),
            (Errand::Claim(claim), Done::Claimed(arrivals, upto)) => {
                self.on_claimed(claim, upto, now);
                for arrival in arrivals {
                    self.arrive(arrival, now);
                }
            }
            (Errand::Release(_), Done::Written) => self.end(),
            (Errand::Ack(_) | Errand::Sweep | Errand::Wake, Done::Written) => {}
            (errand, done) => unreachable!("{errand:?} is not answered with {done:?}"),
        }
    }

    /// What somebody else has taken over is theirs. Where our handler is at it already, it may as
    /// well end.
    fn on_kept(&mut self, ids: &[StreamId], lost: &[StreamId], now: Moment) {
        for id in ids {
            self.held.mark_kept(*id, now);
        }
        for id in lost {
            let state = self.held.get(*id).map(|held| &held.state);
            if matches!(state, Some(State::Waiting | State::Resting(_))) {
                self.forget(*id);
            }
        }
    }

    /// A claim may have been under way already when something had to be taken over: its answer says
    /// nothing about that.
    fn on_claimed(&mut self, claim: &Claim, upto: Option<StreamId>, now: Moment) {
        if let Phase::TakingOver(after) = self.phase {
            if after == claim.after && claim.idle.is_zero() {
                self.phase = upto.map_or(Phase::Reading, Phase::TakingOver);
                self.last_read = self.last_read.max(upto.unwrap_or_default());
            }
            self.errands.next_claim = now;
            return;
        }
        let pause = if upto.is_some() { Duration::ZERO } else { self.settings.claim_period() };
        self.errands.next_claim = now + pause;
    }

    fn on_failed(&mut self, errand: Errand, now: Moment) {
        let is_release = matches!(errand, Errand::Release(_));
        self.errands.failed(errand, now);
        if is_release {
            // Others find it a little later.
            self.end();
        }
    }

    fn stop(&mut self, phase: Phase) {
        self.phase = phase;
    }

    fn end(&mut self) {
        self.phase = Phase::Over;
        self.outputs.clear();
        self.outputs.push_back(Output::Over);
    }

    /// The next handler to start.
    fn next_turn(&mut self, now: Moment) -> Option<Output> {
        if matches!(self.phase, Phase::Yielding | Phase::Leaving) || !self.is_sure(now) {
            return None;
        }
        if let Some(id) = self.rested(now) {
            return self.start(id);
        }
        while let Some(id) = self.turns.next_ready() {
            let Some(held) = self.held.get(id) else {
                continue;
            };
            match (&held.state, &held.said) {
                (State::Waiting, Some((entry, _))) if self.seen.has(entry) => self.finish(id, now),
                (State::Waiting, _) => return self.start(id),
                // It was given up on while it waited.
                (State::Buried(_), _) => {}
                (State::Running | State::Resting(_), _) => unreachable!("{id} has one turn"),
            }
        }
        None
    }

    /// What failed is tried again while we go on; who stops leaves it to others.
    fn rested(&self, now: Moment) -> Option<StreamId> {
        let (at, id) = self.held.next_rested()?;
        (at <= now && self.phase != Phase::Stopping).then_some(id)
    }

    fn start(&mut self, id: StreamId) -> Option<Output> {
        self.held.set_state(id, State::Running);
        self.held.count_attempt(id);
        self.running += 1;
        let held = self.held.get(id)?;
        let (entry, _) = held.said.as_ref()?;
        Some(Output::Handle { id, attempt: held.attempts, entry: entry.clone() })
    }

    fn is_sure(&self, now: Moment) -> bool {
        self.sure_until.is_none_or(|until| now < until)
    }

    /// What comes round goes before what is written: under load something is always to be written,
    /// and what is not said in time of a delivery is taken for its consumer's death.
    fn next_errand(&mut self, now: Moment) -> Option<Errand> {
        let is_urgent = matches!(self.phase, Phase::Stopping | Phase::Yielding | Phase::Leaving);
        if let Some(round) = self.next_keep(now).or_else(|| self.next_claim(now)) {
            return Some(round);
        }
        if let Some(write) = self.errands.next_write(now, is_urgent) {
            return Some(write);
        }
        if is_urgent && self.is_reading && now >= self.next_wake {
            self.next_wake = now + WAKE_PERIOD;
            return Some(Errand::Wake);
        }
        if is_urgent && self.is_idle() {
            return Some(Errand::Release(self.held.iter().map(|(id, _)| id).collect()));
        }
        self.errands.next_sweep(now)
    }

    /// Whether nothing is left that could still be finished here.
    fn is_idle(&self) -> bool {
        match self.phase {
            Phase::Leaving => true,
            Phase::Stopping | Phase::Yielding => self.running == 0 && !self.is_reading,
            Phase::TakingOver(_) | Phase::Reading | Phase::Over => false,
        }
    }

    /// In an exclusive lane nobody takes anything from us while it is ours.
    fn next_keep(&mut self, now: Moment) -> Option<Errand> {
        let period = self.settings.keep_period();
        if self.sharing == Sharing::Exclusive || now < self.errands.next_keep {
            return None;
        }
        let due = |held: &Held| now.since(held.kept_at) >= period;
        let ids: Vec<_> =
            self.held.iter().filter(|(_, held)| due(held)).map(|(id, _)| id).collect();
        if ids.len() <= KEEP_MAX {
            self.errands.next_keep = now + period;
        }
        let some = ids.into_iter().take(KEEP_MAX).collect::<Vec<_>>();
        (!some.is_empty()).then_some(Errand::Keep(some))
    }

    fn next_claim(&mut self, now: Moment) -> Option<Errand> {
        if now < self.errands.next_claim {
            return None;
        }
        self.claimable().map(Errand::Claim)
    }

    /// What may be taken over at present.
    fn claimable(&self) -> Option<Claim> {
        let count = self.held.room().min(CLAIM_MAX);
        if count == 0 || self.held.has_suspect() {
            return None;
        }
        let claim = |whose, idle, after| Some(Claim { whose, idle, after, count });
        match (self.phase, self.sharing) {
            (Phase::TakingOver(after), Sharing::Shared) => claim(Whose::Own, Duration::ZERO, after),
            (Phase::TakingOver(after), Sharing::Exclusive) => {
                claim(Whose::All, Duration::ZERO, after)
            }
            (Phase::Reading, Sharing::Shared) => {
                claim(Whose::All, self.settings.claim_after, StreamId::START)
            }
            (Phase::Reading, Sharing::Exclusive)
            | (Phase::Stopping | Phase::Yielding | Phase::Leaving | Phase::Over, _) => None,
        }
    }

    fn next_read(&mut self, now: Moment) -> Option<Output> {
        let room = self.held.room();
        if self.phase != Phase::Reading || self.is_reading || room == 0 || !self.is_sure(now) {
            return None;
        }
        self.is_reading = true;
        Some(Output::Read(room))
    }
}
