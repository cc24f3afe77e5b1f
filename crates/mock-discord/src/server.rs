//! The thin server around [`Discord`]: websockets, REST and the admin API, on loopback.
//!
//! It has no opinion. Whatever happens becomes an [`Input`], whatever comes out is carried out, and
//! one task owns the machine, so that what happened first is judged first.

mod actor;
mod compression;
mod http;
mod websocket;

use std::{io, net::SocketAddr};

use thiserror::Error;
use tokio::{
    net::{TcpListener, TcpSocket},
    task::JoinSet,
};

use crate::{Discord, Host, Input, Settings};
use actor::Desk;

/// Connections that may wait to be accepted: a fleet comes all at once.
const BACKLOG: u32 = 4_096;

/// Where the server listens. Port 0 lets the system choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    /// For websockets of new sessions.
    pub gateway: SocketAddr,
    /// For websockets of resumed sessions; an address of its own, so that it can be dead.
    pub resume: SocketAddr,
    /// For what Discord's REST API answers.
    pub rest: SocketAddr,
    /// For faults, load and the books.
    pub admin: SocketAddr,
}

impl Addresses {
    /// Four free ports on loopback.
    pub const LOOPBACK: Self = {
        let any = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);
        Self { gateway: any, resume: any, rest: any, admin: any }
    };
}

/// Why it does not start.
#[derive(Debug, Error)]
#[error("cannot listen on {address}; end what listens there, or choose another port (0: any)")]
pub struct StartError {
    /// Where it was to listen.
    pub address: SocketAddr,
    /// What the system says.
    #[source]
    pub source: io::Error,
}

/// A simulated Discord that is running. It ends when this is dropped.
#[derive(Debug)]
pub struct Server {
    addresses: Addresses,
    desk: Desk,
    _tasks: JoinSet<()>,
}

impl Server {
    /// Starts listening. The urls in `settings` are set to where it listens.
    ///
    /// # Errors
    /// If one of the addresses cannot be listened on: which, and why.
    pub async fn start(
        settings: Settings,
        seed: u64,
        addresses: Addresses,
    ) -> Result<Self, StartError> {
        Self::start_behind(None, settings, seed, addresses).await
    }

    /// Starts listening for clients that reach it by this name: a host name or an address, in
    /// brackets if it is one of IPv6. None means the addresses themselves.
    ///
    /// # Errors
    /// If one of the addresses cannot be listened on: which, and why.
    pub async fn start_behind(
        public_host: Option<&str>,
        mut settings: Settings,
        seed: u64,
        addresses: Addresses,
    ) -> Result<Self, StartError> {
        let gateway = listen(addresses.gateway)?;
        let resume = listen(addresses.resume)?;
        let rest = listen(addresses.rest)?;
        let admin = listen(addresses.admin)?;
        let addresses =
            Addresses { gateway: gateway.1, resume: resume.1, rest: rest.1, admin: admin.1 };
        settings.gateway_url = url_of(public_host, addresses.gateway);
        settings.resume_url = url_of(public_host, addresses.resume);
        let mut tasks = JoinSet::new();
        let desk = actor::open(settings, seed, &mut tasks);
        tasks.spawn(websocket::accept(gateway.0, Host::Gateway, desk.clone()));
        tasks.spawn(websocket::accept(resume.0, Host::Resume, desk.clone()));
        tasks.spawn(http::serve(rest.0, http::Face::Rest, desk.clone()));
        tasks.spawn(http::serve(admin.0, http::Face::Admin, desk.clone()));
        Ok(Self { addresses, desk, _tasks: tasks })
    }

    /// Where it listens.
    #[must_use]
    pub const fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// Where clients connect.
    #[must_use]
    pub fn gateway_url(&self) -> String {
        format!("ws://{}", self.addresses.gateway)
    }

    /// Lets something happen, such as a fault or an event.
    pub async fn input(&self, input: Input) {
        self.desk.input(input).await;
    }

    /// Looks at the machine and its books.
    ///
    /// # Panics
    /// If the machine has panicked.
    pub async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Discord) -> T + Send + 'static,
    ) -> T {
        self.desk.look(look).await
    }
}

/// What clients are told. They reach every address by the same name.
fn url_of(public_host: Option<&str>, address: SocketAddr) -> String {
    match public_host {
        Some(host) => format!("ws://{host}:{}", address.port()),
        None => format!("ws://{address}"),
    }
}

fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let listen = || {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        let listener = socket.listen(BACKLOG)?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    };
    listen().map_err(|source| StartError { address, source })
}
