//! Inputs in any order, with any numbers: nothing that Discord, the store or a supervisor may say
//! makes the machine panic, and nothing makes it want to be woken twice for the same thing.

use std::collections::BTreeSet;

use baton_model::{
    Dispatch, Epoch, EventName, Expected, Holding, InstanceId, LeaseRow, Moment, OfferId,
    RowSession, Seq, SessionId, SessionNumber, SessionRow, UnixMicros,
};
use baton_shard::{
    Answer, Asked, Config, Failure, Input, Output, Request, ShardMachine, SocketEvent, SocketId,
};
use bytes::Bytes;
use proptest::prelude::*;

fn instance() -> impl Strategy<Value = InstanceId> {
    (0xA..0xC_u128).prop_map(InstanceId::new)
}

fn epoch() -> impl Strategy<Value = Epoch> {
    (0..4_u64).prop_map(Epoch)
}

fn offer() -> impl Strategy<Value = OfferId> {
    (0..3_u64).prop_map(OfferId)
}

fn number() -> impl Strategy<Value = SessionNumber> {
    (0..3_u64).prop_map(SessionNumber)
}

fn id() -> impl Strategy<Value = SessionId> {
    (0..3_u64).prop_map(|n| SessionId::new(&n.to_string()))
}

fn seq() -> impl Strategy<Value = Seq> {
    (0..12_u64).prop_map(Seq)
}

fn row_session() -> impl Strategy<Value = Option<RowSession>> {
    let session = (number(), seq()).prop_map(|(number, last_seq)| RowSession { number, last_seq });
    prop::option::of(session)
}

fn session_row() -> impl Strategy<Value = SessionRow> {
    (number(), id(), seq(), any::<bool>()).prop_map(|(number, id, last_seq, has_url)| SessionRow {
        number,
        id,
        resume_url: has_url.then(|| "wss://resume.example".parse().expect("a url")),
        last_seq,
    })
}

fn lease_row() -> impl Strategy<Value = LeaseRow> {
    let holding = prop_oneof![
        Just(Holding::Free),
        instance().prop_map(|owner| Holding::Owned { owner }),
        (instance(), instance(), offer()).prop_map(|(owner, to, offer)| Holding::Offered {
            owner,
            to,
            offer
        }),
    ];
    (epoch(), holding, prop::option::of(session_row()))
        .prop_map(|(epoch, holding, session)| LeaseRow { epoch, holding, session })
}

fn dispatch() -> impl Strategy<Value = Dispatch> {
    let name = prop_oneof![Just("MESSAGE_CREATE"), Just("TYPING_START"), Just("RESUMED")];
    (seq(), name).prop_map(|(seq, name)| Dispatch {
        seq,
        name: EventName::new(name),
        guild: None,
        at: UnixMicros(0),
        trace: None,
        frame: Bytes::from_static(b"frame"),
    })
}

fn socket_event() -> impl Strategy<Value = SocketEvent> {
    let code = prop::option::of(prop_oneof![3990..4020_u16, Just(1000)]);
    prop_oneof![
        1 => Just(SocketEvent::ConnectFailed),
        4 => Just(SocketEvent::Hello),
        2 => Just(SocketEvent::PermitWanted),
        2 => Just(SocketEvent::PermitGranted),
        2 => (id(), dispatch()).prop_map(|(id, dispatch)| SocketEvent::Ready {
            id,
            resume_url: None,
            dispatch,
        }),
        8 => dispatch().prop_map(SocketEvent::Dispatch),
        1 => Just(SocketEvent::Frame),
        1 => Just(SocketEvent::ReconnectAsked),
        1 => any::<bool>().prop_map(|resumable| SocketEvent::InvalidSession { resumable }),
        1 => code.prop_map(|code| SocketEvent::Closed { code }),
    ]
}

fn failed() -> impl Strategy<Value = Answer> {
    let asked = prop_oneof![
        epoch().prop_map(Asked::Claim),
        (epoch(), offer()).prop_map(|(epoch, offer)| Asked::Accept(epoch, offer)),
        epoch().prop_map(Asked::BeginSession),
        (epoch(), number()).prop_map(|(epoch, number)| Asked::Append(epoch, number)),
        (epoch(), offer()).prop_map(|(epoch, offer)| Asked::Offer(epoch, offer)),
        (epoch(), offer()).prop_map(|(epoch, offer)| Asked::Retract(epoch, offer)),
        epoch().prop_map(Asked::Release),
        epoch().prop_map(Asked::Reassert),
    ];
    let failure = prop_oneof![
        epoch().prop_map(|row| Failure::Fenced { row }),
        Just(Failure::Forgotten),
        Just(Failure::Unavailable),
        Just(Failure::Unknown),
    ];
    (asked, failure).prop_map(|(asked, failure)| Answer::Failed { asked, failure })
}

fn about_the_lease() -> impl Strategy<Value = Answer> {
    let session = || prop::option::of(session_row());
    prop_oneof![
        (epoch(), epoch(), session()).prop_map(|(expected, epoch, session)| Answer::Claimed {
            expected,
            epoch,
            session,
        }),
        (epoch(), prop::option::of(lease_row()))
            .prop_map(|(expected, row)| Answer::ClaimLost { expected, row }),
        (epoch(), offer(), epoch(), session()).prop_map(|(under, offer, epoch, session)| {
            Answer::Accepted { under, offer, epoch, session }
        }),
        (epoch(), offer(), prop::option::of(lease_row()))
            .prop_map(|(under, offer, row)| Answer::OfferGone { under, offer, row }),
        (epoch(), offer()).prop_map(|(epoch, offer)| Answer::Offered { epoch, offer }),
        (epoch(), offer()).prop_map(|(epoch, offer)| Answer::Retracted { epoch, offer }),
        epoch().prop_map(|epoch| Answer::Released { epoch }),
        (epoch(), row_session()).prop_map(|(epoch, session)| Answer::Reasserted { epoch, session }),
    ]
}

fn about_the_stream() -> impl Strategy<Value = Answer> {
    prop_oneof![
        2 => (epoch(), id(), number())
            .prop_map(|(epoch, id, number)| Answer::Started { epoch, id, number }),
        4 => (epoch(), number(), seq()).prop_map(|(epoch, session, last)| Answer::Appended {
            epoch,
            session,
            last,
        }),
        1 => (epoch(), number(), seq())
            .prop_map(|(epoch, session, row)| Answer::Gap { epoch, session, row }),
        1 => (epoch(), number(), row_session())
            .prop_map(|(epoch, session, row)| Answer::OtherSession { epoch, session, row }),
        1 => (epoch(), id(), row_session())
            .prop_map(|(epoch, id, row)| Answer::OtherPrevious { epoch, id, row }),
    ]
}

fn from_the_supervisor() -> impl Strategy<Value = Input> {
    prop_oneof![
        1 => (prop::option::of(instance()), epoch())
            .prop_map(|(holder, epoch)| Input::Claim { expected: Expected { holder, epoch } }),
        2 => lease_row().prop_map(Input::Row),
        1 => session_row().prop_map(Input::Warm),
        1 => instance().prop_map(|to| Input::HandOver { to }),
        1 => Just(Input::Release),
        4 => Just(Input::LeaseConfirmed),
        1 => Just(Input::LeaseUnconfirmed),
        1 => Just(Input::StoreChanged),
        1 => Just(Input::Halt),
        1 => Just(Input::Restart),
        1 => Just(Input::Reconnect),
        1 => Just(Input::NewSession),
        1 => Just(Input::Shed),
        1 => (0..900_usize).prop_map(|bytes| Input::RingBudget { bytes }),
    ]
}

fn input() -> impl Strategy<Value = Input> {
    let answer = prop_oneof![failed(), about_the_lease(), about_the_stream()];
    prop_oneof![
        1 => Just(Input::Wake),
        3 => from_the_supervisor(),
        4 => ((0..6_u64), socket_event()).prop_map(|(socket, event)| Input::Socket {
            socket: SocketId(socket),
            event,
        }),
        4 => answer.prop_map(Input::Store),
    ]
}

/// An acknowledgement of what was never appended is the one thing that may panic, for it can only
/// be a mistake of our own.
fn is_our_own_mistake(input: &Input, appended: &BTreeSet<(Epoch, SessionNumber, Seq)>) -> bool {
    let Input::Store(Answer::Appended { epoch, session, last }) = input else {
        return false;
    };
    !appended.contains(&(*epoch, *session, *last))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn nothing_that_is_said_makes_it_panic_or_spin(
        inputs in prop::collection::vec((input(), 0..3_000_u64), 0..200),
    ) {
        let config = Config {
            me: InstanceId::new(0xA),
            left_out: BTreeSet::from([EventName::new("TYPING_START")]),
            seed: 1,
        };
        let mut shard = ShardMachine::new(config, Moment::ZERO);
        let mut now = Moment::ZERO;
        let mut appended = BTreeSet::new();
        for (input, millis) in inputs {
            if is_our_own_mistake(&input, &appended) {
                continue;
            }
            now += std::time::Duration::from_millis(millis);
            shard.handle(input, now);
            shard.handle(Input::Wake, now);
            let wake = shard.poll_timeout();
            prop_assert!(wake.is_none_or(|(at, _)| at > now), "{now}: {wake:?}");
            while let Some(output) = shard.poll_output() {
                if let Output::Store(Request::Append(append)) = output {
                    appended.insert((append.epoch, append.session, append.last));
                }
            }
        }
    }
}
