//! Where what lies.
//!
//! ```text
//! <app>/v1/date=2026-11-20/hour=19/lane=3/0000000042.ndjson.zst      entries
//! <app>/v1/journal/lane=3/0000000/0000000042.json                    who wrote them, and what is
//! done
//! ```
//!
//! Objects of a lane are numbered, and the number is what two writers contend for: a record of the
//! journal is made under it only where there is none. `v1` is the format of everything below it.

use baton_model::{AppName, Lane};
use object_store::path::Path;

use crate::hour::Hour;

/// The format that is written and read.
pub const FORMAT: &str = "v1";

/// Records in one folder of the journal: a folder is listed at once.
const RECORDS_PER_FOLDER: u64 = 1_000;

/// Where an app's archive lies.
#[derive(Debug, Clone)]
pub struct Layout {
    root: Path,
}

impl Layout {
    /// That of an app, below a prefix that may be empty.
    #[must_use]
    pub fn new(prefix: &str, app: &AppName) -> Self {
        let path = Path::from(prefix);
        Self { root: path.join(app.as_str()) }
    }

    /// The folder of formats.
    #[must_use]
    pub fn formats(&self) -> &Path {
        &self.root
    }

    /// What says that somebody may write here; it is there before anything else is.
    #[must_use]
    pub fn seal(&self) -> Path {
        self.root.clone().join(FORMAT).join("archive.json")
    }

    /// The journal of a lane.
    #[must_use]
    pub fn journal(&self, lane: Lane) -> Path {
        self.root.clone().join(FORMAT).join("journal").join(format!("lane={}", lane.0))
    }

    /// A record of a lane's journal.
    #[must_use]
    pub fn record(&self, lane: Lane, number: u64) -> Path {
        let folder = format!("{:07}", number / RECORDS_PER_FOLDER);
        self.journal(lane).join(folder).join(format!("{number:010}.json"))
    }

    /// Where objects of a day lie, by its date.
    #[must_use]
    pub fn day(&self, date: &str) -> Path {
        self.root.clone().join(FORMAT).join(format!("date={date}"))
    }

    /// An object of a lane.
    #[must_use]
    pub fn object(&self, hour: Hour, lane: Lane, number: u64) -> Path {
        let place = self.day(&hour.date()).join(format!("hour={}", hour.of_day()));
        place.join(format!("lane={}", lane.0)).join(format!("{number:010}.ndjson.zst"))
    }
}

/// The number in a name such as `0000000042.json`; none in any other.
#[must_use]
pub fn number(name: &str) -> Option<u64> {
    let digits = name.split('.').next()?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// Of an object's path: its hour, lane and number; none if it is no object's.
#[must_use]
pub fn parts(path: &Path) -> Option<(Hour, Lane, u64)> {
    let parts: Vec<_> = path.parts().map(|part| part.as_ref().to_owned()).collect();
    let [.., date, hour, lane, name] = &parts[..] else {
        return None;
    };
    let (date, hour) = (date.strip_prefix("date=")?, hour.strip_prefix("hour=")?);
    let lane = lane.strip_prefix("lane=")?.parse().ok()?;
    name.ends_with(".ndjson.zst").then_some(())?;
    Some((format!("{date}T{hour}").parse().ok()?, Lane(lane), number(name)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_as_documented_and_read_back() {
        let layout = Layout::new("archive/of", &"bot".parse().unwrap());
        let hour = "2026-11-20T19".parse().unwrap();
        let object = layout.object(hour, Lane(3), 42);
        let documented = "archive/of/bot/v1/date=2026-11-20/hour=19/lane=3/0000000042.ndjson.zst";
        assert_eq!(object.as_ref(), documented);
        assert_eq!(parts(&object), Some((hour, Lane(3), 42)));
        let record = layout.record(Lane(3), 1_042);
        assert_eq!(record.as_ref(), "archive/of/bot/v1/journal/lane=3/0000001/0000001042.json");
        assert_eq!(number(record.filename().unwrap()), Some(1_042));
        for other in [record, layout.seal(), Path::from("date=x/hour=1/lane=2/1.ndjson.zst")] {
            assert_eq!(parts(&other), None, "{other}");
        }
    }
}
