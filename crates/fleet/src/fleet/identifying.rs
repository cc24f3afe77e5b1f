//! Permits to identify, within what the fleet's state allows.

use baton_model::Moment;

use super::{Fleet, Told};
use crate::{
    asking::RequestId,
    identify::{GateOutput, PermitAnswer},
    output::Output,
};

impl Fleet {
    pub(super) fn ask_for_permits(&mut self, now: Moment) {
        if self.identify_due().is_some_and(|due| now >= due) {
            for output in self.gate.ask(now) {
                self.push_gate(output);
            }
        }
    }

    pub(super) fn on_permit(&mut self, request: RequestId, answer: PermitAnswer, now: Moment) {
        let answer = if self.may_identify(now) { answer } else { PermitAnswer::Unavailable };
        if let Some(output) = self.gate.answer(request, answer, now) {
            self.push_gate(output);
        }
    }

    /// A lease that may be somebody else's by now must not start a session, and a permit that the
    /// old store gave may be unknown to the new one.
    fn may_identify(&self, now: Moment) -> bool {
        let quarantine = self.store.quarantine_until();
        self.confirmation.holds(now) && quarantine.is_none_or(|until| now >= until)
    }

    fn push_gate(&mut self, output: GateOutput) {
        self.push(match output {
            GateOutput::Ask(request, app, bucket) => Output::TakePermit { request, app, bucket },
            GateOutput::Go(shard, use_before) => Output::Identify { shard, use_before },
            GateOutput::Exhausted(app, reset_after) => Output::BudgetExhausted { app, reset_after },
        });
    }

    pub(super) fn identify_due(&self) -> Option<Moment> {
        let due = self.gate.due().filter(|_| self.told == Told::Confirmed)?;
        let quarantine = self.store.quarantine_until();
        Some(quarantine.map_or(due, |until| due.max(until)))
    }
}
