//! What can be set about a consumer, and every maximum, with how they relate.

use std::time::Duration;

use crate::roster::Limits;

/// Deliveries of one lane that are in the process at once, handled or waiting for their turn.
pub(crate) const HELD_MAX: usize = 2_048;

/// Bytes of frames of one lane that are in the process at once. One read may go beyond it by what
/// it brings, since a stream cannot be asked for so many bytes.
pub(crate) const HELD_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Entries that are read in one go.
pub(crate) const READ_MAX: usize = 512;

/// Room that must be there before more is read: smaller reads cost the server as much each.
pub(crate) const READ_MIN: usize = READ_MAX / 4;

/// Entries that are acknowledged in one go.
pub(crate) const ACKS_MAX: usize = 512;

/// How long an acknowledgement waits for others.
pub(crate) const ACK_DELAY: Duration = Duration::from_millis(2);

/// Deliveries that are taken over from others in one go.
pub(crate) const CLAIM_MAX: usize = 128;

/// Deliveries for which it is said in one go that they are still being worked on: the server asks
/// for each whose it is.
pub(crate) const KEEP_MAX: usize = 256;

/// From this many deliveries on an entry is suspected to take down whoever handles it. Suspects are
/// taken over one at a time, so that what is handled next to one does not become one.
pub(crate) const SUSPECT_DELIVERIES: u32 = 3;

/// Deliveries after which an entry is given up on although no handler has failed: whoever had it
/// was gone each time before it was done.
pub(crate) const DELIVERIES_MAX: u32 = 8;

/// Dispatches of a lane that are remembered as handled.
pub(crate) const SEEN_MAX: usize = 65_536;

/// How often consumers that are gone are looked for.
pub(crate) const SWEEP_PERIOD: Duration = Duration::from_secs(60);

/// How long a consumer with nothing pending stays listed after it was last heard of.
pub(crate) const GONE_AFTER: Duration = Duration::from_secs(10 * 60);

/// How long one read waits for entries.
pub(crate) const READ_BLOCK: Duration = Duration::from_secs(5);

/// How often a read that is blocked is asked to end, once it should.
pub(crate) const WAKE_PERIOD: Duration = Duration::from_millis(50);

/// How long any other answer is waited for.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

/// The first pause before a request that failed is made again; it doubles up to the maximum.
pub(crate) const TROUBLE_PAUSE_FIRST: Duration = Duration::from_millis(50);

/// The longest such pause.
pub(crate) const TROUBLE_PAUSE_MAX: Duration = Duration::from_secs(1);

/// Bytes of a handler's error in a dead letter.
pub(crate) const ERROR_BYTES_MAX: usize = 1_024;

/// How often a consumer that shares lanes out with others beats, and looks at their beats.
pub(crate) const BEAT_PERIOD: Duration = Duration::from_millis(250);

/// How long the answer to a beat is waited for.
pub(crate) const BEAT_TIMEOUT: Duration = Duration::from_millis(600);

/// How long a consumer is sure of its lanes after it sent a beat that was taken.
pub(crate) const SURE: Duration = Duration::from_millis(1_000);

/// Looks that must have shown the same beat until its consumer counts as dead.
pub(crate) const EVIDENCE_POLLS_MIN: u32 = 4;

/// The time that those looks must span, by the observer's own clock.
pub(crate) const EVIDENCE_SPAN: Duration = Duration::from_millis(1_500);

/// The longest pause between two looks that still count as one observation.
pub(crate) const EVIDENCE_GAP_MAX: Duration = Duration::from_millis(750);

/// What keeping up means in a group with tiers, if nothing else is said.
pub(crate) const PACE: Limits =
    Limits { in_hand_max: Duration::from_secs(5), trusted_after: Duration::from_secs(30) };

/// How long a dead consumer's record stays.
pub(crate) const FORGOTTEN_AFTER: Duration = Duration::from_secs(60);

// A holder must stop being sure before anybody may take its lanes over, even where one clock runs
// half as fast again as the other.
const _: () = assert!(SURE.as_millis() * 3 <= EVIDENCE_SPAN.as_millis() * 2);
// One beat may be lost before a holder is unsure.
const _: () = assert!(BEAT_TIMEOUT.as_millis() + BEAT_PERIOD.as_millis() < SURE.as_millis());
// A look that is answered late is still part of an observation.
const _: () = assert!(BEAT_TIMEOUT.as_millis() < EVIDENCE_GAP_MAX.as_millis());
const _: () =
    assert!(BEAT_PERIOD.as_millis() * (EVIDENCE_POLLS_MIN as u128) <= EVIDENCE_SPAN.as_millis());

const _: () = assert!(READ_MAX <= HELD_MAX && CLAIM_MAX <= HELD_MAX);
const _: () = assert!(SUSPECT_DELIVERIES < DELIVERIES_MAX);
const _: () = assert!(SWEEP_PERIOD.as_millis() < GONE_AFTER.as_millis());
// Who blocks in a read is heard of once in this time, and must not look gone.
const _: () = assert!(READ_BLOCK.as_millis() * 10 < GONE_AFTER.as_millis());

/// What one lane's deliveries are handled by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    /// How often a delivery is tried, before it becomes a dead letter.
    pub(crate) attempts_max: u32,
    /// The first pause before it is tried again; it doubles up to the maximum.
    pub(crate) retry_first: Duration,
    /// The longest such pause.
    pub(crate) retry_max: Duration,
    /// How long nothing is heard of a delivery before another consumer takes it over.
    pub(crate) claim_after: Duration,
    /// Names of events that are wanted; none for all.
    pub(crate) wanted: Option<std::collections::BTreeSet<String>>,
}

impl Settings {
    /// How often it is said of what is held for longer than this that it is still being worked on:
    /// what is said late is said after twice this time.
    pub(crate) fn keep_period(&self) -> Duration {
        self.claim_after / 6
    }

    /// How often is looked for deliveries of which nobody says so.
    pub(crate) fn claim_period(&self) -> Duration {
        self.claim_after / 3
    }

    /// The pause after so many failed attempts.
    pub(crate) fn retry_pause(&self, failed: u32) -> Duration {
        let doubled = self.retry_first.saturating_mul(1 << failed.saturating_sub(1).min(20));
        doubled.min(self.retry_max)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            attempts_max: 5,
            retry_first: Duration::from_millis(250),
            retry_max: Duration::from_secs(30),
            claim_after: Duration::from_secs(15),
            wanted: None,
        }
    }
}
