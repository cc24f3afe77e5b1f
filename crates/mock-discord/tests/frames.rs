//! What is in the frames that clients read closely.

use baton_mock_discord::{ConnectionId, Discord, Host, Input, Output, Settings};
use baton_model::Moment;
use bytes::Bytes;
use serde_json::{Value, json};

/// Every frame that a client gets which identifies as the second of two shards.
fn frames() -> Vec<Bytes> {
    let settings = Settings { guilds: 5, ..Settings::default() };
    let mut discord = Discord::new(settings, 7, Moment::ZERO);
    let (connection, now) = (ConnectionId(1), Moment::ZERO);
    let query = "v=10&encoding=json".to_owned();
    discord.handle(Input::Opened { connection, host: Host::Gateway, query }, now);
    let identify = json!({"token": "token", "properties": {}, "intents": 1, "shard": [1, 2]});
    for frame in [json!({"op": 1, "d": null}), json!({"op": 2, "d": identify})] {
        discord.handle(Input::Text { connection, text: frame.to_string() }, now);
    }
    let frame_of = |output| match output {
        Output::Send { frame, .. } => frame,
        Output::Close { .. }
        | Output::Drop { .. }
        | Output::Refuse { .. }
        | Output::Stall { .. }
        | Output::Corrupt { .. }
        | Output::Respond { .. } => panic!("only frames were asked for, not {output:?}"),
    };
    std::iter::from_fn(|| discord.poll_output()).map(frame_of).collect()
}

fn read(frame: &Bytes) -> Value {
    serde_json::from_slice(frame).expect("Discord sends JSON")
}

#[test]
fn every_frame_has_its_keys_in_discords_order() {
    let frames = frames();
    assert_eq!(frames.len(), 5, "HELLO, an acknowledgement, READY and two guilds");
    for frame in frames {
        let text = String::from_utf8(frame.to_vec()).unwrap();
        let places = ["{\"t\":", ",\"s\":", ",\"op\":", ",\"d\":"].map(|key| text.find(key));
        assert_eq!(places[0], Some(0), "{text}");
        assert!(places.is_sorted() && places.iter().all(Option::is_some), "{text}");
    }
}

#[test]
fn hello_says_how_often_to_send_a_heartbeat() {
    let hello = read(&frames()[0]);
    assert_eq!(hello["op"], 10);
    assert_eq!(hello["d"]["heartbeat_interval"], 41_250);
}

#[test]
fn ready_says_what_a_resume_needs() {
    let ready = read(&frames()[2]);
    assert_eq!((&ready["t"], &ready["s"]), (&json!("READY"), &json!(1)));
    let body = &ready["d"];
    assert_eq!(body["session_id"].as_str().unwrap().len(), 32);
    assert_eq!(body["resume_gateway_url"], "ws://127.0.0.1:4001");
    assert_eq!((&body["v"], &body["shard"]), (&json!(10), &json!([1, 2])));
    assert!(body["user"]["id"].is_string() && body["application"]["id"].is_string());
}

#[test]
fn the_guilds_that_ready_announces_come_behind_it() {
    let frames = frames();
    let announced = read(&frames[2])["d"]["guilds"].clone();
    let ids: Vec<_> = announced.as_array().unwrap().iter().map(|guild| &guild["id"]).collect();
    assert!(announced.as_array().unwrap().iter().all(|guild| guild["unavailable"] == true));
    let came: Vec<_> = frames[3..].iter().map(read).collect();
    assert_eq!(ids, came.iter().map(|guild| &guild["d"]["id"]).collect::<Vec<_>>());
    assert!(came.iter().all(|guild| guild["t"] == "GUILD_CREATE"));
}
