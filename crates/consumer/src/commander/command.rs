//! A command: what a shard is to send to Discord, checked before it is on its way.

use std::time::Duration;

use baton_model::{AppShape, GuildId, ShardNumber};
use baton_store::{Op, Sendable};
use serde::Serialize;
use twilight_model::gateway::payload::outgoing::{
    RequestGuildMembers, UpdateVoiceState, update_presence::UpdatePresencePayload,
};

use super::failure::SendError;

/// The bits of a guild's id that say which shard has it stand above these.
const GUILD_SHIFT: u32 = 22;

/// Which shard is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target {
    /// This one.
    Shard(ShardNumber),
    /// The one that has this guild.
    Guild(GuildId),
}

impl Target {
    /// The shard that has the guild of this id, as Discord writes it.
    ///
    /// # Errors
    /// If the text is no id.
    pub fn guild(id: &str) -> Result<Self, SendError> {
        match id.parse() {
            Ok(id) if id > 0 => Ok(Self::Guild(GuildId(id))),
            Ok(_) | Err(_) => Err(SendError::NoGuildId(id.to_owned())),
        }
    }

    pub(super) fn shard(self, shape: AppShape) -> Result<ShardNumber, SendError> {
        let shards = shape.shards.0.get();
        match self {
            Self::Shard(shard) if shard.0 < shards => Ok(shard),
            Self::Shard(shard) => Err(SendError::NoSuchShard { shard, shards }),
            Self::Guild(guild) => {
                let of_guild = (guild.0 >> GUILD_SHIFT) % u64::from(shards);
                Ok(ShardNumber(u32::try_from(of_guild).unwrap_or_default()))
            }
        }
    }
}

impl From<ShardNumber> for Target {
    fn from(shard: ShardNumber) -> Self {
        Self::Shard(shard)
    }
}

impl From<GuildId> for Target {
    fn from(guild: GuildId) -> Self {
        Self::Guild(guild)
    }
}

/// Something that a shard is to send to Discord.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    pub(super) to: Target,
    pub(super) frame: Vec<u8>,
    pub(super) expires_in: Option<Duration>,
}

impl Command {
    /// Shows the bot like this on one shard. Discord shows it alike everywhere only if every shard
    /// is told.
    #[must_use]
    pub fn presence(to: impl Into<Target>, shown: &UpdatePresencePayload) -> Self {
        Self::raw(to, Op::UpdatePresence.frame(&json(shown)))
    }

    /// Joins, moves within or leaves a guild's voice channels.
    #[must_use]
    pub fn voice_state(state: &UpdateVoiceState) -> Self {
        let guild = GuildId(state.d.guild_id.get());
        Self::raw(guild, Op::UpdateVoiceState.frame(&json(&state.d)))
    }

    /// Asks for members of a guild, which come as events `GUILD_MEMBERS_CHUNK` to whoever handles
    /// those. [`Commander::members`](super::Commander::members) collects them.
    #[must_use]
    pub fn members(request: &RequestGuildMembers) -> Self {
        let guild = GuildId(request.d.guild_id.get());
        Self::raw(guild, Op::RequestGuildMembers.frame(&json(&request.d)))
    }

    /// A frame as it is to be sent, with its `op` and its `d`.
    #[must_use]
    pub fn raw(to: impl Into<Target>, frame: impl Into<Vec<u8>>) -> Self {
        Self { to: to.into(), frame: frame.into(), expires_in: None }
    }

    /// It is too late after this time, by the store's clock, and is not sent then. For ever if
    /// nothing is said; the store forgets it after an hour.
    #[must_use]
    pub const fn expires_in(mut self, time: Duration) -> Self {
        self.expires_in = Some(time);
        self
    }

    /// What Discord would close the connection over is not sent.
    pub(super) fn ensure_sendable(&self) -> Result<(), SendError> {
        let bytes = self.frame.len();
        if bytes > baton_model::limits::COMMAND_BYTES_MAX {
            return Err(SendError::TooLarge(bytes));
        }
        Sendable::check(&self.frame).map(drop).map_err(SendError::Invalid)
    }
}

fn json(data: &impl Serialize) -> String {
    serde_json::to_string(data).unwrap_or_else(|error| unreachable!("it is plain data: {error}"))
}

#[cfg(test)]
mod tests {
    use std::num::{NonZeroU16, NonZeroU32};

    use baton_model::{Generation, LaneCount, ShardCount};
    use twilight_model::{gateway::presence::Status, id::Id};

    use super::*;

    const SHAPE: AppShape = AppShape {
        generation: Generation(0),
        shards: ShardCount(NonZeroU32::new(6).unwrap()),
        lanes: LaneCount(NonZeroU16::new(4).unwrap()),
    };

    #[test]
    fn a_guild_is_that_shards_which_discord_sends_its_events_to() {
        let guild = 613_425_648_685_547_541;
        let shard = Target::guild("613425648685547541").unwrap().shard(SHAPE);
        assert_eq!(shard, Ok(ShardNumber(u32::try_from((guild >> 22) % 6_u64).unwrap())));
        assert_eq!(Target::from(ShardNumber(5)).shard(SHAPE), Ok(ShardNumber(5)));
    }

    #[test]
    fn what_is_no_shard_and_no_guild_is_refused_and_said_why() {
        let error = Target::from(ShardNumber(6)).shard(SHAPE).unwrap_err();
        assert_eq!(error.to_string(), "there is no shard 6; the app has 6, from 0 on");
        for text in ["", "0", "-1", "x", "18446744073709551616"] {
            let error = Target::guild(text).unwrap_err();
            assert_eq!(error, SendError::NoGuildId(text.to_owned()));
        }
    }

    #[test]
    fn each_kind_is_a_frame_that_discord_reads() {
        let activities = Vec::new();
        let shown =
            UpdatePresencePayload { activities, afk: false, since: None, status: Status::Idle };
        let voice = UpdateVoiceState::new(Id::new(9), Id::new(7), false, true);
        let members = RequestGuildMembers::builder(Id::new(9)).query("", None);
        let commands = [
            Command::presence(ShardNumber(1), &shown),
            Command::voice_state(&voice),
            Command::members(&members),
        ];
        let ops = commands.map(|command| {
            assert_eq!(command.ensure_sendable(), Ok(()));
            Sendable::check(&command.frame).unwrap().op
        });
        assert_eq!(ops, [Op::UpdatePresence, Op::UpdateVoiceState, Op::RequestGuildMembers]);
    }

    #[test]
    fn what_discord_would_close_for_is_not_sent() {
        let to = ShardNumber(0);
        let large = Command::raw(to, format!("{:<4097}", r#"{"op":3,"d":{}}"#));
        assert_eq!(large.ensure_sendable(), Err(SendError::TooLarge(4_097)));
        let identify = Command::raw(to, r#"{"op":2,"d":{}}"#).ensure_sendable().unwrap_err();
        let why = std::error::Error::source(&identify).unwrap().to_string();
        assert!(why.starts_with("op 2 is no command"), "{why}");
    }
}
