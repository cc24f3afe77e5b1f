//! What is counted of one app: a handle for each series, made once.

use std::time::Duration;

use baton_model::{AppName, EventName, UnixMicros};
use baton_store::{
    AppendError, Connecting, EntryBody, LettingGo, StoreError, Take, Taking, Unhappy,
};
use baton_telemetry::{
    Counter, Histogram, Meters, Tracer,
    catalogue::{Label, append, identify, moves, shards},
};

use super::AppTraces;
use crate::{config::knows_event, rest::RestError};

/// Codes of close frames that are told apart: those of websockets, and Discord's.
const CODES: [&str; 20] = [
    "none", "other", "1000", "1001", "1006", "1011", "1012", "4000", "4001", "4002", "4003",
    "4004", "4005", "4007", "4008", "4009", "4010", "4011", "4013", "4014",
];

/// Under which name events stand that Baton does not know: Discord, or who claims to be it, could
/// send any number of names.
const OTHER_EVENTS: &str = "other";

/// What is counted of an app.
#[derive(Debug)]
pub struct AppMeters {
    app: AppName,
    meters: Meters,
    /// What of it is traced.
    pub(crate) traces: AppTraces,
    pub(crate) dispatched_bytes: Counter,
    pub(crate) heartbeat: Histogram,
    pub(crate) replayed: Counter,
    pub(crate) skipped: Counter,
    pub(crate) connections: Counter,
    pub(crate) connections_failed: Counter,
    pub(crate) reconnects_asked: Counter,
    pub(crate) hand_over_gap: Histogram,
    pub(crate) identify_wait: Histogram,
    pub(crate) append: Histogram,
    event: Histogram,
    pub(crate) append_entries: Histogram,
    pub(crate) appended: Counter,
    pub(crate) appended_bytes: Counter,
    sessions: Words<Counter>,
    session_gap: Words<Histogram>,
    closed: Words<Counter>,
    invalidated: Words<Counter>,
    rest_failed: Words<Counter>,
    taken: Words<Counter>,
    let_go: Words<Counter>,
    as_source: Words<Counter>,
    as_target: Words<Counter>,
    steps: Words<Histogram>,
    permits: Words<Counter>,
    refused: Words<Counter>,
}

/// A handle for each of a few words. They are few, and looked for on no hot path.
#[derive(Debug)]
struct Words<H>(Vec<(&'static str, H)>);

impl<H> Words<H> {
    fn of(&self, word: &str) -> &H {
        let found = self.0.iter().find(|(known, _)| *known == word);
        let Some((_, handle)) = found else {
            unreachable!("{word} is none of the words that are counted");
        };
        handle
    }
}

impl AppMeters {
    pub(crate) fn new(meters: &Meters, app: &AppName, traces: AppTraces) -> Self {
        let of = || (Label::App, app.as_str());
        let counter = |metric| meters.counter(metric, &[of()]);
        let histogram = |metric| meters.histogram(metric, &[of()]);
        let counters = |metric, label, words: &[&'static str]| {
            let handle = |word: &&'static str| meters.counter(metric, &[of(), (label, *word)]);
            Words(words.iter().map(|word| (*word, handle(word))).collect())
        };
        let histograms = |metric, label, words: &[&'static str]| {
            let handle = |word: &&'static str| meters.histogram(metric, &[of(), (label, *word)]);
            Words(words.iter().map(|word| (*word, handle(word))).collect())
        };
        let hand_overs = |role: &'static str, outcomes: &[&'static str]| {
            let labels = |word| [of(), (Label::Role, role), (Label::Outcome, word)];
            let handle = |word: &'static str| meters.counter(&moves::HAND_OVERS, &labels(word));
            Words(outcomes.iter().map(|word| (*word, handle(word))).collect())
        };
        let how = ["resumed", "identified"];
        let steps = ["flushing", "offering", "offered", "warming", "warm", "accepting", "resuming"];
        let refusals =
            ["fenced", "forgotten", "gap", "other_session", "unavailable", "unknown", "refused"];
        let permits = ["granted", "wait", "exhausted", "unlearned", "unavailable"];
        let rest = ["unauthorized", "rate_limited", "unavailable", "token"];
        Self {
            dispatched_bytes: counter(&shards::DISPATCHED_BYTES),
            heartbeat: histogram(&shards::HEARTBEAT),
            replayed: counter(&shards::REPLAYED),
            skipped: counter(&shards::SKIPPED),
            connections: counter(&shards::CONNECTIONS),
            connections_failed: counter(&shards::CONNECT_FAILED),
            reconnects_asked: counter(&shards::RECONNECTS_ASKED),
            hand_over_gap: histogram(&moves::HAND_OVER_GAP),
            identify_wait: histogram(&identify::WAIT),
            append: histogram(&append::APPEND),
            event: histogram(&append::EVENT),
            append_entries: histogram(&append::BATCH),
            appended: counter(&append::APPENDED),
            appended_bytes: counter(&append::APPENDED_BYTES),
            sessions: counters(&shards::SESSIONS, Label::How, &how),
            session_gap: histograms(&shards::SESSION_GAP, Label::How, &how),
            closed: counters(&shards::CLOSED, Label::Code, &CODES),
            invalidated: counters(&shards::INVALIDATED, Label::Outcome, &["resumable", "lost"]),
            rest_failed: counters(&shards::REST_FAILED, Label::Why, &rest),
            taken: counters(&moves::TAKEN, Label::How, &["claimed", "accepted"]),
            let_go: counters(&moves::LET_GO, Label::How, &["released", "handed_over", "fenced"]),
            as_source: hand_overs("source", &["moved", "stayed"]),
            as_target: hand_overs("target", &["resumed", "identified", "lost"]),
            steps: histograms(&moves::HAND_OVER_STEP, Label::Step, &steps),
            permits: counters(&identify::PERMITS, Label::Outcome, &permits),
            refused: counters(&append::REFUSED, Label::Why, &refusals),
            traces,
            app: app.clone(),
            meters: meters.clone(),
        }
    }

    /// Counts nothing.
    #[must_use]
    pub fn off() -> Self {
        let app = "none".parse().unwrap_or_else(|_| unreachable!("it is a name"));
        let traces = AppTraces::new(&app, Tracer::default(), 0);
        Self::new(&Meters::off(), &app, traces)
    }

    /// The handle for dispatches of this name, to be kept.
    pub(crate) fn dispatches(&self, event: &EventName) -> Counter {
        let name = event.as_str();
        let name = if knows_event(name) { name } else { OTHER_EVENTS };
        let labels = [(Label::App, self.app.as_str()), (Label::Event, name)];
        self.meters.counter(&shards::DISPATCHES, &labels)
    }

    /// A shard's events have begun to arrive.
    pub(crate) fn count_session(&self, how: Connecting, gap: Option<Duration>) {
        self.sessions.of(word_of(how)).increment(1);
        if let Some(gap) = gap {
            self.session_gap.of(word_of(how)).record(gap);
        }
    }

    /// A connection has ended.
    pub(crate) fn count_close(&self, code: Option<u16>) {
        let code = code.map_or_else(|| "none".to_owned(), |code| code.to_string());
        let is_known = CODES.contains(&code.as_str());
        self.closed.of(if is_known { &code } else { "other" }).increment(1);
    }

    /// Discord has called a session invalid.
    pub(crate) fn count_invalid(&self, resumable: bool) {
        self.invalidated.of(if resumable { "resumable" } else { "lost" }).increment(1);
    }

    /// Discord's API has not said what it was asked.
    pub(crate) fn count_rest_failure(&self, error: &RestError) {
        let why = match error {
            RestError::Unauthorized => "unauthorized",
            RestError::RateLimited(_) => "rate_limited",
            RestError::Unavailable(_) => "unavailable",
            RestError::Token => "token",
        };
        self.rest_failed.of(why).increment(1);
    }

    /// A lease was taken.
    pub(crate) fn count_taken(&self, how: Taking) {
        let how = match how {
            Taking::Claimed => "claimed",
            Taking::Accepted => "accepted",
        };
        self.taken.of(how).increment(1);
    }

    /// A lease was let go.
    pub(crate) fn count_let_go(&self, how: LettingGo) {
        let how = match how {
            LettingGo::Released => "released",
            LettingGo::HandedOver => "handed_over",
            LettingGo::Fenced => "fenced",
        };
        self.let_go.of(how).increment(1);
    }

    /// A step of a hand-over took so long.
    pub(crate) fn record_step(&self, step: &str, took: Duration) {
        self.steps.of(step).record(took);
    }

    /// A hand-over has ended for who was to give the shard.
    pub(crate) fn count_given(&self, has_moved: bool) {
        self.as_source.of(if has_moved { "moved" } else { "stayed" }).increment(1);
    }

    /// A hand-over has ended for who was to take the shard; without a session, another has it.
    pub(crate) fn count_received(&self, how: Option<Connecting>) {
        self.as_target.of(how.map_or("lost", word_of)).increment(1);
    }

    /// The store has been asked for a permit.
    pub(crate) fn count_permit(&self, answer: &Result<Take, StoreError>) {
        let outcome = match answer {
            Ok(Take::Granted { .. }) => "granted",
            Ok(Take::Wait(_)) => "wait",
            Ok(Take::Exhausted { .. }) => "exhausted",
            Ok(Take::Unlearned) => "unlearned",
            Err(_) => "unavailable",
        };
        self.permits.of(outcome).increment(1);
    }

    /// The store holds these since this time.
    pub(crate) fn record_events(&self, entries: &[EntryBody], now: UnixMicros) {
        for entry in entries {
            if let EntryBody::Dispatch(dispatch) = entry {
                let took = now.0.saturating_sub(dispatch.at.0);
                self.event.record(Duration::from_micros(took));
            }
        }
    }

    /// An append was not done.
    pub(crate) fn count_refusal(&self, error: &AppendError) {
        let why = match error {
            AppendError::Fenced => "fenced",
            AppendError::Forgotten => "forgotten",
            AppendError::Gap(_) => "gap",
            AppendError::OtherSession(_) => "other_session",
            AppendError::Store(error) if error.outcome_unknown() => "unknown",
            AppendError::Store(error) if error.is_retryable() => "unavailable",
            AppendError::Store(_) => "refused",
        };
        self.refused.of(why).increment(1);
    }
}

const fn word_of(how: Connecting) -> &'static str {
    match how {
        Connecting::Resumed => "resumed",
        Connecting::Identified => "identified",
    }
}
