//! What a bot may send through its gateway, of what consumers may ask for.
//!
//! What belongs to a connection (IDENTIFY, RESUME, heartbeats) is none of it.

/// A kind of command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Op {
    /// Ask what is known of a channel.
    RequestChannelInfo,
    /// Ask for a guild's members.
    RequestGuildMembers,
    /// Ask for guilds' sounds.
    RequestSoundboardSounds,
    /// Change how the bot is shown.
    UpdatePresence,
    /// Join, move or leave a voice channel.
    UpdateVoiceState,
}

impl Op {
    /// All of them, in the order of their names.
    pub const ALL: [Self; 5] = [
        Self::RequestChannelInfo,
        Self::RequestGuildMembers,
        Self::RequestSoundboardSounds,
        Self::UpdatePresence,
        Self::UpdateVoiceState,
    ];

    /// What it is called in a configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RequestChannelInfo => "request_channel_info",
            Self::RequestGuildMembers => "request_guild_members",
            Self::RequestSoundboardSounds => "request_soundboard_sounds",
            Self::UpdatePresence => "update_presence",
            Self::UpdateVoiceState => "update_voice_state",
        }
    }

    /// Discord's number for it.
    #[must_use]
    pub const fn code(self) -> u64 {
        match self {
            Self::UpdatePresence => 3,
            Self::UpdateVoiceState => 4,
            Self::RequestGuildMembers => 8,
            Self::RequestSoundboardSounds => 31,
            Self::RequestChannelInfo => 43,
        }
    }

    /// The frame that carries it, around this data as it stands.
    #[must_use]
    pub fn frame(self, data: &str) -> String {
        format!(r#"{{"op":{},"d":{data}}}"#, self.code())
    }

    /// The one with this number.
    #[must_use]
    pub fn of_code(code: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|op| op.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_order_and_each_number_is_of_one_op() {
        assert!(Op::ALL.is_sorted_by(|a, b| a.name() < b.name() && a < b));
        for op in Op::ALL {
            assert_eq!(Op::of_code(op.code()), Some(op));
        }
        assert_eq!(Op::of_code(2), None);
    }
}
