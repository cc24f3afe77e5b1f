//! HELLO, AUTH, PING, ECHO, QUIT, RESET, SELECT, CLIENT: a client and its connection.

use bytes::Bytes;

use crate::resp::{
    Reply,
    arguments::{Arguments, kept},
    refusal::Refusal,
    reply::Protocol,
    session::{House, Session, Step},
};

/// What a handler of these answers.
type Stepped = Result<Step, Refusal>;

/// `[2|3 [AUTH user password] [SETNAME name]]`
pub(crate) fn hello(session: &mut Session, house: &House, mut arguments: Arguments<'_>) -> Stepped {
    let protocol = match arguments.len() {
        0 => session.protocol,
        _ => match arguments.integer_or("Protocol version is not an integer or out of range")? {
            2 => Protocol::Two,
            3 => Protocol::Three,
            _ => return Err(Refusal("NOPROTO unsupported protocol version".to_owned())),
        },
    };
    let mut name = None;
    while arguments.len() > 0 {
        if arguments.take_word("AUTH", 2) {
            let (user, password) = (arguments.next()?, arguments.next()?);
            session.authenticate(house, user, password)?;
        } else if arguments.take_word("SETNAME", 1) {
            name = Some(client_name(arguments.next()?)?);
        } else {
            let option = String::from_utf8_lossy(arguments.next()?);
            return Err(Refusal::err(&format!("Syntax error in HELLO option '{option}'")));
        }
    }
    if session.is_stranger() {
        return Err(Refusal(
            "NOAUTH HELLO must be called with the client already authenticated, otherwise the \
             HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and \
             select the RESP protocol version at the same time"
                .to_owned(),
        ));
    }
    session.protocol = protocol;
    session.name = name.unwrap_or_else(|| session.name.clone());
    Ok(Step::answer(Reply::fields([
        ("server", Reply::word("baton")),
        ("version", Reply::word(super::info::SPEAKS_VERSION)),
        ("proto", Reply::Number(if protocol == Protocol::Three { 3 } else { 2 })),
        ("id", Reply::count(session.id)),
        ("mode", Reply::word("standalone")),
        ("role", Reply::word("master")),
        ("modules", Reply::List(Vec::new())),
    ])))
}

/// `[user] password`
pub(crate) fn auth(session: &mut Session, house: &House, mut arguments: Arguments<'_>) -> Stepped {
    let default = Bytes::from_static(b"default");
    let user = match arguments.len() {
        1 => {
            if house.password.is_none() {
                return Err(Refusal::err(
                    "AUTH <password> called without any password configured for the default user. \
                     Are you sure your configuration is correct?",
                ));
            }
            &default
        }
        2 => arguments.next()?,
        _ => return Err(Refusal::syntax()),
    };
    session.authenticate(house, user, arguments.next()?)?;
    Ok(Step::answer(Reply::OK))
}

/// `[message]`
pub(crate) fn ping(session: &mut Session, _: &House, arguments: Arguments<'_>) -> Stepped {
    let message = match arguments.rest() {
        [] => None,
        [message] => Some(message),
        _ => return Err(Refusal::arity("ping")),
    };
    let text = || message.map_or(Reply::word(""), |text| Reply::Bulk(text.clone()));
    Ok(Step::answer(match (session.hears_only(), message) {
        (true, _) => Reply::List(vec![Reply::word("pong"), text()]),
        (false, None) => Reply::Simple("PONG"),
        (false, Some(_)) => text(),
    }))
}

/// `message`
pub(crate) fn echo(_: &mut Session, _: &House, mut arguments: Arguments<'_>) -> Stepped {
    Ok(Step::answer(Reply::Bulk(arguments.next()?.clone())))
}

pub(crate) fn quit(_: &mut Session, _: &House, _: Arguments<'_>) -> Stepped {
    Ok(Step::Leave(Reply::OK))
}

pub(crate) fn reset(session: &mut Session, house: &House, _: Arguments<'_>) -> Stepped {
    session.reset(house);
    Ok(Step::answer(Reply::Simple("RESET")))
}

/// `0`
pub(crate) fn select(_: &mut Session, _: &House, mut arguments: Arguments<'_>) -> Stepped {
    match arguments.integer()? {
        0 => Ok(Step::answer(Reply::OK)),
        _ => Err(Refusal::err("DB index is out of range")),
    }
}

pub(crate) fn id(session: &mut Session, _: &House, _: Arguments<'_>) -> Stepped {
    Ok(Step::answer(Reply::count(session.id)))
}

/// `name`
pub(crate) fn set_name(session: &mut Session, _: &House, mut arguments: Arguments<'_>) -> Stepped {
    session.name = client_name(arguments.next()?)?;
    Ok(Step::answer(Reply::OK))
}

pub(crate) fn get_name(session: &mut Session, _: &House, _: Arguments<'_>) -> Stepped {
    let name = Some(session.name.clone()).filter(|name| !name.is_empty());
    Ok(Step::answer(name.map_or(Reply::Null, Reply::Bulk)))
}

/// `LIB-NAME|LIB-VER value`
pub(crate) fn set_info(_: &mut Session, _: &House, mut arguments: Arguments<'_>) -> Stepped {
    let option = arguments.next()?;
    let is_known = matches!(&option.to_ascii_lowercase()[..], b"lib-name" | b"lib-ver");
    let option = String::from_utf8_lossy(option);
    if !is_known {
        return Err(Refusal::err(&format!("Unrecognized option '{option}'")));
    }
    if !arguments.next()?.iter().all(u8::is_ascii_graphic) {
        let why = format!("{option} cannot contain spaces, newlines or special characters.");
        return Err(Refusal::err(&why));
    }
    Ok(Step::answer(Reply::OK))
}

pub(crate) fn describe(session: &mut Session, _: &House, _: Arguments<'_>) -> Stepped {
    let name = String::from_utf8_lossy(&session.name);
    let protocol = if session.protocol == Protocol::Three { 3 } else { 2 };
    let line = format!("id={} name={name} db=0 resp={protocol}\n", session.id);
    Ok(Step::answer(Reply::Text(Bytes::from(line))))
}

/// `ON|OFF`: nothing here is evicted, or sorted by when it was touched.
pub(crate) fn on_or_off(_: &mut Session, _: &House, arguments: Arguments<'_>) -> Stepped {
    if arguments.is_next("ON") || arguments.is_next("OFF") {
        return Ok(Step::answer(Reply::OK));
    }
    Err(Refusal::syntax())
}

/// `id [TIMEOUT|ERROR]`
pub(crate) fn unblock(_: &mut Session, house: &House, mut arguments: Arguments<'_>) -> Stepped {
    let client = arguments.integer()?;
    let reply = match arguments.len() {
        0 => Reply::NullList,
        _ if arguments.is_next("TIMEOUT") => Reply::NullList,
        _ if arguments.is_next("ERROR") => {
            Reply::Error("UNBLOCKED client unblocked via CLIENT UNBLOCK".to_owned())
        }
        _ => {
            let why = "CLIENT UNBLOCK reason should be TIMEOUT or ERROR";
            return Err(Refusal::err(why));
        }
    };
    let client = u64::try_from(client).unwrap_or_default();
    Ok(Step::answer(Reply::Number(i64::from(house.live.unblock(client, reply)))))
}

fn client_name(name: &Bytes) -> Result<Bytes, Refusal> {
    if !name.iter().all(u8::is_ascii_graphic) {
        let why = "Client names cannot contain spaces, newlines or special characters.";
        return Err(Refusal::err(why));
    }
    Ok(kept(name))
}
