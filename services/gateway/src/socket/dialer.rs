//! What every connection of an app has in common, and how one is begun.

use std::sync::Arc;

use baton_model::{ResumeUrl, ShardCount, ShardNumber};
use baton_shard::{ResumeFrom, SocketId};
use twilight_gateway::{Config, ConfigBuilder, Intents, Shard, ShardId};
use twilight_model::gateway::payload::outgoing::update_presence::UpdatePresencePayload;

use super::{
    Socket,
    frame::{FrameReader, twilight_session},
    permit::PermitDesk,
};
use crate::instruments::AppMeters;

/// What Discord takes for `large_threshold`; twilight panics at anything else.
const LARGE_LEAST: u8 = 50;
const LARGE_MOST: u8 = 250;

/// An app, as its connections present it.
#[derive(Clone)]
pub struct DialerSettings {
    /// The bot's token.
    pub token: String,
    /// What it wants to hear of.
    pub intents: Intents,
    /// How it is shown; none for online and nothing else.
    pub presence: Option<UpdatePresencePayload>,
    /// Above how many members Discord leaves the offline ones out of a guild; 50 to 250.
    pub large_threshold: u8,
    /// Where to connect; none for Discord.
    pub gateway_url: Option<String>,
    /// Into how many shards it is cut.
    pub shards: ShardCount,
}

/// Begins connections. One for all shards of an app: they share what TLS needs.
#[derive(Debug)]
pub struct Dialer {
    config: Config,
    shards: ShardCount,
    hosts: ResumeHosts,
    meters: Arc<AppMeters>,
}

/// Where a session may be resumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ResumeHosts {
    /// At Discord: a url from the store or from a frame must not lead the token elsewhere.
    Discord,
    /// Anywhere: the gateway is somebody's own.
    Any,
}

impl ResumeHosts {
    /// The url, if it is one, and one where a session may be resumed.
    pub(super) fn accepted(self, url: &str) -> Option<ResumeUrl> {
        let url: ResumeUrl = url.parse().ok()?;
        self.accepts(&url).then_some(url)
    }

    fn accepts(self, url: &ResumeUrl) -> bool {
        let host = url.host();
        match self {
            Self::Discord => {
                let is_discords = host == "discord.gg" || host.ends_with(".discord.gg");
                is_discords && url.as_str().starts_with("wss://")
            }
            Self::Any => true,
        }
    }
}

impl Dialer {
    /// Prepares connections.
    #[must_use]
    pub fn new(settings: DialerSettings) -> Self {
        let DialerSettings { token, intents, presence, large_threshold, gateway_url, shards } =
            settings;
        let hosts = match gateway_url {
            None => ResumeHosts::Discord,
            Some(_) => ResumeHosts::Any,
        };
        let threshold = u64::from(large_threshold.clamp(LARGE_LEAST, LARGE_MOST));
        let mut builder = ConfigBuilder::new(token, intents).large_threshold(threshold);
        if let Some(presence) = presence {
            builder = builder.presence(presence);
        }
        if let Some(url) = gateway_url {
            builder = builder.proxy_url(url);
        }
        Self { config: builder.build(), shards, hosts, meters: Arc::new(AppMeters::off()) }
    }

    /// Has what comes over its connections counted.
    #[must_use]
    pub fn counted_by(self, meters: Arc<AppMeters>) -> Self {
        Self { meters, ..self }
    }

    /// Begins a connection; nothing happens until it is polled.
    #[must_use]
    pub fn dial(&self, number: ShardNumber, id: SocketId, resume: Option<&ResumeFrom>) -> Socket {
        let desk = PermitDesk::default();
        let mut builder = ConfigBuilder::from(self.config.clone()).queue(desk.clone());
        if let Some(resume) = resume {
            builder = builder.session(twilight_session(&resume.id, resume.seq));
            if let Some(url) = resume.url.as_ref().filter(|url| self.hosts.accepts(url)) {
                builder = builder.resume_url(url.as_str().to_owned());
            }
        }
        let shard =
            Shard::with_config(ShardId::new(number.0, self.shards.0.get()), builder.build());
        let reader = FrameReader::new(self.hosts, self.meters.clone());
        Socket::new(id, shard, (desk, reader))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_of_discords_is_resumed_at_discord_and_nowhere_else() {
        let hosts = ResumeHosts::Discord;
        assert!(hosts.accepted("wss://gateway-us-east1-b.discord.gg").is_some());
        for elsewhere in [
            "wss://gateway.discord.gg.example.com",
            "wss://notdiscord.gg",
            "ws://gateway.discord.gg",
            "wss://127.0.0.1",
            "no url",
        ] {
            assert!(hosts.accepted(elsewhere).is_none(), "{elsewhere}");
        }
        assert!(ResumeHosts::Any.accepted("ws://127.0.0.1:4000").is_some());
    }
}
