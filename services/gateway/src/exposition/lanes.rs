//! Lanes, their consumer groups and commands.

use std::collections::BTreeMap;

use baton_model::{AppName, Lane, Moment};
use baton_store::GroupView;
use baton_telemetry::{
    Page,
    catalogue::{commands, lanes},
    whole,
};

use crate::{
    instruments::lane_watch,
    lane_face::{LaneGlance, LaneSeen},
    observer::Observer,
};

/// Shows what is known of lanes.
pub(super) fn show(page: &mut Page, observer: &Observer, now: Moment) {
    let glances = observer.outlook.lanes.glances();
    about_commands(page, &glances);
    let count = |value: fn(&LaneGlance) -> u64| {
        let kept = glances.iter().filter(|(_, glance)| glance.last_trim.is_some());
        kept.map(move |(lane, glance)| (named(lane), whole(value(glance))))
    };
    page.series(&lanes::TRIMMED, count(|glance| glance.trimmed));
    page.series(&lanes::UNREAD, count(|glance| glance.unread));
    let mut looks = observer.outlook.lanes.looks();
    looks.retain(|(_, look)| now.since(look.at) < lane_watch::SHOWN_FOR);
    let each = |value: fn(&LaneSeen) -> Option<f64>| {
        looks.iter().filter_map(move |(lane, look)| Some((named(lane), value(look)?)))
    };
    page.series(&lanes::ENTRIES, each(|look| Some(whole(look.view.length))));
    page.series(&lanes::BYTES, each(|look| Some(whole(look.view.bytes))));
    page.series(&lanes::OLDEST, each(|look| Some(look.oldest?.as_secs_f64())));
    page.series(&lanes::COMMANDS, each(|look| Some(whole(look.view.commands_length))));
    let of_groups = |value: fn(&GroupView) -> Option<u64>| {
        looks.iter().flat_map(move |(lane, look)| {
            let [app, lane] = named(lane);
            look.view.groups.iter().filter_map(move |group| {
                let labels = [app.clone(), lane.clone(), group.name.clone()];
                Some((labels, whole(value(group)?)))
            })
        })
    };
    let consumers = |group: &GroupView| u64::try_from(group.consumers.len()).ok();
    page.series(&lanes::GROUP_LAG, of_groups(|group| group.lag));
    page.series(&lanes::GROUP_PENDING, of_groups(|group| Some(group.pending)));
    page.series(&lanes::GROUP_CONSUMERS, of_groups(consumers));
    page.series(&lanes::GROUP_DEAD, of_groups(|group| Some(group.dead_letters)));
    let ages = looks.iter().flat_map(|(lane, look)| {
        let [app, lane] = named(lane);
        look.view.groups.iter().zip(&look.oldest_unread).map(move |(group, age)| {
            ([app.clone(), lane.clone(), group.name.clone()], age.as_secs_f64())
        })
    });
    page.series(&lanes::GROUP_OLDEST, ages);
}

fn about_commands(page: &mut Page, glances: &[((AppName, Lane), LaneGlance)]) {
    let mut by_app: BTreeMap<&str, [u64; 5]> = BTreeMap::new();
    for ((app, _), glance) in glances {
        let LaneGlance { sent, expired, invalid, dropped, rate_limited, .. } = glance;
        let counts = by_app.entry(app.as_str()).or_default();
        let more = [sent, expired, invalid, dropped, rate_limited];
        counts.iter_mut().zip(more).for_each(|(count, more)| *count += more);
    }
    let outcomes = ["sent", "expired", "invalid", "dropped", "rate_limited"];
    let series = by_app.into_iter().flat_map(|(app, counts)| {
        outcomes.into_iter().zip(counts).map(move |(outcome, count)| ([app, outcome], whole(count)))
    });
    page.series(&commands::COMMANDS, series);
}

fn named((app, lane): &(AppName, Lane)) -> [String; 2] {
    [app.as_str().to_owned(), lane.0.to_string()]
}
