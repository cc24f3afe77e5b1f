//! What runs where, and what to try next.

use std::{
    io::{self, Write},
    net::SocketAddr,
};

use super::{demo::Demo, settings::Bot};

/// Says it on stdout. Whoever has closed that does not want to know.
pub(super) fn announce(bot: &Bot, demo: Option<&Demo>, redis: SocketAddr) {
    let text = match demo {
        Some(demo) => of_demo(bot, demo, redis),
        None => of_bot(bot, redis),
    };
    let mut out = io::stdout().lock();
    drop(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
}

fn of_demo(bot: &Bot, demo: &Demo, redis: SocketAddr) -> String {
    let (gateway, admin) = (demo.gateway_url(), demo.admin_url());
    format!(
        "discord   simulated at {gateway}; its books and faults at {admin}\n\
         {}\
         consumer  group demo reads everything\n\
         \n\
         Try next:\n{}\
         \x20 DISCORD_TOKEN=… baton up    your own bot\n\
         Ctrl-C ends it.\n",
        common(bot, redis),
        reading(bot, redis)
    )
}

fn of_bot(bot: &Bot, redis: SocketAddr) -> String {
    format!(
        "{}\n\
         Try next:\n{}\
         Ctrl-C ends it. Started again, it resumes its sessions.\n",
        common(bot, redis),
        reading(bot, redis)
    )
}

fn common(bot: &Bot, redis: SocketAddr) -> String {
    let (app, folder, instances) = (bot.app(), bot.folder().display(), bot.instances().count());
    format!(
        "store     {folder}\n\
         redis     valkey://{redis}\n\
         gateway   {instances} instances in this process hold the shards of {app}\n"
    )
}

fn reading(bot: &Bot, redis: SocketAddr) -> String {
    let (app, host, port) = (bot.app(), redis.ip(), redis.port());
    format!(
        "  redis-cli -h {host} -p {port} XREAD BLOCK 0 STREAMS 'baton:{{{app}.0}}:events' '$'\n\
         \x20 redis-cli -h {host} -p {port} XINFO GROUPS 'baton:{{{app}.0}}:events'\n"
    )
}
