//! Trimming a lane: what need not be kept goes, a little at a time.
//!
//! The instance that holds a lane's first shard does it, which is one of them without anybody's
//! having to agree; should two do it for a moment, the second finds less to do. What may go is
//! decided by the store, where consumer groups and entries lie side by side.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use baton_model::{
    AppName, AppShape, InstanceId, Lane, Moment,
    limits::{
        COMMAND_AGE_MAX, COMMANDS_TRIMMED_MAX, ENTRIES_TRIMMED_MAX, GROUP_ALIVE, LANE_BYTES_MAX,
        LANE_ENTRIES_MAX, TRIM_AGAIN, TRIM_JITTER_PERCENT, TRIM_MIN_AGE, TRIM_PERIOD,
    },
};
use baton_store::{CommandTrim, Store, StoreError, Trim, Trimmed};
use tokio::sync::{mpsc, watch};

use crate::{lane_face::LaneFace, supervisor::Remark, tuning::AppTuning};

/// How much of an app's lanes is kept, unless it says otherwise.
pub const USUAL: Trim = Trim {
    min_age: TRIM_MIN_AGE,
    entries_max: LANE_ENTRIES_MAX,
    bytes_max: LANE_BYTES_MAX,
    live_within: GROUP_ALIVE,
};

/// The pause before an operator is told again that entries go unread.
const TELL_PAUSE: Duration = Duration::from_secs(10);

/// What a lane's trimmer needs to know.
#[derive(Debug, Clone)]
pub struct Trimming {
    /// How much is kept, at this time.
    pub tuning: watch::Receiver<AppTuning>,
    /// The app's shape, by which the lane's shards are known.
    pub shape: AppShape,
    /// Who trims; distinguishes the jitter.
    pub me: InstanceId,
    /// To whom to say what an operator should know.
    pub remarks: mpsc::UnboundedSender<Remark>,
}

/// Trims one lane.
pub(crate) struct Trimmer<S> {
    app: AppName,
    lane: Lane,
    store: S,
    trimming: Trimming,
    face: Arc<LaneFace>,
    due: Moment,
    turns: u64,
    /// Entries that went unread since an operator was told.
    untold: u64,
    tell_due: Moment,
}

impl<S: Store> Trimmer<S> {
    pub(crate) fn new(
        (app, lane): (AppName, Lane),
        store: S,
        trimming: Trimming,
        face: Arc<LaneFace>,
        now: Moment,
    ) -> Self {
        let due = now + TRIM_PERIOD;
        Self { app, lane, store, trimming, face, due, turns: 0, untold: 0, tell_due: now }
    }

    /// Trims, if it is time to.
    pub(crate) async fn turn(&mut self, now: Moment) {
        if now < self.due {
            return;
        }
        self.turns += 1;
        self.due = now + self.pause();
        match self.trim().await {
            Ok(is_all) => {
                if !is_all {
                    self.due = now + TRIM_AGAIN;
                }
            }
            Err(error) => {
                let (app, lane) = (&self.app, self.lane);
                tracing::debug!(%app, %lane, error = error.to_string(), "nothing was trimmed");
            }
        }
        self.tell(now);
    }

    /// When it is time to.
    pub(crate) const fn due(&self) -> Moment {
        self.due
    }

    /// Says whether nothing is left that could go.
    async fn trim(&mut self) -> Result<bool, StoreError> {
        let shapes = [self.trimming.shape];
        let which = CommandTrim { shapes: &shapes, age_max: COMMAND_AGE_MAX };
        let commands = self.store.trim_commands(&self.app, self.lane, which).await?;
        let keep = self.trimming.tuning.borrow().keep;
        let trimmed = self.store.trim(&self.app, self.lane, &keep).await?;
        self.face.count_trimmed(trimmed);
        self.untold += trimmed.unread;
        let Trimmed { removed, length, bytes, .. } = trimmed;
        if removed > 0 || commands > 0 {
            let (app, lane) = (&self.app, self.lane);
            tracing::debug!(%app, %lane, removed, commands, length, bytes, "trimmed");
        }
        Ok(removed < ENTRIES_TRIMMED_MAX && commands < COMMANDS_TRIMMED_MAX)
    }

    fn tell(&mut self, now: Moment) {
        if self.untold == 0 || now < self.tell_due {
            return;
        }
        self.tell_due = now + TELL_PAUSE;
        let entries = std::mem::take(&mut self.untold);
        let remark = Remark::Unread { app: self.app.clone(), lane: self.lane, entries };
        // Nobody may be interested.
        drop(self.trimming.remarks.send(remark));
    }

    /// The pause before the next turn, spread by the lane, the instance and the turn.
    fn pause(&self) -> Duration {
        let mut hasher = DefaultHasher::new();
        (&self.app, self.lane, self.trimming.me, self.turns).hash(&mut hasher);
        let percent = u32::try_from(hasher.finish() % 101).unwrap_or_default();
        let jitter = TRIM_PERIOD * TRIM_JITTER_PERCENT / 100;
        TRIM_PERIOD - jitter + jitter * 2 * percent / 100
    }
}
