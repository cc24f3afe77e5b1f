//! twilight-gateway as a program that says what it receives.
//!
//! It is built three times, for each compression once. The language it speaks stands in
//! `tests/clients/src/lib.rs`.

use std::{env, process::ExitCode};

use futures_util::StreamExt;
use tokio::io::AsyncReadExt;
use twilight_gateway::{CloseFrame, ConfigBuilder, Intents, Message, Shard, ShardId, ShardState};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut shard = shard();
    let mut stdin = tokio::io::stdin();
    let (mut is_ready, mut is_leaving) = (false, false);
    loop {
        tokio::select! {
            _ = stdin.read_u8(), if !is_leaving => {
                shard.close(CloseFrame::NORMAL);
                is_leaving = true;
            }
            message = shard.next() => match message {
                Some(Ok(Message::Text(text))) => println!("frame {text}"),
                Some(Ok(Message::Close(_))) if is_leaving => return ExitCode::SUCCESS,
                // It connects again by itself.
                Some(Ok(Message::Close(_))) => {}
                Some(Err(error)) => eprintln!("twilight: {error}"),
                None => return ExitCode::FAILURE,
            }
        }
        if !is_ready && shard.state() == ShardState::Active {
            println!("ready");
            is_ready = true;
        }
    }
}

fn shard() -> Shard {
    let variable = |name| env::var(name).unwrap_or_else(|_| panic!("{name} is not set"));
    let intents = Intents::GUILDS | Intents::GUILD_MESSAGES;
    let config = ConfigBuilder::new(variable("MOCK_TOKEN"), intents)
        .proxy_url(variable("MOCK_GATEWAY"))
        .build();
    Shard::with_config(ShardId::ONE, config)
}
