//! The instances of this process: started together, and ended together.

use std::{process, sync::Arc, time::Duration};

use baton_gateway::{
    clock::Clock,
    control::{Ear, Stores},
    instance::Instance,
    supervisor::Ending,
};
use baton_model::InstanceId;
use baton_store_embedded::EmbeddedStore;
use tokio::{
    runtime::Handle,
    signal::unix::{Signal, SignalKind, signal},
    sync::Notify,
    task::{JoinSet, LocalSet},
};

use super::{demo::Reading, settings::Bot, watch};
use crate::{Exit, Failure, terminal::Terminal};

/// What whoever started the process may tell it.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    /// An operator, by the socket in the folder.
    ending: Arc<Notify>,
}

impl Signals {
    /// Listens from here on, so that none is missed that comes while everything starts.
    pub(super) fn listen(ending: Arc<Notify>) -> Result<Self, Failure> {
        let terminate = signal(SignalKind::terminate())?;
        Ok(Self { terminate, interrupt: signal(SignalKind::interrupt())?, ending })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            () = self.ending.notified() => {}
        }
    }
}

/// The instances.
pub(super) struct House(Vec<Instance<EmbeddedStore>>);

impl House {
    /// Puts them together; their shards will run there.
    pub(super) async fn prepare(
        bot: &Bot,
        store: &EmbeddedStore,
        shards: &Handle,
    ) -> Result<Self, Failure> {
        let mut instances = Vec::new();
        for settings in bot.instances() {
            let stores = Stores { control: store.clone(), data: store.clone() };
            let at = (Clock::Boot, shards.clone());
            instances.push(Instance::prepare(drawn_id()?, settings, stores, at).await?);
        }
        Ok(Self(instances))
    }

    /// Runs them until the process is asked to end, or one of them ends by itself; then the others
    /// end as well.
    pub(super) async fn run(
        self,
        mut signals: Signals,
        reading: Option<Reading>,
        terminal: Terminal,
    ) -> Result<Exit, Failure> {
        let Self(instances) = self;
        let ears: Vec<_> = instances.iter().map(|instance| instance.ear.clone()).collect();
        let observer = instances.first().map(|instance| instance.observer.clone());
        let place = LocalSet::new();
        place
            .run_until(async {
                let mut running = JoinSet::new();
                for instance in instances {
                    running.spawn_local(instance.run());
                }
                let mut endings = Vec::new();
                tokio::select! {
                    () = signals.next() => terminal.say("ending; sessions are kept"),
                    Some(ended) = running.join_next() => endings.push(ended),
                    never = watch::tell(observer, terminal) => match never {},
                }
                tokio::spawn(async move {
                    signals.next().await;
                    process::exit(i32::from(Exit::Failed.code()));
                });
                if let Some(reading) = reading {
                    reading.stop().await?;
                }
                ears.iter().for_each(release);
                while let Some(ended) = running.join_next().await {
                    endings.push(ended);
                }
                let endings: Result<Vec<_>, _> = endings.into_iter().collect();
                exit(&endings.map_err(|panic| Failure::Other(format!("a bug: {panic}")))?)
            })
            .await
    }
}

/// There is nobody to hand over to: everything is let go of at once, with its sessions.
fn release(ear: &Ear) {
    ear.fleet(baton_fleet::Input::Drain { limit: Duration::ZERO });
}

fn exit(endings: &[Ending]) -> Result<Exit, Failure> {
    for ending in endings {
        match ending {
            Ending::Drained => {}
            Ending::Impostor => {
                return Err(Failure::Conflict("somebody else is an instance of ours".to_owned()));
            }
            Ending::Memory => {
                return Err(Failure::Other("memory ran short; start it again".to_owned()));
            }
        }
    }
    Ok(Exit::Done)
}

fn drawn_id() -> Result<InstanceId, Failure> {
    let mut bytes = [0; 16];
    let drawn = getrandom::fill(&mut bytes);
    drawn
        .map_err(|error| Failure::Other(format!("the system gives no random numbers: {error}")))?;
    Ok(InstanceId::new(u128::from_le_bytes(bytes)))
}
