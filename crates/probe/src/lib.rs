//! Asks a program on this machine, over HTTP, how it is.
//!
//! An image that holds nothing but a program has no shell and no `curl` for a health check, so the
//! program asks itself: a second process of it, which ends with the answer. It is plain HTTP
//! without a redirect, to where the program has been told to listen, and nothing else.

use std::{
    io::{self, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    process::ExitCode,
    time::Duration,
};

use thiserror::Error;

/// How long each step of it may take. Whoever runs health checks has a limit of their own above it.
const STEP_LIMIT: Duration = Duration::from_secs(2);

/// As much of an answer as is read. Reasons are lines; the rest of a longer answer is of no use.
const ANSWER_BYTES_MAX: u64 = 64 * 1024;

/// Why a program is not well.
#[derive(Debug, Error)]
pub enum ProbeError {
    /// Nobody answers there, or not in time.
    #[error("no answer from http://{address}{path}: {source}")]
    NoAnswer {
        /// Where was asked.
        address: SocketAddr,
        /// What was asked for.
        path: String,
        /// What went wrong.
        source: io::Error,
    },
    /// What came is no HTTP.
    #[error("http://{address}{path} answers something that is no HTTP")]
    NotHttp {
        /// Where was asked.
        address: SocketAddr,
        /// What was asked for.
        path: String,
    },
    /// It says itself that it is not well.
    #[error("{path} answers {status}: {reasons}")]
    NotWell {
        /// What was asked for.
        path: String,
        /// Its status code.
        status: u16,
        /// What it says.
        reasons: String,
    },
}

/// Asks whoever listens at `listens` for `path`, and returns what it says if all is well.
///
/// # Errors
/// If nobody answers, or the answer is not 200.
pub fn ask(listens: SocketAddr, path: &str) -> Result<String, ProbeError> {
    let address = reachable(listens);
    let answer = fetch(address, path).map_err(|source| ProbeError::NoAnswer {
        address,
        path: path.to_owned(),
        source,
    })?;
    let Some((status, body)) = understand(&answer) else {
        return Err(ProbeError::NotHttp { address, path: path.to_owned() });
    };
    match status {
        200 => Ok(body.trim_end().to_owned()),
        status => Err(ProbeError::NotWell {
            path: path.to_owned(),
            status,
            reasons: body.trim_end().replace('\n', "; "),
        }),
    }
}

/// A health check as a whole: asks, says what came, and ends with 0 or 1.
#[must_use]
pub fn check(listens: SocketAddr, path: &str) -> ExitCode {
    match ask(listens, path) {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Who listens everywhere is asked at home.
fn reachable(listens: SocketAddr) -> SocketAddr {
    let home = match listens.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => ip,
    };
    SocketAddr::new(home, listens.port())
}

fn fetch(address: SocketAddr, path: &str) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect_timeout(&address, STEP_LIMIT)?;
    stream.set_read_timeout(Some(STEP_LIMIT))?;
    stream.set_write_timeout(Some(STEP_LIMIT))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer)?;
    Ok(answer)
}

/// The status and the body. A body in chunks is shown with the lengths between them: it is for
/// people, and short ones come in one piece.
fn understand(answer: &[u8]) -> Option<(u16, String)> {
    let answer = String::from_utf8_lossy(answer);
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let mut words = head.lines().next()?.split(' ');
    let is_http = words.next()?.starts_with("HTTP/1.");
    let status = words.next()?.parse().ok()?;
    is_http.then(|| (status, body.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, thread};

    use super::*;

    /// Somebody who says `answer` to the first who asks, and where.
    fn someone_who_says(answer: &'static str) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = Vec::new();
            while !asked.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                asked.push(byte[0]);
            }
            assert!(asked.starts_with(b"GET /readyz HTTP/1.1\r\n"));
            stream.write_all(answer.as_bytes()).unwrap();
        });
        address
    }

    #[test]
    fn a_program_that_is_well_is_told_of_in_its_words() {
        let address = someone_who_says("HTTP/1.1 200 OK\r\nx: y\r\n\r\nok\n");
        assert_eq!(ask(address, "/readyz").unwrap(), "ok");
    }

    #[test]
    fn what_is_wrong_is_passed_on() {
        let answer = "HTTP/1.1 503 Service Unavailable\r\n\r\nno app runs\nno store\n";
        let error = ask(someone_who_says(answer), "/readyz").unwrap_err();
        assert_eq!(error.to_string(), "/readyz answers 503: no app runs; no store");
    }

    #[test]
    fn an_answer_that_is_no_http_is_no_health() {
        let error = ask(someone_who_says("+PONG 200\r\n\r\n"), "/readyz").unwrap_err();
        assert!(matches!(error, ProbeError::NotHttp { .. }), "{error}");
    }

    #[test]
    fn nobody_is_not_well() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let error = ask(address, "/readyz").unwrap_err();
        assert!(matches!(error, ProbeError::NoAnswer { .. }), "{error}");
    }

    #[test]
    fn who_listens_everywhere_is_asked_at_home() {
        let reachable = |listens: &str| reachable(listens.parse().unwrap()).to_string();
        assert_eq!(reachable("0.0.0.0:9090"), "127.0.0.1:9090");
        assert_eq!(reachable("[::]:9090"), "[::1]:9090");
        assert_eq!(reachable("127.0.0.2:1"), "127.0.0.2:1");
    }
}
