//! The life of processes: starting, being told, standing still, dying.

use std::{
    collections::{BTreeSet, VecDeque},
    num::NonZeroU16,
};

use baton_fleet::{Company, Hint, Myself, StoreSafety};
use baton_gateway::supervisor::Ending;
use baton_model::{Capacity, InstanceId, InstanceRecord, Moment, Phase, Tier, Version, Weight};

use super::{Event, Host, Link, Pid, World};
use crate::{
    discord::{Arrival, Pipe},
    faults::Death,
    local_clock::LocalClock,
    process::{Effect, Held, Letter, Process},
    store::wall,
};

impl World {
    pub(super) fn start(&mut self) {
        self.last_pid += 1;
        let pid = Pid(self.last_pid);
        let bits = u128::from(self.seeded.next()) << 64 | u128::from(self.seeded.next());
        let record = InstanceRecord {
            phase: Phase::Joining,
            tier: Tier(0),
            zone: "here".parse().unwrap_or_else(|error| unreachable!("a name: {error}")),
            weight: Weight(NonZeroU16::MIN),
            capacity: Capacity(1_000),
            version: Version::default(),
            joined_at: wall(self.now),
            stalled: BTreeSet::new(),
        };
        let myself = Myself {
            id: InstanceId::new(bits),
            record,
            seed: self.seeded.next(),
            company: Company::Anybody,
        };
        let per_mille = *self.seeded.pick(&[900, 1_000, 1_000, 1_000, 1_100]).unwrap_or(&1_000);
        let clock = LocalClock::new(self.seeded.millis(0, 86_400_000), per_mille);
        self.trace.note(self.now, format_args!("{pid} starts, its clock at {per_mille} ‰"));
        let host = Host {
            process: Process::new(myself, clock, self.shape.app.clone(), self.now),
            wake_at: None,
            stopped_until: None,
            deferred: VecDeque::new(),
            to_store: Link::default(),
            cut_from_discord_until: Moment::ZERO,
            latency: self.seeded.millis(3, 60),
            is_draining: false,
            has_stood_still: false,
            hindered_until: self.now,
        };
        self.names.push((host.process.me, pid));
        self.hosts.insert(pid, host);
        let soon = self.now + self.seeded.millis(2, 40);
        self.agenda.note(soon, Event::Presence(pid));
        self.deliver(pid, Letter::Wake);
    }

    /// A letter reaches a process, unless that stands still or is no more.
    pub(super) fn deliver(&mut self, pid: Pid, letter: Letter) {
        let Some(host) = self.hosts.get_mut(&pid) else {
            return;
        };
        if host.stopped_until.is_some() {
            host.deferred.push_back(letter);
            return;
        }
        if let Letter::Safety(safety) | Letter::Presence(Held::Yes(safety)) = &letter {
            self.laws.on_safety(pid, *safety, self.now);
        }
        let effects = host.process.handle(letter, self.now);
        for shard in host.process.newly_shed() {
            self.trace.note(self.now, format_args!("{pid} sheds {shard}"));
        }
        self.laws.judge_sureness(pid, &host.process, self.now);
        for effect in effects {
            self.carry_out(pid, effect);
        }
        self.set_timer(pid);
    }

    fn set_timer(&mut self, pid: Pid) {
        let Some(host) = self.hosts.get_mut(&pid) else {
            return;
        };
        let due = host.process.due(self.now);
        if due != host.wake_at {
            host.wake_at = due;
            if let Some(due) = due {
                self.agenda.note(due, Event::Wake(pid));
            }
        }
    }

    fn carry_out(&mut self, pid: Pid, effect: Effect) {
        match effect {
            Effect::Ask(id, ask) => self.send_to_store(pid, id, ask),
            Effect::Tell(hint) => self.broadcast(pid, &hint),
            Effect::Say(shard, socket, said) => self.say(pid, (shard, socket), &said),
            Effect::AskLimit => {
                let latency = self.seeded.millis(20, 200);
                self.agenda.note(self.now + latency, Event::LimitAsked(pid));
            }
            Effect::End(Ending::Drained | Ending::Memory) => {
                self.trace.note(self.now, format_args!("{pid} has drained and ends"));
                self.die(pid, Death::OfTheProcess);
            }
            Effect::End(Ending::Impostor) => {
                self.laws.break_law(self.now, "S0", format!("{pid} takes itself for another"));
            }
        }
    }

    fn broadcast(&mut self, from: Pid, hint: &Hint) {
        self.trace.note(self.now, format_args!("{from} tells {hint:?}"));
        let others: Vec<_> = self.hosts.keys().copied().filter(|to| *to != from).collect();
        for to in others {
            let is_lost = self.seeded.hits(self.shape.messages_lost);
            if !is_lost && self.reaches_store(from) && self.reaches_store(to) {
                let delay = self.seeded.millis(0, 20);
                let letter = Letter::Hint(hint.clone());
                self.agenda.note(self.now + delay, Event::Letter(to, letter));
            }
        }
    }

    pub(super) fn hold_presence(&mut self, pid: Pid) {
        if !self.hosts.contains_key(&pid) {
            return;
        }
        if self.reaches_store(pid) && self.store.is_well(self.now) {
            let id = self.hosts[&pid].process.me;
            self.store.present.insert(id);
            self.deliver(pid, Letter::Presence(Held::Yes(self.safety())));
            if self.safety() == StoreSafety::Unsafe {
                self.note_safety_asked(pid, self.unsafe_until);
            }
        } else {
            let later = self.now + self.seeded.millis(100, 1_000);
            self.agenda.note(later, Event::Presence(pid));
        }
    }

    /// The store does not hear of it any more, and it knows.
    pub(super) fn lose_presence(&mut self, pid: Pid) {
        let Some(host) = self.hosts.get(&pid) else {
            return;
        };
        self.store.present.remove(&host.process.me);
        self.deliver(pid, Letter::Presence(Held::No));
        let later = self.now + self.seeded.millis(50, 1_000);
        self.agenda.note(later, Event::Presence(pid));
    }

    pub(super) fn stop(&mut self, pid: Pid, until: Moment) {
        if let Some(host) = self.hosts.get_mut(&pid) {
            host.has_stood_still = true;
            host.stopped_until = host.stopped_until.max(Some(until));
            host.hindered_until = host.hindered_until.max(until);
            self.agenda.note(until, Event::Continue(pid));
        }
    }

    pub(super) fn go_on(&mut self, pid: Pid) {
        let Some(host) = self.hosts.get_mut(&pid) else {
            return;
        };
        if host.stopped_until.is_none_or(|until| until > self.now) {
            return;
        }
        host.stopped_until = None;
        let deferred = std::mem::take(&mut host.deferred);
        self.trace.note(self.now, format_args!("{pid} goes on, {} letters wait", deferred.len()));
        for letter in deferred {
            self.deliver(pid, letter);
        }
        self.deliver(pid, Letter::Wake);
    }

    pub(super) fn die(&mut self, pid: Pid, death: Death) {
        let Some(host) = self.hosts.remove(&pid) else {
            return;
        };
        if death == Death::OfTheProcess {
            let soon = self.now + self.seeded.millis(1, 6);
            self.agenda.note(soon, Event::Absent(host.process.me));
        }
        for id in self.connections.of_process(pid) {
            let jitter = self.jitter();
            let Some(connection) = self.connections.get_mut(id) else {
                continue;
            };
            match death {
                Death::OfTheHost => connection.pipe = Pipe::Dead,
                Death::OfTheProcess => {
                    let at = connection.arrival(self.now, jitter);
                    self.agenda.note(at, Event::AtDiscord(id, Arrival::Closed(None)));
                }
            }
        }
    }
}
