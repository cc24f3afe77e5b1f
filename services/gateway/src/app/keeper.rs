//! The keeper itself.

use std::{num::NonZeroU16, sync::Arc, time::Duration};

use baton_model::{AppShape, Generation, Moment, ShardCount};
use baton_store::Store;
use serde::Serialize;
use tokio::sync::{mpsc, watch};

use super::{
    AppSettings, ShardsWanted,
    tokens::{self, Trial},
};
use crate::{
    circuit::{Action, Circuit, Event},
    clock::Clock,
    control::{Ear, ToControl},
    hosting::AppHost,
    instruments::AppMeters,
    rest::{GatewayBot, Rest, RestError},
    socket::{Dialer, DialerSettings},
    supervisor::{App, Input},
    token::Token,
    tuning::AppTuning,
};

/// How often the keeper looks after everything.
const LOOK_PERIOD: Duration = Duration::from_secs(2);

/// How often the day's limit is taken from Discord again.
const LIMIT_PERIOD: Duration = Duration::from_secs(10 * 60);

/// The pause after an attempt to find out how the app is to run.
const INTRODUCTION_PAUSE: Duration = Duration::from_secs(5);

/// How an app stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "condition", rename_all = "snake_case")]
pub enum Condition {
    /// It is not known yet how it is to run.
    Starting {
        /// What is being waited for.
        because: String,
    },
    /// It runs.
    Running,
    /// Discord rejects it.
    Rejected {
        /// With which close code.
        code: u16,
        /// What an operator can do.
        remedy: &'static str,
    },
}

/// Keeps one app.
pub struct Keeper<S> {
    settings: AppSettings,
    rest: Rest,
    store: S,
    clock: Clock,
    ear: Ear,
    news: mpsc::UnboundedReceiver<Event>,
    condition: watch::Sender<Condition>,
    tuning: watch::Receiver<AppTuning>,
    circuit: Circuit,
    meters: Arc<AppMeters>,
}

/// How to reach a keeper.
#[derive(Debug)]
pub struct Reins {
    /// Where to tell it what its shards say.
    pub news: mpsc::UnboundedSender<Event>,
    /// How its app stands.
    pub condition: watch::Receiver<Condition>,
    /// What of its app may change.
    pub tuning: watch::Sender<AppTuning>,
}

/// What runs once the app is known.
struct Running {
    app: App,
    token: Token,
    dialing: watch::Sender<Arc<Dialer>>,
    /// When the limit is taken from Discord again.
    limit_due: Moment,
    next_question: Question,
}

/// What the store may have forgotten of an app.
#[derive(Debug, Clone, Copy)]
enum Question {
    Shape,
    Limit,
}

impl<S: Store> Keeper<S> {
    /// A keeper, and how to reach it.
    pub fn new(
        settings: AppSettings,
        store: S,
        (clock, meters): (Clock, Arc<AppMeters>),
        ear: Ear,
    ) -> (Self, Reins) {
        let rest = Rest::new(settings.api_url.as_deref().unwrap_or(crate::rest::DISCORD_API));
        let (tell, news) = mpsc::unbounded_channel();
        let starting = Condition::Starting { because: "nothing has been tried yet".to_owned() };
        let (condition, seen) = watch::channel(starting);
        let (tune, tuning) = watch::channel(settings.tuning.clone());
        let circuit = Circuit::default();
        let keeper =
            Self { settings, rest, store, clock, ear, news, condition, tuning, circuit, meters };
        (keeper, Reins { news: tell, condition: seen, tuning: tune })
    }

    /// Keeps the app for as long as the instance lives.
    pub async fn run(mut self) {
        let mut running = loop {
            match self.introduce().await {
                Ok(running) => break running,
                Err(because) => {
                    tracing::warn!(app = %self.settings.name, because, "the app cannot run yet");
                    self.condition.send_replace(Condition::Starting { because });
                }
            }
            tokio::time::sleep(INTRODUCTION_PAUSE).await;
        };
        self.condition.send_replace(Condition::Running);
        let mut looks = tokio::time::interval(LOOK_PERIOD);
        loop {
            tokio::select! {
                event = self.news.recv() => match event {
                    Some(event) => self.hear(event, &mut running).await,
                    None => return,
                },
                _ = looks.tick() => self.look(&mut running).await,
                // Sessions that begin from here on are to be shown so.
                Ok(()) = self.tuning.changed() => self.redial(&running),
            }
        }
    }

    /// Finds out how the app is to run, and has it run.
    async fn introduce(&self) -> Result<Running, String> {
        let (token, bot) = match tokens::try_all(&self.settings, &self.rest).await {
            Trial::Accepted(token, bot) => (token, Ok(bot)),
            Trial::Rejected => {
                self.meters.count_rest_failure(&RestError::Unauthorized);
                return Err("no source has a token that discord accepts".to_owned());
            }
            // Discord can refuse to say for hours; what it said before stands in the store.
            Trial::Unreachable(token, error) => {
                self.meters.count_rest_failure(&error);
                (token, Err(error))
            }
        };
        let app = self.shape(bot.as_ref()).await?;
        if let Ok(bot) = &bot {
            let learnt = self.store.learn_limit(&self.settings.name, bot.limit).await;
            learnt.map_err(|error| error.to_string())?;
        }
        let (dialing, dialer) = watch::channel(Arc::new(self.dialer(&token, app.shape.shards)));
        let left_out = self.settings.left_out.clone();
        let host = AppHost { shape: app.shape, dialer, left_out, tuning: self.tuning.clone() };
        self.ear.tell(ToControl::Admit { name: self.settings.name.clone(), app, host });
        let limit_due = self.clock.now() + LIMIT_PERIOD;
        Ok(Running { app, token, dialing, limit_due, next_question: Question::Limit })
    }

    /// The app's shape is what the first instance ever proposed; what Discord would recommend
    /// today, or what a configuration says, does not change it.
    async fn shape(&self, bot: Result<&GatewayBot, &RestError>) -> Result<App, String> {
        let known = self.store.app_shape(&self.settings.name).await;
        let known = known.map_err(|error| error.to_string())?;
        let shards = match (self.settings.shards, known, bot) {
            (ShardsWanted::Fixed(count), _, _) => ShardCount(count),
            (ShardsWanted::Auto, Some(known), _) => known.shards,
            (ShardsWanted::Auto, None, Ok(bot)) => bot.shards,
            (ShardsWanted::Auto, None, Err(error)) => return Err(error.to_string()),
        };
        let generation = known.map_or(Generation(0), |known| known.generation);
        let proposed = AppShape { generation, shards, lanes: self.settings.lanes };
        let shape = self.store.agree_app(&self.settings.name, &proposed).await;
        let shape = shape.map_err(|error| error.to_string())?;
        if shape != proposed {
            return Err(disagreement(proposed, shape));
        }
        // One at a time is always right.
        let buckets = bot.map_or(NonZeroU16::MIN, |bot| bot.buckets);
        Ok(App { shape, buckets })
    }

    fn dialer(&self, token: &Token, shards: ShardCount) -> Dialer {
        Dialer::new(DialerSettings {
            token: token.reveal().to_owned(),
            intents: self.settings.intents,
            presence: self.tuning.borrow().presence.clone(),
            large_threshold: self.settings.large_threshold,
            gateway_url: self.settings.gateway_url.clone(),
            shards,
        })
        .counted_by(self.meters.clone())
    }

    /// What is said of the app. That its token is another one says an operator, who may be wrong.
    async fn hear(&mut self, event: Event, running: &mut Running) {
        if event == Event::TokenChanged {
            let changed = self.read_token(running);
            self.tell_token_read(changed);
        }
        self.on(event, running).await;
    }

    /// Takes the token from its source again, and says whether it is another one.
    fn read_token(&self, running: &mut Running) -> bool {
        let token = tokens::first(&self.settings).filter(|token| *token != running.token);
        let Some(token) = token else {
            return false;
        };
        tracing::info!(app = %self.settings.name, "a token source has another token");
        self.use_token(token, running);
        true
    }

    fn tell_token_read(&self, changed: bool) {
        self.ear.input(Input::TokenRead { app: self.settings.name.clone(), changed });
    }

    async fn look(&mut self, running: &mut Running) {
        if self.read_token(running) {
            self.tell_token_read(true);
            self.on(Event::TokenChanged, running).await;
        }
        self.on(Event::Tick, running).await;
        if self.circuit == Circuit::Closed {
            self.refresh(running).await;
        }
    }

    fn use_token(&self, token: Token, running: &mut Running) {
        running.token = token;
        self.redial(running);
    }

    /// Has connections that begin from here on present the app as it is by now.
    fn redial(&self, running: &Running) {
        let dialer = self.dialer(&running.token, running.app.shape.shards);
        running.dialing.send_replace(Arc::new(dialer));
    }

    /// Sees to it that the store knows the app: one question a look, for every instance asks for
    /// every app.
    async fn refresh(&self, running: &mut Running) {
        match running.next_question {
            Question::Shape => {
                running.next_question = Question::Limit;
                self.ensure_shape(running.app.shape).await;
            }
            Question::Limit => {
                running.next_question = Question::Shape;
                self.ensure_limit(running).await;
            }
        }
    }

    /// A store that has forgotten the app is told its shape again.
    async fn ensure_shape(&self, ours: AppShape) {
        if !matches!(self.store.app_shape(&self.settings.name).await, Ok(None)) {
            return;
        }
        let told = self.store.agree_app(&self.settings.name, &ours).await;
        if let Ok(shape) = told
            && shape != ours
        {
            let differs = disagreement(ours, shape);
            tracing::error!(app = %self.settings.name, differs, "restart the instances");
        }
    }

    /// Takes the day's limit from Discord, now and then and whenever the store has forgotten it.
    async fn ensure_limit(&self, running: &mut Running) {
        let now = self.clock.now();
        let known = self.store.identify_limit(&self.settings.name).await;
        if now < running.limit_due && !matches!(known, Ok(None)) {
            return;
        }
        running.limit_due = now + LIMIT_PERIOD;
        match self.rest.gateway_bot(running.token.reveal()).await {
            Ok(bot) => self.learn(&bot, running).await,
            Err(error) => {
                self.meters.count_rest_failure(&error);
                tracing::warn!(app = %self.settings.name, error = error.to_string(), "no limit");
                running.limit_due = now + INTRODUCTION_PAUSE;
                if let RestError::RateLimited(pause) = error {
                    running.limit_due = now + pause;
                }
            }
        }
    }

    async fn learn(&self, bot: &GatewayBot, running: &mut Running) {
        if let Err(error) = self.store.learn_limit(&self.settings.name, bot.limit).await {
            tracing::debug!(error = error.to_string(), "the store did not take the limit");
        }
        if running.app.buckets != bot.buckets {
            running.app.buckets = bot.buckets;
            self.ear.input(Input::App(self.settings.name.clone(), running.app));
        }
    }

    // -----------------------------------------------------------------------------------------
    // The circuit
    // -----------------------------------------------------------------------------------------

    async fn on(&mut self, event: Event, running: &mut Running) {
        let mut next = Some(event);
        while let Some(event) = next.take() {
            let action = self.circuit.on(event, self.clock.now());
            if let Some(action) = action {
                next = self.act(action, running).await;
            }
        }
        self.show();
    }

    /// Does what the circuit says; what came of it goes back to it.
    async fn act(&self, action: Action, running: &mut Running) -> Option<Event> {
        let name = || self.settings.name.clone();
        match action {
            Action::Halt => {
                tracing::error!(app = %name(), "discord rejects the app; its shards stop");
                self.ear.input(Input::Halt(name()));
            }
            Action::Probe => self.ear.input(Input::Probe(name())),
            Action::Resume => {
                tracing::info!(app = %name(), "discord accepts the app again");
                self.ear.input(Input::Resume(name()));
            }
            Action::TellOperator => {
                let remedy = "put a new one into its source";
                tracing::error!(app = %name(), remedy, "discord rejects every token there is");
            }
            Action::TryTokens => {
                return Some(match tokens::try_all(&self.settings, &self.rest).await {
                    Trial::Accepted(token, bot) => {
                        self.use_token(token, running);
                        self.learn(&bot, running).await;
                        Event::TokenAccepted
                    }
                    Trial::Rejected => Event::TokenRejected,
                    Trial::Unreachable(..) => Event::Unreachable,
                });
            }
        }
        None
    }

    fn show(&self) {
        let new = match self.circuit {
            Circuit::Closed => Condition::Running,
            Circuit::Open(open) => rejected(open.code),
            Circuit::HalfOpen(half) => rejected(half.code),
        };
        self.condition.send_if_modified(|condition| {
            let is_news = *condition != new;
            condition.clone_from(&new);
            is_news
        });
    }
}

fn disagreement(ours: AppShape, store: AppShape) -> String {
    format!(
        "the store has the app with {} shards and {} lanes, and the configuration says {} and {}; \
         make them agree",
        store.shards, store.lanes.0, ours.shards, ours.lanes.0
    )
}

const fn rejected(code: u16) -> Condition {
    let remedy = match code {
        4004 => "put a valid token into its source",
        4010 | 4011 => "the app needs more shards, or has fewer; change its shard count",
        4012 => "upgrade this baton",
        4013 => "the intents are not valid; correct them in the configuration",
        4014 => "enable the intents in discord's developer portal, or leave them out",
        _ => "look up the close code in discord's documentation",
    };
    Condition::Rejected { code, remedy }
}
