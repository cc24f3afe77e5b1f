//! The compose file: gateways, and their Valkey unless there is one.
//!
//! It says nothing of the bot that the configuration says, except where it is different in a
//! container: addresses, and where the token is.

use baton_model::limits::KILL_TIMEOUT;

use super::{CONFIG, TOKEN, Wish};

/// Where the container has the token.
const SECRET: &str = "/run/secrets/discord-token";

/// Where the store is for the other containers.
const STORE: &str = "valkey://valkey:6379";

/// The file.
pub(super) fn text(wish: &Wish<'_>) -> String {
    let brings_a_store = wish.store.is_none();
    let mut text = head(wish);
    text += &gateway(wish);
    if brings_a_store {
        text += VALKEY;
    }
    text += &format!("\nsecrets:\n  {TOKEN}:\n    file: ./{TOKEN}\n");
    if brings_a_store {
        text += "\nvolumes:\n  valkey:\n";
    }
    text
}

fn head(wish: &Wish<'_>) -> String {
    let app = &wish.arguments.name;
    format!(
        "# Baton for {app}, written by `baton init`.\n\
         #\n\
         #   docker compose up -d                                   start it, or change it\n\
         #   docker compose up -d --no-recreate --scale gateway=3   one gateway more\n\
         #   docker compose logs -f gateway                         what they say\n\
         #\n\
         # The image is built in Baton's repository, once:\n\
         #   docker build --target gateway --tag baton-gateway:local .\n\
         #\n\
         # The gateways run as user 65532, so {TOKEN} has to be readable for all (chmod 644), and\n\
         # the folder for you alone.\n\
         \n\
         name: {}\n\
         \n\
         services:\n",
        project(&app.to_string())
    )
}

/// Compose takes fewer characters for a name than Baton.
fn project(app: &str) -> String {
    let name: String =
        app.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    format!("baton-{}", name.to_ascii_lowercase())
}

fn gateway(wish: &Wish<'_>) -> String {
    let app = wish.arguments.name.to_string();
    let variable = app.to_ascii_uppercase().replace(['.', '-'], "_");
    let mut text = format!(
        "  gateway:\n\
         \x20   image: baton-gateway:${{BATON_TAG:-local}}\n\
         \x20   command: [\"--config\", \"/etc/baton/{CONFIG}\"]\n\
         \x20   volumes:\n\
         \x20     - ./{CONFIG}:/etc/baton/{CONFIG}:ro\n\
         \x20   secrets: [{TOKEN}]\n\
         \x20   environment:\n\
         \x20     BATON_APPS__{variable}__TOKEN: file:{SECRET}\n"
    );
    if wish.store.is_none() {
        text += &format!("      BATON_STORE__URL: {STORE}\n");
    }
    let grace = KILL_TIMEOUT.as_secs();
    text += &format!(
        "      # As stop_grace_period: who would be killed in a drain does not start.\n\
         \x20     BATON_DRAIN__KILL_TIMEOUT: {grace}s\n\
         \x20   deploy:\n\
         \x20     replicas: {}\n\
         \x20   # One that is asked to end hands its shards over first: drain.limit and more.\n\
         \x20   stop_grace_period: {grace}s\n\
         \x20   restart: unless-stopped\n\
         \x20   read_only: true\n\
         \x20   cap_drop: [ALL]\n\
         \x20   security_opt: [\"no-new-privileges:true\"]\n",
        wish.arguments.gateways
    );
    if wish.store.is_none() {
        text += "    depends_on:\n      valkey:\n        condition: service_healthy\n";
    }
    text
}

/// It keeps what it has taken, and never throws anything away to make room.
const VALKEY: &str = r#"
  valkey:
    image: valkey/valkey:8.0
    command:
      [valkey-server, --appendonly, "yes", --appendfsync, everysec, --maxmemory-policy, noeviction]
    volumes:
      - valkey:/data
    # For consumers, and `baton --store valkey://127.0.0.1:6379 status`, on this machine only.
    ports:
      - 127.0.0.1:6379:6379
    healthcheck:
      test: [CMD, valkey-cli, ping]
      interval: 2s
      timeout: 2s
      retries: 15
    restart: unless-stopped
"#;
