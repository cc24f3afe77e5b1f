//! Groups that nobody uses, and lanes that are too long.

use serde_json::{Value, json};

use crate::world::{World, errors, text};

const LANE: &str = "baton:{bot.1}:events";

/// The names of lane 0's groups.
fn groups(world: &World) -> Vec<String> {
    let shown = world.json(&["stream", "groups", "--lane", "0"]);
    let groups = shown["items"].as_array().expect("a list").iter();
    groups.map(|it| it["group"].as_str().expect("a name").to_owned()).collect()
}

/// Groups and what becomes of them.
fn fates(shown: &Value) -> Vec<(&str, &str)> {
    assert_eq!((&shown["schema"], &shown["kind"]), (&json!(1), &json!("unused_group_list")));
    let items = shown["items"].as_array().expect("a list").iter();
    items
        .map(|it| (it["group"].as_str().expect("a name"), it["fate"].as_str().expect("a word")))
        .collect()
}

/// Groups of every kind: nothing speaks for `left`.
async fn world_of_groups() -> World {
    let world = World::new().await;
    world.group("behind", 2);
    world.group("new", 0);
    world.group("left", 5);
    let ids = world.server.command::<Vec<(String, Vec<String>)>>(&[
        "XRANGE",
        "baton:{bot.0}:events",
        "-",
        "+",
    ]);
    for (id, _) in ids.expect("entries") {
        let words = ["XACK", "baton:{bot.0}:events", "left", &id];
        world.server.command::<u64>(&words).expect("acknowledged");
    }
    world
}

#[tokio::test]
async fn only_groups_for_which_nothing_speaks_are_removed_and_only_when_that_is_said() {
    let world = world_of_groups().await;
    let all = ["behind", "left", "new"];
    assert_eq!(fates(&world.json(&["stream", "gc"])), [("new", "kept")], "two were heard of");
    let dry = world.json(&["stream", "gc", "--idle", "0s"]);
    assert_eq!(fates(&dry), [("behind", "kept"), ("left", "to_remove"), ("new", "kept")]);
    assert_eq!(dry["items"][0]["because"], "2 deliveries are not acknowledged");
    assert_eq!(groups(&world), all, "nobody said to");
    let applied = world.json(&["stream", "gc", "--idle", "0s", "--apply"]);
    assert_eq!(fates(&applied)[1], ("left", "removed"));
    assert_eq!(groups(&world), ["behind", "new"]);
}

#[tokio::test]
async fn a_group_for_which_something_speaks_goes_by_name_and_force_only() {
    let world = world_of_groups().await;
    for (words, because) in [
        (&["--group", "left"][..], "a consumer was heard of"),
        (&["--group", "behind", "--idle", "0s"], "2 deliveries are not acknowledged"),
    ] {
        let words = [&["stream", "gc", "--apply"], words].concat();
        let refused = world.run(&words);
        assert_eq!(refused.status.code(), Some(7), "{words:?}");
        assert!(errors(&refused).contains(because), "{}", errors(&refused));
        assert!(groups(&world).iter().any(|group| group == words[4]), "{words:?}");
        assert_eq!(world.code(&[&words[..], &["--force"]].concat()), Some(0));
    }
    assert_eq!(groups(&world), ["new"]);
    assert_eq!(world.code(&["stream", "gc", "--group", "new", "--apply"]), Some(0), "it is named");
    assert_eq!(groups(&world), Vec::<String>::new());
    assert_eq!(world.code(&["stream", "gc", "--group", "new", "--apply"]), Some(5));
    assert_eq!(world.code(&["stream", "gc", "--apply", "--force"]), Some(2), "force whom?");
}

/// Entries of 1970 in lane 1, and a group that has acknowledged the first three of them.
async fn world_of_old_entries(count: u32) -> World {
    let world = World::new().await;
    let script = "for n = 1, ARGV[1] do redis.call('XADD', KEYS[1], '1000-' .. n, 'd', n) end";
    world.server.command::<()>(&["EVAL", script, "1", LANE, &count.to_string()]).expect("added");
    world.server.command::<()>(&["XGROUP", "CREATE", LANE, "slow", "0"]).expect("made");
    let words = ["XREADGROUP", "GROUP", "slow", "one", "COUNT", "3", "STREAMS", LANE, ">"];
    world.server.command::<redis::Value>(&words).expect("read");
    for id in ["1000-1", "1000-2", "1000-3"] {
        world.server.command::<u64>(&["XACK", LANE, "slow", id]).expect("acknowledged");
    }
    world
}

fn length(world: &World) -> u64 {
    world.server.command(&["XLEN", LANE]).expect("a number")
}

const TRIM: [&str; 6] = ["stream", "trim", "--app", "bot", "--lane", "1"];

#[tokio::test]
async fn a_trim_by_hand_says_what_went_and_a_dry_run_removes_nothing() {
    let world = world_of_old_entries(10).await;
    let by_age = [&TRIM[..], &["--min-age", "1h"]].concat();
    let ahead = world.json(&[&by_age[..], &["--dry-run"]].concat());
    assert_eq!((&ahead["schema"], &ahead["kind"]), (&json!(1), &json!("trim")));
    assert_eq!((&ahead["dry_run"], &ahead["removed"]), (&json!(true), &json!(3)));
    assert_eq!((length(&world), &ahead["length"]), (10, &json!(10)));
    let done = world.json(&by_age);
    assert_eq!((&done["dry_run"], &done["removed"]), (&json!(false), &json!(3)));
    assert_eq!((&done["unread"], &done["length"]), (&json!(0), &json!(7)));
    assert_eq!(length(&world), 7, "what the group has not read stays, however old it is");
    let table = text(&world.run(&by_age));
    assert!(table.starts_with("lane 1 of bot: 0 entries removed, 0 of them unread"), "{table}");
}

#[tokio::test]
async fn what_a_living_group_has_not_read_goes_by_force_only() {
    let world = world_of_old_entries(10).await;
    let to_two = [&TRIM[..], &["--entries-max", "2"]].concat();
    let refused = world.run(&to_two);
    assert_eq!(refused.status.code(), Some(7));
    let said = errors(&refused);
    assert!(
        said.contains("5 entries in lane 1 of bot would go") && said.contains("slow"),
        "{said}"
    );
    assert_eq!((length(&world), text(&refused)), (10, String::new()), "nothing was touched");
    let dead = world.json(&[&to_two[..], &["--live-within", "0s", "--dry-run"]].concat());
    assert_eq!((&dead["removed"], &dead["unread"]), (&json!(8), &json!(0)), "nobody waits for it");
    let forced = world.json(&[&to_two[..], &["--force"]].concat());
    assert_eq!((&forced["removed"], &forced["unread"]), (&json!(8), &json!(5)));
    assert_eq!(length(&world), 3, "two, and the marker");
    assert_eq!(world.code(&TRIM), Some(2), "by which limit?");
    assert_eq!(world.code(&["stream", "trim", "--min-age", "1h"]), Some(2), "which lane?");
}

#[tokio::test]
async fn a_long_lane_is_trimmed_piece_by_piece_to_its_end() {
    let world = world_of_old_entries(25_000).await;
    world.server.command::<()>(&["XGROUP", "DESTROY", LANE, "slow"]).expect("gone");
    let to_ten = [&TRIM[..], &["--entries-max", "10"]].concat();
    let ahead = world.json(&[&to_ten[..], &["--dry-run"]].concat());
    assert_eq!((&ahead["removed"], &ahead["at_least"]), (&json!(10_000), &json!(true)));
    assert_eq!(world.json(&to_ten)["removed"], 24_990);
    assert_eq!(length(&world), 10);
}
