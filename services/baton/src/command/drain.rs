//! `drain` and `undrain`: everything away from an instance, without downtime.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use baton_fleet::{DrainObjection, drain_objections, plan::Balance};
use baton_model::{
    InstanceId, IntentId, Subject, Version, Wish, limits::MOVES_AT_ONCE_MAX, whole_millis,
};
use serde::Serialize;

use super::{
    drain_story::Story,
    intents::{intend, withdraw},
    watching::{Judgement, Progress, Watched, watch},
};
use crate::{
    Exit, Failure,
    arguments::{DrainArguments, UndrainArguments},
    fleet::{Find, Look, Situation, Standing},
    output::{self, units},
    program::Desk,
};

/// A move takes about so long, target's handshake included.
const ONE_MOVE: Duration = Duration::from_millis(400);

/// The instances see an intent, and the planner plans, within about this time.
const SETTING_OUT: Duration = Duration::from_secs(1);

/// What a drain will do, as JSON shows it.
#[derive(Debug, Serialize)]
struct Plan {
    dry_run: bool,
    drains: Vec<Leaver>,
    shards: usize,
    targets: BTreeMap<String, usize>,
    left_over: usize,
    identifies: usize,
    about_ms: u64,
    objections: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Leaver {
    id: String,
    name: String,
    shards: usize,
}

/// How a drain ended, as JSON shows it.
#[derive(Debug, Serialize)]
struct Outcome {
    drained: Vec<String>,
    moved: usize,
    took_ms: u64,
    #[serde(flatten)]
    story: Story,
}

pub(super) async fn drain(desk: &Desk, arguments: DrainArguments) -> Result<Exit, Failure> {
    let look = Look::take(&desk.store).await?;
    let leavers = chosen(&look, &arguments)?;
    let (plan, objection) = planned(&look, &leavers, arguments.dry_run);
    if arguments.dry_run {
        output::one("drain_plan", &plan, desk.globals.output, Plan::text)?;
    } else {
        desk.terminal.say(plan.text().trim_end());
    }
    if let Some(objection) = objection.filter(|_| !arguments.force) {
        return Err(refused(&objection, &look));
    }
    if arguments.dry_run {
        return Ok(Exit::Done);
    }
    let mut intents = Vec::new();
    for leaver in &leavers {
        let wish = Wish::Drain { instance: *leaver, limit: arguments.deadline };
        intents.push((*leaver, intend(desk, wish, &arguments.reason).await?));
    }
    if arguments.detach {
        desk.terminal.say("not waiting; `baton wait --for drained=INSTANCE` does");
        return Ok(Exit::Done);
    }
    wait(desk, &look, &intents, arguments.timeout).await
}

pub(super) async fn undrain(desk: &Desk, arguments: UndrainArguments) -> Result<Exit, Failure> {
    let look = Look::take(&desk.store).await?;
    let mut found = Vec::new();
    for name in &arguments.instances {
        found.push(look.find_instance(name)?);
    }
    for id in found {
        take_back(desk, &look, id).await?;
        desk.terminal.say(format_args!("{} may be given shards again", look.called(id)));
    }
    Ok(Exit::Done)
}

/// Takes the drain of one instance back.
pub(super) async fn take_back(desk: &Desk, look: &Look, id: InstanceId) -> Result<(), Failure> {
    let is_ending = look.instances.get(&id).is_some_and(|instance| {
        !instance.is_ordered_to_leave && instance.standing() == Standing::Draining
    });
    if is_ending {
        let name = look.called(id);
        let ending = format!("{name} drains because its process ends; that cannot be taken back");
        return Err(Failure::Conflict(ending));
    }
    withdraw(desk, look, &Subject::Drain(id)).await
}

/// What the drain of one instance would do, in words, if nothing speaks against it.
pub(super) fn preview(look: &Look, id: InstanceId) -> Result<String, Failure> {
    let (plan, objection) = planned(look, &[id], false);
    objection.map_or_else(|| Ok(plan.text()), |objection| Err(refused(&objection, look)))
}

// ---------------------------------------------------------------------------------------------
// Before
// ---------------------------------------------------------------------------------------------

fn chosen(look: &Look, arguments: &DrainArguments) -> Result<Vec<InstanceId>, Failure> {
    let find = |names: &[String]| {
        names.iter().map(|name| look.find_instance(name)).collect::<Result<Vec<_>, _>>()
    };
    let all = || look.instances.iter().filter(|(_, instance)| instance.standing() == Standing::Up);
    let mut leavers = find(&arguments.instances)?;
    if !arguments.all_but.is_empty() {
        let stay = find(&arguments.all_but)?;
        leavers.extend(all().map(|(id, _)| *id).filter(|id| !stay.contains(id)));
    }
    if let Some(version) = &arguments.version {
        let version: Version =
            version.parse().map_err(|error| Failure::Usage(format!("--version: {error}")))?;
        let of_version = all().filter(|(_, it)| it.member.record.version == version);
        leavers.extend(of_version.map(|(id, _)| *id));
    }
    leavers.sort_unstable();
    leavers.dedup();
    if leavers.is_empty() {
        return Err(Failure::NotFound("no instance that is up is meant".to_owned()));
    }
    Ok(leavers)
}

/// What a drain will do, and the first reason not to do it.
fn planned(look: &Look, leavers: &[InstanceId], dry_run: bool) -> (Plan, Option<DrainObjection>) {
    let mut situation = Situation::of(look);
    let mut objections = Vec::new();
    for leaver in leavers {
        objections.extend(drain_objections(*leaver, &situation.borrowed(Balance::Waits)));
        situation = situation.without(*leaver);
    }
    let plan = situation.plan(Balance::Waits);
    let moves: Vec<_> = plan.moves.iter().filter(|it| leavers.contains(&it.from)).collect();
    let mut targets = BTreeMap::new();
    for movement in &moves {
        *targets.entry(look.called(movement.to)).or_default() += 1;
    }
    let has_session = |shard: &baton_model::ShardKey| {
        let row = look.shards.get(shard).and_then(Option::as_ref);
        row.is_some_and(|row| row.session.is_some())
    };
    let held: Vec<_> = leavers.iter().flat_map(|leaver| look.held_by(*leaver)).collect();
    let shards = held.len();
    let waves = u32::try_from(shards.div_ceil(MOVES_AT_ONCE_MAX)).unwrap_or(u32::MAX);
    let about = if shards == 0 { Duration::ZERO } else { SETTING_OUT + ONE_MOVE * waves };
    let plan = Plan {
        dry_run,
        drains: leavers.iter().map(|id| Leaver::of(look, *id)).collect(),
        shards,
        targets,
        left_over: shards - moves.len(),
        identifies: held.into_iter().filter(|shard| !has_session(shard)).count(),
        about_ms: whole_millis(about),
        objections: objections.iter().map(|it| named(it, look)).collect(),
    };
    (plan, objections.into_iter().next())
}

/// An objection that speaks of instances as operators do.
fn named(objection: &DrainObjection, look: &Look) -> String {
    let id = match objection {
        DrainObjection::NotAlive(id)
        | DrainObjection::AlreadyLeaving(id)
        | DrainObjection::LeavesNobody(id)
        | DrainObjection::PassesCapacity { id, .. } => *id,
    };
    objection.to_string().replace(&id.to_string(), &look.called(id))
}

fn refused(objection: &DrainObjection, look: &Look) -> Failure {
    let text = named(objection, look);
    match objection {
        DrainObjection::NotAlive(_) => Failure::NotFound(text),
        DrainObjection::AlreadyLeaving(_) => Failure::Conflict(text),
        DrainObjection::LeavesNobody(_) | DrainObjection::PassesCapacity { .. } => {
            Failure::Unsafe(text)
        }
    }
}

impl Leaver {
    fn of(look: &Look, id: InstanceId) -> Self {
        Self { id: id.to_string(), name: look.called(id), shards: look.held_by(id).count() }
    }
}

impl Plan {
    fn text(&self) -> String {
        let leavers: Vec<_> = self.drains.iter().map(|leaver| leaver.name.as_str()).collect();
        let targets: Vec<_> =
            self.targets.iter().map(|(name, count)| format!("{name}: {count}")).collect();
        let shards = units::counted(self.shards, "shard", "shards");
        let mut text = format!("drain {}: {shards}", leavers.join(", "));
        if !targets.is_empty() {
            text += &format!(" -> {}", targets.join(", "));
        }
        if self.left_over > 0 {
            text += &format!("; {} find no place and stay", self.left_over);
        }
        let about = units::time(Duration::from_millis(self.about_ms));
        text + &format!("; about {about}; {} identifies\n", self.identifies)
    }
}

// ---------------------------------------------------------------------------------------------
// After
// ---------------------------------------------------------------------------------------------

async fn wait(
    desk: &Desk,
    before: &Look,
    intents: &[(InstanceId, IntentId)],
    timeout: Option<Duration>,
) -> Result<Exit, Failure> {
    let begun = Instant::now();
    let left = |look: &Look| intents.iter().map(|(id, _)| look.held_by(*id).count()).sum();
    let all: usize = left(before);
    let watched = watch(desk, timeout, |look| {
        let left: usize = left(look);
        if left == 0 {
            return Ok(Judgement::Enough(()));
        }
        ensure_wanted(look, intents, left)?;
        let done = all.saturating_sub(left);
        Ok(Judgement::NotYet(Progress { what: "draining".to_owned(), done, all }))
    });
    match watched.await? {
        Watched::Reached(()) => {
            let took = begun.elapsed();
            let leavers = intents.iter().map(|(id, _)| *id).collect();
            let outcome = Outcome {
                drained: intents.iter().map(|(id, _)| before.called(*id)).collect(),
                moved: all,
                took_ms: whole_millis(took),
                story: Story::read(desk, &leavers, before.now, all).await,
            };
            output::one("drain", &outcome, desk.globals.output, Outcome::text)?;
            Ok(Exit::Done)
        }
        Watched::TimedOut(timeout) => Err(Failure::TimedOut(format!(
            "not empty after {}; the drain goes on",
            units::time(timeout)
        ))),
        Watched::Stopped => {
            desk.terminal.say(
                "not watching any more; the drain goes on. `baton wait --for drained=INSTANCE` \
                 watches again, `baton undrain INSTANCE` takes it back",
            );
            Ok(Exit::Interrupted)
        }
    }
}

/// An intent that is gone while shards are left was taken back, replaced, or given up.
fn ensure_wanted(
    look: &Look,
    intents: &[(InstanceId, IntentId)],
    left: usize,
) -> Result<(), Failure> {
    for (leaver, id) in intents {
        let is_wanted = look.intents.iter().any(|intent| intent.id == *id);
        let is_left = look.held_by(*leaver).next().is_some();
        if !is_wanted && is_left {
            let name = look.called(*leaver);
            let left = units::counted(left, "shard stays", "shards stay");
            return Err(Failure::Conflict(format!(
                "the drain of {name} was taken back, or given up at its deadline; {left}"
            )));
        }
    }
    Ok(())
}

impl Outcome {
    fn text(&self) -> String {
        let names = self.drained.join(", ");
        let moved = units::counted(self.moved, "shard", "shards");
        let took = units::time(Duration::from_millis(self.took_ms));
        let story = self.story.text(self.moved);
        format!("{names} drained: {moved} moved in {took}; {story}\n")
    }
}
