//! The live page: the fleet as one look a second shows it, for as long as somebody watches.
//!
//! It only shows. What is to be done about it is done with `baton`. While nobody has it open
//! nothing is asked of the store; while many have, no more than for one.

mod picture;

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::State,
    http::{HeaderName, header},
    response::{
        IntoResponse, Response,
        sse::{Event, Sse},
    },
    routing::get,
};
use baton_model::FleetName;
use baton_overview::Sight;
use baton_store::{Store, StoreError};
use futures_util::{Stream, stream};
use serde::Serialize;
use tokio::{
    net::TcpListener,
    sync::{Notify, watch},
};

use self::picture::{LaneSeen, Picture};

/// The pause between two looks.
const PAUSE: Duration = Duration::from_secs(1);

/// So many happenings are shown.
const HAPPENINGS: usize = 40;

/// So many lanes are looked at each time. Each is a question of its own to the store.
const LANES_MAX: usize = 64;

const HTML: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");

/// A page loads nothing from elsewhere, whatever stands in it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What one look has come to, as JSON.
type Shown = Option<Arc<str>>;

/// Shows the fleet; clones show the same looks.
#[derive(Debug, Clone)]
pub struct Page {
    shown: Arc<watch::Sender<Shown>>,
    somebody_came: Arc<Notify>,
}

impl Page {
    /// A page of the fleet in this store. It ends with the runtime that it is made on.
    #[must_use]
    pub fn open<S: Store>(store: S, fleet: FleetName) -> Self {
        let page = Self {
            shown: Arc::new(watch::Sender::new(None)),
            somebody_came: Arc::new(Notify::new()),
        };
        tokio::spawn(page.clone().show_while_watched(store, fleet));
        page
    }

    /// Shows it and nothing else, for as long as it is polled.
    ///
    /// # Errors
    /// If the listener fails for good.
    pub async fn serve(self, listener: TcpListener) -> std::io::Result<()> {
        axum::serve(listener, self.routes()).await
    }

    /// What a browser asks for.
    pub(crate) fn routes(self) -> Router {
        Router::new()
            .route("/", get(|| async { asset("text/html; charset=utf-8", HTML) }))
            .route("/page.css", get(|| async { asset("text/css; charset=utf-8", STYLE) }))
            .route("/page.js", get(|| async { asset("text/javascript; charset=utf-8", SCRIPT) }))
            .route("/pictures", get(pictures))
            .with_state(self)
    }

    async fn show_while_watched<S: Store>(self, store: S, fleet: FleetName) {
        loop {
            if self.shown.receiver_count() == 0 {
                // Whoever comes next must not take what was true then for what is.
                self.shown.send_replace(None);
                self.somebody_came.notified().await;
            }
            let seen = take(&store, &fleet).await;
            let json = match &seen {
                Ok(picture) => json(picture),
                Err(error) => json(&Trouble { trouble: error.to_string() }),
            };
            self.shown.send_replace(Some(json));
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn watch(&self) -> watch::Receiver<Shown> {
        let mut watching = self.shown.subscribe();
        watching.mark_changed();
        self.somebody_came.notify_one();
        watching
    }
}

/// Why there is no picture.
#[derive(Debug, Serialize)]
struct Trouble {
    trouble: String,
}

async fn take<S: Store>(store: &S, fleet: &FleetName) -> Result<Picture, StoreError> {
    let sight = Sight::take(store, HAPPENINGS).await?;
    let apps = sight.look.apps.iter();
    let lanes = apps.flat_map(|(app, shape)| shape.lanes.lanes().map(|lane| (app.clone(), lane)));
    let lanes: Vec<_> = lanes.collect();
    let left_out = lanes.len().saturating_sub(LANES_MAX);
    let mut seen: Vec<LaneSeen> = Vec::new();
    for (app, lane) in lanes.into_iter().take(LANES_MAX) {
        let view = store.lane(&app, lane).await?;
        seen.push((app, lane, view));
    }
    Ok(Picture::of(fleet.as_str(), &sight, seen, left_out))
}

async fn pictures(State(page): State<Page>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let events = stream::unfold(page.watch(), |mut watching| async move {
        loop {
            watching.changed().await.ok()?;
            let shown = watching.borrow_and_update().clone();
            if let Some(json) = shown {
                return Some((Ok(Event::default().data(json)), watching));
            }
        }
    });
    Sse::new(events)
}

fn json(value: &impl Serialize) -> Arc<str> {
    serde_json::to_string(value).expect("it is JSON").into()
}

fn asset(content_type: &'static str, body: &'static str) -> Response {
    let headers: [(HeaderName, &'static str); 4] = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, body).into_response()
}

#[cfg(test)]
mod tests {
    use baton_store_embedded::{EmbeddedStore, Options};
    use tokio::time::sleep;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn looks_only_while_somebody_watches_and_shows_nobody_what_was_seen_before() {
        let store = EmbeddedStore::in_memory(Options::default());
        let page = Page::open(store, "main".parse().expect("a name"));
        let shown = || page.shown.borrow().clone();
        sleep(10 * PAUSE).await;
        assert_eq!(shown(), None, "nobody has come");
        let mut watching = page.watch();
        watching.wait_for(Option::is_some).await.expect("it looks");
        drop(watching);
        sleep(10 * PAUSE).await;
        assert_eq!(shown(), None, "everybody has left");
    }

    #[test]
    fn a_page_may_load_nothing_from_elsewhere() {
        let page = asset("text/html", HTML);
        let policy = &page.headers()[header::CONTENT_SECURITY_POLICY];
        assert!(policy.to_str().is_ok_and(|policy| policy.starts_with("default-src 'none'")));
    }
}
