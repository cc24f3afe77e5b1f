//! What a gateway can be made to do in trials, and no operator could ask for.
//!
//! The program `trial-gateway` is the gateway's own, code for code. It differs in what it says of
//! its version, and in a log that never takes a certain line: whoever writes that one waits for
//! ever, with the thread that it runs on. So a shard's task hangs in the middle of its work, as in
//! a deadlock, although nothing in the gateway knows of trials.

use std::sync::atomic::{AtomicBool, Ordering};

use tracing::{Event, Level, Subscriber, field::Visit};
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    fmt,
    layer::{Context, SubscriberExt},
    util::SubscriberInitExt,
};

/// The variable that says of which version the program is.
pub const VERSION: &str = "TRIAL_VERSION";

/// A shard that hears from Discord that this op is refused logs so, and hangs. There is no such op.
pub const STUCK_OP: u64 = 7_777;

/// Starts the log. It takes the line that hangs when it comes for the second time.
pub fn log() {
    let targets = Targets::new().with_default(Level::WARN).with_target("baton", LevelFilter::INFO);
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(false);
    let is_stuck = Stuck { has_happened: AtomicBool::new(false) };
    // There is one per process, and this program has just begun.
    drop(tracing_subscriber::registry().with(targets).with(lines).with(is_stuck).try_init());
}

struct Stuck {
    has_happened: AtomicBool,
}

impl<S: Subscriber> Layer<S> for Stuck {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut op = Op::default();
        event.record(&mut op);
        if op.is_stuck && !self.has_happened.swap(true, Ordering::Relaxed) {
            // For ever: a thread may be unparked by anybody.
            loop {
                std::thread::park();
            }
        }
    }
}

#[derive(Default)]
struct Op {
    is_stuck: bool,
}

impl Visit for Op {
    fn record_u64(&mut self, field: &tracing::field::Field, value: u64) {
        self.is_stuck |= field.name() == "op" && value == STUCK_OP;
    }

    fn record_debug(&mut self, _: &tracing::field::Field, _: &dyn std::fmt::Debug) {}
}
