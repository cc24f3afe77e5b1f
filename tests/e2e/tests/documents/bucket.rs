//! A bucket of a real S3 server: moto's, which `scripts/clients` installs.

use std::{
    env,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use baton_e2e::{consumers::installed, processes::PATIENCE};

/// An S3 server with one bucket. Dropping it kills it.
pub(crate) struct Bucket {
    server: Child,
    watchdog: Child,
    port: u16,
    name: String,
}

impl Bucket {
    /// An empty one.
    pub(crate) fn start(name: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let server = Command::new("python3")
            .args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()])
            .env_clear()
            .envs(["PATH", "HOME"].map(|name| (name, env::var(name).unwrap_or_default())))
            .env("PYTHONPATH", installed("BATON_TEST_MOTO"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("python3 starts");
        let watchdog = crate::shell::watch(&server.id().to_string());
        let bucket = Self { server, watchdog, port, name: name.to_owned() };
        let end = Instant::now() + PATIENCE;
        while bucket.ask("PUT", "").is_none() {
            assert!(Instant::now() < end, "the S3 server does not answer");
            sleep(Duration::from_millis(50));
        }
        bucket
    }

    /// Where it is.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// How many objects with entries are in it.
    pub(crate) fn objects(&self) -> usize {
        let listed = self.ask("GET", "?list-type=2&max-keys=1000").expect("a list");
        listed.matches(".ndjson.zst</Key>").count()
    }

    fn ask(&self, method: &str, query: &str) -> Option<String> {
        // It asks for a name, and for no proof of it.
        let who = "AWS4-HMAC-SHA256 Credential=test/20260101/eu-central-1/s3/aws4_request, \
                   SignedHeaders=host, Signature=0";
        let region = "<CreateBucketConfiguration><LocationConstraint>eu-central-1\
                      </LocationConstraint></CreateBucketConfiguration>";
        let body = if method == "PUT" { region } else { "" };
        let request = format!(
            "{method} /{}{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {}\r\n\
             Authorization: {who}\r\nConnection: close\r\n\r\n{body}",
            self.name,
            body.len()
        );
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        answer.starts_with("HTTP/1.1 200").then_some(answer)
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        for child in [&mut self.server, &mut self.watchdog] {
            // It may have ended already.
            drop(child.kill());
            drop(child.wait());
        }
    }
}
