//! Which events come how often, and how long they are.
//!
//! With presences, nineteen events out of twenty are presences and typing, as large bots have
//! measured; without, messages and their edits lead. Lengths are those of captured frames of 2026.

use serde::{Deserialize, Serialize};

use super::body::{self, Body};
use crate::dice::Dice;

/// Which of the two worlds an app lives in: it depends on its intents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mix {
    /// The app has asked for presences and typing, and hears of little else.
    Presences,
    /// It has not.
    Messages,
    /// A large bot has edited its profile: a member update for every guild that it shares.
    MemberUpdates,
}

/// One kind of generated event.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// The length of its body: from, to.
    pub(crate) bytes: (u64, u64),
    pub(crate) body: Body,
}

const PRESENCE: Kind = Kind { name: "PRESENCE_UPDATE", bytes: (300, 900), body: body::presence };
const TYPING: Kind = Kind { name: "TYPING_START", bytes: (300, 600), body: body::typing };
const MESSAGE: Kind = Kind { name: "MESSAGE_CREATE", bytes: (700, 1_200), body: body::message };
const EDIT: Kind = Kind { name: "MESSAGE_UPDATE", bytes: (700, 1_200), body: body::edited_message };
const REACTION: Kind =
    Kind { name: "MESSAGE_REACTION_ADD", bytes: (350, 700), body: body::reaction };
const INTERACTION: Kind =
    Kind { name: "INTERACTION_CREATE", bytes: (2_000, 3_000), body: body::interaction };
const MEMBER: Kind = Kind { name: "GUILD_MEMBER_UPDATE", bytes: (400, 700), body: body::member };

/// Weights are per mille.
const PRESENCES: &[(u64, Kind)] =
    &[(900, PRESENCE), (50, TYPING), (30, MESSAGE), (12, EDIT), (5, REACTION), (3, INTERACTION)];
const MESSAGES: &[(u64, Kind)] =
    &[(450, MESSAGE), (300, EDIT), (150, REACTION), (60, MEMBER), (40, INTERACTION)];
const MEMBER_UPDATES: &[(u64, Kind)] = &[(1_000, MEMBER)];

const WHOLE: u64 = 1_000;

impl Mix {
    pub(crate) fn draw(self, dice: &mut Dice) -> Kind {
        let mut at = dice.between(1, WHOLE);
        for (weight, kind) in self.weights() {
            if at <= *weight {
                return *kind;
            }
            at -= weight;
        }
        unreachable!("the weights of {self:?} do not add up to {WHOLE}")
    }

    const fn weights(self) -> &'static [(u64, Kind)] {
        match self {
            Self::Presences => PRESENCES,
            Self::Messages => MESSAGES,
            Self::MemberUpdates => MEMBER_UPDATES,
        }
    }
}

/// Every kind there is.
#[cfg(test)]
pub(crate) fn kinds() -> impl Iterator<Item = &'static Kind> {
    [PRESENCES, MESSAGES, MEMBER_UPDATES].into_iter().flatten().map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_add_up() {
        for mix in [Mix::Presences, Mix::Messages, Mix::MemberUpdates] {
            assert_eq!(mix.weights().iter().map(|(weight, _)| weight).sum::<u64>(), WHOLE);
        }
    }

    #[test]
    fn events_come_as_often_as_their_weight_says() {
        let mut dice = Dice::new(3);
        let drawn: Vec<_> = (0..10_000).map(|_| Mix::Presences.draw(&mut dice).name).collect();
        let presences = drawn.iter().filter(|name| **name == "PRESENCE_UPDATE").count();
        assert!((8_900..9_100).contains(&presences), "{presences}");
        assert!(drawn.contains(&"INTERACTION_CREATE"));
    }
}
