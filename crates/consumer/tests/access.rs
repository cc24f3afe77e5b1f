//! The way in: a user with just the rights that the documents list, and TLS.

#[expect(dead_code, reason = "consumers are looked at elsewhere")]
mod support;

use std::{
    fs, io,
    sync::{Arc, Mutex},
    time::Duration,
};

use baton_consumer::{ConsumerBuilder, Delivery, RunError};
use baton_test_servers::{Program, Server};
use rcgen::generate_simple_self_signed;
use support::{consumer, entry, events, letters, pending, until, write_at};
use tokio::{sync::Notify, task::JoinHandle, time::timeout};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/consumers.md");

/// The number of the event that no handler takes.
const POISON: u64 = 5;

type Running = JoinHandle<Result<(), RunError>>;

/// A consumer at work, and the numbers of what it has handled.
struct Work {
    running: Running,
    stop: Arc<Notify>,
    handled: Arc<Mutex<Vec<u64>>>,
}

impl Work {
    fn start(builder: ConsumerBuilder) -> Self {
        let (stop, handled) = (Arc::new(Notify::new()), Arc::<Mutex<Vec<u64>>>::default());
        let (stopped, noted) = (stop.clone(), handled.clone());
        let handler = move |delivery: Delivery| {
            let seq = delivery.key().seq.0;
            let noted = noted.clone();
            async move {
                if seq == POISON {
                    return Err(io::Error::other("not this one"));
                }
                noted.lock().expect("no panic").push(seq);
                Ok(())
            }
        };
        let consumer = builder.build().expect("a consumer");
        let running =
            tokio::spawn(async move { consumer.run_until(handler, stopped.notified()).await });
        Self { running, stop, handled }
    }

    async fn until_handled(&self, count: usize) {
        until("all are handled", || self.handled.lock().expect("no panic").len() >= count).await;
    }

    async fn stop(self) {
        self.stop.notify_one();
        self.running.await.expect("no panic").expect("it was allowed everything");
    }
}

/// The rights that the document tells operators to grant.
fn documented_rights() -> Vec<String> {
    let text = fs::read_to_string(DOCUMENT).expect("the document");
    let line = text.lines().find_map(|line| line.strip_prefix("user consumer on "));
    let rights = line.expect("a line of rights").split_whitespace();
    rights.filter(|word| !word.starts_with('>')).map(str::to_owned).collect()
}

/// Makes a user, and says by which url it comes in.
fn admit(server: &Server, rights: &[String]) -> String {
    let mut words = vec!["ACL", "SETUSER", "consumer", "reset", "on", ">secret"];
    words.extend(rights.iter().map(String::as_str));
    server.command::<()>(&words).expect("a user");
    format!("valkey://consumer:secret@127.0.0.1:{}", server.port())
}

fn leave_two_to_a_dead_one(server: &Server) {
    let stream = events(0);
    server.command::<()>(&["XGROUP", "CREATE", &stream, "group", "0"]).expect("a group");
    let read = ["XREADGROUP", "GROUP", "group", "dead", "COUNT", "2", "STREAMS", &stream, ">"];
    server.command::<redis::Value>(&read).expect("two entries");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_documented_rights_suffice_to_read_give_up_take_over_and_leave() {
    for (program, is_exclusive) in [(Program::Valkey, false), (Program::Redis, true)] {
        let server = Server::start(program, &[]);
        let url = admit(&server, &documented_rights());
        let some: Vec<_> = (1..=20).map(|seq| entry(seq, Some(seq % 3))).collect();
        write_at(&server, 0, &some);
        leave_two_to_a_dead_one(&server);
        let builder = consumer(&url).claim_after(Duration::from_millis(500));
        let builder = if is_exclusive { builder.exclusive() } else { builder };
        let work = Work::start(builder);
        work.until_handled(19).await;
        until("the poison is a letter", || letters(&server, 0).len() == 1).await;
        until("all is acknowledged", || pending(&server, 0) == 0).await;
        let reports = || server.command::<u64>(&["HLEN", "baton:{bot}:handlers"]);
        until("it has told of its handlers", || reports() == Ok(1)).await;
        work.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_right_ends_it_and_is_named() {
    let server = Server::start(Program::Valkey, &[]);
    let rights = documented_rights().into_iter().filter(|right| right != "+xreadgroup");
    let url = admit(&server, &rights.collect::<Vec<_>>());
    write_at(&server, 0, &[entry(1, None)]);
    let run = consumer(&url)
        .build()
        .expect("a consumer")
        .run(|_: Delivery| async { Ok::<_, io::Error>(()) });
    let ended = timeout(support::PATIENCE, run).await.expect("it does not try for ever");
    let told = ended.expect_err("it may not read").to_string();
    assert!(told.contains("xreadgroup") && told.contains("grant the user the rights"), "{told}");
    assert!(!told.contains("secret"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_over_tls_and_trusts_no_foreign_certificate() {
    let named =
        || generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    let (ours, foreign) = (named(), named());
    let key = ours.signing_key.serialize_pem();
    let (server, port) = Server::start_with_tls(&ours.cert.pem(), &key);
    let some: Vec<_> = (1..=20).filter(|seq| *seq != POISON).map(|seq| entry(seq, None)).collect();
    write_at(&server, 0, &some);
    let url = format!("valkeys://localhost:{port}");
    let deceived = Work::start(consumer(&url).ca_pem(foreign.cert.pem().as_bytes()));
    let work = Work::start(consumer(&url).name("trusting").ca_pem(ours.cert.pem().as_bytes()));
    work.until_handled(some.len()).await;
    work.stop().await;
    assert_eq!(deceived.handled.lock().expect("no panic").len(), 0);
    deceived.running.abort();
}
