//! Who owns which shard, as the store shows it, and how that changes.

use std::{collections::BTreeMap, time::Duration};

use baton_model::{AppName, AppShape, InstanceId, ShardKey, ShardNumber};
use baton_store::{Leases, ShardAddress};
use tokio::{
    sync::oneshot,
    task::JoinHandle,
    time::{Instant, interval},
};

/// How often owners are looked at.
const PERIOD: Duration = Duration::from_millis(20);

/// One look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness(BTreeMap<ShardNumber, InstanceId>);

impl Witness {
    /// Looks at every shard's row; none if the store does not answer.
    pub async fn look<S: Leases>(store: &S, app: &AppName, shape: AppShape) -> Option<Self> {
        let AppShape { generation, shards, lanes } = shape;
        let key = |number| ShardKey { app: app.clone(), generation, number };
        let addresses: Vec<_> =
            shards.shards().map(|number| ShardAddress::new(key(number), lanes)).collect();
        let rows = store.rows(&addresses).await.ok()?;
        let owner = |(address, row): (&ShardAddress, Option<baton_model::LeaseRow>)| {
            Some((address.shard.number, row?.holding.owner()?))
        };
        Some(Self(addresses.iter().zip(rows).filter_map(owner).collect()))
    }

    /// How many shards have an owner.
    #[must_use]
    pub fn owned(&self) -> usize {
        self.0.len()
    }
}

/// A shard changed hands.
#[derive(Debug, Clone, Copy)]
pub struct Move {
    /// When that was seen.
    pub at: Instant,
    /// Which shard.
    pub shard: ShardNumber,
}

/// Looks again and again, and notes every change of hands.
pub struct Watching {
    task: JoinHandle<Vec<Move>>,
    stop: oneshot::Sender<()>,
}

impl Watching {
    /// Starts looking.
    pub fn start<S: Leases + Send + Sync + 'static>(
        store: S,
        app: AppName,
        shape: AppShape,
    ) -> Self {
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(watch_owners(store, app, shape, stopped));
        Self { task, stop }
    }

    /// Stops looking, and says what was seen.
    ///
    /// # Panics
    /// If the looking panicked.
    pub async fn moves(self) -> Vec<Move> {
        // Whoever looks may have ended by itself.
        let _ = self.stop.send(());
        self.task.await.expect("it does not panic")
    }
}

async fn watch_owners<S: Leases>(
    store: S,
    app: AppName,
    shape: AppShape,
    mut stopped: oneshot::Receiver<()>,
) -> Vec<Move> {
    let mut moves = Vec::new();
    let mut before: BTreeMap<ShardNumber, InstanceId> = BTreeMap::new();
    let mut looks = interval(PERIOD);
    loop {
        tokio::select! {
            _ = &mut stopped => return moves,
            _ = looks.tick() => {}
        }
        let Some(witness) = Witness::look(&store, &app, shape).await else {
            continue;
        };
        let at = Instant::now();
        for (shard, owner) in &witness.0 {
            if before.insert(*shard, *owner).is_some_and(|before| before != *owner) {
                moves.push(Move { at, shard: *shard });
            }
        }
    }
}
