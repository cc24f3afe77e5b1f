//! A request to the store that is repeated until it is answered for good.
//!
//! Time-outs are the shell's: it answers every request. What remains is when to ask again, and
//! that must neither hammer a store in trouble nor keep it waiting once it is back.

use baton_model::{
    Moment,
    limits::{STORE_RETRY_FIRST, STORE_RETRY_MAX},
};

use crate::{Asked, Request, backoff::doubled, jitter::Jitter};

/// A request, word for word, and where it stands.
pub(crate) struct Call {
    request: Request,
    retry: Retry,
}

/// Where a request stands: on its way, or waiting to be made again.
#[derive(Default)]
pub(crate) struct Retry {
    failures: u32,
    again_at: Option<Moment>,
}

impl Call {
    /// A request that has just been sent for the first time.
    pub(crate) fn sent(request: Request) -> Self {
        Self { request, retry: Retry::default() }
    }

    /// The name under which it fails.
    pub(crate) fn asked(&self) -> Option<Asked> {
        self.request.asked()
    }

    /// It was not carried out, or nobody knows.
    pub(crate) fn on_failure(&mut self, now: Moment, jitter: &mut Jitter) {
        self.retry.on_failure(now, jitter);
    }

    /// When to send it again; none while it is on its way.
    pub(crate) const fn again_at(&self) -> Option<Moment> {
        self.retry.again_at()
    }

    /// The request, if it is to be sent again at once.
    pub(crate) fn take_due(&mut self, now: Moment) -> Option<Request> {
        self.retry.take_due(now).then(|| self.request.clone())
    }
}

impl Retry {
    /// It was not carried out, or nobody knows. A second word about one attempt changes nothing.
    pub(crate) fn on_failure(&mut self, now: Moment, jitter: &mut Jitter) {
        if self.again_at.is_some() {
            return;
        }
        let pause = doubled(STORE_RETRY_FIRST, self.failures, STORE_RETRY_MAX);
        self.failures = self.failures.saturating_add(1);
        self.again_at = Some(now + jitter.upper_half(pause));
    }

    /// When to make it again; none while it is on its way.
    pub(crate) const fn again_at(&self) -> Option<Moment> {
        self.again_at
    }

    /// Whether to make it again at once; from then on it is on its way.
    pub(crate) fn take_due(&mut self, now: Moment) -> bool {
        let is_due = self.again_at.is_some_and(|at| at <= now);
        if is_due {
            self.again_at = None;
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_to_the_maximum_and_one_attempt_fails_once() {
        let (mut retry, mut jitter) = (Retry::default(), Jitter::new(3));
        let mut now = Moment::ZERO;
        for failures in 0..20 {
            retry.on_failure(now, &mut jitter);
            let again_at = retry.again_at().unwrap();
            retry.on_failure(now, &mut jitter);
            assert_eq!(retry.again_at(), Some(again_at));

            let whole = doubled(STORE_RETRY_FIRST, failures, STORE_RETRY_MAX);
            let pause = again_at.since(now);
            assert!(pause >= whole / 2 && pause <= whole, "{failures}: {pause:?}");
            assert!(!retry.take_due(now));
            assert!(retry.take_due(again_at));
            now = again_at;
        }
    }
}
