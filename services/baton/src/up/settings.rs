//! What runs: made of a command line as a gateway's configuration is made of its variables, so that
//! both mean the same and refuse the same.

use std::path::{Path, PathBuf};

use baton_fleet::Company;
use baton_gateway::{
    config::Config,
    instance::InstanceSettings,
    token::{Token, TokenSource},
};
use baton_model::{AppName, FleetName, Line, Version};

use super::{
    demo::{self, Demo},
    telling::{self, Telling},
};
use crate::{Failure, arguments::UpArguments};

/// Where a token is if nobody names a file.
const TOKEN_VARIABLE: &str = "DISCORD_TOKEN";

/// How many instances the demo has: one could hand nothing over.
const INSTANCES_OF_DEMO: u8 = 2;

/// The token's place; none for a demo.
pub(super) fn token(arguments: &UpArguments) -> Option<TokenSource> {
    if let Some(file) = &arguments.token_file {
        return Some(TokenSource::File(file.clone()));
    }
    let is_set = std::env::var(TOKEN_VARIABLE).is_ok_and(|token| !token.is_empty());
    is_set.then(|| TokenSource::Env(TOKEN_VARIABLE.to_owned()))
}

/// A bot, and how it is to run.
pub(super) struct Bot {
    config: Config,
    app: AppName,
    source: TokenSource,
    data: PathBuf,
    folder: PathBuf,
    instances: u8,
    telling: Telling,
}

impl Bot {
    /// The bot whose token this is.
    pub(super) fn real(
        data: &Path,
        arguments: &UpArguments,
        source: TokenSource,
    ) -> Result<Self, Failure> {
        let mut options = vec![("intents", arguments.intents.clone())];
        options.extend(arguments.api.clone().map(|url| ("api_url", url)));
        options.extend(arguments.gateway.clone().map(|url| ("gateway_url", url)));
        let bot = Self::of("bot", data, arguments, (source, 1), options)?;
        bot.token()?;
        Ok(bot)
    }

    /// The bot of a simulated Discord.
    pub(super) fn of_demo(
        data: &Path,
        arguments: &UpArguments,
        discord: &Demo,
    ) -> Result<Self, Failure> {
        let folder = data.join("demo");
        let cannot =
            |error| Failure::Other(format!("{} cannot be used: {error}", folder.display()));
        let file = demo::ensure_token(&folder).map_err(cannot)?;
        let options = vec![
            ("intents", arguments.intents.clone()),
            ("api_url", discord.api_url()),
            ("gateway_url", discord.gateway_url()),
            ("lanes", "2".to_owned()),
        ];
        let source = TokenSource::File(file);
        Self::of("demo", data, arguments, (source, INSTANCES_OF_DEMO), options)
    }

    /// A demo never touches what is kept of a real bot, so each has a folder of its own.
    fn of(
        app: &str,
        data: &Path,
        arguments: &UpArguments,
        (source, instances): (TokenSource, u8),
        options: Vec<(&str, String)>,
    ) -> Result<Self, Failure> {
        let folder = data.join(app);
        let of_app = |option: &str| format!("BATON_APPS__{app}__{option}").to_uppercase();
        let place = toml::Value::from(source.to_string());
        let mut variables = vec![
            ("BATON_FLEET".to_owned(), crate::context::USUAL_FLEET.to_owned()),
            ("BATON_STORE__URL".to_owned(), format!("embedded://{}", folder.display())),
            (of_app("token"), format!("[{place}]")),
        ];
        variables.extend(options.into_iter().map(|(option, value)| (of_app(option), value)));
        variables.extend(std::env::vars().filter(|(name, _)| name == TOKEN_VARIABLE));
        variables.extend(telling::variable());
        let config = Config::load(None, variables.into_iter());
        let config = config.map_err(|mistakes| Failure::Usage(telling::named(&mistakes)))?;
        let telling = Telling::start(app, &config);
        let app = app.parse().unwrap_or_else(|error| unreachable!("{app}: {error}"));
        let instances = arguments.instances.unwrap_or(instances);
        Ok(Self { config, app, source, data: data.to_owned(), folder, instances, telling })
    }

    pub(super) const fn app(&self) -> &AppName {
        &self.app
    }

    pub(super) const fn fleet(&self) -> &FleetName {
        &self.config.fleet
    }

    /// Where everything is that `up` keeps.
    pub(super) fn data(&self) -> &Path {
        &self.data
    }

    /// Where its store is.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) const fn token_source(&self) -> &TokenSource {
        &self.source
    }

    pub(super) fn token(&self) -> Result<Token, Failure> {
        self.source.read().map_err(|error| Failure::Usage(error.to_string()))
    }

    /// Where the REST API is, if it is not Discord's.
    pub(super) fn api(&self) -> Option<&str> {
        self.config.apps[&self.app].api_url.as_deref()
    }

    /// What its instances are told, each of which has a name of its own.
    pub(super) fn instances(&self) -> impl Iterator<Item = InstanceSettings> {
        let version = env!("CARGO_PKG_VERSION").parse::<Version>().unwrap_or_default();
        (1..=self.instances).map(move |number| {
            let mut settings = InstanceSettings {
                name: Line::shortened(&format!("up-{number}")),
                company: Company::Together(usize::from(self.instances)),
                ..self.config.settings(version)
            };
            settings.instruments.tracer = self.telling.tracer();
            settings
        })
    }
}
