//! Every command that is spoken here.

use bytes::Bytes;

use super::{
    arguments::Arguments,
    commands::{
        Answer, add, claim, connection, describe, group, hash, info, pending, range, read, remove,
        script, server, subscribe,
    },
    refusal::Refusal,
    session::{House, Session, Step},
};
use crate::live::Scene;

use Run::{One, Read, Session as Own, Store};

/// One command, or one of a command's subcommands.
pub(crate) struct Command {
    /// In lower case; of a subcommand with its command: `xgroup|create`.
    pub(crate) name: &'static str,
    /// How many words a request has, its name included; at least so many if negative.
    pub(crate) arity: i8,
    /// The first word that is a key, the last one, and how many apart they are.
    pub(crate) keys: (i64, i64, i64),
    /// Does it change anything?
    pub(crate) writes: bool,
    /// What it is for.
    pub(crate) summary: &'static str,
    pub(crate) run: Run,
}

/// How a command is carried out.
#[derive(Clone, Copy)]
pub(crate) enum Run {
    /// By the store, as one operation.
    Store(fn(&mut Scene<'_>, Arguments<'_>) -> Answer),
    /// By the store, and it may wait.
    Read(fn(Arguments<'_>) -> Result<read::Read, Refusal>),
    /// By the connection.
    Session(fn(&mut Session, &House, Arguments<'_>) -> Result<Step, Refusal>),
    /// By one of these.
    One(&'static [Command]),
}

impl Command {
    /// What the command belongs to, as servers sort them.
    pub(crate) fn group(&self) -> &'static str {
        match self.name.as_bytes() {
            [b'x', ..] => "stream",
            [b'h', b'e', b'l', ..] => "connection",
            [b'h', ..] => "hash",
            [b'd' | b'e' | b't', ..] => "generic",
            _ => "server",
        }
    }

    /// Has a request of so many words enough of them?
    pub(crate) fn takes(&self, words: usize) -> bool {
        let arity = usize::from(self.arity.unsigned_abs());
        if self.arity < 0 { words >= arity } else { words == arity }
    }

    /// Its own name, without that of the command it belongs to.
    fn last_name(&self) -> &'static str {
        self.name.rsplit_once('|').map_or(self.name, |(_, name)| name)
    }
}

/// The command of this name.
pub(crate) fn find(commands: &'static [Command], name: &[u8]) -> Option<&'static Command> {
    commands.iter().find(|command| name.eq_ignore_ascii_case(command.last_name().as_bytes()))
}

/// The command that a request asks for, and what it is given.
pub(crate) fn resolve(request: &[Bytes]) -> Result<(&'static Command, Arguments<'_>), Refusal> {
    let name = request.first().map_or(&b""[..], |name| &name[..]);
    let command = find(COMMANDS, name).ok_or_else(|| Refusal::unknown_command(request))?;
    let One(subcommands) = command.run else {
        return ensure_arity(command, request, 1);
    };
    let Some(name) = request.get(1) else {
        return ensure_arity(command, request, 1);
    };
    match find(subcommands, name) {
        Some(subcommand) => ensure_arity(subcommand, request, 2),
        None => Err(Refusal::unknown_subcommand(command.name, name)),
    }
}

fn ensure_arity<'a>(
    command: &'static Command,
    request: &'a [Bytes],
    names: usize,
) -> Result<(&'static Command, Arguments<'a>), Refusal> {
    if !command.takes(request.len()) {
        return Err(Refusal::arity(command.name));
    }
    Ok((command, Arguments::new(&request[names.min(request.len())..])))
}

const NO_KEYS: (i64, i64, i64) = (0, 0, 0);
const ONE_KEY: (i64, i64, i64) = (1, 1, 1);
const ALL_KEYS: (i64, i64, i64) = (1, -1, 1);
const SECOND_KEY: (i64, i64, i64) = (2, 2, 1);

macro_rules! commands {
    ($($name:literal $arity:literal $keys:ident $writes:ident $run:expr, $summary:literal;)+) => {
        &[$(Command {
            name: $name,
            arity: $arity,
            keys: $keys,
            writes: $writes,
            summary: $summary,
            run: $run,
        }),+]
    };
}

const READS: bool = false;
const WRITES: bool = true;

/// The commands.
pub(crate) const COMMANDS: &[Command] = commands![
    "hello" -1 NO_KEYS READS Own(connection::hello), "Says hello, and which protocol to speak.";
    "auth" -2 NO_KEYS READS Own(connection::auth), "Says the password.";
    "ping" -1 NO_KEYS READS Own(connection::ping), "Is answered.";
    "echo" 2 NO_KEYS READS Own(connection::echo), "Is answered with what it says.";
    "quit" -1 NO_KEYS READS Own(connection::quit), "Closes the connection.";
    "reset" 1 NO_KEYS READS Own(connection::reset), "Makes the connection like a new one.";
    "select" 2 NO_KEYS READS Own(connection::select), "Chooses the one database there is.";
    "client" -2 NO_KEYS READS One(CLIENT), "Commands about this connection.";
    "command" -1 NO_KEYS READS One(COMMAND), "Commands about commands.";
    "config" -2 NO_KEYS READS One(CONFIG), "Commands about settings.";
    "info" -1 NO_KEYS READS Store(info::info), "Describes the store.";
    "time" 1 NO_KEYS READS Store(info::time), "Says the store's time.";
    "multi" 1 NO_KEYS READS Own(Session::multi), "Begins a transaction.";
    "exec" 1 NO_KEYS READS Own(Session::no_exec), "Carries a transaction out.";
    "discard" 1 NO_KEYS READS Own(Session::discard), "Gives a transaction up.";
    "exists" -2 ALL_KEYS READS Store(remove::exists), "Counts keys that exist.";
    "type" 2 ONE_KEY READS Store(remove::kind_of), "Says what stands under a key.";
    "del" -2 ALL_KEYS WRITES Store(remove::del), "Deletes streams of consumers.";
    "unlink" -2 ALL_KEYS WRITES Store(remove::del), "Deletes streams of consumers.";
    "hget" 3 ONE_KEY READS Store(hash::hget), "Says the shape of an app.";
    "hmget" -3 ONE_KEY READS Store(hash::hmget), "Says the shapes of apps.";
    "hgetall" 2 ONE_KEY READS Store(hash::hgetall), "Says the shapes of all apps.";
    "hexists" 3 ONE_KEY READS Store(hash::hexists), "Is there such an app?";
    "hkeys" 2 ONE_KEY READS Store(hash::hkeys), "Names all apps.";
    "hset" -4 ONE_KEY WRITES Store(hash::hset), "Says something to other consumers.";
    "hdel" -3 ONE_KEY WRITES Store(hash::hdel), "Takes it back.";
    "hlen" 2 ONE_KEY READS Store(hash::hlen), "Counts apps.";
    "xadd" -5 ONE_KEY WRITES Store(add::xadd), "Adds to a stream of consumers, or a command.";
    "xlen" 2 ONE_KEY READS Store(range::xlen), "Counts a stream's entries.";
    "xrange" -4 ONE_KEY READS Store(range::xrange), "Reads a range of a stream.";
    "xrevrange" -4 ONE_KEY READS Store(range::xrevrange), "Reads a range, the newest first.";
    "xread" -4 NO_KEYS READS Read(read::xread), "Reads streams, or waits for them.";
    "xreadgroup" -7 NO_KEYS WRITES Read(read::xreadgroup), "Reads streams with a group.";
    "xack" -4 ONE_KEY WRITES Store(pending::xack), "Acknowledges deliveries.";
    "xpending" -3 ONE_KEY READS Store(pending::xpending), "Lists what was not acknowledged.";
    "xclaim" -6 ONE_KEY WRITES Store(claim::xclaim), "Takes deliveries over.";
    "xautoclaim" -6 ONE_KEY WRITES Store(claim::xautoclaim), "Takes over the next deliveries.";
    "xdel" -3 ONE_KEY WRITES Store(remove::xdel), "Deletes from a stream of consumers.";
    "xtrim" -4 ONE_KEY WRITES Store(add::xtrim), "Cuts a stream of consumers short.";
    "xsetid" -3 ONE_KEY WRITES Store(add::xsetid), "Sets a stream's last id.";
    "xgroup" -2 NO_KEYS WRITES One(XGROUP), "Commands about groups.";
    "xinfo" -2 NO_KEYS READS One(XINFO), "Describes streams and groups.";
    "evalsha" -3 NO_KEYS WRITES Store(script::evalsha), "Does what a script of the SDK does.";
    "script" -2 NO_KEYS READS One(SCRIPT), "Commands about scripts.";
    "subscribe" -2 NO_KEYS READS Own(subscribe::subscribe), "Hears what is published.";
    "unsubscribe" -1 NO_KEYS READS Own(subscribe::unsubscribe), "Hears it no more.";
    "publish" 3 NO_KEYS READS Own(subscribe::publish), "Tells those who have subscribed.";
];

const CLIENT: &[Command] = commands![
    "client|id" 2 NO_KEYS READS Own(connection::id), "Says the connection's number.";
    "client|setname" 3 NO_KEYS READS Own(connection::set_name), "Gives the connection a name.";
    "client|getname" 2 NO_KEYS READS Own(connection::get_name), "Says the connection's name.";
    "client|setinfo" 4 NO_KEYS READS Own(connection::set_info), "Says which library this is.";
    "client|info" 2 NO_KEYS READS Own(connection::describe), "Describes the connection.";
    "client|no-evict" 3 NO_KEYS READS Own(connection::on_or_off), "Changes nothing.";
    "client|no-touch" 3 NO_KEYS READS Own(connection::on_or_off), "Changes nothing.";
    "client|unblock" -3 NO_KEYS READS Own(connection::unblock), "Ends the wait of another.";
];

const COMMAND: &[Command] = commands![
    "command|count" 2 NO_KEYS READS Own(server::count), "Counts commands.";
    "command|docs" -2 NO_KEYS READS Own(server::docs), "Says what commands are for.";
    "command|info" -2 NO_KEYS READS Own(server::info), "Describes commands.";
    "command|list" -2 NO_KEYS READS Own(server::list), "Names commands.";
];

const CONFIG: &[Command] = commands![
    "config|get" -3 NO_KEYS READS Store(info::config_get), "Says settings.";
    "config|set" -4 NO_KEYS WRITES Store(info::config_set), "Is refused.";
];

const XGROUP: &[Command] = commands![
    "xgroup|create" -5 SECOND_KEY WRITES Store(group::create), "Makes a group.";
    "xgroup|setid" -5 SECOND_KEY WRITES Store(group::set_id), "Moves a group.";
    "xgroup|destroy" 4 SECOND_KEY WRITES Store(group::destroy), "Removes a group.";
    "xgroup|createconsumer" 5 SECOND_KEY WRITES Store(group::create_consumer), "Adds a consumer.";
    "xgroup|delconsumer" 5 SECOND_KEY WRITES Store(group::delete_consumer), "Removes a consumer.";
];

const XINFO: &[Command] = commands![
    "xinfo|stream" -3 SECOND_KEY READS Store(describe::stream), "Describes a stream.";
    "xinfo|groups" 3 SECOND_KEY READS Store(describe::groups), "Describes a stream's groups.";
    "xinfo|consumers" 4 SECOND_KEY READS Store(describe::consumers), "Describes consumers.";
];

const SCRIPT: &[Command] = commands![
    "script|exists" -3 NO_KEYS READS Own(script::exists), "Are these scripts known?";
];
