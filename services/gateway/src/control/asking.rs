//! What the supervisor asks of the store, and the answers in its words.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use baton_fleet::{Hint, PermitAnswer, PlannerRow, RequestId, Sweep};
use baton_model::{
    AppName, Beat, DataSetId, Epoch, Expected, Holding, InstanceId, InstanceRecord, LeaseRow,
    ShardKey, limits::ROWS_AT_ONCE_MAX,
};
use baton_store::{
    BeatError, ClaimError, ShardAddress, Store, StoreError, Take, Targets, TargetsError,
};
use bytes::Bytes;

use super::Ear;
use crate::{
    clock::Clock,
    instruments::Instruments,
    store_clock::StoreClock,
    supervisor::{Ask, Input},
};

/// After this time a permit is asked for again, where the store does not know the day's limit.
const UNLEARNED_PAUSE: Duration = Duration::from_secs(1);

/// Asks the store. Every question runs by itself; its answer comes to the supervisor's ear.
pub(super) struct Clerk<S> {
    desk: Desk<S>,
    /// In the order of their shards.
    addresses: Arc<Vec<ShardAddress>>,
}

#[derive(Clone)]
struct Desk<S> {
    me: InstanceId,
    store: S,
    ear: Ear,
    clock: Clock,
    store_clock: StoreClock,
    instruments: Instruments,
}

impl<S: Store> Clerk<S> {
    pub(super) fn new(
        me: InstanceId,
        store: S,
        ear: Ear,
        (clock, store_clock): (Clock, StoreClock),
    ) -> Self {
        let instruments = Instruments::off();
        let desk = Desk { me, store, ear, clock, store_clock, instruments };
        Self { desk, addresses: Arc::default() }
    }

    pub(super) fn count_with(&mut self, instruments: Instruments) {
        self.desk.instruments = instruments;
    }

    pub(super) const fn store(&self) -> &S {
        &self.desk.store
    }

    pub(super) const fn me(&self) -> InstanceId {
        self.desk.me
    }

    pub(super) const fn ear(&self) -> &Ear {
        &self.desk.ear
    }

    /// Whose rows a sweep reads.
    pub(super) fn set_addresses(&mut self, addresses: Vec<ShardAddress>) {
        self.addresses = Arc::new(addresses);
    }

    pub(super) fn tell(&self, hint: &Hint) {
        let hint = serde_json::to_vec(hint).expect("a hint is JSON");
        let store = self.desk.store.clone();
        tokio::spawn(async move {
            if let Err(error) = store.tell(Bytes::from(hint)).await {
                // What it is about stands in the store, and is found there.
                tracing::debug!(error = error.to_string(), "a hint was not told");
            }
        });
    }

    pub(super) fn ask(&self, ask: Ask) {
        let desk = self.desk.clone();
        let name = ask.name();
        let addresses = self.addresses.clone();
        tokio::spawn(async move {
            if let Err(error) = desk.carry_out(ask, &addresses).await {
                tracing::debug!(ask = name, error = error.to_string(), "the store did not answer");
            }
        });
    }
}

impl<S: Store> Desk<S> {
    async fn carry_out(&self, ask: Ask, addresses: &[ShardAddress]) -> Result<(), StoreError> {
        match ask {
            Ask::Beat(beat, record) => self.beat(beat, &record).await,
            Ask::Poll(request) => self.poll(request).await,
            Ask::Sweep(request) => self.sweep(request, addresses).await,
            Ask::Row(shard) => self.row(shard, addresses).await,
            // Drawn afresh: of many that try at once, one wins.
            Ask::NameDataSet => {
                let candidate = DataSetId(InstanceId::bits(self.me) ^ u128::from(fresh()));
                self.store.ensure_data_set(candidate).await.map(drop)
            }
            Ask::Forget(id, beat) => self.store.forget(id, beat).await,
            Ask::ClaimPlanner(expected) => self.claim_planner(expected).await,
            Ask::ReleasePlanner(epoch) => self.store.release_planner(self.me, epoch).await,
            Ask::WriteTargets { epoch, set, clear } => {
                self.write_targets(epoch, &set, &clear).await
            }
            Ask::Withdraw(subject, id) => self.store.withdraw(&subject, id).await.map(drop),
            Ask::TakePermit { request, app, bucket } => {
                self.take_permit(request, &app, bucket.0).await
            }
        }
    }

    async fn beat(&self, beat: Beat, record: &InstanceRecord) -> Result<(), StoreError> {
        match self.store.beat(self.me, beat, record).await {
            Ok(_) => self.ear.fleet(baton_fleet::Input::BeatAcked(beat)),
            // The next poll shows it, and the fleet says what follows.
            Err(BeatError::Duplicate(other)) => {
                tracing::error!(%other, "another process beats under this instance's id");
            }
            Err(BeatError::Store(error)) => return Err(error),
        }
        Ok(())
    }

    async fn poll(&self, request: RequestId) -> Result<(), StoreError> {
        let asked_at = self.clock.now();
        match self.store.poll().await {
            Ok(poll) => {
                self.store_clock.learn(asked_at, poll.now);
                self.ear.input(Input::Intents(poll.intents, poll.now));
                let poll = baton_fleet::Poll {
                    store: poll.identity,
                    members: poll.members,
                    planner: poll.planner.as_ref().map_or(PlannerRow::default(), planner_row),
                    targets: poll.targets.into_iter().collect(),
                };
                self.ear.fleet(baton_fleet::Input::Polled(request, Box::new(poll)));
                Ok(())
            }
            Err(error) => {
                self.ear.fleet(baton_fleet::Input::PollFailed(request));
                Err(error)
            }
        }
    }

    /// Reads all rows, and only then asks whose they were: had another store taken over in
    /// between, the rows would be said to be of the new one and not of the old.
    async fn sweep(
        &self,
        request: RequestId,
        addresses: &[ShardAddress],
    ) -> Result<(), StoreError> {
        match self.read_all(addresses).await {
            Ok(sweep) => {
                self.ear.input(Input::Swept(request, sweep));
                Ok(())
            }
            Err(error) => {
                self.ear.fleet(baton_fleet::Input::SweepFailed(request));
                Err(error)
            }
        }
    }

    async fn read_all(&self, addresses: &[ShardAddress]) -> Result<Sweep, StoreError> {
        let mut rows = BTreeMap::new();
        for some in addresses.chunks(ROWS_AT_ONCE_MAX) {
            let read = self.store.rows(some).await?;
            let named = some.iter().zip(read);
            rows.extend(
                named.map(|(address, row)| {
                    (address.shard.clone(), row.unwrap_or_else(never_leased))
                }),
            );
        }
        Ok(Sweep { store: self.store.poll().await?.identity, rows })
    }

    async fn row(&self, shard: ShardKey, addresses: &[ShardAddress]) -> Result<(), StoreError> {
        let Ok(at) = addresses.binary_search_by(|address| address.shard.cmp(&shard)) else {
            return Ok(()); // Of an app that does not run here.
        };
        let address = &addresses[at];
        let row = self.store.rows(std::slice::from_ref(address)).await?.pop().flatten();
        self.ear.input(Input::Row(shard, row));
        Ok(())
    }

    async fn claim_planner(&self, expected: Expected) -> Result<(), StoreError> {
        let (input, failure) = match self.store.claim_planner(expected, self.me).await {
            Ok(grant) => (baton_fleet::Input::PlannerClaimed(grant.epoch), None),
            Err(ClaimError::Lost(_)) => (baton_fleet::Input::PlannerClaimLost, None),
            Err(ClaimError::Store(error)) => (baton_fleet::Input::PlannerClaimLost, Some(error)),
        };
        self.ear.fleet(input);
        failure.map_or(Ok(()), Err)
    }

    async fn write_targets(
        &self,
        epoch: Epoch,
        set: &[(ShardKey, InstanceId)],
        clear: &[ShardKey],
    ) -> Result<(), StoreError> {
        match self.store.write_targets(self.me, epoch, Targets { set, clear }).await {
            // Somebody else plans by now; the next poll says so.
            Ok(()) | Err(TargetsError::Fenced) => Ok(()),
            Err(TargetsError::Store(error)) => Err(error),
        }
    }

    async fn take_permit(
        &self,
        request: RequestId,
        app: &AppName,
        bucket: u16,
    ) -> Result<(), StoreError> {
        let taken = self.store.take_identify(app, u32::from(bucket)).await;
        self.instruments.of(app).count_permit(&taken);
        let answer = match &taken {
            Ok(Take::Granted { .. }) => PermitAnswer::Granted,
            Ok(Take::Wait(pause)) => PermitAnswer::Wait(*pause),
            Ok(Take::Exhausted { reset_after }) => {
                PermitAnswer::Exhausted { reset_after: *reset_after }
            }
            Ok(Take::Unlearned) => PermitAnswer::Wait(UNLEARNED_PAUSE),
            Err(_) => PermitAnswer::Unavailable,
        };
        self.ear.fleet(baton_fleet::Input::Permit(request, answer));
        taken.map(drop)
    }
}

fn never_leased() -> LeaseRow {
    LeaseRow { epoch: Epoch(0), holding: Holding::Free, session: None }
}

fn planner_row(row: &LeaseRow) -> PlannerRow {
    PlannerRow { holder: row.holding.owner(), epoch: row.epoch }
}

fn fresh() -> u64 {
    crate::clock::unix_micros().0
}
