//! A client that hides nothing: words out, a reply in.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

/// A reply as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Simple(String),
    Error(String),
    Number(i64),
    Bulk(String),
    Null,
    NullList,
    List(Vec<Value>),
    Map(Vec<(Value, Value)>),
    Push(Vec<Value>),
}

pub(crate) struct Client(BufReader<TcpStream>);

/// Waits until something is so that others bring about.
pub(crate) fn until(mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "it does not happen");
        thread::yield_now();
    }
}

/// An answer that takes longer never comes.
const PATIENCE: Duration = Duration::from_secs(20);

impl Client {
    pub(crate) fn to(address: SocketAddr) -> Self {
        let socket = TcpStream::connect(address).expect("somebody listens");
        socket.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        Self(BufReader::new(socket))
    }

    pub(crate) fn speaking(protocol: &str, address: SocketAddr) -> Self {
        let mut client = Self::to(address);
        client.ask(&["HELLO", protocol]);
        client
    }

    pub(crate) fn ask<W: AsRef<[u8]>>(&mut self, words: &[W]) -> Value {
        self.send(words);
        self.receive()
    }

    pub(crate) fn send<W: AsRef<[u8]>>(&mut self, words: &[W]) {
        let mut request = format!("*{}\r\n", words.len()).into_bytes();
        for word in words {
            request.extend_from_slice(format!("${}\r\n", word.as_ref().len()).as_bytes());
            request.extend_from_slice(word.as_ref());
            request.extend_from_slice(b"\r\n");
        }
        self.send_raw(&request);
    }

    pub(crate) fn send_raw(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).expect("sent");
    }

    pub(crate) fn receive(&mut self) -> Value {
        self.read().expect("a reply")
    }

    /// The next reply, unless the other side has closed the connection before the end of it.
    pub(crate) fn try_receive(&mut self) -> Option<Value> {
        self.read().ok()
    }

    fn read(&mut self) -> io::Result<Value> {
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        let line = line.strip_suffix("\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
        let (kind, text) = line.split_at(1);
        let number = || text.parse::<i64>().expect("a number");
        Ok(match kind {
            "+" => Value::Simple(text.to_owned()),
            "-" => Value::Error(text.to_owned()),
            ":" => Value::Number(number()),
            "_" => Value::Null,
            "$" if number() < 0 => Value::Null,
            "$" | "=" => Value::Bulk(self.bulk(number())?),
            "*" if number() < 0 => Value::NullList,
            "*" => Value::List(self.list(number())?),
            ">" => Value::Push(self.list(number())?),
            "%" => {
                let pairs = (0..number()).map(|_| Ok((self.read()?, self.read()?)));
                Value::Map(pairs.collect::<io::Result<_>>()?)
            }
            other => panic!("a reply that begins with {other:?}"),
        })
    }

    fn list(&mut self, length: i64) -> io::Result<Vec<Value>> {
        (0..length).map(|_| self.read()).collect()
    }

    fn bulk(&mut self, length: i64) -> io::Result<String> {
        let mut bytes = vec![0; usize::try_from(length).expect("a length") + 2];
        self.0.read_exact(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes[..bytes.len() - 2]).into_owned())
    }

    /// Waits until the other side has written something.
    pub(crate) fn wait_for_reply(&mut self) {
        let bytes = self.0.fill_buf().expect("a reply");
        assert!(!bytes.is_empty(), "the connection was closed");
    }

    /// Has the other side closed the connection?
    pub(crate) fn is_closed(&mut self) -> bool {
        match self.0.read(&mut [0]) {
            Ok(count) => count == 0,
            Err(error) => error.kind() == io::ErrorKind::ConnectionReset,
        }
    }
}

impl Value {
    pub(crate) fn error(&self) -> &str {
        let Self::Error(why) = self else { panic!("no error: {self:?}") };
        why
    }

    pub(crate) fn list(&self) -> &[Value] {
        let Self::List(items) = self else { panic!("no list: {self:?}") };
        items
    }

    pub(crate) fn text(&self) -> &str {
        let (Self::Bulk(text) | Self::Simple(text)) = self else { panic!("no text: {self:?}") };
        text
    }

    pub(crate) fn number(&self) -> i64 {
        let Self::Number(number) = self else { panic!("no number: {self:?}") };
        *number
    }
}
