//! `top`: the shell of the screen. It looks once a second, hands keys over, does what they mean.
//!
//! A store that is away ends nothing: the screen says so, and the next look may succeed. Whatever
//! ends it, a key, a signal or a panic, the terminal is as it was before.

mod stage;

use std::{
    env,
    io::{IsTerminal, stdin, stdout},
    time::{Duration, Instant},
};

use baton_model::{InstanceId, Wish};
use baton_store::StoreError;
use tokio::{sync::mpsc, time::MissedTickBehavior};

use self::stage::{Ends, Stage, keys};
use super::{drain, intents::intend};
use crate::{
    Exit, Failure,
    at::AtStore,
    fleet::{Look, Sight},
    output::Format,
    program::Desk,
    top::{Key, Paint, Screen, Wanted, draw},
};

/// The pause between two looks.
const PAUSE: Duration = Duration::from_secs(1);

/// So many happenings are read: no screen has room for more.
const HAPPENINGS: usize = 20;

/// What others read as the reason of a drain.
const REASON: &str = "baton top";

pub(super) async fn top(desk: &Desk) -> Result<Exit, Failure> {
    if desk.globals.output != Format::Table {
        let usage = "top draws a screen; `baton status -o json` is for programs";
        return Err(Failure::Usage(usage.to_owned()));
    }
    if !stdin().is_terminal() || !stdout().is_terminal() {
        let usage = "top needs a terminal; `baton status` does without";
        return Err(Failure::Usage(usage.to_owned()));
    }
    let paint = match env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
        true => Paint::Letters,
        false => Paint::Colours,
    };
    let operator = Operator {
        desk: desk.silent(),
        screen: Screen::new(desk.store.fleet(), desk.store.url(), paint),
        sight: None,
        seen_at: Instant::now(),
    };
    operator.run().await
}

/// The screen, and what is needed to do what it wants.
struct Operator {
    desk: Desk,
    screen: Screen,
    sight: Option<Sight>,
    seen_at: Instant,
}

/// Whether there is more to show.
enum Next {
    Goes,
    Ends,
}

impl Operator {
    async fn run(mut self) -> Result<Exit, Failure> {
        let mut ends = Ends::hear()?;
        let (seen, mut sights) = mpsc::channel(1);
        tokio::spawn(look_again_and_again(self.desk.store.clone(), seen));
        let mut stage = Stage::open()?;
        let mut keys = keys();
        loop {
            stage.show(|frame| draw(&self.screen, frame))?;
            tokio::select! {
                sight = sights.recv() => match sight {
                    Some(sight) => self.take(sight),
                    None => return Err(Failure::Other("nobody looks any more".to_owned())),
                },
                pressed = keys.recv() => match pressed {
                    // A terminal of another size is drawn again, and nothing else.
                    Some(None) => {}
                    Some(Some(key)) => match self.press(key).await {
                        Next::Goes => {}
                        Next::Ends => return Ok(Exit::Done),
                    },
                    None => return Err(Failure::Other("the terminal is gone".to_owned())),
                },
                () = ends.come() => return Ok(Exit::Interrupted),
            }
        }
    }

    fn take(&mut self, sight: Result<Sight, StoreError>) {
        match sight {
            Ok(sight) => {
                self.screen.see(&sight);
                self.sight = Some(sight);
                self.seen_at = Instant::now();
            }
            Err(error) => self.screen.lose(error.to_string(), self.seen_at.elapsed()),
        }
    }

    async fn press(&mut self, key: Key) -> Next {
        let done = match self.screen.press(key) {
            None => Ok(()),
            Some(Wanted::Quit) => return Next::Ends,
            Some(Wanted::DrainPlan(id)) => self.plan(id),
            Some(Wanted::Drain(id)) => self.drain(id).await,
            Some(Wanted::Undrain(id)) => self.undrain(id).await,
        };
        if let Err(failure) = done {
            self.screen.say(failure.to_string());
        }
        Next::Goes
    }

    fn plan(&mut self, id: InstanceId) -> Result<(), Failure> {
        if let Some(sight) = &self.sight {
            self.screen.ask(id, drain::preview(&sight.look, id)?);
        }
        Ok(())
    }

    async fn drain(&mut self, id: InstanceId) -> Result<(), Failure> {
        intend(&self.desk, Wish::Drain { instance: id, limit: None }, REASON).await?;
        self.screen.say("the drain is ordered; u takes it back".to_owned());
        Ok(())
    }

    async fn undrain(&mut self, id: InstanceId) -> Result<(), Failure> {
        // The drain may have been ordered since the last look, by the key before this one.
        let look = Look::take(&self.desk.store).await?;
        drain::take_back(&self.desk, &look, id).await?;
        self.screen.say(format!("{} may be given shards again", look.called(id)));
        Ok(())
    }
}

/// Looks until nobody wants to know any more.
async fn look_again_and_again(store: AtStore, seen: mpsc::Sender<Result<Sight, StoreError>>) {
    let mut ticks = tokio::time::interval(PAUSE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if seen.send(Sight::take(&store, HAPPENINGS).await).await.is_err() {
            return;
        }
    }
}
