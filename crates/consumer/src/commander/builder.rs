//! Makes a commander for who consumes nothing.

use std::{collections::HashMap, sync::Arc};

use baton_model::{AppName, FleetName};
use baton_telemetry::Tracer;
use baton_valkey_link::StoreUrl;

use super::{Commander, Inner};
use crate::{
    BuildError,
    builder::{FLEET, random_name},
    route::Servers,
    shape::Shapes,
    traces::Traces,
};

/// Settings of a commander, before they are checked.
#[derive(Debug, Clone)]
pub struct CommanderBuilder {
    url: String,
    app: String,
    fleet: String,
    ca_pem: Option<Vec<u8>>,
    tracer: Tracer,
}

impl Commander {
    /// Sends commands to an app's shards. Whoever consumes that app's events too has one at
    /// [`Consumer::commander`](crate::Consumer::commander).
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// use baton_consumer::{Command, Commander, Target};
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let commander = Commander::builder("valkey://127.0.0.1:6379", "bot").build()?;
    /// let leave = r#"{"op":4,"d":{"guild_id":"613425648685547541","channel_id":null}}"#;
    /// let command = Command::raw(Target::guild("613425648685547541")?, leave);
    /// commander.ask(command, Duration::from_secs(5)).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn builder(url: &str, app: &str) -> CommanderBuilder {
        let (url, app, fleet) = (url.to_owned(), app.to_owned(), FLEET.to_owned());
        CommanderBuilder { url, app, fleet, ca_pem: None, tracer: Tracer::default() }
    }

    pub(crate) fn new(
        servers: Arc<Servers>,
        fleet: &FleetName,
        (app, traces): (Arc<AppName>, Traces),
    ) -> Result<Self, BuildError> {
        let name = random_name()?;
        let shapes = Shapes::new(servers.clone(), fleet, app.clone());
        let posts = HashMap::new().into();
        let inner = Inner { servers, app, name, shapes, posts, traces };
        Ok(Self { inner: Arc::new(inner) })
    }
}

impl CommanderBuilder {
    /// The fleet that runs the app; `main` if nothing is said.
    #[must_use]
    pub fn fleet(mut self, fleet: &str) -> Self {
        fleet.clone_into(&mut self.fleet);
        self
    }

    /// Certificates to trust with TLS, as PEM; the web's if nothing is said.
    #[must_use]
    pub fn ca_pem(mut self, pem: &[u8]) -> Self {
        self.ca_pem = Some(pem.to_vec());
        self
    }

    /// Sends spans of commands, where what they are sent for is traced.
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
    pub fn build(self) -> Result<Commander, BuildError> {
        let named = |what| move |source| BuildError::Name { what, source };
        let url: StoreUrl = self.url.parse()?;
        let app: Arc<AppName> = Arc::new(self.app.parse().map_err(named("app"))?);
        let fleet: FleetName = self.fleet.parse().map_err(named("fleet"))?;
        let servers = Arc::new(Servers { url, ca_pem: self.ca_pem });
        let traces = Traces::new(self.tracer, app.clone());
        Commander::new(servers, &fleet, (app, traces))
    }
}
