//! What Discord does not want to be asked for a while, and what it was asked before it said so.
//!
//! A refusal names an op, the guild it is about, and a nonce if the request had one. What it names
//! is not sent until its time is over. It is not kept until then either: who has to wait behind it
//! would wait for half a minute without a reason, so its sender is told when to ask again.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use baton_model::{
    GuildId, Moment, StreamId,
    limits::{RATE_LIMITED_MAX, RATE_LIMITS_KEPT_MAX, REQUESTS_REMEMBERED_MAX},
};
use baton_store::{Sendable, guild_of};
use serde::Deserialize;
use serde_json::Value;

/// How long a request is remembered. Discord refuses at once.
const REMEMBERED: Duration = Duration::from_secs(30);

/// Discord has refused a request: its dispatch `RATE_LIMITED`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateLimited {
    /// What was asked.
    pub op: u64,
    /// About which guild.
    pub guild: Option<GuildId>,
    /// What the request was named.
    pub nonce: Option<String>,
    /// How long it must not be asked again.
    pub retry_after: Duration,
}

#[derive(Deserialize)]
struct Frame {
    d: Body,
}

#[derive(Deserialize)]
struct Body {
    opcode: u64,
    retry_after: f64,
    #[serde(default)]
    meta: Meta,
}

#[derive(Deserialize, Default)]
struct Meta {
    guild_id: Option<Value>,
    nonce: Option<Value>,
}

impl RateLimited {
    /// The event that tells of it.
    pub const EVENT: &'static str = "RATE_LIMITED";

    /// Reads the dispatch; none if it is none.
    #[must_use]
    pub fn read(frame: &[u8]) -> Option<Self> {
        let Frame { d: Body { opcode, retry_after, meta } } = serde_json::from_slice(frame).ok()?;
        let seconds = retry_after.clamp(0.0, RATE_LIMITED_MAX.as_secs_f64());
        let nonce = meta.nonce.as_ref().and_then(Value::as_str).map(str::to_owned);
        Some(Self {
            op: opcode,
            guild: meta.guild_id.as_ref().and_then(guild_of),
            nonce,
            retry_after: Duration::try_from_secs_f64(seconds).ok()?,
        })
    }
}

/// What must not be asked, and what was asked lately.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    until: BTreeMap<(u64, Option<GuildId>), Moment>,
    asked: VecDeque<Request>,
}

#[derive(Debug)]
struct Request {
    id: StreamId,
    op: u64,
    guild: Option<GuildId>,
    nonce: Option<String>,
    reply_to: String,
    at: Moment,
}

impl Refusals {
    /// How much longer this must not be asked; none if it may.
    pub(super) fn pause(&self, checked: &Sendable, now: Moment) -> Option<Duration> {
        let until = |guild| self.until.get(&(checked.op.code(), guild)).copied();
        let until = until(None).max(until(checked.guild))?;
        (until > now).then(|| until.since(now))
    }

    /// Remembers what was asked.
    pub(super) fn remember(&mut self, id: StreamId, sent: &Sendable, reply_to: &str, now: Moment) {
        self.asked.retain(|asked| now.since(asked.at) < REMEMBERED);
        if self.asked.len() == REQUESTS_REMEMBERED_MAX {
            self.asked.pop_front();
        }
        self.asked.push_back(Request {
            id,
            op: sent.op.code(),
            guild: sent.guild,
            nonce: sent.nonce.clone(),
            reply_to: reply_to.to_owned(),
            at: now,
        });
    }

    /// Takes a refusal; returns the request that was refused, if it is remembered, and the name
    /// under which its sender waits.
    pub(super) fn refuse(
        &mut self,
        refused: &RateLimited,
        now: Moment,
    ) -> Option<(StreamId, String)> {
        self.until.retain(|_, until| *until > now);
        if self.until.len() == RATE_LIMITS_KEPT_MAX {
            let first = self.until.iter().min_by_key(|(_, until)| **until).map(|(of, _)| *of);
            first.and_then(|of| self.until.remove(&of));
        }
        self.until.insert((refused.op, refused.guild), now + refused.retry_after);
        let is_it = |asked: &Request| {
            let named = (asked.op, asked.guild, &asked.nonce);
            named == (refused.op, refused.guild, &refused.nonce)
        };
        let at = self.asked.iter().rposition(is_it)?;
        self.asked.remove(at).map(|request| (request.id, request.reply_to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(guild: u64, seconds: u64) -> RateLimited {
        let retry_after = Duration::from_secs(seconds);
        RateLimited { op: 8, guild: Some(GuildId(guild)), nonce: None, retry_after }
    }

    fn members_of(guild: u64) -> Sendable {
        let frame = format!(r#"{{"op":8,"d":{{"guild_id":"{guild}","query":"","limit":0}}}}"#);
        Sendable::check(frame.as_bytes()).unwrap()
    }

    #[test]
    fn the_dispatch_is_read_as_discord_writes_it() {
        let frame = br#"{"t":"RATE_LIMITED","s":7,"op":0,"d":{"opcode":8,"retry_after":29.5,
            "meta":{"guild_id":"41","nonce":"n"}}}"#;
        let read = RateLimited::read(frame).unwrap();
        assert_eq!((read.op, read.guild, read.nonce.as_deref()), (8, Some(GuildId(41)), Some("n")));
        assert_eq!(read.retry_after, Duration::from_millis(29_500));
    }

    #[test]
    fn what_is_not_as_it_should_be_does_no_harm() {
        let read = |d: &str| RateLimited::read(format!(r#"{{"op":0,"d":{d}}}"#).as_bytes());
        let pause = |seconds: &str| {
            read(&format!(r#"{{"opcode":8,"retry_after":{seconds}}}"#)).unwrap().retry_after
        };
        assert_eq!(pause("-1"), Duration::ZERO);
        assert_eq!(pause("1e300"), RATE_LIMITED_MAX);
        assert_eq!(read(r#"{"opcode":8}"#), None);
        assert_eq!(read("[]"), None);
        let odd = read(r#"{"opcode":8,"retry_after":1,"meta":{"guild_id":[],"nonce":5}}"#).unwrap();
        assert_eq!((odd.guild, odd.nonce), (None, None));
    }

    #[test]
    fn an_op_that_is_refused_without_a_guild_is_refused_for_all() {
        let mut refusals = Refusals::default();
        refusals.refuse(&RateLimited { guild: None, ..refused(0, 30) }, Moment::ZERO);
        assert_eq!(refusals.pause(&members_of(1), Moment::ZERO), Some(Duration::from_secs(30)));
    }

    #[test]
    fn of_many_refusals_the_one_that_ends_first_is_forgotten() {
        let mut refusals = Refusals::default();
        for guild in 0..=RATE_LIMITS_KEPT_MAX as u64 {
            let seconds = if guild == 5 { 10 } else { 30 };
            refusals.refuse(&refused(guild, seconds), Moment::ZERO);
        }
        let is_refused = |guild| refusals.pause(&members_of(guild), Moment::ZERO).is_some();
        assert_eq!(refusals.until.len(), RATE_LIMITS_KEPT_MAX);
        assert!(!is_refused(5) && is_refused(4) && is_refused(6));
    }

    #[test]
    fn the_latest_of_equal_requests_is_the_one_that_was_refused() {
        let mut refusals = Refusals::default();
        let id = |number| StreamId { millis: 1, number };
        for number in 1..=2 {
            refusals.remember(id(number), &members_of(1), "me", Moment::ZERO);
        }
        let mut refuse = || refusals.refuse(&refused(1, 30), Moment::ZERO);
        assert_eq!(refuse(), Some((id(2), "me".to_owned())));
        assert_eq!(refuse(), Some((id(1), "me".to_owned())));
        assert_eq!(refuse(), None);
    }

    #[test]
    fn only_the_latest_requests_are_remembered() {
        let mut refusals = Refusals::default();
        let id = |number| StreamId { millis: 1, number };
        for number in 0..=REQUESTS_REMEMBERED_MAX as u64 {
            refusals.remember(id(number), &members_of(number), "me", Moment::ZERO);
        }
        assert_eq!(refusals.asked.len(), REQUESTS_REMEMBERED_MAX);
        assert_eq!(refusals.refuse(&refused(0, 30), Moment::ZERO), None);
        let late = Moment::ZERO + REMEMBERED;
        refusals.remember(id(99), &members_of(99), "me", late);
        assert_eq!(refusals.asked.len(), 1);
    }
}
