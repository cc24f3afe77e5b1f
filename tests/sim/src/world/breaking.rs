//! Faults as they happen, and the end of all of them.

use std::{fmt, time::Duration};

use baton_mock_discord::Input;
use baton_model::{Moment, limits::RING_BYTES_MAX};

use super::{Event, Pid, World};
use crate::{
    discord::Pipe,
    faults::{Cut, Fault, Whom},
    orders::Order,
    process::Letter,
    store::Condition,
};

/// How long a shard whose task was started afresh may be without its lease.
const RESTARTING: Duration = Duration::from_secs(10);

impl Fault {
    /// How long it has effects of itself.
    pub(super) fn lasts(&self) -> Duration {
        match self {
            Self::Stop(_, length)
            | Self::SlowStore(_, _, length)
            | Self::LossyStore(_, _, length)
            | Self::CutFromStore(_, Cut::Reset, length)
            | Self::CutFromDiscord(_, length)
            | Self::StoreFrozen(length)
            | Self::StoreUnsafe(length)
            | Self::TightRings(_, _, length)
            | Self::StoreRefuses(length) => *length,
            Self::CutFromStore(_, Cut::BlackHole { slow_for }, length) => *slow_for + *length,
            Self::FailOver { outage, .. } => *outage,
            Self::Discord(_) => Duration::from_secs(30),
            Self::Crash(..)
            | Self::Join
            | Self::Drain(_)
            | Self::StuckTask(_)
            | Self::Wipe
            | Self::DiscordWell => Duration::ZERO,
        }
    }
}

impl World {
    pub(super) fn break_something(&mut self, fault: Fault) {
        self.trace.note(self.now, format_args!("=== {fault:?}"));
        // A session of which the store has not heard yet dies with its instance.
        let rows = self.shape.app.addresses().into_iter().map(|address| self.store.row(&address));
        let all_begun = rows.flatten().filter(|row| row.session.is_some()).count();
        self.is_gentle &= u32::try_from(all_begun) == Ok(self.shape.shards());
        let until = self.now + fault.lasts();
        match fault {
            Fault::Crash(whom, death) => {
                if let Some(pid) = self.pick(whom) {
                    self.trace.note(self.now, format_args!("{pid} dies"));
                    self.die(pid, death);
                    self.keep_somebody();
                }
            }
            Fault::Stop(whom, _) => {
                if let Some(pid) = self.pick(whom) {
                    self.trace.note(self.now, format_args!("{pid} stands still"));
                    self.stop(pid, until);
                }
            }
            Fault::CutFromStore(whom, cut, length) => {
                if let Some(pid) = self.pick(whom) {
                    self.cut_from_store(pid, cut, length);
                }
            }
            Fault::SlowStore(whom, most, _) => {
                self.hinder(whom, until, |host| host.to_store.slow = (until, most));
            }
            Fault::LossyStore(whom, percent, _) => {
                self.hinder(whom, until, |host| host.to_store.lossy = (until, percent));
            }
            Fault::CutFromDiscord(whom, _) => {
                if let Some(pid) = self.pick(whom) {
                    self.cut_from_discord(pid, until);
                }
            }
            Fault::Join => self.start(),
            Fault::Drain(whom) => {
                if let Some(pid) = self.pick(whom) {
                    self.drain(pid);
                }
            }
            Fault::StuckTask(whom) => {
                let until = self.now + RESTARTING;
                self.hinder(whom, until, |_| {});
                if let Some(pid) = self.pick(whom) {
                    self.deliver(pid, Letter::Restart { pick: whom.0 });
                }
            }
            Fault::StoreFrozen(_) => self.trouble_store(Condition::Frozen(until), until),
            Fault::StoreUnsafe(_) => self.make_unsafe(until),
            Fault::TightRings(whom, bytes, _) => {
                if let Some(pid) = self.pick(whom) {
                    let room = Event::Letter(pid, Letter::RingLevel(RING_BYTES_MAX));
                    self.agenda.note(until, room);
                    self.deliver(pid, Letter::RingLevel(bytes));
                }
            }
            Fault::StoreRefuses(_) => self.trouble_store(Condition::Refusing(until), until),
            Fault::FailOver { lost, .. } => self.fail_over(lost, until),
            Fault::Wipe => {
                self.laws.store_troubled_until = self.laws.store_troubled_until.max(until);
                self.laws.on_wipe(&self.store, self.now);
                self.store.wipe();
            }
            Fault::Discord(fault) => self.tell_discord(Input::Fault(fault)),
            Fault::DiscordWell => self.tell_discord(Input::ClearFaults),
        }
    }

    fn trouble_store(&mut self, condition: Condition, until: Moment) {
        self.laws.store_troubled_until = self.laws.store_troubled_until.max(until);
        self.store.set_condition(condition);
    }

    /// Each instance asks once a second, at a time of its own.
    fn make_unsafe(&mut self, until: Moment) {
        self.unsafe_until = self.unsafe_until.max(until);
        let all: Vec<_> = self.hosts.keys().copied().collect();
        for pid in all {
            self.note_safety_asked(pid, self.now);
            self.note_safety_asked(pid, until);
        }
    }

    pub(super) fn note_safety_asked(&mut self, pid: Pid, from: Moment) {
        let at = from + self.seeded.millis(0, 1_000);
        self.agenda.note(at, Event::SafetyAsked(pid));
    }

    pub(super) fn pick(&self, whom: Whom) -> Option<Pid> {
        let count = u64::try_from(self.hosts.len()).ok().filter(|count| *count > 0)?;
        let index = usize::try_from(whom.0 % count).ok()?;
        self.hosts.keys().nth(index).copied()
    }

    fn hinder(&mut self, whom: Whom, until: Moment, act: impl FnOnce(&mut super::Host)) {
        let Some(pid) = self.pick(whom) else {
            return;
        };
        if let Some(host) = self.hosts.get_mut(&pid) {
            host.hindered_until = host.hindered_until.max(until);
            act(host);
        }
        self.trace.note(self.now, format_args!("{pid} is hindered until {until}"));
    }

    fn cut_from_store(&mut self, pid: Pid, cut: Cut, length: Duration) {
        let now = self.now;
        let Some(host) = self.hosts.get_mut(&pid) else {
            return;
        };
        match cut {
            Cut::Reset => {
                let until = now + length;
                host.to_store.cut_until = host.to_store.cut_until.max(until);
                host.hindered_until = host.hindered_until.max(until);
                self.lose_presence(pid);
            }
            Cut::BlackHole { slow_for } if slow_for > Duration::ZERO => {
                let (begins, ends) = (now + slow_for, now + slow_for + length);
                host.to_store.slow = (begins, Duration::from_millis(3_900));
                host.hindered_until = host.hindered_until.max(ends);
                let rest = Fault::CutFromStore(
                    Whom(0),
                    Cut::BlackHole { slow_for: Duration::ZERO },
                    length,
                );
                self.agenda.note(begins, Event::FaultAt(pid, rest));
            }
            Cut::BlackHole { .. } => {
                let until = now + length;
                host.to_store.cut_until = host.to_store.cut_until.max(until);
                host.hindered_until = host.hindered_until.max(until);
            }
        }
        self.trace.note(self.now, format_args!("{pid} is cut from the store: {cut:?}"));
    }

    pub(super) fn break_one(&mut self, pid: Pid, fault: &Fault) {
        if let Fault::CutFromStore(_, cut, length) = fault {
            self.cut_from_store(pid, *cut, *length);
        }
    }

    fn cut_from_discord(&mut self, pid: Pid, until: Moment) {
        self.trace.note(self.now, format_args!("{pid} is cut from discord until {until}"));
        if let Some(host) = self.hosts.get_mut(&pid) {
            host.cut_from_discord_until = host.cut_from_discord_until.max(until);
        }
        for id in self.connections.of_process(pid) {
            if let Some(connection) = self.connections.get_mut(id) {
                connection.pipe = Pipe::Dead;
            }
        }
    }

    fn drain(&mut self, pid: Pid) {
        self.trace.note(self.now, format_args!("{pid} is to drain"));
        if let Some(host) = self.hosts.get_mut(&pid) {
            host.is_draining = true;
        }
        self.deliver(pid, Letter::Drain);
        self.keep_somebody();
    }

    /// A fleet of nobody proves nothing.
    fn keep_somebody(&mut self) {
        if self.hosts.values().all(|host| host.is_draining) {
            self.start();
        }
    }

    fn fail_over(&mut self, lost: Duration, until: Moment) {
        self.store.fail_over(lost, self.now);
        self.laws.on_fail_over(&self.store, lost, (self.now, until));
        self.trouble_store(Condition::Refusing(until), until);
        let all: Vec<_> = self.hosts.keys().copied().collect();
        for pid in all {
            self.lose_presence(pid);
        }
    }

    /// From here on nothing goes wrong any more.
    pub(super) fn mend_everything(&mut self) {
        self.trace.note(self.now, format_args!("=== everything is well from here on"));
        self.store.set_condition(Condition::Well);
        self.unsafe_until = self.unsafe_until.min(self.now);
        self.tell_discord(Input::ClearFaults);
        self.keep_somebody();
        self.order(Order::TakeAllBack);
    }
}

impl fmt::Display for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p{}", self.0)
    }
}
