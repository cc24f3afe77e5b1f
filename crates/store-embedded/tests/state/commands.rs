//! Commands: what is taken, and how far a shard has got with them.

use baton_model::{Epoch, ShardNumber, limits::COMMAND_BYTES_MAX};
use baton_store::{Command, CommandError, HoldError, StreamId};
use baton_store_embedded::state::{Retention, StoreState};
use bytes::Bytes;

use crate::scene::*;

fn command(bytes: usize) -> Command {
    Command {
        shard: ShardNumber(0),
        expires: None,
        reply_to: String::new(),
        trace: None,
        frame: Bytes::from(vec![b'x'; bytes]),
    }
}

fn place(number: u64) -> StreamId {
    let millis = NOON.0;
    StreamId { millis, number }
}

#[test]
fn commands_are_read_in_the_order_they_were_taken() {
    let mut state = empty();
    for bytes in [1, 2, 3] {
        state.send_command(NOON, &app(), LANE, &command(bytes)).unwrap();
    }
    let read = state.commands(&app(), LANE, place(0), 9);
    assert_eq!(read, [(place(1), Ok(command(2))), (place(2), Ok(command(3)))]);
    assert_eq!(state.commands(&app(), LANE, StreamId::START, 1).len(), 1);
}

#[test]
fn a_command_that_discord_would_not_take_is_not_taken() {
    let mut state = empty();
    let large = command(COMMAND_BYTES_MAX + 1);
    let refused = state.send_command(NOON, &app(), LANE, &large);
    assert_eq!(refused, Err(CommandError::TooLarge(COMMAND_BYTES_MAX + 1)));
    let fits = command(COMMAND_BYTES_MAX);
    assert!(state.send_command(NOON, &app(), LANE, &fits).is_ok());
}

#[test]
fn the_place_moves_forward_only() {
    let (mut state, hold) = owned_by_anna();
    assert_eq!(state.commands_done(&shard(0)), StreamId::START);
    state.set_commands_done(&hold, place(5)).unwrap();
    state.take_changes();
    state.set_commands_done(&hold, place(4)).unwrap();
    assert_eq!(state.commands_done(&shard(0)), place(5));
    assert_eq!(state.take_changes(), []);
}

#[test]
fn the_place_moves_with_the_lease() {
    let (mut state, hold) = owned_by_anna();
    state.set_commands_done(&hold, place(5)).unwrap();
    claim(&mut state, BERT);
    assert_eq!(state.commands_done(&shard(0)), place(5));
}

#[test]
fn only_the_owner_moves_the_place() {
    let (mut state, hold) = owned_by_anna();
    let wrong = self::hold(ANNA, Epoch(hold.epoch.0 - 1));
    let refused = state.set_commands_done(&wrong, place(5));
    assert!(matches!(refused, Err(HoldError::Fenced(_))));
    assert_eq!(state.commands_done(&shard(0)), StreamId::START);
}

#[test]
fn the_oldest_commands_go_when_there_are_too_many() {
    let mut state = StoreState::new(Retention { items_max: 16, bytes_max: usize::MAX });
    for _ in 0..100 {
        state.send_command(NOON, &app(), LANE, &command(1)).unwrap();
    }
    let kept = state.commands(&app(), LANE, StreamId::START, 999);
    assert!((14..=16).contains(&kept.len()), "{}", kept.len());
    assert_eq!(kept.last().unwrap().0, place(99));
}
