//! Which lanes are meant, and how they look.

use baton_model::{AppName, Lane};
use baton_store::{ForOperators, LaneView};

use crate::{
    Failure,
    arguments::Place,
    fleet::{Find, Look},
    program::Desk,
};

/// The lanes that an app and a number on the command line mean: all, if neither is said.
pub(super) fn chosen(
    look: &Look,
    app: Option<&str>,
    lane: Option<u16>,
) -> Result<Vec<(AppName, Lane)>, Failure> {
    if let Some(app) = app
        && !look.apps.keys().any(|known| known.as_str() == app)
    {
        return Err(look.no_such_app(app));
    }
    let apps = look.apps.iter().filter(|(name, _)| app.is_none_or(|app| name.as_str() == app));
    let lanes = apps.flat_map(|(name, shape)| shape.lanes.lanes().map(|it| (name.clone(), it)));
    let lanes: Vec<_> = lanes.filter(|(_, it)| lane.is_none_or(|lane| it.0 == lane)).collect();
    match lane.filter(|_| lanes.is_empty()) {
        Some(lane) => Err(Failure::NotFound(format!("there is no lane {lane}"))),
        None => Ok(lanes),
    }
}

/// The one lane that is meant.
pub(super) fn the_lane(look: &Look, place: &Place) -> Result<(AppName, Lane), Failure> {
    let mut lanes = chosen(look, place.app.as_deref(), place.lane)?.into_iter();
    match (lanes.next(), lanes.next()) {
        (Some(lane), None) => Ok(lane),
        (None, _) => Err(Failure::NotFound("the fleet runs no app".to_owned())),
        (Some(_), Some(_)) => {
            Err(Failure::Usage("there are several lanes; say --app and --lane".to_owned()))
        }
    }
}

/// Looks at lanes, and keeps of their groups those of this name, if one is meant.
pub(super) async fn views(
    desk: &Desk,
    lanes: Vec<(AppName, Lane)>,
    group: Option<&str>,
) -> Result<Vec<(AppName, Lane, LaneView)>, Failure> {
    let mut views = Vec::new();
    for (app, lane) in lanes {
        let mut view = desk.store.lane(&app, lane).await?;
        view.groups.retain(|it| group.is_none_or(|group| it.name == group));
        views.push((app, lane, view));
    }
    let is_found = views.iter().any(|(_, _, view)| !view.groups.is_empty());
    match group.filter(|_| !is_found) {
        Some(group) => Err(Failure::NotFound(format!(
            "there is no group {group:?}; `baton stream groups` lists them"
        ))),
        None => Ok(views),
    }
}
