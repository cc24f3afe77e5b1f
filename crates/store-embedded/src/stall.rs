//! Notices a disk that does not answer.
//!
//! A sync can hang for as long as the device likes, and the thread that waits for it cannot say
//! so. This other thread can: it measures each transaction, by a clock that no test stops.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread,
    time::Duration,
};

use crate::live::Live;

/// Measures what the thread that writes does.
pub(crate) struct Stopwatch(Sender<Mark>);

enum Mark {
    Begun,
    Done,
}

impl Stopwatch {
    /// Starts measuring for this store: what takes longer than `limit` is a stall. The thread
    /// ends when the stopwatch is dropped.
    pub(crate) fn start(live: Arc<Live>, limit: Duration) -> std::io::Result<Self> {
        let (sender, marks) = channel();
        thread::Builder::new()
            .name("baton-store-stall".to_owned())
            .spawn(move || watch(&live, &marks, limit))?;
        Ok(Self(sender))
    }

    /// Does something that is expected to take less than the limit.
    pub(crate) fn time<T>(&self, work: impl FnOnce() -> T) -> T {
        self.mark(Mark::Begun);
        let done = work();
        self.mark(Mark::Done);
        done
    }

    fn mark(&self, mark: Mark) {
        let sent = self.0.send(mark);
        assert!(sent.is_ok(), "the stall thread ends only after the stopwatch");
    }
}

/// Ends when the stopwatch is gone, which the thread that writes holds as long as it lives.
fn watch(live: &Live, marks: &Receiver<Mark>, limit: Duration) {
    while let Ok(Mark::Begun) = marks.recv() {
        match marks.recv_timeout(limit) {
            Ok(Mark::Begun | Mark::Done) => {}
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                live.set_stalled(true);
                let _done = marks.recv();
                live.set_stalled(false);
            }
        }
    }
}
