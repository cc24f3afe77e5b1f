//! The way to the store and back, and what is done there.

use std::time::Duration;

use baton_model::Moment;

use super::{Event, Pid, World};
use crate::{
    laws::Deed,
    process::{AskId, Letter},
    store::{Ask, Condition, Trouble},
};

/// A request on its way.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) pid: Pid,
    pub(crate) by: baton_model::InstanceId,
    id: AskId,
    pub(crate) ask: Ask,
    /// When it left.
    pub(crate) at: Moment,
    /// To which primary. No other one gets it.
    primary: u64,
    fate: Fate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Arrives,
    /// It is carried out, and nobody hears of it.
    AnswerLost,
    /// The connection breaks under it.
    Lost,
    /// It lies somewhere for so long that nobody waits for it any more, and is carried out then.
    Late,
}

impl World {
    pub(super) fn send_to_store(&mut self, pid: Pid, id: AskId, mut ask: Ask) {
        let fate = self.fate(pid);
        let delay = match fate {
            Fate::Late => self.seeded.millis(2_500, 9_000),
            Fate::Arrives | Fate::AnswerLost | Fate::Lost => self.store_delay(pid),
        };
        if fate != Fate::Arrives
            && let Ask::Appends(appends) = &mut ask
        {
            // A pipeline that breaks in the middle.
            let kept = self.seeded.between(1, appends.len() as u64);
            appends.truncate(usize::try_from(kept).unwrap_or(usize::MAX));
        }
        let Some(host) = self.hosts.get(&pid).filter(|_| self.reaches_store(pid)) else {
            return;
        };
        let (by, at, primary) = (host.process.me, self.now, self.store.primary());
        let sent = Sent { pid, by, id, ask, at, primary, fate };
        self.agenda.note(self.now + delay, Event::AtStore(sent));
    }

    pub(super) fn reaches_store(&self, pid: Pid) -> bool {
        self.hosts.get(&pid).is_some_and(|host| host.to_store.cut_until <= self.now)
    }

    fn fate(&mut self, pid: Pid) -> Fate {
        let lossy = self.hosts.get(&pid).map(|host| host.to_store.lossy);
        match lossy {
            Some((until, percent)) if until > self.now && self.seeded.hits(percent) => *self
                .seeded
                .pick(&[Fate::Lost, Fate::AnswerLost, Fate::Late])
                .unwrap_or(&Fate::Lost),
            Some(_) | None => Fate::Arrives,
        }
    }

    fn store_delay(&mut self, pid: Pid) -> Duration {
        let slow = self.hosts.get(&pid).map(|host| host.to_store.slow);
        if let Some((until, most)) = slow
            && until > self.now
        {
            let most = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
            return self.seeded.millis(0, most / 2);
        }
        if self.seeded.hits(2) {
            return self.seeded.millis(1, 60);
        }
        Duration::from_micros(self.seeded.between(100, 900))
    }

    pub(super) fn at_store(&mut self, sent: Sent) {
        if sent.primary != self.store.primary() || sent.fate == Fate::Lost {
            return self.answer(&sent, Err(Trouble::Unknown));
        }
        match self.store.condition(self.now) {
            Condition::Frozen(until) => self.agenda.note(until, Event::AtStore(sent)),
            Condition::Refusing(_) => self.answer(&sent, Err(Trouble::Unavailable)),
            Condition::Well => self.perform(&sent),
        }
    }

    fn perform(&mut self, sent: &Sent) {
        let before = self.laws.look(&self.store, &sent.ask);
        let (answered, changes) = self.store.perform(sent.by, &sent.ask, self.now);
        self.laws.on_store(
            &Deed { sent, before: &before, answered: &answered, changes: &changes },
            &self.store,
            &self.hosts,
            self.now,
        );
        self.note_store(sent, &answered);
        if sent.fate == Fate::Arrives {
            self.answer(sent, Ok(Box::new(answered)));
        }
    }

    fn answer(&mut self, sent: &Sent, answer: Result<Box<crate::store::Answered>, Trouble>) {
        let delay = self.store_delay(sent.pid);
        let letter = Letter::Answer(sent.id, answer);
        self.agenda.note(self.now + delay, Event::Answer(sent.pid, letter));
    }

    fn note_store(&mut self, sent: &Sent, answered: &crate::store::Answered) {
        let pid = sent.pid;
        match &sent.ask {
            // What everybody does all the time tells nothing.
            Ask::Beat(beat, _) => self.trace.note(self.now, format_args!("{pid} beat {}", beat.0)),
            Ask::Poll | Ask::Rows(_) | Ask::Limit(_) => {}
            Ask::Appends(appends) => {
                for append in appends {
                    self.trace.note(
                        self.now,
                        format_args!(
                            "{pid} appends to {} {}..{} under {}",
                            append.hold.address.shard,
                            append.prev,
                            append.last,
                            append.hold.epoch.0
                        ),
                    );
                }
                self.trace.note(self.now, format_args!("  {answered:?}"));
            }
            Ask::Lease { address, request, .. } => {
                let shard = &address.shard;
                self.trace.note(self.now, format_args!("{pid} {shard} {request:?}"));
                self.trace.note(self.now, format_args!("  {answered:?}"));
            }
            ask @ (Ask::NameDataSet(_)
            | Ask::Forget(..)
            | Ask::ClaimPlanner(_)
            | Ask::ReleasePlanner(_)
            | Ask::WriteTargets { .. }
            | Ask::Withdraw(..)
            | Ask::TakePermit { .. }
            | Ask::Learn(..)) => {
                self.trace.note(self.now, format_args!("{pid} {ask:?}: {answered:?}"));
            }
        }
    }
}
