//! A permit to IDENTIFY ends, and a shard's task that gets one too late does not use it.

use std::{
    collections::BTreeSet,
    num::{NonZeroU16, NonZeroU32},
    sync::Arc,
    time::Duration,
};

use baton_gateway::{
    clock::Clock,
    hosting::{AppHost, Hosting, Voices},
    socket::{Dialer, DialerSettings},
    supervisor::{Errand, Report},
    tuning::AppTuning,
};
use baton_mock_discord::{
    Settings,
    server::{Addresses, Server},
};
use baton_model::{
    AppShape, Expected, Generation, InstanceId, LaneCount, Moment, ShardCount, ShardKey,
    ShardNumber,
};
use baton_shard::{Input, SocketId};
use baton_store_embedded::{EmbeddedStore, Options};
use tokio::{
    runtime::Handle,
    sync::{mpsc, watch},
    time::{Instant, timeout},
};
use twilight_gateway::Intents;

/// How long a shard may take to ask for its permit.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until the shard's socket asks for a permit.
async fn wish(reports: &mut mpsc::UnboundedReceiver<(ShardKey, Report)>) -> SocketId {
    let wished = async {
        loop {
            if let Some((_, Report::PermitWanted(socket))) = reports.recv().await {
                return socket;
            }
        }
    };
    timeout(PATIENCE, wished).await.expect("it asks")
}

#[tokio::test(start_paused = true)]
async fn a_permit_that_has_ended_is_asked_for_once_more_and_not_used() {
    // One test of many installs it; the others find it there.
    drop(rustls::crypto::ring::default_provider().install_default());
    let discord = Server::start(Settings::default(), 7, Addresses::LOOPBACK).await;
    let discord = discord.expect("it listens");
    let shape = AppShape {
        generation: Generation(0),
        shards: ShardCount(NonZeroU32::MIN),
        lanes: LaneCount(NonZeroU16::MIN),
    };
    let shard = ShardKey {
        app: "app".parse().unwrap(),
        generation: shape.generation,
        number: ShardNumber(0),
    };
    let (_dialing, dialer) = watch::channel(Arc::new(Dialer::new(DialerSettings {
        presence: None,
        large_threshold: 50,
        token: "token".to_owned(),
        intents: Intents::GUILDS,
        gateway_url: Some(discord.gateway_url()),
        shards: shape.shards,
    })));
    let clock = Clock::Runtime(Instant::now());
    let ((reports, mut heard), (remarks, _)) =
        (mpsc::unbounded_channel(), mpsc::unbounded_channel());
    let store = EmbeddedStore::in_memory(Options::default());
    let at = (clock, Handle::current());
    let mut hosting = Hosting::new(InstanceId::new(1), store, at, Voices { reports, remarks });
    let left_out = BTreeSet::new();
    let (_tune, tuning) = watch::channel(AppTuning::default());
    hosting.admit(shard.app.clone(), AppHost { shape, dialer, left_out, tuning });
    hosting.confirmed_until().publish(Some(Moment::from_nanos(u64::MAX)));
    let expected = Expected::NEVER_LEASED;
    for input in [Input::LeaseConfirmed, Input::Claim { expected }] {
        hosting.send(&shard, Errand::Input(input));
    }

    let socket = wish(&mut heard).await;
    hosting.send(&shard, Errand::Permit { socket, use_before: clock.now() });
    assert_eq!(wish(&mut heard).await, socket, "it asks once more");
    let sessions = || discord.look(|discord| discord.ledger().sessions.len());
    assert_eq!(sessions().await, 0, "no IDENTIFY went out");

    let use_before = clock.now() + Duration::from_millis(250);
    hosting.send(&shard, Errand::Permit { socket, use_before });
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(sessions().await, 1, "one that is good is used");
}
