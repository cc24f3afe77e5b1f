//! Shards that are to come here: a socket is got ready, and the offer watched for.

use std::time::Duration;

use baton_fleet::Hint;
use baton_model::{Moment, SessionRow, ShardKey};

use super::{
    Ask, Hosted, Output, Supervisor,
    hosted::{Arrival, Stage},
};

/// How often the row of a shard on its way is looked at: a hint says when the offer is there,
/// but may be lost.
const OFFER_LOOK_PERIOD: Duration = Duration::from_millis(100);

/// Whoever has to try another host has to know soon, or the source hears of nothing in time.
const SECOND_TRY_WITHIN: Duration = Duration::from_millis(500);

impl Supervisor {
    pub(super) fn on_hint(&mut self, hint: Hint, now: Moment) {
        if let Hint::Offered { shard, to } = &hint
            && *to == self.me
        {
            self.ask(Ask::Row(shard.clone()));
        }
        self.tell_fleet(baton_fleet::Input::Hint(hint), now);
    }

    /// A shard is to come: its session tells what to get ready.
    pub(super) fn expect(&mut self, shard: ShardKey, now: Moment) {
        let next_look = now + OFFER_LOOK_PERIOD;
        self.arrivals.insert(shard.clone(), Arrival { stage: Stage::Reading, next_look });
        self.ask(Ask::Row(shard));
    }

    /// It is not to come any more.
    pub(super) fn expect_no_more(&mut self, shard: &ShardKey) {
        let was_expected = self.arrivals.remove(shard).is_some();
        let is_spare = self.hosted.get(shard).is_some_and(Hosted::is_spare);
        if was_expected && is_spare {
            self.errand(shard, baton_shard::Input::Release);
        }
    }

    /// The session of a shard that is to come is known. Without one there is nothing to get ready.
    pub(super) fn warm(&mut self, shard: &ShardKey, session: Option<SessionRow>, now: Moment) {
        let Some(arrival) = self.arrivals.get_mut(shard) else {
            return;
        };
        if arrival.stage != Stage::Reading {
            return; // Only the offer is awaited.
        }
        let Some(session) = session else {
            self.await_offer(shard, now);
            return;
        };
        arrival.stage = Stage::Warming { session: session.clone(), since: now };
        self.errand(shard, baton_shard::Input::Warm(session));
    }

    /// The warm socket came to nothing. Its host may be dead and Discord's door open all the same:
    /// tried once, if that did not take long. Whoever gave the shard away then would end a
    /// connection that works for one that does not.
    pub(super) fn on_cold(&mut self, shard: &ShardKey, now: Moment) {
        let Some(arrival) = self.arrivals.get_mut(shard) else {
            return;
        };
        let by = self.me;
        match arrival.stage.clone() {
            Stage::Warming { mut session, since }
                if session.resume_url.is_some() && now.since(since) < SECOND_TRY_WITHIN =>
            {
                session.resume_url = None;
                arrival.stage = Stage::Warming { session: session.clone(), since };
                self.errand(shard, baton_shard::Input::Warm(session));
            }
            Stage::Warming { .. } => {
                arrival.stage = Stage::Failed;
                self.push(Output::Tell(Hint::NotWarmed { shard: shard.clone(), by }));
            }
            // The offer is on its way, and is taken by an ordinary RESUME.
            Stage::Reading | Stage::Awaited | Stage::Failed => {}
        }
    }

    /// All is as ready as it gets: the source may offer.
    pub(super) fn await_offer(&mut self, shard: &ShardKey, now: Moment) {
        let by = self.me;
        let Some(arrival) = self.arrivals.get_mut(shard) else {
            return;
        };
        arrival.next_look = now + OFFER_LOOK_PERIOD;
        if arrival.stage != Stage::Awaited {
            arrival.stage = Stage::Awaited;
            self.push(Output::Tell(Hint::Warmed { shard: shard.clone(), by }));
        }
    }

    pub(super) fn look_for_offers(&mut self, now: Moment) {
        let mut due = Vec::new();
        for (shard, arrival) in &mut self.arrivals {
            if arrival.next_look <= now {
                arrival.next_look = now + OFFER_LOOK_PERIOD;
                due.push(shard.clone());
            }
        }
        for shard in due {
            self.ask(Ask::Row(shard));
        }
    }
}
