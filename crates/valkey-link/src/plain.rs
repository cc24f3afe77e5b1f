//! A connection to one server for one request at a time, whose replies are read where they lie.
//!
//! redis allocates every value of a reply, which is most of what reading a busy lane costs. Its
//! commands and its errors are used here all the same, so that either kind of connection fails in
//! the same words.

use std::{io, sync::Arc, time::Duration};

use redis::{Cmd, ErrorKind, RedisError, RedisResult};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;

use crate::{
    Login, Part, Parts, Place, Server, ensure_crypto_provider,
    reply::{NoReply, ReplyReader, server_said},
};

/// Room that there is at the least for what comes next.
const ROOM_MIN: usize = 64 * 1024;

/// Room that is kept from one reply to the next. A greater reply was an exception.
const ROOM_KEPT: usize = 2 * 1024 * 1024;

/// Bytes of a reply: more than the greatest of lanes' reads has.
const REPLY_BYTES_MAX: usize = 1024 * 1024 * 1024;

trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for S {}

/// The connection. After an error that is not the server's answer it is of no use any more.
pub struct Plain {
    stream: Box<dyn Stream>,
    answers_within: Duration,
    buffer: Vec<u8>,
    reader: ReplyReader,
}

impl Plain {
    /// Connects to a server and logs in. How long that may take is up to the caller.
    ///
    /// # Errors
    /// What the connection or the server says.
    pub async fn open(
        server: &Server,
        place: Place<'_>,
        answers_within: Duration,
    ) -> RedisResult<Self> {
        let tcp = TcpStream::connect((server.host.as_str(), server.port)).await?;
        tcp.set_nodelay(true)?;
        let stream: Box<dyn Stream> = match place.url.tls {
            true => Box::new(encrypted(server, place, tcp).await?),
            false => Box::new(tcp),
        };
        let (buffer, reader) = (Vec::new(), ReplyReader::default());
        let mut connection = Self { stream, answers_within, buffer, reader };
        connection.log_in(&place.url.login).await?;
        Ok(connection)
    }

    async fn log_in(&mut self, login: &Login) -> RedisResult<()> {
        let Some(password) = &login.password else {
            return Ok(());
        };
        let mut auth = redis::cmd("AUTH");
        auth.arg(&login.user).arg(password);
        let refused = |error: RedisError| match error.code() {
            // In redis' words: what the server says may name the user.
            Some(_) => (ErrorKind::AuthenticationFailed, "Password authentication failed").into(),
            None => error,
        };
        self.ask(&auth).await.map(drop).map_err(refused)
    }

    /// Sends a request and waits for its reply. It is not to be given up on the way: then nobody
    /// would know what the next reply is about.
    ///
    /// # Errors
    /// What the connection or the server says.
    pub async fn ask(&mut self, request: &Cmd) -> RedisResult<Parts<'_>> {
        self.forget();
        match timeout(self.answers_within, self.exchange(request)).await {
            Ok(exchanged) => exchanged?,
            Err(_) => return Err(io::Error::from(io::ErrorKind::TimedOut).into()),
        }
        let parts = self.reader.parts(&self.buffer);
        match parts.clone().next() {
            Some(Part::Error(text)) => Err(server_said(text)),
            Some(_) | None => Ok(parts),
        }
    }

    async fn exchange(&mut self, request: &Cmd) -> RedisResult<()> {
        self.stream.write_all(&request.get_packed_command()).await?;
        self.stream.flush().await?;
        while !self.reader.read(&self.buffer).map_err(no_reply)? {
            if self.buffer.len() > REPLY_BYTES_MAX {
                return Err((ErrorKind::Parse, "server's reply does not end").into());
            }
            self.buffer.reserve(ROOM_MIN);
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
        }
        match self.reader.end() == self.buffer.len() {
            true => Ok(()),
            false => Err((ErrorKind::Parse, "server answered more than it was asked").into()),
        }
    }

    fn forget(&mut self) {
        self.reader.clear();
        self.buffer.clear();
        self.buffer.shrink_to(ROOM_KEPT);
    }
}

fn no_reply(error: NoReply) -> RedisError {
    (ErrorKind::Parse, "server's reply cannot be read", error.to_string()).into()
}

async fn encrypted(
    server: &Server,
    place: Place<'_>,
    tcp: TcpStream,
) -> RedisResult<impl Stream + use<>> {
    ensure_crypto_provider();
    let config = ClientConfig::builder().with_root_certificates(roots(place)?);
    let connector = TlsConnector::from(Arc::new(config.with_no_client_auth()));
    let name = ServerName::try_from(server.host.clone()).map_err(|_| {
        RedisError::from((ErrorKind::InvalidClientConfig, "a server's name is none for TLS"))
    })?;
    Ok(connector.connect(name, tcp).await?)
}

/// Whom to trust.
fn roots(place: Place<'_>) -> RedisResult<RootCertStore> {
    let mut roots = RootCertStore::empty();
    let Some(pem) = place.ca_pem else {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        return Ok(roots);
    };
    let wrong = |why: String| {
        let what = "certificates to trust cannot be read as PEM";
        RedisError::from((ErrorKind::InvalidClientConfig, what, why))
    };
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
    }
    Ok(roots)
}
