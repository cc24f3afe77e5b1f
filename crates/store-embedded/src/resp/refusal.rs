//! Why a command was not carried out, in the very words of Valkey: clients know them.

use bytes::Bytes;

/// An error as it is sent, with its code in front.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) String);

impl Refusal {
    pub(crate) fn err(text: &str) -> Self {
        Self(format!("ERR {text}"))
    }

    pub(crate) fn syntax() -> Self {
        Self::err("syntax error")
    }

    pub(crate) fn not_an_integer() -> Self {
        Self::err("value is not an integer or out of range")
    }

    pub(crate) fn invalid_id() -> Self {
        Self::err("Invalid stream ID specified as stream command argument")
    }

    /// Of a command, or of a subcommand: `xgroup|create`.
    pub(crate) fn arity(command: &str) -> Self {
        Self(format!("ERR wrong number of arguments for '{command}' command"))
    }

    pub(crate) fn unknown_command(request: &[Bytes]) -> Self {
        let (name, arguments) =
            request.split_first().map_or((String::new(), request), |(n, a)| (shown(n, 128), a));
        let mut shown_arguments = String::new();
        for argument in arguments {
            if shown_arguments.len() >= 128 {
                break;
            }
            let left = 128 - shown_arguments.len();
            shown_arguments += &format!("'{}' ", shown(argument, left));
        }
        Self(format!("ERR unknown command '{name}', with args beginning with: {shown_arguments}"))
    }

    pub(crate) fn unknown_subcommand(command: &str, subcommand: &Bytes) -> Self {
        let command = command.to_ascii_uppercase();
        let subcommand = shown(subcommand, 128);
        Self(format!("ERR unknown subcommand '{subcommand}'. Try {command} HELP."))
    }

    /// A subcommand that takes something else; `XGROUP` and `CREATE`.
    pub(crate) fn subcommand_syntax(command: &str, subcommand: &str) -> Self {
        let why = "unknown subcommand or wrong number of arguments";
        Self::err(&format!("{why} for '{subcommand}'. Try {command} HELP."))
    }

    pub(crate) fn no_permission() -> Self {
        Self("NOPERM No permissions to access a key".to_owned())
    }

    pub(crate) fn no_script() -> Self {
        Self("NOSCRIPT No matching script.".to_owned())
    }

    pub(crate) fn no_such_key() -> Self {
        Self::err("no such key")
    }

    pub(crate) fn wrong_type() -> Self {
        let why = "Operation against a key holding the wrong kind of value";
        Self(format!("WRONGTYPE {why}"))
    }

    pub(crate) fn no_group(key: &Bytes, group: &Bytes) -> Self {
        let (key, group) = (lossy(key), lossy(group));
        Self(format!("NOGROUP No such key '{key}' or consumer group '{group}'"))
    }

    pub(crate) fn no_such_group(key: &Bytes, group: &Bytes) -> Self {
        let (key, group) = (lossy(key), lossy(group));
        Self(format!("NOGROUP No such consumer group '{group}' for key name '{key}'"))
    }

    pub(crate) fn no_group_to_read(key: &Bytes, group: &Bytes) -> Self {
        let Self(why) = Self::no_group(key, group);
        Self(format!("{why} in XREADGROUP with GROUP option"))
    }

    /// There is as much as there may be.
    pub(crate) fn no_room(what: &str) -> Self {
        Self(format!("OOM command not allowed: {what}"))
    }
}

fn lossy(bytes: &Bytes) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn shown(bytes: &Bytes, most: usize) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(most)]).into_owned()
}
