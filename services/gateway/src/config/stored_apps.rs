//! Apps that stand in the store: what an instance lets them be.
//!
//! They are read by the same catalogue as those of the file, but they are written by whoever can
//! write to the store. So an app there says only *which* of the tokens that the instance offers it
//! wants, and never where a token is sent.

use std::{
    collections::BTreeMap,
    path::{Component, Path, PathBuf},
};

use baton_model::AppName;

use super::{
    AppConfig,
    catalogue::{APP, Effect},
    file::File,
    mistake::{Mistake, Mistakes},
    nearest::nearest,
    origin::{Key, Origin},
    reader::{Reader, Section},
    setting::{PlainUrl, Text},
};
use crate::token::TokenSource;

/// Options that say where a token is sent.
const NOT_FROM_STORE: [&str; 2] = ["gateway_url", "api_url"];

/// What an instance lets apps in the store be: the section `[stored_apps]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAppsConfig {
    /// Below which folder their token files may lie.
    pub token_folder: Option<PathBuf>,
    /// What the names of variables begin with that may hold their tokens.
    pub token_prefix: Option<String>,
    /// Where they connect; none for Discord.
    pub gateway_url: Option<String>,
    /// Where their REST API is; none for Discord's.
    pub api_url: Option<String>,
    /// Why they can have no streams for `@discordjs/brokers`; none if they can.
    pub no_brokers: Option<&'static str>,
}

impl StoredAppsConfig {
    /// Reads the section. Where no token is offered, no app of the store runs.
    pub(super) fn read(section: &mut Section<'_, '_>) -> Option<Option<Self>> {
        let token_folder = section.optional::<PathBuf>("stored_apps.token_folder");
        let token_prefix = section.optional::<Text>("stored_apps.token_prefix");
        let gateway_url = section.optional::<PlainUrl>("stored_apps.gateway_url");
        let api_url = section.optional::<PlainUrl>("stored_apps.api_url");
        let read = Self {
            token_folder: token_folder?,
            token_prefix: token_prefix?.map(|prefix| prefix.0),
            gateway_url: gateway_url?.map(|url| url.0),
            api_url: api_url?.map(|url| url.0),
            no_brokers: None,
        };
        if read.token_prefix.as_deref() == Some("") {
            let because = "is empty, which every variable's name begins with; leave it out";
            section.does_not_go("stored_apps.token_prefix", because);
            return None;
        }
        Some(read.offers_tokens().then_some(read))
    }

    const fn offers_tokens(&self) -> bool {
        self.token_folder.is_some() || self.token_prefix.is_some()
    }

    /// What an app of the store is to be here.
    ///
    /// # Errors
    /// With everything that is wrong with it, a token that is not offered here among it.
    pub fn app(
        &self,
        name: &AppName,
        options: &BTreeMap<String, String>,
        environment: &BTreeMap<String, String>,
    ) -> Result<AppConfig, Mistakes> {
        let mut app = read(name, options, environment)?;
        let offered = app.tokens.iter().map(|source| self.offered(source));
        let refused = |what| Mistakes(vec![Mistake::together(Some(Origin::Store), what)]);
        app.tokens = offered.collect::<Result<_, _>>().map_err(refused)?;
        if let (Some(because), Some(_)) = (self.no_brokers, &app.brokers) {
            return Err(refused(format!("brokers.mode {because}")));
        }
        app.gateway_url.clone_from(&self.gateway_url);
        app.api_url.clone_from(&self.api_url);
        Ok(app)
    }

    /// Where a token is that an app of the store may have.
    fn offered(&self, source: &TokenSource) -> Result<TokenSource, String> {
        match source {
            TokenSource::Env(name) => {
                let is_offered =
                    self.token_prefix.as_ref().is_some_and(|prefix| name.starts_with(prefix));
                is_offered.then(|| source.clone()).ok_or_else(|| {
                    "token names a variable that this instance does not offer; its name has to \
                     begin with the instance's stored_apps.token_prefix"
                        .to_owned()
                })
            }
            TokenSource::File(path) => {
                let folder = self.token_folder.as_deref();
                folder.and_then(|folder| below(folder, path)).map(TokenSource::File).ok_or_else(
                    || {
                        "token names a file that this instance does not offer; it has to lie below \
                         the instance's stored_apps.token_folder"
                            .to_owned()
                    },
                )
            }
        }
    }
}

/// A path within a folder, whichever way it is written; none if it leads elsewhere. What a link in
/// the folder points to is up to whoever made the link, which is nobody who can only write to the
/// store.
fn below(folder: &Path, path: &Path) -> Option<PathBuf> {
    // What leads to the root, or up, is no plain part of a path.
    let within = path.strip_prefix(folder).unwrap_or(path);
    let is_plain = within.components().all(|part| matches!(part, Component::Normal(_)));
    let is_file = within.components().next().is_some();
    (is_plain && is_file).then(|| folder.join(within))
}

/// What can be judged of an app of the store without the instances that are to run it.
///
/// # Errors
/// With everything that is wrong with it.
pub fn check_stored_app(
    name: &AppName,
    options: &BTreeMap<String, String>,
) -> Result<AppConfig, Mistakes> {
    // Which variables are set, the instances know.
    let named = options.get("token").into_iter().flat_map(|text| text.split([',', '"', '[', ']']));
    let named = named.filter_map(|source| source.trim().strip_prefix("env:"));
    read(name, options, &named.map(|name| (name.to_owned(), "set".to_owned())).collect())
}

/// When a change of one of an app's options takes effect; none if there is no such option.
#[must_use]
pub fn effect_of(option: &str) -> Option<Effect> {
    APP.iter().find(|entry| entry.name == option).map(|entry| entry.effect)
}

fn read(
    name: &AppName,
    options: &BTreeMap<String, String>,
    environment: &BTreeMap<String, String>,
) -> Result<AppConfig, Mistakes> {
    let mut file = File { is_whole: true, ..File::default() };
    for (option, text) in options {
        match Key::find(Some(name), option) {
            Some(_) if NOT_FROM_STORE.contains(&option.as_str()) => {
                let what = format!(
                    "{option} cannot be said in the store: the token is sent there; set the \
                     instances' stored_apps.{option}"
                );
                file.mistakes.push(Mistake::together(Some(Origin::Store), what));
            }
            Some(key) => {
                let value = key.entry().kind.read_variable(text);
                file.found.insert(key, (value, Origin::Store));
            }
            None => {
                let meant = nearest(option, APP.iter().map(|entry| entry.name));
                let meant = meant.map(str::to_owned);
                file.mistakes.push(Mistake::unknown(Origin::Store, option, meant));
            }
        }
    }
    let mut reader = Reader::new(file, environment);
    let app = AppConfig::read(&mut reader.app(name));
    match app {
        Some(app) if reader.mistakes.is_empty() => Ok(app),
        Some(_) | None => Err(Mistakes(reader.mistakes)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offering() -> StoredAppsConfig {
        StoredAppsConfig {
            token_folder: Some("/run/tokens".into()),
            token_prefix: Some("BOT_".to_owned()),
            gateway_url: None,
            api_url: None,
            no_brokers: None,
        }
    }

    fn options(token: &str) -> BTreeMap<String, String> {
        let options = [("token", token), ("intents", "guilds"), ("shards", "2")];
        options.map(|(name, text)| (name.to_owned(), text.to_owned())).into()
    }

    fn tokens(offering: &StoredAppsConfig, token: &str) -> Result<Vec<TokenSource>, String> {
        let set = ["BOT_A", "PATH"].map(|name| (name.to_owned(), "x".to_owned())).into();
        let app = offering.app(&"bot".parse().unwrap(), &options(token), &set);
        app.map(|app| app.tokens).map_err(|mistakes| mistakes.to_string())
    }

    #[test]
    fn where_the_store_has_no_streams_for_brokers_no_app_of_the_store_has_them() {
        let name = "music".parse().unwrap();
        let mut options = options("file:music");
        options.insert("brokers.mode".to_owned(), "also".to_owned());
        let mut offering = offering();
        let app = offering.app(&name, &options, &BTreeMap::new()).unwrap();
        assert!(app.brokers.is_some());
        offering.no_brokers = Some("is not off, but this is a test");
        let refused = offering.app(&name, &options, &BTreeMap::new()).unwrap_err().to_string();
        assert_eq!(refused, "brokers.mode is not off, but this is a test");
    }

    #[test]
    fn an_app_of_the_store_has_no_token_but_those_that_are_offered() {
        let source = |text: &str| text.parse::<TokenSource>().unwrap();
        for (token, found) in [
            ("env:BOT_A", "env:BOT_A"),
            ("file:/run/tokens/bot", "file:/run/tokens/bot"),
            ("file:bot", "file:/run/tokens/bot"),
            ("file:team/bot", "file:/run/tokens/team/bot"),
        ] {
            assert_eq!(tokens(&offering(), token), Ok(vec![source(found)]), "{token}");
        }
        for token in [
            "env:PATH",
            "file:/etc/passwd",
            "file:../passwd",
            "file:/run/tokens/../passwd",
            "file:team/../../passwd",
            "file:/run/tokens",
            "file:./bot",
            "file:/run/tokens2/bot",
            "env:BOT_A,file:/etc/passwd",
        ] {
            let refused = tokens(&offering(), token).unwrap_err();
            assert!(refused.contains("does not offer"), "{token}: {refused}");
        }
        let no_files = StoredAppsConfig { token_folder: None, ..offering() };
        let no_variables = StoredAppsConfig { token_prefix: None, ..offering() };
        assert!(tokens(&no_files, "file:bot").is_err());
        assert!(tokens(&no_variables, "env:BOT_A").is_err());
    }

    #[test]
    fn an_app_of_the_store_does_not_say_where_its_token_is_sent() {
        for option in NOT_FROM_STORE {
            let mut options = options("env:BOT_A");
            options.insert(option.to_owned(), "https://thief.example".to_owned());
            let refused = check_stored_app(&"bot".parse().unwrap(), &options).unwrap_err();
            assert!(refused.to_string().starts_with(&format!("{option} cannot be said")));
        }
        let elsewhere =
            StoredAppsConfig { gateway_url: Some("wss://here".to_owned()), ..offering() };
        let set = [("BOT_A".to_owned(), "x".to_owned())].into();
        let app = elsewhere.app(&"bot".parse().unwrap(), &options("env:BOT_A"), &set).unwrap();
        assert_eq!(app.gateway_url.as_deref(), Some("wss://here"));
    }

    #[test]
    fn all_mistakes_of_an_app_come_together_and_show_no_secret() {
        let token = "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs";
        let options = [("token", token), ("intent", "guilds"), ("shards", "0")];
        let options = options.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
        let mistakes = check_stored_app(&"bot".parse().unwrap(), &options).unwrap_err().to_string();
        for part in
            ["intent is unknown; did you mean intents?", "token = (not shown)", "shards = 0"]
        {
            assert!(mistakes.contains(part), "{part}: {mistakes}");
        }
        assert!(!mistakes.contains(token));
        assert!(check_stored_app(&"bot".parse().unwrap(), &self::options("env:ANY")).is_ok());
    }
}
