//! Every option there is, once.
//!
//! The tables say what an option is called, what it takes, what holds without it and when a change
//! takes effect. Reading, the mistakes, `--check-config`, a reload and `docs/configuration.md` all
//! go by them. What a value becomes is said where it is used, in the sections' own modules.

use std::{fmt, time::Duration};

use baton_model::limits::{DRAIN_LIMIT, LANES_PER_APP_MAX, RING_KEEP, SHARDS_PER_APP_MAX};

use super::kind::Kind;

/// The longest that anything of a stream is kept for: streams are a way, not a place.
const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The longest that a supervisor may be said to wait.
const KILL_TIMEOUT_MAX: Duration = Duration::from_secs(60 * 60);

/// An option.
#[derive(Debug)]
pub(super) struct Entry {
    /// Its name, within an app if it is one of an app's.
    pub(super) name: &'static str,
    /// What it takes.
    pub(super) kind: Kind,
    /// What holds without it.
    pub(super) without: Without,
    /// When a change of it takes effect.
    pub(super) effect: Effect,
    /// What it is for.
    pub(super) meaning: &'static str,
}

/// What holds where an option is not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Without {
    /// This value, in TOML.
    Default(&'static str),
    /// What these words say.
    Unset(&'static str),
    /// Nothing can run.
    Mistake,
}

/// When a changed option takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// With the reload.
    AtOnce,
    /// When the instance starts again.
    Restart,
    /// When the instance has started again, and then shard by shard: Discord is told with IDENTIFY
    /// only, so a session that is resumed keeps what it had.
    NewSessions,
    /// When no instance runs with the old value any more.
    WholeFleet,
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AtOnce => "takes effect at once",
            Self::Restart => "needs a restart of this instance",
            Self::NewSessions => "needs a restart, and reaches each shard with its next session",
            Self::WholeFleet => "needs a stop of the whole fleet: all its instances must agree",
        })
    }
}

/// The options of an instance.
pub(super) const INSTANCE: &[Entry] = &[
    Entry {
        name: "fleet",
        kind: Kind::Name,
        without: Without::Default("\"main\""),
        effect: Effect::Restart,
        meaning: "The fleet this instance belongs to: all instances with one store and one fleet \
            share the shards.",
    },
    Entry {
        name: "store.url",
        kind: Kind::Store,
        without: Without::Mistake,
        effect: Effect::Restart,
        meaning: "Where leases, sessions and streams are. A login may stand in it, but is better \
            kept out of it.",
    },
    Entry {
        name: "store.user",
        kind: Kind::Text,
        without: Without::Unset("the default user"),
        effect: Effect::Restart,
        meaning: "The ACL user of the store.",
    },
    Entry {
        name: "store.password",
        kind: Kind::Source,
        without: Without::Unset("no login"),
        effect: Effect::Restart,
        meaning: "Where the password of the store is.",
    },
    Entry {
        name: "store.ca_file",
        kind: Kind::Path,
        without: Without::Unset("the web's certificate authorities"),
        effect: Effect::Restart,
        meaning: "Certificates to trust with TLS, as PEM.",
    },
    Entry {
        name: "instance.name",
        kind: Kind::Text,
        without: Without::Unset("the host's name"),
        effect: Effect::Restart,
        meaning: "By what name operators know it, in `baton` and in its logs. Better if no two \
            have the same.",
    },
    Entry {
        name: "instance.zone",
        kind: Kind::Name,
        without: Without::Default("\"default\""),
        effect: Effect::Restart,
        meaning: "Its failure domain: shards are spread over zones.",
    },
    Entry {
        name: "instance.tier",
        kind: Kind::Number { least: 0, most: 255 },
        without: Without::Default("0"),
        effect: Effect::Restart,
        meaning: "Its line of defence: a higher tier is a standby, and runs nothing until the \
            lower ones are dead or full.",
    },
    Entry {
        name: "instance.weight",
        kind: Kind::Number { least: 1, most: 65_535 },
        without: Without::Default("100"),
        effect: Effect::Restart,
        meaning: "Its share of the shards, relative to the others of its tier.",
    },
    Entry {
        name: "instance.capacity",
        kind: Kind::Number { least: 1, most: 1_000_000 },
        without: Without::Default("10_000"),
        effect: Effect::Restart,
        meaning: "How many shards it takes at the most.",
    },
    Entry {
        name: "instance.workers",
        kind: Kind::NumberOrAuto { least: 1, most: 1_024 },
        without: Without::Default("\"auto\""),
        effect: Effect::Restart,
        meaning: "Threads that run shards; `\"auto\"` is one for each core.",
    },
    Entry {
        name: "http.listen",
        kind: Kind::Address,
        without: Without::Default("\"127.0.0.1:9090\""),
        effect: Effect::Restart,
        meaning: "Where health, status and metrics are served. Keep it off the internet.",
    },
    Entry {
        name: "http.page",
        kind: Kind::OneOf(&["on", "off"]),
        without: Without::Default("\"off\""),
        effect: Effect::Restart,
        meaning: "Whether the live page of the fleet is served there as well.",
    },
    Entry {
        name: "log.format",
        kind: Kind::OneOf(&["text", "json"]),
        without: Without::Default("\"text\""),
        effect: Effect::Restart,
        meaning: "How a line of the log is written.",
    },
    Entry {
        name: "log.level",
        kind: Kind::OneOf(&["error", "warn", "info", "debug", "trace"]),
        without: Without::Default("\"info\""),
        effect: Effect::AtOnce,
        meaning: "What is logged: this and worse.",
    },
    Entry {
        name: "telemetry.metrics",
        kind: Kind::OneOf(&["on", "off"]),
        without: Without::Default("\"on\""),
        effect: Effect::Restart,
        meaning: "Whether the instance counts and measures. What can be seen at a look is shown at \
            `/metrics` all the same.",
    },
    Entry {
        name: "telemetry.per_shard",
        kind: Kind::OneOf(&["auto", "on", "off"]),
        without: Without::Default("\"auto\""),
        effect: Effect::Restart,
        meaning: "Whether `/metrics` has series for each shard; `\"auto\"` is up to 500 shards \
            here.",
    },
    Entry {
        name: "telemetry.otlp_url",
        kind: Kind::Url(&["http", "https"]),
        without: Without::Unset("no traces are sent"),
        effect: Effect::Restart,
        meaning: "Where a collector takes traces by OTLP over HTTP, as in `http://127.0.0.1:4318`. \
            Hand-overs are always traced, events as `telemetry.trace_one_in` says.",
    },
    Entry {
        name: "telemetry.otlp_logs_url",
        kind: Kind::Url(&["http", "https"]),
        without: Without::Unset("the log is not sent"),
        effect: Effect::Restart,
        meaning: "Where a collector takes the log by OTLP over HTTP, beside standard error: what \
            `log.level` lets through.",
    },
    Entry {
        name: "telemetry.trace_one_in",
        kind: Kind::Number { least: 0, most: 1_000_000_000 },
        without: Without::Default("1_000"),
        effect: Effect::Restart,
        meaning: "One event in so many is traced, if there is a collector; with 0 none is. What is \
            traced has its `tp` in the entry, for consumers to go on with.",
    },
    Entry {
        name: "drain.limit",
        kind: Kind::Duration { least: Duration::from_secs(1), most: DRAIN_LIMIT },
        without: Without::Default("\"1m\""),
        effect: Effect::AtOnce,
        meaning: "How long a draining instance tries to hand its shards over, before it releases \
            what it still holds.",
    },
    Entry {
        name: "drain.kill_timeout",
        kind: Kind::Duration { least: Duration::from_secs(1), most: KILL_TIMEOUT_MAX },
        without: Without::Unset("nobody compares it with `drain.limit`"),
        effect: Effect::Restart,
        meaning: "How long whoever ends this instance (Nomad, compose, systemd) waits before it \
            kills it. An instance that would be killed in the middle of its drain does not start.",
    },
    Entry {
        name: "memory.drain_at_percent",
        kind: Kind::Number { least: 10, most: 99 },
        without: Without::Default("85"),
        effect: Effect::AtOnce,
        meaning: "The share of its memory limit above which the instance drains itself and exits.",
    },
    Entry {
        name: "stored_apps.token_folder",
        kind: Kind::Path,
        without: Without::Unset("none has its token in a file"),
        effect: Effect::Restart,
        meaning: "The folder below which the token files of apps may lie that operators put into \
            the store with `baton app add`. Without this and `stored_apps.token_prefix` the \
            instance runs none of those apps.",
    },
    Entry {
        name: "stored_apps.token_prefix",
        kind: Kind::Text,
        without: Without::Unset("none has its token in a variable"),
        effect: Effect::Restart,
        meaning: "What the names of variables begin with that may hold tokens of apps in the \
            store. Whoever can write to the store can have every such variable sent to Discord.",
    },
    Entry {
        name: "stored_apps.gateway_url",
        kind: Kind::Url(&["wss", "ws"]),
        without: Without::Unset("Discord's"),
        effect: Effect::Restart,
        meaning: "As an app's `gateway_url`, for all apps in the store: they cannot say it \
            themselves.",
    },
    Entry {
        name: "stored_apps.api_url",
        kind: Kind::Url(&["https", "http"]),
        without: Without::Unset("Discord's"),
        effect: Effect::Restart,
        meaning: "As an app's `api_url`, for all apps in the store: they cannot say it themselves.",
    },
];

/// The options of each app.
pub(super) const APP: &[Entry] = &[
    Entry {
        name: "token",
        kind: Kind::Sources,
        without: Without::Mistake,
        effect: Effect::Restart,
        meaning: "Where the bot's token is, first choice first. A file is read again when it \
            changes.",
    },
    Entry {
        name: "intents",
        kind: Kind::Intents,
        without: Without::Mistake,
        effect: Effect::NewSessions,
        meaning: "What the bot wants to hear of.",
    },
    Entry {
        name: "shards",
        kind: Kind::NumberOrAuto { least: 1, most: SHARDS_PER_APP_MAX as i64 },
        without: Without::Default("\"auto\""),
        effect: Effect::WholeFleet,
        meaning: "Into how many shards the bot is cut; `\"auto\"` is what Discord recommends when \
            the app first runs.",
    },
    Entry {
        name: "lanes",
        kind: Kind::Number { least: 1, most: LANES_PER_APP_MAX as i64 },
        without: Without::Default("16"),
        effect: Effect::WholeFleet,
        meaning: "To how many streams the bot's shards write. Consumers bind to them, so it is \
            fixed for the life of the app.",
    },
    Entry {
        name: "events.forward",
        kind: Kind::Events,
        without: Without::Unset("all but `events.leave_out`"),
        effect: Effect::Restart,
        meaning: "The events that go into the stream, of those that Baton knows by name. Either \
            this or `events.leave_out`.",
    },
    Entry {
        name: "events.leave_out",
        kind: Kind::Events,
        without: Without::Unset("none"),
        effect: Effect::Restart,
        meaning: "The events that do not go into the stream.",
    },
    Entry {
        name: "presence.status",
        kind: Kind::OneOf(&["online", "idle", "dnd", "invisible"]),
        without: Without::Default("\"online\""),
        effect: Effect::AtOnce,
        meaning: "How the bot is shown. What consumers have a shard send since holds there.",
    },
    Entry {
        name: "presence.activities",
        kind: Kind::Activities,
        without: Without::Default("[]"),
        effect: Effect::AtOnce,
        meaning: "What the bot is shown to be doing.",
    },
    Entry {
        name: "large_threshold",
        kind: Kind::Number { least: 50, most: 250 },
        without: Without::Default("50"),
        effect: Effect::NewSessions,
        meaning: "Above how many members Discord leaves the offline ones out of a guild.",
    },
    Entry {
        name: "commands",
        kind: Kind::Ops,
        without: Without::Default(
            "[\"request_channel_info\", \"request_guild_members\", \
             \"request_soundboard_sounds\", \"update_presence\", \"update_voice_state\"]",
        ),
        effect: Effect::AtOnce,
        meaning: "What consumers may have the bot's shards send. Whoever asks for anything else is \
            told that it was dropped.",
    },
    Entry {
        name: "trim.min_age",
        kind: Kind::Duration { least: RING_KEEP, most: WEEK },
        without: Without::Default("\"1h\""),
        effect: Effect::AtOnce,
        meaning: "How long entries stay that all consumer groups have acknowledged.",
    },
    Entry {
        name: "trim.entries_max",
        kind: Kind::Number { least: 1_000, most: 1_000_000_000 },
        without: Without::Default("1_000_000"),
        effect: Effect::AtOnce,
        meaning: "Entries of one lane. Above it the oldest go, read or not.",
    },
    Entry {
        name: "trim.bytes_max",
        kind: Kind::Number { least: 1_048_576, most: 1_099_511_627_776 },
        without: Without::Default("268_435_456"),
        effect: Effect::AtOnce,
        meaning: "Bytes of one lane, as the store counts them. Above it the oldest entries go, \
            read or not.",
    },
    Entry {
        name: "trim.live_within",
        kind: Kind::Duration { least: Duration::from_secs(60), most: WEEK },
        without: Without::Default("\"12h\""),
        effect: Effect::AtOnce,
        meaning: "How long a consumer group that nobody reads with holds the stream back. What it \
            has not read by then may be lost to it, without a marker.",
    },
    Entry {
        name: "brokers.mode",
        kind: Kind::OneOf(&["off", "also", "instead"]),
        without: Without::Default("\"off\""),
        effect: Effect::AtOnce,
        meaning: "Whether events go into streams that `@discordjs/brokers` reads, besides their \
            lane or instead of it, and its commands are taken (docs/brokers.md). Not with an \
            embedded store or a Cluster.",
    },
    Entry {
        name: "brokers.prefix",
        kind: Kind::Prefix,
        without: Without::Default("\"\""),
        effect: Effect::AtOnce,
        meaning: "What the names of these streams begin with. Two apps in one database need two \
            of them; programs that know of none need it empty.",
    },
    Entry {
        name: "brokers.group_idle_max",
        kind: Kind::Duration { least: Duration::from_secs(10), most: WEEK },
        without: Without::Default("\"24h\""),
        effect: Effect::AtOnce,
        meaning: "After how much time a consumer group of these streams is removed that nobody \
            reads with: `@discordjs/brokers` leaves them behind.",
    },
    Entry {
        name: "gateway_url",
        kind: Kind::Url(&["wss", "ws"]),
        without: Without::Unset("Discord's"),
        effect: Effect::Restart,
        meaning: "Another gateway to connect to, for tests. The token is sent there.",
    },
    Entry {
        name: "api_url",
        kind: Kind::Url(&["https", "http"]),
        without: Without::Unset("Discord's"),
        effect: Effect::Restart,
        meaning: "Another REST API to ask, for tests and proxies. The token is sent there.",
    },
];
