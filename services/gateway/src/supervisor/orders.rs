//! What operators want, as far as it concerns this instance.
//!
//! The fleet is told whom to empty and where shards are to be. The rest is done here, once for each
//! intent, by whoever it is about; and whoever has done it removes it. A removal that got lost is
//! repeated with the next poll, for the intent still shows there.

use std::{collections::BTreeSet, time::Duration};

use baton_fleet::{DrainOrder, Orders};
use baton_model::{
    AppName, InstanceId, Intent, IntentId, Moment, PinUntil, RestartHow, ShardKey, StoreMillis,
    Subject, Wish,
};

use super::{Ask, Hosted, Output, Remark, Supervisor};

/// How long an intent stands that is for every instance: all have polled by then.
const FOR_ALL: Duration = Duration::from_secs(15);

impl Supervisor {
    pub(super) fn on_intents(&mut self, intents: Vec<Intent>, at: StoreMillis, now: Moment) {
        if intents != self.intents {
            self.tell_fleet(baton_fleet::Input::Orders(orders(&intents)), now);
        }
        let standing: BTreeSet<_> = intents.iter().map(|intent| intent.id).collect();
        self.obeyed.retain(|id| standing.contains(id));
        for intent in &intents {
            self.obey(intent, at);
        }
        self.intents = intents;
        self.learn_order();
    }

    fn obey(&mut self, intent: &Intent, at: StoreMillis) {
        match &intent.wish {
            Wish::Drain { .. } => {} // The fleet's.
            Wish::Pin { shard, to, until } => self.unpin_arrived(intent, shard, *to, *until),
            Wish::Restart { shard, how } => self.restart(intent, shard, *how),
            Wish::ReadToken { app } => self.read_token(intent, app, at),
        }
    }

    /// A move is over when its shard is here; where it is wanted for longer, the pin stays.
    fn unpin_arrived(
        &mut self,
        intent: &Intent,
        shard: &ShardKey,
        to: InstanceId,
        until: PinUntil,
    ) {
        match until {
            PinUntil::Arrived if to == self.me && self.holds(shard) => self.withdraw(intent),
            PinUntil::Arrived | PinUntil::TakenBack => {}
        }
    }

    fn restart(&mut self, intent: &Intent, shard: &ShardKey, how: RestartHow) {
        if self.holds(shard) && self.obeyed.insert(intent.id) {
            let input = match how {
                RestartHow::Resume => baton_shard::Input::Reconnect,
                RestartHow::Identify => baton_shard::Input::NewSession,
            };
            self.errand(shard, input);
        }
        if self.obeyed.contains(&intent.id) {
            self.withdraw(intent);
        }
    }

    fn read_token(&mut self, intent: &Intent, app: &AppName, at: StoreMillis) {
        if self.obeyed.insert(intent.id) {
            self.push(Output::Remark(Remark::ReadToken { app: app.clone() }));
        }
        let stands_for = Duration::from_millis(at.0.saturating_sub(intent.at.0));
        if self.is_planner() && stands_for >= FOR_ALL {
            self.withdraw(intent);
        }
    }

    /// The fleet will not follow this order any more, so it need not stand.
    pub(super) fn on_drain_given_up(&mut self, order: IntentId) {
        self.push(Output::Remark(Remark::DrainGivenUp));
        self.ask(Ask::Withdraw(Subject::Drain(self.me), order));
    }

    fn withdraw(&mut self, intent: &Intent) {
        self.ask(Ask::Withdraw(intent.subject(), intent.id));
    }

    fn holds(&self, shard: &ShardKey) -> bool {
        self.hosted.get(shard).is_some_and(Hosted::is_held)
    }
}

/// What of it is the fleet's.
fn orders(intents: &[Intent]) -> Orders {
    let mut orders = Orders::default();
    for intent in intents {
        match &intent.wish {
            Wish::Drain { instance, limit } => {
                let order = DrainOrder { id: intent.id, limit: *limit };
                orders.drains.insert(*instance, order);
            }
            Wish::Pin { shard, to, until: _ } => {
                orders.pins.insert(shard.clone(), *to);
            }
            Wish::Restart { .. } | Wish::ReadToken { .. } => {}
        }
    }
    orders
}
