//! Fleets to look at.

use std::time::Duration;

use baton_model::{AppName, Epoch, Holding, InstanceId, OfferId, Presence, UnixMicros};
use baton_store::{Connecting, Doer, Happening, SessionStartLimit, What};

use crate::fleet::{
    Handlers, Sight,
    examples::{self, instance, row, shard},
};

pub(super) const A: InstanceId = InstanceId::new(0);
const B: InstanceId = InstanceId::new(1);
const C: InstanceId = InstanceId::new(2);

/// So many healthy instances, and the shards of one app in turns with them.
pub(super) fn of(instances: u32, shards: u32) -> Sight {
    let look = examples::of(instances, shards);
    let limit =
        SessionStartLimit { total: 1_000, remaining: 968, reset_after: Duration::from_secs(7_200) };
    let limits = look.apps.keys().map(|app| (app.clone(), limit)).collect();
    Sight { look, handlers: Handlers::default(), limits, happenings: Vec::new() }
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
    look.shards.insert(shard(0), row(offered));
    look.shards.insert(shard(5), None);
    look.shards.insert(shard(8), row(Holding::Free));
    look.shards.insert(shard(3), row(Holding::Owned { owner: B }));
    look.targets = (0..9).map(|number| (shard(number), B)).collect();
    let live = What::Live {
        shard: shard(1),
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
