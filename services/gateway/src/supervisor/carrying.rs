//! What the fleet's decisions mean for the store, the other instances and the shards here.

use baton_fleet::Output as Decision;
use baton_model::{Moment, ShardKey};

use super::{Ask, Errand, Output, Remark, Supervisor, hosted::Origin};

impl Supervisor {
    pub(super) fn tell_fleet(&mut self, input: baton_fleet::Input, now: Moment) {
        self.fleet.handle(input, now);
        while let Some(decision) = self.fleet.poll_output() {
            self.carry_out(decision, now);
        }
    }

    fn carry_out(&mut self, decision: Decision, now: Moment) {
        match decision {
            Decision::Beat(beat, record) => self.ask(Ask::Beat(beat, record)),
            Decision::Poll(request) => self.ask(Ask::Poll(request)),
            Decision::Sweep(request) => {
                self.swept_at = now;
                self.ask(Ask::Sweep(request));
            }
            Decision::NameDataSet => self.ask(Ask::NameDataSet),
            Decision::Forget(id, beat) => self.ask(Ask::Forget(id, beat)),
            Decision::ClaimPlanner(expected) => self.ask(Ask::ClaimPlanner(expected)),
            Decision::ReleasePlanner(epoch) => self.ask(Ask::ReleasePlanner(epoch)),
            Decision::WriteTargets { epoch, set, clear } => {
                self.ask(Ask::WriteTargets { epoch, set, clear });
            }
            Decision::TakePermit { request, app, bucket } => {
                self.ask(Ask::TakePermit { request, app, bucket });
            }
            Decision::Tell(hint) => self.push(Output::Tell(hint)),

            Decision::Confirmed => self.on_confirmed(),
            Decision::Unconfirmed => self.on_unconfirmed(),
            Decision::Reassert => self.errand_to_all(&baton_shard::Input::StoreChanged),

            // It was found before the app was to run no more.
            Decision::Claim(shard, _) if !self.takes(&shard) => {
                self.tell_fleet(baton_fleet::Input::ClaimLost(shard), now);
            }
            Decision::Warm(shard) if !self.takes(&shard) => {}

            Decision::Claim(shard, expected) => {
                self.errand(&shard, baton_shard::Input::Claim { expected });
                let hosted = self.hosted.entry(shard).or_default();
                hosted.is_claiming = true;
                hosted.origin = Origin::Claimed(expected.holder);
            }
            Decision::Identify { shard, use_before } => self.pass_permit(&shard, use_before),
            Decision::Warm(shard) => self.expect(shard, now),
            Decision::Cool(shard) => self.expect_no_more(&shard),
            Decision::HandOver(shard, to) => {
                self.errand(&shard, baton_shard::Input::HandOver { to });
                self.hosted.entry(shard).or_default().heir = Some(to);
            }
            Decision::Superseded(shard) => self.ask(Ask::Row(shard)),
            Decision::Release(shard) => self.errand(&shard, baton_shard::Input::Release),

            Decision::DrainGivenUp(order) => self.on_drain_given_up(order),
            Decision::Drained => self.push(Output::End(self.ending)),
            Decision::Impostor => self.on_impostor(),
            Decision::NoPlace { left_over, pins_unmet } => {
                self.push(Output::Remark(Remark::NoPlace { left_over, pins_unmet }));
            }
            Decision::BudgetExhausted { app, reset_after } => {
                self.push(Output::Remark(Remark::BudgetExhausted { app, reset_after }));
            }
        }
    }

    pub(super) fn ask(&mut self, ask: Ask) {
        self.push(Output::Ask(ask));
    }

    fn on_confirmed(&mut self) {
        self.is_confirmed = true;
        self.errand_to_all(&baton_shard::Input::LeaseConfirmed);
    }

    fn on_unconfirmed(&mut self) {
        self.is_confirmed = false;
        self.errand_to_all(&baton_shard::Input::LeaseUnconfirmed);
    }

    /// A permit goes to the socket that waits for it now; where none does, it is given up.
    fn pass_permit(&mut self, shard: &ShardKey, use_before: Moment) {
        let waiting = self.hosted.get_mut(shard).and_then(|hosted| hosted.waiting.take());
        if let Some(socket) = waiting {
            self.send_on(shard, Errand::Permit { socket, use_before });
        }
    }
}
