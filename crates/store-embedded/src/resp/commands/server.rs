//! COMMAND: which commands there are, for clients that ask when they connect.

use bytes::Bytes;

use crate::resp::{
    Reply,
    arguments::Arguments,
    refusal::Refusal,
    session::{House, Session, Step},
    table::{COMMANDS, Command, Run, find},
};

type Stepped = Result<Step, Refusal>;

pub(crate) fn all(_: &mut Session, _: &House, _: Arguments<'_>) -> Stepped {
    Ok(Step::answer(Reply::List(COMMANDS.iter().map(described).collect())))
}

pub(crate) fn count(_: &mut Session, _: &House, _: Arguments<'_>) -> Stepped {
    Ok(Step::answer(Reply::count(COMMANDS.len() as u64)))
}

pub(crate) fn list(_: &mut Session, _: &House, _: Arguments<'_>) -> Stepped {
    let names = COMMANDS.iter().map(|command| Reply::word(command.name));
    Ok(Step::answer(Reply::List(names.collect())))
}

/// `[name …]`
pub(crate) fn info(_: &mut Session, _: &House, arguments: Arguments<'_>) -> Stepped {
    let found = match arguments.rest() {
        [] => COMMANDS.iter().map(described).collect(),
        names => names.iter().map(|name| named(name).map_or(Reply::NullList, described)).collect(),
    };
    Ok(Step::answer(Reply::List(found)))
}

/// `[name …]`
pub(crate) fn docs(_: &mut Session, _: &House, arguments: Arguments<'_>) -> Stepped {
    let found: Vec<&Command> = match arguments.rest() {
        [] => COMMANDS.iter().collect(),
        names => names.iter().filter_map(named).collect(),
    };
    let docs = found.into_iter().map(|command| {
        let (group, summary) = (Reply::word(command.group()), Reply::word(command.summary));
        (Reply::word(command.name), Reply::fields([("summary", summary), ("group", group)]))
    });
    Ok(Step::answer(Reply::Map(docs.collect())))
}

fn named(name: &Bytes) -> Option<&'static Command> {
    find(COMMANDS, name)
}

fn described(command: &Command) -> Reply {
    let flag = match command.run {
        Run::Store(_) if command.writes => "write",
        Run::Store(_) | Run::Read(_) | Run::Session(_) | Run::One(_) => "readonly",
    };
    let (first, last, step) = command.keys;
    let subcommands = match command.run {
        Run::One(of) => of.iter().map(described).collect(),
        Run::Store(_) | Run::Read(_) | Run::Session(_) => Vec::new(),
    };
    Reply::List(vec![
        Reply::word(command.name),
        Reply::Number(command.arity.into()),
        Reply::List(vec![Reply::Simple(flag)]),
        Reply::Number(first),
        Reply::Number(last),
        Reply::Number(step),
        Reply::List(Vec::new()),
        Reply::List(Vec::new()),
        Reply::List(Vec::new()),
        Reply::List(subcommands),
    ])
}
