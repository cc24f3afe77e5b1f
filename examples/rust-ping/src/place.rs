//! Where it finds its events: what variables say, or else what a first try needs.

use std::{env, error::Error, fs, time::Duration};

use baton_consumer::{Consumer, ConsumerBuilder};

/// What a variable says, or else this.
pub(crate) fn said(name: &str, else_: &str) -> String {
    env::var(name).unwrap_or_else(|_| else_.to_owned())
}

/// A consumer of what the variables name.
pub(crate) fn consumer() -> Result<Consumer, Box<dyn Error>> {
    let store = said("BATON_STORE", "valkey://127.0.0.1:6379");
    let (app, group) = (said("BATON_APP", "app"), said("BATON_GROUP", "example"));
    let silence = Duration::from_millis(said("BATON_IDLE_MS", "30000").parse()?);
    let builder = Consumer::builder(&store, &app, &group)
        .fleet(&said("BATON_FLEET", "main"))
        .claim_after(silence);
    Ok(with_login(builder)?.build()?)
}

/// A password is in a file, for everybody can see a variable who can see the process.
fn with_login(builder: ConsumerBuilder) -> Result<ConsumerBuilder, Box<dyn Error>> {
    let Ok(path) = env::var("BATON_PASSWORD_FILE") else {
        return Ok(builder);
    };
    let password = fs::read_to_string(&path);
    let password = password.map_err(|error| format!("no password in {path}: {error}"))?;
    Ok(builder.login(env::var("BATON_USER").ok().as_deref(), password.trim_end()))
}
