//! The last judgement: when all faults are over, everything must be well again.

use std::time::Duration;

use baton_mock_discord::{Ledger, audit, audit::Entry, verdict::Rule};
use baton_model::{Holding, LeaseRow, Moment, ShardNumber, limits::identify_reserve};
use baton_shard::State;
use baton_store::ShardAddress;

use super::World;
use crate::{
    discord::{Connection, Pipe},
    laws::{Violation, entries},
    store::wall,
};

/// How long nothing may have changed hands.
const AT_REST: Duration = Duration::from_secs(30);

/// What became of a seed.
#[derive(Debug, Clone)]
pub struct Ending {
    /// Of the whole history.
    pub digest: u64,
    /// The law that was broken, if one was.
    pub violation: Option<Violation>,
    /// The history, if it was to be kept.
    pub lines: Vec<String>,
    /// How many things happened.
    pub events: u64,
    /// How many dispatches Discord sent.
    pub dispatches: usize,
    /// How often a lease was granted.
    pub grants: u64,
}

impl World {
    pub(super) fn judge(&mut self) -> Result<(), Violation> {
        let broken = |law, what| Err(Violation { at: self.now, law, what });
        for address in self.shape.app.addresses() {
            if self.waits_for_tomorrow(address.shard.number) {
                continue;
            }
            if let Err(what) = self.judge_shard(&address) {
                return broken("L1", what);
            }
        }
        let planners: Vec<_> = self
            .hosts
            .iter()
            .filter(|(_, host)| host.process.supervisor.is_planner())
            .map(|(pid, _)| *pid)
            .collect();
        if planners.len() != 1 {
            return broken("L3", format!("{planners:?} plan"));
        }
        if let Some((pid, _)) = self.hosts.iter().find(|(_, host)| host.is_draining) {
            return broken("L4", format!("{pid} has not drained"));
        }
        if self.laws.last_grant + AT_REST > self.now {
            return broken("L5", format!("a shard was granted at {}", self.laws.last_grant));
        }
        self.judge_spread()?;
        self.judge_sessions()?;
        self.judge_streams()?;
        self.judge_verdicts()?;
        self.judge_reserve()
    }

    /// The shard is owned by somebody who lives, and it is live there.
    fn judge_shard(&self, address: &ShardAddress) -> Result<(), String> {
        let shard = &address.shard;
        let row = self.store.row(address).ok_or_else(|| format!("{shard} has no row"))?;
        let Holding::Owned { owner } = row.holding else {
            return Err(format!("{shard} is {:?}", row.holding));
        };
        let Some((pid, host)) = self.hosts.iter().find(|(_, host)| host.process.me == owner) else {
            return Err(format!("{shard} is owned by {owner}, who is no more"));
        };
        let state = host.process.states().find(|(its, _)| *its == shard).map(|(_, state)| state);
        if state != Some(State::Live) {
            return Err(format!("{shard} is {state:?} at {pid}"));
        }
        self.judge_tail(address, &row)
    }

    /// Whether a shard may not begin a session before Discord allows more of them.
    fn waits_for_tomorrow(&self, shard: ShardNumber) -> bool {
        let limit = self.store.state().identify_limit(wall(self.now), &self.shape.app.name);
        let is_spent = limit.is_some_and(|it| it.remaining <= identify_reserve(it.total));
        let states = self.hosts.values().flat_map(|host| host.process.states());
        let its = states.filter(|(key, _)| key.number == shard);
        is_spent && its.map(|(_, state)| state).any(|state| state == State::AwaitingPermit)
    }

    /// Of the IDENTIFYs that Discord allows in a day, some are never used.
    fn judge_reserve(&mut self) -> Result<(), Violation> {
        let limit = self.limit_at_discord();
        let forgotten = self.laws.permits_forgotten;
        let broken = |what| Err(Violation { at: self.now, law: "P4", what });
        match limit {
            Some(limit) if limit.remaining + forgotten < identify_reserve(limit.total) => {
                broken(format!("{} of {} IDENTIFYs are left", limit.remaining, limit.total))
            }
            Some(_) => Ok(()),
            None => broken("discord does not say what is left".to_owned()),
        }
    }

    /// The stream holds the last that Discord has sent.
    fn judge_tail(&self, address: &ShardAddress, row: &LeaseRow) -> Result<(), String> {
        let shard = &address.shard;
        let Some(session) = &row.session else {
            return Err(format!("{shard} has no session"));
        };
        let sessions = &self.discord.ledger().sessions;
        let Some(sent) = sessions.values().find(|sent| sent.id == session.id.as_str()) else {
            return Err(format!("{shard} is in a session that discord does not know"));
        };
        let last = sent.sent.back().map(|sent| sent.seq);
        if last != Some(session.last_seq) {
            return Err(format!("{shard} is written up to {} of {last:?}", session.last_seq));
        }
        Ok(())
    }

    fn judge_spread(&self) -> Result<(), Violation> {
        // Balance waits until every shard is well, and these are not before tomorrow.
        let mut shards = self.shape.app.app.shape.shards.shards();
        if shards.any(|shard| self.waits_for_tomorrow(shard)) {
            return Ok(());
        }
        let counts = self.hosts.values().map(|host| host.process.states().count());
        let (most, least) = (counts.clone().max().unwrap_or(0), counts.min().unwrap_or(0));
        if most > least + 1 {
            let what = format!("from {least} to {most} shards");
            return Err(Violation { at: self.now, law: "L3", what });
        }
        Ok(())
    }

    /// Where nothing ended a session, every change of hands was a RESUME.
    fn judge_sessions(&self) -> Result<(), Violation> {
        let (sessions, shards) = (self.discord.ledger().sessions.len(), self.shape.shards());
        if self.is_gentle && u32::try_from(sessions) != Ok(shards) {
            let what = format!("{sessions} sessions of {shards} shards");
            return Err(Violation { at: self.now, law: "P6", what });
        }
        Ok(())
    }

    fn judge_streams(&self) -> Result<(), Violation> {
        let seen = self.seen();
        let mut ledger: Ledger = self.discord.ledger().clone();
        // A session that ended before the store heard of it is none of the stream's business.
        ledger.sessions.retain(|_, session| self.laws.knew(&session.id));
        for session in ledger.sessions.values_mut() {
            if let Some(last) = self.laws.end_of_forgotten(&session.id, &seen) {
                session.sent.retain(|sent| sent.seq <= last);
            }
            // How it ended stands before the next event, which is not for today.
            if self.waits_for_tomorrow(session.slice.0) {
                let last = self.laws.end_of(&session.id, &seen);
                session.sent.retain(|sent| sent.seq <= last);
            }
            session.sent.retain(|sent| !self.laws.left_out.contains(&sent.hash));
        }
        let report = audit(&ledger, &seen);
        if !report.is_clean() {
            return Err(Violation { at: self.now, law: "S3", what: format!("{report:?}") });
        }
        Ok(())
    }

    /// What the streams' readers have seen.
    fn seen(&self) -> Vec<Entry> {
        let entries = entries(&self.store, &self.shape.app);
        self.laws.archive.with(entries, &self.laws.numbers)
    }

    fn judge_verdicts(&self) -> Result<(), Violation> {
        let verdicts = self.discord.verdicts();
        let unexcused = verdicts.latest.iter().find(|verdict| match verdict.rule {
            Rule::HeartbeatMissing => {
                let connection = verdict.connection.and_then(|id| self.connections.get(id));
                !connection.is_some_and(|it| self.may_forget_to_beat(it))
            }
            Rule::SessionContested => !verdict.slice.is_some_and(|slice| {
                let at = Moment::from_millis(verdict.at / 1_000);
                self.laws.may_be_contested(slice.0, at)
            }),
            Rule::IdentifyTooEarly
            | Rule::IdentifyPastDailyLimit
            | Rule::SendLimit
            | Rule::PayloadTooLarge
            | Rule::ForeignSession
            | Rule::InvalidSeq
            | Rule::ConnectionStorm
            | Rule::UnknownOp
            | Rule::Malformed
            | Rule::NotText
            | Rule::NotAuthenticated
            | Rule::AlreadyAuthenticated
            | Rule::WrongToken
            | Rule::WrongShard
            | Rule::ShardingRequired
            | Rule::WrongVersion
            | Rule::WrongEncoding
            | Rule::WrongCompression
            | Rule::InvalidIntents
            | Rule::DisallowedIntents
            | Rule::RestUnauthorized => true,
        });
        match unexcused {
            Some(verdict) => {
                Err(Violation { at: self.now, law: "V", what: format!("{verdict:?}") })
            }
            None => Ok(()),
        }
    }

    /// Whether Discord may have missed a heartbeat on it: nothing passed, or nobody was there.
    fn may_forget_to_beat(&self, connection: &Connection) -> bool {
        let host = self.hosts.get(&connection.pid);
        connection.pipe == Pipe::Dead || host.is_none_or(|host| host.has_stood_still)
    }
}
