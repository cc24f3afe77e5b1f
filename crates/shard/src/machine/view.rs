//! What the machine looks like from outside.

use baton_model::Moment;

use super::ShardMachine;
use crate::{
    Actor, State, Status,
    lease::{Duty, End, Lease},
    link::{Link, Permit},
    session::Sessions,
    writer::Writer,
};

impl ShardMachine {
    /// In which state the shard is, since when, and who must act next, by when.
    #[must_use]
    pub fn status(&self) -> Status {
        let (state, since) = self.shown;
        Status { state, since, waits_for: self.waits_for(), deadline: self.deadline() }
    }

    fn deadline(&self) -> Option<Moment> {
        let is_leaving = self.lease.held().is_some_and(|held| !held.wants_socket());
        let deadline = if is_leaving { self.lease.deadline() } else { self.link_wake() };
        deadline.map(|(at, _)| at)
    }

    pub(super) fn state(&self) -> State {
        match &self.lease {
            Lease::None => self.state_without_lease(State::Idle),
            Lease::Over { end } => self.state_without_lease(match end {
                End::Fenced => State::Fenced,
                End::Moved => State::Moved,
                End::Released => State::Released,
            }),
            Lease::Claiming { .. } => State::Claiming,
            Lease::Accepting { .. } => State::Accepting,
            Lease::Held(held) => match held.duty {
                Duty::Serving => self.state_of_link(),
                Duty::Reasserting { .. } => State::Reasserting,
                Duty::Flushing { .. } => State::Flushing,
                Duty::Offering { .. } => State::Offering,
                Duty::Offered { .. } => State::Offered,
                Duty::Retracting { .. } => State::Retracting,
                Duty::Releasing { .. } => State::Releasing,
            },
        }
    }

    const fn state_without_lease(&self, otherwise: State) -> State {
        match self.link {
            Link::Connecting { .. } => State::Warming,
            Link::Warm { .. } => State::Warm,
            Link::Unwanted
            | Link::BackingOff { .. }
            | Link::Shed
            | Link::Fatal
            | Link::Resuming { .. }
            | Link::Identifying { .. }
            | Link::Live { .. }
            | Link::Deaf { .. }
            | Link::Closing { .. } => otherwise,
        }
    }

    fn state_of_link(&self) -> State {
        match &self.link {
            Link::BackingOff { .. } => State::BackingOff,
            Link::Shed => State::Shed,
            Link::Fatal => State::Fatal,
            Link::Connecting { .. } => State::Connecting,
            Link::Resuming { .. } => State::Resuming,
            Link::Identifying { permit, .. } => match permit {
                Permit::Withheld { .. } | Permit::Asked { .. } => State::AwaitingPermit,
                Permit::Expected { .. } | Permit::Used { .. } => State::Identifying,
            },
            Link::Live { .. } => self.state_of_stream(),
            // A shard in service is never without a connection or a plan for one.
            Link::Closing { .. } | Link::Unwanted | Link::Warm { .. } | Link::Deaf { .. } => {
                State::Closing
            }
        }
    }

    fn state_of_stream(&self) -> State {
        match &self.sessions {
            Sessions::Changing(_) => State::Beginning,
            Sessions::Without { .. } | Sessions::In(_)
                if self.sessions.writers().any(Writer::is_healing) =>
            {
                State::Healing
            }
            Sessions::Without { .. } | Sessions::In(_) => State::Live,
        }
    }

    fn waits_for(&self) -> Actor {
        match self.shown.0 {
            State::Idle | State::Warm | State::Fenced | State::Moved | State::Released => {
                Actor::Supervisor
            }
            State::Claiming
            | State::Accepting
            | State::Beginning
            | State::Healing
            | State::Reasserting
            | State::Flushing
            | State::Offering
            | State::Retracting
            | State::Releasing
            | State::Shed => Actor::Store,
            State::BackingOff if self.sessions.may_connect() => Actor::Clock,
            State::BackingOff => Actor::Store,
            State::Warming
            | State::Connecting
            | State::Resuming
            | State::Identifying
            | State::Live
            | State::Closing => Actor::Discord,
            State::AwaitingPermit => self.awaits_permit_from(),
            State::Offered => match self.lease.held().map(|held| &held.duty) {
                Some(Duty::Offered { to, .. }) => Actor::Target(*to),
                Some(
                    Duty::Serving
                    | Duty::Reasserting { .. }
                    | Duty::Flushing { .. }
                    | Duty::Offering { .. }
                    | Duty::Retracting { .. }
                    | Duty::Releasing { .. },
                )
                | None => unreachable!("only an offer is offered"),
            },
            State::Fatal => Actor::Operator,
        }
    }

    /// Whoever must act before IDENTIFY may go.
    fn awaits_permit_from(&self) -> Actor {
        let is_asked = matches!(self.link, Link::Identifying { permit: Permit::Asked { .. }, .. });
        if is_asked {
            Actor::Gate
        } else if self.is_halted {
            Actor::Operator
        } else if !self.sessions.may_connect() {
            Actor::Store
        } else {
            Actor::Supervisor
        }
    }
}
