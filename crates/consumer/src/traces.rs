//! The spans of a consumer: of deliveries, and of commands.
//!
//! Whether an event is traced was decided where its frame was read, and stands in its entry. A
//! delivery goes on with that trace, and whatever its handler commands goes on with the delivery's:
//! nobody has to hand anything on. What is not traced costs one look at the entry.

use std::{future::Future, sync::Arc, time::SystemTime};

use baton_model::{AppName, TraceParent};
use baton_telemetry::{Attribute, Span, SpanKind, SpanPlace, Tracer};

use crate::{Delivery, machine::Ending};

/// What the gateways call what the stream is kept in.
const SYSTEM: &str = "redis_streams";

tokio::task_local! {
    /// Where what this task does belongs.
    static CURRENT: SpanPlace;
}

/// Where what a handler does belongs, if the event that it handles is traced: for spans of its own,
/// and for requests to others. Tasks that it spawns do not know.
#[must_use]
pub fn current_trace() -> Option<TraceParent> {
    current().map(SpanPlace::traceparent)
}

fn current() -> Option<SpanPlace> {
    CURRENT.try_with(|place| *place).ok()
}

/// Does this as part of a span.
pub(crate) async fn within<F: Future>(place: Option<SpanPlace>, work: F) -> F::Output {
    match place {
        Some(place) => CURRENT.scope(place, work).await,
        None => work.await,
    }
}

/// Reports the spans of an app's consumer.
#[derive(Debug, Clone)]
pub(crate) struct Traces {
    tracer: Tracer,
    app: Arc<AppName>,
}

/// A delivery that is traced, at its handler.
#[derive(Debug)]
pub(crate) struct Handled {
    /// Where it stands; where its event stands, if nobody takes spans of ours.
    pub(crate) place: SpanPlace,
    event: SpanPlace,
    from: SystemTime,
    delivery: Delivery,
}

/// A command that is traced, because whoever sends it is.
#[derive(Debug)]
pub(crate) struct Commanded {
    place: SpanPlace,
    parent: SpanPlace,
    from: SystemTime,
}

impl Traces {
    pub(crate) const fn new(tracer: Tracer, app: Arc<AppName>) -> Self {
        Self { tracer, app }
    }

    /// A delivery comes to its handler; none if its event is not traced.
    pub(crate) fn begin(&self, delivery: &Delivery) -> Option<Handled> {
        let event = delivery.trace().and_then(SpanPlace::read)?;
        let place = self.below(event);
        Some(Handled { place, event, from: SystemTime::now(), delivery: delivery.clone() })
    }

    /// Its handler is done with it.
    pub(crate) fn end(&self, handled: Handled, (group, handler): (&str, &str), ending: &Ending) {
        if !self.tracer.is_on() {
            return;
        }
        let Handled { place, event, from, delivery } = handled;
        let mut attributes = self.shared("process", "events");
        let lane = delivery.lane().0;
        let key = delivery.key();
        attributes.extend([
            ("messaging.operation.type", Attribute::from("process")),
            ("messaging.destination.name", format!("baton:{{{}.{lane}}}:events", self.app).into()),
            ("messaging.destination.partition.id", lane.to_string().into()),
            ("messaging.consumer.group.name", group.into()),
            ("messaging.message.id", delivery.id().to_string().into()),
            ("messaging.message.body.size", (delivery.frame().len() as u64).into()),
            ("baton.shard", u64::from(key.shard.0).into()),
            ("baton.seq", key.seq.0.into()),
            ("baton.attempt", u64::from(delivery.attempt()).into()),
            ("baton.handler", handler.into()),
            ("discord.event", delivery.name().into()),
        ]);
        self.tracer.report(Span {
            name: self.name("process", "events"),
            kind: SpanKind::Consumer,
            place,
            parent: Some(event.span),
            links: vec![event],
            from,
            to: SystemTime::now(),
            attributes,
            failure: match ending {
                Ending::Handled => None,
                Ending::Failed(error) => Some(error.clone()),
            },
        });
    }

    /// A command is about to be sent; none if nobody traces what it is sent for.
    pub(crate) fn command(&self) -> Option<Commanded> {
        let parent = current()?;
        Some(Commanded { place: self.below(parent), parent, from: SystemTime::now() })
    }

    /// It is known what became of a command, or nobody waits for that.
    pub(crate) fn settled(
        &self,
        commanded: Option<Commanded>,
        operation: &'static str,
        failure: Option<String>,
    ) {
        let Some(Commanded { place, parent, from }) = commanded.filter(|_| self.tracer.is_on())
        else {
            return;
        };
        let mut attributes = self.shared(operation, "commands");
        attributes.push(("messaging.operation.type", "send".into()));
        self.tracer.report(Span {
            name: self.name(operation, "commands"),
            kind: SpanKind::Producer,
            place,
            parent: Some(parent.span),
            links: Vec::new(),
            from,
            to: SystemTime::now(),
            attributes,
            failure,
        });
    }

    /// A place of our own, if anybody takes our spans: else whoever comes next would be part of one
    /// that nobody has.
    fn below(&self, place: SpanPlace) -> SpanPlace {
        if self.tracer.is_on() { place.sibling() } else { place }
    }

    fn shared(&self, operation: &'static str, what: &str) -> Vec<(&'static str, Attribute)> {
        vec![
            ("messaging.system", SYSTEM.into()),
            ("messaging.operation.name", operation.into()),
            ("messaging.destination.template", self.template(what).into()),
        ]
    }

    /// One name for all lanes, or there would be as many names of spans.
    fn name(&self, operation: &str, what: &str) -> String {
        format!("{operation} {}", self.template(what))
    }

    fn template(&self, what: &str) -> String {
        format!("baton:{{{}.*}}:{what}", self.app)
    }
}

impl Commanded {
    /// As it stands in the command.
    pub(crate) fn traceparent(&self) -> TraceParent {
        self.place.traceparent()
    }
}
