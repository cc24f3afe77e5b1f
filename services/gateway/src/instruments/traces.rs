//! The spans of an app: of events on their way into the stream, and of hand-overs.
//!
//! An event's span begins with its frame and ends with the store's word; its place stands in the
//! entry, so that whoever handles the event can go on with it. Both sides of a hand-over derive its
//! place from the offer, which both know: nothing has to travel for it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use baton_model::{AppName, Dispatch, Epoch, Moment, OfferId, ShardKey, UnixMicros};
use baton_store::{Append, CommandOutcome, EntryBody, ShardAddress};
use baton_telemetry::{Attribute, Sampler, Span, SpanKind, SpanPlace, Tracer};

use super::passage::{Passed, Step};

/// What the consumers' side calls what the stream is kept in.
const SYSTEM: &str = "redis_streams";

/// The spans of an app.
#[derive(Debug, Clone)]
pub struct AppTraces {
    app: String,
    tracer: Tracer,
    one_in: u64,
}

/// A hand-over as one side of it has ended.
#[derive(Debug)]
pub(crate) struct Crossing<'a> {
    pub(crate) shard: &'a ShardKey,
    pub(crate) passed: &'a Passed,
    /// Whether the shard was to be given.
    pub(crate) is_source: bool,
    pub(crate) outcome: &'static str,
    /// At this moment it ended.
    pub(crate) now: Moment,
}

impl AppTraces {
    pub(crate) fn new(app: &AppName, tracer: Tracer, one_in: u64) -> Self {
        Self { app: app.as_str().to_owned(), tracer, one_in }
    }

    /// Decides which events of one connection are traced.
    pub(crate) fn sampler(&self) -> Sampler {
        Sampler::one_in(if self.tracer.is_on() { self.one_in } else { 0 })
    }

    /// An append is done that was sent at this time.
    pub(crate) fn report_append(&self, append: &Append, sent_at: SystemTime) {
        if !self.tracer.is_on() {
            return;
        }
        for body in &append.entries {
            if let EntryBody::Dispatch(dispatch) = body
                && let Some(place) = dispatch.trace.and_then(SpanPlace::read)
            {
                self.report_event(append, (dispatch, place), sent_at);
            }
        }
    }

    fn report_event(
        &self,
        append: &Append,
        (dispatch, place): (&Dispatch, SpanPlace),
        sent_at: SystemTime,
    ) {
        let now = SystemTime::now();
        let lane = append.hold.address.lane;
        let shared = |operation: &'static str| {
            vec![
                ("messaging.system", Attribute::from(SYSTEM)),
                ("messaging.operation.name", operation.into()),
                ("messaging.operation.type", "send".into()),
                ("messaging.destination.name", self.stream(lane.0).into()),
                ("messaging.destination.template", self.template().into()),
                ("messaging.destination.partition.id", lane.0.to_string().into()),
            ]
        };
        let mut attributes = shared("send");
        attributes.extend([
            ("messaging.message.body.size", (dispatch.frame.len() as u64).into()),
            ("baton.shard", append.hold.address.shard.to_string().into()),
            ("baton.seq", dispatch.seq.0.into()),
            ("discord.event", dispatch.name.as_str().into()),
        ]);
        self.tracer.report(Span {
            name: format!("send {}", self.template()),
            kind: SpanKind::Producer,
            place,
            parent: None,
            links: Vec::new(),
            from: wall(dispatch.at),
            to: now,
            attributes,
            failure: None,
        });
        let mut attributes = shared("append");
        attributes.push(("messaging.batch.message_count", (append.entries.len() as u64).into()));
        self.tracer.report(Span {
            name: format!("append {}", self.template()),
            kind: SpanKind::Client,
            place: place.sibling(),
            parent: Some(place.span),
            links: Vec::new(),
            from: sent_at,
            to: now,
            attributes,
            failure: None,
        });
    }

    /// A command that its sender traces is dealt with, which came at this moment.
    pub(crate) fn report_command(
        &self,
        address: &ShardAddress,
        (sender, came): (SpanPlace, Moment),
        (outcome, now): (&CommandOutcome, Moment),
    ) {
        if !self.tracer.is_on() {
            return;
        }
        let (lane, template) = (address.lane.0, format!("baton:{{{}.*}}:commands", self.app));
        let attributes = vec![
            ("messaging.system", Attribute::from(SYSTEM)),
            ("messaging.operation.name", "process".into()),
            ("messaging.operation.type", "process".into()),
            (
                "messaging.destination.name",
                format!("baton:{{{}.{lane}}}:commands", self.app).into(),
            ),
            ("messaging.destination.template", template.clone().into()),
            ("messaging.destination.partition.id", lane.to_string().into()),
            ("baton.shard", address.shard.to_string().into()),
            ("baton.outcome", outcome.name().into()),
        ];
        let is_sent = matches!(outcome, CommandOutcome::Sent);
        self.tracer.report(Span {
            name: format!("process {template}"),
            kind: SpanKind::Consumer,
            place: sender.sibling(),
            parent: Some(sender.span),
            links: vec![sender],
            from: ago(now, came),
            to: SystemTime::now(),
            attributes,
            failure: (!is_sent).then(|| outcome.name().to_owned()),
        });
    }

    /// A hand-over has ended for one of its sides. Where it is traced, if it is.
    pub(crate) fn report_hand_over(&self, crossing: &Crossing<'_>) -> Option<SpanPlace> {
        let (epoch, offer) = crossing.passed.offer.filter(|_| self.tracer.is_on())?;
        let root = hand_over(crossing.shard, epoch, offer);
        let (name, place, parent) = match crossing.is_source {
            true => ("hand over", root, None),
            false => ("take over", root.sibling(), Some(root.span)),
        };
        let steps = &crossing.passed.steps;
        let began = steps.first().map_or(crossing.now, |step| step.from);
        let attributes = vec![
            ("baton.shard", Attribute::from(crossing.shard.to_string())),
            ("baton.epoch", epoch.0.into()),
            ("baton.outcome", crossing.outcome.into()),
        ];
        let is_failure = matches!(crossing.outcome, "stayed" | "lost");
        self.tracer.report(Span {
            name: format!("{name} {}", self.app),
            kind: SpanKind::Internal,
            place,
            parent,
            links: Vec::new(),
            from: ago(crossing.now, began),
            to: SystemTime::now(),
            attributes,
            failure: is_failure.then(|| crossing.outcome.to_owned()),
        });
        for step in steps {
            self.report_step(place, step, crossing.now);
        }
        Some(place)
    }

    fn report_step(&self, of: SpanPlace, step: &Step, now: Moment) {
        self.tracer.report(Span {
            name: step.name.to_owned(),
            kind: SpanKind::Internal,
            place: of.sibling(),
            parent: Some(of.span),
            links: Vec::new(),
            from: ago(now, step.from),
            to: ago(now, step.to),
            attributes: Vec::new(),
            failure: None,
        });
    }

    fn stream(&self, lane: u16) -> String {
        format!("baton:{{{}.{lane}}}:events", self.app)
    }

    /// One name for all lanes, or there would be as many names of spans.
    fn template(&self) -> String {
        format!("baton:{{{}.*}}:events", self.app)
    }
}

/// Where the trace of a hand-over stands: derived from what both sides know.
fn hand_over(shard: &ShardKey, Epoch(epoch): Epoch, OfferId(offer): OfferId) -> SpanPlace {
    SpanPlace::derived(&format!("{shard} under {epoch} offer {offer}"))
}

fn wall(UnixMicros(micros): UnixMicros) -> SystemTime {
    UNIX_EPOCH + Duration::from_micros(micros)
}

/// The time of day at a moment that is over.
fn ago(now: Moment, then: Moment) -> SystemTime {
    let wall = SystemTime::now();
    wall.checked_sub(now.since(then)).unwrap_or(wall)
}
