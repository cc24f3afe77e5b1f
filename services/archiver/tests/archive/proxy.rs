//! What may happen between an archiver and its S3 server.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use crate::{archiver::free_port, moto::exchange, waiting::until};

/// What is done with requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    Pass,
    /// Connections are cut.
    Cut,
    /// Every request is answered with this status, and a code in the body.
    Refuse(u16, &'static str),
    /// Whoever makes an object whose path has this in it waits for ever; nothing is made.
    HoldBefore(&'static str),
    /// It is made, and whoever made it waits for the answer for ever.
    HoldAfter(&'static str),
    /// Every request reaches the server, and every answer to one that makes something is lost.
    LoseAnswers,
    /// Conditions are left out.
    Unconditional,
}

/// Stands between an archiver and its S3 server.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    rule: Arc<Mutex<Rule>>,
    held: Arc<Mutex<bool>>,
}

impl Proxy {
    pub(crate) fn start(to: u16) -> Self {
        let port = free_port();
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("a free port");
        let (rule, held) = (Arc::new(Mutex::new(Rule::Pass)), Arc::new(Mutex::new(false)));
        let (of_all, held_by_any) = (rule.clone(), held.clone());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (rule, held) = (of_all.clone(), held_by_any.clone());
                thread::spawn(move || relay(stream.ok(), to, &rule, &held));
            }
        });
        Self { port, rule, held }
    }

    pub(crate) fn set(&self, rule: Rule) {
        *self.rule.lock().expect("no panic") = rule;
        *self.held.lock().expect("no panic") = false;
    }

    /// Waits until somebody is held.
    pub(crate) fn await_held(&self) {
        until("somebody is held", || *self.held.lock().expect("no panic"));
    }
}

/// One request of one connection; the connection is closed behind its answer.
fn relay(stream: Option<TcpStream>, to: u16, rule: &Mutex<Rule>, held: &Mutex<bool>) -> Option<()> {
    let mut stream = stream?;
    let request = read_request(&mut stream)?;
    let rule = *rule.lock().expect("no panic");
    let first = String::from_utf8_lossy(request.split(|byte| *byte == b'\r').next()?).into_owned();
    let makes = |what: &str| first.starts_with("PUT ") && first.contains(what);
    match rule {
        Rule::Cut => return None,
        Rule::Refuse(status, code) => {
            let body = format!("<Error><Code>{code}</Code><Message>no</Message></Error>");
            let length = body.len();
            let head = format!("HTTP/1.1 {status} No\r\nContent-Length: {length}\r\n");
            return write!(stream, "{head}Connection: close\r\n\r\n{body}").ok();
        }
        Rule::HoldBefore(what) if makes(what) => return hold(&mut stream, held),
        Rule::HoldAfter(what) if makes(what) => {
            exchange(to, &closing(&request, "\r\nConnection: close"))?;
            return hold(&mut stream, held);
        }
        Rule::LoseAnswers if makes("") => {
            exchange(to, &closing(&request, "\r\nConnection: close"))?;
            return None;
        }
        Rule::Unconditional => {
            let request = without(&request, b"if-none-match");
            let answer = exchange(to, &closing(&request, "\r\nConnection: close"))?;
            return stream.write_all(&answer).ok();
        }
        Rule::Pass | Rule::HoldBefore(_) | Rule::HoldAfter(_) | Rule::LoseAnswers => {}
    }
    let answer = exchange(to, &closing(&request, "\r\nConnection: close"))?;
    stream.write_all(&answer).ok()
}

/// Until the other side is gone.
fn hold(stream: &mut TcpStream, held: &Mutex<bool>) -> Option<()> {
    *held.lock().expect("no panic") = true;
    stream.set_read_timeout(Some(Duration::from_secs(300))).ok()?;
    stream.read(&mut [0]).ok().map(drop)
}

fn read_request(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut request = Vec::new();
    let mut piece = [0; 16 * 1024];
    loop {
        let read = stream.read(&mut piece).ok().filter(|read| *read > 0)?;
        request.extend_from_slice(&piece[..read]);
        let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(&request[..end]).to_ascii_lowercase();
        let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
        let length: usize = length.and_then(|length| length.parse().ok()).unwrap_or_default();
        if request.len() >= end + 4 + length {
            return Some(request);
        }
    }
}

/// With one more header.
fn closing(request: &[u8], header: &str) -> Vec<u8> {
    let first = request.iter().position(|byte| *byte == b'\r').unwrap_or_default();
    [&request[..first], header.as_bytes(), &request[first..]].concat()
}

fn without(request: &[u8], header: &[u8]) -> Vec<u8> {
    let at = request.windows(header.len()).position(|word| word.eq_ignore_ascii_case(header));
    let Some(at) = at else {
        return request.to_vec();
    };
    let mut changed = request.to_vec();
    // A header that nobody knows, of the same length.
    changed[at..at + header.len()].fill(b'x');
    changed
}
