//! What an operator does, over a way to the store of their own.

use baton_model::{Intent, IntentId, Line, NewIntent, PinUntil, ShardKey, Wish};

use super::World;
use crate::orders::Order;

impl World {
    /// Asks for something. Whom the store does not answer gives up.
    pub(super) fn order(&mut self, order: Order) {
        if !self.store.is_well(self.now) {
            return;
        }
        match order {
            Order::Drain(whom, limit) => {
                if let Some(instance) = self.pick(whom).map(|pid| self.hosts[&pid].process.me) {
                    self.wish(Wish::Drain { instance, limit });
                }
            }
            Order::Pin(number, whom, until) => {
                let (app, generation) =
                    (self.shape.app.name.clone(), self.shape.app.app.shape.generation);
                let shard = ShardKey { app, generation, number };
                if let Some(to) = self.pick(whom).map(|pid| self.hosts[&pid].process.me) {
                    self.wish(Wish::Pin { shard, to, until });
                }
            }
            Order::TakeBack(pick) => {
                let standing = self.store.intents(self.now);
                let count = u64::try_from(standing.len()).unwrap_or(0).max(1);
                let index = usize::try_from(pick % count).unwrap_or(0);
                if let Some(intent) = standing.get(index) {
                    self.take_back(intent);
                }
            }
            Order::TakeAllBack => {
                for intent in self.store.intents(self.now).iter().filter(|it| stands_for_ever(it)) {
                    self.take_back(intent);
                }
            }
        }
    }

    fn wish(&mut self, wish: Wish) {
        self.last_intent += 1;
        let (by, reason) = (Line::shortened("operator"), Line::shortened(""));
        let intent = NewIntent { id: IntentId(self.last_intent), wish, by, reason };
        self.trace.note(self.now, format_args!("=== wanted: {:?}", intent.wish));
        self.store.intend(&intent, self.now);
    }

    fn take_back(&mut self, intent: &Intent) {
        self.trace.note(self.now, format_args!("=== taken back: {:?}", intent.wish));
        self.store.withdraw(intent, self.now);
    }
}

/// What is over by itself may go on when everything is well.
const fn stands_for_ever(intent: &Intent) -> bool {
    match &intent.wish {
        Wish::Drain { .. } | Wish::Pin { until: PinUntil::TakenBack, .. } => true,
        Wish::Pin { until: PinUntil::Arrived, .. }
        | Wish::Restart { .. }
        | Wish::ReadToken { .. } => false,
    }
}
