//! What is not as it should be, in an operator's words.

use baton_model::{AppCondition, AppName, AppSource, HealthLevel};
use baton_store::Safety;

use crate::{Instance, Look, Standing, units::counted};

/// What is not as it should be; nothing if all is well.
#[must_use]
pub fn problems(look: &Look) -> Vec<String> {
    let mut problems = Vec::new();
    if let Safety::Unsafe { reason } = &look.safety {
        problems.push(format!("the store is not safe: {reason}"));
    }
    if look.apps.is_empty() {
        problems.push("no instance has brought an app yet".to_owned());
    }
    orphans(look, &mut problems);
    not_run(look, &mut problems);
    for instance in look.instances.values() {
        let name = instance.name();
        if instance.standing() == Standing::Missing {
            problems.push(format!("instance {name} is missing: it holds no presence"));
        }
        let Some(report) = &instance.report else {
            continue;
        };
        let reasons: Vec<_> = report.reasons.iter().map(|reason| reason.as_str()).collect();
        match report.health {
            HealthLevel::Healthy | HealthLevel::Unknown => {}
            HealthLevel::Degraded | HealthLevel::Unhealthy | HealthLevel::Fatal => {
                problems.push(format!("instance {name} is not well: {}", reasons.join("; ")));
            }
        }
        for (app, said) in &report.apps {
            match &said.condition {
                AppCondition::Rejected { code, remedy } => problems.push(format!(
                    "app {app} is rejected by discord ({code}) at {name}: {remedy}",
                    remedy = remedy.as_str()
                )),
                AppCondition::Starting { because } => {
                    problems.push(format!("app {app} waits at {name}: {}", because.as_str()));
                }
                AppCondition::Running | AppCondition::Unknown => {}
            }
        }
    }
    problems
}

/// An app that an operator has put into the store, and that no instance has taken up.
fn not_run(look: &Look, problems: &mut Vec<String>) {
    let is_taken_up = |app: &AppName| {
        let mut sources = [AppSource::Store, AppSource::File].into_iter();
        sources.any(|source| look.instances_with(app, source).next().is_some())
    };
    let left = look.stored.keys().filter(|app| look.is_in_store(app) && !is_taken_up(app));
    problems.extend(left.map(|app| {
        format!("app {app} stands in the store, and no instance runs it; see `baton app ls`")
    }));
}

fn orphans(look: &Look, problems: &mut Vec<String>) {
    let free = look.free();
    if free > 0 {
        let shards = counted(free, "shard has", "shards have");
        problems.push(format!("{shards} no owner"));
    }
    let is_there = |owner| look.instances.get(&owner).is_some_and(Instance::is_there);
    let owners = look.shards.keys().filter_map(|shard| look.owner(shard));
    let gone = owners.filter(|owner| !is_there(*owner)).count();
    if gone > 0 {
        let shards = counted(gone, "shard belongs", "shards belong");
        problems.push(format!("{shards} to instances that are missing"));
    }
}
