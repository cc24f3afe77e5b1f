//! How a shard comes to its events, told from what its machine shows and its socket says.
//!
//! It is for the journal: it measures, and says nothing that it has not seen. A gap is known only
//! to an instance that had the events before: from the moment on from which it knew that there were
//! none. What another one did not hear before a hand-over is not seen here.

use baton_model::{Moment, Seq};
use baton_shard::{ResumeFrom, SocketEvent, State};
use baton_store::Connecting;

use crate::supervisor::Connection;

/// One shard's connections under one lease, as far as the journal wants to know.
#[derive(Debug)]
pub(super) struct Connections {
    how: Connecting,
    /// The seq that the RESUME of the socket at hand names.
    resumed_from: Seq,
    replayed: u64,
    skipped: u64,
    hearing: Hearing,
}

#[derive(Debug, Clone, Copy)]
enum Hearing {
    /// There have been no events under this lease.
    NotYet,
    Live,
    DeafSince(Moment),
}

impl Default for Connections {
    fn default() -> Self {
        Self {
            how: Connecting::Identified,
            resumed_from: Seq(0),
            replayed: 0,
            skipped: 0,
            hearing: Hearing::NotYet,
        }
    }
}

impl Connections {
    /// A socket is opened.
    pub(super) fn open(&mut self, resume: Option<&ResumeFrom>) {
        self.how = if resume.is_some() { Connecting::Resumed } else { Connecting::Identified };
        self.resumed_from = resume.map_or(Seq(0), |resume| resume.seq);
        (self.replayed, self.skipped) = (0, 0);
    }

    /// The socket says something, which the machine is about to hear.
    pub(super) fn hear(&mut self, event: &SocketEvent) {
        match event {
            SocketEvent::Ready { .. } => self.how = Connecting::Identified,
            SocketEvent::Dispatch(dispatch) if dispatch.name.as_str() != "RESUMED" => {
                self.replayed += 1;
                self.skipped += u64::from(dispatch.seq <= self.resumed_from);
            }
            SocketEvent::Dispatch(_)
            | SocketEvent::ConnectFailed
            | SocketEvent::Hello
            | SocketEvent::PermitWanted
            | SocketEvent::PermitGranted
            | SocketEvent::Frame
            | SocketEvent::ReconnectAsked
            | SocketEvent::InvalidSession { .. }
            | SocketEvent::Closed { .. } => {}
        }
    }

    /// The machine shows itself in this state since then.
    pub(super) fn show(&mut self, state: State, since: Moment) {
        let is_live = matches!(state, State::Live | State::Healing | State::Reasserting);
        match self.hearing {
            Hearing::Live if !is_live => self.hearing = Hearing::DeafSince(since),
            Hearing::Live | Hearing::NotYet | Hearing::DeafSince(_) => {}
        }
    }

    /// The machine says that it is live.
    pub(super) fn live(&mut self, now: Moment) -> Connection {
        let gap = match self.hearing {
            Hearing::DeafSince(since) => Some(now.since(since)),
            Hearing::NotYet | Hearing::Live => None,
        };
        self.hearing = Hearing::Live;
        let (replayed, skipped) = match self.how {
            Connecting::Resumed => (self.replayed, self.skipped),
            Connecting::Identified => (0, 0),
        };
        Connection { how: self.how, gap, replayed, skipped }
    }

    /// A lease begins or ends: what was heard before is another's affair.
    pub(super) const fn forget(&mut self) {
        self.hearing = Hearing::NotYet;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use baton_model::{Dispatch, EventName, SessionId, UnixMicros};

    use super::*;

    fn at(millis: u64) -> Moment {
        Moment::from_millis(millis)
    }

    fn dispatch(seq: u64, name: &str) -> SocketEvent {
        SocketEvent::Dispatch(Dispatch {
            seq: Seq(seq),
            name: EventName::new(name),
            guild: None,
            at: UnixMicros(1),
            trace: None,
            frame: bytes::Bytes::from_static(b"{}"),
        })
    }

    fn resume_from(seq: u64) -> ResumeFrom {
        ResumeFrom { id: SessionId::new("s"), url: None, seq: Seq(seq) }
    }

    #[test]
    fn the_first_connection_under_a_lease_has_no_gap_that_is_known() {
        let mut connections = Connections::default();
        connections.open(Some(&resume_from(5)));
        connections.show(State::Resuming, at(1));
        let live = connections.live(at(9));
        assert_eq!((live.how, live.gap), (Connecting::Resumed, None));
    }

    #[test]
    fn a_gap_is_measured_from_the_last_event_on_through_all_attempts() {
        let mut connections = Connections::default();
        connections.open(None);
        connections.live(at(10));
        connections.show(State::Live, at(10));
        connections.show(State::BackingOff, at(100));
        connections.show(State::Connecting, at(150));
        connections.open(Some(&resume_from(7)));
        connections.show(State::Resuming, at(160));
        let live = connections.live(at(180));
        assert_eq!(live.gap, Some(Duration::from_millis(80)));
        connections.show(State::BackingOff, at(200));
        connections.forget();
        assert_eq!(connections.live(at(210)).gap, None, "that was another lease");
    }

    #[test]
    fn what_came_before_resumed_is_counted_and_what_the_stream_held_of_it() {
        let mut connections = Connections::default();
        connections.open(Some(&resume_from(7)));
        for seq in 6..=9 {
            connections.hear(&dispatch(seq, "MESSAGE_CREATE"));
        }
        connections.hear(&dispatch(10, "RESUMED"));
        let live = connections.live(at(1));
        assert_eq!((live.how, live.replayed, live.skipped), (Connecting::Resumed, 4, 2));
    }

    #[test]
    fn a_new_session_on_a_socket_that_was_to_resume_is_one() {
        let mut connections = Connections::default();
        connections.open(Some(&resume_from(7)));
        let SocketEvent::Dispatch(ready) = dispatch(1, "READY") else { unreachable!() };
        let id = SessionId::new("t");
        connections.hear(&SocketEvent::Ready { id, resume_url: None, dispatch: ready });
        let live = connections.live(at(1));
        assert_eq!((live.how, live.replayed), (Connecting::Identified, 0));
    }
}
