//! A real S3 server: moto's, which `scripts/clients` installs.

use std::{
    env,
    io::{Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
};

use crate::{
    archiver::{free_port, watch},
    reader::Objects,
    waiting::until,
};

/// A running S3 server with an empty bucket `events`. Dropping it kills it.
pub(crate) struct Moto {
    child: Child,
    watchdog: Child,
    pub(crate) port: u16,
}

impl Moto {
    pub(crate) fn start() -> Self {
        let modules = env::var("BATON_TEST_MOTO").unwrap_or_else(|_| {
            panic!("BATON_TEST_MOTO is not set; run scripts/test, or eval \"$(scripts/clients)\"")
        });
        let port = free_port();
        let child = Command::new("python3")
            .args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()])
            .env_clear()
            .envs(["PATH", "HOME"].map(|name| (name, env::var(name).unwrap_or_default())))
            .env("PYTHONPATH", modules)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("python3 starts");
        let watchdog = watch(&child);
        let moto = Self { child, watchdog, port };
        until("the S3 server answers", || moto.ask("PUT", "/events").is_some());
        moto
    }

    fn ask(&self, method: &str, path: &str) -> Option<Vec<u8>> {
        // It asks for a name, and for no proof of it.
        let who = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, \
                   SignedHeaders=host, Signature=0";
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\
             Authorization: {who}\r\nConnection: close\r\n\r\n"
        );
        let answer = exchange(self.port, request.as_bytes())?;
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
        answer.starts_with(b"HTTP/1.1 200").then(|| answer[end + 4..].to_vec())
    }

    /// All objects of entries in its bucket.
    pub(crate) fn objects(&self) -> Objects {
        let listed = self.ask("GET", "/events?list-type=2&max-keys=1000").expect("a list");
        let listed = String::from_utf8(listed).expect("text");
        assert!(listed.contains("<IsTruncated>false"), "all objects stand in one list");
        let keys = listed.split("<Key>").skip(1).filter_map(|rest| rest.split("</Key>").next());
        let objects = keys.filter(|key| key.ends_with(".zst")).map(|key| {
            let object = self.ask("GET", &format!("/events/{key}")).expect("an object");
            (key.to_owned(), object)
        });
        objects.collect()
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        for child in [&mut self.child, &mut self.watchdog] {
            // It may have ended already.
            drop(child.kill());
            drop(child.wait());
        }
    }
}

/// Sends a request that asks for the connection to be closed, and reads the whole answer.
pub(crate) fn exchange(port: u16, request: &[u8]) -> Option<Vec<u8>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.write_all(request).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    Some(answer)
}
