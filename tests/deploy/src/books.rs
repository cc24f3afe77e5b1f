//! The simulated Discord's books, over its admin port.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use baton_mock_discord::{
    Ledger, SessionOrdinal, Slice,
    ledger::{Sent, SessionLedger},
};
use baton_model::Seq;
use serde::Deserialize;
use serde_json::Value;

/// How long one answer may take.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);

/// Where the books are.
#[derive(Debug, Clone, Copy)]
pub struct Books(pub SocketAddr);

/// One page of the list of sessions.
#[derive(Debug, Deserialize)]
struct Sessions {
    complete_from: SessionOrdinal,
    sessions: Vec<Listed>,
    next: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Listed {
    session: SessionOrdinal,
}

/// One page of what a session was sent.
#[derive(Debug, Deserialize)]
struct Page {
    slice: Slice,
    id: String,
    complete_from: Seq,
    sent: Vec<Sent>,
    next: Option<u64>,
}

impl Books {
    /// Everything that was sent.
    ///
    /// # Errors
    /// If the books cannot be read.
    pub fn ledger(self) -> io::Result<Ledger> {
        let mut ledger = Ledger::default();
        let mut from = Some(1);
        while let Some(at) = from {
            let page: Sessions = self.read(&format!("/ledger/sessions?from={at}"))?;
            ledger.complete_from = page.complete_from;
            for listed in page.sessions {
                ledger.sessions.insert(listed.session, self.session(listed.session)?);
            }
            from = page.next;
        }
        Ok(ledger)
    }

    fn session(self, session: SessionOrdinal) -> io::Result<SessionLedger> {
        let ordinal = session.0;
        let first: Page = self.read(&format!("/ledger?session={ordinal}&from=1"))?;
        let mut whole = SessionLedger::new(first.slice, &first.id);
        whole.complete_from = first.complete_from;
        whole.sent.extend(first.sent);
        let mut from = first.next;
        while let Some(at) = from {
            let page: Page = self.read(&format!("/ledger?session={ordinal}&from={at}"))?;
            whole.sent.extend(page.sent);
            from = page.next;
        }
        Ok(whole)
    }

    /// Which rules were broken, by name, with how often.
    ///
    /// # Errors
    /// If the books cannot be read.
    pub fn verdicts(self) -> io::Result<Value> {
        let verdicts: Value = self.read("/verdicts")?;
        Ok(verdicts["counts"].clone())
    }

    /// Sends nothing more by itself.
    ///
    /// # Errors
    /// If it cannot be told.
    pub fn end_load(self) -> io::Result<()> {
        self.ask("DELETE", "/load").map(drop)
    }

    fn read<T: for<'a> Deserialize<'a>>(self, path: &str) -> io::Result<T> {
        let body = self.ask("GET", path)?;
        serde_json::from_str(&body)
            .map_err(|error| io::Error::other(format!("{path}: {error}: {body:.200}")))
    }

    fn ask(self, method: &str, path: &str) -> io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&self.0, ANSWER_LIMIT)?;
        stream.set_read_timeout(Some(ANSWER_LIMIT))?;
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: judge\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        match answer.split_once("\r\n\r\n") {
            Some((head, body)) if head.starts_with("HTTP/1.1 2") => Ok(body.to_owned()),
            Some(_) | None => Err(io::Error::other(format!("{method} {path}: {answer:.200}"))),
        }
    }
}
