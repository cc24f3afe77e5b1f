//! `intent`: what operators want, and how this program writes it down.

use std::{
    env,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use baton_model::{Intent, IntentId, Line as Text, NewIntent, Subject, UnixMicros, Wish};
use baton_store::{Doer, ForOperators, Happening, IntendError, What};
use serde::Serialize;

use crate::{
    Exit, Failure,
    arguments::IntentCommand,
    fleet::{Look, wanted},
    output::{self, Column, Row, units},
    program::{Desk, drawn},
};

/// An intent, as JSON shows it.
#[derive(Debug, Serialize)]
struct Line {
    subject: String,
    id: String,
    wish: Wish,
    #[serde(skip)]
    wanted: String,
    by: String,
    reason: String,
    stands_for_ms: u64,
}

pub(super) async fn intent(desk: &Desk, command: IntentCommand) -> Result<Exit, Failure> {
    let look = Look::take(&desk.store).await?;
    match command {
        IntentCommand::Ls => {
            let lines: Vec<_> = look.intents.iter().map(|intent| Line::of(&look, intent)).collect();
            output::list(&lines, desk.globals.output)?;
        }
        IntentCommand::Withdraw { subject } => {
            let subject: Subject =
                subject.parse().map_err(|error| Failure::Usage(format!("{error}")))?;
            withdraw(desk, &look, &subject).await?;
            desk.terminal.say(format_args!("{subject} is taken back"));
        }
    }
    Ok(Exit::Done)
}

/// Writes down what is wanted. Somebody else's wish about the same thing is replaced, and said.
pub(super) async fn intend(desk: &Desk, wish: Wish, reason: &str) -> Result<IntentId, Failure> {
    let reason: Text =
        reason.parse().map_err(|error| Failure::Usage(format!("--reason: {error}")))?;
    let id = IntentId(drawn()?);
    let intent = NewIntent { id, wish, by: operator(), reason };
    let before = desk.store.intend(&intent).await.map_err(|error| match error {
        IntendError::TooMany(_) => Failure::Conflict(error.to_string()),
        IntendError::Store(error) => Failure::Store(error),
    })?;
    if let Some(before) = before {
        let (subject, by) = (before.subject(), before.by);
        desk.terminal.say(format_args!("this replaces what {by} wanted about {subject}"));
    }
    note(desk, What::Ordered { intent }).await;
    Ok(id)
}

/// Notes down who did it, for an intent is gone when it is carried out. What was done stands
/// whether or not this does.
pub(super) async fn note(desk: &Desk, what: What) {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let at = UnixMicros(u64::try_from(since.as_micros()).unwrap_or(u64::MAX));
    let happening = Happening { at, by: Doer::Operator(operator()), what };
    if let Err(error) = desk.store.note(&happening).await {
        desk.terminal.say(format_args!("it is not in the journal: {error}"));
    }
}

/// Takes back what is wanted about something.
pub(super) async fn withdraw(desk: &Desk, look: &Look, subject: &Subject) -> Result<(), Failure> {
    let standing = look.intents.iter().find(|intent| intent.subject() == *subject);
    let Some(intent) = standing else {
        let nothing = format!("nothing is wanted about {subject}; `baton intent ls` lists what is");
        return Err(Failure::NotFound(nothing));
    };
    if !desk.store.withdraw(subject, intent.id).await? {
        let gone = format!("what was wanted about {subject} is done, or replaced, already");
        return Err(Failure::Conflict(gone));
    }
    Ok(())
}

/// Who does this, for others to read.
fn operator() -> Text {
    let named = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let user = named("BATON_OPERATOR").or_else(|| named("USER")).or_else(|| named("LOGNAME"));
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let user = user.unwrap_or_else(|| "somebody".to_owned());
    match host.trim() {
        "" => Text::shortened(&user),
        host => Text::shortened(&format!("{user}@{host}")),
    }
}

impl Line {
    fn of(look: &Look, intent: &Intent) -> Self {
        Self {
            subject: intent.subject().to_string(),
            id: intent.id.to_string(),
            wish: intent.wish.clone(),
            wanted: wanted(look, &intent.wish),
            by: intent.by.to_string(),
            reason: intent.reason.to_string(),
            stands_for_ms: look.now.0.saturating_sub(intent.at.0),
        }
    }
}

impl Row for Line {
    const KIND: &'static str = "intent";
    const COLUMNS: &'static [Column] = &[
        Column::text("subject"),
        Column::text("wanted"),
        Column::text("for"),
        Column::text("by"),
        Column::text("reason"),
        Column::text("id").wide(),
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.subject.clone(),
            self.wanted.clone(),
            units::time(Duration::from_millis(self.stands_for_ms)),
            self.by.clone(),
            self.reason.clone(),
            self.id.clone(),
        ]
    }
}
