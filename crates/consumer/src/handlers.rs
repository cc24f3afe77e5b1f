//! Who handles what: handlers by name, and which events each of them wants.
//!
//! An event goes to one handler, the first that wants it. Two that are to handle the same event
//! independently belong into two groups: in one, the failure of the second would repeat the first.

use std::{collections::BTreeSet, error::Error, future::Future, pin::Pin, sync::Arc};

use crate::Delivery;

/// What a handler may fail with.
pub type HandlerError = Box<dyn Error + Send + Sync>;

type Work = Pin<Box<dyn Future<Output = Result<(), HandlerError>> + Send>>;
type Function = Arc<dyn Fn(Delivery) -> Work + Send + Sync>;

/// The name of a handler that was given none.
const ONLY: &str = "handler";

/// Names of everything that Baton itself says; see [`Delivery::marker`].
pub const MARKERS: [&str; 5] = [
    "BATON_SESSION_STARTED",
    "BATON_GAP",
    "BATON_STREAM_LOST",
    "BATON_TRIMMED",
    "BATON_GENERATION_SWITCHED",
];

/// Handlers, in the order in which they are asked whether they want an event.
///
/// ```
/// use baton_consumer::{Delivery, Handlers, MARKERS};
///
/// let handlers = Handlers::new()
///     .on("greeter", ["GUILD_MEMBER_ADD"], async |delivery: Delivery| {
///         println!("{} has a new member", delivery.guild().unwrap());
///         Ok::<_, std::io::Error>(())
///     })
///     .on("cache", MARKERS, async |delivery: Delivery| {
///         println!("rebuild: {:?}", delivery.marker());
///         Ok::<_, std::io::Error>(())
///     });
/// # drop(handlers);
/// ```
#[derive(Clone, Default)]
pub struct Handlers {
    all: Vec<Handler>,
}

/// One of them.
#[derive(Clone)]
struct Handler {
    name: Arc<str>,
    /// The events that it wants; none for all.
    events: Option<BTreeSet<String>>,
    function: Function,
}

impl Handlers {
    /// None yet. What nobody wants is acknowledged unseen.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one for events of these names.
    #[must_use]
    pub fn on<F, W, E, N>(self, name: &str, events: N, function: F) -> Self
    where
        F: Fn(Delivery) -> W + Send + Sync + 'static,
        W: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<HandlerError>,
        N: IntoIterator,
        N::Item: Into<String>,
    {
        self.with(name, Some(events.into_iter().map(Into::into).collect()), function)
    }

    /// Adds one for everything that no handler before it wants, markers among it.
    #[must_use]
    pub fn rest<F, W, E>(self, name: &str, function: F) -> Self
    where
        F: Fn(Delivery) -> W + Send + Sync + 'static,
        W: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<HandlerError>,
    {
        self.with(name, None, function)
    }

    fn with<F, W, E>(mut self, name: &str, events: Option<BTreeSet<String>>, function: F) -> Self
    where
        F: Fn(Delivery) -> W + Send + Sync + 'static,
        W: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<HandlerError>,
    {
        let function: Function = Arc::new(move |delivery| {
            let work = function(delivery);
            Box::pin(async move { work.await.map_err(Into::into) })
        });
        self.all.push(Handler { name: Arc::from(name), events, function });
        self
    }

    /// The names of all events that are wanted; none for all.
    pub(crate) fn wanted(&self) -> Option<BTreeSet<String>> {
        let mut wanted = BTreeSet::new();
        for handler in &self.all {
            wanted.extend(handler.events.as_ref()?.iter().cloned());
        }
        Some(wanted)
    }

    /// Their names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.all.iter().map(|handler| &handler.name)
    }

    /// The name of the one at this place.
    pub(crate) fn name_of(&self, place: usize) -> &str {
        &self.all[place].name
    }

    /// Who wants this, by its place among them.
    pub(crate) fn place_for(&self, event: &str) -> Option<usize> {
        self.all
            .iter()
            .position(|handler| handler.events.as_ref().is_none_or(|events| events.contains(event)))
    }

    /// Hands it over; nothing is done until the answer is waited for.
    pub(crate) fn call(&self, place: usize, delivery: Delivery) -> Work {
        (self.all[place].function)(delivery)
    }
}

impl<F, W, E> From<F> for Handlers
where
    F: Fn(Delivery) -> W + Send + Sync + 'static,
    W: Future<Output = Result<(), E>> + Send + 'static,
    E: Into<HandlerError>,
{
    fn from(function: F) -> Self {
        Self::new().rest(ONLY, function)
    }
}

impl std::fmt::Debug for Handlers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}
