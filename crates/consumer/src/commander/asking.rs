//! Waits for what becomes of one command.

use baton_model::StreamId;
use baton_store::{CommandOutcome, CommandResult};

use super::{failure::AskError, listener::Heard};

/// What becomes of a command, as it is told.
#[derive(Debug)]
pub(super) struct Outcomes {
    pub(super) heard: Heard,
    pub(super) reply_to: String,
    pub(super) command: StreamId,
}

impl Outcomes {
    /// What has become of it. One that was sent may turn out to be refused later.
    pub(super) async fn next(&mut self) -> Result<(), AskError> {
        while let Some(arrival) = self.heard.recv().await {
            let fields = arrival.fields.iter();
            let fields = fields.map(|(name, value)| (name.as_ref(), value.clone()));
            match CommandResult::decode(&self.reply_to, fields) {
                Ok(result) if result.command == self.command => return settled(result.outcome),
                Ok(_) => {}
                Err(error) => tracing::warn!(id = %arrival.id, %error, "result cannot be read"),
            }
        }
        // Nobody tells any more: the runtime that the listener ran on is gone.
        std::future::pending().await
    }
}

fn settled(outcome: CommandOutcome) -> Result<(), AskError> {
    match outcome {
        CommandOutcome::Sent => Ok(()),
        CommandOutcome::Expired => Err(AskError::Expired),
        CommandOutcome::Invalid { why } => Err(AskError::Refused { why }),
        CommandOutcome::Dropped { why } => Err(AskError::Dropped { why }),
        CommandOutcome::RateLimited { retry_after } => Err(AskError::RateLimited { retry_after }),
    }
}
