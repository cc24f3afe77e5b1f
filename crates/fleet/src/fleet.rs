//! The machine that ties the parts together.
//!
//! It holds no rule of its own. The idea: after every input, whatever it was, everything that is
//! due is done in one fixed order, so nothing depends on which input happened to come first.

mod beating;
mod looking;

mod claiming;
mod planning;

mod leaving;
mod moving;

mod identifying;

use std::collections::{BTreeSet, VecDeque};

use baton_model::{
    InstanceId, InstanceRecord, IntentId, Moment, Phase, ShardKey, limits::BEAT_PERIOD,
};

use self::claiming::Evaluation;
use crate::{
    asking::Asking,
    confirmation::Confirmation,
    drain::Drain,
    handover::{Handovers, Targets},
    identify::IdentifyGate,
    input::{Input, Orders, StoreSafety},
    membership::{Company, Membership},
    moves::Moves,
    orphans::Orphans,
    output::{Output, WakeReason},
    planner::PlannerLease,
    rows::Rows,
    seed::Jitter,
    store_change::StoreWatch,
};

/// Who this instance is.
#[derive(Debug, Clone)]
pub struct Myself {
    /// Its id, drawn afresh for this process.
    pub id: InstanceId,
    /// What it tells the others; [`Phase::Joining`] until [`Input::Ready`].
    pub record: InstanceRecord,
    /// For jitter; different at every instance.
    pub seed: u64,
    /// Who may come to the same store.
    pub company: Company,
}

/// Whether the shards were last told that their leases are confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Confirmed,
    Unconfirmed,
}

/// One instance's view of all instances, and what follows from it.
///
/// It decides who is alive, who should run what, who claims an orphan, when a drain is done and
/// whether an IDENTIFY may go, and does none of it: the shell passes in what happened by
/// [`handle`](Self::handle), carries out what [`poll_output`](Self::poll_output) says, feeds back
/// what came of it, and returns at the time that [`poll_timeout`](Self::poll_timeout) names.
#[derive(Debug)]
pub struct Fleet {
    me: InstanceId,
    record: InstanceRecord,
    jitter: Jitter,
    store: StoreWatch,
    safety: StoreSafety,
    confirmation: Confirmation,
    told: Told,
    next_beat: Moment,
    polls: Asking,
    sweeps: Asking,
    members: Membership,
    /// Those whose missing presence the others have been told of.
    suspects: BTreeSet<InstanceId>,
    rows: Rows,
    orphans: Orphans,
    evaluation: Evaluation,
    /// When somebody becomes a target by time alone.
    next_join: Option<Moment>,
    planner: PlannerLease,
    targets: Targets,
    orders: Orders,
    /// The order to drain that took too long.
    given_up: Option<IntentId>,
    moves: Moves,
    no_place: (Vec<ShardKey>, Vec<ShardKey>),
    handovers: Handovers,
    drain: Drain,
    gate: IdentifyGate,
    outputs: VecDeque<Output>,
}

impl Fleet {
    /// An instance that has just started and knows nobody.
    #[must_use]
    pub fn new(myself: Myself, now: Moment) -> Self {
        Self {
            me: myself.id,
            record: myself.record,
            jitter: Jitter::new(myself.seed),
            store: StoreWatch::default(),
            safety: StoreSafety::default(),
            confirmation: Confirmation::default(),
            told: Told::Unconfirmed,
            next_beat: now,
            polls: Asking::from(now),
            sweeps: Asking::from(now),
            members: Membership::new(myself.id, myself.company, now),
            suspects: BTreeSet::new(),
            rows: Rows::new(myself.id),
            orphans: Orphans::default(),
            evaluation: Evaluation::default(),
            next_join: None,
            planner: PlannerLease::new(myself.id),
            targets: Targets::new(),
            orders: Orders::default(),
            given_up: None,
            moves: Moves::default(),
            no_place: (Vec::new(), Vec::new()),
            handovers: Handovers::default(),
            drain: Drain::No,
            gate: IdentifyGate::default(),
            outputs: VecDeque::new(),
        }
    }

    /// Takes in what happened, and does everything that is due by `now`.
    pub fn handle(&mut self, input: Input, now: Moment) {
        if self.drain == Drain::Done {
            return;
        }
        self.react(input, now);
        self.settle(now);
    }

    /// What is to be done next.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to come back with [`Input::Wake`], and why; none once the drain is done.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Moment, WakeReason)> {
        if self.drain == Drain::Done {
            return None;
        }
        // Between actions that wait for confirmation or for the end of a grace, time alone does
        // nothing: acknowledgements and polls wake the machine by themselves.
        let claim_due = self.claim_due().map(|due| self.not_in_grace(due));
        let election_due = self.election_due().map(|due| self.not_in_grace(due));
        let due = [
            (self.confirmation_ends(), WakeReason::Confirmation),
            (Some(self.next_beat), WakeReason::Beat),
            (Some(self.polls.due()), WakeReason::Poll),
            (Some(self.sweeps.due()), WakeReason::Sweep),
            (self.drain.due(), WakeReason::Drain),
            (election_due, WakeReason::Election),
            (self.planner.claim_expires(), WakeReason::Election),
            (self.hand_over_due(), WakeReason::HandOver),
            (claim_due, WakeReason::Claim),
            (self.next_join, WakeReason::Join),
            (self.identify_due(), WakeReason::Identify),
        ];
        due.into_iter().filter_map(|(due, reason)| Some((due?, reason))).min()
    }

    /// Until when the leases held here are confirmed. The shell publishes it after every input, so
    /// that shards notice by themselves should the shell be stuck.
    #[must_use]
    pub fn confirmed_until(&self) -> Option<Moment> {
        self.confirmation.until()
    }

    /// Whether this instance plans.
    #[must_use]
    pub fn is_planner(&self) -> bool {
        self.planner.held().is_some()
    }

    /// Whether a lease may be taken from the store: what it grants without its majority may be
    /// granted once more by another. Leases that are held stay held; fencing decides of those.
    #[must_use]
    pub fn trusts_store(&self) -> bool {
        self.safety == StoreSafety::Safe
    }

    /// Where this instance is in its life.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.record.phase
    }

    fn react(&mut self, input: Input, now: Moment) {
        match input {
            Input::Wake => {}
            Input::Connected => self.members.connected(now),
            Input::Disconnected => self.members.disconnected(),
            Input::Ready => self.on_ready(now),
            Input::Drain { limit } => self.on_drain(limit, now),
            Input::Stalled(stalled) => self.record.stalled = stalled,
            Input::BeatAcked(beat) => self.on_beat_acked(beat),
            Input::Polled(request, poll) => self.on_polled(request, *poll, now),
            Input::PollFailed(request) => self.polls.fail(request, now, BEAT_PERIOD / 2),
            Input::Swept(request, sweep) => self.on_swept(request, sweep, now),
            Input::SweepFailed(request) => self.sweeps.fail(request, now, BEAT_PERIOD),
            Input::StoreSafety(safety) => self.safety = safety,
            Input::Orders(orders) => self.orders = orders,
            Input::Hint(hint) => self.on_hint(hint, now),
            Input::Claimed { shard, epoch } => self.on_claimed(&shard, epoch, now),
            Input::ClaimLost(shard) | Input::ClaimUnknown(shard) => {
                self.on_claim_lost(&shard, now);
            }
            Input::PlannerClaimed(epoch) => {
                let turn = self.planner.claimed(epoch, now);
                self.on_office(turn, now);
            }
            Input::PlannerClaimLost => self.planner.wait(),
            Input::Took { shard, epoch } => self.on_took(&shard, epoch, now),
            Input::LetGo { shard, departure } => self.on_let_go(&shard, departure, now),
            Input::HandOverFailed(shard) => self.handovers.ended(&shard),
            Input::ShardsChanged => self.sweep_soon(now),
            Input::MaxConcurrency { app, buckets } => self.gate.set_concurrency(&app, buckets),
            Input::IdentifyWanted { shard, history } => self.gate.want(shard, history),
            Input::IdentifyCancelled(shard) => self.gate.cancel(&shard),
            Input::Permit(request, answer) => self.on_permit(request, answer, now),
        }
    }

    /// Does what is due, each step on top of the one before.
    fn settle(&mut self, now: Moment) {
        self.tell_confirmation(now);
        self.follow_orders(now);
        self.leave(now);
        if self.drain == Drain::Done {
            return;
        }
        self.beat(now);
        self.look(now);
        self.notice_joins(now);
        self.planner.expire(now);
        self.elect(now);
        self.carry_on_moves(now);
        self.hand_over(now);
        self.claim(now);
        self.ask_for_permits(now);
    }

    fn push(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    /// Whether anything may be claimed or moved at all.
    fn may_act(&self, now: Moment) -> bool {
        self.confirmation.holds(now) && self.trusts_store() && !self.store.is_in_grace(now)
    }

    /// Whether a wait for the time to act can end by time alone.
    fn may_act_in_time(&self) -> bool {
        self.told == Told::Confirmed && self.trusts_store()
    }

    fn not_in_grace(&self, due: Moment) -> Moment {
        let grace = self.store.grace_until();
        grace.map_or(due, |until| due.max(until))
    }
}
