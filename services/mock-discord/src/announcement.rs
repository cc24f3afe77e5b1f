//! Where it listens, for people and for programs.

use std::{
    io::{self, Write},
    net::SocketAddr,
};

use baton_mock_discord::server::Addresses;
use serde_json::{Map, Value, json};

/// How to say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A line for each face.
    Text,
    /// One line with an object of all four.
    Json,
}

/// One of the four addresses, and how clients reach it.
struct Face {
    name: &'static str,
    url: String,
    address: SocketAddr,
}

/// Says it on standard output. Whoever has closed that does not want to know.
pub(crate) fn announce(addresses: Addresses, public_host: Option<&str>, form: Form) {
    let faces = faces(addresses, public_host);
    let text = match form {
        Form::Text => as_text(&faces),
        Form::Json => as_json(&faces),
    };
    let mut out = io::stdout().lock();
    drop(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
}

fn faces(addresses: Addresses, public_host: Option<&str>) -> [Face; 4] {
    let Addresses { gateway, resume, rest, admin } = addresses;
    let face = |name, scheme, address: SocketAddr| {
        let url = match public_host {
            Some(host) => format!("{scheme}://{host}:{}", address.port()),
            None => format!("{scheme}://{address}"),
        };
        Face { name, url, address }
    };
    [
        face("gateway", "ws", gateway),
        face("resume", "ws", resume),
        face("rest", "http", rest),
        face("admin", "http", admin),
    ]
}

fn as_text(faces: &[Face]) -> String {
    let line = |face: &Face| {
        let Face { name, url, address } = face;
        format!("{name:<7} {url} (listens on {address})\n")
    };
    faces.iter().map(line).collect()
}

fn as_json(faces: &[Face]) -> String {
    let entry = |face: &Face| {
        let Face { name, url, address } = face;
        ((*name).to_owned(), json!({"url": url, "address": address}))
    };
    format!("{}\n", Value::Object(faces.iter().map(entry).collect::<Map<_, _>>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_face_is_named_as_clients_reach_it() {
        let mut addresses = Addresses::LOOPBACK;
        addresses.admin = "[::1]:4003".parse().unwrap();
        let text = as_text(&faces(addresses, None));
        assert_eq!(text.lines().last(), Some("admin   http://[::1]:4003 (listens on [::1]:4003)"));
        let json: Value = serde_json::from_str(&as_json(&faces(addresses, Some("mock")))).unwrap();
        assert_eq!(json["gateway"], json!({"url": "ws://mock:0", "address": "127.0.0.1:0"}));
        assert_eq!(json["admin"]["url"], "http://mock:4003");
    }
}
