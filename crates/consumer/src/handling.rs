//! One delivery at its handler: with a deadline, and whatever the handler does, an ending.

use std::{
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::Poll,
    time::Duration,
};

use baton_model::{Moment, StreamId};
use tokio::{
    sync::{Semaphore, mpsc},
    task::AbortHandle,
    time::timeout,
};

use crate::{
    Delivery, Handlers,
    clock::now,
    health::Health,
    machine::Ending,
    traces::{self, Traces},
};

/// How handlers are run, for all lanes of a consumer.
pub(crate) struct Workshop {
    pub(crate) handlers: Handlers,
    /// As many handlers as may be at work at once.
    pub(crate) places: Semaphore,
    pub(crate) deadline: Duration,
    pub(crate) health: Health,
    /// For whom they are run.
    pub(crate) group: String,
    pub(crate) traces: Traces,
}

/// Where endings are told.
pub(crate) type Endings = mpsc::UnboundedSender<(StreamId, Ending)>;

impl Workshop {
    /// Hands a delivery to its handler, in a task of its own.
    pub(crate) fn start(
        self: &Arc<Self>,
        delivery: Delivery,
        hold: &Hold,
        endings: &Endings,
    ) -> AbortHandle {
        let mut report = Report { id: delivery.id, ending: None, endings: endings.clone() };
        let (workshop, hold) = (self.clone(), hold.clone());
        let task = tokio::spawn(async move {
            report.ending = Some(workshop.handle(delivery, &hold).await);
            drop(report);
        });
        task.abort_handle()
    }

    async fn handle(&self, delivery: Delivery, hold: &Hold) -> Ending {
        let Some(place) = self.handlers.place_for(delivery.name()) else {
            return Ending::Handled;
        };
        let Ok(_place_at_work) = self.places.acquire().await else {
            return Ending::Failed("consumer is at its end".to_owned());
        };
        // It may have waited for long, for a place or for this thread.
        if !hold.is_sure(now()) {
            return Ending::Failed("lane may be another's".to_owned());
        }
        let run = self.health.begin(place);
        let span = self.traces.begin(&delivery);
        let work = caught(|| self.handlers.call(place, delivery));
        let work = traces::within(span.as_ref().map(|span| span.place), work);
        let ending = match timeout(self.deadline, work).await {
            Ok(ending) => ending,
            Err(_) => Ending::Failed(format!("handler took longer than {:?}", self.deadline)),
        };
        run.end(&ending);
        if let Some(span) = span {
            let handler = self.handlers.name_of(place);
            self.traces.end(span, (&self.group, handler), &ending);
        }
        ending
    }
}

/// Until when nobody else has the lane; for ever if it is shared.
#[derive(Debug, Clone)]
pub(crate) struct Hold(Arc<AtomicU64>);

impl Hold {
    pub(crate) fn until(until: Moment) -> Self {
        Self(Arc::new(AtomicU64::new(until.as_nanos())))
    }

    pub(crate) fn prolong(&self, until: Moment) {
        self.0.fetch_max(until.as_nanos(), Ordering::Relaxed);
    }

    fn is_sure(&self, now: Moment) -> bool {
        now.as_nanos() < self.0.load(Ordering::Relaxed)
    }
}

/// Tells the ending when it is dropped, so that one is told in any case: a task that was aborted,
/// or that panicked while it was being dropped, must not hold its guild up for ever.
struct Report {
    id: StreamId,
    ending: Option<Ending>,
    endings: Endings,
}

impl Drop for Report {
    fn drop(&mut self) {
        let cut_short = || Ending::Failed("handler was cut short".to_owned());
        let ending = self.ending.take().unwrap_or_else(cut_short);
        // Nobody listens any more once the lane is given up.
        drop(self.endings.send((self.id, ending)));
    }
}

/// Runs a handler to its end, which may be a panic.
async fn caught<W, E>(call: impl FnOnce() -> W) -> Ending
where
    W: Future<Output = Result<(), E>>,
    E: Into<crate::HandlerError>,
{
    let work = match catch_unwind(AssertUnwindSafe(call)) {
        Ok(work) => work,
        Err(panic) => return Ending::Failed(panic_text(&*panic)),
    };
    let mut work = pin!(work);
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(Ok(()))) => Poll::Ready(Ending::Handled),
        Ok(Poll::Ready(Err(error))) => Poll::Ready(Ending::Failed(chain(&*error.into()))),
        Err(panic) => Poll::Ready(Ending::Failed(panic_text(&*panic))),
    })
    .await
}

/// An error with everything that led to it.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    format!("handler panicked: {}", text.unwrap_or("without a word"))
}
