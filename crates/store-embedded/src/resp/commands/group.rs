//! XGROUP: groups and their consumers, made and removed.

use baton_store::StreamId;
use bytes::Bytes;

use super::Answer;
use crate::{
    live::Scene,
    resp::{
        arguments::{Arguments, kept, stream_id},
        keys::grouped,
        refusal::Refusal,
        reply::Reply,
    },
    state::{GroupName, GroupPlace, Reader},
};

/// `key group id|$ [MKSTREAM] [ENTRIESREAD n]`
pub(crate) fn create(at: &mut Scene<'_>, mut arguments: Arguments<'_>) -> Answer {
    let named = Named::read(&mut arguments)?;
    let from = arguments.next()?;
    let (mut makes, mut entries_read) = (false, None);
    while arguments.len() > 0 {
        if arguments.take_word("MKSTREAM", 0) {
            makes = true;
        } else {
            entries_read = take_entries_read(&mut arguments, "CREATE")?;
        }
    }
    let group = named.group()?;
    let is_there = at.state.stream(&group.stream).is_some();
    if !is_there && !makes {
        return Err(no_stream());
    }
    let place = GroupPlace { last_delivered: place(at, &group, from)?, entries_read };
    let made = at.state.ensure_stream(&group.stream);
    made.map_err(|error| Refusal::no_room(&error.to_string()))?;
    if at.state.group(&group).is_some() {
        return Err(Refusal("BUSYGROUP Consumer Group name already exists".to_owned()));
    }
    if at.state.groups_of(&group.stream).count() >= baton_model::limits::GROUPS_PER_STREAM_MAX {
        return Err(Refusal::no_room("this stream has too many groups; destroy one"));
    }
    at.state.place_group(&group, place);
    Ok(Reply::OK)
}

/// `key group id|$ [ENTRIESREAD n]`
pub(crate) fn set_id(at: &mut Scene<'_>, mut arguments: Arguments<'_>) -> Answer {
    let named = Named::read(&mut arguments)?;
    let from = arguments.next()?;
    let mut entries_read = None;
    while arguments.len() > 0 {
        entries_read = take_entries_read(&mut arguments, "SETID")?;
    }
    let group = named.existing(at)?;
    let place = GroupPlace { last_delivered: place(at, &group, from)?, entries_read };
    at.state.place_group(&group, place);
    Ok(Reply::OK)
}

/// `key group`
pub(crate) fn destroy(at: &mut Scene<'_>, mut arguments: Arguments<'_>) -> Answer {
    let group = Named::read(&mut arguments)?.of_stream(at)?;
    Ok(Reply::Number(i64::from(at.state.remove_group(&group))))
}

/// `key group consumer`
pub(crate) fn create_consumer(at: &mut Scene<'_>, mut arguments: Arguments<'_>) -> Answer {
    let group = Named::read(&mut arguments)?.existing(at)?;
    let reader = Reader { group, consumer: kept(arguments.next()?) };
    Ok(Reply::Number(i64::from(at.state.know_consumer(at.now, &reader))))
}

/// `key group consumer`
pub(crate) fn delete_consumer(at: &mut Scene<'_>, mut arguments: Arguments<'_>) -> Answer {
    let group = Named::read(&mut arguments)?.existing(at)?;
    let forgotten = at.state.forget_consumer(&group, arguments.next()?);
    Ok(Reply::count(forgotten.unwrap_or_default()))
}

/// A group as it is named in a request.
struct Named<'a> {
    key: &'a Bytes,
    name: &'a Bytes,
}

impl<'a> Named<'a> {
    fn read(arguments: &mut Arguments<'a>) -> Result<Self, Refusal> {
        Ok(Self { key: arguments.next()?, name: arguments.next()? })
    }

    fn group(&self) -> Result<GroupName, Refusal> {
        Ok(GroupName { stream: grouped(self.key)?, group: kept(self.name) })
    }

    /// A group of a stream that exists.
    fn of_stream(&self, at: &Scene<'_>) -> Result<GroupName, Refusal> {
        let group = self.group()?;
        match at.state.stream(&group.stream) {
            Some(_) => Ok(group),
            None => Err(no_stream()),
        }
    }

    fn existing(&self, at: &Scene<'_>) -> Result<GroupName, Refusal> {
        let group = self.of_stream(at)?;
        match at.state.group(&group) {
            Some(_) => Ok(group),
            None => Err(Refusal::no_such_group(self.key, self.name)),
        }
    }
}

fn place(at: &Scene<'_>, group: &GroupName, from: &Bytes) -> Result<StreamId, Refusal> {
    if from == "$" {
        let stream = at.state.stream(&group.stream);
        return Ok(stream.map(|stream| stream.extent().last_given).unwrap_or_default());
    }
    stream_id(from, 0).ok_or_else(Refusal::invalid_id)
}

/// How many entries a group counts as having read; none if that cannot be known.
fn take_entries_read(
    arguments: &mut Arguments<'_>,
    subcommand: &str,
) -> Result<Option<u64>, Refusal> {
    if !arguments.take_word("ENTRIESREAD", 1) {
        return Err(Refusal::subcommand_syntax("XGROUP", subcommand));
    }
    match arguments.integer()? {
        -1 => Ok(None),
        read => u64::try_from(read)
            .map(Some)
            .map_err(|_| Refusal::err("value for ENTRIESREAD must be positive or -1")),
    }
}

fn no_stream() -> Refusal {
    Refusal::err(
        "The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use \
         the MKSTREAM option to create an empty stream automatically.",
    )
}
