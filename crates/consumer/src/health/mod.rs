//! How a consumer fares: its handlers, by name, and its lanes.
//!
//! Everything is noted where it happens and only looked at here: who asks costs the work nothing,
//! and neither the store nor a handler can keep the answer from being given.

#[cfg(feature = "http")]
mod exposition;
mod handler;
mod lanes;
mod told;

#[cfg(feature = "http")]
pub(crate) use exposition::{CONTENT_TYPE, write};

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use baton_model::Lane;
use handler::Handler;
pub(crate) use handler::Run;
pub use handler::{BUCKETS, HandlerHealth};
use lanes::LaneFace;

use crate::Handlers;

/// How a consumer fares. Cheap to clone; all clones see the same.
#[derive(Debug, Clone, Default)]
pub struct Health {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// There are none before the consumer runs.
    handlers: OnceLock<Vec<Handler>>,
    life: Mutex<Life>,
    lanes: Mutex<BTreeMap<Lane, LaneFace>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Life {
    #[default]
    Built,
    /// Until it is known into how many lanes the app is cut.
    Starting,
    Running,
    Stopping,
    Ended,
}

impl Health {
    /// How the handler of this name fares; nothing if there is none, or the consumer does not run
    /// yet.
    #[must_use]
    pub fn handler(&self, name: &str) -> Option<HandlerHealth> {
        self.all().iter().find(|handler| handler.name() == name).map(Handler::look)
    }

    /// How all of them fare.
    #[must_use]
    pub fn handlers(&self) -> BTreeMap<String, HandlerHealth> {
        self.all().iter().map(|handler| (handler.name().to_owned(), handler.look())).collect()
    }

    /// Whether the process should be left to run. The store is no part of it: to start anew does
    /// not bring one back.
    ///
    /// # Errors
    /// Why not.
    pub fn ensure_live(&self) -> Result<(), String> {
        match self.life() {
            Life::Built | Life::Starting | Life::Running | Life::Stopping => Ok(()),
            Life::Ended => Err("the consumer has ended; start it again".to_owned()),
        }
    }

    /// Whether it reads what it should.
    ///
    /// # Errors
    /// What stands in the way, one reason each.
    pub fn ensure_ready(&self) -> Result<(), Vec<String>> {
        let life = match self.life() {
            Life::Built => Some("the consumer does not run yet"),
            Life::Starting => Some(
                "the store has not said how many lanes the app has; check that it can be reached, \
                 and that a gateway has run the app",
            ),
            Life::Running => None,
            Life::Stopping => Some("the consumer is stopping; wait for its end"),
            Life::Ended => Some("the consumer has ended; start it again"),
        };
        let lanes = self.lanes();
        let troubles = lanes.iter().filter_map(|(lane, face)| {
            face.trouble.as_ref().map(|trouble| format!("lane {lane}: {trouble}"))
        });
        let reasons: Vec<_> = life.map(str::to_owned).into_iter().chain(troubles).collect();
        if reasons.is_empty() { Ok(()) } else { Err(reasons) }
    }

    fn all(&self) -> &[Handler] {
        self.inner.handlers.get().map_or(&[], Vec::as_slice)
    }

    fn life(&self) -> Life {
        *self.inner.life.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lanes(&self) -> BTreeMap<Lane, LaneFace> {
        self.inner.lanes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What is noted.
impl Health {
    pub(crate) fn runs(&self, handlers: &Handlers) {
        let all = handlers.names().map(|name| Handler::new(name.clone())).collect();
        let is_first = self.inner.handlers.set(all).is_ok();
        assert!(is_first, "a consumer runs once");
        self.set(Life::Starting);
    }

    pub(crate) fn knows_lanes(&self) {
        self.set(Life::Running);
    }

    pub(crate) fn stops(&self) {
        self.set(Life::Stopping);
    }

    pub(crate) fn ended(&self) {
        self.set(Life::Ended);
    }

    fn set(&self, life: Life) {
        *self.inner.life.lock().unwrap_or_else(PoisonError::into_inner) = life;
    }

    /// The handler at this place begins with something.
    pub(crate) fn begin(&self, place: usize) -> Run<'_> {
        Run::begin(&self.all()[place])
    }

    /// A lane was read, and this many entries came.
    pub(crate) fn read(&self, lane: Lane, entries: usize) {
        self.change(lane, |face| face.read(entries));
    }

    /// A lane cannot be read, or what becomes of its entries not be written.
    pub(crate) fn troubled(&self, lane: Lane, trouble: &str) {
        self.change(lane, |face| face.trouble = Some(trouble.to_owned()));
    }

    /// A delivery was given up on.
    pub(crate) fn gave_up(&self, lane: Lane) {
        self.change(lane, |face| face.dead_letters += 1);
    }

    /// A lane is not read any more.
    pub(crate) fn let_go(&self, lane: Lane) {
        self.change(lane, LaneFace::let_go);
    }

    fn change(&self, lane: Lane, change: impl FnOnce(&mut LaneFace)) {
        let mut lanes = self.inner.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        change(lanes.entry(lane).or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handlers() -> Handlers {
        Handlers::new().rest("one", async |_| Ok::<_, std::io::Error>(()))
    }

    #[test]
    fn it_lives_until_it_has_ended_whatever_the_store_does() {
        let health = Health::default();
        assert!(health.ensure_live().is_ok(), "it may wait for a store before it runs");
        health.runs(&handlers());
        health.troubled(Lane(1), "store unavailable");
        health.stops();
        assert!(health.ensure_live().is_ok());
        health.ended();
        assert!(health.ensure_live().is_err());
    }

    #[test]
    fn it_is_ready_while_it_runs_and_reads_all_its_lanes() {
        let health = Health::default();
        assert_eq!(health.ensure_ready(), Err(vec!["the consumer does not run yet".to_owned()]));
        health.runs(&handlers());
        assert!(health.ensure_ready().unwrap_err()[0].starts_with("the store has not said"));
        health.knows_lanes();
        health.read(Lane(1), 3);
        assert_eq!(health.ensure_ready(), Ok(()));
        health.troubled(Lane(1), "store unavailable: gone");
        let reason = "lane 1: store unavailable: gone".to_owned();
        assert_eq!(health.ensure_ready(), Err(vec![reason]));
        health.read(Lane(1), 0);
        assert_eq!(health.ensure_ready(), Ok(()));
        health.troubled(Lane(1), "store unavailable: gone");
        health.let_go(Lane(1));
        assert_eq!(health.ensure_ready(), Ok(()), "another's lane is another's trouble");
        health.stops();
        assert_eq!(health.ensure_ready().unwrap_err().len(), 1);
    }
}
