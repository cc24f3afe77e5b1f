//! The task that owns the machine: inputs come to its desk, and outputs leave from there.

use std::collections::BTreeMap;

use baton_model::Moment;
use bytes::Bytes;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::Instant,
};

use crate::{ConnectionId, Discord, Input, Output, RequestId, Settings};

/// Frames that may wait for one client's socket. A client that has stopped reading is dropped, as
/// Discord drops it.
const FRAMES_WAITING_MAX: usize = 16_384;

/// Letters that may lie at the desk. Whoever brings another waits, and its client with it.
const LETTERS_WAITING_MAX: usize = 4_096;

/// What a connection's own task is to do.
#[derive(Debug)]
pub(super) enum Order {
    Send(Bytes),
    Close(u16, &'static str),
    Stall,
    Corrupt,
}

/// An answer to a REST or admin request.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) retry_after_s: Option<u64>,
    pub(super) body: String,
}

type Look = Box<dyn FnOnce(&Discord) + Send>;

enum Letter {
    Happened(Input),
    /// A client asks for a websocket; its orders go here. A closed channel means: drop it.
    Opened {
        host: crate::Host,
        query: String,
        opened: oneshot::Sender<Opened>,
    },
    Asked {
        ask: Ask,
        answer: oneshot::Sender<Response>,
    },
    Look(Look),
}

/// A connection as its task gets it: its number, and what comes to it. No order ever comes to one
/// that is refused.
pub(super) struct Opened {
    pub(super) connection: ConnectionId,
    pub(super) orders: mpsc::Receiver<Order>,
    /// Says that the client has stopped reading: what was ordered can go nowhere.
    pub(super) cut: oneshot::Receiver<()>,
}

/// The clerk's end of that.
struct Line {
    orders: mpsc::Sender<Order>,
    cut: oneshot::Sender<()>,
}

/// A request to one of the two HTTP faces.
pub(super) enum Ask {
    Rest { method: String, path: String, authorization: Option<String> },
    Admin { method: String, path: String, body: String },
}

/// Where everybody brings what happened.
#[derive(Debug, Clone)]
pub(super) struct Desk {
    letters: mpsc::Sender<Letter>,
}

impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Letter")
    }
}

impl Desk {
    pub(super) async fn input(&self, input: Input) {
        self.bring(Letter::Happened(input)).await;
    }

    /// Opens a connection; none if it is refused.
    pub(super) async fn open(&self, host: crate::Host, query: String) -> Option<Opened> {
        let (opened, answer) = oneshot::channel();
        self.bring(Letter::Opened { host, query, opened }).await;
        answer.await.ok()
    }

    pub(super) async fn ask(&self, ask: Ask) -> Option<Response> {
        let (answer, answered) = oneshot::channel();
        self.bring(Letter::Asked { ask, answer }).await;
        answered.await.ok()
    }

    pub(super) async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Discord) -> T + Send + 'static,
    ) -> T {
        let (sender, seen) = oneshot::channel();
        let look: Look = Box::new(move |discord| {
            // Whoever looked may have lost interest.
            drop(sender.send(look(discord)));
        });
        self.bring(Letter::Look(look)).await;
        seen.await.expect("the machine is running")
    }

    async fn bring(&self, letter: Letter) {
        // Without the task there is nobody left whom it could concern.
        drop(self.letters.send(letter).await);
    }
}

/// Opens the desk.
pub(super) fn open(settings: Settings, seed: u64, tasks: &mut JoinSet<()>) -> Desk {
    let (letters, inbox) = mpsc::channel(LETTERS_WAITING_MAX);
    let clerk = Clerk {
        discord: Discord::new(settings, seed, Moment::ZERO),
        started: Instant::now(),
        connections: BTreeMap::new(),
        answers: BTreeMap::new(),
        last_number: 0,
    };
    tasks.spawn(clerk.work(inbox));
    Desk { letters }
}

struct Clerk {
    discord: Discord,
    started: Instant,
    connections: BTreeMap<ConnectionId, Line>,
    answers: BTreeMap<RequestId, oneshot::Sender<Response>>,
    last_number: u64,
}

impl Clerk {
    async fn work(mut self, mut inbox: mpsc::Receiver<Letter>) {
        loop {
            let wake = self.discord.poll_timeout().map(|at| self.instant_of(at));
            let letter = match wake {
                None => inbox.recv().await,
                Some(at) => match tokio::time::timeout_at(at, inbox.recv()).await {
                    Ok(letter) => letter,
                    Err(_) => Some(Letter::Happened(Input::Wake)),
                },
            };
            let Some(letter) = letter else { return };
            self.read(letter);
            self.carry_out();
        }
    }

    fn read(&mut self, letter: Letter) {
        match letter {
            Letter::Happened(input) => {
                if let Input::Closed { connection, .. } = &input {
                    self.connections.remove(connection);
                }
                self.handle(input);
            }
            Letter::Opened { host, query, opened } => self.admit(host, query, opened),
            Letter::Asked { ask, answer } => {
                let request = RequestId(self.next_number());
                self.answers.insert(request, answer);
                self.handle(match ask {
                    Ask::Rest { method, path, authorization } => {
                        Input::Rest { request, method, path, authorization }
                    }
                    Ask::Admin { method, path, body } => {
                        Input::Admin { request, method, path, body }
                    }
                });
            }
            Letter::Look(look) => look(&self.discord),
        }
    }

    fn admit(&mut self, host: crate::Host, query: String, opened: oneshot::Sender<Opened>) {
        let connection = ConnectionId(self.next_number());
        let (orders, inbox) = mpsc::channel(FRAMES_WAITING_MAX);
        let (cut, is_cut) = oneshot::channel();
        self.connections.insert(connection, Line { orders, cut });
        self.handle(Input::Opened { connection, host, query });
        // Who is refused must find the orders closed.
        self.carry_out();
        let is_gone = opened.send(Opened { connection, orders: inbox, cut: is_cut }).is_err();
        if is_gone && self.connections.remove(&connection).is_some() {
            self.handle(Input::Closed { connection, code: None });
        }
    }

    fn carry_out(&mut self) {
        while let Some(output) = self.discord.poll_output() {
            match output {
                Output::Send { connection, frame } => self.order(connection, Order::Send(frame)),
                Output::Close { connection, code, reason } => {
                    self.order(connection, Order::Close(code, reason));
                }
                Output::Stall { connection } => self.order(connection, Order::Stall),
                Output::Corrupt { connection } => self.order(connection, Order::Corrupt),
                // Its task ends with its orders.
                Output::Drop { connection } | Output::Refuse { connection } => {
                    self.connections.remove(&connection);
                }
                Output::Respond { request, status, retry_after_s, body } => {
                    if let Some(answer) = self.answers.remove(&request) {
                        // The client may have gone.
                        drop(answer.send(Response { status, retry_after_s, body }));
                    }
                }
            }
        }
    }

    fn order(&mut self, connection: ConnectionId, order: Order) {
        let Some(line) = self.connections.get(&connection) else { return };
        if line.orders.try_send(order).is_ok() {
            return;
        }
        if let Some(Line { cut, .. }) = self.connections.remove(&connection) {
            // Its task may have ended by itself.
            let _ = cut.send(());
        }
        self.handle(Input::Closed { connection, code: None });
    }

    fn handle(&mut self, input: Input) {
        let now = self.now();
        self.discord.handle(input, now);
    }

    fn now(&self) -> Moment {
        Moment::ZERO + self.started.elapsed()
    }

    fn instant_of(&self, at: Moment) -> Instant {
        self.started + at.since(Moment::ZERO)
    }

    fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::FutureExt;
    use tokio::task::unconstrained;

    use super::*;
    use crate::{Host, load::Content};

    const QUERY: &str = "v=10&encoding=json";
    const IDENTIFY: &str = r#"{"op":2,"d":{"token":"token","intents":0,"properties":{}}}"#;

    fn something_happens() -> Input {
        let name = baton_model::EventName::new("SOMETHING");
        Input::Emit { slice: None, content: Content::Given { name, data: "{}".into() } }
    }

    async fn connections_and_sessions(desk: &Desk) -> (Option<u64>, Option<u64>) {
        let (method, path) = ("GET".to_owned(), "/connections".to_owned());
        let ask = Ask::Admin { method, path, body: String::new() };
        let body = desk.ask(ask).await.expect("the clerk answers").body;
        let body: serde_json::Value = serde_json::from_str(&body).expect("JSON");
        (body["connections"].as_u64(), body["sessions"].as_u64())
    }

    #[tokio::test]
    async fn so_many_frames_wait_for_a_client_and_the_next_one_ends_it() {
        let mut tasks = JoinSet::new();
        let desk = open(Settings { guilds: 0, ..Settings::default() }, 7, &mut tasks);
        let opened = desk.open(Host::Gateway, QUERY.to_owned()).await.expect("admitted");
        let Opened { connection, mut orders, mut cut } = opened;
        desk.input(Input::Text { connection, text: IDENTIFY.to_owned() }).await;
        // HELLO and READY wait already.
        for _ in 2..FRAMES_WAITING_MAX {
            desk.input(something_happens()).await;
        }
        assert_eq!(connections_and_sessions(&desk).await, (Some(1), Some(1)));
        assert_eq!((orders.len(), cut.try_recv().ok()), (FRAMES_WAITING_MAX, None));
        desk.input(something_happens()).await;
        assert_eq!(connections_and_sessions(&desk).await, (Some(0), Some(1)));
        assert_eq!(cut.try_recv(), Ok(()));
        for _ in 0..FRAMES_WAITING_MAX {
            assert!(matches!(orders.recv().await, Some(Order::Send(_))));
        }
        assert!(orders.recv().await.is_none(), "there is more than may wait");
    }

    #[tokio::test]
    async fn so_many_letters_lie_at_the_desk_and_whoever_brings_the_next_one_waits() {
        let mut tasks = JoinSet::new();
        let desk = open(Settings::default(), 7, &mut tasks);
        // The clerk does not work before this test waits for something.
        for _ in 0..LETTERS_WAITING_MAX {
            let brought = unconstrained(desk.input(Input::Wake)).now_or_never();
            assert!(brought.is_some(), "there is room");
        }
        let mut next = pin!(unconstrained(desk.input(Input::Wake)));
        assert!(next.as_mut().now_or_never().is_none(), "there is none left");
        next.await;
    }
}
