//! Whether the store is the one it was a moment ago.
//!
//! A server that took over from another, was restarted or wiped may have lost who holds what. Those
//! who do say so with their next beat, so nobody claims anything until they have had the time to.

use std::collections::BTreeMap;

use baton_model::Moment;

use crate::settings::EVIDENCE_SPAN;

/// For how long everything has been as it is.
#[derive(Debug, Default)]
pub(crate) struct Calm {
    /// The server that holds the beats, and since when it has had ours without a break.
    beats: Option<(String, Moment)>,
    /// Servers that hold lanes, where those are others, and since when.
    lanes: BTreeMap<u16, (String, Moment)>,
}

impl Calm {
    /// This server has taken a beat; whether it had one of ours before.
    pub(crate) fn polled(&mut self, server: String, was_known: bool, now: Moment) {
        let is_same = self.beats.as_ref().is_some_and(|(known, _)| *known == server);
        if !was_known || !is_same {
            self.beats = Some((server, now));
        }
    }

    /// A beat may have been taken without our knowing: that ours is there proves nothing then.
    pub(crate) fn doubt(&mut self) {
        self.beats = None;
    }

    /// This server has shown a lane's row: may be believed what it says?
    pub(crate) fn is_calm(&mut self, lane: u16, server: &str, now: Moment) -> bool {
        let Some((beats, since)) = &self.beats else {
            return false;
        };
        let is_long = |since: Moment| now.since(since) >= EVIDENCE_SPAN;
        if beats == server {
            self.lanes.remove(&lane);
            return is_long(*since);
        }
        let seen = self.lanes.entry(lane).or_insert_with(|| (server.to_owned(), now));
        if seen.0 != server {
            *seen = (server.to_owned(), now);
        }
        is_long(*since) && is_long(seen.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Moment {
        Moment::from_millis(millis)
    }

    #[test]
    fn what_has_just_come_up_or_was_wiped_is_not_believed_for_a_while() {
        let mut calm = Calm::default();
        assert!(!calm.is_calm(0, "a", at(0)));
        calm.polled("a".to_owned(), true, at(0));
        assert!(!calm.is_calm(0, "a", at(1_499)) && calm.is_calm(0, "a", at(1_500)));
        calm.polled("a".to_owned(), false, at(2_000));
        assert!(!calm.is_calm(0, "a", at(2_000)) && calm.is_calm(0, "a", at(3_500)));
        calm.polled("b".to_owned(), true, at(4_000));
        assert!(!calm.is_calm(0, "b", at(4_000)) && calm.is_calm(0, "b", at(5_500)));
    }

    #[test]
    fn after_a_beat_without_an_answer_it_is_watched_anew() {
        let mut calm = Calm::default();
        calm.polled("a".to_owned(), true, at(0));
        calm.doubt();
        calm.polled("a".to_owned(), true, at(2_000));
        assert!(!calm.is_calm(0, "a", at(3_499)) && calm.is_calm(0, "a", at(3_500)));
    }

    #[test]
    fn a_lane_on_another_server_has_a_while_of_its_own() {
        let mut calm = Calm::default();
        calm.polled("a".to_owned(), true, at(0));
        assert!(!calm.is_calm(0, "b", at(2_000)) && calm.is_calm(0, "b", at(3_500)));
        assert!(!calm.is_calm(0, "c", at(4_000)) && calm.is_calm(0, "c", at(5_500)));
    }
}
