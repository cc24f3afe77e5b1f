//! XADD, XTRIM, XSETID: what is added to a stream, and how a stream is cut short.

use baton_store::StreamId;
use bytes::Bytes;

use super::{Answer, id};
use crate::{
    live::Scene,
    resp::{
        arguments::{Arguments, stream_id},
        keys::{ALL, addable, owned},
        refusal::Refusal,
        reply::Reply,
    },
    state::{AddError, Cut, CutShort, NewId, Order, Record, StreamMark, StreamName},
};

/// Records that a rough cut removes at the most if it says nothing else, as a server does.
const ROUGH_CUT_MAX: u64 = 10_000;

/// `key [NOMKSTREAM] [cut] id field value …`
pub(crate) fn xadd(at: &mut Scene<'_>, mut arguments: Arguments<'_>) -> Answer {
    let key = arguments.next()?;
    let mut options = Options::default();
    let mut is_only_if_there = false;
    loop {
        if arguments.take_word("NOMKSTREAM", 0) {
            is_only_if_there = true;
        } else if !options.take_one(&mut arguments)? {
            break;
        }
    }
    let new = new_id(arguments.next()?)?;
    options.ensure_complete()?;
    let fields = arguments.rest();
    if fields.len() < 2 || !fields.len().is_multiple_of(2) {
        return Err(Refusal::arity("xadd"));
    }
    if new == NewId::Exactly(StreamId::START) {
        return Err(Refusal::err("The ID specified in XADD must be greater than 0-0"));
    }
    let name = addable(key)?;
    ensure_polite(&name, new, options.cut)?;
    if is_only_if_there && at.state.stream(&name).is_none() {
        return Ok(Reply::Null);
    }
    let fields = fields.chunks_exact(2).map(|field| (&field[0][..], &field[1][..]));
    let added = at.state.add_record(at.now, &name, new, Record::copied(fields));
    let added = added.map_err(refusal)?;
    if let Some(short) = options.cut_short() {
        at.state.cut_short(&name, short);
    }
    Ok(id(added))
}

/// Commands of all consumers stand in one stream. Their places follow the store's time, and nobody
/// removes those of others.
fn ensure_polite(name: &StreamName, id: NewId, cut: Option<Cut>) -> Result<(), Refusal> {
    match (name, id, cut) {
        (StreamName::Commands(_), NewId::Now, None) | (StreamName::Other(_), _, _) => Ok(()),
        (StreamName::Commands(_) | StreamName::Events(_), _, _) => Err(Refusal::no_permission()),
    }
}

fn refusal(error: AddError) -> Refusal {
    match error {
        AddError::NotLater => {
            let why =
                "The ID specified in XADD is equal or smaller than the target stream top item";
            Refusal::err(why)
        }
        AddError::Exhausted => {
            let why = "The stream has exhausted the last possible ID, unable to add more items";
            Refusal::err(why)
        }
        AddError::TooManyStreams => Refusal::no_room(&error.to_string()),
    }
}

fn new_id(text: &Bytes) -> Result<NewId, Refusal> {
    if text == "*" {
        return Ok(NewId::Now);
    }
    let millis = text.strip_suffix(b"-*").map(|millis| stream_id(millis, 0));
    match millis {
        Some(at) => at.map(|at| NewId::At(at.millis)).ok_or_else(Refusal::invalid_id),
        None => stream_id(text, 0).map(NewId::Exactly).ok_or_else(Refusal::invalid_id),
    }
}

/// `key cut`
pub(crate) fn xtrim(at: &mut Scene<'_>, mut arguments: Arguments<'_>) -> Answer {
    let key = arguments.next()?;
    let mut options = Options::default();
    while options.take_one(&mut arguments)? {}
    arguments.end()?;
    options.ensure_complete()?;
    let Some(short) = options.cut_short() else {
        let why = "syntax error, XTRIM must be called with a trimming strategy";
        return Err(Refusal::err(why));
    };
    let name = owned(key)?;
    Ok(Reply::count(at.state.cut_short(&name, short)))
}

/// How a stream is to be cut short.
#[derive(Default)]
struct Options {
    cut: Option<Cut>,
    is_rough: bool,
    limit: Option<u64>,
}

impl Options {
    /// Takes one option with its values, if there is one.
    fn take_one(&mut self, arguments: &mut Arguments<'_>) -> Result<bool, Refusal> {
        if arguments.take_word("MAXLEN", 1) {
            self.ensure_first()?;
            self.take_precision(arguments);
            let length = arguments.integer()?;
            let length = u64::try_from(length)
                .map_err(|_| Refusal::err("The MAXLEN argument must be >= 0."))?;
            self.cut = Some(Cut::Above(length));
        } else if arguments.take_word("MINID", 1) {
            self.ensure_first()?;
            self.take_precision(arguments);
            self.cut = Some(Cut::Before(arguments.id()?));
        } else if arguments.take_word("LIMIT", 1) {
            let limit = u64::try_from(arguments.integer()?)
                .map_err(|_| Refusal::err("The LIMIT argument must be >= 0."))?;
            self.limit = Some(limit);
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    fn ensure_first(&self) -> Result<(), Refusal> {
        match self.cut {
            None => Ok(()),
            Some(_) => Err(Refusal::err(
                "syntax error, MAXLEN and MINID options at the same time are not compatible",
            )),
        }
    }

    fn take_precision(&mut self, arguments: &mut Arguments<'_>) {
        self.is_rough = arguments.take_word("~", 1);
        if !self.is_rough {
            arguments.take_word("=", 1);
        }
    }

    fn ensure_complete(&self) -> Result<(), Refusal> {
        let why = match (self.limit, self.cut) {
            (None, _) => return Ok(()),
            (Some(_), Some(_)) if self.is_rough => return Ok(()),
            (Some(0), None) | (Some(_), Some(_)) => {
                "syntax error, LIMIT cannot be used without the special ~ option"
            }
            (Some(_), None) => {
                "syntax error, LIMIT cannot be used without specifying a trimming strategy"
            }
        };
        Err(Refusal::err(why))
    }

    fn cut_short(&self) -> Option<CutShort> {
        let most = match (self.is_rough, self.limit) {
            (false, _) | (true, Some(0)) => u64::MAX,
            (true, Some(limit)) => limit,
            (true, None) => ROUGH_CUT_MAX,
        };
        self.cut.map(|cut| CutShort { cut, most })
    }
}

/// `key last-id [ENTRIESADDED n] [MAXDELETEDID id]`
pub(crate) fn xsetid(at: &mut Scene<'_>, mut arguments: Arguments<'_>) -> Answer {
    let key = arguments.next()?;
    let last = arguments.id()?;
    let (mut added, mut max_deleted) = (None, None);
    while arguments.len() > 0 {
        if arguments.take_word("ENTRIESADDED", 1) {
            let count = u64::try_from(arguments.integer()?);
            added = Some(count.map_err(|_| Refusal::err("entries_added must be positive"))?);
        } else if arguments.take_word("MAXDELETEDID", 1) {
            max_deleted = Some(arguments.id()?);
        } else {
            return Err(Refusal::syntax());
        }
    }
    let smaller =
        |than: &str| Refusal::err(&format!("The ID specified in XSETID is smaller than {than}"));
    if max_deleted.is_some_and(|deleted| last < deleted) {
        return Err(smaller("the provided max_deleted_entry_id"));
    }
    let name = owned(key)?;
    let stream = at.state.stream(&name).ok_or_else(Refusal::no_such_key)?;
    let extent = stream.extent();
    if last < extent.max_deleted {
        return Err(smaller("current max_deleted_entry_id"));
    }
    let top = stream.range(ALL, 1, Order::Backwards);
    if top.first().is_some_and(|(top, _)| last < *top) {
        return Err(smaller("the target stream top item"));
    }
    let added = added.unwrap_or(extent.added);
    let Some(gone) = added.checked_sub(extent.length) else {
        let why = "The entries_added specified in XSETID is smaller than the target stream length";
        return Err(Refusal::err(why));
    };
    let max_deleted = max_deleted.filter(|id| *id != StreamId::START).unwrap_or(extent.max_deleted);
    at.state.set_mark(&name, StreamMark { gone, given: last, max_deleted });
    Ok(Reply::OK)
}
