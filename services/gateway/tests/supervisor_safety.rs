//! What the supervisor makes of what it is told, where the fleet and the shards each know half.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::{NonZeroU16, NonZeroU32},
    time::Duration,
};

use baton_fleet::{Company, Input as FleetInput, Myself, RequestId, StoreSafety, Sweep};
use baton_gateway::supervisor::{
    App, Dispute, Ending, Errand, Input, Output, Remark, Report, Supervisor,
};
use baton_model::{
    AppName, AppShape, Beat, Capacity, Epoch, Generation, Holding, InstanceId, InstanceRecord,
    LaneCount, LeaseRow, Moment, OfferId, Phase, PrimaryId, ShardCount, ShardKey, ShardNumber,
    StoreIdentity, StoreMillis, Tier, Version, Weight,
};
use baton_shard::Notice;
use baton_store::ConflictKind;

const ME: InstanceId = InstanceId::new(1);
const OTHER: InstanceId = InstanceId::new(2);
const NOW: Moment = Moment::from_millis(1);

fn app() -> AppName {
    "bot".parse().expect("a name")
}

fn shard() -> ShardKey {
    ShardKey { app: app(), generation: Generation(0), number: ShardNumber(0) }
}

/// An instance of one app that is up.
fn up() -> Supervisor {
    let record = InstanceRecord {
        phase: Phase::Joining,
        tier: Tier(0),
        zone: "here".parse().expect("a name"),
        weight: Weight(NonZeroU16::MIN),
        capacity: Capacity(10),
        version: Version::default(),
        joined_at: StoreMillis(0),
        stalled: BTreeSet::new(),
    };
    let mut supervisor =
        Supervisor::new(Myself { id: ME, record, seed: 1, company: Company::Anybody }, NOW);
    let shape = AppShape {
        generation: Generation(0),
        shards: ShardCount(NonZeroU32::MIN),
        lanes: LaneCount(NonZeroU16::MIN),
    };
    supervisor.handle(Input::App(app(), App { shape, buckets: NonZeroU16::MIN }), NOW);
    supervisor.handle(fleet(FleetInput::BeatAcked(Beat(1))), NOW);
    supervisor
}

fn fleet(input: FleetInput) -> Input {
    Input::Fleet(Box::new(input))
}

/// Whether the shard's task hears of a row that says this, however the row was read.
fn hears_of(supervisor: &mut Supervisor, holding: Holding) -> bool {
    let row = LeaseRow { epoch: Epoch(7), holding, session: None };
    let identity = StoreIdentity { data_set: None, primary: PrimaryId("p".into()) };
    let sweep = Sweep { store: identity, rows: BTreeMap::from([(shard(), row.clone())]) };
    let by_sweep = makes_it_hear(supervisor, Input::Swept(RequestId(0), sweep));
    let by_look = makes_it_hear(supervisor, Input::Row(shard(), Some(row)));
    assert_eq!(by_sweep, by_look, "{holding:?}");
    by_look
}

fn makes_it_hear(supervisor: &mut Supervisor, input: Input) -> bool {
    while supervisor.poll_output().is_some() {}
    supervisor.handle(input, NOW);
    std::iter::from_fn(|| supervisor.poll_output()).any(|output| {
        matches!(output, Output::Errand(_, Errand::Input(baton_shard::Input::Row(_))))
    })
}

fn endings(supervisor: &mut Supervisor) -> Vec<Ending> {
    let outputs = std::iter::from_fn(|| supervisor.poll_output());
    let endings = outputs.filter_map(|output| match output {
        Output::End(ending) => Some(ending),
        Output::Ask(_)
        | Output::Tell(_)
        | Output::Errand(..)
        | Output::Dismiss(_)
        | Output::Remark(_) => None,
    });
    endings.collect()
}

#[test]
fn an_offer_is_left_where_it_is_while_the_store_is_not_safe() {
    let offer = Holding::Offered { owner: OTHER, to: ME, offer: OfferId(1) };
    let mut supervisor = up();
    assert!(!hears_of(&mut supervisor, offer), "the store has not said that it is safe");
    supervisor.handle(fleet(FleetInput::StoreSafety(StoreSafety::Safe)), NOW);
    assert!(hears_of(&mut supervisor, offer));
    supervisor.handle(fleet(FleetInput::StoreSafety(StoreSafety::Unsafe)), NOW);
    assert!(!hears_of(&mut supervisor, offer));
}

#[test]
fn what_is_ours_already_is_heard_of_whatever_the_store_is_like() {
    for holding in
        [Holding::Owned { owner: ME }, Holding::Offered { owner: ME, to: OTHER, offer: OfferId(1) }]
    {
        assert!(hears_of(&mut up(), holding), "{holding:?}");
    }
}

fn disputes(supervisor: &mut Supervisor) -> Vec<Dispute> {
    let outputs = std::iter::from_fn(|| supervisor.poll_output());
    let disputes = outputs.filter_map(|output| match output {
        Output::Remark(Remark::Conflict(dispute)) => Some(dispute),
        Output::Ask(_)
        | Output::Tell(_)
        | Output::Errand(..)
        | Output::Dismiss(_)
        | Output::Remark(_)
        | Output::End(_) => None,
    });
    disputes.collect()
}

/// The kinds of conflict that are noted when the shard is lost at these seconds.
fn noted(lost_at: &[u64]) -> Vec<ConflictKind> {
    let mut supervisor = up();
    for (epoch, second) in (1..).zip(lost_at) {
        let fenced = Report::Notice(Notice::Fenced { epoch: Epoch(epoch) });
        supervisor.handle(Input::Report(shard(), fenced), Moment::from_millis(second * 1_000));
    }
    let disputes = disputes(&mut supervisor);
    for dispute in &disputes {
        assert_eq!(dispute.shard, Some(shard()));
        let losses = if dispute.kind == ConflictKind::Fenced { 1 } else { 3 };
        assert_eq!(dispute.epochs.len(), losses);
    }
    disputes.into_iter().map(|dispute| dispute.kind).collect()
}

#[test]
fn a_shard_that_is_lost_three_times_in_five_minutes_is_in_a_tug_of_war() {
    use ConflictKind::{Fenced, TugOfWar};
    assert_eq!(noted(&[1]), [Fenced]);
    assert_eq!(noted(&[1, 100, 300]), [Fenced, Fenced, Fenced, TugOfWar]);
    assert_eq!(noted(&[1, 100, 301]), [Fenced, Fenced, Fenced]);
    assert_eq!(noted(&[1, 2, 3, 4]), [Fenced, Fenced, Fenced, TugOfWar, Fenced], "starts over");
}

/// The conflicts that are noted when shards, by their numbers, say something at these milliseconds.
fn noted_of(told: &[(u64, u32, Notice)]) -> Vec<(ConflictKind, Option<u32>, Vec<u64>)> {
    let mut supervisor = up();
    for (millis, number, notice) in told {
        let at = Moment::from_millis(*millis);
        while supervisor.poll_timeout().is_some_and(|due| due <= at) {
            let due = supervisor.poll_timeout().expect("it is due");
            supervisor.handle(Input::Wake, due);
        }
        let shard = ShardKey { number: ShardNumber(*number), ..shard() };
        supervisor.handle(Input::Report(shard, Report::Notice(*notice)), at);
    }
    let last = told.last().map_or(0, |(millis, ..)| *millis);
    for later in 1..=60 {
        supervisor.handle(Input::Wake, Moment::from_millis(last + later * 100));
    }
    let known = |dispute: Dispute| {
        assert_eq!(dispute.instances, BTreeSet::from([ME]));
        let epochs = dispute.epochs.into_iter().map(|epoch| epoch.0).collect();
        (dispute.kind, dispute.shard.map(|shard| shard.number.0), epochs)
    };
    disputes(&mut supervisor).into_iter().map(known).collect()
}

#[test]
fn a_store_that_fell_back_is_one_conflict_however_many_shards_notice() {
    use ConflictKind::RolledBack;
    let fallen = |epoch| Notice::RolledBack { epoch: Epoch(epoch) };
    let one = noted_of(&[(1_000, 3, fallen(7)), (1_200, 3, fallen(7))]);
    assert_eq!(one, [(RolledBack, Some(3), vec![7])]);
    let storm: Vec<_> = (0..100).map(|number| (1_000, number, fallen(7))).collect();
    assert_eq!(noted_of(&storm), [(RolledBack, None, vec![])]);
    let again = noted_of(&[(1_000, 3, fallen(7)), (5_999, 4, fallen(8)), (6_000, 5, fallen(9))]);
    assert_eq!(again, [(RolledBack, None, vec![]), (RolledBack, Some(5), vec![9])]);
}

#[test]
fn a_session_that_discord_closes_three_times_in_five_minutes_is_somebody_elses_too() {
    use ConflictKind::ForeignSession;
    let contested =
        |second: u64, number| (second * 1_000, number, Notice::Contested { epoch: Epoch(second) });
    assert_eq!(noted_of(&[contested(1, 3), contested(2, 3)]), []);
    assert_eq!(noted_of(&[contested(1, 3), contested(2, 3), contested(3, 4)]), []);
    assert_eq!(noted_of(&[contested(1, 3), contested(2, 3), contested(301, 3)]), []);
    let third = noted_of(&[contested(1, 3), contested(2, 3), contested(300, 3)]);
    assert_eq!(third, [(ForeignSession, Some(3), vec![1, 2, 300])]);
    let shards = [3, 4, 5].map(|number| [1, 2, 3].map(|second| contested(second, number)));
    let mut shards = shards.concat();
    shards.sort_by_key(|(millis, ..)| *millis);
    assert_eq!(noted_of(&shards), [(ForeignSession, None, vec![])]);
}

#[test]
fn what_was_gathered_is_told_in_its_time_without_another_reason_to_wake() {
    let mut supervisor = up();
    let at = Moment::from_millis(1_000);
    let fallen = Report::Notice(Notice::RolledBack { epoch: Epoch(7) });
    supervisor.handle(Input::Report(shard(), fallen), at);
    let due = at + Duration::from_secs(5);
    supervisor.handle(Input::Wake, due - Duration::from_millis(1));
    assert_eq!(disputes(&mut supervisor), []);
    assert_eq!(supervisor.poll_timeout(), Some(due));
    supervisor.handle(Input::Wake, due);
    assert_eq!(disputes(&mut supervisor).len(), 1);
}

#[test]
fn a_drain_ends_in_the_reason_for_which_it_began() {
    let limit = Duration::from_secs(60);
    let drain = || fleet(FleetInput::Drain { limit });
    for (inputs, expected) in [
        (vec![drain()], Ending::Drained),
        (vec![Input::ShortOfMemory { limit }], Ending::Memory),
        (vec![Input::ShortOfMemory { limit }, drain()], Ending::Memory),
        (vec![drain(), Input::ShortOfMemory { limit }], Ending::Drained),
    ] {
        let mut supervisor = up();
        for input in inputs {
            supervisor.handle(input, NOW);
        }
        // It holds nothing, so it only has to say that it is down.
        supervisor.handle(Input::Wake, NOW + limit);
        assert_eq!(endings(&mut supervisor), [expected]);
    }
}
