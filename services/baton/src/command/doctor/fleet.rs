//! What the fleet is like.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{super::apps::troubles, Check};
use crate::{
    fleet::{Look, Standing},
    output::units,
};

/// An intent that stands longer is either forgotten, or cannot be done.
const INTENT_AGE_MAX: Duration = Duration::from_secs(3_600);

pub(super) fn checks(look: &Look, unread: &[String]) -> Vec<Check> {
    vec![
        instances(look),
        versions(look),
        names(look),
        shards(look),
        apps(look),
        intents(look),
        readers(unread),
    ]
}

fn instances(look: &Look) -> Check {
    let missing: Vec<_> =
        look.instances.values().filter(|it| it.standing() == Standing::Missing).collect();
    let up = look.instances.values().filter(|it| it.standing() == Standing::Up).count();
    if up == 0 {
        return Check::failure("instances", "none is up", "start one");
    }
    match missing.as_slice() {
        [] => Check::ok("instances", format!("{up} up, none missing")),
        missing => {
            let missing: Vec<_> = missing.iter().map(|instance| instance.name()).collect();
            let remedy = "see why; `baton instance forget` strikes off what does not come back";
            Check::warning("instances", format!("missing: {}", missing.join(", ")), remedy)
        }
    }
}

fn versions(look: &Look) -> Check {
    let present = look.instances.values().filter(|instance| instance.is_there());
    let versions: BTreeSet<_> =
        present.map(|instance| instance.member.record.version.to_string()).collect();
    let all = versions.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    match versions.len() {
        0 | 1 => Check::ok("versions", if all.is_empty() { "no instance".to_owned() } else { all }),
        _ => Check::warning("versions", all, "bring the upgrade to its end"),
    }
}

fn names(look: &Look) -> Check {
    let mut named: BTreeMap<_, usize> = BTreeMap::new();
    for instance in look.instances.values().filter(|instance| instance.is_there()) {
        *named.entry(instance.name()).or_default() += 1;
    }
    let twice: Vec<_> =
        named.into_iter().filter(|(_, count)| *count > 1).map(|(name, _)| name).collect();
    match twice.as_slice() {
        [] => Check::ok("names", "every instance has its own"),
        twice => Check::warning(
            "names",
            format!("used more than once: {}", twice.join(", ")),
            "set instance.name, or name instances by their ids",
        ),
    }
}

fn shards(look: &Look) -> Check {
    if look.apps.is_empty() {
        let remedy = "start an instance whose configuration has one";
        return Check::warning("shards", "the fleet runs no app", remedy);
    }
    match look.free() {
        0 => Check::ok("shards", format!("all {} have an owner", look.shards.len())),
        free => Check::failure(
            "shards",
            format!("{free} of {} have no owner", look.shards.len()),
            "see what the instances wait for: `baton status`, `baton identify budget`",
        ),
    }
}

fn apps(look: &Look) -> Check {
    let troubles = troubles(look);
    if troubles.is_empty() {
        return Check::ok("apps", units::counted(look.apps.len(), "app", "apps") + ", all run");
    }
    Check::warning("apps", troubles.join("; "), "see `baton status` for what instances say of it")
}

fn intents(look: &Look) -> Check {
    let age = |intent: &baton_model::Intent| {
        Duration::from_millis(look.now.0.saturating_sub(intent.at.0))
    };
    let old: Vec<_> = look.intents.iter().filter(|it| age(it) > INTENT_AGE_MAX).collect();
    match old.as_slice() {
        [] => Check::ok("intents", "none stands for more than an hour"),
        old => {
            let old: Vec<_> = old
                .iter()
                .map(|it| format!("{} for {}", it.subject(), units::time(age(it))))
                .collect();
            let remedy = "`baton intent withdraw` takes back what is not wanted any more";
            Check::warning("intents", old.join(", "), remedy)
        }
    }
}

fn readers(unread: &[String]) -> Check {
    match unread {
        [] => Check::ok("readers", "every lane has a consumer group"),
        unread => Check::warning(
            "readers",
            format!("no consumer group: {}", unread.join(", ")),
            "start a consumer; what nobody reads is dropped at the lane's cap",
        ),
    }
}

#[cfg(test)]
mod tests {
    use baton_model::{Holding, InstanceId, Intent, IntentId, Line, Presence, StoreMillis, Wish};

    use super::{
        super::Outcome::{self, Failure, Ok, Warning},
        *,
    };
    use crate::fleet::examples::{instance, of, row, shard};

    /// What is complained about.
    fn complaints(look: &Look, unread: &[String]) -> Vec<(Outcome, &'static str)> {
        let bad = checks(look, unread).into_iter().filter(|check| check.outcome != Ok);
        bad.inspect(|check| assert_ne!(check.remedy, ""))
            .map(|check| (check.outcome, check.about))
            .collect()
    }

    fn changed(change: impl FnOnce(&mut Look)) -> Vec<(Outcome, &'static str)> {
        let mut look = of(2, 4);
        change(&mut look);
        complaints(&look, &[])
    }

    #[test]
    fn a_fleet_as_it_should_be_gives_no_complaint() {
        assert_eq!(changed(|_| {}), []);
    }

    #[test]
    fn each_flaw_is_found_by_its_own_check() {
        let (a, b) = (InstanceId::new(0), InstanceId::new(1));
        let put = |look: &mut Look, id, name, presence| {
            look.instances.insert(id, instance(id, name, presence, "{}"));
        };
        let missing = changed(|look| put(look, b, "b", Presence::Absent));
        assert_eq!(missing, [(Warning, "instances")]);
        let nobody = changed(|look| look.instances.clear());
        assert_eq!(nobody, [(Failure, "instances")]);
        let twice = changed(|look| {
            put(look, a, "same", Presence::Subscribed);
            put(look, b, "same", Presence::Subscribed);
        });
        assert_eq!(twice, [(Warning, "names")]);
        let mixed = changed(|look| {
            let record = &mut look.instances.get_mut(&a).unwrap().member.record;
            record.version = "0.2.0".parse().unwrap();
        });
        assert_eq!(mixed, [(Warning, "versions")]);
        let free = changed(|look| {
            look.shards.insert(shard(1), row(Holding::Free));
        });
        assert_eq!(free, [(Failure, "shards")]);
        assert_eq!(changed(|look| look.apps.clear()), [(Warning, "shards")]);
        assert_eq!(complaints(&of(2, 4), &["bot/1".to_owned()]), [(Warning, "readers")]);
    }

    #[test]
    fn an_intent_may_stand_for_an_hour() {
        let line = |text: &str| text.parse::<Line>().unwrap();
        let wish = Wish::ReadToken { app: "bot".parse().unwrap() };
        let intent = |at| Intent {
            id: IntentId(1),
            wish: wish.clone(),
            by: line("ann"),
            reason: line(""),
            at: StoreMillis(at),
        };
        let stands_for = |millis: u64| {
            changed(|look| {
                look.now = StoreMillis(10_000_000);
                look.intents = vec![intent(10_000_000 - millis)];
            })
        };
        assert_eq!(stands_for(3_600_000), []);
        assert_eq!(stands_for(3_600_001), [(Warning, "intents")]);
    }
}
