//! Dispatches: they get a number, enter the ledger and the replay buffer, and go out if anybody
//! is there.

use baton_model::{Moment, Seq};
use bytes::Bytes;

use super::{
    Discord, Output, SeqStep,
    agenda::Reminder,
    server_frame,
    session::{Holder, Kept, Session, replay_max},
};
use crate::{
    SessionOrdinal, Slice,
    dice::Dice,
    load::{Content, Origin, Pace, content::dispatch_frame, guilds},
};

impl Discord {
    pub(super) fn on_emit(&mut self, slice: Option<Slice>, content: &Content) {
        let hears = |session: &&Session| slice.is_none_or(|slice| slice == session.slice);
        let hearers: Vec<_> =
            self.sessions.values().filter(hears).map(|session| session.ordinal).collect();
        for ordinal in hearers {
            self.tell(ordinal, Kept::Content(content.clone()));
        }
    }

    pub(super) fn on_load(&mut self, pace: Option<Pace>) {
        self.pace = pace;
        self.pace_number += 1;
        let ordinals: Vec<_> = self.sessions.keys().copied().collect();
        for ordinal in ordinals {
            self.await_turn(ordinal, 1, self.now);
        }
    }

    /// Notes a session's next turn. Where in the period it lies is its own, so that a thousand
    /// shards do not speak at once.
    pub(super) fn await_turn(&mut self, ordinal: SessionOrdinal, turn: u64, after: Moment) {
        let Some(pace) = self.pace else {
            return;
        };
        let period = pace.period();
        let mut at = after + period;
        if turn == 1 {
            let mut dice = Dice::of(&[self.source.seed, ordinal.0, self.pace_number]);
            let nanos = u64::try_from(period.as_nanos()).unwrap_or(u64::MAX);
            at = after + std::time::Duration::from_nanos(dice.between(1, nanos));
        }
        self.agenda.note(at, Reminder::Turn { session: ordinal, turn, pace: self.pace_number });
    }

    pub(super) fn take_turn(&mut self, ordinal: SessionOrdinal, turn: u64, at: Moment) {
        let (Some(pace), true) = (self.pace, self.sessions.contains_key(&ordinal)) else {
            return;
        };
        for _ in 0..pace.events_in(turn) {
            self.tell(ordinal, Kept::Content(Content::Event(pace.mix)));
        }
        self.await_turn(ordinal, turn + 1, at);
    }

    /// Tells a session something new.
    pub(super) fn tell(&mut self, ordinal: SessionOrdinal, kept: Kept) {
        let Some(session) = self.sessions.get(&ordinal) else {
            return;
        };
        let seq = self.seq_after(session);
        let frame = self.frame(session, seq, &kept);
        let most = replay_max(guilds::of_shard(self.settings.guilds, session.slice));
        let most = self.faults.replay_most.map_or(most, |cut| most.min(cut));
        self.scribe.record(ordinal, seq, &frame, self.now);
        if let Some(session) = self.sessions.get_mut(&ordinal) {
            session.keep(seq, kept, most);
        }
        self.pass_on(ordinal, seq, frame);
    }

    /// Tells a session something once more, and says whether anybody is left to be told.
    pub(super) fn deliver(&mut self, ordinal: SessionOrdinal, seq: Seq, kept: &Kept) -> bool {
        let Some(session) = self.sessions.get(&ordinal) else {
            return false;
        };
        let frame = self.frame(session, seq, kept);
        self.pass_on(ordinal, seq, frame);
        let session = self.sessions.get(&ordinal);
        session.is_some_and(|session| matches!(session.holder, Holder::Connection(_)))
    }

    fn pass_on(&mut self, ordinal: SessionOrdinal, seq: Seq, frame: Bytes) {
        let Some(session) = self.sessions.get(&ordinal) else {
            return;
        };
        let (shard, Holder::Connection(connection)) = (session.slice.0, session.holder) else {
            return;
        };
        self.send(Output::Send { connection, frame });
        if let Some(code) = self.faults.take_close_after(shard, seq) {
            self.close(connection, code, "closed on request");
        }
    }

    fn frame(&self, session: &Session, seq: Seq, kept: &Kept) -> Bytes {
        let Session { slice, ordinal, .. } = *session;
        match kept {
            Kept::Ready => {
                let data = server_frame::ready(&self.settings, session);
                dispatch_frame("READY", seq, &data)
            }
            Kept::Resumed => dispatch_frame("RESUMED", seq, &server_frame::resumed(session)),
            Kept::Content(content) => {
                self.source.frame(content, Origin { slice, session: ordinal, seq })
            }
        }
    }

    fn seq_after(&self, session: &Session) -> Seq {
        let Seq(last) = session.last_seq;
        match self.settings.seq_step {
            SeqStep::One => Seq(last + 1),
            SeqStep::UpTo(most) => {
                let mut dice = Dice::of(&[self.source.seed, session.ordinal.0, last]);
                Seq(last + dice.between(1, most.max(1)))
            }
        }
    }
}
