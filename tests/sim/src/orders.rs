//! What an operator asks for, in one world of seven: drains, moves, pins, and all of it taken back.
//!
//! An order is no fault: it hinders nobody and excuses nothing. It is drawn from a stream of its
//! own, so that the other worlds are what they are without it.

use std::time::Duration;

use baton_model::{Moment, PinUntil, ShardNumber};

use crate::{faults::Whom, seeded::Seeded};

/// Of so many worlds one has an operator.
const ONE_IN: u64 = 7;

/// Which one of them.
const WHICH: u64 = 2;

/// Something that an operator asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Order {
    /// An instance is to give its shards away, and gives up after that time.
    Drain(Whom, Option<Duration>),
    /// A shard is to go to an instance.
    Pin(ShardNumber, Whom, PinUntil),
    /// One of the wishes that stand, by this number modulo how many there are, is taken back.
    TakeBack(u64),
    /// All that would stand for ever is taken back.
    TakeAllBack,
}

/// What is asked for in the world of this seed.
pub(crate) fn orders(seed: u64, shards: u32) -> Vec<(Moment, Order)> {
    if seed % ONE_IN != WHICH {
        return Vec::new();
    }
    let mut seeded = Seeded::new(seed, 7);
    let mut orders = Vec::new();
    for _ in 0..seeded.between(2, 8) {
        let at = Moment::ZERO + seeded.millis(15_000, 95_000);
        orders.push((at, draw(&mut seeded, shards)));
        if seeded.hits(60) {
            let later = at + seeded.millis(50, 20_000);
            orders.push((later, Order::TakeBack(seeded.next())));
        }
    }
    orders.sort_by_key(|(at, _)| *at);
    orders
}

fn draw(seeded: &mut Seeded, shards: u32) -> Order {
    let whom = Whom(seeded.next());
    let shard = seeded.between(0, u64::from(shards) - 1);
    let shard = ShardNumber(u32::try_from(shard).unwrap_or(0));
    match seeded.between(0, 4) {
        0 => Order::Drain(whom, Some(seeded.millis(1_000, 30_000))),
        1 | 2 => Order::Drain(whom, None),
        3 => Order::Pin(shard, whom, PinUntil::Arrived),
        _ => Order::Pin(shard, whom, PinUntil::TakenBack),
    }
}
