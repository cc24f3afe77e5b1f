//! The machine beside a simpler truth: a row, a stream, and a Discord that replays.
//!
//! Whatever happens, in whatever order, the stream is what Discord sent. The world checks that
//! after every operation of the store, and a handful of other rules after every input.

mod world;

use baton_model::InstanceId;
use baton_shard::{Input, SocketEvent};
use proptest::prelude::*;
use world::{Deed, Outcome, World};

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        20 => ((0..4_u8), (1..4_u64)).prop_map(|(kind, step)| Deed::Emit {
            filtered: kind == 0,
            step,
        }),
        20 => (1..6_usize).prop_map(|events| Deed::Deliver { events }),
        20 => Just(Deed::Answer(Outcome::Answered)),
        6 => outcome().prop_map(Deed::Answer),
        6 => Just(Deed::Wake),
        4 => (1..3_000_u64).prop_map(|millis| Deed::Pass { millis }),
        1 => (10_000..200_000_u64).prop_map(|millis| Deed::Pass { millis }),
        4 => Just(Deed::Grant),
        2 => of_discord(),
        3 => of_the_store(),
        5 => of_the_fleet(),
    ]
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(Outcome::Unavailable),
        Just(Outcome::AppliedAndUnknown),
        Just(Outcome::LostAndUnknown),
        Just(Outcome::LateAndUnknown),
    ]
}

fn of_discord() -> impl Strategy<Value = Deed> {
    let code = prop_oneof![
        4 => Just(1006_u16),
        2 => Just(4000),
        1 => Just(4007),
        1 => Just(4009),
        1 => Just(4004),
    ];
    prop_oneof![
        3 => Just(Deed::Say(SocketEvent::ReconnectAsked)),
        1 => Just(Deed::Say(SocketEvent::InvalidSession { resumable: true })),
        1 => Just(Deed::Say(SocketEvent::InvalidSession { resumable: false })),
        2 => Just(Deed::Say(SocketEvent::Frame)),
        4 => code.prop_map(|code| Deed::Close { code }),
        1 => Just(Deed::Unreachable),
        1 => Just(Deed::Mute),
    ]
}

fn of_the_store() -> impl Strategy<Value = Deed> {
    prop_oneof![
        4 => (1..6_usize).prop_map(|operations| Deed::LoseTail { operations }),
        3 => Just(Deed::NoticeChange),
        2 => Just(Deed::ApplyLate),
        1 => Just(Deed::Wipe),
    ]
}

fn of_the_fleet() -> impl Strategy<Value = Deed> {
    let to = InstanceId::new(0xB);
    prop_oneof![
        4 => Just(Deed::Claim),
        1 => Just(Deed::Steal),
        5 => Just(Deed::Show),
        3 => Just(Deed::Warm),
        5 => Just(Deed::Tell(Input::HandOver { to })),
        4 => Just(Deed::TakeOffer),
        5 => Just(Deed::OfferBack),
        1 => Just(Deed::Tell(Input::Release)),
        4 => Just(Deed::Tell(Input::LeaseConfirmed)),
        1 => Just(Deed::Tell(Input::LeaseUnconfirmed)),
        1 => Just(Deed::Tell(Input::Halt)),
        2 => Just(Deed::Tell(Input::Restart)),
        1 => Just(Deed::Tell(Input::Reconnect)),
        1 => Just(Deed::Tell(Input::NewSession)),
        2 => Just(Deed::Tell(Input::Shed)),
        1 => (0..2_000_usize).prop_map(|bytes| Deed::Tell(Input::RingBudget { bytes })),
        1 => Just(Deed::Tell(Input::RingBudget { bytes: 100_000 })),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 3_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_stream_is_what_discord_sent_whatever_happens(
        seed in any::<u64>(),
        is_live_at_first in any::<bool>(),
        deeds in prop::collection::vec(deed(), 0..300),
    ) {
        let mut world = World::new(seed);
        world.act(Deed::Tell(Input::LeaseConfirmed));
        world.act(Deed::Claim);
        if is_live_at_first {
            world.recover();
        }
        for deed in deeds {
            world.act(deed);
        }
        world.recover();
    }
}
