//! What runs where, and what to try next.

use std::{
    io::{self, Write},
    net::SocketAddr,
    path::Path,
};

use super::{demo::Demo, settings::Bot};
use crate::context::USUAL_DATA;

/// Where the page is, and where Redis clients read.
type Places = (SocketAddr, SocketAddr);

/// Says it on stdout. Whoever has closed that does not want to know.
pub(super) fn announce(bot: &Bot, demo: Option<&Demo>, places: Places) {
    let text = match demo {
        Some(demo) => of_demo(bot, demo, places),
        None => of_bot(bot, places),
    };
    let mut out = io::stdout().lock();
    drop(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
}

fn of_demo(bot: &Bot, demo: &Demo, places: Places) -> String {
    let (gateway, admin) = (demo.gateway_url(), demo.admin_url());
    format!(
        "discord   simulated at {gateway}; its books and faults at {admin}\n\
         {}\
         consumer  group demo reads everything\n\
         \n\
         Try next:\n{}{}\
         \x20 DISCORD_TOKEN=… baton up    your own bot\n\
         Ctrl-C ends it.\n",
        common(bot, places),
        operating(bot),
        reading(bot, places)
    )
}

fn of_bot(bot: &Bot, places: Places) -> String {
    format!(
        "{}\n\
         Try next:\n{}{}\
         Ctrl-C ends it. Started again, it resumes its sessions.\n",
        common(bot, places),
        operating(bot),
        reading(bot, places)
    )
}

fn common(bot: &Bot, (page, redis): Places) -> String {
    let (app, folder, instances) = (bot.app(), bot.folder().display(), bot.instances().count());
    format!(
        "store     {folder}\n\
         redis     valkey://{redis}\n\
         page      http://{page}/\n\
         gateway   {instances} instances in this process hold the shards of {app}\n"
    )
}

/// What operators may say. An instance that is alone has nobody to give its shards to.
fn operating(bot: &Bot) -> String {
    let baton = match bot.data() {
        data if data == Path::new(USUAL_DATA) => "baton".to_owned(),
        data => format!("baton --data {}", quoted(&data.display().to_string())),
    };
    let names: Vec<_> = bot.instances().map(|instance| instance.name).collect();
    let mut lines = format!("  {baton} status\n");
    if let [first, _, ..] = &names[..] {
        lines += &format!("  {baton} drain {first}\n");
    }
    lines + &format!("  {baton} history\n")
}

/// As a shell has to read it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,:@%".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

fn reading(bot: &Bot, (_, redis): Places) -> String {
    let (app, host, port) = (bot.app(), redis.ip(), redis.port());
    format!(
        "  redis-cli -h {host} -p {port} XREAD BLOCK 0 STREAMS 'baton:{{{app}.0}}:events' '$'\n\
         \x20 redis-cli -h {host} -p {port} XINFO GROUPS 'baton:{{{app}.0}}:events'\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_said_as_a_shell_has_to_read_it() {
        assert_eq!(quoted("/srv/baton-data"), "/srv/baton-data");
        assert_eq!(quoted("my bot's"), r"'my bot'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
