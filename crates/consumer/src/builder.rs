//! Builds a consumer: what must be said, and what may be.

use std::{sync::Arc, time::Duration};

use baton_model::{AppName, FleetName, LaneCount};
use baton_telemetry::Tracer;
use baton_valkey_link::{Login, StoreUrl};

use crate::{
    Begin, BuildError, Consumer,
    consumer::{Parts, Rank},
    roster::Limits,
    route::Servers,
    settings::{PACE, Settings},
    traces::Traces,
};

/// The fleet that instances belong to when they are told nothing else.
pub(crate) const FLEET: &str = "main";

/// Settings of a consumer, before they are checked.
#[derive(Debug, Clone)]
pub struct ConsumerBuilder {
    url: String,
    app: String,
    group: String,
    fleet: String,
    name: Option<String>,
    login: Option<Login>,
    ca_pem: Option<Vec<u8>>,
    lanes: Option<LaneCount>,
    settings: Settings,
    begin: Begin,
    is_exclusive: bool,
    tier: Option<u8>,
    pace: Limits,
    handlers_max: usize,
    deadline: Duration,
    stop_limit: Duration,
    is_reported: bool,
    tracer: Tracer,
}

impl Consumer {
    /// A consumer of an app's events, as a member of a group: every group gets every event, and
    /// within a group each event goes to one consumer.
    ///
    /// The url is that of the gateways: `valkey://…`, `valkey-sentinel://…`, `valkey-cluster://…`,
    /// with an `s` behind `valkey` for TLS.
    ///
    /// ```no_run
    /// use baton_consumer::{Consumer, Delivery};
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let consumer = Consumer::builder("valkey://127.0.0.1:6379", "bot", "greeter").build()?;
    /// consumer
    ///     .run(|delivery: Delivery| async move {
    ///         println!("{} in {:?}", delivery.name(), delivery.guild());
    ///         Ok::<_, std::io::Error>(())
    ///     })
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn builder(url: &str, app: &str, group: &str) -> ConsumerBuilder {
        ConsumerBuilder {
            url: url.to_owned(),
            app: app.to_owned(),
            group: group.to_owned(),
            fleet: FLEET.to_owned(),
            name: None,
            login: None,
            ca_pem: None,
            lanes: None,
            settings: Settings::default(),
            begin: Begin::default(),
            is_exclusive: false,
            tier: None,
            pace: PACE,
            handlers_max: 256,
            deadline: Duration::from_secs(30),
            stop_limit: Duration::from_secs(10),
            is_reported: true,
            tracer: Tracer::default(),
        }
    }
}

impl ConsumerBuilder {
    /// The fleet that runs the app; `main` if nothing is said.
    #[must_use]
    pub fn fleet(mut self, fleet: &str) -> Self {
        fleet.clone_into(&mut self.fleet);
        self
    }

    /// The consumer's name within its group, which no other consumer may have at the same time. One
    /// that comes back under its name goes on with what it has left at once. Drawn at random if
    /// nothing is said.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// How to log in, where the url does not say it: a program that takes its password from a file
    /// need not put it into a url.
    #[must_use]
    pub fn login(mut self, user: Option<&str>, password: &str) -> Self {
        let (user, password) = (user.map(str::to_owned), Some(password.to_owned()));
        self.login = Some(Login { user, password });
        self
    }

    /// Certificates to trust with TLS, as PEM; the web's if nothing is said.
    #[must_use]
    pub fn ca_pem(mut self, pem: &[u8]) -> Self {
        self.ca_pem = Some(pem.to_vec());
        self
    }

    /// How many lanes the app has. If nothing is said, the fleet is asked, and waited for until it
    /// knows.
    #[must_use]
    pub fn lanes(mut self, lanes: LaneCount) -> Self {
        self.lanes = Some(lanes);
        self
    }

    /// From where a group reads that is there for the first time.
    #[must_use]
    pub fn begin(mut self, begin: Begin) -> Self {
        self.begin = begin;
        self
    }

    /// Leases lanes: at any time one consumer of the group reads a lane, so that the order of a
    /// guild holds across processes too. The lanes are shared out evenly among all consumers of the
    /// group, which all must say this.
    #[must_use]
    pub fn exclusive(mut self) -> Self {
        self.is_exclusive = true;
        self
    }

    /// Leases lanes, as [`ConsumerBuilder::exclusive`] does, in a tier: 0 is the first, and a worse
    /// one is given lanes only while nobody of a better one lives and gets its work done.
    #[must_use]
    pub fn tier(mut self, tier: u8) -> Self {
        self.tier = Some(tier);
        self
    }

    /// In a group with tiers: whoever has a delivery in hand for longer than this does not get its
    /// work done, and its lanes go to whoever does. Above what the slowest handler takes, with what
    /// waits before it. 5 s if nothing is said.
    #[must_use]
    pub fn behind_after(mut self, time: Duration) -> Self {
        self.pace.in_hand_max = time;
        self
    }

    /// In a group with tiers: for how long nothing must have been in hand for too long until a
    /// consumer that was behind is given lanes again. 30 s if nothing is said.
    #[must_use]
    pub fn trusted_after(mut self, time: Duration) -> Self {
        self.pace.trusted_after = time;
        self
    }

    /// How many handlers may be at work at once, in all lanes together. 256 if nothing is said.
    #[must_use]
    pub fn handlers_max(mut self, most: usize) -> Self {
        self.handlers_max = most;
        self
    }

    /// How long a handler may take. Longer is a failed attempt. 30 s if nothing is said.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// How often a delivery is tried before it becomes a dead letter. Five times if nothing is
    /// said.
    #[must_use]
    pub fn attempts_max(mut self, most: u32) -> Self {
        self.settings.attempts_max = most;
        self
    }

    /// The pause before the second attempt, which doubles with each that follows, and the longest
    /// one. From 250 ms to 30 s if nothing is said.
    #[must_use]
    pub fn retry_pauses(mut self, first: Duration, most: Duration) -> Self {
        self.settings.retry_first = first;
        self.settings.retry_max = most;
        self
    }

    /// How long nothing must have been heard of a delivery before another consumer takes it over:
    /// its own says three times as often that it is still at it. 15 s if nothing is said.
    #[must_use]
    pub fn claim_after(mut self, silence: Duration) -> Self {
        self.settings.claim_after = silence;
        self
    }

    /// How long a stop waits for what is being handled. 10 s if nothing is said.
    #[must_use]
    pub fn stop_limit(mut self, limit: Duration) -> Self {
        self.stop_limit = limit;
        self
    }

    /// Does not tell operators how handlers fare: `baton handler ls` shows nothing of this one.
    #[must_use]
    pub fn unreported(mut self) -> Self {
        self.is_reported = false;
        self
    }

    /// Sends spans of what it handles and commands, where the event is traced.
    #[cfg(feature = "otlp")]
    #[must_use]
    pub fn traces(mut self, tracer: &Tracer) -> Self {
        self.tracer = tracer.clone();
        self
    }

    /// Checks everything; nothing is connected to yet.
    ///
    /// # Errors
    /// What is wrong, in one line.
    pub fn build(self) -> Result<Consumer, BuildError> {
        let named = |what| move |source| BuildError::Name { what, source };
        let mut url: StoreUrl = self.url.parse()?;
        if let Some(login) = self.login {
            url.login = login;
        }
        let app: Arc<AppName> = Arc::new(self.app.parse().map_err(named("app"))?);
        let fleet: FleetName = self.fleet.parse().map_err(named("fleet"))?;
        if self.group.is_empty() {
            return Err(BuildError::NoName("group"));
        }
        if self.handlers_max == 0 {
            return Err(BuildError::Zero("handlers_max"));
        }
        if self.settings.attempts_max == 0 {
            return Err(BuildError::Zero("attempts_max"));
        }
        let name = match self.name {
            Some(name) if name.is_empty() => return Err(BuildError::NoName("consumer")),
            Some(name) => name,
            None => random_name()?,
        };
        let exclusive = match (self.tier, self.is_exclusive) {
            (Some(tier), _) => Some(Rank { tier, pace: Some(self.pace) }),
            (None, true) => Some(Rank { tier: 0, pace: None }),
            (None, false) => None,
        };
        Ok(Consumer::new(Parts {
            servers: Arc::new(Servers { url, ca_pem: self.ca_pem }),
            fleet,
            group: self.group,
            name,
            lanes: self.lanes,
            settings: self.settings,
            begin: self.begin,
            exclusive,
            handlers_max: self.handlers_max.min(tokio::sync::Semaphore::MAX_PERMITS),
            deadline: self.deadline,
            stop_limit: self.stop_limit,
            is_reported: self.is_reported,
            traces: Traces::new(self.tracer, app.clone()),
            app,
            health: crate::Health::default(),
        }))
    }
}

/// A name that nobody else has.
pub(crate) fn random_name() -> Result<String, BuildError> {
    let drawn = getrandom::u64().map_err(|_| BuildError::NoRandom)?;
    Ok(format!("{drawn:016x}"))
}
