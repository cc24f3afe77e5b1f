//! What whoever keeps a lane sees of it, for who reads the metrics.

use std::{sync::Arc, time::Duration};

use baton_model::{AppName, Lane, Moment, StreamId};
use baton_store::Store;

use super::Scrapes;
use crate::{
    lane_face::{LaneFace, LaneSeen},
    store_clock::Reading,
};

/// The pause between two looks.
const PAUSE: Duration = Duration::from_secs(5);

/// A look that is older is not shown any more: somebody else keeps the lane.
pub(crate) const SHOWN_FOR: Duration = Duration::from_secs(30);

/// Looks at one lane.
pub(crate) struct LaneWatch<S> {
    app: AppName,
    lane: Lane,
    store: S,
    face: Arc<LaneFace>,
    scrapes: Scrapes,
    due: Moment,
}

impl<S: Store> LaneWatch<S> {
    pub(crate) fn new(
        (app, lane): (AppName, Lane),
        store: S,
        (face, scrapes): (Arc<LaneFace>, Scrapes),
    ) -> Self {
        Self { app, lane, store, face, scrapes, due: Moment::ZERO }
    }

    /// Looks, if it is time to and somebody wants to know.
    pub(crate) async fn turn(&mut self, now: Moment, reading: Option<Reading>) {
        if now < self.due || !self.scrapes.are_expected(now) {
            return;
        }
        self.due = now + PAUSE;
        let Ok(view) = self.store.lane(&self.app, self.lane).await else {
            return;
        };
        let age = |id: StreamId| {
            let at = baton_model::StoreMillis(id.millis);
            reading.map(|reading| now.since(reading.moment_of(at)))
        };
        let oldest = view.first.and_then(age);
        let ages = view.groups.iter().map(|group| {
            let is_behind = group.lag.is_some_and(|lag| lag > 0);
            let next = is_behind.then(|| group.last_delivered.max(view.first.unwrap_or_default()));
            let unread = [group.oldest_pending, next].into_iter().flatten().min();
            unread.and_then(age).unwrap_or_default()
        });
        let ages = ages.collect();
        self.face.show(LaneSeen { at: now, view, oldest, oldest_unread: ages });
    }

    /// When it is to look next; none while nobody wants to know.
    pub(crate) fn due(&self, now: Moment) -> Option<Moment> {
        self.scrapes.are_expected(now).then_some(self.due)
    }
}
