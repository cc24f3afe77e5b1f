//! Who asked for all members of which guild: an app may do so once in half a minute.

use std::{collections::BTreeMap, time::Duration};

use baton_model::{GuildId, Moment};

use super::budget::AppIndex;

const SPACING: Duration = Duration::from_secs(30);

/// When each was last granted; only the latest half minute is kept.
#[derive(Debug, Default)]
pub(super) struct WholeGuilds(BTreeMap<(AppIndex, GuildId), Moment>);

impl WholeGuilds {
    /// Grants a request, or says how long to wait. One that is refused prolongs nothing.
    pub(super) fn ask(
        &mut self,
        app: AppIndex,
        guild: GuildId,
        now: Moment,
    ) -> Result<(), Duration> {
        self.0.retain(|_, at| now.since(*at) < SPACING);
        match self.0.get(&(app, guild)) {
            Some(at) => Err(SPACING.saturating_sub(now.since(*at))),
            None => {
                self.0.insert((app, guild), now);
                Ok(())
            }
        }
    }
}
