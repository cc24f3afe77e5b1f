//! Reports of other versions of Baton, and what is no report at all.

mod support;

use baton_model::{Beat, InstanceId, InstanceReport};
use baton_store::{Membership, Reports, conformance::record, stored};
use baton_test_servers::{Program, Server};
use support::open_at;

const REPORTS: &str = "baton:{main}:reports";

const READABLE: &str = r#"{"at":7,"name":"a","pid":1,"health":"healthy","reasons":[],
    "resident_bytes":null,"ring_bytes":0,"ring_bytes_max":0,"dispatches":0,"apps":{}}"#;

#[tokio::test]
async fn what_cannot_be_read_keeps_nobody_from_reading_the_others() {
    let server = Server::start(Program::Valkey, &[]);
    let store = open_at(&server).await;
    let (newer, older) = (InstanceId::new(1), InstanceId::new(2));
    let (newer_field, older_field) = (newer.to_string(), older.to_string());
    for (field, value) in
        [(newer_field.as_str(), "[2]"), (&older_field, READABLE), ("nobody", READABLE)]
    {
        server.command::<i64>(&["HSET", REPORTS, field, value]).expect("written");
    }
    let script = r"return redis.call('HSET', KEYS[1], '\255', '\255')";
    server.command::<i64>(&["EVAL", script, "1", REPORTS]).expect("written");
    let reports = store.reports().await.expect("read");
    assert_eq!(reports.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [newer, older]);
    let error = reports[0].1.as_ref().expect_err("it is of another form").to_string();
    assert_eq!(error, r#"field "report" holds "[2]"; expected an instance's report"#);
    assert_eq!(reports[1].1.as_ref().map(|report| report.pid), Ok(1));
}

#[tokio::test]
async fn what_consumers_tell_is_read_and_what_is_no_report_is_an_error_of_its_own() {
    let server = Server::start(Program::Valkey, &[]);
    let store = open_at(&server).await;
    let told = r#"{"v":1,"at":7,"group":"g","consumer":"c","handlers":[]}"#;
    for (field, value) in [("g/c", told), ("g/a", "2"), ("g/b", r#"{"v":2,"at":7}"#)] {
        let set = ["HSET", "baton:{bot}:handlers", field, value];
        server.command::<i64>(&set).expect("written");
    }
    let reports = store.consumer_reports(&"bot".parse().expect("a name")).await.expect("read");
    let names: Vec<_> = reports.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["g/a", "g/b", "g/c"]);
    let errors: Vec<_> = reports[..2]
        .iter()
        .map(|(_, it)| it.as_ref().expect_err("it is none").to_string())
        .collect();
    let unknown = format!("it has format 2; this Baton knows {}", baton_store::FORMAT);
    let expected = [r#"field "report" holds "2"; expected a consumer's report"#, &unknown];
    assert_eq!(errors, expected);
    assert_eq!(reports[2].1.as_ref().map(|report| report.at.0), Ok(7));
}

#[tokio::test]
async fn what_a_caller_of_an_earlier_revision_leaves_behind_goes_with_the_next_report() {
    let server = Server::start(Program::Valkey, &[]);
    let store = open_at(&server).await;
    let (me, gone) = (InstanceId::new(1), InstanceId::new(2));
    let readable: InstanceReport = stored::report::decode(READABLE.as_bytes()).expect("a report");
    for id in [me, gone] {
        store.beat(id, Beat(7), &record()).await.expect("beaten");
        store.report(id, &readable).await.expect("taken");
    }
    let instances = "baton:{main}:instances";
    let forget = ["FCALL", "baton_1_forget", "1", instances, &gone.to_string(), "7"];
    server.command::<Vec<String>>(&forget).expect("forgotten");
    assert_eq!(store.reports().await.expect("read").len(), 2);
    store.report(me, &readable).await.expect("taken");
    assert_eq!(store.reports().await, Ok(vec![(me, Ok(readable))]));
}
