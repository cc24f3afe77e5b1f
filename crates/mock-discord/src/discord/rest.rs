//! The REST resources that clients ask for before they connect, and what an answer is.
//!
//! A gateway needs the two about itself; libraries want to know who they are as well.

use serde_json::{Value, json};

use super::{Discord, Output, RequestId, bot, budget::AppIndex};
use crate::verdict::{Culprit, Rule};

/// An answer to a request.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) retry_after_s: Option<u64>,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn new(status: u16, body: &Value) -> Self {
        Self { status, retry_after_s: None, body: body.to_string() }
    }

    fn message(status: u16, message: &str) -> Self {
        Self::new(status, &json!({"message": message, "code": 0}))
    }
}

impl Discord {
    pub(super) fn answer(&mut self, request: RequestId, answer: Answer) {
        let Answer { status, retry_after_s, body } = answer;
        self.send(Output::Respond { request, status, retry_after_s, body });
    }

    pub(super) fn on_rest(&mut self, method: &str, path: &str, token: Option<&str>) -> Answer {
        if self.faults.is_out(self.now) {
            return Answer::message(503, "service unavailable");
        }
        let path = path.strip_prefix("/api/v10").unwrap_or(path);
        match (method, path) {
            ("GET", "/gateway") => Answer::new(200, &json!({"url": self.settings.gateway_url})),
            ("GET", "/gateway/bot") => self.for_the_bot(token, Self::gateway_bot),
            ("GET", "/users/@me") => self.for_the_bot(token, |_, _| Answer::new(200, &bot::user())),
            ("GET", "/applications/@me" | "/oauth2/applications/@me") => {
                self.for_the_bot(token, |_, _| Answer::new(200, &bot::application()))
            }
            _ => Answer::message(404, "404: Not Found"),
        }
    }

    /// Answers whoever has an app's token.
    fn for_the_bot(
        &mut self,
        authorization: Option<&str>,
        answer: impl FnOnce(&mut Self, AppIndex) -> Answer,
    ) -> Answer {
        let token = authorization.and_then(|header| header.strip_prefix("Bot "));
        let Some(app) = token.and_then(|token| self.app_of(token)) else {
            self.verdicts.pass(Rule::RestUnauthorized, Culprit::default(), self.now);
            return Answer::message(401, "401: Unauthorized");
        };
        answer(self, app)
    }

    fn gateway_bot(&mut self, app: AppIndex) -> Answer {
        if let Some(seconds) = self.faults.rest_retry_after_s {
            let body = json!({
                "message": "You are being rate limited.", "retry_after": seconds, "global": false,
            });
            return Answer { retry_after_s: Some(seconds), ..Answer::new(429, &body) };
        }
        let allowance = self.allowance();
        let (remaining, reset_after) = self.apps[app.0].left(allowance, self.now);
        let limit = json!({
            "total": allowance.a_day,
            "remaining": remaining,
            "reset_after": reset_after.as_millis(),
            "max_concurrency": allowance.max_concurrency,
        });
        let (url, shards) = (&self.settings.gateway_url, self.settings.shards);
        Answer::new(200, &json!({"url": url, "shards": shards, "session_start_limit": limit}))
    }
}
