//! What is counted of a shard: what its shell carries out, and what comes to it.

use baton_shard::{Notice, Request, SocketEvent};
use baton_store::{Connecting, Store};
use baton_telemetry::in_trace;

use super::ShardTask;
use crate::{
    instruments::{Crossing, passage::Passed},
    supervisor::Connection,
};

impl<S: Store> ShardTask<S> {
    /// Something happened on the socket.
    pub(super) fn count_event(&self, event: &SocketEvent) {
        let meters = &self.surroundings.meters;
        match event {
            SocketEvent::ConnectFailed => meters.connections_failed.increment(1),
            SocketEvent::Closed { code } => meters.count_close(*code),
            SocketEvent::ReconnectAsked => meters.reconnects_asked.increment(1),
            SocketEvent::InvalidSession { resumable } => meters.count_invalid(*resumable),
            SocketEvent::Frame => {
                if let Some(took) = self.socket.as_ref().and_then(crate::socket::Socket::heartbeat)
                {
                    self.face.show_heartbeat(took);
                }
            }
            SocketEvent::Hello
            | SocketEvent::PermitWanted
            | SocketEvent::PermitGranted
            | SocketEvent::Ready { .. }
            | SocketEvent::Dispatch(_) => {}
        }
    }

    /// The shard waits for a permit to IDENTIFY, or not any more.
    pub(super) fn count_wait(&mut self, is_over: bool) {
        let now = self.surroundings.clock.now();
        if !is_over {
            self.waits_since.get_or_insert(now);
        } else if let Some(since) = self.waits_since.take() {
            self.surroundings.meters.identify_wait.record(now.since(since));
        }
    }

    /// The store is asked for something that a hand-over is made of.
    pub(super) const fn follow_request(&mut self, request: &Request) {
        match request {
            Request::Offer { epoch, offer, .. } => self.passage.offer(*epoch, *offer),
            Request::Accept { under, offer } => self.passage.offer(*under, *offer),
            Request::Claim { .. }
            | Request::BeginSession { .. }
            | Request::Append(_)
            | Request::Retract { .. }
            | Request::Release { .. }
            | Request::Reassert { .. }
            | Request::ForgetResumeUrl { .. } => {}
        }
    }

    /// The shard's events arrive.
    pub(super) fn count_arrival(&mut self, connection: &Connection) {
        let meters = &self.surroundings.meters;
        meters.count_session(connection.how, connection.gap);
        meters.replayed.increment(connection.replayed);
        meters.skipped.increment(connection.skipped);
        let Some(passed) = self.passage.arrive(self.surroundings.clock.now()) else {
            return;
        };
        let outcome = match connection.how {
            Connecting::Resumed => "resumed",
            Connecting::Identified => "identified",
        };
        self.trace(&passed, false, outcome);
        let meters = &self.surroundings.meters;
        meters.count_received(Some(connection.how));
        passed.steps.iter().for_each(|step| meters.record_step(step.name, step.took()));
        if let Some(gap) = passed.gap() {
            meters.hand_over_gap.record(gap);
        }
    }

    fn trace(&self, passed: &Passed, is_source: bool, outcome: &'static str) {
        let (shard, now) = (&self.asker.address.shard, self.surroundings.clock.now());
        let crossing = Crossing { shard, passed, is_source, outcome, now };
        let place = self.surroundings.meters.traces.report_hand_over(&crossing);
        let role = if is_source { "source" } else { "target" };
        in_trace(place, || tracing::info!(%shard, role, outcome, "a hand-over has ended"));
    }

    /// The machine says something that ends a hand-over.
    pub(super) fn follow_notice(&mut self, notice: Notice) {
        let (now, meters) = (self.surroundings.clock.now(), &self.surroundings.meters);
        match notice {
            Notice::Ours { .. } => self.passage.ours(),
            Notice::Moved { .. } | Notice::StillHere { .. } => {
                let passed = self.passage.end(now);
                let has_moved = matches!(notice, Notice::Moved { .. });
                meters.count_given(has_moved);
                self.trace(&passed, true, if has_moved { "moved" } else { "stayed" });
                let meters = &self.surroundings.meters;
                passed.steps.iter().for_each(|step| meters.record_step(step.name, step.took()));
            }
            Notice::NotOurs | Notice::Fenced { .. } if self.passage.is_of_target() => {
                meters.count_received(None);
                let passed = self.passage.end(now);
                self.trace(&passed, false, "lost");
            }
            Notice::Warm
            | Notice::Cold
            | Notice::NotOurs
            | Notice::Fenced { .. }
            | Notice::Released { .. }
            | Notice::Live
            | Notice::RolledBack { .. }
            | Notice::Contested { .. }
            | Notice::SessionLost
            | Notice::Fatal { .. }
            | Notice::CannotConnect
            | Notice::Refused(_) => {}
        }
    }
}
