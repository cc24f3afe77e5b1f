//! Where to listen, and by which name clients come.

use std::net::{IpAddr, SocketAddr};

use baton_mock_discord::server::Addresses;

use super::{
    mistakes::{Expected, Mistakes},
    reading::whole,
};
use crate::arguments::Arguments;

/// The four addresses.
pub(super) fn read(arguments: &Arguments, mistakes: &mut Mistakes) -> Option<Addresses> {
    let Arguments { listen, gateway_port, resume_port, rest_port, admin_port, .. } = arguments;
    let ip = mistakes.take("--listen", listen, ip);
    let ports = [
        ("--gateway-port", gateway_port),
        ("--resume-port", resume_port),
        ("--rest-port", rest_port),
        ("--admin-port", admin_port),
    ];
    let read = ports.map(|(option, value)| mistakes.take(option, value, port));
    for (at, (option, value)) in ports.iter().enumerate() {
        let is_same = |earlier: &usize| read[at] != Some(0) && read[*earlier] == read[at];
        if let (Some(_), Some(earlier)) = (read[at], (0..at).find(is_same)) {
            let what = format!("{option} {value:?} is also {}", ports[earlier].0);
            mistakes.note(what, Expected("four different ports, or 0 for any free one".to_owned()));
        }
    }
    let [gateway, resume, rest, admin] = read.map(|port| Some(SocketAddr::new(ip?, port?)));
    Some(Addresses { gateway: gateway?, resume: resume?, rest: rest?, admin: admin? })
}

/// What clients are told. Nobody can connect to *any address*, so that needs a name.
pub(super) fn public_host(
    arguments: &Arguments,
    mistakes: &mut Mistakes,
) -> Option<Option<String>> {
    let Arguments { listen, public_host, .. } = arguments;
    if let Some(given) = public_host {
        return mistakes.take("--public-host", given, host).map(Some);
    }
    if ip(listen).is_ok_and(|ip| ip.is_unspecified()) {
        let expected = "--public-host as well: the name or address that clients are told";
        mistakes.note(format!("--listen {listen:?}"), Expected(expected.to_owned()));
        return None;
    }
    Some(None)
}

fn ip(text: &str) -> Result<IpAddr, Expected> {
    let expected = "an address of this machine, such as 127.0.0.1, 0.0.0.0 or ::1";
    text.parse().map_err(|_| Expected(expected.to_owned()))
}

fn port(text: &str) -> Result<u16, Expected> {
    let port = whole(0..=u64::from(u16::MAX))(text)?;
    Ok(u16::try_from(port).unwrap_or(u16::MAX))
}

/// A host as it stands in a url. The port beside it is the one that is listened on.
fn host(text: &str) -> Result<String, Expected> {
    if let Ok(ip) = text.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
        return Ok(SocketAddr::new(ip, 0).to_string().trim_end_matches(":0").to_owned());
    }
    let is_of_a_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_of_a_name) {
        return Ok(text.to_owned());
    }
    Err(Expected("a host name or an address without scheme and port, such as discord".to_owned()))
}
