//! What the process asks of the store, what for, and how long it waits.

use std::collections::BTreeMap;

use baton_fleet::{PermitAnswer, PlannerRow, RequestId, Sweep};
use baton_gateway::supervisor::{self, Input, Report};
use baton_model::{
    Beat, DataSetId, Epoch, Holding, InstanceId, Lane, LeaseRow, Moment, ShardKey,
    limits::STORE_ANSWER_TIMEOUT,
};
use baton_shard::Answer;
use baton_store::{BeatError, Poll, ShardAddress, Take};

use super::{AskId, Effect, Inner, Process, lanes::Page};
use crate::store::{Answered, Ask, Trouble};
use std::time::Duration;

/// After this time a permit is asked for again, where the store does not know the day's limit.
const UNLEARNED_PAUSE: Duration = Duration::from_secs(1);

/// A request that has no answer yet.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) purpose: Purpose,
    pub(super) deadline: Moment,
}

/// Who waits for an answer.
#[derive(Debug)]
pub(super) enum Purpose {
    Beat(Beat),
    Poll(RequestId),
    /// The rows of a sweep; whose they were is asked next.
    Sweep(RequestId),
    SweptBy(RequestId, BTreeMap<ShardKey, LeaseRow>),
    Row(ShardKey),
    Planner,
    Permit(RequestId),
    Limit,
    Learnt,
    /// Nobody.
    Nothing,
    Lease {
        shard: ShardKey,
        life: u64,
        asked: Option<baton_shard::Asked>,
        offered_to: Option<InstanceId>,
    },
    Appends(Lane, Vec<Page>),
}

impl Process {
    pub(super) fn ask(&mut self, ask: Ask, purpose: Purpose) {
        self.last_ask.0 += 1;
        let id = self.last_ask;
        // The deadline is set when the request leaves, which is at once.
        self.asked.insert(id, Asked { purpose, deadline: Moment::ZERO });
        self.effects.push(Effect::Ask(id, ask));
    }

    pub(super) fn ask_for_supervisor(&mut self, ask: supervisor::Ask) {
        use supervisor::Ask as Wanted;
        let (ask, purpose) = match ask {
            Wanted::Beat(beat, record) => (Ask::Beat(beat, record), Purpose::Beat(beat)),
            Wanted::Poll(request) => (Ask::Poll, Purpose::Poll(request)),
            Wanted::Sweep(request) => (Ask::Rows(self.shape.addresses()), Purpose::Sweep(request)),
            Wanted::Row(shard) => {
                let address = ShardAddress::new(shard.clone(), self.shape.app.shape.lanes);
                (Ask::Rows(vec![address]), Purpose::Row(shard))
            }
            Wanted::NameDataSet => {
                let fresh = u128::from(self.last_ask.0) << 64;
                (Ask::NameDataSet(DataSetId(self.me.bits() ^ fresh)), Purpose::Nothing)
            }
            Wanted::Forget(id, beat) => (Ask::Forget(id, beat), Purpose::Nothing),
            Wanted::ClaimPlanner(expected) => (Ask::ClaimPlanner(expected), Purpose::Planner),
            Wanted::ReleasePlanner(epoch) => (Ask::ReleasePlanner(epoch), Purpose::Nothing),
            Wanted::WriteTargets { epoch, set, clear } => {
                (Ask::WriteTargets { epoch, set, clear }, Purpose::Nothing)
            }
            Wanted::Withdraw(subject, id) => (Ask::Withdraw(subject, id), Purpose::Nothing),
            Wanted::TakePermit { request, app, bucket } => {
                (Ask::TakePermit { app, bucket: bucket.0 }, Purpose::Permit(request))
            }
        };
        self.ask(ask, purpose);
    }

    /// Sends what waits in the lanes.
    pub(super) fn write(&mut self) {
        for (lane, pages) in self.lanes.take_batches() {
            let appends = pages.iter().map(|page| page.append.clone()).collect();
            self.ask(Ask::Appends(appends), Purpose::Appends(lane, pages));
        }
    }

    /// Sets the deadlines of what has just been asked, and gives up what was asked too long ago.
    pub(super) fn give_up_waiting(&mut self, now: Moment) {
        let is_late = |asked: &Asked| asked.deadline <= now && asked.deadline > Moment::ZERO;
        let late: Vec<_> =
            self.asked.iter().filter(|(_, it)| is_late(it)).map(|(id, _)| *id).collect();
        for id in late {
            self.on_answer(id, Err(Trouble::Unknown), now);
        }
    }

    pub(super) fn start_waiting(&mut self, now: Moment) {
        for asked in self.asked.values_mut().rev() {
            if asked.deadline > Moment::ZERO {
                break;
            }
            asked.deadline = now + STORE_ANSWER_TIMEOUT;
        }
    }

    pub(super) fn on_answer(
        &mut self,
        id: AskId,
        answered: Result<Box<Answered>, Trouble>,
        now: Moment,
    ) {
        let Some(Asked { purpose, .. }) = self.asked.remove(&id) else {
            return; // It was given up.
        };
        match answered {
            Ok(answered) => self.on_answered(purpose, *answered, now),
            Err(trouble) => self.on_trouble(purpose, trouble, now),
        }
    }

    fn on_answered(&mut self, purpose: Purpose, answered: Answered, now: Moment) {
        use baton_fleet::Input as ToFleet;
        match (purpose, answered) {
            (Purpose::Beat(beat), Answered::Beat(Ok(_))) => {
                self.tell_fleet(ToFleet::BeatAcked(beat));
            }
            // The next poll shows it, and the fleet says what follows.
            (
                Purpose::Beat(_),
                Answered::Beat(Err(BeatError::Duplicate(_) | BeatError::Store(_))),
            ) => {}
            (Purpose::Poll(request), Answered::Poll(mut poll)) => {
                self.tell(Input::Intents(std::mem::take(&mut poll.intents), poll.now));
                self.tell_fleet(ToFleet::Polled(request, Box::new(seen(*poll))));
            }
            (Purpose::Sweep(request), Answered::Rows(rows)) => {
                let keys = self.shape.addresses().into_iter().map(|address| address.shard);
                let rows = rows.into_iter().map(|row| row.unwrap_or_else(never_leased));
                self.ask(Ask::Poll, Purpose::SweptBy(request, keys.zip(rows).collect()));
            }
            (Purpose::SweptBy(request, rows), Answered::Poll(poll)) => {
                self.tell(Input::Swept(request, Sweep { store: poll.identity, rows }));
            }
            (Purpose::Row(shard), Answered::Rows(mut rows)) => {
                self.tell(Input::Row(shard, rows.pop().flatten()));
            }
            (Purpose::Planner, Answered::Planner(claimed)) => {
                self.tell_fleet(match claimed {
                    Ok(grant) => ToFleet::PlannerClaimed(grant.epoch),
                    Err(_) => ToFleet::PlannerClaimLost,
                });
            }
            (Purpose::Permit(request), Answered::Permit(take)) => {
                self.tell_fleet(ToFleet::Permit(request, permit(take)));
            }
            (Purpose::Limit, Answered::Limit(limit)) => self.on_known_limit(limit, now),
            (Purpose::Learnt, Answered::Done) => self.on_learnt(now),
            (Purpose::Nothing, Answered::Done) => {}
            (Purpose::Lease { shard, life, asked, offered_to }, Answered::Lease(answer)) => {
                let failed = |failure| Some(Answer::Failed { asked: asked?, failure });
                let answer = answer.unwrap_or_else(failed);
                if let (Some(Answer::Offered { .. }), Some(to)) = (&answer, offered_to) {
                    self.report(shard.clone(), Report::Offered { to });
                }
                if let Some(answer) = answer {
                    self.inner.push_back(Inner::Answer(shard, life, answer));
                }
            }
            (Purpose::Appends(lane, pages), Answered::Appends(answers)) => {
                for (page, answer) in pages.iter().zip(&answers) {
                    let answer = page.answer(answer);
                    self.inner.push_back(Inner::Answer(page.shard(), page.life, answer));
                }
                self.lanes.done(lane);
                self.write();
            }
            (purpose, answered) => unreachable!("{answered:?} for {purpose:?}"),
        }
    }

    fn on_trouble(&mut self, purpose: Purpose, trouble: Trouble, now: Moment) {
        use baton_fleet::Input as ToFleet;
        match purpose {
            Purpose::Beat(_) | Purpose::Row(_) | Purpose::Nothing | Purpose::Limit => {}
            Purpose::Poll(request) => self.tell_fleet(ToFleet::PollFailed(request)),
            Purpose::Sweep(request) | Purpose::SweptBy(request, _) => {
                self.tell_fleet(ToFleet::SweepFailed(request));
            }
            Purpose::Planner => self.tell_fleet(ToFleet::PlannerClaimLost),
            Purpose::Permit(request) => {
                self.tell_fleet(ToFleet::Permit(request, PermitAnswer::Unavailable));
            }
            Purpose::Learnt => self.on_not_learnt(now),
            Purpose::Lease { shard, life, asked, offered_to: _ } => {
                if let Some(asked) = asked {
                    let answer = Answer::Failed { asked, failure: trouble.into() };
                    self.inner.push_back(Inner::Answer(shard, life, answer));
                }
            }
            Purpose::Appends(lane, pages) => {
                for page in &pages {
                    let answer = page.failed(trouble.into());
                    self.inner.push_back(Inner::Answer(page.shard(), page.life, answer));
                }
                self.lanes.done(lane);
                self.write();
            }
        }
    }
}

fn seen(poll: Poll) -> baton_fleet::Poll {
    let planner = poll.planner.as_ref();
    let planner = planner.map_or_else(PlannerRow::default, |row| PlannerRow {
        holder: row.holding.owner(),
        epoch: row.epoch,
    });
    let targets = poll.targets.into_iter().collect();
    baton_fleet::Poll { store: poll.identity, members: poll.members, planner, targets }
}

fn permit(take: Take) -> PermitAnswer {
    match take {
        Take::Granted { .. } => PermitAnswer::Granted,
        Take::Wait(pause) => PermitAnswer::Wait(pause),
        Take::Exhausted { reset_after } => PermitAnswer::Exhausted { reset_after },
        Take::Unlearned => PermitAnswer::Wait(UNLEARNED_PAUSE),
    }
}

fn never_leased() -> LeaseRow {
    LeaseRow { epoch: Epoch(0), holding: Holding::Free, session: None }
}
