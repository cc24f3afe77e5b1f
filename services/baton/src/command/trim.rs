//! `stream trim`: a lane is made shorter by hand.
//!
//! The store trims as it does for the instances, a piece at a time. Each piece is looked at before
//! it goes: what a living group has not read goes only if that was said.

use std::time::Duration;

use baton_model::{AppName, Lane, StoreMillis, limits::ENTRIES_TRIMMED_MAX};
use baton_store::{ForOperators, Trim, Trimmed};
use serde::Serialize;

use super::lanes::the_lane;
use crate::{
    Exit, Failure,
    arguments::TrimArguments,
    fleet::Look,
    output::{self, units},
    program::Desk,
};

/// What went, or would go, as JSON shows it.
#[derive(Debug, Serialize)]
struct Outcome {
    app: AppName,
    lane: Lane,
    dry_run: bool,
    removed: u64,
    unread: u64,
    /// A dry run counts only so far.
    at_least: bool,
    length: u64,
    bytes: u64,
}

pub(super) async fn trim(desk: &Desk, arguments: TrimArguments) -> Result<Exit, Failure> {
    let look = Look::take(&desk.store).await?;
    let (app, lane) = the_lane(&look, &arguments.place)?;
    let trim = arguments.trim(look.now);
    let mut outcome = Outcome::new(app, lane, arguments.dry_run);
    let ended = if arguments.dry_run {
        outcome.look_ahead(desk, &trim).await
    } else {
        outcome.trim(desk, &trim, arguments.force).await
    };
    let view = desk.store.lane(&outcome.app, lane).await?;
    (outcome.length, outcome.bytes) = (view.length, view.bytes);
    if ended.is_ok() || outcome.removed > 0 {
        output::one("trim", &outcome, desk.globals.output, Outcome::text)?;
    }
    ended.map(|()| Exit::Done)
}

impl TrimArguments {
    fn trim(&self, now: StoreMillis) -> Trim {
        Trim {
            // Nothing is as old as the store's clock.
            min_age: self.min_age.unwrap_or(Duration::from_millis(now.0)),
            entries_max: self.entries_max.unwrap_or(u64::MAX),
            bytes_max: self.bytes_max.unwrap_or(u64::MAX),
            live_within: self.live_within,
        }
    }
}

impl Outcome {
    const fn new(app: AppName, lane: Lane, dry_run: bool) -> Self {
        let (removed, unread, length, bytes) = (0, 0, 0, 0);
        Self { app, lane, dry_run, removed, unread, at_least: false, length, bytes }
    }

    async fn look_ahead(&mut self, desk: &Desk, trim: &Trim) -> Result<(), Failure> {
        let ahead = desk.store.trimmable(&self.app, self.lane, trim).await?;
        (self.removed, self.unread) = (ahead.removed, ahead.unread);
        self.at_least = ahead.removed >= ENTRIES_TRIMMED_MAX;
        Ok(())
    }

    /// Ends because each piece but the last takes away as much as a piece may.
    async fn trim(&mut self, desk: &Desk, trim: &Trim, force: bool) -> Result<(), Failure> {
        loop {
            if !force {
                self.refuse_unread(desk, trim).await?;
            }
            let Trimmed { removed, unread, .. } =
                desk.store.trim(&self.app, self.lane, trim).await?;
            self.removed += removed;
            self.unread += unread;
            if removed < ENTRIES_TRIMMED_MAX {
                return Ok(());
            }
        }
    }

    async fn refuse_unread(&self, desk: &Desk, trim: &Trim) -> Result<(), Failure> {
        let ahead = desk.store.trimmable(&self.app, self.lane, trim).await?;
        if ahead.unread == 0 {
            return Ok(());
        }
        let view = desk.store.lane(&self.app, self.lane).await?;
        let is_living = |idle| idle <= trim.live_within;
        let living =
            view.groups.iter().filter(|it| it.consumers.iter().any(|it| is_living(it.idle)));
        let behind = living.filter(|it| it.pending > 0 || it.lag != Some(0));
        let behind: Vec<_> = behind.map(|it| it.name.as_str()).collect();
        let Self { app, lane, .. } = self;
        Err(Failure::Unsafe(format!(
            "{} in lane {lane} of {app} would go that a living group has not read; behind are: {}",
            entries(ahead.unread),
            behind.join(", "),
        )))
    }

    fn text(&self) -> String {
        let Self { app, lane, length, bytes, .. } = self;
        let at_least = if self.at_least { "at least " } else { "" };
        let gone = if self.dry_run { "would be removed" } else { "removed" };
        format!(
            "lane {lane} of {app}: {at_least}{} {gone}, {} of them unread; there are {length} \
             ({})\n",
            entries(self.removed),
            self.unread,
            units::bytes(*bytes),
        )
    }
}

fn entries(count: u64) -> String {
    units::counted(usize::try_from(count).unwrap_or(usize::MAX), "entry", "entries")
}
