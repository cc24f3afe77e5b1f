//! How the bot is shown: what the house itself has a courier send.

use baton_model::Moment;

use super::{Courier, Handed, InHand, Op, Output};

impl Courier {
    /// Sends how the bot is to be shown, if that is to be said and may be.
    pub(super) fn show(&mut self, now: Moment) {
        if self.showing_turn().is_none_or(|turn| turn.is_some_and(|turn| turn > now)) {
            return;
        }
        let (Some(socket), Some(frame)) = (self.link, self.to_show.take()) else {
            unreachable!("it is its turn where there is a connection, and something to say");
        };
        self.pace.count(Op::UpdatePresence, now);
        let what = Handed::Presence(frame.clone());
        self.in_hand = Some(InHand { socket, what });
        self.outputs.push_back(Output::Send { socket, frame });
    }

    /// Before which moment it may not be sent, none for any; nothing at all where there is nothing
    /// to send, or nowhere.
    pub(super) fn showing_turn(&self) -> Option<Option<Moment>> {
        let can = self.to_show.is_some() && self.link.is_some() && self.in_hand.is_none();
        can.then(|| self.pace.next(Op::UpdatePresence))
    }

    /// It did not get there, or may not have; what was to be shown since is what counts.
    pub(super) fn show_again(&mut self, frame: String) {
        self.to_show.get_or_insert(frame);
    }
}
