//! Tells operators how the handlers fare: a small report in the store, every few seconds, and at
//! once when a handler begins to fail or is well again (`docs/protocol.md`).
//!
//! It is advisory. Nothing waits for it, and if the store will not have it, the consumer goes on
//! without.

use std::{convert::Infallible, sync::Arc, time::Duration};

use baton_model::{
    AppName, ConsumerReport, Line, StoreMillis,
    limits::{
        CONSUMER_REPORT_KEPT, CONSUMER_REPORT_PERIOD, CONSUMER_REPORT_PERIOD_MIN,
        CONSUMER_REPORTS_MAX,
    },
};
use baton_store::{StoreError, Unhappy, key::Key, stored};
use redis::Value;
use tokio::time::{Instant, sleep, timeout};

use crate::{
    Health,
    answer::{list, text},
    route::Servers,
    settings::{ANSWER_TIMEOUT, SWEEP_PERIOD},
    wire::Wire,
};

/// How long the end of a consumer waits until its report is taken back.
const TAKING_BACK_MAX: Duration = Duration::from_millis(500);

/// Who tells.
pub(crate) struct Reporting {
    wire: Wire,
    key: String,
    /// Under what name in the hash.
    field: String,
    group: Line,
    consumer: Line,
    health: Health,
    /// When it was last looked for what the dead have left.
    swept: Option<Instant>,
    /// Whether there is room for this one, besides the others.
    has_room: bool,
    /// Whether something may stand in the store.
    is_told: bool,
}

impl Reporting {
    pub(crate) fn new(
        servers: Arc<Servers>,
        app: &AppName,
        (group, consumer): (&str, &str),
        health: Health,
    ) -> Self {
        let key = Key::Handlers(app).to_string();
        Self {
            wire: Wire::new(servers, key.clone(), ANSWER_TIMEOUT),
            key,
            field: format!("{group}/{consumer}"),
            group: Line::shortened(group),
            consumer: Line::shortened(consumer),
            health,
            swept: None,
            has_room: true,
            is_told: false,
        }
    }

    /// Tells for as long as it is polled.
    pub(crate) async fn run(&mut self) -> Infallible {
        let mut pace = Pace::default();
        loop {
            let wellness = self.health.wellness();
            if pace.is_due(Instant::now(), &wellness) {
                pace.tells(Instant::now(), wellness);
                match self.tell().await {
                    Ok(()) => {}
                    Err(error) if error.is_retryable() => {
                        tracing::debug!(%error, "cannot tell how handlers fare");
                    }
                    Err(error) => {
                        tracing::warn!(%error, "store does not take how handlers fare");
                        return std::future::pending().await;
                    }
                }
            }
            sleep(CONSUMER_REPORT_PERIOD_MIN).await;
        }
    }

    /// Takes back what was told; what cannot be taken back is removed by others in time.
    pub(crate) async fn take_back(mut self) {
        if !self.is_told {
            return;
        }
        let mut remove = redis::cmd("HDEL");
        remove.arg(&self.key).arg(&self.field);
        // Whoever could not do it has lost nothing by it.
        drop(timeout(TAKING_BACK_MAX, self.wire.send(&remove)).await);
    }

    async fn tell(&mut self) -> Result<(), StoreError> {
        let now = self.store_time().await?;
        if self.swept.is_none_or(|swept| swept.elapsed() >= SWEEP_PERIOD) {
            self.sweep(now).await?;
            self.swept = Some(Instant::now());
        }
        if !self.has_room {
            return Ok(());
        }
        let report = ConsumerReport {
            at: now,
            group: self.group.clone(),
            consumer: self.consumer.clone(),
            handlers: self.health.told(),
            left_out: 0,
        };
        let mut set = redis::cmd("HSET");
        set.arg(&self.key).arg(&self.field).arg(stored::consumer_report::encode(&report));
        self.is_told = true;
        self.wire.send(&set).await.map(drop)
    }

    async fn store_time(&mut self) -> Result<StoreMillis, StoreError> {
        let parts = list(self.wire.send(&redis::cmd("TIME")).await?)?;
        let number = |at: usize| text(parts.get(at)?).ok()?.parse::<u64>().ok();
        match (number(0), number(1)) {
            (Some(seconds), Some(micros)) => Ok(StoreMillis(seconds * 1_000 + micros / 1_000)),
            (None, _) | (_, None) => Err(StoreError::refused("server answered no time")),
        }
    }

    /// Removes what the dead have left. One that tells again at this moment is missing until it
    /// does so once more.
    async fn sweep(&mut self, now: StoreMillis) -> Result<(), StoreError> {
        let mut all = redis::cmd("HGETALL");
        all.arg(&self.key);
        let found = list(self.wire.send(&all).await?)?;
        let (mut others, mut gone) = (0, Vec::new());
        for pair in found.chunks_exact(2) {
            let [Value::BulkString(name), Value::BulkString(report)] = pair else {
                continue;
            };
            match stored::consumer_report::told_at(report) {
                Some(at) if at.until(now) < CONSUMER_REPORT_KEPT => {
                    others += usize::from(name != self.field.as_bytes());
                }
                Some(_) | None => gone.push(name),
            }
        }
        let had_room = std::mem::replace(&mut self.has_room, others < CONSUMER_REPORTS_MAX);
        if had_room && !self.has_room {
            tracing::warn!(others, "too many consumers tell how they fare; this one does not");
        }
        if gone.is_empty() {
            return Ok(());
        }
        let mut remove = redis::cmd("HDEL");
        remove.arg(&self.key).arg(gone);
        self.wire.send(&remove).await.map(drop)
    }
}

/// When it is time to tell.
#[derive(Debug, Default)]
struct Pace {
    told: Option<(Instant, Vec<bool>)>,
}

impl Pace {
    fn is_due(&self, now: Instant, wellness: &[bool]) -> bool {
        self.told.as_ref().is_none_or(|(at, told)| {
            let silence = now.saturating_duration_since(*at);
            silence >= CONSUMER_REPORT_PERIOD
                || (silence >= CONSUMER_REPORT_PERIOD_MIN && told != wellness)
        })
    }

    fn tells(&mut self, now: Instant, wellness: Vec<bool>) {
        self.told = Some((now, wellness));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_tells_at_once_of_what_changes_and_else_now_and_then() {
        let begin = Instant::now();
        let (well, failing) = ([true], [false]);
        let mut pace = Pace::default();
        assert!(pace.is_due(begin, &well), "the first time");
        pace.tells(begin, well.to_vec());
        let after = |ms| begin + Duration::from_millis(ms);
        assert!(!pace.is_due(after(999), &failing), "not many times a second");
        assert!(pace.is_due(after(1_000), &failing));
        assert!(!pace.is_due(after(9_999), &well));
        assert!(pace.is_due(after(10_000), &well));
    }
}
