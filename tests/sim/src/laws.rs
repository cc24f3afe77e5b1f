//! The laws: what must hold after every step, whatever the instances believe.
//!
//! A law looks at what was done at the store and what was said to Discord, and at the truth that no
//! instance sees: who runs, who was hindered, whose clock is slow. It shares no code with what it
//! judges.
//!
//! | law | says |
//! |---|---|
//! | S1 | what is appended, is appended by the last grantee in this history of the store |
//! | S2 | a session's dispatches stand in the stream in the order of their numbers, each once |
//! | S5 | RESUME names a session of the row, from no later than the stream ever held |
//! | S6 | IDENTIFY has a permit, of its bucket, in its time |
//! | S7 | an epoch is granted once, and the next is larger, even after the store has fallen back |
//! | S8 | nobody's lease is taken while it shows that it lives, and nobody's while the store is new |
//! | S9 | what the app leaves out stands in no stream |
//! | S10 | an offer is accepted once |
//! | S11 | nothing is appended under a lease on offer |
//! | S12 | whoever is sure of its leases has a young beat at the store, by its own clock |
//! | S12 | whoever is taken for dead is not sure of its leases any more |
//! | S13 | whoever knows that the store is not safe claims nothing |
//! | L2 | no offer stands for longer than twice its time, if its source is well |
//!
//! At the end, when all faults have been over for some time, [`World`](crate::world::World) adds:
//! every shard is owned and live, and written to its last dispatch (L1); one instance plans, and
//! shards are spread evenly (L3); drains are over (L4); nothing changes hands any more (L5); where
//! no fault ended a session, there were no more sessions than shards (P6); the reserve of the day's
//! IDENTIFYs is whole (P4); Discord passed no verdict that the faults do not excuse (V).
//!
//! S3 and S4 (nothing is lost without a marker) are the audit's, at the end.

mod identify;
mod leases;
mod streams;
mod taking;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use baton_mock_discord::ledger::FrameHash;
use baton_model::{Epoch, InstanceId, LeaseRow, Moment, OfferId, Seq, ShardNumber};
use baton_shard::{Answer, Request};
use baton_store::{ShardAddress, Take};
use baton_store_embedded::state::Change;

pub(crate) use self::streams::{Archive, Numbers, entries};
use self::{identify::Permit, taking::Beats};
use crate::{
    process::AppShape,
    store::{Answered, Ask, Store},
    world::{Host, Pid, Sent},
};

/// A law that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// When.
    pub at: Moment,
    /// Its name.
    pub law: &'static str,
    /// By whom, and how.
    pub what: String,
}

/// Something done at the store.
pub(crate) struct Deed<'a> {
    pub(crate) sent: &'a Sent,
    /// The rows it was about.
    pub(crate) before: &'a [(ShardAddress, Option<LeaseRow>)],
    pub(crate) answered: &'a Answered,
    pub(crate) changes: &'a [Change],
}

/// A change of the store.
#[derive(Debug, Clone, Copy)]
struct Changed {
    at: Moment,
    /// When the new one could be asked.
    back_at: Moment,
}

/// What the laws remember.
#[derive(Debug)]
pub(crate) struct Laws {
    violation: Option<Violation>,
    app: AppShape,
    /// The last grant of each shard, in this history of the store.
    granted: BTreeMap<ShardAddress, (Epoch, InstanceId)>,
    /// The largest epoch of each shard, in all histories.
    largest: BTreeMap<ShardAddress, Epoch>,
    /// Offers that were accepted, in this history.
    accepted: BTreeSet<(ShardAddress, Epoch, OfferId)>,
    offered_at: BTreeMap<ShardAddress, Moment>,
    /// When a shard last changed hands.
    pub(crate) last_grant: Moment,
    pub(crate) grants: u64,
    beats: BTreeMap<InstanceId, Beats>,
    /// When each shard changed hands.
    granted_at: BTreeMap<ShardNumber, Vec<Moment>>,
    /// When each instance was first shown who the store is.
    first_polls: BTreeMap<InstanceId, Moment>,
    /// Until when the store did not answer as it should.
    pub(crate) store_troubled_until: Moment,
    /// When the store last became another one.
    store_changed: Option<Changed>,
    /// The last dispatch of each session in the stream, in this history.
    ends: BTreeMap<(ShardNumber, u64), Seq>,
    /// How far the stream ever was in each of Discord's sessions.
    furthest: BTreeMap<String, Seq>,
    /// Discord's sessions that the store has forgotten, and nobody has reminded it of.
    forgotten: BTreeSet<String>,
    /// Discord's sessions by Baton's numbers of them.
    pub(crate) numbers: Numbers,
    permits: Vec<Permit>,
    /// When permits were given.
    given: Vec<Moment>,
    /// Those that the store does not know of, after it has fallen back.
    pub(crate) permits_forgotten: u32,
    /// Since when each process knows that the store is not safe.
    pub(super) unsafe_since: BTreeMap<Pid, Moment>,
    /// Frames of events that the app leaves out.
    pub(crate) left_out: BTreeSet<FrameHash>,
    pub(crate) archive: Archive,
}

impl Laws {
    pub(crate) fn new(app: &AppShape) -> Self {
        Self {
            violation: None,
            app: app.clone(),
            granted: BTreeMap::new(),
            largest: BTreeMap::new(),
            accepted: BTreeSet::new(),
            offered_at: BTreeMap::new(),
            last_grant: Moment::ZERO,
            grants: 0,
            beats: BTreeMap::new(),
            granted_at: BTreeMap::new(),
            first_polls: BTreeMap::new(),
            store_troubled_until: Moment::ZERO,
            store_changed: None,
            ends: BTreeMap::new(),
            furthest: BTreeMap::new(),
            forgotten: BTreeSet::new(),
            numbers: Numbers::default(),
            permits: Vec::new(),
            given: Vec::new(),
            permits_forgotten: 0,
            unsafe_since: BTreeMap::new(),
            left_out: BTreeSet::new(),
            archive: Archive::default(),
        }
    }

    pub(crate) const fn take_violation(&mut self) -> Option<Violation> {
        self.violation.take()
    }

    /// Notes that a law is broken. The first one counts.
    pub(crate) fn break_law(&mut self, at: Moment, law: &'static str, what: String) {
        self.violation.get_or_insert(Violation { at, law, what });
    }

    /// The rows that a request is about, as they are.
    pub(crate) fn look(&self, store: &Store, ask: &Ask) -> Vec<(ShardAddress, Option<LeaseRow>)> {
        let row = |address: &ShardAddress| (address.clone(), store.row(address));
        match ask {
            Ask::Lease { address, .. } => vec![row(address)],
            Ask::Appends(appends) => {
                appends.iter().map(|append| row(&append.hold.address)).collect()
            }
            Ask::Beat(..)
            | Ask::Poll
            | Ask::Rows(_)
            | Ask::NameDataSet(_)
            | Ask::Forget(..)
            | Ask::ClaimPlanner(_)
            | Ask::ReleasePlanner(_)
            | Ask::WriteTargets { .. }
            | Ask::Withdraw(..)
            | Ask::TakePermit { .. }
            | Ask::Limit(_)
            | Ask::Learn(..) => Vec::new(),
        }
    }

    /// Judges what was done at the store.
    pub(crate) fn on_store(
        &mut self,
        deed: &Deed<'_>,
        store: &Store,
        hosts: &BTreeMap<Pid, Host>,
        now: Moment,
    ) {
        match (&deed.sent.ask, deed.answered) {
            (Ask::Beat(_, record), Answered::Beat(Ok(_))) => {
                self.on_beat(deed.sent, record.phase, now);
            }
            (Ask::Poll, Answered::Poll(_)) => {
                self.first_polls.entry(deed.sent.by).or_insert(now);
            }
            (Ask::TakePermit { bucket, .. }, Answered::Permit(Take::Granted { .. })) => {
                self.on_permit(deed.sent, *bucket, now);
            }
            (Ask::Lease { request, .. }, Answered::Lease(Ok(Some(answer)))) => {
                if let Request::Claim { .. } = request.as_ref()
                    && !deed.changes.is_empty()
                {
                    self.judge_claim(deed, store, hosts, now);
                }
                self.judge_offer(deed, answer, hosts, now);
                self.on_lease(deed, request, answer, now);
            }
            (Ask::Appends(appends), Answered::Appends(answers)) => {
                for (append, answer) in appends.iter().zip(answers) {
                    if answer.is_ok() {
                        self.judge_append(deed, append, now);
                    }
                }
            }
            (_, _) => {}
        }
        self.judge_changes(deed.changes, now);
    }

    /// Another primary has taken over: what it holds is the truth from now on.
    pub(crate) fn on_fail_over(
        &mut self,
        store: &Store,
        lost: Duration,
        (now, until): (Moment, Moment),
    ) {
        self.forget_permits(lost, now);
        self.store_changed = Some(Changed { at: now, back_at: until });
        self.accepted.clear();
        self.granted = self
            .app
            .addresses()
            .into_iter()
            .filter_map(|address| {
                let row = store.row(&address)?;
                Some((address, (row.epoch, row.holding.owner()?)))
            })
            .collect();
        self.ends = streams::ends(&entries(store, &self.app));
        self.forget(store);
    }

    /// Everything is about to be forgotten. Whoever reads the streams has read them by now.
    pub(crate) fn on_wipe(&mut self, store: &Store, now: Moment) {
        self.store_changed = Some(Changed { at: now, back_at: now });
        self.forgotten = self.furthest.keys().cloned().collect();
        self.archive.keep(entries(store, &self.app), &self.numbers);
        self.accepted.clear();
        self.granted.clear();
        self.ends.clear();
    }
}

/// The grant that an answer speaks of, if it does.
const fn granted_epoch(answer: &Answer) -> Option<Epoch> {
    match answer {
        Answer::Claimed { epoch, .. }
        | Answer::Accepted { epoch, .. }
        | Answer::Reasserted { epoch, .. } => Some(*epoch),
        Answer::ClaimLost { .. }
        | Answer::OfferGone { .. }
        | Answer::Started { .. }
        | Answer::Appended { .. }
        | Answer::Gap { .. }
        | Answer::OtherSession { .. }
        | Answer::OtherPrevious { .. }
        | Answer::Offered { .. }
        | Answer::Retracted { .. }
        | Answer::Released { .. }
        | Answer::Failed { .. } => None,
    }
}
