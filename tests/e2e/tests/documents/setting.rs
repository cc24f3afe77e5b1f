//! What a page takes for granted: a fleet, a bucket, another Valkey.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use crate::{
    bucket::Bucket,
    page::{Block, Page},
    place::Place,
};

/// Of every instance that a page takes for granted.
const GATEWAY: &str = r#"
store.url = "STORE"

[http]
listen = "127.0.0.1:0"

[instance]
workers = 2

[stored_apps]
token_folder = "TOKENS"
gateway_url = "ws://127.0.0.1:4000"
api_url = "http://127.0.0.1:4002/api/v10"

[apps.APP]
token = "file:token"
intents = ["guilds", "guild_messages"]
shards = 12
lanes = 4
gateway_url = "ws://127.0.0.1:4000"
api_url = "http://127.0.0.1:4002/api/v10"
"#;

/// Those of the page on the command line.
const NAMES: [&str; 4] = ["gateway-1", "gateway-2", "gateway-3", "gateway-4"];

/// How the store of the fleet is called here, and as pages call another.
const STORE: &str = "valkey://of-the-fleet";
const NEW: &str = "valkey://new";

/// How long an archive may take to hold anything.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a page takes for granted.
pub(crate) enum Setting {
    /// Nothing: it brings everything along.
    Checkout,
    /// A fleet of four, and an empty Valkey besides.
    Fleet,
    /// A fleet of one, of which something is asked.
    Alert,
    /// A fleet of two that moves to another Valkey.
    Move,
    /// A fleet of one whose events are archived, and a bucket.
    Archive(Bucket),
}

impl Setting {
    /// Makes what a page takes for granted.
    pub(crate) fn of(page: &Page, place: &mut Place) -> Self {
        place.put("token", "token");
        match page.name.as_str() {
            "docs/cli.md" => Self::fleet(place),
            "docs/runbook/move-valkey.md" => Self::of_move(place),
            "docs/archive.md" => Self::archive(page, place),
            name if name.starts_with("docs/runbook/") => Self::alert(place),
            _ => Self::Checkout,
        }
    }

    fn fleet(place: &mut Place) -> Self {
        let url = begin_fleet(place, "try");
        place.store(NEW);
        fs::create_dir(place.path("tokens")).expect("a folder");
        place.put("tokens/mybot", "token");
        place.variable("BATON_STORE__URL", &url);
        instances(place, &NAMES);
        Self::Fleet
    }

    /// Where somebody is called to; nothing is wrong there.
    fn alert(place: &mut Place) -> Self {
        let url = begin_fleet(place, "mybot");
        place.variable("BATON_STORE__URL", &url);
        instances(place, &NAMES[..1]);
        Self::Alert
    }

    fn of_move(place: &mut Place) -> Self {
        let url = begin_fleet(place, "mybot");
        place.word("--store OLD", &format!("--store {url}"));
        place.word("--fleet FLEET", "--fleet main");
        let new = place.store(NEW);
        place.word("--store NEW", &format!("--store {new}"));
        instances(place, &NAMES[..2]);
        Self::Move
    }

    fn archive(page: &Page, place: &mut Place) -> Self {
        let url = begin_fleet(place, "mybot");
        place.word("valkey://127.0.0.1:6379", &url);
        place.variable("BATON_STORE__URL", &url);
        instances(place, &NAMES[..1]);
        let bucket = Bucket::start("mybot-events");
        place.variable("ARCHIVE_KEY_ID", "key");
        place.variable("BATON_ARCHIVER_HTTP__LISTEN", "127.0.0.1:0");
        place.variable("BATON_ARCHIVER_S3__ENDPOINT", &bucket.endpoint());
        let secret = place.path("secret").display().to_string();
        place.word("/run/secrets/archive-key", &secret);
        place.put("secret", "secret");
        let written = page.written_in("toml").next().expect("its configuration");
        place.put("archiver.toml", &written.text);
        // Whatever the page shows to have been archived was archived within the hour.
        for (on_the_page, when) in [("2026-11-20T18", "1 hour ago"), ("2026-11-20T20", "1 hour")] {
            place.word(on_the_page, &format!("$(date -u -d '{when}' +%Y-%m-%dT%H)"));
        }
        Self::Archive(bucket)
    }

    /// What happens besides, before a command.
    pub(crate) fn before(&self, command: &str, place: &mut Place) {
        match self {
            // As the page says in between.
            Self::Move if command.contains(" backup ") => place.end_instances(),
            Self::Move if command.contains(" wait ") => {
                let [old, new] = [STORE, NEW].map(|url| place.here(url));
                let config = place.path("gateway.toml");
                let config = fs::read_to_string(config).expect("it is there");
                place.put("gateway.toml", &config.replace(&old, &new));
                begin_instances(place, &NAMES[..2]);
            }
            Self::Checkout | Self::Fleet | Self::Alert | Self::Move | Self::Archive(_) => {}
        }
    }

    /// What has to have happened when a block ends, or is put right then.
    pub(crate) fn after(&self, block: &Block, place: &mut Place) {
        match self {
            Self::Fleet => {
                for name in NAMES {
                    place.types(&format!("baton undrain {name} || true"));
                    place.types(&format!("baton wait --for up={name} --timeout 2m"));
                }
                all_live(place);
            }
            Self::Archive(bucket) if block.text.contains(" check") => {
                let end = Instant::now() + PATIENCE;
                while !is_read(place) {
                    assert!(Instant::now() < end, "the archiver reads nothing");
                    thread::sleep(Duration::from_millis(100));
                }
                place.end();
                assert!(bucket.objects() > 0, "what it has read is in the bucket");
            }
            Self::Checkout if block.text.contains("baton-gateway") => {
                place.types("baton wait --for all-live --timeout 2m");
            }
            Self::Checkout | Self::Alert | Self::Move | Self::Archive(_) => {}
        }
    }
}

/// A store, a Discord, and a configuration for instances.
fn begin_fleet(place: &mut Place, app: &str) -> String {
    let url = place.store(STORE);
    let tokens = place.path("tokens").display().to_string();
    let config = GATEWAY.replace("APP", app).replace("STORE", &url).replace("TOKENS", &tokens);
    place.put("gateway.toml", &config);
    place.begin();
    place.types("baton-mock-discord --shards-max 12 --max-concurrency 16 --rate 1");
    place.keep();
    url
}

fn begin_instances(place: &mut Place, names: &[&str]) {
    for name in names {
        place.types(&format!("BATON_INSTANCE__NAME={name} baton-gateway --config gateway.toml"));
    }
    place.keep();
}

fn instances(place: &mut Place, names: &[&str]) {
    begin_instances(place, names);
    all_live(place);
}

fn all_live(place: &mut Place) {
    let url = place.here(STORE);
    place.types(&format!("baton --store {url} wait --for all-live --timeout 2m"));
}

/// Whether the archiver has been given anything.
fn is_read(place: &mut Place) -> bool {
    let groups = place.types("baton stream groups -o jsonl");
    groups.lines().any(|line| {
        let group: serde_json::Value = serde_json::from_str(line).expect("JSON");
        group["group"] == "archiver" && group["pending"].as_u64() > Some(0)
    })
}
