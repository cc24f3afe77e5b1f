//! Looks for tests.

use std::collections::BTreeMap;

use baton_model::{
    AppName, AppShape, Beat, Epoch, Generation, Holding, InstanceId, LeaseRow, Member, Presence,
    ShardCount, ShardKey, ShardNumber, StoreMillis,
};
use baton_store::Safety;

use crate::{Instance, Look};

/// So many healthy instances, and the shards of one app in turns with them.
#[must_use]
pub fn of(instances: u32, shards: u32) -> Look {
    let app: AppName = "bot".parse().expect("a name");
    let of_instance = |number: u32| -> String {
        let shards = (0..shards).filter(|shard| shard % instances == number);
        shards.map(|shard| shard.to_string()).collect::<Vec<_>>().join(",")
    };
    let present = (0..instances).map(|number| {
        let id = InstanceId::new(number.into());
        let states = format!(r#"{{"live":"{}"}}"#, of_instance(number));
        (id, instance(id, &format!("gw-{number:02}"), Presence::Subscribed, &states))
    });
    let rows = (0..shards).map(|number| {
        let owner = InstanceId::new((number % instances).into());
        (shard(number), row(Holding::Owned { owner }))
    });
    let shape = AppShape {
        generation: Generation(0),
        shards: ShardCount(shards.try_into().expect("some")),
        lanes: serde_json::from_str("2").expect("a number"),
    };
    Look {
        now: StoreMillis(60_000),
        safety: Safety::Safe,
        planner: Some(InstanceId::new(1)),
        instances: present.collect(),
        apps: [(app, shape)].into(),
        stored: BTreeMap::new(),
        shards: rows.collect(),
        targets: BTreeMap::new(),
        intents: Vec::new(),
    }
}

/// A shard of the one app.
#[must_use]
pub fn shard(number: u32) -> ShardKey {
    let app = "bot".parse().expect("a name");
    ShardKey { app, generation: Generation(0), number: ShardNumber(number) }
}

/// A row without a session.
#[must_use]
pub fn row(holding: Holding) -> Option<LeaseRow> {
    Some(LeaseRow { epoch: Epoch(1), holding, session: None })
}

/// An instance; the higher its id, the more memory it takes.
#[must_use]
pub fn instance(id: InstanceId, name: &str, presence: Presence, states: &str) -> Instance {
    let record = r#"{"phase":"up","tier":0,"zone":"a","weight":100,"capacity":4000,
        "version":"0.1.0","joined_at":0,"stalled":[]}"#;
    let resident = (20 + u64::try_from(id.bits() % 2).expect("0 or 1")) << 20;
    let report = format!(
        r#"{{"at":1,"name":"{name}","pid":7,"health":"healthy","reasons":[],
        "resident_bytes":{resident},"ring_bytes":0,"ring_bytes_max":1048576,"dispatches":5,
        "apps":{{"bot":{{"condition":"running","lag_ms_worst":1,"identify_waiting":0,
        "shards":{{"0":{states}}}}}}}}}"#,
    );
    let record = serde_json::from_str(record).expect("a record");
    let member = Member { id, beat: Beat(9), record, presence };
    Instance {
        member,
        report: Some(serde_json::from_str(&report).expect("a report")),
        is_ordered_to_leave: false,
    }
}
