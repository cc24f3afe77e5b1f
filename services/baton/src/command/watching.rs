//! Watching the fleet until something is so: with a bar on a terminal, else a line a step.
//!
//! Watching never acts: whoever stops it, by Ctrl-C or by a limit, stops nothing else.

use std::{
    collections::BTreeMap,
    io::Write,
    time::{Duration, Instant},
};

use baton_model::{InstanceId, ShardKey};
use baton_store::{StoreError, Unhappy};

use crate::{Failure, fleet::Look, program::Desk};

/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(250);

/// For so long a store that does not answer is waited for: a failover takes less.
const STORE_AWAY_MAX: Duration = Duration::from_secs(60);

/// What came of watching.
pub(super) enum Watched<T> {
    /// It is so.
    Reached(T),
    /// It took too long.
    TimedOut(Duration),
    /// The operator has stopped it.
    Stopped,
}

/// How far something has got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Progress {
    /// What is being done.
    pub(super) what: String,
    /// So much of it is.
    pub(super) done: usize,
    /// Of so much.
    pub(super) all: usize,
}

/// Looks again and again until `judge` has seen enough.
pub(super) async fn watch<T>(
    desk: &Desk,
    timeout: Option<Duration>,
    mut judge: impl FnMut(&Look) -> Result<Judgement<T>, Failure>,
) -> Result<Watched<T>, Failure> {
    let mut screen = Screen::new(desk);
    let begun = Instant::now();
    let interrupt = tokio::signal::ctrl_c();
    tokio::pin!(interrupt);
    loop {
        let look = tokio::select! {
            look = patiently(desk) => look?,
            _ = &mut interrupt => {
                screen.end();
                return Ok(Watched::Stopped);
            }
        };
        match judge(&look)? {
            Judgement::Enough(found) => {
                screen.show(&look, None);
                screen.end();
                return Ok(Watched::Reached(found));
            }
            Judgement::NotYet(progress) => screen.show(&look, Some(&progress)),
        }
        if let Some(timeout) = timeout.filter(|timeout| begun.elapsed() >= *timeout) {
            screen.end();
            return Ok(Watched::TimedOut(timeout));
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            _ = &mut interrupt => {
                screen.end();
                return Ok(Watched::Stopped);
            }
        }
    }
}

/// What one look means to whoever watches.
pub(super) enum Judgement<T> {
    /// It is so.
    Enough(T),
    /// Not yet, but so far.
    NotYet(Progress),
}

/// A look, as soon as the store answers: it may be failing over.
async fn patiently(desk: &Desk) -> Result<Look, StoreError> {
    let begun = Instant::now();
    loop {
        match Look::take(&desk.store).await {
            Err(error) if error.is_retryable() && begun.elapsed() < STORE_AWAY_MAX => {
                tokio::time::sleep(PAUSE).await;
            }
            look => return look,
        }
    }
}

/// Where progress is shown.
struct Screen<'a> {
    desk: &'a Desk,
    owners: Option<BTreeMap<ShardKey, Option<InstanceId>>>,
    drawn: Option<Progress>,
}

impl<'a> Screen<'a> {
    const fn new(desk: &'a Desk) -> Self {
        Self { desk, owners: None, drawn: None }
    }

    fn show(&mut self, look: &Look, progress: Option<&Progress>) {
        if self.desk.terminal.may_redraw {
            if let Some(progress) = progress
                && self.drawn.as_ref() != Some(progress)
            {
                eprint!("\r\x1b[2K{}", bar(progress));
                drop(std::io::stderr().flush());
                self.drawn = Some(progress.clone());
            }
        } else {
            self.tell_transitions(look);
        }
    }

    /// One line for each shard that has changed hands since the last look.
    fn tell_transitions(&mut self, look: &Look) {
        let owners: BTreeMap<_, _> =
            look.shards.keys().map(|shard| (shard.clone(), look.owner(shard))).collect();
        if let Some(before) = &self.owners {
            let called = |id: &Option<InstanceId>| {
                id.map_or_else(|| "nobody".to_owned(), |id| look.called(id))
            };
            for (shard, owner) in &owners {
                let previous = before.get(shard).copied().flatten();
                if previous != *owner {
                    let (from, to) = (called(&previous), called(owner));
                    self.desk.terminal.say(format_args!("{shard}: {from} -> {to}"));
                }
            }
        }
        self.owners = Some(owners);
    }

    fn end(&self) {
        if self.drawn.is_some() {
            eprint!("\r\x1b[2K");
            drop(std::io::stderr().flush());
        }
    }
}

fn bar(progress: &Progress) -> String {
    const WIDTH: usize = 30;
    let Progress { what, done, all } = progress;
    let filled = if *all == 0 { WIDTH } else { done * WIDTH / all };
    format!("{what} [{}{}] {done}/{all}", "#".repeat(filled), "-".repeat(WIDTH - filled))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_full_as_what_it_shows() {
        let bar_of = |done, all| bar(&Progress { what: "moving".to_owned(), done, all });
        assert_eq!(bar_of(0, 4), "moving [------------------------------] 0/4");
        assert_eq!(bar_of(2, 4), "moving [###############---------------] 2/4");
        assert_eq!(bar_of(0, 0), "moving [##############################] 0/0");
    }
}
