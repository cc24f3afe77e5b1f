//! From outputs to lines of a story.

use baton_model::{InstanceId, Marker, ResumeUrl, Seq, SessionNumber, SessionRow, SessionStart};
use baton_shard::{Actor, Append, Entry, Notice, Output, Request, ResumeFrom};

pub(crate) fn output(output: &Output) -> String {
    match output {
        Output::Open { socket, resume } => match resume {
            None => format!("open {socket} to identify"),
            Some(ResumeFrom { id, url, seq }) => {
                let at = place(url.as_ref());
                format!("open {socket} to resume {id} from {seq} at {at}")
            }
        },
        Output::Proceed { socket } => format!("proceed {socket}"),
        Output::Close { socket, code } => format!("close {socket} with {code}"),
        Output::Drop { socket } => format!("drop {socket}"),
        Output::RequestPermit { socket } => format!("request permit for {socket}"),
        Output::WithdrawPermit { socket } => format!("withdraw permit for {socket}"),
        Output::Identify { socket } => format!("identify {socket}"),
        Output::Store(request) => self::request(request),
        Output::Notice(notice) => self::notice(*notice),
    }
}

fn request(request: &Request) -> String {
    match request {
        Request::Claim { expected } => {
            let holder = expected.holder.map_or("free".to_owned(), instance);
            format!("claim {holder}@{}", expected.epoch)
        }
        Request::Accept { under, offer } => format!("accept @{under} #{offer}"),
        Request::BeginSession { epoch, id, resume_url, start, previous } => {
            let at = place(resume_url.as_ref());
            let start = match start {
                SessionStart::First => "first",
                SessionStart::Invalidated => "invalidated",
                SessionStart::Restarted => "restarted",
            };
            let previous = previous.map_or("nothing".to_owned(), session);
            format!("begin @{epoch} {id} at {at}, {start}, after {previous}")
        }
        Request::Append(append) => self::append(append),
        Request::Offer { epoch, to, offer } => {
            format!("offer @{epoch} #{offer} to {}", instance(*to))
        }
        Request::Retract { epoch, offer } => format!("retract @{epoch} #{offer}"),
        Request::Release { epoch } => format!("release @{epoch}"),
        Request::Reassert { epoch, session } => {
            let session = session.as_ref().map_or("no session".to_owned(), row);
            format!("reassert @{epoch} {session}")
        }
        Request::ForgetResumeUrl { epoch, session } => {
            format!("forget resume url @{epoch} s{session}")
        }
    }
}

fn append(append: &Append) -> String {
    let Append { epoch, session, prev, entries, last } = append;
    let what = match entries.is_empty() {
        true => "nothing".to_owned(),
        false => runs(entries).join(" "),
    };
    format!("append @{epoch} s{session} {prev}->{last}: {what}")
}

/// Seqs that follow each other are written as a range.
fn runs(entries: &[Entry]) -> Vec<String> {
    let mut runs: Vec<(u64, u64)> = Vec::new();
    let mut words = Vec::new();
    for entry in entries {
        match entry {
            Entry::Marker { seq, marker } => words.push(self::marker(*seq, marker)),
            Entry::Dispatch(dispatch) => match runs.last_mut() {
                Some((_, end)) if *end + 1 == dispatch.seq.0 => *end += 1,
                Some(_) | None => runs.push((dispatch.seq.0, dispatch.seq.0)),
            },
        }
    }
    words.extend(runs.into_iter().map(|(first, last)| match first == last {
        true => first.to_string(),
        false => format!("{first}..{last}"),
    }));
    words
}

fn marker(seq: Seq, marker: &Marker) -> String {
    match marker {
        Marker::Gap { after, before } => format!("[gap after {after} before {before}, at {seq}]"),
        Marker::SessionStarted { .. }
        | Marker::StreamLost { .. }
        | Marker::Trimmed { .. }
        | Marker::GenerationSwitched { .. } => {
            panic!("the machine writes no such marker by an append")
        }
    }
}

fn notice(notice: Notice) -> String {
    match notice {
        Notice::Ours { epoch } => format!("! ours @{epoch}"),
        Notice::Fenced { epoch } => format!("! fenced @{epoch}"),
        Notice::Moved { epoch } => format!("! moved @{epoch}"),
        Notice::StillHere { epoch } => format!("! still here @{epoch}"),
        Notice::Released { epoch } => format!("! released @{epoch}"),
        Notice::RolledBack { epoch } => format!("! rolled back @{epoch}"),
        Notice::Contested { epoch } => format!("! contested @{epoch}"),
        Notice::Warm => "! warm".to_owned(),
        Notice::Cold => "! cold".to_owned(),
        Notice::NotOurs => "! not ours".to_owned(),
        Notice::Live => "! live".to_owned(),
        Notice::SessionLost => "! session lost".to_owned(),
        Notice::Fatal { code } => format!("! fatal {code}"),
        Notice::CannotConnect => "! cannot connect".to_owned(),
        Notice::Refused(refusal) => format!("! refused: {refusal:?}"),
    }
}

pub(crate) fn actor(actor: Actor) -> String {
    match actor {
        Actor::Target(to) => instance(to),
        Actor::Supervisor
        | Actor::Store
        | Actor::Discord
        | Actor::Gate
        | Actor::Operator
        | Actor::Clock => actor.to_string(),
    }
}

fn row(row: &SessionRow) -> String {
    let at = place(row.resume_url.as_ref());
    format!("{} at {at}", session((row.number, row.last_seq)))
}

fn place(url: Option<&ResumeUrl>) -> &str {
    url.map_or("main url", ResumeUrl::as_str)
}

fn session((number, seq): (SessionNumber, Seq)) -> String {
    format!("s{number}/{seq}")
}

fn instance(id: InstanceId) -> String {
    format!("{:X}", id.bits())
}
