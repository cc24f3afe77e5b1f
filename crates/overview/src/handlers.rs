//! How the handlers of consumers fare, as their reports tell.
//!
//! A report is a look into the past: whoever is silent may be dead or cut off, and how its handlers
//! fare at this moment nobody knows.

use std::{collections::BTreeMap, fmt, time::Duration};

use baton_model::{
    AppName, ConsumerReport, HandlerReport, StoreMillis,
    limits::{CONSUMER_REPORT_KEPT, CONSUMER_SILENT_AFTER},
};
use baton_store::{FieldsError, ForOperators, FoundConsumerReport, StoreError};
use serde::Serialize;

use crate::{Look, units::counted};

/// What the consumers of all apps tell.
#[derive(Debug, Default)]
pub struct Handlers {
    /// A line for each handler, ordered by app, group, handler and consumer.
    pub told: Vec<HandlerSight>,
    /// Reports that cannot be read: of which app, under what name, and why.
    pub unreadable: Vec<(AppName, String, FieldsError)>,
}

/// A handler at one consumer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandlerSight {
    /// Of which app's events.
    pub app: AppName,
    /// Of which group.
    pub group: String,
    /// At which of its consumers.
    pub consumer: String,
    /// How it stands.
    pub standing: HandlerStanding,
    /// How long ago that was told.
    pub age: Duration,
    /// What was told.
    pub handler: HandlerReport,
}

/// How a handler stands, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HandlerStanding {
    /// Its last run failed.
    Failing,
    /// Its consumer has told nothing lately.
    Silent,
    /// It has not run yet.
    Unused,
    /// Its last run was good.
    Well,
}

impl Handlers {
    /// Reads what the consumers of the fleet's apps tell.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn take<S: ForOperators>(store: &S, look: &Look) -> Result<Self, StoreError> {
        let mut handlers = Self::default();
        for app in look.apps.keys() {
            handlers.add(app, store.consumer_reports(app).await?, look.now);
        }
        Ok(handlers)
    }

    fn add(&mut self, app: &AppName, found: Vec<(String, FoundConsumerReport)>, now: StoreMillis) {
        for (name, report) in found {
            match report {
                Ok(report) if report.at.until(now) < CONSUMER_REPORT_KEPT => {
                    self.told.extend(sights(app, report, now));
                }
                // It is nobody's any more.
                Ok(_) => {}
                Err(error) => self.unreadable.push((app.clone(), name, error)),
            }
        }
        let order = |it: &HandlerSight| {
            (it.app.clone(), it.group.clone(), it.handler.name.clone(), it.consumer.clone())
        };
        self.told.sort_by_cached_key(order);
    }

    /// Handlers that fail, a line each, whatever number of consumers they fail at.
    #[must_use]
    pub fn failing(&self) -> Vec<String> {
        let mut handlers: BTreeMap<_, Vec<&HandlerSight>> = BTreeMap::new();
        for sight in &self.told {
            let handler = (&sight.app, &sight.group, &sight.handler.name);
            handlers.entry(handler).or_default().push(sight);
        }
        let failing = handlers.into_iter().filter_map(|((app, group, name), sights)| {
            let fails = |it: &&&HandlerSight| it.standing == HandlerStanding::Failing;
            let worst = sights.iter().filter(fails).max_by_key(|it| it.handler.failed_in_a_row)?;
            let (few, all) = (sights.iter().filter(fails).count(), sights.len());
            let error = worst.handler.error.as_ref().map_or("", |error| error.as_str());
            let times = usize::try_from(worst.handler.failed_in_a_row).unwrap_or(usize::MAX);
            Some(format!(
                "handler {name} of group {group} of app {app} fails at {few} of {}, {} in a row: \
                 {error}",
                counted(all, "consumer", "consumers"),
                counted(times, "time", "times"),
            ))
        });
        failing.collect()
    }
}

fn sights(
    app: &AppName,
    report: ConsumerReport,
    now: StoreMillis,
) -> impl Iterator<Item = HandlerSight> {
    let ConsumerReport { at, group, consumer, handlers, left_out: _ } = report;
    let age = at.until(now);
    handlers.into_iter().map(move |handler| HandlerSight {
        app: app.clone(),
        group: group.to_string(),
        consumer: consumer.to_string(),
        standing: HandlerStanding::of(&handler, age),
        age,
        handler,
    })
}

impl HandlerStanding {
    fn of(handler: &HandlerReport, age: Duration) -> Self {
        match handler {
            _ if age >= CONSUMER_SILENT_AFTER => Self::Silent,
            HandlerReport { error: Some(_), .. } => Self::Failing,
            HandlerReport { handled: 0, failed: 0, .. } => Self::Unused,
            HandlerReport { .. } => Self::Well,
        }
    }

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::Silent => "silent",
            Self::Unused => "unused",
            Self::Well => "well",
        }
    }
}

impl fmt::Display for HandlerStanding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use baton_store::stored::consumer_report::decode;

    use super::*;

    const NOW: StoreMillis = StoreMillis(1_000_000);

    /// A report that is so old, and its one handler's numbers and error.
    fn told(consumer: &str, age: Duration, handler: &str) -> (String, FoundConsumerReport) {
        let at = NOW.0 - baton_model::whole_millis(age);
        let text = format!(
            r#"{{"v":1,"at":{at},"group":"g","consumer":"{consumer}","handlers":
            [{{"name":"h",{handler}}}]}}"#
        );
        (consumer.to_owned(), decode(text.as_bytes()))
    }

    fn handlers(found: Vec<(String, FoundConsumerReport)>) -> Handlers {
        let mut handlers = Handlers::default();
        handlers.add(&"bot".parse().unwrap(), found, NOW);
        handlers
    }

    const WELL: &str = r#""handled":3,"failed":1"#;
    const UNUSED: &str = r#""handled":0,"failed":0"#;
    const FAILING: &str = r#""handled":3,"failed":4,"failed_in_a_row":2,"error":"no guild""#;

    #[test]
    fn whoever_is_silent_is_neither_well_nor_failing_and_goes_in_the_end() {
        let second = Duration::from_secs(1);
        let late = CONSUMER_SILENT_AFTER;
        let seen = handlers(vec![
            told("a", second, WELL),
            told("b", second, UNUSED),
            told("c", late - second, FAILING),
            told("d", late, FAILING),
            told("e", CONSUMER_REPORT_KEPT, FAILING),
            ("f".to_owned(), decode(b"{}")),
        ]);
        let standings: Vec<_> =
            seen.told.iter().map(|it| (it.consumer.as_str(), it.standing.as_str())).collect();
        let expected = [("a", "well"), ("b", "unused"), ("c", "failing"), ("d", "silent")];
        assert_eq!(standings, expected);
        assert_eq!(seen.unreadable.len(), 1);
        let said = "handler h of group g of app bot fails at 1 of 4 consumers, 2 times in a row: \
                    no guild";
        assert_eq!(seen.failing(), [said]);
    }

    #[test]
    fn where_nobody_fails_nothing_is_said() {
        let seen = handlers(vec![told("a", Duration::ZERO, WELL)]);
        assert_eq!(seen.failing(), Vec::<String>::new());
    }

    #[test]
    fn a_standing_has_one_word_in_tables_and_in_json() {
        use HandlerStanding::{Failing, Silent, Unused, Well};
        for standing in [Failing, Silent, Unused, Well] {
            assert_eq!(serde_json::json!(standing), standing.as_str());
        }
    }
}
