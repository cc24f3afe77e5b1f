//! A backup: what a fleet cannot do without, as text.
//!
//! It holds who was granted what and where sessions are to be resumed, so that a fleet goes on over
//! another store. It holds no events: what consumers have not read stays where it is, and only its
//! number is here. The text is JSON with the number of its shape and a checksum, for a seq that is
//! wrong by one digit loses events in silence; so nobody edits it.

pub(crate) mod file;

use std::collections::{BTreeMap, BTreeSet};

use baton_model::{
    AppName, AppShape, Epoch, FleetName, InstanceId, Lane, NewIntent, SessionRow, ShardKey,
    ShardNumber, StoreMillis, StoredApp, StreamId,
};
use baton_store::{RestoredLane, RestoredRow};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use thiserror::Error;

/// The number of the text's shape. Within one, fields are only added.
const SCHEMA: u32 = 1;

const KIND: &str = "fleet_backup";

/// What is known of a fleet at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Backup {
    pub(crate) fleet: FleetName,
    /// When, by the store's clock.
    pub(crate) taken_at: StoreMillis,
    pub(crate) apps: Vec<AppPart>,
    /// Those that operators have put into the store, and that are to run.
    #[serde(default)]
    pub(crate) stored_apps: BTreeMap<AppName, StoredApp>,
    pub(crate) intents: Vec<NewIntent>,
}

/// An app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AppPart {
    pub(crate) app: AppName,
    pub(crate) shape: AppShape,
    /// Those that were ever leased.
    pub(crate) shards: Vec<ShardPart>,
    pub(crate) lanes: Vec<LanePart>,
}

/// A shard's row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ShardPart {
    pub(crate) shard: ShardNumber,
    pub(crate) epoch: Epoch,
    /// Who held it: then the session has gone on since.
    pub(crate) holder: Option<InstanceId>,
    pub(crate) session: Option<SessionRow>,
}

/// A lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LanePart {
    pub(crate) lane: Lane,
    /// Its newest entry.
    pub(crate) last: Option<StreamId>,
    pub(crate) groups: Vec<GroupPart>,
}

/// A consumer group, and how much there is that does not come along.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GroupPart {
    pub(crate) name: String,
    pub(crate) unread: Option<u64>,
    pub(crate) unacknowledged: u64,
    pub(crate) dead_letters: u64,
}

/// Why a text is not taken for a backup.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum BackupError {
    /// It is something else.
    #[error("it is not the backup of a fleet")]
    SomethingElse,
    /// A newer Baton has written it.
    #[error("its schema is {0}, and this baton reads up to {SCHEMA}; use the one that wrote it")]
    Newer(u32),
    /// It is not as it was written.
    #[error("it is damaged ({0}); use another copy")]
    Damaged(String),
}

/// The text as far as every version can read it.
#[derive(Deserialize)]
struct Header {
    schema: u32,
    kind: String,
}

#[derive(Serialize, Deserialize)]
struct Sealed<'a> {
    schema: u32,
    kind: &'a str,
    /// CRC-32 of what follows, byte for byte.
    crc32: u32,
    #[serde(borrow)]
    backup: &'a RawValue,
}

impl Backup {
    /// The backup as text.
    pub(crate) fn encode(&self) -> String {
        let body = plain(serde_json::value::to_raw_value(self));
        let crc32 = crc32fast::hash(body.get().as_bytes());
        let sealed = Sealed { schema: SCHEMA, kind: KIND, crc32, backup: &body };
        plain(serde_json::to_string_pretty(&sealed)) + "\n"
    }

    /// Reads a backup.
    pub(crate) fn decode(text: &str) -> Result<Self, BackupError> {
        let damaged = |error: serde_json::Error| BackupError::Damaged(error.to_string());
        let header: Header =
            serde_json::from_str(text).map_err(|error| match error.classify() {
                serde_json::error::Category::Data => BackupError::SomethingElse,
                serde_json::error::Category::Syntax
                | serde_json::error::Category::Eof
                | serde_json::error::Category::Io => damaged(error),
            })?;
        if header.kind != KIND {
            return Err(BackupError::SomethingElse);
        }
        if header.schema > SCHEMA {
            return Err(BackupError::Newer(header.schema));
        }
        let sealed: Sealed<'_> = serde_json::from_str(text).map_err(damaged)?;
        let body = sealed.backup.get();
        if crc32fast::hash(body.as_bytes()) != sealed.crc32 {
            return Err(BackupError::Damaged("its checksum is another".to_owned()));
        }
        let backup: Self = serde_json::from_str(body).map_err(damaged)?;
        backup.apps.iter().try_for_each(AppPart::ensure_sound)?;
        Ok(backup)
    }

    /// The lanes as they are to be in another store.
    pub(crate) fn lanes(&self) -> Vec<RestoredLane> {
        self.apps.iter().flat_map(AppPart::restored).collect()
    }

    /// All shards, each with its app.
    pub(crate) fn shards(&self) -> impl Iterator<Item = (&AppPart, &ShardPart)> {
        self.apps.iter().flat_map(|app| app.shards.iter().map(move |shard| (app, shard)))
    }

    /// How many shards somebody held when it was taken.
    pub(crate) fn held(&self) -> usize {
        self.shards().filter(|(_, shard)| shard.holder.is_some()).count()
    }

    /// All consumer groups, each with where it reads.
    pub(crate) fn groups(&self) -> impl Iterator<Item = (&AppName, Lane, &GroupPart)> {
        let lanes = self.apps.iter().flat_map(|app| app.lanes.iter().map(move |it| (&app.app, it)));
        lanes.flat_map(|(app, it)| it.groups.iter().map(move |group| (app, it.lane, group)))
    }

    /// The newest entry of all lanes.
    pub(crate) fn newest_entry(&self) -> Option<StreamId> {
        self.apps.iter().flat_map(|app| &app.lanes).filter_map(|lane| lane.last).max()
    }
}

impl AppPart {
    /// What the checksum cannot tell: whether whoever wrote it was in its right mind.
    fn ensure_sound(&self) -> Result<(), BackupError> {
        let Self { app, shape, .. } = self;
        let mut seen = BTreeSet::new();
        for ShardPart { shard, .. } in &self.shards {
            if shard.0 >= shape.shards.0.get() || !seen.insert(shard) {
                return Err(BackupError::Damaged(format!(
                    "shard {shard} of {app} is one too many"
                )));
            }
        }
        let mut seen = BTreeSet::new();
        for LanePart { lane, .. } in &self.lanes {
            if lane.0 >= shape.lanes.0.get() || !seen.insert(lane) {
                return Err(BackupError::Damaged(format!("lane {lane} of {app} is one too many")));
            }
        }
        Ok(())
    }

    fn restored(&self) -> impl Iterator<Item = RestoredLane> {
        self.shape.lanes.lanes().map(|lane| {
            let shards = self.shards.iter();
            let shards = shards.filter(|it| self.shape.lanes.lane_of(it.shard) == lane);
            let rows = shards.map(|it| RestoredRow {
                shard: self.key(it.shard),
                epoch: it.epoch,
                session: it.session.clone(),
            });
            let groups = self.lanes.iter().filter(|it| it.lane == lane).flat_map(|it| &it.groups);
            RestoredLane {
                app: self.app.clone(),
                lane,
                rows: rows.collect(),
                groups: groups.map(|group| group.name.clone()).collect(),
            }
        })
    }

    fn key(&self, number: ShardNumber) -> ShardKey {
        ShardKey { app: self.app.clone(), generation: self.shape.generation, number }
    }
}

fn plain<T>(json: serde_json::Result<T>) -> T {
    json.unwrap_or_else(|error| unreachable!("it is plain data: {error}"))
}

#[cfg(test)]
pub(crate) mod tests {
    use baton_model::{
        Generation, IntentId, LaneCount, Line, Seq, SessionId, SessionNumber, ShardCount, Wish,
    };

    use super::*;

    /// An app of three shards on two lanes, the last of which was never leased.
    pub(crate) fn backup() -> Backup {
        let app: AppName = "bot".parse().unwrap();
        let shape = AppShape {
            generation: Generation(2),
            shards: ShardCount(3.try_into().unwrap()),
            lanes: LaneCount(2.try_into().unwrap()),
        };
        let session = SessionRow {
            number: SessionNumber(1_795_159_808_786),
            id: SessionId::new("d1b2c3e4f5a6978812345678"),
            resume_url: Some("wss://gateway-us-east1-b.discord.gg".parse().unwrap()),
            last_seq: Seq(4_711),
        };
        let shard = |number, holder, session| ShardPart {
            shard: ShardNumber(number),
            epoch: Epoch(1_795_159_808_790),
            holder,
            session,
        };
        let shards = vec![shard(0, None, Some(session)), shard(1, Some(InstanceId::new(7)), None)];
        let group = GroupPart {
            name: "workers".to_owned(),
            unread: Some(0),
            unacknowledged: 0,
            dead_letters: 0,
        };
        let last = Some(StreamId { millis: 1_795_159_809_000, number: 1 });
        let lanes = vec![
            LanePart { lane: Lane(0), last, groups: vec![group] },
            LanePart { lane: Lane(1), last: None, groups: Vec::new() },
        ];
        let options = [("token".to_owned(), "env:BOT_TOKEN".to_owned())].into();
        let wish = Wish::ReadToken { app: app.clone() };
        let (by, reason) = (Line::shortened("ann"), Line::shortened(""));
        Backup {
            fleet: "main".parse().unwrap(),
            taken_at: StoreMillis(1_795_159_810_000),
            apps: vec![AppPart { app: app.clone(), shape, shards, lanes }],
            stored_apps: [(app, StoredApp::Wanted { options })].into(),
            intents: vec![NewIntent { id: IntentId(1), wish, by, reason }],
        }
    }

    #[test]
    fn a_backup_reads_as_it_was_written() {
        assert_eq!(Backup::decode(&backup().encode()), Ok(backup()));
    }

    #[test]
    fn nothing_that_was_altered_or_cut_off_is_read_as_something_else() {
        let text = backup().encode();
        for at in 0..text.trim_end().len() {
            let cut = Backup::decode(&text[..at]);
            assert!(matches!(cut, Err(BackupError::Damaged(_))), "cut at {at}: {cut:?}");
            let mut altered = text.clone().into_bytes();
            altered[at] ^= 1;
            let altered = String::from_utf8(altered).unwrap();
            if let Ok(read) = Backup::decode(&altered) {
                assert_eq!(read, backup(), "altered at {at}");
            }
        }
    }

    #[test]
    fn what_is_no_backup_or_a_newer_one_is_told_from_what_is_damaged() {
        assert_eq!(Backup::decode(r#"{"schema":1,"items":[]}"#), Err(BackupError::SomethingElse));
        assert_eq!(
            Backup::decode(r#"{"schema":1,"kind":"shard_list"}"#),
            Err(BackupError::SomethingElse)
        );
        let newer = r#"{"schema":2,"kind":"fleet_backup","sealed":{}}"#;
        assert_eq!(Backup::decode(newer), Err(BackupError::Newer(2)));
        for damaged in ["", "x", r#"{"schema":1,"kind":"fleet_backup"}"#] {
            let read = Backup::decode(damaged);
            assert!(matches!(read, Err(BackupError::Damaged(_))), "{read:?}");
        }
    }

    #[test]
    fn no_shard_and_no_lane_lies_outside_of_its_app() {
        let mut beyond = backup();
        beyond.apps[0].shards[1].shard = ShardNumber(3);
        let mut twice = backup();
        twice.apps[0].shards[1].shard = ShardNumber(0);
        let mut lane = backup();
        lane.apps[0].lanes[1].lane = Lane(2);
        for (unsound, what) in [(beyond, "shard 3"), (twice, "shard 0"), (lane, "lane 2")] {
            let because = format!("{what} of bot is one too many");
            assert_eq!(Backup::decode(&unsound.encode()), Err(BackupError::Damaged(because)));
        }
    }

    #[test]
    fn every_lane_is_restored_with_its_shards_and_its_groups() {
        let lanes = backup().lanes();
        let shown: Vec<_> = lanes
            .iter()
            .map(|it| {
                let shards = it.rows.iter().map(|row| row.shard.to_string());
                (it.lane.0, shards.collect::<Vec<_>>().join(" "), it.groups.join(" "))
            })
            .collect();
        let text = |text: &str| text.to_owned();
        assert_eq!(shown, [(0, text("bot/2.0"), text("workers")), (1, text("bot/2.1"), text(""))]);
        assert_eq!(lanes[0].rows[0].session, backup().apps[0].shards[0].session);
    }
}
