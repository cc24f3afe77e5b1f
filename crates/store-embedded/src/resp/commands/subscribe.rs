//! SUBSCRIBE, UNSUBSCRIBE, PUBLISH: what clients tell each other.

use baton_model::limits::SUBSCRIPTIONS_MAX;
use bytes::Bytes;

use crate::resp::{
    Reply,
    arguments::{Arguments, kept},
    refusal::Refusal,
    session::{House, Session, Step},
};

type Stepped = Result<Step, Refusal>;

/// `channel …`
pub(crate) fn subscribe(session: &mut Session, house: &House, arguments: Arguments<'_>) -> Stepped {
    let mut replies = Vec::new();
    for channel in arguments.rest().iter().map(kept) {
        ensure_open(&channel)?;
        if session.subscriptions.len() >= SUBSCRIPTIONS_MAX {
            return Err(Refusal::no_room("this client has too many subscriptions"));
        }
        house.live.channels.subscribe(&channel, session.id, &session.hearer);
        session.subscriptions.insert(channel.clone());
        replies.push(told("subscribe", Reply::Bulk(channel), session));
    }
    Ok(Step::Answers(replies))
}

/// `[channel …]`
pub(crate) fn unsubscribe(
    session: &mut Session,
    house: &House,
    arguments: Arguments<'_>,
) -> Stepped {
    let channels: Vec<Bytes> = match arguments.rest() {
        [] => session.subscriptions.iter().cloned().collect(),
        channels => channels.to_vec(),
    };
    if channels.is_empty() {
        return Ok(Step::answer(told("unsubscribe", Reply::Null, session)));
    }
    let mut replies = Vec::new();
    for channel in channels {
        house.live.channels.unsubscribe(&channel, session.id);
        session.subscriptions.remove(&channel);
        replies.push(told("unsubscribe", Reply::Bulk(channel), session));
    }
    Ok(Step::Answers(replies))
}

/// `channel message`
pub(crate) fn publish(_: &mut Session, house: &House, mut arguments: Arguments<'_>) -> Stepped {
    let channel = kept(arguments.next()?);
    ensure_open(&channel)?;
    let message = kept(arguments.next()?);
    let hearers = house.live.channels.publish(&channel, &message);
    Ok(Step::answer(Reply::count(hearers as u64)))
}

/// Baton's own channels are for its instances.
fn ensure_open(channel: &Bytes) -> Result<(), Refusal> {
    if channel.starts_with(b"baton:") {
        return Err(Refusal("NOPERM No permissions to access a channel".to_owned()));
    }
    Ok(())
}

fn told(what: &'static str, channel: Reply, session: &Session) -> Reply {
    let count = Reply::count(session.subscriptions.len() as u64);
    Reply::Push(vec![Reply::word(what), channel, count])
}
