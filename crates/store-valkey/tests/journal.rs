//! The journal does not fill the store, and what cannot be read hides nothing else.

mod support;

use baton_model::{InstanceId, Line, UnixMicros, limits::JOURNAL_KEPT_MAX};
use baton_store::{Doer, Happening, Journal, StreamId, What};
use baton_test_servers::{Program, Server};
use support::open_at;

const JOURNAL: &str = "baton:{main}:journal";

fn happening(at: u64) -> Happening {
    let by = Doer::Operator(Line::shortened("ann"));
    let what = What::DrainTakenBack { instance: InstanceId::new(7) };
    Happening { at: UnixMicros(at), by, what }
}

#[tokio::test]
async fn about_the_last_happenings_are_kept() {
    let server = Server::start(Program::Valkey, &[]);
    let store = open_at(&server).await;
    let most = i64::try_from(JOURNAL_KEPT_MAX).expect("it is small");
    let script = "for at = 1, ARGV[1] do redis.call('XADD', KEYS[1], '*', 'v', '1', 'd', '{}') end";
    let many = (most + 500).to_string();
    server.command::<()>(&["EVAL", script, "1", JOURNAL, &many]).expect("filled");
    store.note(&happening(1)).await.expect("noted");
    let left: i64 = server.command(&["XLEN", JOURNAL]).expect("counted");
    assert!((most..most + 200).contains(&left), "{left} are left");
    let recent = store.recent(StreamId::END, 1).await.expect("read");
    assert_eq!(recent[0].1, Ok(happening(1)));
}

#[tokio::test]
async fn what_cannot_be_read_is_told_and_hides_nothing_else() {
    let server = Server::start(Program::Valkey, &[]);
    let store = open_at(&server).await;
    store.note(&happening(1)).await.expect("noted");
    for (version, body) in [("2", "{}"), ("1", "garbage")] {
        let add = ["XADD", JOURNAL, "*", "v", version, "d", body];
        server.command::<String>(&add).expect("added");
    }
    store.note(&happening(2)).await.expect("noted");
    let found = store.happenings(StreamId::START, 9).await.expect("read");
    let told = found.into_iter().map(|(_, found)| found.map_err(|error| error.to_string()));
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            Ok(happening(1)),
            Err("it has format 2; this Baton knows 1".to_owned()),
            Err(r#"field "d" holds "garbage"; expected a happening"#.to_owned()),
            Ok(happening(2)),
        ]
    );
}
