//! Rules of the machine that the world beside it seldom gets to.

use std::{sync::Arc, time::Duration};

use baton_model::{Moment, StreamId};

use super::{
    Arrival, Claim, Done, Ending, Errand, Input, LaneMachine, Output, Sharing, Whose,
    examples::{arrival, entry},
};
use crate::settings::{
    CLAIM_MAX, DELIVERIES_MAX, SUSPECT_DELIVERIES, Settings, TROUBLE_PAUSE_FIRST,
};

fn at(millis: u64) -> Moment {
    Moment::from_millis(millis)
}

fn id(number: u64) -> StreamId {
    StreamId { millis: 1, number }
}

fn delivered(number: u64, deliveries: u32) -> Arrival {
    Arrival { deliveries, ..arrival(number, &entry(0, number, Some(number))) }
}

fn outputs(machine: &mut LaneMachine, now: Moment) -> Vec<Output> {
    std::iter::from_fn(|| machine.poll_output(now)).collect()
}

/// A machine that has taken over what there was, which is this, and what it wants then.
fn after(sharing: Sharing, arrivals: Vec<Arrival>) -> (LaneMachine, Vec<Output>) {
    let mut machine = LaneMachine::new(Arc::new(Settings::default()), sharing, at(0));
    let first = outputs(&mut machine, at(0));
    let [Output::Run(errand @ Errand::Claim(_))] = first.as_slice() else {
        panic!("it looks for what is pending first: {first:?}");
    };
    let upto = arrivals.last().map(|arrival| arrival.id);
    machine.handle(Input::Done(errand.clone(), Done::Claimed(arrivals, upto)), at(1));
    let then = outputs(&mut machine, at(1));
    (machine, then)
}

fn handled(outputs: &[Output]) -> Vec<u64> {
    let ids = outputs.iter().filter_map(|output| match output {
        Output::Handle { id, .. } => Some(id.number),
        Output::Read(_) | Output::Run(_) | Output::GaveUp(_) | Output::Over => None,
    });
    ids.collect()
}

/// The one that was begun.
fn errand_of(outputs: Vec<Output>) -> Errand {
    let errand = outputs.into_iter().find_map(|output| match output {
        Output::Run(errand) => Some(errand),
        Output::Read(_) | Output::Handle { .. } | Output::GaveUp(_) | Output::Over => None,
    });
    errand.expect("something is asked")
}

fn has_claim(outputs: &[Output]) -> bool {
    outputs.iter().any(|output| matches!(output, Output::Run(Errand::Claim(_))))
}

#[test]
fn what_is_pending_comes_before_what_is_new() {
    let (_, then) = after(Sharing::Shared, vec![delivered(1, 2)]);
    let claim = Claim { whose: Whose::Own, idle: Duration::ZERO, after: id(1), count: CLAIM_MAX };
    assert_eq!(handled(&then), [1]);
    assert!(then.contains(&Output::Run(Errand::Claim(claim))), "there may be more: {then:?}");
    assert!(!then.iter().any(|output| matches!(output, Output::Read(_))));
}

#[test]
fn who_takes_down_its_consumers_again_and_again_is_given_up_on_unseen() {
    let (_, then) = after(Sharing::Shared, vec![delivered(1, DELIVERIES_MAX)]);
    assert_eq!(handled(&then), [1], "once more it is tried");
    let (_, then) = after(Sharing::Shared, vec![delivered(1, DELIVERIES_MAX + 1)]);
    assert!(handled(&then).is_empty());
    let [Output::Run(Errand::Bury(burial))] = then.as_slice() else {
        panic!("it is buried: {then:?}");
    };
    assert_eq!(burial.error, "delivered 8 times, and its consumer was gone each time");
}

#[test]
fn nothing_is_taken_over_beside_a_suspect() {
    let (mut machine, then) = after(Sharing::Shared, vec![delivered(1, SUSPECT_DELIVERIES)]);
    assert_eq!(handled(&then), [1]);
    assert!(!has_claim(&then));
    machine.handle(Input::Done(Errand::Sweep, Done::Written), at(1));
    machine.handle(Input::Ended(id(1), Ending::Handled), at(2));
    assert!(has_claim(&outputs(&mut machine, at(2))), "it has proven harmless");
    let (_, then) = after(Sharing::Shared, vec![delivered(1, SUSPECT_DELIVERIES - 1)]);
    assert!(has_claim(&then));
}

#[test]
fn an_exclusive_lane_begins_nothing_while_it_may_be_anothers() {
    let (mut machine, then) = after(Sharing::Exclusive, vec![delivered(1, 2), delivered(2, 2)]);
    assert!(handled(&then).is_empty());
    machine.handle(Input::Sure(at(1_000)), at(10));
    assert_eq!(handled(&outputs(&mut machine, at(999))), [1, 2]);
    machine.handle(Input::Read(vec![delivered(3, 1)]), at(1_000));
    assert!(handled(&outputs(&mut machine, at(1_000))).is_empty());
    machine.handle(Input::Sure(at(2_000)), at(1_500));
    assert_eq!(handled(&outputs(&mut machine, at(1_500))), [3]);
}

#[test]
fn after_trouble_the_store_is_left_in_peace_for_a_while() {
    let (mut machine, then) = after(Sharing::Shared, Vec::new());
    let errand = errand_of(then);
    machine.handle(Input::Failed(errand), at(10));
    assert!(outputs(&mut machine, at(11)).is_empty());
    let again = at(10) + TROUBLE_PAUSE_FIRST;
    assert_eq!(machine.poll_timeout(), Some(again));
    assert!(!outputs(&mut machine, again).is_empty());
}

#[test]
fn what_others_have_taken_over_is_not_begun() {
    let one_guild = |number| arrival(number, &entry(0, number, Some(1)));
    let (mut machine, then) = after(Sharing::Shared, vec![one_guild(1), one_guild(2)]);
    assert_eq!(handled(&then), [1]);
    let claim = errand_of(then);
    let none = Done::Claimed(Vec::new(), None);
    machine.handle(Input::Done(claim, none), at(2));
    let keep = Errand::Keep(vec![id(1), id(2)]);
    let later = at(10_000);
    assert!(outputs(&mut machine, later).contains(&Output::Run(keep.clone())), "long held");
    machine.handle(Input::Done(keep, Done::Lost(vec![id(2)])), later);
    machine.handle(Input::Ended(id(1), Ending::Handled), later);
    assert!(handled(&outputs(&mut machine, later)).is_empty());
}

#[test]
fn a_dispatch_that_stands_there_twice_is_handled_once() {
    let (mut machine, then) = after(Sharing::Shared, vec![delivered(1, 1)]);
    machine.handle(Input::Ended(id(1), Ending::Handled), at(2));
    let again = Arrival { id: id(2), ..delivered(1, 1) };
    machine.handle(Input::Read(vec![again]), at(3));
    assert!(handled(&outputs(&mut machine, at(3))).is_empty());
    machine.handle(Input::Done(errand_of(then), Done::Claimed(Vec::new(), None)), at(4));
    let then = outputs(&mut machine, at(4));
    machine.handle(Input::Done(errand_of(then), Done::Claimed(Vec::new(), None)), at(5));
    let acks = outputs(&mut machine, at(10));
    assert!(acks.contains(&Output::Run(Errand::Ack(vec![id(1), id(2)]))), "{acks:?}");
}

#[test]
fn what_is_held_is_not_taken_in_again() {
    let (mut machine, then) = after(Sharing::Shared, vec![delivered(1, 1)]);
    assert_eq!(handled(&then), [1]);
    machine.handle(Input::Read(vec![delivered(1, 2)]), at(2));
    machine.handle(Input::Ended(id(1), Ending::Failed("no".to_owned())), at(3));
    assert!(handled(&outputs(&mut machine, at(4))).is_empty(), "it waits to be tried again");
}

#[test]
fn what_is_held_for_long_does_not_wait_for_acknowledgements() {
    let (mut machine, then) = after(Sharing::Shared, vec![delivered(1, 1), delivered(2, 1)]);
    let errand = errand_of(then);
    let later = at(10_000);
    machine.handle(Input::Ended(id(1), Ending::Handled), later - Duration::from_millis(10));
    let none = Done::Claimed(Vec::new(), None);
    machine.handle(Input::Done(errand, none), later);
    let first = outputs(&mut machine, later);
    assert!(first.contains(&Output::Run(Errand::Keep(vec![id(2)]))), "{first:?}");
}

#[test]
fn who_yields_finishes_what_is_being_handled_and_leaves_the_rest() {
    let one_guild = |number| arrival(number, &entry(0, number, Some(1)));
    let (mut machine, then) = after(Sharing::Shared, vec![one_guild(1), one_guild(2)]);
    assert_eq!(handled(&then), [1]);
    assert_eq!(machine.in_hand_since(), Some(at(1)));
    machine.handle(Input::Yield, at(2));
    machine.handle(Input::Done(errand_of(then), Done::Claimed(Vec::new(), None)), at(2));
    let waits = outputs(&mut machine, at(3));
    assert_eq!(waits, [Output::Run(Errand::Sweep)], "nothing else is to be done");
    machine.handle(Input::Done(Errand::Sweep, Done::Written), at(3));
    machine.handle(Input::Ended(id(1), Ending::Handled), at(4));
    let ack = outputs(&mut machine, at(4));
    assert_eq!(ack, [Output::Run(Errand::Ack(vec![id(1)]))], "the second is not begun");
    machine.handle(Input::Done(errand_of(ack), Done::Written), at(5));
    let release = outputs(&mut machine, at(5));
    assert_eq!(release, [Output::Run(Errand::Release(vec![id(2)]))]);
    machine.handle(Input::Done(errand_of(release), Done::Written), at(6));
    assert_eq!(outputs(&mut machine, at(6)), [Output::Over]);
}
