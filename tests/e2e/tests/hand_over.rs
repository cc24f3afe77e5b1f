//! A hand-over whose source or target dies, at each of its steps.
//!
//! Every call to the store takes a while on its way here, and so does what Discord says, so that
//! each step stands for long enough to be seen in the rows and at Discord, and to be hit.

use std::{collections::BTreeMap, time::Duration};

use baton_e2e::{
    trio::{passes, seconds, sharing},
    virtual_time::{Running, World, app},
    witness::Witness,
};
use baton_mock_discord::{Fault, Input};
use baton_model::{
    AppShape, Generation, Holding, InstanceId, LeaseRow, Phase, ShardCount, ShardKey, ShardNumber,
    Wish,
    limits::{OFFER_DEADLINE, PRESENCE_BEAT_STILL, PRESENCE_POLL_PERIOD, PRESENCE_POLLS_MIN},
};
use baton_shard::State;
use baton_store::{Faults, Leases, Membership, Poll, ShardAddress};
use tokio::time::{Instant, sleep};

/// One for each instance: the drain of one is one hand-over.
const SHARDS: u32 = 3;

/// Whom the operator drains.
const SOURCE: u128 = 1;

/// How long a call to the store may take on its way.
const STORE_DELAY_MAX: Duration = Duration::from_millis(300);

/// How long Discord's words take.
const DISCORD_DELAY: Fault = Fault::Latency { ms: 100 };

/// How long it takes to notice a death, to claim what it leaves and to resume it: each poll and
/// each claim takes as long as a call may.
const CRASH_PATH: Duration = PRESENCE_BEAT_STILL
    .saturating_add(PRESENCE_POLL_PERIOD.saturating_mul(PRESENCE_POLLS_MIN))
    .saturating_add(STORE_DELAY_MAX.saturating_mul(4));

/// How long an offer stands that its target knows of: its row is read, and then accepted.
const TO_ACCEPT: Duration = STORE_DELAY_MAX.saturating_mul(3).saturating_add(TO_RESUME);

/// How long Discord takes to say RESUMED.
const TO_RESUME: Duration = Duration::from_millis(200);

/// After this time nothing is waited for any more.
const GIVEN_UP: Duration = Duration::from_secs(15);

/// The pause between two looks at how far the hand-over has come.
const LOOK: Duration = Duration::from_millis(1);

/// How far a hand-over has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The source is to be empty, and the planner has said where its shard goes.
    Known,
    /// The target has a socket besides its own shard's.
    Warming,
    /// The row stands on offer: the source has flushed, and may not append any more.
    Offered,
    /// The row is the target's, which waits for RESUMED.
    Accepted,
    /// The source knows that the shard is not its own any more.
    Forgotten,
}

/// Who dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Source,
    Target,
}

/// What one look at the world shows of the hand-over.
struct Sight {
    poll: Poll,
    row: LeaseRow,
    connections: usize,
    /// In which state the shard is at each instance that has a task for it.
    states: BTreeMap<InstanceId, State>,
}

impl Sight {
    async fn of(world: &World, shard: &ShardKey) -> Self {
        let address = ShardAddress::new(shard.clone(), world.lanes());
        let rows = world.store.rows(&[address]).await.expect("a store");
        Self {
            poll: world.store.poll().await.expect("a store"),
            row: rows.into_iter().flatten().next().expect("it has a row"),
            connections: world.discord.look(|discord| discord.connections().count()).await,
            states: states(world, shard),
        }
    }

    /// Whether the hand-over of this shard is at this step, and if so who its target is.
    fn target_at(&self, step: Step, shard: &ShardKey) -> Option<InstanceId> {
        let (source, owner) = (InstanceId::new(SOURCE), self.row.holding.owner()?);
        let planned = self.poll.targets.iter().find(|(its, _)| its == shard).map(|(_, to)| *to);
        let sockets_besides = self.connections - SHARDS as usize;
        match (step, self.row.holding) {
            (Step::Known, Holding::Owned { .. }) if owner == source && sockets_besides == 0 => {
                planned.filter(|_| self.is_leaving(source))
            }
            (Step::Warming, Holding::Owned { .. }) if owner == source && sockets_besides == 1 => {
                planned
            }
            (Step::Offered, Holding::Offered { to, .. }) => Some(to),
            (Step::Accepted, Holding::Owned { .. }) if owner != source => {
                let is_resuming = self.states.get(&owner) == Some(&State::Resuming);
                is_resuming.then_some(owner)
            }
            (Step::Forgotten, Holding::Owned { .. }) if owner != source => {
                let has_forgotten = !self.states.contains_key(&source);
                has_forgotten.then_some(owner)
            }
            (
                Step::Known | Step::Warming | Step::Offered | Step::Accepted | Step::Forgotten,
                Holding::Owned { .. } | Holding::Offered { .. } | Holding::Free,
            ) => None,
        }
    }

    fn is_leaving(&self, id: InstanceId) -> bool {
        let mut members = self.poll.members.iter();
        members.any(|it| it.id == id && it.record.phase == Phase::Draining)
    }
}

fn states(world: &World, shard: &ShardKey) -> BTreeMap<InstanceId, State> {
    let state = |(number, running): (&u128, &Running)| {
        let faces = running.outlook.board.faces();
        let (_, face) = faces.into_iter().find(|(its, _)| its == shard)?;
        Some((InstanceId::new(*number), face.glance()?.status.state))
    };
    world.instances.iter().filter_map(state).collect()
}

/// Three instances with a shard each, whose every call and answer takes time; the shard that the
/// source has, and which is about to be handed over.
async fn about_to_hand_over() -> (World, ShardKey) {
    let world = sharing(SHARDS).await;
    let of_source = |(_, owner): &(ShardNumber, InstanceId)| *owner == InstanceId::new(SOURCE);
    let held: Vec<_> = owners(&world).await.into_iter().filter(of_source).collect();
    let [(number, _)] = held[..] else { panic!("a shard each, not {held:?}") };
    world.discord.input(Input::Fault(DISCORD_DELAY)).await;
    world.set_faults(Faults { delay_max: STORE_DELAY_MAX, ..Faults::NONE });
    world.intend(Wish::Drain { instance: InstanceId::new(SOURCE), limit: None }).await;
    (world, shard(number))
}

async fn owners(world: &World) -> BTreeMap<ShardNumber, InstanceId> {
    let shards = ShardCount(SHARDS.try_into().expect("not 0"));
    let shape = AppShape { generation: Generation(0), shards, lanes: world.lanes() };
    let witness = Witness::look(&world.store, &app(), shape).await;
    witness.expect("a store").owners()
}

fn shard(number: ShardNumber) -> ShardKey {
    ShardKey { app: app(), generation: Generation(0), number }
}

/// Waits until the hand-over has come to this step, and says who its target is.
async fn at(world: &World, shard: &ShardKey, step: Step) -> InstanceId {
    let began = Instant::now();
    while began.elapsed() < GIVEN_UP {
        if let Some(target) = Sight::of(world, shard).await.target_at(step, shard) {
            return target;
        }
        sleep(LOOK).await;
    }
    panic!("the hand-over of {shard} does not come to {step:?}");
}

/// How long it takes until every shard is live at a living owner.
async fn all_live_after(world: &World) -> Duration {
    let began = Instant::now();
    while began.elapsed() < GIVEN_UP {
        if is_all_live(world).await {
            return began.elapsed();
        }
        sleep(LOOK).await;
    }
    panic!("not every shard is live again");
}

async fn is_all_live(world: &World) -> bool {
    let owners = owners(world).await;
    let is_live = |(number, owner): (&ShardNumber, &InstanceId)| {
        states(world, &shard(*number)).get(owner) == Some(&State::Live)
    };
    let live = world.discord.look(|discord| discord.live_sessions()).await;
    owners.len() == SHARDS as usize && owners.iter().all(is_live) && live == SHARDS as usize
}

/// Whoever is told dies at this step, and all is well again in no more than this time.
async fn dies(side: Side, step: Step, deadline: Duration) {
    let (mut world, shard) = about_to_hand_over().await;
    let target = at(&world, &shard, step).await.bits();
    world.crash(match side {
        Side::Source => SOURCE,
        Side::Target => target,
    });
    let took = all_live_after(&world).await;
    println!("{side:?} dies at {step:?}: all live after {took:?}");
    assert!(took <= deadline, "{side:?} dies at {step:?}: {took:?} of {deadline:?}");
    seconds(60).await;
    assert_eq!(world.held_by(SOURCE), 0, "{side:?} dies at {step:?}: the drain goes on");
    passes(&world, SHARDS as usize).await;
}

#[tokio::test(start_paused = true)]
async fn whenever_the_source_dies_its_shard_is_resumed_by_another() {
    for (step, deadline) in [
        (Step::Known, CRASH_PATH),
        (Step::Warming, CRASH_PATH),
        // The offer is accepted, and so on: the source has nothing more to do.
        (Step::Offered, TO_ACCEPT),
        (Step::Accepted, TO_RESUME),
        (Step::Forgotten, TO_RESUME),
    ] {
        dies(Side::Source, step, deadline).await;
    }
}

#[tokio::test(start_paused = true)]
async fn whenever_the_target_dies_its_shards_are_resumed_by_others() {
    for (step, deadline) in [
        (Step::Known, CRASH_PATH),
        (Step::Warming, CRASH_PATH),
        // The source takes the offer back in its time.
        (Step::Offered, CRASH_PATH + OFFER_DEADLINE),
        (Step::Accepted, CRASH_PATH),
        (Step::Forgotten, CRASH_PATH),
    ] {
        dies(Side::Target, step, deadline).await;
    }
}
