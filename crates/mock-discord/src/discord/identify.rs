//! IDENTIFY: who it is, what it may ask for, whether it is its turn; then READY and the guilds.

use super::{
    ConnectionId, Discord, Output,
    budget::{Allowance, AppIndex, Permit},
    client_frame::Identify,
    connection::Phase,
    server_frame,
    session::{Kept, Session},
};
use crate::{
    SessionOrdinal, Slice,
    dice::Dice,
    load::{Content, guilds},
    verdict::{Culprit, Rule},
};

/// Why an IDENTIFY is answered with a close code.
struct Refusal {
    rule: Rule,
    code: u16,
    reason: &'static str,
}

impl Discord {
    pub(super) fn on_identify(&mut self, connection: ConnectionId, identify: &Identify) {
        if !self.is_yet_unknown(connection) {
            return;
        }
        let (app, slice) = match self.examine(identify) {
            Ok(accepted) => accepted,
            Err(Refusal { rule, code, reason }) => {
                self.verdict(rule, connection);
                return self.close(connection, code, reason);
            }
        };
        let who = Culprit { connection: Some(connection), slice: Some(slice) };
        self.watch_for_storms(slice, who);
        let allowance = self.allowance();
        match self.apps[app.0].spend(slice, allowance, self.now) {
            Permit::Granted if self.dice.hits(self.faults.invalid_percent) => {
                self.declare_invalid(connection);
            }
            Permit::Granted => self.start_session(connection, app, slice),
            Permit::TooEarly => {
                self.verdicts.pass(Rule::IdentifyTooEarly, who, self.now);
                self.declare_invalid(connection);
            }
            Permit::PastDailyLimit => {
                self.verdicts.pass(Rule::IdentifyPastDailyLimit, who, self.now);
                self.reset_token(app);
                self.close(connection, 4_004, "authentication failed");
            }
        }
    }

    pub(super) const fn allowance(&self) -> Allowance {
        let Self { settings, .. } = self;
        Allowance { a_day: settings.identifies_a_day, max_concurrency: settings.max_concurrency }
    }

    /// The app of this token. Discord takes it with or without the word that REST wants before it,
    /// and twilight sends it with.
    pub(super) fn app_of(&self, token: &str) -> Option<AppIndex> {
        let token = token.strip_prefix("Bot ").unwrap_or(token);
        self.apps.iter().position(|app| app.token == token).map(AppIndex)
    }

    pub(super) fn watch_for_storms(&mut self, slice: Slice, who: Culprit) {
        let most = self.settings.connections_in_10_s_max;
        if self.storms.count(Some(slice), most, self.now) {
            self.verdicts.pass(Rule::ConnectionStorm, who, self.now);
        }
    }

    /// Op 9 `false`. The connection stays open: the client may IDENTIFY on it.
    pub(super) fn declare_invalid(&mut self, connection: ConnectionId) {
        self.send(Output::Send { connection, frame: server_frame::invalid_session(false) });
    }

    fn examine(&self, identify: &Identify) -> Result<(AppIndex, Slice), Refusal> {
        let refuse = |rule, code, reason| Refusal { rule, code, reason };
        let Some(app) = self.app_of(&identify.token) else {
            return Err(refuse(Rule::WrongToken, 4_004, "authentication failed"));
        };
        let (id, count) = identify.shard.unwrap_or((0, 1));
        let is_allowed = |slice: &Slice| slice.1 <= self.settings.shards_max;
        let Some(slice) = Slice::checked(id, count).filter(is_allowed) else {
            return Err(refuse(Rule::WrongShard, 4_010, "invalid shard"));
        };
        if guilds::of_shard(self.settings.guilds, slice) > self.settings.guilds_per_shard_max {
            return Err(refuse(Rule::ShardingRequired, 4_011, "sharding required"));
        }
        let intents = identify.intents.and_then(|intents| u64::try_from(intents).ok());
        match intents {
            Some(intents) if intents & !self.settings.intents_known == 0 => {
                if intents & !self.settings.intents_granted == 0 {
                    return Ok((app, slice));
                }
                Err(refuse(Rule::DisallowedIntents, 4_014, "disallowed intents"))
            }
            Some(_) | None => Err(refuse(Rule::InvalidIntents, 4_013, "invalid intents")),
        }
    }

    fn start_session(&mut self, connection: ConnectionId, app: AppIndex, slice: Slice) {
        self.last_session.0 += 1;
        let ordinal = self.last_session;
        let id = self.session_id(ordinal);
        self.scribe.open(ordinal, slice, &id);
        self.sessions_by_id.insert(id.clone(), ordinal);
        self.sessions.insert(ordinal, Session::new(ordinal, app, slice, id, connection));
        if let Some(open) = self.connections.get_mut(&connection) {
            open.phase = Phase::Attached(ordinal);
        }
        self.tell(ordinal, Kept::Ready);
        for index in 0..guilds::of_shard(self.settings.guilds, slice) {
            self.tell(ordinal, Kept::Content(Content::Guild(index)));
        }
        self.await_turn(ordinal, 1, self.now);
    }

    fn session_id(&self, ordinal: SessionOrdinal) -> String {
        let mut dice = Dice::of(&[self.source.seed, ordinal.0]);
        format!("{:016x}{:016x}", dice.next(), dice.next())
    }
}
