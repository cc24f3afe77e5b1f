//! Routing commands: from the stream in which such programs put them to the lanes of their shards.

use std::convert::Infallible;

use baton_model::{
    AppName, AppShape, Lane,
    limits::{COMMAND_AGE_MAX, COMMANDS_READ_MAX},
};
use baton_store::{Command, OutgoingEntry, Route, RouteError, Store, StoreError, Unhappy};
use tokio::time::sleep;

use super::outgoing;
use crate::{lane_face::LaneFace, reader::Pause};

/// Routes one app's commands.
pub(super) struct Router<'a, S> {
    pub(super) app: &'a AppName,
    pub(super) shape: AppShape,
    pub(super) store: &'a S,
    pub(super) face: &'a LaneFace,
    pub(super) stream: &'a str,
}

impl<S: Store> Router<'_, S> {
    pub(super) async fn run(&self) -> Infallible {
        let mut pause = Pause::FIRST;
        let mut told = None;
        loop {
            match self.route_some().await {
                Ok(()) => (pause, told) = (Pause::FIRST, None),
                // Somebody else is at it, or was just now.
                Err(RouteError::Elsewhere(_)) => sleep(pause.next()).await,
                Err(RouteError::Store(error)) => {
                    self.complain(&error, &mut told);
                    sleep(pause.next()).await;
                }
            }
        }
    }

    /// Routes what is there, or waits until there is something.
    async fn route_some(&self) -> Result<(), RouteError> {
        let Self { app, store, stream, .. } = self;
        let from = store.routed(stream, COMMAND_AGE_MAX).await?;
        let found = store.outgoing(stream, from, COMMANDS_READ_MAX).await?;
        let Some((to, _)) = found.last() else {
            store.await_outgoing(stream, from).await?;
            return Ok(());
        };
        let read = found.iter().map(|entry| self.read(entry));
        let commands: Vec<_> = read.flatten().collect();
        store.route(Route { app, stream, from, to: *to, commands: &commands }).await?;
        self.face.count_routed(commands.len(), found.len() - commands.len());
        Ok(())
    }

    /// What is no command is left out: nobody waits for a result here, so it is only said.
    fn read(&self, (id, data): &OutgoingEntry) -> Option<(Lane, Command)> {
        match outgoing::read(*id, data.as_ref(), self.shape) {
            Ok(command) => Some(command),
            Err(error) => {
                let (app, stream, error) = (self.app, self.stream, error.to_string());
                tracing::warn!(%app, stream, %id, error, "it is no command; left out");
                None
            }
        }
    }

    /// A store that cannot is waited for in silence. One that refuses needs somebody, who is told
    /// once.
    fn complain(&self, error: &StoreError, told: &mut Option<StoreError>) {
        let (app, stream) = (self.app, self.stream);
        if error.is_retryable() || told.as_ref() == Some(error) {
            tracing::debug!(%app, stream, error = error.to_string(), "no commands routed");
            return;
        }
        tracing::error!(%app, stream, error = error.to_string(), "commands cannot be routed");
        *told = Some(error.clone());
    }
}
