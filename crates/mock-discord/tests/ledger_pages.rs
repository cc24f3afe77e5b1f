//! Whoever reads the ledger page by page has read all of it.

use baton_mock_discord::{
    ConnectionId, Discord, Host, Input, Ledger, Output, RequestId, SessionOrdinal, Settings,
    ledger::SessionLedger,
    load::{Content, Mix},
};
use baton_model::Moment;
use serde_json::{Value, json};

/// A Discord with as many sessions as asked for.
fn discord(sessions: u64) -> Discord {
    let settings = Settings {
        guilds: 0,
        max_concurrency: 1 << 20,
        identifies_a_day: 1 << 20,
        connections_in_10_s_max: usize::MAX,
        ..Settings::default()
    };
    let mut discord = Discord::new(settings, 7, Moment::ZERO);
    for id in 0..sessions {
        let connection = ConnectionId(id);
        let query = "v=10&encoding=json".to_owned();
        discord.handle(Input::Opened { connection, host: Host::Gateway, query }, Moment::ZERO);
        let data =
            json!({"token": "token", "intents": 0, "properties": {}, "shard": [id, sessions]});
        let text = json!({"op": 2, "d": data}).to_string();
        discord.handle(Input::Text { connection, text }, Moment::ZERO);
    }
    discord
}

fn get(discord: &mut Discord, path: &str) -> Value {
    while discord.poll_output().is_some() {}
    let (method, body) = ("GET".to_owned(), String::new());
    let request = RequestId(1);
    discord.handle(Input::Admin { request, method, path: path.to_owned(), body }, Moment::ZERO);
    match discord.poll_output() {
        Some(Output::Respond { status: 200, body, .. }) => {
            serde_json::from_str(&body).expect("JSON")
        }
        other => panic!("{path}: {other:?}"),
    }
}

#[test]
fn the_pages_of_a_session_make_up_its_ledger() {
    let mut discord = discord(2);
    for _ in 0..25_000 {
        discord.handle(
            Input::Emit { slice: None, content: Content::Event(Mix::Messages) },
            Moment::ZERO,
        );
    }
    let mut read = Ledger::default();
    for session in [1, 2] {
        let (mut next, mut pages) = (json!(0), Vec::<SessionLedger>::new());
        while let Some(from) = next.as_u64() {
            let mut page = get(&mut discord, &format!("/ledger?session={session}&from={from}"));
            next = page["next"].take();
            let page: SessionLedger = serde_json::from_value(page).unwrap();
            assert!(page.sent.len() <= 10_000, "{}", page.sent.len());
            pages.push(page);
        }
        assert_eq!(pages.len(), 3);
        let whole = pages.into_iter().reduce(|mut whole, mut page| {
            whole.sent.append(&mut page.sent);
            whole
        });
        read.sessions.insert(SessionOrdinal(session), whole.unwrap());
    }
    assert_eq!(&read, discord.ledger());
}

#[test]
fn the_list_of_sessions_comes_in_pages_too() {
    let mut discord = discord(10_001);
    let page = get(&mut discord, "/ledger/sessions");
    assert_eq!(page["sessions"].as_array().unwrap().len(), 10_000);
    assert_eq!(page["next"], 10_001);
    let page = get(&mut discord, "/ledger/sessions?from=10001");
    assert_eq!(page["sessions"][0]["session"], 10_001);
    assert_eq!((page["sessions"].as_array().unwrap().len(), &page["next"]), (1, &Value::Null));
}
