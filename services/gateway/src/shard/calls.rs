//! A machine's requests to the store, and the store's answers in the machine's words.

use baton_model::{InstanceId, LeaseRow, RowSession};
use baton_shard::{Answer, Asked, Failure, Request};
use baton_store::{
    AcceptError, Append, AppendError, BeginError, ClaimError, Commands, EntryBody, Events, Fenced,
    Hold, HoldError, Leases, NewSession, ShardAddress, StoreError, StreamId, Unhappy,
};

use crate::clock::unix_micros;

/// Who asks, and about which shard.
#[derive(Debug, Clone)]
pub(super) struct Asker {
    pub(super) address: ShardAddress,
    pub(super) me: InstanceId,
    /// Whose offer is being accepted.
    pub(super) offerer: Option<InstanceId>,
    /// Up to where the shard has dealt with its commands, where the store does not know that yet.
    /// It must before the lease is given away, or its next owner would send some of them again.
    pub(super) commands_done: Option<StreamId>,
}

/// To whom a request offers the lease.
pub(super) const fn heir_of(request: &Request) -> Option<InstanceId> {
    if let Request::Offer { to, .. } = request { Some(*to) } else { None }
}

/// Carries a request out. No answer where none is wanted; appends go to the lane's writer instead.
pub(super) async fn carry_out<S: Leases + Events + Commands>(
    store: S,
    asker: Asker,
    request: Request,
) -> Option<Answer> {
    let asked = request.asked();
    let answer = answer(&store, &asker, request).await;
    match (answer, asked) {
        (Ok(answer), _) => answer,
        (Err(failure), Some(asked)) => Some(Answer::Failed { asked, failure }),
        (Err(_), None) => None,
    }
}

async fn answer<S: Leases + Events + Commands>(
    store: &S,
    asker: &Asker,
    request: Request,
) -> Result<Option<Answer>, Failure> {
    let Asker { address, me, .. } = asker;
    let hold = |epoch| Hold { address: address.clone(), owner: *me, epoch };
    Ok(Some(match request {
        Request::Claim { expected } => match store.claim(address, expected, *me).await {
            Ok(grant) => {
                let (epoch, session) = (grant.epoch, grant.session);
                Answer::Claimed { expected: expected.epoch, epoch, session }
            }
            Err(ClaimError::Lost(row)) => Answer::ClaimLost { expected: expected.epoch, row },
            Err(ClaimError::Store(error)) => return Err(failure(&error)),
        },
        Request::Accept { under, offer } => {
            let owner = asker.offerer.unwrap_or(*me);
            let offered = Hold { address: address.clone(), owner, epoch: under };
            match store.accept(&offered, offer, *me).await {
                Ok(grant) => {
                    let (epoch, session) = (grant.epoch, grant.session);
                    Answer::Accepted { under, offer, epoch, session }
                }
                Err(AcceptError::Gone(row)) => Answer::OfferGone { under, offer, row },
                Err(AcceptError::Store(error)) => return Err(failure(&error)),
            }
        }
        Request::BeginSession { epoch, id, resume_url, start, previous } => {
            let previous = previous.map(|(number, last_seq)| RowSession { number, last_seq });
            let at = unix_micros();
            let session = NewSession { id: id.clone(), resume_url, start, previous, at };
            match store.begin_session(&hold(epoch), &session).await {
                Ok(number) => Answer::Started { epoch, id, number },
                Err(BeginError::OtherPrevious(row)) => Answer::OtherPrevious { epoch, id, row },
                Err(BeginError::Fenced(fenced)) => return Err(fenced_by(&fenced)),
                Err(BeginError::Forgotten) => return Err(Failure::Forgotten),
                Err(BeginError::Store(error)) => return Err(failure(&error)),
            }
        }
        Request::Offer { epoch, to, offer } => {
            keep_place(store, &hold(epoch), asker.commands_done).await?;
            store.offer(&hold(epoch), to, offer).await.map_err(|error| refused(&error))?;
            Answer::Offered { epoch, offer }
        }
        Request::Retract { epoch, offer } => {
            store.retract(&hold(epoch), offer).await.map_err(|error| refused(&error))?;
            Answer::Retracted { epoch, offer }
        }
        Request::Release { epoch } => {
            keep_place(store, &hold(epoch), asker.commands_done).await?;
            store.release(&hold(epoch)).await.map_err(|error| refused(&error))?;
            Answer::Released { epoch }
        }
        Request::Reassert { epoch, session } => {
            let row = store.reassert(&hold(epoch), session.as_ref()).await;
            let LeaseRow { session, .. } = row.map_err(|error| refused(&error))?;
            Answer::Reasserted { epoch, session: session.as_ref().map(RowSession::from) }
        }
        Request::ForgetResumeUrl { epoch, session } => {
            let forgotten = store.forget_resume_url(&hold(epoch), session).await;
            forgotten.map_err(|error| refused(&error))?;
            return Ok(None);
        }
        Request::Append(append) => unreachable!("{append:?} goes to the lane's writer"),
    }))
}

/// Repeated it does no harm: the place never moves back. Where the lease is on offer already, an
/// earlier attempt has got there, and this one before it.
async fn keep_place<S: Commands>(
    store: &S,
    hold: &Hold,
    done: Option<StreamId>,
) -> Result<(), Failure> {
    let Some(done) = done else {
        return Ok(());
    };
    match store.set_commands_done(hold, done).await {
        Err(HoldError::Fenced(fenced)) if fenced.row.epoch == hold.epoch => Ok(()),
        kept => kept.map_err(|error| refused(&error)),
    }
}

/// What an append came to. The store may hold more than this append's last, from an earlier one
/// whose answer was lost; the machine asked about this one.
pub(crate) fn append_answer(append: &Append, answer: Result<(), AppendError>) -> Answer {
    let (epoch, session) = (append.hold.epoch, append.session);
    let failed = |failure| Answer::Failed { asked: Asked::Append(epoch, session), failure };
    match answer {
        Ok(()) => Answer::Appended { epoch, session, last: append.last },
        Err(AppendError::Fenced) => failed(Failure::Fenced { row: epoch }),
        Err(AppendError::Forgotten) => failed(Failure::Forgotten),
        Err(AppendError::Gap(row)) => Answer::Gap { epoch, session, row },
        Err(AppendError::OtherSession(row)) => Answer::OtherSession { epoch, session, row },
        Err(AppendError::Store(error)) => failed(failure(&error)),
    }
}

/// A machine's append, as the store takes it.
pub(super) fn store_append(asker: &Asker, append: baton_shard::Append) -> Append {
    let at = unix_micros();
    let body = |entry| match entry {
        baton_shard::Entry::Dispatch(dispatch) => EntryBody::Dispatch(dispatch),
        baton_shard::Entry::Marker { seq, marker } => EntryBody::Marker { seq, at, marker },
    };
    Append {
        hold: Hold { address: asker.address.clone(), owner: asker.me, epoch: append.epoch },
        session: append.session,
        prev: append.prev,
        entries: append.entries.into_iter().map(body).collect(),
        last: append.last,
    }
}

fn refused(error: &HoldError) -> Failure {
    match error {
        HoldError::Fenced(fenced) => fenced_by(fenced),
        HoldError::Forgotten => Failure::Forgotten,
        // A later request of ours got through before it, so nobody waits for this one.
        HoldError::Overtaken => Failure::Unknown,
        HoldError::Store(error) => failure(error),
    }
}

fn fenced_by(fenced: &Fenced) -> Failure {
    Failure::Fenced { row: fenced.row.epoch }
}

/// A store that will not is to a shard the same as one that cannot; only people can tell them
/// apart.
fn failure(error: &StoreError) -> Failure {
    if error.outcome_unknown() {
        return Failure::Unknown;
    }
    if !error.is_retryable() {
        tracing::error!(error = error.to_string(), "the store refuses");
    }
    Failure::Unavailable
}

#[cfg(test)]
mod tests {
    use baton_model::{Expected, Generation, LaneCount, OfferId, ShardKey, ShardNumber};
    use baton_store_embedded::{EmbeddedStore, Options};

    use super::*;

    const DONE: StreamId = StreamId { millis: 7, number: 1 };

    /// A shard that is held here and has dealt with commands of which the store does not know.
    async fn held() -> (EmbeddedStore, Asker, baton_model::Epoch) {
        let store = EmbeddedStore::in_memory(Options::default());
        let (app, generation) = ("app".parse().unwrap(), Generation(0));
        let shard = ShardKey { app, generation, number: ShardNumber(0) };
        let address = ShardAddress::new(shard, LaneCount(std::num::NonZeroU16::MIN));
        let me = InstanceId::new(1);
        let epoch = store.claim(&address, Expected::unchanged(None), me).await.unwrap().epoch;
        (store, Asker { address, me, offerer: None, commands_done: Some(DONE) }, epoch)
    }

    #[tokio::test]
    async fn a_lease_goes_on_offer_with_the_place_in_its_commands() {
        let (store, asker, epoch) = held().await;
        let offer = OfferId(1);
        // The answer of the first attempt is lost.
        for _ in 0..2 {
            let request = Request::Offer { epoch, to: InstanceId::new(2), offer };
            let answer = carry_out(store.clone(), asker.clone(), request).await;
            assert_eq!(answer, Some(Answer::Offered { epoch, offer }));
        }
        assert_eq!(store.commands_done(&asker.address).await, Ok(DONE));
    }

    #[tokio::test]
    async fn a_lease_is_given_back_with_the_place_in_its_commands() {
        let (store, asker, epoch) = held().await;
        let answer = carry_out(store.clone(), asker.clone(), Request::Release { epoch }).await;
        assert_eq!(answer, Some(Answer::Released { epoch }));
        assert_eq!(store.commands_done(&asker.address).await, Ok(DONE));
    }
}
