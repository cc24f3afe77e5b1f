//! The listener: takes connections, so many at a time, until it is dropped.

use std::{io, net::SocketAddr, sync::Arc};

use baton_model::limits::RESP_CONNECTIONS_MAX;
use bytes::Bytes;
use thiserror::Error;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
    time::sleep,
};

use super::{connection::serve, session::House};
use crate::EmbeddedStore;

/// Where and for whom to listen.
#[derive(Clone)]
pub struct RespOptions {
    /// The address; port 0 is any that is free.
    pub address: SocketAddr,
    /// The password that clients have to say. Without one only this machine is listened to.
    pub password: Option<String>,
}

impl std::fmt::Debug for RespOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { address, password } = self;
        let password = password.as_ref().map(|_| "…");
        f.debug_struct("RespOptions")
            .field("address", address)
            .field("password", &password)
            .finish()
    }
}

/// Why nobody listens.
#[derive(Debug, Error)]
pub enum ListenError {
    /// Others could read and write everything.
    #[error("{0} is not on loopback, and no password is set; set one, or listen on 127.0.0.1")]
    Exposed(SocketAddr),
    /// The operating system does not let us.
    #[error("cannot listen on {address} for Redis clients; is the port taken?")]
    Io {
        /// Where.
        address: SocketAddr,
        /// What it said.
        #[source]
        source: io::Error,
    },
}

/// Listens for Redis clients until it is dropped, which closes their connections.
#[derive(Debug)]
pub struct Resp {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Resp {
    /// Listens, and serves whoever comes from this store. It does not keep the store open: when the
    /// last handle of that is dropped, clients are told that it is unavailable.
    ///
    /// # Errors
    /// [`ListenError`], if nobody could come or anybody could.
    pub async fn listen(store: &EmbeddedStore, options: RespOptions) -> Result<Self, ListenError> {
        let RespOptions { address, password } = options;
        let password = password.filter(|password| !password.is_empty());
        if password.is_none() && !address.ip().is_loopback() {
            return Err(ListenError::Exposed(address));
        }
        let failed = |source| ListenError::Io { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let house = House { live: store.live.clone(), password: password.map(Bytes::from) };
        let accepting = tokio::spawn(accept(listener, Arc::new(house)));
        Ok(Self { address, accepting })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Resp {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Ends when its task is aborted, and every connection with it.
async fn accept(listener: TcpListener, house: Arc<House>) {
    let mut connections = JoinSet::new();
    let mut last_id = 0;
    loop {
        match listener.accept().await {
            Ok((socket, _)) => {
                while connections.try_join_next().is_some() {}
                if connections.len() >= RESP_CONNECTIONS_MAX {
                    turn_away(socket).await;
                    continue;
                }
                last_id += 1;
                // Answers are gathered here, and should not be held back by the kernel as well.
                drop(socket.set_nodelay(true));
                connections.spawn(serve(socket, last_id, house.clone()));
            }
            // This machine has no descriptors left, or the client has gone; others may come.
            Err(_) => sleep(baton_model::limits::RESP_ACCEPT_PAUSE).await,
        }
    }
}

async fn turn_away(mut socket: TcpStream) {
    // It fits into the socket's buffer, so this does not wait; if not, the client is gone.
    drop(socket.write_all(b"-ERR max number of clients reached\r\n").await);
}
