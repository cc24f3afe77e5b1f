//! What becomes of an app that Discord rejects for good.
//!
//! A shard that is closed with 4004 or 4010 to 4014 would be closed so again, and each try may cost
//! one of a day's IDENTIFYs. So the circuit opens: all shards of the app stop. It closes again in
//! two steps. The token is tried against the REST API, which costs nothing; only where that accepts
//! it, *one* shard may try. The pauses between tries grow, so that no loop spends the budget.

use std::time::Duration;

use baton_model::Moment;

/// The first pause where the token is wrong: trying it costs nothing.
const TOKEN_PAUSE: Duration = Duration::from_secs(30);

/// The first pause where something else is: trying that costs an IDENTIFY.
const OTHER_PAUSE: Duration = Duration::from_secs(10 * 60);

/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(60 * 60);

/// How long the one shard may take.
const PROBE_DEADLINE: Duration = Duration::from_secs(2 * 60);

/// The close code for a token that is not valid.
const WRONG_TOKEN: u16 = 4004;

/// One app's circuit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Circuit {
    /// Discord accepts the app, for all we know.
    #[default]
    Closed,
    /// It does not.
    Open(Open),
    /// One shard tries.
    HalfOpen(HalfOpen),
}

/// An open circuit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Open {
    /// With which code Discord rejected the app.
    pub code: u16,
    /// How often it has been tried since.
    tries: u32,
    /// When the token is tried next.
    next_try: Moment,
}

/// A circuit that one shard tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HalfOpen {
    /// With which code Discord rejected the app before.
    pub code: u16,
    tries: u32,
    deadline: Moment,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A shard was closed for good.
    Rejected(u16),
    /// A token source holds another token than before.
    TokenChanged,
    /// REST accepts a token.
    TokenAccepted,
    /// REST rejects the tokens of all sources, or there are none.
    TokenRejected,
    /// REST does not answer.
    Unreachable,
    /// A shard is live.
    Live,
    /// Time has passed.
    Tick,
}

/// What follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Stop all shards of the app.
    Halt,
    /// Try the tokens of all sources against REST.
    TryTokens,
    /// Let one shard try.
    Probe,
    /// Let all shards go on.
    Resume,
    /// Tell the operator that nothing helps but doing something.
    TellOperator,
}

impl Circuit {
    /// Takes in what happened; says what follows.
    #[must_use]
    pub fn on(&mut self, event: Event, now: Moment) -> Option<Action> {
        match (*self, event) {
            (Self::Closed, Event::Rejected(code)) => {
                *self = Self::Open(Open { code, tries: 0, next_try: first_try(code, now) });
                Some(Action::Halt)
            }
            (Self::HalfOpen(half), Event::Rejected(code)) => {
                *self = half.failed(code, now);
                Some(Action::Halt)
            }
            (Self::HalfOpen(_), Event::Live) => {
                *self = Self::Closed;
                Some(Action::Resume)
            }
            (Self::HalfOpen(half), Event::Tick) if now >= half.deadline => {
                *self = half.failed(half.code, now);
                Some(Action::Halt)
            }
            (Self::Open(open), event) => self.on_open(open, event, now),
            (Self::Closed | Self::HalfOpen(_), _) => None,
        }
    }

    fn on_open(&mut self, open: Open, event: Event, now: Moment) -> Option<Action> {
        match event {
            Event::Tick if now >= open.next_try => {
                // Asked again only if no answer comes.
                let next_try = now + TOKEN_PAUSE;
                *self = Self::Open(Open { next_try, ..open });
                Some(Action::TryTokens)
            }
            Event::TokenChanged => {
                *self = Self::Open(Open { next_try: now + TOKEN_PAUSE, ..open });
                Some(Action::TryTokens)
            }
            Event::TokenAccepted => {
                let deadline = now + PROBE_DEADLINE;
                *self = Self::HalfOpen(HalfOpen { code: open.code, tries: open.tries, deadline });
                Some(Action::Probe)
            }
            Event::TokenRejected => {
                *self = open.failed(now);
                (open.tries == 0).then_some(Action::TellOperator)
            }
            Event::Rejected(_) | Event::Unreachable | Event::Live | Event::Tick => None,
        }
    }
}

/// A wrong token may have been replaced at its source already; for anything else somebody has to
/// have had the time to do something.
fn first_try(code: u16, now: Moment) -> Moment {
    if code == WRONG_TOKEN { now } else { now + OTHER_PAUSE }
}

impl Open {
    fn failed(self, now: Moment) -> Circuit {
        let next_try = now + pause(self.code, self.tries);
        Circuit::Open(Self { tries: self.tries + 1, next_try, ..self })
    }
}

impl HalfOpen {
    fn failed(self, code: u16, now: Moment) -> Circuit {
        // It cost an IDENTIFY, whatever the code.
        let next_try = now + pause(0, self.tries);
        Circuit::Open(Open { code, tries: self.tries + 1, next_try })
    }
}

fn pause(code: u16, tries: u32) -> Duration {
    let first = if code == WRONG_TOKEN { TOKEN_PAUSE } else { OTHER_PAUSE };
    first.saturating_mul(1 << tries.min(10)).min(PAUSE_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Moment {
        Moment::from_millis(seconds * 1_000)
    }

    #[test]
    fn a_revoked_token_is_healed_by_a_new_one_through_one_shard() {
        let mut circuit = Circuit::default();
        assert_eq!(circuit.on(Event::Rejected(4004), at(0)), Some(Action::Halt));
        assert_eq!(circuit.on(Event::Rejected(4004), at(0)), None, "once for all shards");
        assert_eq!(circuit.on(Event::Tick, at(0)), Some(Action::TryTokens), "at once");
        assert_eq!(circuit.on(Event::TokenRejected, at(1)), Some(Action::TellOperator));
        assert_eq!(circuit.on(Event::Tick, at(2)), None);
        assert_eq!(circuit.on(Event::TokenChanged, at(10)), Some(Action::TryTokens));
        assert_eq!(circuit.on(Event::TokenAccepted, at(10)), Some(Action::Probe));
        assert_eq!(circuit.on(Event::Live, at(12)), Some(Action::Resume));
        assert_eq!(circuit, Circuit::Closed);
    }

    #[test]
    fn no_loop_spends_the_identify_budget() {
        for code in [4004, 4010, 4013, 4014] {
            let mut circuit = Circuit::default();
            let mut probes = 0;
            let _halted = circuit.on(Event::Rejected(code), at(0));
            for second in 0..86_400 {
                match circuit.on(Event::Tick, at(second)) {
                    // REST likes the token, and the gateway rejects the shard all the same.
                    Some(Action::TryTokens) => {
                        let probe = circuit.on(Event::TokenAccepted, at(second));
                        assert_eq!(probe, Some(Action::Probe));
                        probes += 1;
                        let halt = circuit.on(Event::Rejected(code), at(second));
                        assert_eq!(halt, Some(Action::Halt));
                    }
                    None => {}
                    other => panic!("{other:?}"),
                }
            }
            assert!((20..=30).contains(&probes), "{probes} IDENTIFYs in a day, {code}");
        }
    }

    #[test]
    fn a_shard_that_does_not_come_back_is_no_proof() {
        let mut circuit = Circuit::default();
        let _halted = circuit.on(Event::Rejected(4004), at(0));
        let _probing = circuit.on(Event::TokenAccepted, at(1));
        assert_eq!(circuit.on(Event::Tick, at(120)), None);
        assert_eq!(circuit.on(Event::Tick, at(121)), Some(Action::Halt));
        assert!(matches!(circuit, Circuit::Open(_)));
    }

    #[test]
    fn an_api_that_does_not_answer_is_asked_again_and_says_nothing_of_the_token() {
        let mut circuit = Circuit::default();
        let _halted = circuit.on(Event::Rejected(4004), at(0));
        for second in [0, 30, 60, 90] {
            assert_eq!(circuit.on(Event::Tick, at(second)), Some(Action::TryTokens));
            assert_eq!(circuit.on(Event::Unreachable, at(second)), None);
        }
    }
}
