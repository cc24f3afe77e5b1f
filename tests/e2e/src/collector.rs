//! A real OpenTelemetry collector between whoever tells something and the test, which sees what the
//! collector has understood.

use std::{
    env,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use baton_gateway::instruments::Instruments;
use baton_model::{Lane, StreamId};
use baton_store::{EntryBody, Events as _};
use baton_telemetry::{LevelFilter, Telemetry, TelemetrySettings};
use serde_json::Value;

use crate::virtual_time::{World, app};

/// How long it may take until it listens.
const START_LIMIT: Duration = Duration::from_secs(60);

/// A collector that runs.
pub struct Collector {
    child: Child,
    port: u16,
    understood: Arc<Mutex<Vec<Value>>>,
    _folder: tempfile::TempDir,
}

/// A span, as the collector has understood it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Of which process.
    pub instance: String,
    /// Its name.
    pub name: String,
    /// Its trace.
    pub trace: String,
    /// Its id.
    pub id: String,
    /// Its parent's; empty for none.
    pub parent: String,
    /// The ids of what it is linked to.
    pub links: Vec<String>,
    /// When it began and ended, in nanoseconds since 1970.
    pub times: (u64, u64),
    /// What else is known of it, as JSON.
    pub attributes: Vec<(String, String)>,
}

/// A line of a log, as the collector has understood it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Of which service, and which process of it.
    pub of: (String, String),
    /// How bad it is, in a word.
    pub severity: String,
    /// What it says.
    pub message: String,
    /// The trace and the span that it belongs to; empty for none.
    pub place: (String, String),
    /// What else is known of it, as JSON.
    pub attributes: Vec<(String, String)>,
}

impl Collector {
    /// Starts one that takes OTLP over HTTP.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn start() -> Self {
        let program = env::var("BATON_TEST_COLLECTOR").unwrap_or_else(|_| {
            panic!("BATON_TEST_COLLECTOR is not set; eval \"$(scripts/collector)\"")
        });
        let sink = TcpListener::bind("127.0.0.1:0").expect("a port");
        let sink_port = sink.local_addr().expect("it listens").port();
        let port = {
            let free = TcpListener::bind("127.0.0.1:0").expect("a port");
            free.local_addr().expect("it listens").port()
        };
        let understood = Arc::new(Mutex::new(Vec::new()));
        let told = understood.clone();
        thread::spawn(move || {
            for stream in sink.incoming().flatten() {
                let told = told.clone();
                thread::spawn(move || drop(take_all(stream, &told)));
            }
        });
        let folder = tempfile::tempdir().expect("a folder");
        let config = folder.path().join("collector.yaml");
        std::fs::write(&config, configuration(port, sink_port)).expect("written");
        let child = Command::new(program)
            .args(["--config", &format!("file:{}", config.display())])
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let collector = Self { child, port, understood, _folder: folder };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < START_LIMIT, "the collector does not listen");
            thread::sleep(Duration::from_millis(50));
        }
        collector
    }

    /// Where it takes OTLP.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The spans that it has understood so far.
    ///
    /// # Panics
    /// If what it passes on is no OTLP.
    #[must_use]
    pub fn spans(&self) -> Vec<Seen> {
        self.all(["resourceSpans", "scopeSpans", "spans"], |span, (_, instance)| {
            seen(span, instance.to_owned())
        })
    }

    /// The lines of logs that it has understood so far.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        self.all(["resourceLogs", "scopeLogs", "logRecords"], line)
    }

    /// Everything that it has understood, as JSON.
    #[must_use]
    pub fn all_text(&self) -> String {
        let understood = self.understood.lock().unwrap_or_else(PoisonError::into_inner);
        understood.iter().map(Value::to_string).collect()
    }

    /// Everything of one kind, each with the service and the process that it is of.
    fn all<T>(
        &self,
        [resources, scopes, records]: [&str; 3],
        read: impl Fn(&Value, (&str, &str)) -> T,
    ) -> Vec<T> {
        let understood = self.understood.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = Vec::new();
        for resource in understood.iter().flat_map(|body| list(&body[resources])) {
            let attributes = attributes(&resource["resource"]["attributes"]);
            let of = |key: &str| {
                let value = attributes.iter().find(|(known, _)| known == key);
                value.map_or("", |(_, value)| value.as_str())
            };
            let of = (of("service.name"), of("service.instance.id"));
            for scope in list(&resource[scopes]) {
                found.extend(list(&scope[records]).map(|record| read(record, of)));
            }
        }
        found
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Line {
    /// What is known of it under this name.
    #[must_use]
    pub fn attribute(&self, key: &str) -> Option<&str> {
        value_of(&self.attributes, key)
    }
}

impl Seen {
    /// What is known of it under this name.
    #[must_use]
    pub fn attribute(&self, key: &str) -> Option<&str> {
        value_of(&self.attributes, key)
    }
}

/// What an instance counts and tells with that sends its traces there, if it is to: one event in so
/// many.
pub(crate) fn instruments(
    traces: Option<&(String, u64)>,
    number: u128,
) -> (Option<Telemetry>, Instruments) {
    let Some((url, trace_one_in)) = traces else {
        return (None, Instruments::default());
    };
    let telemetry = Telemetry::start(&TelemetrySettings {
        level: LevelFilter::WARN,
        otlp_url: Some(url.clone()),
        ..TelemetrySettings::of("baton-gateway", &format!("i{number}"))
    });
    let mut instruments = Instruments::default();
    instruments.tracer = telemetry.tracer();
    instruments.trace_one_in = *trace_one_in;
    (Some(telemetry), instruments)
}

/// Of each entry that is traced: its trace and its span, as they stand there.
///
/// # Panics
/// If the store does not answer.
pub async fn traceparents(world: &World) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for lane in (0..world.lanes().0.get()).map(Lane) {
        let entries = world.store.entries(&app(), lane, StreamId::START, 100_000).await;
        for (_, entry) in entries.expect("a store") {
            let EntryBody::Dispatch(dispatch) = entry.expect("an entry").body else {
                continue;
            };
            if let Some(trace) = dispatch.trace {
                let parts: Vec<_> = trace.as_str().split('-').collect();
                found.push((parts[1].to_owned(), parts[2].to_owned()));
            }
        }
    }
    found
}

/// Without queues: whoever has an answer knows that it has been passed on.
fn configuration(port: u16, sink: u16) -> String {
    format!(
        "receivers:\n  otlp:\n    protocols:\n      http:\n        endpoint: 127.0.0.1:{port}\n\
         exporters:\n  otlphttp:\n    endpoint: http://127.0.0.1:{sink}\n    encoding: json\n    \
         compression: none\n    sending_queue:\n      enabled: false\n\
         service:\n  telemetry:\n    metrics:\n      level: none\n  pipelines:\n    \
         traces: &all\n      receivers: [otlp]\n      exporters: [otlphttp]\n    logs: *all\n"
    )
}

/// Takes every request of a connection.
fn take_all(stream: TcpStream, told: &Mutex<Vec<Value>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(said) = line.strip_prefix("content-length:") {
                length = said.trim().parse().unwrap_or(0);
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let body = serde_json::from_slice(&body).expect("OTLP as JSON");
        told.lock().unwrap_or_else(PoisonError::into_inner).push(body);
        let answer =
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
        writer.write_all(answer.as_bytes())?;
    }
}

fn seen(span: &Value, instance: String) -> Seen {
    let text = |key: &str| span[key].as_str().unwrap_or_default().to_owned();
    let time = |key: &str| text(key).parse().expect("nanoseconds");
    let links = list(&span["links"]).filter_map(|link| link["spanId"].as_str());
    Seen {
        instance,
        name: text("name"),
        trace: text("traceId"),
        id: text("spanId"),
        parent: text("parentSpanId"),
        links: links.map(ToOwned::to_owned).collect(),
        times: (time("startTimeUnixNano"), time("endTimeUnixNano")),
        attributes: attributes(&span["attributes"]),
    }
}

fn line(record: &Value, (service, instance): (&str, &str)) -> Line {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Line {
        of: (service.to_owned(), instance.to_owned()),
        severity: text(&record["severityText"]),
        message: text(&record["body"]["stringValue"]),
        place: (text(&record["traceId"]), text(&record["spanId"])),
        attributes: attributes(&record["attributes"]),
    }
}

fn value_of<'a>(attributes: &'a [(String, String)], key: &str) -> Option<&'a str> {
    attributes.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
}

fn attributes(value: &Value) -> Vec<(String, String)> {
    let pair = |attribute: &Value| {
        let value = attribute["value"].as_object()?.values().next()?;
        let value = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
        Some((attribute["key"].as_str()?.to_owned(), value))
    };
    list(value).filter_map(pair).collect()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
