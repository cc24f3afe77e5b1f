//! The end at the store: answers one question a connection.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use baton_model::{
    FleetName,
    limits::{
        OPERATOR_ANSWER_BYTES_MAX, OPERATOR_PATIENCE, OPERATOR_QUESTION_BYTES_MAX,
        OPERATORS_AT_ONCE_MAX, RESP_ACCEPT_PAUSE,
    },
};
use baton_store::{StoreError, wire};
use tokio::{
    io::AsyncWriteExt,
    net::{UnixListener, UnixStream},
    sync::Notify,
    task::{JoinHandle, JoinSet},
    time::{sleep, timeout},
};

use super::{
    Answered, Asked, BUSY, VERSION, frame,
    place::{Way, socket_in},
};
use crate::EmbeddedStore;

/// What operators find.
#[derive(Debug, Clone)]
pub struct OperatorOptions {
    /// The fleet that runs on the store.
    pub fleet: FleetName,
    /// Is told when an operator wants the process to end.
    pub ending: Arc<Notify>,
}

/// A socket in the store's folder, for its owner only. Dropping it removes it.
#[derive(Debug)]
pub struct OperatorSocket {
    path: PathBuf,
    accepting: JoinHandle<()>,
}

impl OperatorSocket {
    /// Listens in the folder of this store. What a killed process left there is taken away:
    /// whoever has the store open is alone in its folder.
    ///
    /// # Errors
    /// If the folder's disk knows no sockets, or takes none.
    pub fn listen(
        store: &EmbeddedStore,
        folder: &Path,
        options: OperatorOptions,
    ) -> io::Result<Self> {
        let path = socket_in(folder);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let listener = UnixListener::bind(Way::to(folder)?.path)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        let owner = fs::metadata(&path)?.uid();
        let house = Arc::new(House { store: store.clone(), owner, options });
        Ok(Self { path, accepting: tokio::spawn(accept(listener, house)) })
    }
}

impl Drop for OperatorSocket {
    fn drop(&mut self) {
        // It may be gone with its folder.
        drop(fs::remove_file(&self.path));
        self.accepting.abort();
    }
}

/// What every connection needs.
struct House {
    store: EmbeddedStore,
    owner: u32,
    options: OperatorOptions,
}

/// Ends when its task is aborted, and every connection with it.
async fn accept(listener: UnixListener, house: Arc<House>) {
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((socket, _)) => {
                while connections.try_join_next().is_some() {}
                if connections.len() < OPERATORS_AT_ONCE_MAX {
                    connections.spawn(serve(socket, house.clone()));
                } else {
                    // It fits into the socket's buffer; if not, the operator is gone.
                    drop(socket.try_write(format!("{BUSY}\n").as_bytes()));
                }
            }
            // This machine has no descriptors left, or the operator has gone; others may come.
            Err(_) => sleep(RESP_ACCEPT_PAUSE).await,
        }
    }
}

async fn serve(mut socket: UnixStream, house: Arc<House>) {
    // Whoever has gone, is too slow or speaks something else is no reason to do anything.
    drop(timeout(OPERATOR_PATIENCE, house.converse(&mut socket)).await);
}

impl House {
    async fn converse(&self, socket: &mut UnixStream) -> io::Result<()> {
        // The mode of a socket in a file system says who may connect, but not everywhere, and not
        // in the moment in which it was made.
        if !may_operate(socket.peer_cred()?.uid(), self.owner) {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let greeting = format!("baton {VERSION} {}\n", self.options.fleet);
        socket.write_all(greeting.as_bytes()).await?;
        let (kind, asked) = frame::read(socket, OPERATOR_QUESTION_BYTES_MAX).await?;
        let Some(kind) = Asked::of(kind) else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        let answer = match kind {
            Asked::Question => within_limits(wire::answer(&self.store, &asked).await),
            Asked::End => Ok(Vec::new()),
        };
        match answer {
            Ok(answer) => frame::write(socket, Answered::Answer.code(), &answer).await,
            Err(error) => {
                let error = rmp_serde::to_vec_named(&error).map_err(io::Error::other)?;
                frame::write(socket, Answered::StoreError.code(), &error).await
            }
        }?;
        if kind == Asked::End {
            self.options.ending.notify_one();
        }
        Ok(())
    }
}

/// Whoever has the folder, and root, to whom nothing is forbidden anyway.
const fn may_operate(uid: u32, owner: u32) -> bool {
    uid == owner || uid == 0
}

fn within_limits(answer: Result<Vec<u8>, StoreError>) -> Result<Vec<u8>, StoreError> {
    let answer = answer?;
    let bytes = answer.len();
    if bytes >= OPERATOR_ANSWER_BYTES_MAX {
        return Err(StoreError::refused(format!(
            "the answer has {bytes} bytes, and {OPERATOR_ANSWER_BYTES_MAX} are the most; ask for \
             less at once"
        )));
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_owner_and_root_may_operate_and_nobody_else() {
        let judged = [(7, 7), (0, 7), (0, 0), (8, 7), (7, 0), (u32::MAX, 7)];
        let judged = judged.map(|(uid, owner)| may_operate(uid, owner));
        assert_eq!(judged, [true, true, true, false, false, false]);
    }

    #[test]
    fn an_answer_that_is_too_long_is_refused_in_words_and_one_that_just_fits_is_not() {
        let judged = |bytes| within_limits(Ok(vec![0; bytes])).map(|answer| answer.len());
        assert_eq!(judged(OPERATOR_ANSWER_BYTES_MAX - 1), Ok(OPERATOR_ANSWER_BYTES_MAX - 1));
        let error = judged(OPERATOR_ANSWER_BYTES_MAX).expect_err("it does not fit into a frame");
        assert!(error.to_string().contains("ask for less at once"), "{error}");
    }
}
