//! Whether an IDENTIFY may go.
//!
//! Discord allows one IDENTIFY per bucket in five seconds and so many a day; passing the daily
//! limit resets the bot's token. The store hands out permits for the whole fleet. This gate decides
//! who of this instance's shards asks next, guards the spacing a second time by the own clock, and
//! lets no permit be used that was asked for too long ago. It never refuses a RESUME: those do not
//! come here.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroU16,
    time::Duration,
};

use baton_model::{
    AppName, Moment, ShardKey,
    limits::{
        IDENTIFY_ASKED_MAX, IDENTIFY_EXHAUSTED_PAUSE, IDENTIFY_PERMIT_VALID, IDENTIFY_SPACING,
        STORE_ANSWER_TIMEOUT, identify_reserve,
    },
};

use crate::asking::RequestId;

/// Shards of an app that may not identify within the same five seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bucket(pub u16);

/// Why a shard identifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum History {
    /// It was live and lost its session: its guilds are without the bot, so it goes first.
    WasLive,
    /// It has never been live.
    New,
}

/// What the store answered when asked for a permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PermitAnswer {
    /// One IDENTIFY may be sent.
    Granted,
    /// The bucket was used too recently; ask again after this time.
    Wait(Duration),
    /// The day's budget is used up to its reserve; it is renewed after this time.
    Exhausted {
        /// Until the renewal.
        reset_after: Duration,
    },
    /// The store did not answer, or could not. A permit that it may have given is not used.
    Unavailable,
}

/// What the gate wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum GateOutput {
    Ask(RequestId, AppName, Bucket),
    Go(ShardKey, Moment),
    Exhausted(AppName, Duration),
}

/// How many IDENTIFYs may still be sent today: what remains above the reserve.
#[must_use]
pub const fn identifies_spendable(total: u32, remaining: u32) -> u32 {
    remaining.saturating_sub(identify_reserve(total))
}

/// The bucket of a shard.
#[must_use]
pub fn bucket_of(shard: &ShardKey, max_concurrency: NonZeroU16) -> Bucket {
    let bucket = shard.number.0 % u32::from(max_concurrency.get());
    Bucket(u16::try_from(bucket).unwrap_or_else(|_| unreachable!("{bucket} is below a u16")))
}

/// One bucket of one app.
#[derive(Debug, Default)]
struct Queue {
    waiting: BTreeSet<(History, ShardKey)>,
    /// Not asked again before this.
    not_before: Moment,
    asked: Option<(RequestId, Moment)>,
}

/// The shards that wait for an IDENTIFY, and what is being asked for them.
#[derive(Debug, Default)]
pub(crate) struct IdentifyGate {
    concurrency: BTreeMap<AppName, NonZeroU16>,
    queues: BTreeMap<(AppName, Bucket), Queue>,
    /// Apps whose budget is used up, as was told already.
    exhausted: BTreeSet<AppName>,
    last_request: RequestId,
}

impl IdentifyGate {
    /// Sets how many buckets an app has. Waiting shards change their bucket with it; requests
    /// under way are given up, and every bucket keeps the longest pause of all.
    pub(crate) fn set_concurrency(&mut self, app: &AppName, max_concurrency: NonZeroU16) {
        if self.concurrency.insert(app.clone(), max_concurrency) == Some(max_concurrency) {
            return;
        }
        let queues = std::mem::take(&mut self.queues);
        let (changed, kept) = queues.into_iter().partition(|((of, _), _)| of == app);
        self.queues = kept;
        let changed: BTreeMap<(AppName, Bucket), Queue> = changed;
        let asked = changed.values().filter_map(|queue| queue.asked);
        let asked_until = asked.map(|(_, at)| at + IDENTIFY_SPACING).max();
        let pause = changed.values().map(|queue| queue.not_before).max();
        let pause = pause.max(asked_until).unwrap_or_default();
        for bucket in 0..max_concurrency.get() {
            self.queue(app, Bucket(bucket)).not_before = pause;
        }
        for (history, shard) in changed.into_values().flat_map(|queue| queue.waiting) {
            self.want(shard, history);
        }
    }

    /// A shard wants to identify. With buckets not known yet, one at a time is always right.
    pub(crate) fn want(&mut self, shard: ShardKey, history: History) {
        self.cancel(&shard);
        let app = shard.app.clone();
        let concurrency = self.concurrency.get(&app).copied();
        let bucket = bucket_of(&shard, concurrency.unwrap_or(NonZeroU16::MIN));
        self.queue(&app, bucket).waiting.insert((history, shard));
    }

    /// A shard does not want to any more. A permit on its way goes to the next in its bucket.
    pub(crate) fn cancel(&mut self, shard: &ShardKey) {
        for queue in self.queues.values_mut() {
            queue.waiting.retain(|(_, waiting)| waiting != shard);
        }
    }

    fn queue(&mut self, app: &AppName, bucket: Bucket) -> &mut Queue {
        self.queues.entry((app.clone(), bucket)).or_default()
    }

    /// Whether nobody waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.queues.values().all(|queue| queue.waiting.is_empty())
    }

    /// Asks for buckets in which somebody waits, in their order: for so many that the answers are
    /// worth something when they come.
    pub(crate) fn ask(&mut self, now: Moment) -> Vec<GateOutput> {
        let mut outputs = Vec::new();
        let mut under_way = self.under_way();
        for ((app, bucket), queue) in &mut self.queues {
            let is_repeated = queue.asked.is_some();
            if !is_repeated && under_way >= IDENTIFY_ASKED_MAX {
                continue;
            }
            if queue.due().is_some_and(|due| now >= due) {
                under_way += usize::from(!is_repeated);
                self.last_request = RequestId(self.last_request.0 + 1);
                queue.asked = Some((self.last_request, now));
                let ask = GateOutput::Ask(self.last_request, app.clone(), *bucket);
                outputs.push(ask);
            }
        }
        outputs
    }

    /// When to [`ask`](Self::ask) again.
    pub(crate) fn due(&self) -> Option<Moment> {
        let is_full = self.under_way() >= IDENTIFY_ASKED_MAX;
        let queues = self.queues.values().filter(|queue| !is_full || queue.asked.is_some());
        queues.filter_map(Queue::due).min()
    }

    fn under_way(&self) -> usize {
        self.queues.values().filter(|queue| queue.asked.is_some()).count()
    }

    /// Takes the store's answer. An answer to a request given up changes nothing.
    pub(crate) fn answer(
        &mut self,
        request: RequestId,
        answer: PermitAnswer,
        now: Moment,
    ) -> Option<GateOutput> {
        let (key, queue) = self
            .queues
            .iter_mut()
            .find(|(_, queue)| queue.asked.is_some_and(|(asked, _)| asked == request))?;
        let (_, asked_at) = queue.asked.take()?;
        match answer {
            PermitAnswer::Granted => {
                let go = queue.grant(asked_at, now)?;
                self.exhausted.remove(&key.0);
                Some(go)
            }
            PermitAnswer::Wait(pause) => {
                queue.pause(now + pause);
                None
            }
            PermitAnswer::Unavailable => {
                queue.pause(now + IDENTIFY_SPACING);
                None
            }
            PermitAnswer::Exhausted { reset_after } => {
                let app = key.0.clone();
                self.pause_app(&app, now + reset_after.min(IDENTIFY_EXHAUSTED_PAUSE));
                let is_news = self.exhausted.insert(app.clone());
                is_news.then_some(GateOutput::Exhausted(app, reset_after))
            }
        }
    }

    /// The budget is the app's, so none of its buckets has any.
    fn pause_app(&mut self, app: &AppName, until: Moment) {
        let queues = self.queues.iter_mut().filter(|((of, _), _)| of == app);
        for (_, queue) in queues {
            queue.pause(until);
        }
    }
}

impl Queue {
    fn due(&self) -> Option<Moment> {
        if let Some((_, at)) = self.asked {
            return Some((at + STORE_ANSWER_TIMEOUT).max(self.not_before));
        }
        (!self.waiting.is_empty()).then_some(self.not_before)
    }

    fn pause(&mut self, until: Moment) {
        self.not_before = self.not_before.max(until);
    }

    /// Passes a permit on, unless it is too old or nobody waits any more. Either way the store has
    /// counted it, so the next cannot come sooner.
    fn grant(&mut self, asked_at: Moment, now: Moment) -> Option<GateOutput> {
        let use_before = asked_at + IDENTIFY_PERMIT_VALID;
        let is_too_early = now < self.not_before;
        if now >= use_before || is_too_early {
            self.pause(asked_at + IDENTIFY_SPACING);
            return None;
        }
        let (_, shard) = self.waiting.pop_first()?;
        self.pause(now + IDENTIFY_SPACING);
        Some(GateOutput::Go(shard, use_before))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_model::{Generation, ShardNumber};

    fn shard(number: u32) -> ShardKey {
        ShardKey {
            app: "app".parse().unwrap(),
            generation: Generation(0),
            number: ShardNumber(number),
        }
    }

    fn at(millis: u64) -> Moment {
        Moment::from_millis(millis)
    }

    fn gate(buckets: u16) -> IdentifyGate {
        let mut gate = IdentifyGate::default();
        gate.set_concurrency(&shard(0).app, NonZeroU16::new(buckets).unwrap());
        gate
    }

    fn asked(gate: &mut IdentifyGate, now: Moment) -> Vec<(RequestId, Bucket)> {
        let asked = gate.ask(now).into_iter().map(|output| match output {
            GateOutput::Ask(request, _, bucket) => (request, bucket),
            GateOutput::Go(..) | GateOutput::Exhausted(..) => panic!("{output:?}"),
        });
        asked.collect()
    }

    #[test]
    fn the_reserve_is_a_tenth_but_at_least_fifty() {
        assert_eq!(identifies_spendable(1_000, 1_000), 900);
        assert_eq!(identifies_spendable(1_001, 1_001), 900, "rounded to the safe side");
        assert_eq!(identifies_spendable(1_000, 100), 0);
        assert_eq!(identifies_spendable(1_000, 101), 1);
        assert_eq!(identifies_spendable(100, 100), 50);
        assert_eq!(identifies_spendable(100, 20), 0);
    }

    #[test]
    fn a_bucket_is_the_number_modulo_the_concurrency() {
        let bucket = |number, buckets| bucket_of(&shard(number), NonZeroU16::new(buckets).unwrap());
        assert_eq!(bucket(17, 16), Bucket(1));
        assert_eq!(bucket(17, 1), Bucket(0));
    }

    #[test]
    fn without_a_known_concurrency_one_at_a_time_is_asked_for() {
        let mut gate = IdentifyGate::default();
        gate.want(shard(0), History::New);
        gate.want(shard(1), History::New);
        assert_eq!(asked(&mut gate, at(0)).len(), 1);
    }

    #[test]
    fn those_that_were_live_go_first_and_then_by_number() {
        let mut gate = gate(1);
        gate.want(shard(2), History::New);
        gate.want(shard(1), History::New);
        gate.want(shard(9), History::WasLive);
        let mut order = Vec::new();
        for turn in 0..3 {
            let now = at(turn * 6_000);
            let (request, _) = asked(&mut gate, now)[0];
            let go = gate.answer(request, PermitAnswer::Granted, now);
            if let Some(GateOutput::Go(shard, _)) = go {
                order.push(shard.number.0);
            }
        }
        assert_eq!(order, [9, 1, 2]);
    }

    #[test]
    fn no_more_is_asked_for_at_once_than_can_be_used_and_then_it_waits_for_answers() {
        let mut gate = gate(40);
        for number in 0..40 {
            gate.want(shard(number), History::New);
        }
        let first = asked(&mut gate, at(0));
        assert_eq!(first.len(), 16);
        assert_eq!(asked(&mut gate, at(1)), []);
        assert_eq!(gate.due(), Some(at(2_000)), "it does not spin");
        gate.answer(first[0].0, PermitAnswer::Granted, at(20));
        assert_eq!(gate.due(), Some(at(0)));
        let next: Vec<_> = asked(&mut gate, at(20)).iter().map(|asked| asked.1).collect();
        assert_eq!(next, [Bucket(16)]);
    }

    #[test]
    fn a_shard_that_asks_twice_waits_once() {
        let mut gate = gate(1);
        gate.want(shard(1), History::New);
        gate.want(shard(1), History::WasLive);
        let (request, _) = asked(&mut gate, at(0))[0];
        gate.answer(request, PermitAnswer::Granted, at(0));
        assert!(gate.is_empty());
    }

    #[test]
    fn an_unanswered_request_is_repeated_and_its_late_answer_ignored() {
        let mut gate = gate(1);
        gate.want(shard(1), History::New);
        let (first, _) = asked(&mut gate, at(0))[0];
        assert_eq!(asked(&mut gate, at(1_999)), []);
        let (second, _) = asked(&mut gate, at(2_000))[0];
        assert_eq!(gate.answer(first, PermitAnswer::Granted, at(2_001)), None);
        let go = gate.answer(second, PermitAnswer::Granted, at(2_002));
        assert_eq!(go, Some(GateOutput::Go(shard(1), at(2_180))));
    }

    #[test]
    fn a_change_of_concurrency_keeps_the_pauses_and_regroups_those_who_wait() {
        let mut gate = gate(1);
        for number in [0, 1, 2] {
            gate.want(shard(number), History::New);
        }
        let (request, _) = asked(&mut gate, at(0))[0];
        gate.answer(request, PermitAnswer::Granted, at(0));
        gate.set_concurrency(&shard(0).app, NonZeroU16::new(2).unwrap());
        assert_eq!(asked(&mut gate, at(5_279)), []);
        let buckets: Vec<_> = asked(&mut gate, at(5_280)).iter().map(|a| a.1).collect();
        assert_eq!(buckets, [Bucket(0), Bucket(1)]);
    }

    #[test]
    fn a_request_under_way_when_the_concurrency_changes_counts_as_used() {
        let mut gate = gate(1);
        gate.want(shard(1), History::New);
        let (request, _) = asked(&mut gate, at(1_000))[0];
        gate.set_concurrency(&shard(0).app, NonZeroU16::new(2).unwrap());
        assert_eq!(gate.answer(request, PermitAnswer::Granted, at(1_001)), None);
        assert_eq!(gate.due(), Some(at(6_280)));
    }

    #[test]
    fn a_budget_that_is_used_up_is_asked_for_once_a_minute_and_told_once() {
        let mut gate = gate(1);
        gate.want(shard(0), History::New);
        let exhausted = PermitAnswer::Exhausted { reset_after: Duration::from_secs(86_400) };
        let mut told = Vec::new();
        for minute in 0..3 {
            let (request, _) = asked(&mut gate, at(minute * 60_000))[0];
            told.extend(gate.answer(request, exhausted, at(minute * 60_000)));
            assert_eq!(gate.due(), Some(at((minute + 1) * 60_000)));
        }
        assert_eq!(told.len(), 1, "{told:?}");
        let (request, _) = asked(&mut gate, at(180_000))[0];
        let granted = gate.answer(request, PermitAnswer::Granted, at(180_001));
        assert!(matches!(granted, Some(GateOutput::Go(..))), "renewed before its time");
        gate.want(shard(0), History::New);
        let (request, _) = asked(&mut gate, at(190_000))[0];
        assert!(gate.answer(request, exhausted, at(190_000)).is_some(), "news again");
        let (request, _) = asked(&mut gate, at(250_000))[0];
        let soon = PermitAnswer::Exhausted { reset_after: Duration::from_secs(10) };
        assert_eq!(gate.answer(request, soon, at(250_000)), None);
        assert_eq!(gate.due(), Some(at(260_000)), "no later than it is renewed");
    }

    #[test]
    fn a_permit_that_comes_after_the_budget_has_run_out_is_not_used() {
        let mut gate = gate(2);
        gate.want(shard(0), History::New);
        gate.want(shard(1), History::New);
        let requests = asked(&mut gate, at(0));
        let reset_after = Duration::from_secs(60);
        let exhausted = PermitAnswer::Exhausted { reset_after };
        assert!(gate.answer(requests[0].0, exhausted, at(1)).is_some());
        assert_eq!(gate.answer(requests[1].0, PermitAnswer::Granted, at(2)), None);
        assert_eq!(gate.due(), Some(at(60_001)));
    }
}
