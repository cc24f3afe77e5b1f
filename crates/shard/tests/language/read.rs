//! From a line of a story to inputs.

use std::time::Duration;

use baton_model::{
    Dispatch, Epoch, EventName, Expected, Holding, InstanceId, LeaseRow, Moment, OfferId,
    RowSession, Seq, SessionId, SessionNumber, SessionRow, UnixMicros,
};
use baton_shard::{Answer, Asked, Failure, Input, SocketEvent, SocketId};
use bytes::Bytes;

/// The inputs that a line stands for: several, where it names a range of dispatches.
pub(crate) fn inputs(words: &[&str]) -> Vec<Input> {
    if let Some(socket) = words[0].strip_prefix('k').and_then(|n| n.parse().ok()) {
        let socket = SocketId(socket);
        let events = socket_events(&words[1..]).into_iter();
        return events.map(|event| Input::Socket { socket, event }).collect();
    }
    vec![from_supervisor(words).unwrap_or_else(|| Input::Store(answer(words)))]
}

fn from_supervisor(words: &[&str]) -> Option<Input> {
    Some(match words {
        ["confirmed"] => Input::LeaseConfirmed,
        ["unconfirmed"] => Input::LeaseUnconfirmed,
        ["claim", expected] => {
            let (holder, epoch) = holder_at(expected);
            Input::Claim { expected: Expected { holder, epoch } }
        }
        ["row", row @ ..] => Input::Row(lease_row(row)),
        ["warm", row] => Input::Warm(session_row(row)),
        ["hand", "over", "to", to] => Input::HandOver { to: instance(to) },
        ["release"] => Input::Release,
        ["store", "changed"] => Input::StoreChanged,
        ["halt"] => Input::Halt,
        ["restart"] => Input::Restart,
        ["reconnect"] => Input::Reconnect,
        ["new", "session"] => Input::NewSession,
        ["shed"] => Input::Shed,
        ["budget", bytes] => Input::RingBudget { bytes: size(bytes) },
        _ => return None,
    })
}

fn socket_events(words: &[&str]) -> Vec<SocketEvent> {
    let event = match words {
        ["connect", "failed"] => SocketEvent::ConnectFailed,
        ["hello"] => SocketEvent::Hello,
        ["permit", "wanted"] => SocketEvent::PermitWanted,
        ["permit", "granted"] => SocketEvent::PermitGranted,
        ["ready", id, seq] => SocketEvent::Ready {
            id: SessionId::new(id),
            resume_url: Some(url(id)),
            dispatch: dispatch(number(seq), "READY", 100),
        },
        ["resumed", seq] => SocketEvent::Dispatch(dispatch(number(seq), "RESUMED", 100)),
        ["dispatch", seqs] => return dispatches(seqs, "MESSAGE_CREATE", 100),
        ["dispatch", seqs, "of", bytes] => {
            return dispatches(seqs, "MESSAGE_CREATE", size(bytes));
        }
        ["typing", seqs] => return dispatches(seqs, "TYPING_START", 100),
        ["frame"] => SocketEvent::Frame,
        ["op", "7"] => SocketEvent::ReconnectAsked,
        ["op", "9", resumable] => {
            SocketEvent::InvalidSession { resumable: resumable.parse().expect("true or false") }
        }
        ["closed"] => SocketEvent::Closed { code: None },
        ["closed", code] => SocketEvent::Closed { code: Some(code.parse().expect("a close code")) },
        _ => panic!("no event of a socket: {words:?}"),
    };
    vec![event]
}

fn dispatches(seqs: &str, name: &str, bytes: usize) -> Vec<SocketEvent> {
    let (first, last) = seqs.split_once("..").unwrap_or((seqs, seqs));
    (number(first)..=number(last))
        .map(|seq| SocketEvent::Dispatch(dispatch(seq, name, bytes)))
        .collect()
}

fn dispatch(seq: u64, name: &str, bytes: usize) -> Dispatch {
    Dispatch {
        seq: Seq(seq),
        name: EventName::new(name),
        guild: None,
        at: UnixMicros(0),
        trace: None,
        frame: Bytes::from(vec![b'x'; bytes]),
    }
}

fn answer(words: &[&str]) -> Answer {
    match words {
        ["claimed", expected, "->", at, session] => Answer::Claimed {
            expected: epoch(expected),
            epoch: epoch(at),
            session: optional_session_row(session),
        },
        ["claim", "lost", expected, row @ ..] => {
            Answer::ClaimLost { expected: epoch(expected), row: optional_lease_row(row) }
        }
        ["accepted", under, number, "->", at, session] => Answer::Accepted {
            under: epoch(under),
            offer: offer(number),
            epoch: epoch(at),
            session: optional_session_row(session),
        },
        ["offer", "gone", under, number, row @ ..] => Answer::OfferGone {
            under: epoch(under),
            offer: offer(number),
            row: optional_lease_row(row),
        },
        ["started", at, id, number] => Answer::Started {
            epoch: epoch(at),
            id: SessionId::new(id),
            number: session_number(number),
        },
        ["appended", at, session] => {
            let (session, last) = session_and_seq(session);
            let epoch = epoch(at);
            Answer::Appended { epoch, session, last }
        }
        ["gap", at, session] => {
            let (session, row) = session_and_seq(session);
            let epoch = epoch(at);
            Answer::Gap { epoch, session, row }
        }
        ["other", "session", at, number, "row", row] => Answer::OtherSession {
            epoch: epoch(at),
            session: session_number(number),
            row: row_session(row),
        },
        ["other", "previous", at, id, "row", row] => Answer::OtherPrevious {
            epoch: epoch(at),
            id: SessionId::new(id),
            row: row_session(row),
        },
        ["offered", at, number] => Answer::Offered { epoch: epoch(at), offer: offer(number) },
        ["retracted", at, number] => Answer::Retracted { epoch: epoch(at), offer: offer(number) },
        ["released", at] => Answer::Released { epoch: epoch(at) },
        ["reasserted", at, session] => {
            Answer::Reasserted { epoch: epoch(at), session: row_session(session) }
        }
        ["failed", rest @ ..] => failed(rest),
        _ => panic!("no input: {words:?}"),
    }
}

fn failed(words: &[&str]) -> Answer {
    let (asked, failure) = match words {
        ["claim", at, why @ ..] => (Asked::Claim(epoch(at)), why),
        ["accept", at, number, why @ ..] => (Asked::Accept(epoch(at), offer(number)), why),
        ["begin", at, why @ ..] => (Asked::BeginSession(epoch(at)), why),
        ["append", at, session, why @ ..] => {
            (Asked::Append(epoch(at), session_number(session)), why)
        }
        ["offer", at, number, why @ ..] => (Asked::Offer(epoch(at), offer(number)), why),
        ["retract", at, number, why @ ..] => (Asked::Retract(epoch(at), offer(number)), why),
        ["release", at, why @ ..] => (Asked::Release(epoch(at)), why),
        ["reassert", at, why @ ..] => (Asked::Reassert(epoch(at)), why),
        _ => panic!("nothing that fails: {words:?}"),
    };
    let failure = match failure {
        ["unknown"] => Failure::Unknown,
        ["unavailable"] => Failure::Unavailable,
        ["forgotten"] => Failure::Forgotten,
        ["fenced", at] => Failure::Fenced { row: epoch(at) },
        _ => panic!("no failure: {failure:?}"),
    };
    Answer::Failed { asked, failure }
}

/// A row, or `nothing`.
fn optional_lease_row(words: &[&str]) -> Option<LeaseRow> {
    (words != ["nothing"]).then(|| lease_row(words))
}

/// `owned B@6 s1/10`, `offered B>A #2 @6 s1/10`, `free@6 -`.
fn lease_row(words: &[&str]) -> LeaseRow {
    match words {
        ["owned", owner_at, session] => {
            let (owner, epoch) = holder_at(owner_at);
            let owner = owner.expect("an owner");
            let holding = Holding::Owned { owner };
            let session = optional_session_row(session);
            LeaseRow { epoch, holding, session }
        }
        ["offered", from_to, number, at, session] => {
            let (from, to) = from_to.split_once('>').expect("who offers to whom");
            LeaseRow {
                epoch: epoch(at),
                holding: Holding::Offered {
                    owner: instance(from),
                    to: instance(to),
                    offer: offer(number),
                },
                session: optional_session_row(session),
            }
        }
        [free_at, session] => {
            let (holder, epoch) = holder_at(free_at);
            assert_eq!(holder, None, "{words:?}");
            let holding = Holding::Free;
            let session = optional_session_row(session);
            LeaseRow { epoch, holding, session }
        }
        _ => panic!("no row: {words:?}"),
    }
}

/// `s1/10`; `s1/10!` has no resume url any more; `-` is none.
fn optional_session_row(word: &str) -> Option<SessionRow> {
    (word != "-").then(|| session_row(word))
}

fn session_row(word: &str) -> SessionRow {
    let (number, last_seq) = session_and_seq(word.trim_end_matches('!'));
    let id = format!("d{}", number.0);
    SessionRow {
        number,
        resume_url: (!word.ends_with('!')).then(|| url(&id)),
        id: SessionId::new(&id),
        last_seq,
    }
}

fn row_session(word: &str) -> Option<RowSession> {
    (word != "-").then(|| {
        let (number, last_seq) = session_and_seq(word);
        RowSession { number, last_seq }
    })
}

pub(crate) fn session_and_seq(word: &str) -> (SessionNumber, Seq) {
    let (session, seq) = word.split_once('/').expect("a session and a seq");
    (session_number(session), Seq(number(seq)))
}

fn session_number(word: &str) -> SessionNumber {
    SessionNumber(number(word.strip_prefix('s').expect("a session number")))
}

/// `B@6` or `free@6`.
fn holder_at(word: &str) -> (Option<InstanceId>, Epoch) {
    let (holder, at) = word.split_once('@').expect("a holder and an epoch");
    let holder = (holder != "free").then(|| instance(holder));
    (holder, Epoch(number(at)))
}

fn instance(word: &str) -> InstanceId {
    InstanceId::new(u128::from_str_radix(word, 16).expect("an instance"))
}

fn epoch(word: &str) -> Epoch {
    Epoch(number(word.strip_prefix('@').expect("an epoch")))
}

fn offer(word: &str) -> OfferId {
    OfferId(number(word.strip_prefix('#').expect("an offer")))
}

fn url(id: &str) -> baton_model::ResumeUrl {
    format!("wss://{id}").parse().expect("a url")
}

fn number(word: &str) -> u64 {
    word.parse().unwrap_or_else(|_| panic!("no number: {word}"))
}

fn size(word: &str) -> usize {
    word.parse().expect("a number of bytes")
}

/// `500ms` or `3s`.
pub(crate) fn duration(word: &str) -> Duration {
    match word.strip_suffix("ms") {
        Some(millis) => Duration::from_millis(number(millis)),
        None => Duration::from_secs(number(word.strip_suffix('s').expect("a time"))),
    }
}

/// `+41s`.
pub(crate) fn moment(word: &str) -> Moment {
    Moment::ZERO + duration(word.strip_prefix('+').expect("a moment"))
}
