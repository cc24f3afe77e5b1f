//! How handlers fare: by name, their last outcome, counts, durations.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use crate::machine::Ending;

/// How a consumer's handlers fare. Cheap to clone; all clones see the same.
#[derive(Debug, Clone, Default)]
pub struct Health {
    handlers: Arc<[Handler]>,
}

#[derive(Debug)]
struct Handler {
    name: Arc<str>,
    handled: AtomicU64,
    failed: AtomicU64,
    nanos: AtomicU64,
    /// The last error, while the last run is one that failed.
    last_error: Mutex<Option<String>>,
}

/// How one handler fares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandlerHealth {
    /// Deliveries that it has handled.
    pub handled: u64,
    /// Attempts that failed: by an error, by a panic, by taking too long.
    pub failed: u64,
    /// The time that all of them have taken together.
    pub busy: Duration,
    /// The error of its last run, if that failed.
    pub last_error: Option<String>,
}

impl Health {
    pub(crate) fn new<'a>(names: impl Iterator<Item = &'a Arc<str>>) -> Self {
        let handler = |name: &Arc<str>| Handler {
            name: name.clone(),
            handled: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            nanos: AtomicU64::new(0),
            last_error: Mutex::new(None),
        };
        Self { handlers: names.map(handler).collect() }
    }

    pub(crate) fn note(&self, place: usize, ending: &Ending, took: Duration) {
        let handler = &self.handlers[place];
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        handler.nanos.fetch_add(nanos, Ordering::Relaxed);
        let mut last_error = handler.last_error.lock().unwrap_or_else(PoisonError::into_inner);
        match ending {
            Ending::Handled => {
                handler.handled.fetch_add(1, Ordering::Relaxed);
                *last_error = None;
            }
            Ending::Failed(error) => {
                handler.failed.fetch_add(1, Ordering::Relaxed);
                *last_error = Some(error.clone());
            }
        }
    }

    /// How the handler of this name fares; nothing if there is none.
    #[must_use]
    pub fn handler(&self, name: &str) -> Option<HandlerHealth> {
        self.handlers.iter().find(|handler| *handler.name == *name).map(Handler::view)
    }

    /// How all of them fare.
    #[must_use]
    pub fn handlers(&self) -> BTreeMap<String, HandlerHealth> {
        self.handlers.iter().map(|handler| (handler.name.to_string(), handler.view())).collect()
    }
}

impl Handler {
    fn view(&self) -> HandlerHealth {
        let last_error = self.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone();
        HandlerHealth {
            handled: self.handled.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
            busy: Duration::from_nanos(self.nanos.load(Ordering::Relaxed)),
            last_error,
        }
    }
}
