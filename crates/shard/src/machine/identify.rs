//! From no session to one: the permit, IDENTIFY, READY.
//!
//! An IDENTIFY is the one thing of which there are only so many: whoever passes the daily limit
//! loses the bot's token. So it is asked for late, given up early, and never sent by an instance
//! that is not sure of its lease.

use baton_model::{Moment, ResumeUrl, SessionId, limits::READY_DEADLINE};

use super::ShardMachine;
use crate::{
    Output,
    lease::Duty,
    link::{Hearing, Link, Permit, Then},
};

impl ShardMachine {
    pub(super) fn on_permit_wanted(&mut self, now: Moment) {
        if let Link::Identifying { permit, .. } = &mut self.link
            && matches!(permit, Permit::Expected { .. })
        {
            *permit = Permit::Withheld { heard_at: now };
        }
    }

    /// Asks the gate as soon as that is allowed, and takes it back when it no longer is.
    pub(super) fn ask_for_permit(&mut self) {
        let may_identify = self.may_identify();
        let Link::Identifying { socket, permit } = &mut self.link else {
            return;
        };
        let socket = *socket;
        match *permit {
            Permit::Withheld { heard_at } if may_identify => {
                *permit = Permit::Asked { heard_at };
                self.outputs.push_back(Output::RequestPermit { socket });
            }
            Permit::Asked { heard_at } if !may_identify => {
                *permit = Permit::Withheld { heard_at };
                self.outputs.push_back(Output::WithdrawPermit { socket });
            }
            Permit::Expected { .. }
            | Permit::Withheld { .. }
            | Permit::Asked { .. }
            | Permit::Used { .. } => {}
        }
    }

    fn may_identify(&self) -> bool {
        let is_serving = self.lease.held().is_some_and(|held| match held.duty {
            Duty::Serving => true,
            Duty::Reasserting { .. }
            | Duty::Flushing { .. }
            | Duty::Offering { .. }
            | Duty::Offered { .. }
            | Duty::Retracting { .. }
            | Duty::Releasing { .. } => false,
        });
        is_serving && self.is_confirmed && !self.is_halted && self.sessions.may_connect()
    }

    /// A permit that was withdrawn may come all the same; then it is given up.
    pub(super) fn on_permit_granted(&mut self, now: Moment) {
        if let Link::Identifying { socket, permit } = &mut self.link
            && matches!(permit, Permit::Asked { .. })
        {
            let deadline = now + READY_DEADLINE;
            *permit = Permit::Used { deadline };
            let socket = *socket;
            self.outputs.push_back(Output::Identify { socket });
        }
    }

    pub(super) fn on_ready(&mut self, id: SessionId, url: Option<ResumeUrl>, now: Moment) {
        let (Link::Identifying { socket, .. } | Link::Resuming { socket, .. }) = self.link else {
            return;
        };
        if self.sessions.on_ready(id, url) {
            self.go_live(socket, now);
        } else {
            // The store forgot the session before this one while IDENTIFY was out.
            self.part(Then::Reconnect, Hearing::Nothing, now);
        }
    }

    /// Takes back what was asked of the gate, before the socket that needed it goes.
    pub(super) fn withdraw_permit(&mut self) {
        if let Link::Identifying { socket, permit: Permit::Asked { .. } } = self.link {
            self.outputs.push_back(Output::WithdrawPermit { socket });
        }
    }
}
