//! What tells the series of a metric apart.

/// A label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Label {
    /// The app's name.
    App,
    /// The shard, as in `0.17`: its generation and its number.
    Shard,
    /// The lane's number.
    Lane,
    /// The consumer group's name.
    Group,
    /// The handler's name.
    Handler,
    /// The event's name; `other` for one that Baton does not know.
    Event,
    /// What a shard is about.
    State,
    /// How an instance fares.
    Level,
    /// Where an instance is in its life.
    Phase,
    /// Part of a hand-over.
    Step,
    /// Whether the shard was given or taken.
    Role,
    /// How it went about.
    How,
    /// What came of it.
    Outcome,
    /// Why it did not go.
    Why,
    /// The code of a close frame; `none` where there was no frame, `other` for one unheard of.
    Code,
    /// What two disagreed about.
    Kind,
    /// Which Baton it is.
    Version,
}

impl Label {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::App,
        Self::Shard,
        Self::Lane,
        Self::Group,
        Self::Handler,
        Self::Event,
        Self::State,
        Self::Level,
        Self::Phase,
        Self::Step,
        Self::Role,
        Self::How,
        Self::Outcome,
        Self::Why,
        Self::Code,
        Self::Kind,
        Self::Version,
    ];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Shard => "shard",
            Self::Lane => "lane",
            Self::Group => "group",
            Self::Handler => "handler",
            Self::Event => "event",
            Self::State => "state",
            Self::Level => "level",
            Self::Phase => "phase",
            Self::Step => "step",
            Self::Role => "role",
            Self::How => "how",
            Self::Outcome => "outcome",
            Self::Why => "why",
            Self::Code => "code",
            Self::Kind => "kind",
            Self::Version => "version",
        }
    }

    /// What its values are.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::App => "the app's name",
            Self::Shard => "the shard, as in `0.17`: its generation and its number",
            Self::Lane => "the lane's number",
            Self::Group => "the consumer group's name",
            Self::Handler => "the handler's name",
            Self::Event => "the event's name; `other` for one that Baton does not know by name",
            Self::State => "what the shard is about, as in `baton shard ls`",
            Self::Level => "`healthy`, `degraded`, `unhealthy` or `fatal`",
            Self::Phase => "`joining`, `up`, `draining` or `down`",
            Self::Step => {
                "`flushing`, `offering` and `offered` at the source; `warming`, `warm`, \
                 `accepting` and `resuming` at the target"
            }
            Self::Role => "`source` or `target`",
            Self::How => {
                "`resumed` or `identified` for sessions; `claimed` or `accepted` for leases taken; \
                 `released`, `handed_over` or `fenced` for leases let go"
            }
            Self::Outcome => "what came of it; the metric says which there are",
            Self::Why => "why it did not go; the metric says which there are",
            Self::Code => {
                "the code of Discord's close frame; `none` where the connection just ended, \
                 `other` for a code that is unheard of"
            }
            Self::Kind => "what two instances disagreed about, as in `baton conflict ls`",
            Self::Version => "which Baton it is",
        }
    }
}
