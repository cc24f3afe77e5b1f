//! An app's tokens: read from their sources, tried against the REST API.

use super::AppSettings;
use crate::{
    rest::{GatewayBot, Rest, RestError},
    token::{Token, TokenSource},
};

/// What came of trying all sources.
pub(super) enum Trial {
    /// Discord accepts this one.
    Accepted(Token, GatewayBot),
    /// Discord rejects them all, or there are none.
    Rejected,
    /// Discord did not say; this is the first token there is.
    Unreachable(Token, RestError),
}

/// Tries the sources in order.
pub(super) async fn try_all(settings: &AppSettings, rest: &Rest) -> Trial {
    let mut unsure = None;
    for source in &settings.tokens {
        let Some(token) = read(settings, source) else {
            continue;
        };
        match rest.gateway_bot(token.reveal()).await {
            Ok(bot) => return Trial::Accepted(token, bot),
            Err(error @ (RestError::Unauthorized | RestError::Token)) => {
                tracing::error!(app = %settings.name, %source, error = error.to_string(), "no use");
            }
            Err(error @ (RestError::RateLimited(_) | RestError::Unavailable(_))) => {
                unsure = unsure.or(Some((token, error)));
            }
        }
    }
    match unsure {
        Some((token, error)) => Trial::Unreachable(token, error),
        None => Trial::Rejected,
    }
}

/// The first token that any source has.
pub(super) fn first(settings: &AppSettings) -> Option<Token> {
    settings.tokens.iter().find_map(|source| source.read().ok())
}

fn read(settings: &AppSettings, source: &TokenSource) -> Option<Token> {
    match source.read() {
        Ok(token) => Some(token),
        Err(error) => {
            let error = error.to_string();
            tracing::warn!(app = %settings.name, %source, error, "no token from here");
            None
        }
    }
}
