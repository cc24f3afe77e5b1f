//! Who owns which shard, as the store shows it, and how that changes.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use baton_model::{AppName, AppShape, Epoch, InstanceId, ShardKey, ShardNumber, UnixMicros};
use baton_store::{Leases, ShardAddress};
use tokio::{
    sync::oneshot,
    task::JoinHandle,
    time::{MissedTickBehavior, interval},
};

/// How often owners are looked at.
const PERIOD: Duration = Duration::from_millis(20);

/// One look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness(BTreeMap<ShardNumber, Holder>);

/// Who holds a shard, and under which epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Holder {
    owner: InstanceId,
    epoch: Epoch,
}

impl Witness {
    /// Looks at every shard's row; none if the store does not answer.
    pub async fn look<S: Leases>(store: &S, app: &AppName, shape: AppShape) -> Option<Self> {
        let AppShape { generation, shards, lanes } = shape;
        let key = |number| ShardKey { app: app.clone(), generation, number };
        let addresses: Vec<_> =
            shards.shards().map(|number| ShardAddress::new(key(number), lanes)).collect();
        let rows = store.rows(&addresses).await.ok()?;
        let owner = |(address, row): (&ShardAddress, Option<baton_model::LeaseRow>)| {
            let row = row?;
            let holder = Holder { owner: row.holding.owner()?, epoch: row.epoch };
            Some((address.shard.number, holder))
        };
        Some(Self(addresses.iter().zip(rows).filter_map(owner).collect()))
    }

    /// The shards of this owner.
    #[must_use]
    pub fn held_by(&self, owner: InstanceId) -> BTreeSet<ShardNumber> {
        let held = self.0.iter().filter(|(_, holder)| holder.owner == owner);
        held.map(|(shard, _)| *shard).collect()
    }

    /// Each shard that has an owner, and who that is.
    #[must_use]
    pub fn owners(&self) -> BTreeMap<ShardNumber, InstanceId> {
        self.0.iter().map(|(shard, holder)| (*shard, holder.owner)).collect()
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
    /// When: an epoch is the store's time when it was granted.
    pub at: UnixMicros,
    /// Which shard.
    pub shard: ShardNumber,
    /// Whose it was.
    pub from: InstanceId,
    /// Whose it is.
    pub to: InstanceId,
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
    let mut before: BTreeMap<ShardNumber, Holder> = BTreeMap::new();
    let mut looks = interval(PERIOD);
    // A look at thousands of shards takes longer than this, and the store has other things to do.
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = &mut stopped => return moves,
            _ = looks.tick() => {}
        }
        let Some(witness) = Witness::look(&store, &app, shape).await else {
            continue;
        };
        for (&shard, &now) in &witness.0 {
            if let Some(last) = before.insert(shard, now).filter(|last| last.owner != now.owner) {
                let at = UnixMicros(now.epoch.0 * 1_000);
                moves.push(Move { at, shard, from: last.owner, to: now.owner });
            }
        }
    }
}
