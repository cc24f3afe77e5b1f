//! The end at an operator's: a store that another process has open.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use baton_model::{
    FleetName,
    limits::{
        OPERATOR_ANSWER_BYTES_MAX, OPERATOR_GREETING_BYTES_MAX, OPERATOR_PATIENCE,
        OPERATOR_QUESTION_BYTES_MAX,
    },
};
use baton_store::{ForOperators, Question, StoreError, wire};
use thiserror::Error;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    net::UnixStream,
    time::timeout,
};

use super::{Answered, Asked, BUSY, VERSION, frame, place::Way};

/// The other end gives up first, and then says nothing.
const PATIENCE: Duration = OPERATOR_PATIENCE.saturating_add(Duration::from_secs(5));

/// Why a store that another process has open cannot be operated.
#[derive(Debug, Error)]
pub enum AttachError {
    /// Nobody has it open.
    #[error("no process runs on {folder}; start it with `baton up`, or name another folder")]
    NobodyThere {
        /// Where.
        folder: PathBuf,
    },
    /// Somebody has it open who does not know operators, or not these.
    #[error("{folder} cannot be operated; only the user whose process runs there can")]
    NotOurs {
        /// Where.
        folder: PathBuf,
    },
    /// Another version runs there.
    #[error("baton {theirs} runs on {folder}, and this is {VERSION}; use its own `baton`")]
    OtherVersion {
        /// Where.
        folder: PathBuf,
        /// Which.
        theirs: String,
    },
    /// Too many others ask.
    #[error("the process on {folder} answers others; try again")]
    Busy {
        /// Where.
        folder: PathBuf,
    },
    /// What answers is something else.
    #[error("{folder}: what runs there does not answer as a baton does")]
    NoBaton {
        /// Where.
        folder: PathBuf,
    },
    /// The operating system does not let us.
    #[error("{folder} cannot be reached")]
    Io {
        /// Where.
        folder: PathBuf,
        /// What it said.
        #[source]
        source: io::Error,
    },
}

/// A store that another process has open, as far as operators need it.
#[derive(Clone)]
pub struct Attached {
    folder: Arc<Path>,
    fleet: FleetName,
}

impl Attached {
    /// Asks the process that runs on this folder who it is.
    ///
    /// # Errors
    /// [`AttachError`], if nobody is there, or nobody who could be understood.
    pub async fn find(folder: &Path) -> Result<Self, AttachError> {
        let mut connection = connected(folder).await?;
        let fleet = greeted(folder, &mut connection).await?;
        Ok(Self { folder: folder.into(), fleet })
    }

    /// The store's folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The fleet that runs there.
    #[must_use]
    pub const fn fleet(&self) -> &FleetName {
        &self.fleet
    }

    /// Has the process end, as a signal would: its sessions are kept. It has heard when this
    /// returns; it has ended when the folder can be opened.
    ///
    /// # Errors
    /// If it is not there, or did not answer.
    pub async fn end(&self) -> Result<(), StoreError> {
        self.exchange(Asked::End, &[]).await.map(drop)
    }

    async fn exchange(&self, kind: Asked, asked: &[u8]) -> Result<Vec<u8>, StoreError> {
        if asked.len() >= OPERATOR_QUESTION_BYTES_MAX {
            let bytes = asked.len();
            return Err(StoreError::refused(format!(
                "the question has {bytes} bytes; expected less than {OPERATOR_QUESTION_BYTES_MAX}"
            )));
        }
        let gone = |error: AttachError| StoreError::unavailable(error.to_string());
        let mut connection = connected(&self.folder).await.map_err(gone)?;
        greeted(&self.folder, &mut connection).await.map_err(gone)?;
        let exchanged = timeout(PATIENCE, async {
            frame::write(connection.get_mut(), kind.code(), asked).await?;
            frame::read(&mut connection, OPERATOR_ANSWER_BYTES_MAX).await
        });
        let unknown = |error: io::Error| StoreError::unknown(error.to_string());
        let (kind, body) = exchanged
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
            .map_err(unknown)?;
        match Answered::of(kind) {
            Some(Answered::Answer) => Ok(body),
            Some(Answered::StoreError) => Err(rmp_serde::from_slice(&body)
                .unwrap_or_else(|error| StoreError::unknown(error.to_string()))),
            None => Err(StoreError::unknown("the answer is none")),
        }
    }
}

impl fmt::Debug for Attached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attached").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl ForOperators for Attached {
    async fn ask<Q: Question>(&self, question: Q) -> Result<Q::Answer, Q::Error> {
        let answer = self.exchange(Asked::Question, &wire::asked(&question)).await?;
        wire::answered::<Q>(&answer)
    }
}

async fn connected(folder: &Path) -> Result<BufReader<UnixStream>, AttachError> {
    let of = || folder.to_owned();
    let way = Way::to(folder);
    let connected = match &way {
        Ok(way) => UnixStream::connect(&way.path).await,
        Err(error) => Err(error.kind().into()),
    };
    // A socket without a process is what a killed one leaves.
    let is_nobody = |source: &io::Error| {
        use io::ErrorKind::{ConnectionRefused, NotADirectory, NotFound};
        matches!(source.kind(), NotFound | ConnectionRefused | NotADirectory)
    };
    connected.map(BufReader::new).map_err(|source| {
        if is_nobody(&source) {
            AttachError::NobodyThere { folder: of() }
        } else if source.kind() == io::ErrorKind::PermissionDenied {
            AttachError::NotOurs { folder: of() }
        } else {
            AttachError::Io { folder: of(), source }
        }
    })
}

/// Reads who is there, and answers with its fleet.
async fn greeted(
    folder: &Path,
    connection: &mut BufReader<UnixStream>,
) -> Result<FleetName, AttachError> {
    let no_baton = || AttachError::NoBaton { folder: folder.to_owned() };
    let (mut line, most) = (String::new(), OPERATOR_GREETING_BYTES_MAX as u64);
    let read = timeout(PATIENCE, (&mut *connection).take(most).read_line(&mut line)).await;
    match read {
        Ok(Ok(0)) => return Err(AttachError::NotOurs { folder: folder.to_owned() }),
        Ok(Ok(_)) => {}
        Ok(Err(_)) | Err(_) => return Err(no_baton()),
    }
    let words: Vec<_> = line.trim_end().split(' ').collect();
    match words[..] {
        ["baton", VERSION, fleet] => fleet.parse().map_err(|_| no_baton()),
        [BUSY] => Err(AttachError::Busy { folder: folder.to_owned() }),
        ["baton", theirs, ..] => {
            let (folder, theirs) = (folder.to_owned(), theirs.to_owned());
            Err(AttachError::OtherVersion { folder, theirs })
        }
        _ => Err(no_baton()),
    }
}
