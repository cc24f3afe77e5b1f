//! From no socket to events: connecting, and resuming.

use baton_model::{
    EventName, Moment,
    limits::{HELLO_DEADLINE, READY_DEADLINE, RESUMED_DEADLINE},
};

use super::ShardMachine;
use crate::{
    Notice, Output, Request, ResumeFrom, SocketId,
    link::{Link, Permit, Then},
};

impl ShardMachine {
    /// Connects when the pause is over and it is settled with what to begin. The session is the
    /// one that the row holds, from the seq that the stream holds, at this moment.
    pub(super) fn connect_when_due(&mut self, now: Moment) {
        let Link::BackingOff { until } = self.link else {
            return;
        };
        if until > now || !self.sessions.may_connect() {
            return;
        }
        let resume = self.sessions.resume_from();
        self.open(resume, self.in_time(now + HELLO_DEADLINE, now));
    }

    /// A shard that was handed over has less time, once: it was live until a moment ago.
    pub(super) fn in_time(&self, deadline: Moment, now: Moment) -> Moment {
        let live_by = self.lease.held().and_then(|held| held.live_by);
        live_by.filter(|live_by| *live_by > now).map_or(deadline, |live_by| live_by.min(deadline))
    }

    pub(super) fn open(&mut self, resume: Option<ResumeFrom>, deadline: Moment) {
        let socket = SocketId(self.last_socket.0 + 1);
        self.last_socket = socket;
        self.outputs.push_back(Output::Open { socket, resume: resume.clone() });
        self.link = Link::Connecting { socket, resume, deadline };
    }

    pub(super) fn on_hello(&mut self, now: Moment) {
        let Link::Connecting { socket, resume, .. } = &self.link else {
            return;
        };
        let (socket, resume) = (*socket, resume.clone());
        let is_held = self.lease.held().is_some();
        match resume {
            Some(resume) if !is_held => self.hold_warm(resume, now),
            Some(_) => {
                self.outputs.push_back(Output::Proceed { socket });
                let deadline = self.in_time(now + RESUMED_DEADLINE, now);
                self.link = Link::Resuming { socket, deadline };
            }
            None => {
                self.outputs.push_back(Output::Proceed { socket });
                let deadline = now + READY_DEADLINE;
                let permit = Permit::Expected { deadline };
                self.link = Link::Identifying { socket, permit };
            }
        }
    }

    /// What a dispatch says about the connection: a replay that moves, an end of the replay, or
    /// just a sign of life. Says whether the dispatch is to be taken.
    ///
    /// RESUMED is Discord's word that everything after the RESUME's seq has been sent again.
    /// Numbers that seem to be missing are no gap: Discord never said that they step by one.
    pub(super) fn hear(&mut self, name: &EventName, now: Moment) -> bool {
        match &mut self.link {
            Link::Resuming { socket, .. } if name.as_str() == "RESUMED" => {
                let socket = *socket;
                self.go_live(socket, now);
                true
            }
            Link::Resuming { deadline, .. } => {
                *deadline = now + RESUMED_DEADLINE;
                true
            }
            Link::Live { heard_at, .. } => {
                *heard_at = now;
                true
            }
            Link::Deaf { heard_at, .. } => {
                *heard_at = now;
                false
            }
            Link::Closing { hearing, .. } => hearing.is_all(),
            Link::Unwanted
            | Link::BackingOff { .. }
            | Link::Shed
            | Link::Fatal
            | Link::Connecting { .. }
            | Link::Warm { .. }
            | Link::Identifying { .. } => false,
        }
    }

    pub(super) fn go_live(&mut self, socket: SocketId, now: Moment) {
        self.link = Link::Live { socket, since: now, heard_at: now };
        self.tell(Notice::Live);
    }

    pub(super) fn on_frame(&mut self, now: Moment) {
        if let Link::Live { heard_at, .. }
        | Link::Deaf { heard_at, .. }
        | Link::Identifying {
            permit: Permit::Withheld { heard_at } | Permit::Asked { heard_at },
            ..
        } = &mut self.link
        {
            *heard_at = now;
        }
    }

    pub(super) fn on_connect_failed(&mut self, now: Moment) {
        self.give_up_resume_url();
        if self.is_warming() {
            self.go_cold();
            return;
        }
        self.note_end(now);
        self.link = Link::Unwanted;
        self.after_socket(Then::Reconnect, now);
    }

    /// The place to resume at did not even greet: from here on the main url has to do.
    pub(super) fn give_up_resume_url(&mut self) {
        if let Link::Connecting { resume: Some(ResumeFrom { url: Some(dead), .. }), .. } =
            &self.link
        {
            self.dead_url = Some(dead.clone());
            self.forget_dead_url();
        }
    }

    /// Nobody who comes after us should try the dead place again, so the row must not name it. A
    /// warm socket finds it dead before the row is ours; then this waits for the lease.
    pub(super) fn forget_dead_url(&mut self) {
        let Some(epoch) = self.lease.held().map(|held| held.epoch) else {
            return;
        };
        let Some(dead) = self.dead_url.take() else {
            return;
        };
        let Some(session) = self.sessions.in_row_mut() else {
            return;
        };
        if session.url.as_ref() == Some(&dead) {
            session.url = None;
            let session = session.number;
            self.ask(Request::ForgetResumeUrl { epoch, session });
        }
    }

    pub(super) fn on_restart(&mut self, now: Moment) {
        self.is_halted = false;
        if matches!(self.link, Link::Fatal) {
            self.link = Link::BackingOff { until: now };
        }
    }
}
