//! The ledger over the admin API: whole where it is short, else in pages.
//!
//! Everybody waits while an answer is written, so none is longer than a page.

use std::ops::RangeFrom;

use baton_model::Seq;
use serde::Serialize;
use serde_json::json;

use super::{Discord, admin, rest::Answer};
use crate::{SessionOrdinal, Slice, ledger::SessionLedger};

/// Dispatches, or sessions, of one answer.
const PAGE_MAX: usize = 10_000;

/// A session in the list of them.
#[derive(Serialize)]
struct Line<'a> {
    session: SessionOrdinal,
    slice: Slice,
    id: &'a str,
    complete_from: Seq,
    remembered: usize,
}

/// What a query asks for.
#[derive(Default)]
struct Asked {
    session: Option<u64>,
    from: Option<u64>,
}

impl Discord {
    /// `GET /ledger`: all of it; with `?session=1&from=2` the dispatches of a session from a number
    /// on, as many as fit, and where the next page begins.
    pub(super) fn show_ledger(&self, query: &str) -> Answer {
        let asked = match Asked::read(query, &["session", "from"]) {
            Ok(asked) => asked,
            Err(answer) => return answer,
        };
        let ordinal = match asked {
            Asked { session: Some(ordinal), .. } => ordinal,
            Asked { session: None, from: None } => return self.show_whole_ledger(),
            Asked { session: None, from: Some(_) } => {
                return admin::bad_request("from which session? expected session=1 beside it");
            }
        };
        let Some(session) = self.ledger().sessions.get(&SessionOrdinal(ordinal)) else {
            let error = format!("there is no session {ordinal}; GET /ledger/sessions lists them");
            return Answer::new(404, &json!({"error": error}));
        };
        Answer::new(200, &page_of(session, Seq(asked.from.unwrap_or(0))..))
    }

    /// `GET /ledger/sessions?from=1`: the sessions from a number on, without their dispatches.
    pub(super) fn list_sessions(&self, query: &str) -> Answer {
        let asked = match Asked::read(query, &["from"]) {
            Ok(asked) => asked,
            Err(answer) => return answer,
        };
        let mut left = self.ledger().sessions.range(SessionOrdinal(asked.from.unwrap_or(0))..);
        let line = |(session, of_session): (&SessionOrdinal, &SessionLedger)| {
            let SessionLedger { slice, id, complete_from, sent } = of_session;
            json!(Line {
                session: *session,
                slice: *slice,
                id,
                complete_from: *complete_from,
                remembered: sent.len(),
            })
        };
        let sessions: Vec<_> = left.by_ref().take(PAGE_MAX).map(line).collect();
        let next = left.next().map(|(session, _)| session);
        let complete_from = self.ledger().complete_from;
        let body = json!({"complete_from": complete_from, "sessions": sessions, "next": next});
        Answer::new(200, &body)
    }

    fn show_whole_ledger(&self) -> Answer {
        let (dispatches, sessions) = (self.scribe.length(), self.ledger().sessions.len());
        if dispatches <= PAGE_MAX && sessions <= PAGE_MAX {
            return admin::show(self.ledger());
        }
        let error = format!(
            "{dispatches} dispatches of {sessions} sessions are more than the {PAGE_MAX} of one \
             answer; GET /ledger/sessions, then GET /ledger?session=1&from=1 for each",
        );
        Answer::new(413, &json!({"error": error}))
    }
}

fn page_of(session: &SessionLedger, numbers: RangeFrom<Seq>) -> serde_json::Value {
    let SessionLedger { slice, id, complete_from, sent } = session;
    let first = sent.partition_point(|sent| sent.seq < numbers.start);
    let end = sent.len().min(first.saturating_add(PAGE_MAX));
    let page: Vec<_> = sent.range(first..end).collect();
    let next = sent.get(end).map(|sent| sent.seq);
    json!({
        "slice": slice, "id": id, "complete_from": complete_from, "sent": page, "next": next,
    })
}

impl Asked {
    /// Reads a query, strictly: what is misspelt would be answered with something else.
    fn read(query: &str, known: &[&str]) -> Result<Self, Answer> {
        let mut asked = Self::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            match (known.contains(&key), key, value.parse()) {
                (true, "session", Ok(number)) => asked.session = Some(number),
                (true, "from", Ok(number)) => asked.from = Some(number),
                _ => {
                    let known = known.join(" and ");
                    let error = format!("not a query: {pair}; expected numbers for {known}");
                    return Err(admin::bad_request(&error));
                }
            }
        }
        Ok(asked)
    }
}
