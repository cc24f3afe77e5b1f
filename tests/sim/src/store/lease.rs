//! A shard's requests about its row, and the store's answers in the shard's words.

use baton_model::{Epoch, InstanceId, RowSession, StoreMillis, UnixMicros};
use baton_shard::{Answer, Failure, Request};
use baton_store::{
    AcceptError, BeginError, ClaimError, Fenced, Hold, HoldError, NewSession, ShardAddress,
    StoreError, Unhappy,
};
use baton_store_embedded::state::StoreState;

/// Who asks, and about which shard.
pub(super) struct Asker<'a> {
    pub(super) address: &'a ShardAddress,
    pub(super) me: InstanceId,
    /// Whose offer is being accepted.
    pub(super) offerer: Option<InstanceId>,
}

pub(super) fn perform(
    state: &mut StoreState,
    now: StoreMillis,
    asker: &Asker<'_>,
    request: &Request,
) -> Result<Option<Answer>, Failure> {
    let hold = |epoch| Hold { address: asker.address.clone(), owner: asker.me, epoch };
    Ok(Some(match request {
        Request::Claim { expected } => {
            let (asked, me) = (expected.epoch, asker.me);
            match state.claim(now, asker.address, *expected, me) {
                Ok(grant) => {
                    let (epoch, session) = (grant.epoch, grant.session);
                    Answer::Claimed { expected: asked, epoch, session }
                }
                Err(ClaimError::Lost(row)) => Answer::ClaimLost { expected: asked, row },
                Err(ClaimError::Store(error)) => return Err(failure(&error)),
            }
        }
        Request::Accept { under, offer } => {
            let owner = asker.offerer.unwrap_or(asker.me);
            let offered = Hold { owner, ..hold(*under) };
            match state.accept(now, &offered, *offer, asker.me) {
                Ok(grant) => {
                    let (epoch, session) = (grant.epoch, grant.session);
                    Answer::Accepted { under: *under, offer: *offer, epoch, session }
                }
                Err(AcceptError::Gone(row)) => {
                    Answer::OfferGone { under: *under, offer: *offer, row }
                }
                Err(AcceptError::Store(error)) => return Err(failure(&error)),
            }
        }
        Request::BeginSession { epoch, id, resume_url, start, previous } => {
            let previous = previous.map(|(number, last_seq)| RowSession { number, last_seq });
            let at = UnixMicros(now.0 * 1_000);
            let (id, resume_url) = (id.clone(), resume_url.clone());
            let session = NewSession { id, resume_url, start: *start, previous, at };
            return begin(state, now, &hold(*epoch), session).map(Some);
        }
        Request::Offer { epoch, to, offer } => {
            state.offer(&hold(*epoch), *to, *offer).map_err(|error| refused(&error))?;
            Answer::Offered { epoch: *epoch, offer: *offer }
        }
        Request::Retract { epoch, offer } => {
            state.retract(&hold(*epoch), *offer).map_err(|error| refused(&error))?;
            Answer::Retracted { epoch: *epoch, offer: *offer }
        }
        Request::Release { epoch } => {
            state.release(&hold(*epoch)).map_err(|error| refused(&error))?;
            Answer::Released { epoch: *epoch }
        }
        Request::Reassert { epoch, session } => {
            let row = state.reassert(now, &hold(*epoch), session.as_ref());
            let row = row.map_err(|error| refused(&error))?;
            let session = row.session.as_ref().map(RowSession::from);
            Answer::Reasserted { epoch: *epoch, session }
        }
        Request::ForgetResumeUrl { epoch, session } => {
            let forgotten = state.forget_resume_url(&hold(*epoch), *session);
            forgotten.map_err(|error| refused(&error))?;
            return Ok(None);
        }
        Request::Append(append) => unreachable!("{append:?} goes to the lane's writer"),
    }))
}

fn begin(
    state: &mut StoreState,
    now: StoreMillis,
    hold: &Hold,
    session: NewSession,
) -> Result<Answer, Failure> {
    let epoch: Epoch = hold.epoch;
    match state.begin_session(now, hold, &session) {
        Ok(number) => Ok(Answer::Started { epoch, id: session.id, number }),
        Err(BeginError::OtherPrevious(row)) => {
            Ok(Answer::OtherPrevious { epoch, id: session.id, row })
        }
        Err(BeginError::Fenced(fenced)) => Err(fenced_by(&fenced)),
        Err(BeginError::Forgotten) => Err(Failure::Forgotten),
        Err(BeginError::Store(error)) => Err(failure(&error)),
    }
}

fn refused(error: &HoldError) -> Failure {
    match error {
        HoldError::Fenced(fenced) => fenced_by(fenced),
        HoldError::Forgotten => Failure::Forgotten,
        // A later request of the same holder got through before it.
        HoldError::Overtaken => Failure::Unknown,
        HoldError::Store(error) => failure(error),
    }
}

fn fenced_by(fenced: &Fenced) -> Failure {
    Failure::Fenced { row: fenced.row.epoch }
}

fn failure(error: &StoreError) -> Failure {
    if error.outcome_unknown() { Failure::Unknown } else { Failure::Unavailable }
}
