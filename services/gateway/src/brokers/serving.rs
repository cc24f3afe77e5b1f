//! The task that looks after an app's streams, where the app's first shard is.
//!
//! That is one instance without anybody's having to agree, and whatever two of them do at the same
//! time the store does once. So work that is broken off here is simply begun again elsewhere.

use std::{convert::Infallible, sync::Arc};

use baton_model::{AppName, AppShape};
use baton_store::Store;
use tokio::sync::watch;

use super::{BrokersSettings, OUTGOING, routing::Router, tending::Tender};
use crate::{lane_face::LaneFace, tuning::AppTuning};

/// Whose streams, and what is needed to look after them.
pub(crate) struct Serving<S> {
    pub(crate) app: AppName,
    pub(crate) shape: AppShape,
    pub(crate) store: S,
    pub(crate) tuning: watch::Receiver<AppTuning>,
    /// Where it is counted what was done.
    pub(crate) face: Arc<LaneFace>,
}

/// To whom it is said whether the app's first shard is here. The task ends with it.
#[derive(Debug)]
pub(crate) struct Served(watch::Sender<bool>);

impl Served {
    pub(crate) fn set_here(&self, is_here: bool) {
        self.0.send_if_modified(|was_here| std::mem::replace(was_here, is_here) != is_here);
    }
}

impl<S: Store> Serving<S> {
    /// Starts the task, which does nothing yet.
    pub(crate) fn start(self) -> Served {
        let (tell, is_here) = watch::channel(false);
        tokio::spawn(self.run(is_here));
        Served(tell)
    }

    async fn run(mut self, mut is_here: watch::Receiver<bool>) {
        loop {
            let is_wanted = *is_here.borrow_and_update();
            let tuning = self.tuning.borrow_and_update().clone();
            let settings = tuning.brokers.clone().filter(|_| is_wanted);
            let mut news = self.tuning.clone();
            tokio::select! {
                biased;
                told = is_here.changed() => if told.is_err() {
                    return;
                },
                () = changed(&mut news) => {}
                never = self.serve(settings, &tuning) => match never {},
            }
        }
    }

    async fn serve(&self, settings: Option<BrokersSettings>, tuning: &AppTuning) -> Infallible {
        let Some(settings) = settings else {
            return std::future::pending().await;
        };
        let Self { app, shape, store, face, .. } = self;
        let outgoing = settings.stream(OUTGOING);
        let router = Router { app, shape: *shape, store, face, stream: &outgoing };
        let (keep, group_idle_max) = (tuning.keep, settings.group_idle_max);
        let tender = Tender { app, store, face, outgoing: &outgoing, keep, group_idle_max };
        tokio::select! {
            never = router.run() => never,
            never = tender.run() => never,
        }
    }
}

/// Ends when something is otherwise; never where nothing can be any more.
async fn changed(tuning: &mut watch::Receiver<AppTuning>) {
    if tuning.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}
