//! The archive in a bucket, with everything that may happen on the way there.

use baton_test_servers::{Program, Server};

use crate::{
    archiver::Settings,
    lane::{Written, left, write_range},
    moto::Moto,
    proxy::{Proxy, Rule},
    reader,
    waiting::until,
};

struct Scene {
    server: Server,
    moto: Moto,
    proxy: Proxy,
    written: Written,
}

impl Scene {
    fn new() -> Self {
        let moto = Moto::start();
        let proxy = Proxy::start(moto.port);
        let server = Server::start(Program::Valkey, &[]);
        Self { server, moto, proxy, written: Written::new() }
    }

    fn settings(&self) -> Settings {
        Settings::s3(&self.server, self.proxy.port)
    }

    fn write(&mut self, seqs: std::ops::Range<u64>) {
        write_range(&self.server, 0, seqs, &mut self.written);
    }

    fn ensure_exact(&self) {
        until("everything is acknowledged", || left(&self.server, 0) == 0);
        reader::ensure_exact(&self.moto.objects(), &self.written);
    }
}

/// Two writers in a row: the first is killed where it is held.
fn killed_where(rule: Rule) {
    let mut scene = Scene::new();
    let first = scene.settings().start();
    first.await_lanes(2);
    scene.write(1..50);
    until("the first object is there", || left(&scene.server, 0) == 0);
    scene.proxy.set(rule);
    scene.write(50..100);
    scene.proxy.await_held();
    assert_eq!(left(&scene.server, 0), 50, "nothing is acknowledged that may not last");
    first.kill();
    scene.proxy.set(Rule::Pass);
    scene.write(100..150);
    let _second = scene.settings().start();
    scene.ensure_exact();
}

#[test]
fn killed_before_its_record_is_made() {
    killed_where(Rule::HoldBefore("/journal/"));
}

#[test]
fn killed_when_its_record_is_made() {
    killed_where(Rule::HoldAfter("/journal/"));
}

#[test]
fn killed_before_its_object_is_put() {
    killed_where(Rule::HoldBefore("/date"));
}

#[test]
fn killed_when_its_object_is_put_and_not_acknowledged() {
    killed_where(Rule::HoldAfter("/date"));
}

#[test]
fn a_place_that_is_away_or_in_trouble_is_waited_for() {
    let mut scene = Scene::new();
    let archiver = scene.settings().start();
    archiver.await_lanes(2);
    let troubles = [
        Rule::Cut,
        Rule::Refuse(500, "InternalError"),
        Rule::Refuse(503, "SlowDown"),
        Rule::Refuse(403, "AccessDenied"),
        Rule::LoseAnswers,
    ];
    for (round, rule) in (1_u64..).zip(troubles) {
        scene.proxy.set(rule);
        scene.write(round * 100..round * 100 + 100);
        until("it is not ready", || {
            let ready = archiver.get("/readyz");
            ready.is_some_and(|(status, body)| status == 503 && body.starts_with("lane 0: "))
        });
        assert_eq!(archiver.get("/livez").map(|(status, _)| status), Some(200));
        assert_eq!(left(&scene.server, 0), 100, "nothing is acknowledged");
        scene.proxy.set(Rule::Pass);
        until("it gets on", || left(&scene.server, 0) == 0);
        assert_eq!(archiver.get("/readyz").map(|(status, _)| status), Some(200));
    }
    scene.ensure_exact();
    archiver.stop();
}

#[test]
fn a_place_that_cannot_be_used_is_named_in_one_line_and_no_key_with_it() {
    let scene = Scene::new();
    let bucket = scene.settings().with("S3__BUCKET", "nowhere");
    for (settings, rule, told) in [
        (bucket, Rule::Pass, "bucket nowhere is not there; make it, or correct s3.bucket"),
        (
            scene.settings(),
            Rule::Refuse(403, "SignatureDoesNotMatch"),
            "bucket events refuses the keys: ",
        ),
        (
            scene.settings(),
            Rule::Unconditional,
            "bucket events does not refuse to make an object twice (If-None-Match)",
        ),
    ] {
        scene.proxy.set(rule);
        for words in [&["check"][..], &[]] {
            let (code, said) = settings.run(words);
            assert_eq!(code, Some(1), "{said}");
            assert!(said.contains(told) && said.trim_end().lines().count() == 1, "{said}");
            assert!(!said.contains("hunter2"), "{said}");
        }
    }
    scene.proxy.set(Rule::Pass);
    assert_eq!(scene.settings().run(&["check"]).0, Some(0));
}
