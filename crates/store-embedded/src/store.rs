//! The handle: opens a store, and closes it when the last one of it is dropped.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
};

use baton_model::PrimaryId;

use crate::{
    Clock, Durability, OpenError, Options,
    disk::{Disk, Loaded, file_in, moved_to, write_moved_to},
    live::{Answers, Batch, Live, Queue},
    stall::Stopwatch,
    state::StoreState,
    writer::{Patience, Place, Writer, primary},
};

/// A store inside the process. Clones are handles to the same one.
///
/// When the last handle is dropped, what waits for the disk is written, under every
/// [`Durability`], and the file is closed: that drop waits for the disk.
///
/// Under [`Durability::Always`] an answer waits for a thread of its own. To a runtime whose clock
/// is paused that looks like idleness, and it moves the clock on; tests that pause the clock do
/// better with another durability, or [`in_memory`](Self::in_memory), whose answers are ready at
/// once.
#[derive(Debug, Clone)]
pub struct EmbeddedStore {
    pub(crate) live: Arc<Live>,
    _closing: Option<Arc<Closing>>,
}

impl EmbeddedStore {
    /// Opens the store in this folder; makes both if they do not exist.
    ///
    /// It reads the whole file and blocks meanwhile: about a second for 100 MB.
    ///
    /// # Errors
    /// If the folder cannot be used, another process uses it, or what it holds cannot be read.
    pub fn open(folder: impl AsRef<Path>, options: Options) -> Result<Self, OpenError> {
        let folder = folder.as_ref();
        let store = Self::open_to_move(folder, options)?;
        match Self::moved_to(folder)? {
            Some(to) => Err(OpenError::Moved { folder: folder.to_owned(), to }),
            None => Ok(store),
        }
    }

    /// Opens the store in this folder as [`open`](Self::open) does, even if its fleet has moved:
    /// for whoever moves it. No instance may run on it.
    ///
    /// # Errors
    /// As those of [`open`](Self::open).
    pub fn open_to_move(folder: &Path, options: Options) -> Result<Self, OpenError> {
        let Options { durability, retention, clock } = options;
        let place =
            Place { folder: folder.to_owned(), durability, retention, patience: Patience::DEFAULT };
        let opened = Disk::open(&place.folder, durability, retention)?;
        Self::over(opened, place, clock)
    }

    /// Whether there is a store in this folder, open or not. It may be unusable.
    #[must_use]
    pub fn is_in(folder: &Path) -> bool {
        file_in(folder).is_file()
    }

    /// Where the fleet of the store in this folder has moved; none if it has not.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn moved_to(folder: &Path) -> Result<Option<String>, OpenError> {
        let failed = |source| OpenError::Io { path: folder.to_owned(), source };
        moved_to(folder).map_err(failed)
    }

    /// Writes down that the fleet of this store, which is in this folder, moves there. From then
    /// on nobody else opens it.
    ///
    /// # Errors
    /// If that cannot be written.
    pub fn set_moved_to(&self, folder: &Path, to: &str) -> Result<(), OpenError> {
        let failed = |source| OpenError::Io { path: folder.to_owned(), source };
        write_moved_to(folder, to).map_err(failed)
    }

    pub(crate) fn over(
        (disk, loaded): (Disk, Loaded),
        place: Place,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OpenError> {
        let Loaded { state, opening } = loaded;
        let (sender, queue) = mpsc::channel();
        let answers = match place.durability {
            Durability::Always => Answers::Durable,
            Durability::Every(_) | Durability::Never => Answers::AtOnce,
        };
        let to_disk = Some(Queue { sender, answers });
        let live = Arc::new(Live::new(state, primary(opening), clock, to_disk));
        let folder = place.folder.clone();
        match start(live.clone(), queue, place, disk) {
            Ok(closing) => Ok(Self { live, _closing: Some(Arc::new(closing)) }),
            Err(source) => Err(OpenError::Io { path: folder, source }),
        }
    }

    /// A store that is gone when its last handle is. It never waits for anything.
    #[must_use]
    pub fn in_memory(options: Options) -> Self {
        let state = StoreState::new(options.retention);
        let primary = PrimaryId(Arc::from("memory"));
        Self { live: Arc::new(Live::new(state, primary, options.clock, None)), _closing: None }
    }
}

fn start(
    live: Arc<Live>,
    queue: mpsc::Receiver<Batch>,
    place: Place,
    disk: Disk,
) -> std::io::Result<Closing> {
    let stopwatch = Stopwatch::start(live.clone(), place.patience.stall)?;
    let writer = Writer { live: live.clone(), queue, place, stopwatch };
    let answering = live.clone();
    let thread = thread::Builder::new().name("baton-store-write".to_owned()).spawn(move || {
        if catch_unwind(AssertUnwindSafe(|| writer.run(disk))).is_err() {
            answering.fail("the thread that writes has panicked; restart it".to_owned());
        }
    })?;
    Ok(Closing { live, thread: Some(thread) })
}

/// Closes the store when it is dropped.
#[derive(Debug)]
struct Closing {
    live: Arc<Live>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Closing {
    fn drop(&mut self) {
        self.live.close();
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok(), "the thread that writes contains its panics");
        }
    }
}
