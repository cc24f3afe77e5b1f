//! Everything that a picture of the fleet is made of, and the state of each of its cells.

use std::collections::BTreeMap;

use baton_model::{AppName, Holding, InstanceId, ShardKey, ShardState};
use baton_store::{ForOperators, Happening, SessionStartLimit, StoreError, StreamId};

use crate::{Handlers, Look, problems};

/// Everything that is read from the store for one picture.
#[derive(Debug)]
pub struct Sight {
    /// Who is there, and who holds what.
    pub look: Look,
    /// How handlers of consumers fare.
    pub handlers: Handlers,
    /// How many sessions each app may still start.
    pub limits: BTreeMap<AppName, SessionStartLimit>,
    /// What happened lately, the newest first.
    pub happenings: Vec<Happening>,
}

/// A shard, as a picture shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    /// Nobody holds it.
    Free,
    /// Somebody holds it, and gets its events.
    Live(InstanceId),
    /// Somebody holds it, and gets no events, or has not said so yet.
    Resuming(InstanceId),
    /// Somebody holds it, and has offered it to another.
    OnOffer(InstanceId),
}

impl Sight {
    /// Looks, and reads what happened lately, so many happenings at the most.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn take<S: ForOperators>(store: &S, happenings: usize) -> Result<Self, StoreError> {
        let look = Look::take(store).await?;
        let handlers = Handlers::take(store, &look).await?;
        let mut limits = BTreeMap::new();
        for app in look.apps.keys() {
            if let Some(limit) = store.identify_limit(app).await? {
                limits.insert(app.clone(), limit);
            }
        }
        // What a newer Baton wrote in a way that this one cannot read is left out.
        let happenings = store.recent(StreamId::END, happenings).await?.into_iter();
        let happenings = happenings.filter_map(|(_, happening)| happening.ok()).collect();
        Ok(Self { look, handlers, limits, happenings })
    }
}

impl Sight {
    /// What is not as it should be: of the fleet, and then of its consumers.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let mut problems = problems(&self.look);
        problems.extend(self.handlers.failing());
        problems
    }
}

impl Cell {
    /// As a look shows it.
    #[must_use]
    pub fn of(look: &Look, shard: &ShardKey) -> Self {
        let row = look.shards.get(shard).and_then(Option::as_ref);
        match row.map_or(&Holding::Free, |row| &row.holding) {
            Holding::Free => Self::Free,
            Holding::Offered { owner, .. } => Self::OnOffer(*owner),
            Holding::Owned { owner } if look.state(shard) == Some(ShardState::Live) => {
                Self::Live(*owner)
            }
            Holding::Owned { owner } => Self::Resuming(*owner),
        }
    }

    /// Who holds it.
    #[must_use]
    pub const fn owner(self) -> Option<InstanceId> {
        match self {
            Self::Free => None,
            Self::Live(owner) | Self::Resuming(owner) | Self::OnOffer(owner) => Some(owner),
        }
    }
}
