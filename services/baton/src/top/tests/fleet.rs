//! Fleets to look at.

use std::{collections::BTreeMap, time::Duration};

use baton_model::{
    AppName, AppShape, Beat, Epoch, Generation, Holding, InstanceId, LeaseRow, Member, OfferId,
    Presence, ShardCount, ShardKey, ShardNumber, StoreMillis, UnixMicros,
};
use baton_store::{Connecting, Doer, Happening, Safety, SessionStartLimit, What};

use crate::{
    fleet::{Instance, Look},
    top::Sight,
};

pub(super) const A: InstanceId = InstanceId::new(0);
const B: InstanceId = InstanceId::new(1);
const C: InstanceId = InstanceId::new(2);

/// So many healthy instances, and the shards of one app in turns with them.
pub(super) fn of(instances: u32, shards: u32) -> Sight {
    let app: AppName = "bot".parse().unwrap();
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
        (shard(&app, number), owned(Holding::Owned { owner }))
    });
    let shape = AppShape {
        generation: Generation(0),
        shards: ShardCount(shards.try_into().unwrap()),
        lanes: serde_json::from_str("2").unwrap(),
    };
    let limit =
        SessionStartLimit { total: 1_000, remaining: 968, reset_after: Duration::from_secs(7_200) };
    Sight {
        look: Look {
            now: StoreMillis(60_000),
            safety: Safety::Safe,
            planner: Some(B),
            instances: present.collect(),
            apps: [(app.clone(), shape)].into(),
            shards: rows.collect(),
            targets: BTreeMap::new(),
            intents: Vec::new(),
        },
        limits: [(app, limit)].into(),
        happenings: Vec::new(),
    }
}

/// Three instances, one of them missing; shards in every state.
pub(super) fn in_trouble() -> Sight {
    let mut sight = of(3, 24);
    let app: AppName = "bot".parse().unwrap();
    let look = &mut sight.look;
    let mut put = |id, name, presence, states| {
        look.instances.insert(id, instance(id, name, presence, states));
    };
    put(A, "alpha", Presence::Subscribed, r#"{"live":"0,3,6,9,12,15,18","resuming":"21"}"#);
    put(B, "beta", Presence::Subscribed, r#"{"live":"1,4,7,10,13,16,19,22"}"#);
    put(C, "gamma", Presence::Absent, r#"{"live":"2"}"#);
    let alpha = look.instances.get_mut(&A).unwrap().report.as_mut().unwrap();
    alpha.apps.get_mut(&app).unwrap().lag_ms_worst = 1_500;
    alpha.ring_bytes = alpha.ring_bytes_max / 4;
    alpha.apps.get_mut(&app).unwrap().identify_waiting = 2;
    let offered = Holding::Offered { owner: A, to: B, offer: OfferId(7) };
    look.shards.insert(shard(&app, 0), owned(offered));
    look.shards.insert(shard(&app, 5), None);
    look.shards.insert(shard(&app, 8), owned(Holding::Free));
    look.shards.insert(shard(&app, 3), owned(Holding::Owned { owner: B }));
    look.targets = (0..9).map(|number| (shard(&app, number), B)).collect();
    let live = What::Live {
        shard: shard(&app, 1),
        epoch: Epoch(2),
        how: Connecting::Resumed,
        gap_ms: Some(140),
        replayed: 3,
        skipped: 1,
    };
    let at = UnixMicros(1_795_180_053_000_000);
    sight.happenings = vec![
        Happening { at, by: Doer::Instance(B), what: live },
        Happening {
            at,
            by: Doer::Operator("ann@desk".parse().unwrap()),
            what: What::DrainTakenBack { instance: C },
        },
    ];
    sight
}

fn shard(app: &AppName, number: u32) -> ShardKey {
    ShardKey { app: app.clone(), generation: Generation(0), number: ShardNumber(number) }
}

fn owned(holding: Holding) -> Option<LeaseRow> {
    Some(LeaseRow { epoch: Epoch(1), holding, session: None })
}

/// An instance; the higher its id, the more memory it takes.
fn instance(id: InstanceId, name: &str, presence: Presence, states: &str) -> Instance {
    let record = r#"{"phase":"up","tier":0,"zone":"a","weight":100,"capacity":4000,
        "version":"0.1.0","joined_at":0,"stalled":[]}"#;
    let resident = (20 + u64::try_from(id.bits() % 2).unwrap()) << 20;
    let report = format!(
        r#"{{"at":1,"name":"{name}","pid":7,"health":"healthy","reasons":[],
        "resident_bytes":{resident},"ring_bytes":0,"ring_bytes_max":1048576,"dispatches":5,
        "apps":{{"bot":{{"condition":"running","lag_ms_worst":1,"identify_waiting":0,
        "shards":{{"0":{states}}}}}}}}}"#,
    );
    let record = serde_json::from_str(record).unwrap();
    let member = Member { id, beat: Beat(9), record, presence };
    Instance {
        member,
        report: Some(serde_json::from_str(&report).unwrap()),
        is_ordered_to_leave: false,
    }
}
