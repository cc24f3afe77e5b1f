//! Where spans go that are over: to a collector, or nowhere.

use std::{sync::Arc, time::Duration};

use opentelemetry::{
    Context, InstrumentationScope, KeyValue, Value,
    trace::{Link, SpanContext, SpanId, Status, TraceContextExt, TraceFlags, TraceId, TraceState},
};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::trace::{
    BatchSpanProcessor, SpanData, SpanEvents, SpanLinks, SpanProcessor,
};

pub use crate::otlp::StartError;
use crate::{
    otlp::{Courier, SEND_TIMEOUT, endpoint, resource},
    traces::{Attribute, Span, SpanKind, SpanPlace},
};

/// Takes spans. Clones take them to the same place. What it cannot get rid of in time it drops:
/// nobody waits for it.
#[derive(Debug, Clone, Default)]
pub struct Tracer(Option<Arc<Kept>>);

#[derive(Debug)]
struct Kept {
    processor: BatchSpanProcessor,
    scope: InstrumentationScope,
}

impl Tracer {
    /// Sends spans to a collector that speaks OTLP over HTTP, such as `http://127.0.0.1:4318`, as
    /// those of this instance of a service.
    ///
    /// # Errors
    /// If there is no thread to send from, or the url is none.
    pub fn start(url: &str, service: &str, instance: &str) -> Result<Self, StartError> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Courier::start()?)
            .with_endpoint(endpoint(url, "traces"))
            .with_timeout(SEND_TIMEOUT)
            .build()
            .map_err(|error| StartError::Exporter(error.to_string()))?;
        let mut processor = BatchSpanProcessor::builder(exporter).build();
        processor.set_resource(&resource(service, instance));
        let scope = InstrumentationScope::builder("baton").build();
        Ok(Self(Some(Arc::new(Kept { processor, scope }))))
    }

    /// Whether spans go anywhere.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Takes a span.
    pub fn report(&self, span: Span) {
        if let Some(kept) = &self.0 {
            kept.processor.on_end(data(span, kept.scope.clone()));
        }
    }

    /// Sends what is left, if that is possible within this time.
    pub fn end(&self, limit: Duration) {
        let Some(kept) = &self.0 else {
            return;
        };
        if let Err(error) = kept.processor.shutdown_with_timeout(limit) {
            tracing::warn!(error = error.to_string(), "the last spans may not be sent");
        }
    }
}

/// Has what is logged meanwhile belong to this span, where the log goes to a collector as well.
pub fn in_trace<T>(place: Option<SpanPlace>, log: impl FnOnce() -> T) -> T {
    let attach = |place| Context::new().with_remote_span_context(context(place, false)).attach();
    let _attached = place.map(attach);
    log()
}

fn data(span: Span, scope: InstrumentationScope) -> SpanData {
    let Span { name, kind, place, parent, links, from, to, attributes, failure } = span;
    let attributes = attributes.into_iter().map(|(key, value)| {
        let value = match value {
            Attribute::Text(text) => Value::from(text),
            Attribute::Number(number) => Value::from(number),
        };
        KeyValue::new(key, value)
    });
    SpanData {
        span_context: context(place, false),
        parent_span_id: parent.map_or(SpanId::INVALID, SpanId::from),
        parent_span_is_remote: false,
        span_kind: match kind {
            SpanKind::Internal => opentelemetry::trace::SpanKind::Internal,
            SpanKind::Client => opentelemetry::trace::SpanKind::Client,
            SpanKind::Producer => opentelemetry::trace::SpanKind::Producer,
            SpanKind::Consumer => opentelemetry::trace::SpanKind::Consumer,
        },
        name: name.into(),
        start_time: from,
        end_time: to,
        attributes: attributes.collect(),
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: linked(&links),
        status: failure.map_or(Status::Unset, Status::error),
        instrumentation_scope: scope,
    }
}

fn linked(places: &[SpanPlace]) -> SpanLinks {
    let link = |place: &SpanPlace| Link::with_context(context(*place, true));
    let mut links = SpanLinks::default();
    links.links.extend(places.iter().map(link));
    links
}

/// Everything that gets here is sampled: it was decided where it came in.
fn context(SpanPlace { trace, span }: SpanPlace, is_remote: bool) -> SpanContext {
    let (trace, span) = (TraceId::from(trace), SpanId::from(span));
    SpanContext::new(trace, span, TraceFlags::SAMPLED, is_remote, TraceState::default())
}
