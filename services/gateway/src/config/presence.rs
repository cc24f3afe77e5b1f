//! How a bot is shown.

use std::collections::BTreeMap;

use twilight_model::gateway::{
    payload::outgoing::update_presence::UpdatePresencePayload,
    presence::{self as gateway, MinimalActivity},
};

use super::{
    kind::Kind,
    mistake::Fault,
    nearest::nearest,
    reader::{Section, Setting},
    setting::{each, list, text, word},
    value::{Value, key},
};

/// How a bot is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Presence {
    /// The dot beside its name.
    pub status: Status,
    /// What stands under it.
    pub activities: Vec<Activity>,
}

/// The dot beside a bot's name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Status {
    /// Green.
    #[default]
    Online,
    /// Yellow.
    Idle,
    /// Red: do not disturb.
    Dnd,
    /// Grey, as if it were offline.
    Invisible,
}

/// What a bot is shown to be doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// The verb.
    pub kind: ActivityKind,
    /// What it is doing that with; the whole text of a custom one.
    pub name: String,
    /// Where it streams.
    pub url: Option<String>,
}

/// The verb of an activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActivityKind {
    /// Playing a game.
    Playing,
    /// Streaming on a platform.
    Streaming,
    /// Listening to something.
    Listening,
    /// Watching something.
    Watching,
    /// A text of its own.
    Custom,
    /// Competing in something.
    Competing,
}

impl Presence {
    /// The same for Discord, as IDENTIFY tells it; none where that is what Discord assumes.
    pub(super) fn payload(&self) -> Option<UpdatePresencePayload> {
        if *self == Self::default() {
            return None;
        }
        let activities = self.activities.iter().map(Activity::payload).collect();
        let status = match self.status {
            Status::Online => gateway::Status::Online,
            Status::Idle => gateway::Status::Idle,
            Status::Dnd => gateway::Status::DoNotDisturb,
            Status::Invisible => gateway::Status::Invisible,
        };
        // Twilight would refuse one without activities, which Discord does not.
        Some(UpdatePresencePayload { activities, afk: false, since: None, status })
    }
}

impl Activity {
    fn payload(&self) -> gateway::Activity {
        let kind = match self.kind {
            ActivityKind::Playing => gateway::ActivityType::Playing,
            ActivityKind::Streaming => gateway::ActivityType::Streaming,
            ActivityKind::Listening => gateway::ActivityType::Listening,
            ActivityKind::Watching => gateway::ActivityType::Watching,
            ActivityKind::Custom => gateway::ActivityType::Custom,
            ActivityKind::Competing => gateway::ActivityType::Competing,
        };
        let (name, url) = (self.name.clone(), self.url.clone());
        let mut activity = gateway::Activity::from(MinimalActivity { kind, name, url });
        if self.kind == ActivityKind::Custom {
            // What is shown of a custom one is its state.
            activity.state = Some(self.name.clone());
        }
        activity
    }
}

const STATUSES: [(&str, Status); 4] = [
    ("online", Status::Online),
    ("idle", Status::Idle),
    ("dnd", Status::Dnd),
    ("invisible", Status::Invisible),
];

const ACTIVITIES: [(&str, ActivityKind); 6] = [
    ("playing", ActivityKind::Playing),
    ("streaming", ActivityKind::Streaming),
    ("listening", ActivityKind::Listening),
    ("watching", ActivityKind::Watching),
    ("custom", ActivityKind::Custom),
    ("competing", ActivityKind::Competing),
];

const FIELDS: [&str; 3] = ["type", "name", "url"];

/// Discord cuts longer ones off.
const ACTIVITY_CHARS_MAX: usize = 128;

impl Presence {
    /// Reads the section `[apps.<name>.presence]`.
    pub(super) fn of(section: &mut Section<'_, '_>) -> Option<Self> {
        let status = section.required("presence.status");
        let activities = section.required("presence.activities");
        Some(Self { status: status?, activities: activities? })
    }
}

impl Setting for Status {
    fn read(value: &Value, _: Kind) -> Result<Self, Vec<Fault>> {
        word(value, &STATUSES)
    }
}

impl Setting for Vec<Activity> {
    fn read(value: &Value, _: Kind) -> Result<Self, Vec<Fault>> {
        each(list(value)?, |at, item| match item {
            Value::Table(fields) => activity(at + 1, fields),
            Value::Text(_) | Value::Integer(_) | Value::Other(_) | Value::List(_) => {
                let expected = "a table, as in { type = \"watching\", name = \"you\" }";
                Err(vec![Fault::in_part(format!("item {}", at + 1), expected)])
            }
        })
    }
}

fn activity(at: usize, fields: &BTreeMap<String, Value>) -> Result<Activity, Vec<Fault>> {
    let mut faults = Vec::new();
    for name in fields.keys().filter(|name| !FIELDS.contains(&name.as_str())) {
        let about = format!("item {at}: {} is unknown", key(name));
        let meant = nearest(name, FIELDS).map(str::to_owned);
        faults.push(Fault { nearest: meant, ..Fault::in_part(about, FIELDS.join(", ")) });
    }
    let mut wrong = |field: &str, expected: &str| {
        faults.push(Fault::in_part(format!("item {at}: {field}"), expected));
    };
    let kind = fields.get("type").and_then(|kind| word(kind, &ACTIVITIES).ok());
    if kind.is_none() {
        wrong("type", &format!("one of {}", ACTIVITIES.map(|(word, _)| word).join(", ")));
    }
    let name = fields.get("name").and_then(|name| text(name).ok());
    let name = name.filter(|name| (1..=ACTIVITY_CHARS_MAX).contains(&name.chars().count()));
    if name.is_none() {
        wrong("name", &format!("a text of 1 to {ACTIVITY_CHARS_MAX} characters"));
    }
    let url = fields.get("url").map(|url| text(url).ok().filter(|_| is_streaming(kind)));
    if url == Some(None) {
        wrong("url", "a text, for type \"streaming\" only");
    }
    match (kind, name) {
        (Some(kind), Some(name)) if faults.is_empty() => {
            let url = url.flatten().map(str::to_owned);
            Ok(Activity { kind, name: name.to_owned(), url })
        }
        (_, _) => Err(faults),
    }
}

fn is_streaming(kind: Option<ActivityKind>) -> bool {
    kind == Some(ActivityKind::Streaming)
}
