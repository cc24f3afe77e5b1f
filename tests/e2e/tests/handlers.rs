//! How handlers fare, as an operator sees it: a real gateway, a real consumer as a process, and
//! `baton` over their store.

use std::time::Duration;

use baton_e2e::{
    consumers::{Consumer, Example},
    operator::{Operator, Said},
    processes::{Fleet, PATIENCE, discord, valkey},
};
use baton_mock_discord::{Input, load::Content};
use baton_model::EventName;
use rustix::process::Signal;
use serde_json::Value;
use tokio::time::{Instant, sleep};

async fn say(fleet: &Fleet, words: &str) {
    let data = format!(r#"{{"id":"1","channel_id":"2","content":"{words}"}}"#).into();
    let content = Content::Given { name: EventName::new("MESSAGE_CREATE"), data };
    fleet.discord.input(Input::Emit { slice: None, content }).await;
}

/// What `baton handler ls` shows of the handler of messages, once it is as it should be.
async fn until_shown(
    what: &str,
    (operator, consumer): (&Operator, &Consumer),
    is_so: impl Fn(&Value) -> bool,
) -> Value {
    let end = Instant::now() + PATIENCE;
    loop {
        let said = operator.types("handler ls -o json").await;
        let listing: Value = serde_json::from_str(&said.data).expect("JSON");
        let handlers = listing["items"].as_array().expect("a list");
        let found = handlers.iter().find(|it| it["handler"] == "messages");
        if let Some(found) = found.filter(|found| is_so(found)) {
            return found.clone();
        }
        let errors = consumer.errors();
        assert!(Instant::now() < end, "not so: {what}\n{}\n{errors}", said.data);
        sleep(Duration::from_millis(100)).await;
    }
}

/// The lines of `baton status` that name a handler, and its code.
async fn status(operator: &Operator) -> (Vec<String>, i32) {
    let Said { code, data, besides } = operator.types("status").await;
    assert!(data.starts_with("fleet"), "{data}\n{besides}");
    let named = data.lines().filter(|line| line.contains("handler"));
    (named.map(str::to_owned).collect(), code)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_sees_a_handler_fail_recover_and_go() {
    let valkey = valkey();
    let mut fleet = Fleet::over(&valkey, discord(), 1).await;
    fleet.start("a");
    fleet.until_all_live().await;
    let operator = Operator::of(&fleet);
    assert_eq!(operator.types("check handlers").await.code, 0, "nobody has told anything");
    let mut consumer = Consumer::start(Example::RustPing, &fleet, "workers");
    let seen = (&operator, &consumer);
    until_shown("it has told", seen, |it| it["standing"] == "unused").await;

    say(&fleet, "!fail").await;
    let failing = until_shown("it fails", seen, |it| it["standing"] == "failing").await;
    assert_eq!(failing["error"], "somebody said !fail");
    assert_eq!((&failing["group"], &failing["app"]), (&"workers".into(), &"app".into()));
    assert!(failing["failed"].as_u64() > Some(0), "{failing}");
    let (named, code) = status(&operator).await;
    let [named] = &named[..] else { panic!("one handler fails: {named:?}") };
    assert!(
        named
            .starts_with("!          handler messages of group workers of app app fails at 1 of 1")
            && named.ends_with(": somebody said !fail"),
        "{named}"
    );
    assert_eq!(code, 0, "the fleet does its work");
    let Said { code, besides, .. } = operator.types("check handlers --group workers").await;
    assert_eq!((code, besides.contains("handler messages")), (3, true), "{besides}");
    assert_eq!(operator.types("check ready").await.code, 0);
    let table = operator.types("handler ls").await.data;
    assert!(table.lines().any(|line| line.contains("messages") && line.contains("failing")));

    say(&fleet, "hello").await;
    let well = until_shown("it is well again", seen, |it| it["standing"] == "well").await;
    assert_eq!((&well["error"], &well["failed_in_a_row"]), (&Value::Null, &0.into()));
    assert!(well["handled"].as_u64() > Some(0), "{well}");
    assert_eq!(status(&operator).await, (Vec::new(), 0));
    assert_eq!(operator.types("check handlers").await.code, 0);

    consumer.signal(Signal::TERM);
    assert_eq!(consumer.ended().await.code(), Some(0), "{}", consumer.errors());
    let gone = operator.types("handler ls -o jsonl").await;
    assert_eq!((gone.code, gone.data.as_str()), (0, ""), "who stops takes back what it told");
    assert_eq!(operator.types("handler ls --group workers").await.code, 5);
}
