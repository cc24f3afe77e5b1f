//! What the processes ask of the store, and what it answers.

use baton_model::{
    AppName, Beat, DataSetId, Epoch, Expected, InstanceId, InstanceRecord, IntentId, LeaseRow, Seq,
    ShardKey, StoreMillis, Subject,
};
use baton_shard::{Answer, Failure, Request};
use baton_store::{
    Append, AppendError, BeatError, ClaimError, Grant, Poll, SessionStartLimit, ShardAddress, Take,
    Targets,
};
use baton_store_embedded::state::{StoreState, Vantage};

use super::lease;

/// One request on its way to the store.
#[derive(Debug, Clone)]
pub(crate) enum Ask {
    Beat(Beat, Box<InstanceRecord>),
    Poll,
    Rows(Vec<ShardAddress>),
    NameDataSet(DataSetId),
    Forget(InstanceId, Beat),
    ClaimPlanner(Expected),
    ReleasePlanner(Epoch),
    WriteTargets {
        epoch: Epoch,
        set: Vec<(ShardKey, InstanceId)>,
        clear: Vec<ShardKey>,
    },
    Withdraw(Subject, IntentId),
    TakePermit {
        app: AppName,
        bucket: u16,
    },
    Limit(AppName),
    Learn(AppName, SessionStartLimit),
    /// What a shard asks about its own row, and whose offer it may mean.
    Lease {
        address: ShardAddress,
        offerer: Option<InstanceId>,
        request: Box<Request>,
    },
    Appends(Vec<Append>),
}

/// What came of it.
#[derive(Debug, Clone)]
pub(crate) enum Answered {
    Beat(Result<StoreMillis, BeatError>),
    Poll(Box<Poll>),
    Rows(Vec<Option<LeaseRow>>),
    Done,
    Planner(Result<Grant, ClaimError>),
    Permit(Take),
    Limit(Option<SessionStartLimit>),
    /// None where no answer is wanted.
    Lease(Result<Option<Answer>, Failure>),
    Appends(Vec<Result<Seq, AppendError>>),
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It was not carried out.
    Unavailable,
    /// Nobody knows.
    Unknown,
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Unavailable => Self::Unavailable,
            Trouble::Unknown => Self::Unknown,
        }
    }
}

pub(super) fn perform(
    state: &mut StoreState,
    by: InstanceId,
    ask: &Ask,
    (now, vantage): (StoreMillis, Option<Vantage>),
) -> Answered {
    match ask {
        Ask::Beat(beat, record) => Answered::Beat(state.beat(now, by, *beat, record)),
        Ask::Poll => {
            let vantage = vantage.unwrap_or_else(|| unreachable!("a poll looks from somewhere"));
            Answered::Poll(Box::new(state.poll(now, vantage)))
        }
        Ask::Rows(addresses) => Answered::Rows(state.rows(addresses)),
        Ask::NameDataSet(candidate) => {
            state.ensure_data_set(*candidate);
            Answered::Done
        }
        Ask::Forget(id, beat) => {
            state.forget(*id, *beat);
            Answered::Done
        }
        Ask::Withdraw(subject, id) => {
            state.withdraw(subject, *id);
            Answered::Done
        }
        Ask::ClaimPlanner(expected) => Answered::Planner(state.claim_planner(now, *expected, by)),
        Ask::ReleasePlanner(epoch) => {
            state.release_planner(by, *epoch);
            Answered::Done
        }
        Ask::WriteTargets { epoch, set, clear } => {
            // Somebody else plans by now; the next poll says so.
            drop(state.write_targets(by, *epoch, Targets { set, clear }));
            Answered::Done
        }
        Ask::TakePermit { app, bucket } => {
            Answered::Permit(state.take_identify(now, app, u32::from(*bucket)))
        }
        Ask::Limit(app) => Answered::Limit(state.identify_limit(now, app)),
        Ask::Learn(app, limit) => {
            state.learn_limit(now, app, *limit);
            Answered::Done
        }
        Ask::Lease { address, offerer, request } => {
            let asker = lease::Asker { address, me: by, offerer: *offerer };
            Answered::Lease(lease::perform(state, now, &asker, request))
        }
        Ask::Appends(appends) => {
            Answered::Appends(appends.iter().map(|append| state.append(now, append)).collect())
        }
    }
}
