//! `stream tail`: entries as they are written.
//!
//! It reads with no group, so nobody's place moves, and it begins with what comes unless told
//! otherwise.

use std::{collections::BTreeMap, io, time::Duration};

use baton_model::{AppName, Lane, ShardNumber, StreamId, whole_millis};
use baton_store::{Entry, EntryBody, FieldsError, ForOperators, FoundEntry};
use serde::Serialize;
use serde_json::value::RawValue;

use super::lanes::chosen;
use crate::{
    Exit, Failure,
    arguments::TailArguments,
    fleet::{Find, Look},
    output::{self, Format, Reader, units},
    program::Desk,
};

/// Read in one go.
const READ_AT_ONCE: usize = 500;

/// The pause when nothing new was found.
const PAUSE: Duration = Duration::from_millis(200);

/// An entry, as JSON shows it.
#[derive(Debug, Serialize)]
struct Line<'a> {
    app: &'a str,
    lane: u16,
    id: StreamId,
    at: u64,
    shard: u32,
    session: u64,
    epoch: u64,
    seq: u64,
    event: &'a str,
    guild: Option<String>,
    bytes: usize,
    marker: bool,
    /// The frame as Discord sent it, or what a marker says; null if it is no JSON.
    frame: Option<Box<RawValue>>,
}

/// What stands in the stream and is no entry, as JSON shows it.
#[derive(Debug, Serialize)]
struct Malformed<'a> {
    app: &'a str,
    lane: u16,
    id: StreamId,
    why: String,
}

/// Where in the streams something stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    app: &'a AppName,
    lane: Lane,
    id: StreamId,
}

/// Which entries are shown. What cannot be read may be any of them.
struct Wanted {
    shard: Option<ShardNumber>,
    events: Vec<String>,
}

pub(super) async fn tail(desk: &Desk, arguments: TailArguments) -> Result<Exit, Failure> {
    let look = Look::take(&desk.store).await?;
    let (lanes, shard) = match &arguments.shard {
        Some(shard) => {
            let shard = look.find_shard(shard)?;
            let lane = look.apps[&shard.app].lanes.lane_of(shard.number);
            (vec![(shard.app, lane)], Some(shard.number))
        }
        None => (chosen(&look, arguments.app.as_deref(), arguments.lane)?, None),
    };
    let mut places = BTreeMap::new();
    for (app, lane) in lanes {
        let place = begin(desk, &look, (&app, lane), &arguments).await?;
        places.insert((app, lane), place);
    }
    if !arguments.raw && matches!(desk.globals.output, Format::Table | Format::Wide) {
        desk.terminal.say(heading());
    }
    let wanted = Wanted { shard, events: arguments.events.clone() };
    tokio::select! {
        ended = follow(desk, &arguments, &wanted, places) => ended.map(|()| Exit::Done),
        _ = tokio::signal::ctrl_c() => Ok(Exit::Interrupted),
    }
}

/// Behind which entry a lane is read.
async fn begin(
    desk: &Desk,
    look: &Look,
    (app, lane): (&AppName, Lane),
    arguments: &TailArguments,
) -> Result<StreamId, Failure> {
    if let Some(from) = arguments.from {
        return Ok(from);
    }
    if let Some(since) = arguments.since {
        let millis = look.now.0.saturating_sub(whole_millis(since));
        return Ok(StreamId { millis, number: 0 });
    }
    Ok(desk.store.lane(app, lane).await?.last.unwrap_or(StreamId::START))
}

/// Shows what comes until there has been enough of it, or nobody reads any more.
async fn follow(
    desk: &Desk,
    arguments: &TailArguments,
    wanted: &Wanted,
    mut places: BTreeMap<(AppName, Lane), StreamId>,
) -> Result<(), Failure> {
    let mut left = arguments.count.unwrap_or(usize::MAX);
    while left > 0 {
        let mut is_news = false;
        for ((app, lane), after) in &mut places {
            for (id, entry) in desk.store.entries(app, *lane, *after, READ_AT_ONCE).await? {
                *after = id;
                is_news = true;
                if left == 0 || !wanted.takes(&entry) {
                    continue;
                }
                left -= 1;
                let place = Place { app, lane: *lane, id };
                if show(desk, &entry, place, arguments.raw)? == Reader::Gone {
                    return Ok(());
                }
            }
        }
        if !is_news {
            tokio::time::sleep(PAUSE).await;
        }
    }
    Ok(())
}

fn show(desk: &Desk, found: &FoundEntry, place: Place<'_>, raw: bool) -> io::Result<Reader> {
    let format = desk.globals.output;
    match found {
        Ok(entry) if raw => {
            let [_, _, _, _, _, frame] = entry.body.own_fields();
            output::stream(&[&frame[..], b"\n"].concat())
        }
        Ok(entry) => output::stream(shown(entry, place, format).as_bytes()),
        Err(why) if raw => {
            desk.terminal.say(Malformed::of(place, why).text());
            Ok(Reader::There)
        }
        Err(why) => output::stream(Malformed::of(place, why).shown(format).as_bytes()),
    }
}

fn shown(entry: &Entry, place: Place<'_>, format: Format) -> String {
    let [_, _, _, _, _, frame] = entry.body.own_fields();
    let name;
    let (at, event, guild, marker) = match &entry.body {
        EntryBody::Dispatch(it) => (it.at, it.name.as_str(), it.guild, false),
        EntryBody::Marker { at, marker, .. } => {
            name = marker.name();
            (*at, name.as_str(), None, true)
        }
    };
    let line = Line {
        app: place.app.as_str(),
        lane: place.lane.0,
        id: place.id,
        at: at.0,
        shard: entry.shard.0,
        session: entry.session.0,
        epoch: entry.epoch.0,
        seq: entry.body.seq().0,
        event,
        guild: guild.map(|guild| guild.0.to_string()),
        bytes: frame.len(),
        marker,
        frame: serde_json::from_slice(&frame).ok(),
    };
    match format {
        Format::Table | Format::Wide => line.text(&units::moment(at)),
        Format::Json | Format::Jsonl => output::labelled_line("entry", &line),
    }
}

impl<'a> Malformed<'a> {
    fn of(place: Place<'a>, why: &FieldsError) -> Self {
        let Place { app, lane, id } = place;
        Self { app: app.as_str(), lane: lane.0, id, why: why.to_string() }
    }

    fn shown(&self, format: Format) -> String {
        match format {
            Format::Table | Format::Wide => self.text() + "\n",
            Format::Json | Format::Jsonl => output::labelled_line("malformed_entry", self),
        }
    }

    fn text(&self) -> String {
        let Self { app, lane, id, why } = self;
        format!("?? {id} in lane {lane} of {app} is no entry: {why}")
    }
}

fn heading() -> String {
    format!(
        "   {:<20}  {:>6}  {:>10}  {:<32}  {:>20}  {:>8}",
        "AT", "SHARD", "SEQ", "EVENT", "GUILD", "BYTES"
    )
}

impl Line<'_> {
    /// What Baton itself has to say begins where an eye runs down, and is shown whole.
    fn text(&self, at: &str) -> String {
        let guild = self.guild.as_deref().unwrap_or_default();
        let (sign, said) = match (self.marker, &self.frame) {
            (true, Some(frame)) => ("!!", format!("  {frame}")),
            (true, None) => ("!!", String::new()),
            (false, _) => ("  ", String::new()),
        };
        let Self { shard, seq, event, bytes, .. } = self;
        format!(
            "{sign} {at:<20}  {shard:>6}  {seq:>10}  {event:<32}  {guild:>20}  {bytes:>8}{said}\n"
        )
    }
}

impl Wanted {
    fn takes(&self, found: &FoundEntry) -> bool {
        let Ok(entry) = found else {
            return true;
        };
        let name = match &entry.body {
            EntryBody::Dispatch(dispatch) => dispatch.name.clone(),
            EntryBody::Marker { marker, .. } => marker.name(),
        };
        let is_named = || self.events.iter().any(|wanted| wanted == name.as_str());
        self.shard.is_none_or(|shard| shard == entry.shard)
            && (self.events.is_empty() || is_named())
    }
}
