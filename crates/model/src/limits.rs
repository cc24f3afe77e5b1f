//! Every maximum and every deadline, and how they relate.
//!
//! A number stands here with its reason, and its relation to its neighbours is an assertion that
//! the compiler checks: changing one of two numbers that belong together stops the build.

use std::time::Duration;

// ---------------------------------------------------------------------------------------------
// Beats: how an instance shows that it lives
// ---------------------------------------------------------------------------------------------

/// How often an instance beats. One beat costs the store 0.06 ms, whatever the number of shards.
pub const BEAT_PERIOD: Duration = Duration::from_millis(1_000);

/// Beats are spread by this share of the period, so that a fleet started at once does not beat at
/// once for ever.
pub const BEAT_JITTER_PERCENT: u32 = 10;

/// How long an instance is sure of its leases after it *sent* the last beat that was acknowledged.
pub const LEASE_CONFIRMED: Duration = Duration::from_millis(4_000);

/// How long a beat is waited for before the next is sent.
pub const BEAT_TIMEOUT: Duration = Duration::from_millis(900);

// ---------------------------------------------------------------------------------------------
// Evidence: how others may conclude that it does not
// ---------------------------------------------------------------------------------------------

/// How often an observer polls everybody's beats.
pub const POLL_PERIOD: Duration = Duration::from_millis(1_000);

/// What every instance adds to the pause between polls, so that the fleet together polls no more
/// than a hundred times a second.
pub const POLL_SHARE: Duration = Duration::from_millis(10);

/// How often the planner sweeps over all rows, and anybody while a row waits for something.
pub const SWEEP_PERIOD: Duration = Duration::from_secs(2);

/// How often everybody sweeps without a reason: a sweep of the largest fleet costs the store 20 ms.
pub const SWEEP_IDLE_PERIOD: Duration = Duration::from_secs(60);

/// The pause that is left between two sweeps, whatever the reason for the second.
pub const SWEEP_PAUSE: Duration = Duration::from_secs(1);

/// What everybody wants to sweep for at once is spread over this time for every instance there is:
/// a hundred sweeps of a large fleet in one moment would keep the store from answering beats.
pub const SWEEP_SPREAD: Duration = Duration::from_millis(50);

/// Polls that must have shown the same beat.
pub const EVIDENCE_POLLS_MIN: u32 = 4;

/// The time those polls must span, by the observer's own clock.
pub const EVIDENCE_SPAN: Duration = Duration::from_millis(6_000);

/// The longest pause between two polls that still count as one observation: an observer that was
/// itself frozen has seen nothing.
pub const EVIDENCE_POLL_GAP_MAX: Duration = Duration::from_millis(2_000);

// An owner must stop being sure before anybody may take over, even where one clock runs half as
// fast again as the other.
const _: () = assert!(LEASE_CONFIRMED.as_millis() * 3 <= EVIDENCE_SPAN.as_millis() * 2);
// Three beats may be lost before an owner is unsure.
const _: () = assert!(
    LEASE_CONFIRMED.as_millis() * 100
        >= 3 * BEAT_PERIOD.as_millis() * (100 + BEAT_JITTER_PERCENT as u128)
);
// The required polls fit into the span at the polling rate, with one of them lost.
const _: () =
    assert!(POLL_PERIOD.as_millis() * (EVIDENCE_POLLS_MIN as u128) <= EVIDENCE_SPAN.as_millis());
const _: () = assert!(POLL_PERIOD.as_millis() * 2 <= EVIDENCE_POLL_GAP_MAX.as_millis());
const _: () = assert!(BEAT_TIMEOUT.as_millis() < BEAT_PERIOD.as_millis());

/// Presence polls that must find nobody behind an instance's presence channel.
pub const PRESENCE_POLLS_MIN: u32 = 2;

/// The pause between them.
pub const PRESENCE_POLL_PERIOD: Duration = Duration::from_millis(250);

/// How long its beat must have stood still besides.
pub const PRESENCE_BEAT_STILL: Duration = Duration::from_millis(1_000);

/// How old the observer's own connection must be: after a restart of the store everybody's
/// presence is gone for a moment.
pub const PRESENCE_OWN_CONNECTION_MIN: Duration = Duration::from_millis(5_000);

/// The share of the other instances whose presence must be intact.
pub const PRESENCE_OTHERS_INTACT_PERCENT_MIN: u32 = 50;

// The fast path must be faster than the slow one, or it is pointless.
const _: () = assert!(PRESENCE_BEAT_STILL.as_millis() * 2 < EVIDENCE_SPAN.as_millis());

/// How long nobody claims, and identifies wait, after the store turned out to be another one.
pub const STORE_CHANGE_GRACE: Duration = Duration::from_secs(10);

// Owners get several beats' time to write their rows back before anybody may claim.
const _: () = assert!(STORE_CHANGE_GRACE.as_millis() > EVIDENCE_SPAN.as_millis());

/// How long an orphan's `i`-th choice of claimant waits, times `i`.
pub const CLAIM_STAGGER: Duration = Duration::from_millis(200);

/// Claims under way at once. A crash may leave thousands of orphans; the store should answer the
/// first before the last is sent.
pub const CLAIMS_AT_ONCE_MAX: usize = 256;

/// How long a beat may stand still before nothing new is entrusted to its instance: three beats.
pub const DOUBT_STILL: Duration = Duration::from_secs(3);

/// How long a dead instance stays listed. It owns nothing by then; the list must not grow with
/// every restart.
pub const FORGOTTEN_AFTER: Duration = Duration::from_secs(60);

/// Beats after which an instance has lived through any grace there may have been.
pub const ELDER_BEATS: u64 = 12;

// Doubt comes before evidence, or evidence would surprise.
const _: () = assert!(DOUBT_STILL.as_millis() < EVIDENCE_SPAN.as_millis());
const _: () = assert!(
    ELDER_BEATS as u128 * BEAT_PERIOD.as_millis() * (100 - BEAT_JITTER_PERCENT as u128)
        > STORE_CHANGE_GRACE.as_millis() * 100
);

// ---------------------------------------------------------------------------------------------
// Planning
// ---------------------------------------------------------------------------------------------

/// Moves that may be under way in the whole fleet.
pub const MOVES_AT_ONCE_MAX: usize = 16;

/// How long a shard is left in peace after a move, where nothing but balance would move it.
pub const MOVE_COOL_DOWN: Duration = Duration::from_secs(60);

/// How long the fleet must have been calm before shards are moved for balance alone.
pub const BALANCE_CALM: Duration = Duration::from_secs(60);

/// How long a newcomer waits until it counts as a target: instances tend to come in groups.
pub const JOIN_DEBOUNCE: Duration = Duration::from_secs(2);

/// How long an instance must have been well until a worse tier gives shards back to it.
pub const TIER_SETTLED: Duration = Duration::from_secs(5 * 60);

// ---------------------------------------------------------------------------------------------
// Hand-over
// ---------------------------------------------------------------------------------------------

/// How long the target may take to get HELLO on a warm socket.
pub const WARM_DEADLINE: Duration = Duration::from_secs(3);

/// How long the source waits for the target's word that it is ready, or cannot be, before it goes
/// on without: hints may be lost.
pub const WARM_WORD_DEADLINE: Duration = Duration::from_secs(4);

/// How long the source may take to flush what it has read before it offers.
pub const FLUSH_DEADLINE: Duration = Duration::from_secs(2);

/// How long a warm socket is held after its HELLO, waiting for the offer. It is not polled, so no
/// heartbeat flows: this must stay far below Discord's interval of 41.25 s.
pub const WARM_HELD_MAX: Duration = Duration::from_secs(5);

/// How long an offer may stand before the source takes it back, or anybody may take it.
pub const OFFER_DEADLINE: Duration = Duration::from_secs(2);

/// How long the target may take from accepting to RESUMED.
pub const ACCEPT_DEADLINE: Duration = Duration::from_secs(5);

/// When a move that has not arrived is given up: all its deadlines have passed.
pub const MOVE_GIVEN_UP: Duration = WARM_WORD_DEADLINE
    .saturating_add(FLUSH_DEADLINE)
    .saturating_add(OFFER_DEADLINE)
    .saturating_add(ACCEPT_DEADLINE);

/// How long a draining instance tries before it releases what it still holds.
pub const DRAIN_LIMIT: Duration = Duration::from_secs(60);

/// What is kept back of the kill timeout to release leases and to flush.
pub const DRAIN_MARGIN: Duration = Duration::from_secs(10);

/// What the supervisor (Nomad, compose, systemd) must grant between SIGTERM and SIGKILL.
pub const KILL_TIMEOUT: Duration = Duration::from_secs(75);

const _: () =
    assert!(DRAIN_LIMIT.as_millis() + DRAIN_MARGIN.as_millis() < KILL_TIMEOUT.as_millis());
// A warm socket outlasts the flush and the offer that it waits for.
const _: () =
    assert!(FLUSH_DEADLINE.as_millis() + OFFER_DEADLINE.as_millis() <= WARM_HELD_MAX.as_millis());
// Who cannot get ready in time can say so before that time is taken for a lost word.
const _: () = assert!(WARM_DEADLINE.as_millis() < WARM_WORD_DEADLINE.as_millis());
const _: () = assert!(
    WARM_WORD_DEADLINE.as_millis()
        + FLUSH_DEADLINE.as_millis()
        + OFFER_DEADLINE.as_millis()
        + ACCEPT_DEADLINE.as_millis()
        < DRAIN_LIMIT.as_millis()
);

// ---------------------------------------------------------------------------------------------
// A shard's connection
// ---------------------------------------------------------------------------------------------

/// From the attempt to connect to HELLO. twilight gives up on the connection itself after 10 s;
/// nothing but this ends the wait for HELLO.
pub const HELLO_DEADLINE: Duration = Duration::from_secs(15);

/// From IDENTIFY to READY.
pub const READY_DEADLINE: Duration = Duration::from_secs(30);

/// From RESUME to RESUMED or the latest replayed dispatch: a long replay is progress.
pub const RESUMED_DEADLINE: Duration = Duration::from_secs(15);

/// From our close frame to Discord's: twilight would wait for ever.
pub const CLOSE_ECHO_DEADLINE: Duration = Duration::from_secs(2);

/// A live socket without a single frame for this long is dead: two and a half of Discord's
/// heartbeat intervals of 41.25 s.
pub const SILENCE_MAX: Duration = Duration::from_secs(103);

/// The first pause before connecting again; it doubles, with jitter, up to the maximum.
pub const BACKOFF_FIRST: Duration = Duration::from_millis(500);

/// The longest pause before the first new connection after a good one. It only spreads the shards
/// that Discord asked to reconnect at the same moment.
pub const RECONNECT_PROMPT_MAX: Duration = Duration::from_millis(250);

/// The longest pause before connecting again. Discord keeps a session for a few minutes only.
pub const BACKOFF_MAX: Duration = Duration::from_secs(30);

/// A connection that lived this long was a good one: back-off starts over after it.
pub const BACKOFF_RESET: Duration = Duration::from_secs(60);

/// A connection that Discord ends before it was live for this long may have lost its session to
/// another instance's: the store is asked whose the shard is before the next one.
pub const CONTESTED_LIFE: Duration = Duration::from_secs(10);

/// Connections in a row that did not get to the end of their handshake before the supervisor is
/// told: another instance may have a better way to Discord.
pub const CONNECT_FAILURES_TELL: u32 = 2;

/// The shortest and the longest pause after op 9 `false`, as Discord asks.
pub const INVALID_SESSION_PAUSE: (Duration, Duration) =
    (Duration::from_secs(1), Duration::from_secs(5));

/// Without progress for this long, a shard's task is restarted on the spot.
pub const WATCHDOG_RESTART: Duration = Duration::from_secs(5);

/// Without progress for this long, others may claim the shard.
pub const WATCHDOG_FREE: Duration = Duration::from_secs(10);

const _: () = assert!(WATCHDOG_RESTART.as_millis() * 2 <= WATCHDOG_FREE.as_millis());
const _: () = assert!(BACKOFF_MAX.as_millis() < BACKOFF_RESET.as_millis());
const _: () = assert!(RECONNECT_PROMPT_MAX.as_millis() <= BACKOFF_FIRST.as_millis());

/// How many dispatches Discord keeps for a RESUME at the most (2016's number, the only public
/// one); a busy shard fills that in about 20 s.
pub const DISCORD_REPLAY_MAX: usize = 3_500;

// ---------------------------------------------------------------------------------------------
// Commands
// ---------------------------------------------------------------------------------------------

/// Frames that Discord takes from one connection in [`DISCORD_SENDS_WINDOW`]; it closes what sends
/// more, and an app that goes on doing so loses its access.
pub const DISCORD_SENDS_MAX: usize = 120;

/// The window in which Discord counts them.
pub const DISCORD_SENDS_WINDOW: Duration = Duration::from_secs(60);

/// Of those, what is never used for commands: heartbeats, those that Discord asks for besides, and
/// IDENTIFY or RESUME. twilight keeps back ten at the most.
pub const SENDS_RESERVED: usize = 15;

/// Commands that are sent on one connection in [`COMMANDS_WINDOW`].
pub const COMMANDS_IN_WINDOW_MAX: usize = 105;

/// Longer than Discord's, because frames may arrive closer together than they left.
pub const COMMANDS_WINDOW: Duration = Duration::from_secs(62);

/// Presence updates that a shard sends in [`PRESENCES_WINDOW`], on whichever connection. Discord
/// ignores more.
pub const PRESENCES_IN_WINDOW_MAX: usize = 5;

/// The window for presence updates.
pub const PRESENCES_WINDOW: Duration = Duration::from_secs(20);

/// Commands that wait at one shard. The others stay in the stream, where nothing is lost.
pub const COMMANDS_WAITING_MAX: usize = 64;

/// How often a command is handed to a connection. One that has broken two connections, or that two
/// have broken under, is not tried on a third.
pub const COMMAND_ATTEMPTS_MAX: u32 = 2;

/// How long a command may be on its way after it was written: the kernel holds small frames back
/// for 40 ms until the one before is acknowledged, and Discord is some way off. As long as that a
/// lease is not given away, or Discord would hear the command after the session has moved.
pub const COMMAND_UNDER_WAY: Duration = Duration::from_millis(250);

/// Commands of a lane that are read in one go: with 4096 bytes each, a megabyte.
pub const COMMANDS_READ_MAX: usize = 256;

/// The pause between two looks at lanes' commands while there are some: what comes meanwhile is
/// read together. As long as that a command may have to wait.
pub const COMMANDS_POLL_BUSY: Duration = Duration::from_millis(40);

/// How long an instance waits for the next command of its lanes in one go.
pub const COMMANDS_AWAITED: Duration = Duration::from_secs(5);

/// How long after a command the next is likely: whoever was told of one will wait for another soon.
pub const COMMANDS_STIRRED: Duration = Duration::from_secs(2);

/// How long a connection is kept over which commands are waited for: the server behind it may not
/// be the primary any more, and nothing that is waited for would say so.
pub const WATCH_RENEWED: Duration = Duration::from_secs(60);

/// How often a lane is read although nothing is known to have come, should its waiting have gone
/// astray: every instance reads every lane that it has shards of.
pub const COMMANDS_SWEPT: Duration = Duration::from_secs(30);

/// How often shards that none of a lane's commands are for move their places past them: what is
/// ahead of one shard's place cannot be trimmed.
pub const COMMANDS_PASSED_PERIOD: Duration = Duration::from_secs(5);

/// Commands that are older than this go, whoever has not dealt with them: to do an hour late what
/// somebody wanted then is worse than not to.
pub const COMMAND_AGE_MAX: Duration = Duration::from_secs(60 * 60);

/// The longest pause that Discord is believed to ask for with `RATE_LIMITED`. It asks for half a
/// minute.
pub const RATE_LIMITED_MAX: Duration = Duration::from_secs(10 * 60);

/// Pauses that a shard remembers, one for each guild it must not ask about. Beyond it the one that
/// ends first is forgotten.
pub const RATE_LIMITS_KEPT_MAX: usize = 1_024;

/// Requests that a shard remembers after it has sent them, in case Discord refuses one.
pub const REQUESTS_REMEMBERED_MAX: usize = 64;

const _: () = assert!(COMMANDS_IN_WINDOW_MAX + SENDS_RESERVED <= DISCORD_SENDS_MAX);
const _: () = assert!(COMMANDS_WINDOW.as_millis() > DISCORD_SENDS_WINDOW.as_millis());
const _: () = assert!(COMMANDS_POLL_BUSY.as_millis() < COMMANDS_AWAITED.as_millis());
const _: () = assert!(COMMANDS_AWAITED.as_millis() < COMMANDS_SWEPT.as_millis());
// A warm socket waits for the hand-over all this time.
const _: () = assert!(
    COMMAND_UNDER_WAY.as_millis() + FLUSH_DEADLINE.as_millis() + OFFER_DEADLINE.as_millis()
        <= WARM_HELD_MAX.as_millis()
);
const _: () = assert!(COMMANDS_WAITING_MAX <= COMMANDS_READ_MAX);

/// What a client may send Discord in one frame.
pub const COMMAND_BYTES_MAX: usize = 4_096;

/// Bytes of the name under which a command's sender waits for a result.
pub const REPLY_TO_BYTES_MAX: usize = 128;

/// Results that are kept for one name. Beyond it the oldest go: who reads none of a thousand reads
/// none.
pub const RESULTS_KEPT_MAX: usize = 1_024;

/// How long results are kept after the last one for the same name. Their sender waits, or has
/// given up.
pub const RESULTS_KEPT: Duration = Duration::from_secs(5 * 60);

/// Commands that are trimmed in one go: the store does nothing else for less than a millisecond.
pub const COMMANDS_TRIMMED_MAX: u64 = 1_000;

// ---------------------------------------------------------------------------------------------
// Identify
// ---------------------------------------------------------------------------------------------

/// Discord's rule: one IDENTIFY per bucket in this time.
pub const IDENTIFY_DISCORD_SPACING: Duration = Duration::from_secs(5);

/// Baton's: a little more, because permits may be used at once or late, and two IDENTIFYs may take
/// different time on their way.
pub const IDENTIFY_SPACING: Duration = Duration::from_millis(5_280);

/// How long a permit may be used, counted from when it was asked for. Its whole length must fit
/// into the difference, or a late use of one permit and a prompt use of the next break the rule.
pub const IDENTIFY_PERMIT_VALID: Duration = Duration::from_millis(180);

/// By how much longer than another an IDENTIFY may take from its use to Discord.
pub const IDENTIFY_WAYS_DIFFER: Duration = Duration::from_millis(100);

/// For how many permits an instance asks at once. Answers to more would come so late that the
/// permits are void, and counted all the same.
pub const IDENTIFY_ASKED_MAX: usize = 16;

/// How long nobody may IDENTIFY after a change of store: a lost record of a permit must be older
/// than Discord's spacing before the next is given.
pub const IDENTIFY_QUARANTINE: Duration = Duration::from_millis(5_500);

/// After this time Discord gives all of a day's IDENTIFYs again.
pub const IDENTIFY_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// An end of the day's window that is this much later is still the same window's.
pub const IDENTIFY_SAME_RESET: Duration = Duration::from_secs(60);

/// How often it is asked for more while the day's budget is used up: it may be renewed before its
/// time, as after a loss of the store's data, or with another token.
pub const IDENTIFY_EXHAUSTED_PAUSE: Duration = Duration::from_secs(60);

/// Share of the daily limit that is never used: passing the limit resets the bot's token.
pub const IDENTIFY_RESERVE_PERCENT: u32 = 10;

/// The least number of IDENTIFYs that is never used.
pub const IDENTIFY_RESERVE_MIN: u32 = 50;

/// How many IDENTIFYs of a day are never used, of so many that Discord allows.
#[must_use]
pub const fn identify_reserve(total: u32) -> u32 {
    // Rounded up, to the safe side, and without overflow.
    let share = total / 100 * IDENTIFY_RESERVE_PERCENT
        + (total % 100 * IDENTIFY_RESERVE_PERCENT).div_ceil(100);
    if share > IDENTIFY_RESERVE_MIN { share } else { IDENTIFY_RESERVE_MIN }
}

const _: () = assert!(identify_reserve(1_000) == 100);
const _: () = assert!(identify_reserve(1_001) == 101);
const _: () = assert!(identify_reserve(60) == 50);
const _: () = assert!(identify_reserve(u32::MAX) == u32::MAX / 10 + 1);

const _: () = assert!(
    IDENTIFY_SPACING.as_millis()
        >= IDENTIFY_DISCORD_SPACING.as_millis()
            + IDENTIFY_PERMIT_VALID.as_millis()
            + IDENTIFY_WAYS_DIFFER.as_millis()
);
const _: () = assert!(IDENTIFY_QUARANTINE.as_millis() >= IDENTIFY_SPACING.as_millis());
// A cold start takes at most 1.06 times what Discord's rule allows.
const _: () =
    assert!(IDENTIFY_SPACING.as_millis() * 100 <= IDENTIFY_DISCORD_SPACING.as_millis() * 106);
const _: () = assert!(IDENTIFY_QUARANTINE.as_millis() <= STORE_CHANGE_GRACE.as_millis());

// ---------------------------------------------------------------------------------------------
// The ring and the append
// ---------------------------------------------------------------------------------------------

/// Memory for dispatches not yet known to be safe, of all shards of an instance together.
pub const RING_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Share of it at which shards are closed, largest first, to be resumed later.
pub const RING_NEARLY_FULL_PERCENT: usize = 80;

/// What a dispatch in the ring costs besides its frame.
pub const DISPATCH_OVERHEAD_BYTES: usize = 128;

/// How long an appended dispatch stays in the ring: a failover may still lose it.
pub const RING_KEEP: Duration = Duration::from_secs(15);

/// How often the ring lets go of dispatches that it has kept for long enough: one at a time would
/// wake a shard once more for each.
pub const RING_EXPIRY_PERIOD: Duration = Duration::from_secs(1);

/// Entries in one append. The store does nothing else meanwhile: about 0.1 ms at this size.
pub const APPEND_ENTRIES_MAX: usize = 64;

/// Bytes of frames in one append. A single frame above it goes alone.
pub const APPEND_BYTES_MAX: usize = 64 * 1024;

/// The longest frame that is accepted from Discord.
pub const FRAME_BYTES_MAX: usize = 64 * 1024 * 1024;

/// How long an answer to an append is waited for. After it the outcome is unknown.
pub const APPEND_TIMEOUT: Duration = Duration::from_secs(2);

/// How often the stream's mark is moved where only filtered dispatches arrive.
pub const MARK_PERIOD: Duration = Duration::from_secs(1);

// One frame of the largest size must fit into the ring, or it could never be held.
const _: () = assert!(FRAME_BYTES_MAX <= RING_BYTES_MAX);
const _: () = assert!(RING_NEARLY_FULL_PERCENT < 100);
/// Entries that are trimmed in one go: the store does nothing else for a few milliseconds.
pub const ENTRIES_TRIMMED_MAX: u64 = 10_000;

/// How often a lane is trimmed, by the instance that holds its first shard.
pub const TRIM_PERIOD: Duration = Duration::from_secs(5);

/// Trims are spread by this share of the period: all lanes of an app lie on one store.
pub const TRIM_JITTER_PERCENT: u32 = 20;

/// The pause before a lane is trimmed again that had more to trim than goes at once.
pub const TRIM_AGAIN: Duration = Duration::from_millis(250);

/// How long what all groups have acknowledged stays, where an app says nothing else: long enough
/// for people to look at what has just happened, and for who reads without a group. Where there is
/// no group at all, nothing stays longer.
pub const TRIM_MIN_AGE: Duration = Duration::from_secs(60 * 60);

/// Entries of one lane, where an app says nothing else. At 500 events a second, more than half an
/// hour.
pub const LANE_ENTRIES_MAX: u64 = 1_000_000;

/// Bytes of one lane, where an app says nothing else. Sixteen lanes of this size fit into a Valkey
/// of 8 GB with room to save itself.
pub const LANE_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// How long a group that nobody reads with holds the stream back, where an app says nothing else:
/// consumers that are down for a night find what they missed, if there is room for it.
pub const GROUP_ALIVE: Duration = Duration::from_secs(12 * 60 * 60);

const _: () = assert!(TRIM_MIN_AGE.as_millis() > RING_KEEP.as_millis());
const _: () = assert!(GROUP_ALIVE.as_millis() > TRIM_MIN_AGE.as_millis());
// A lane at its limit is brought back below it faster than ten thousand events a second fill it.
const _: () = assert!(ENTRIES_TRIMMED_MAX as u128 * 1_000 > 10_000 * TRIM_AGAIN.as_millis());

// A mark that lags more than Discord's buffer holds at 175 events a second would be useless.
const _: () = assert!(MARK_PERIOD.as_secs() * 175 * 4 < DISCORD_REPLAY_MAX as u64);

// ---------------------------------------------------------------------------------------------
// Waiting for the store
// ---------------------------------------------------------------------------------------------

/// How long connecting to the store may take.
pub const STORE_CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long connecting to one node of a Cluster may take. All that are named are tried; one whose
/// machine is gone must not take the time of the others.
pub const STORE_NODE_CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

// Those that answer are asked for the others then, and connected to.
const _: () =
    assert!(STORE_NODE_CONNECT_TIMEOUT.as_millis() * 2 < STORE_CONNECT_TIMEOUT.as_millis());

/// How long any answer on the control path may take.
pub const STORE_ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

/// How long it is waited to be told whether the store is safe. It is asked once a second or two,
/// and a Sentinel that takes longer is not reached.
pub const SAFETY_TIMEOUT: Duration = Duration::from_millis(900);

/// The first pause before a request that the store did not carry out, or did not answer, is sent
/// again; it doubles, with jitter, up to the maximum.
pub const STORE_RETRY_FIRST: Duration = Duration::from_millis(50);

/// The longest such pause. What the ring holds must be written soon after the store is back.
pub const STORE_RETRY_MAX: Duration = Duration::from_millis(1_000);

const _: () = assert!(STORE_RETRY_FIRST.as_millis() < STORE_RETRY_MAX.as_millis());

/// Requests that may wait on one connection to the store.
pub const STORE_REQUESTS_WAITING_MAX: usize = 4_096;

/// After an attempt to connect has failed, further requests fail at once for this long: many lanes
/// ask at the same time, and each would wait for its own attempt.
pub const STORE_CONNECT_PAUSE: Duration = Duration::from_millis(200);

/// A lost connection of the control path is made again after this long at first.
pub const STORE_RECONNECT_FIRST: Duration = Duration::from_millis(50);

/// And after this long at the most: a Sentinel fails over within a second.
pub const STORE_RECONNECT_MAX: Duration = Duration::from_secs(1);

/// A server that answers nothing at all for this long is given up, and its connection made again.
pub const STORE_UNRESPONSIVE_MAX: Duration = Duration::from_secs(5);

/// How often a subscription is made sure of: what ends it is not always told, and a server that
/// takes a subscription twice does not mind.
pub const SUBSCRIPTION_RENEWED: Duration = Duration::from_secs(5);

/// Bytes of a hint between instances. It says where to look, not what there is to see.
pub const HINT_BYTES_MAX: usize = 1_024;

/// Hints that wait to be heard. Beyond it the oldest are dropped: whoever is that far behind looks
/// at the store sooner than it would get to them.
pub const HINTS_WAITING_MAX: usize = 1_024;

/// Lease rows that are read in one go: the store does nothing else for about 0.3 ms.
pub const ROWS_AT_ONCE_MAX: usize = 256;

// What does not answer is asked once more before its connection is given up.
const _: () = assert!(STORE_ANSWER_TIMEOUT.as_millis() * 2 < STORE_UNRESPONSIVE_MAX.as_millis());

/// Bytes of changes in one transaction of the embedded store. Larger ones gain nothing, and all in
/// one wait for all.
pub const DISK_TRANSACTION_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Bytes of changes that may wait for the disk of the embedded store. As much as an instance's
/// ring may hold: beyond it, the ring is the better place to wait.
pub const DISK_WAITING_BYTES_MAX: usize = RING_BYTES_MAX;

// ---------------------------------------------------------------------------------------------
// Sizes
// ---------------------------------------------------------------------------------------------

/// Bytes of a fleet's, an app's or a zone's name.
pub const NAME_BYTES_MAX: usize = 64;

/// Bytes of a line of text from people or for them.
pub const LINE_BYTES_MAX: usize = 256;

/// Bytes of a resume url. Discord's have about 40.
pub const RESUME_URL_BYTES_MAX: usize = 512;

/// Shards of one app. The largest bots run 16,384.
pub const SHARDS_PER_APP_MAX: u32 = 65_536;

/// Lanes of one app.
pub const LANES_PER_APP_MAX: u16 = 1_024;

/// Conflicts that are remembered. There should be none; the last thousand tell the story.
pub const CONFLICTS_KEPT_MAX: usize = 1_000;

/// Happenings that are remembered, roughly: what a rolling deploy of a large fleet does to every
/// shard. Each takes up some hundred bytes.
pub const JOURNAL_KEPT_MAX: usize = 20_000;

/// Happenings of one instance that wait to be noted down: a cold start of some thousand shards.
/// What comes beyond is dropped, and counted.
pub const JOURNAL_WAITING_MAX: usize = 8_192;

/// The pause between two notes of one instance. All instances of a fleet together stay a small part
/// of what a store does, whatever befalls all of their shards at once.
pub const JOURNAL_PACE: Duration = Duration::from_millis(10);

/// Instances of one fleet.
pub const INSTANCES_MAX: usize = 256;

/// Dead letters that are dropped in one go.
pub const DEAD_LETTERS_AT_ONCE_MAX: usize = 1_000;

/// Intents of operators that stand at once: every poll carries all of them. Room for a drain of
/// every instance and for as many shards that are pinned.
pub const INTENTS_MAX: usize = 512;

/// Apps that stand in the store, removed ones among them: every instance that looks for apps there
/// reads all of them every few seconds.
pub const STORED_APPS_MAX: usize = 256;

/// Bytes of one of them.
pub const STORED_APP_BYTES_MAX: usize = 16 * 1_024;

const _: () = assert!(INTENTS_MAX >= 2 * INSTANCES_MAX);

/// Bytes of an instance's report. Eight thousand shards, in states that alternate with every
/// shard, take up no more.
pub const REPORT_BYTES_MAX: usize = 64 * 1024;

/// How often a consumer tells how its handlers fare, while nothing changes.
pub const CONSUMER_REPORT_PERIOD: Duration = Duration::from_secs(10);

/// How often it tells so at most: at once when a handler begins to fail or is well again, and not
/// with each that does both many times a second.
pub const CONSUMER_REPORT_PERIOD_MIN: Duration = Duration::from_secs(1);

/// A consumer whose report is older is silent: two may be lost.
pub const CONSUMER_SILENT_AFTER: Duration = Duration::from_secs(35);

/// A report that is older is nobody's any more: others remove it, and nobody shows it.
pub const CONSUMER_REPORT_KEPT: Duration = Duration::from_secs(10 * 60);

/// Bytes of a consumer's report. What does not fit is left out, and counted.
pub const CONSUMER_REPORT_BYTES_MAX: usize = 16 * 1024;

/// Reports of one app's consumers. With more consumers some are not told of.
pub const CONSUMER_REPORTS_MAX: usize = 512;

const _: () = assert!(CONSUMER_SILENT_AFTER.as_millis() > 3 * CONSUMER_REPORT_PERIOD.as_millis());
const _: () = assert!(CONSUMER_REPORT_KEPT.as_millis() > 2 * CONSUMER_SILENT_AFTER.as_millis());

// ---------------------------------------------------------------------------------------------
// The embedded store's consumers
// ---------------------------------------------------------------------------------------------

/// Streams that consumers of the embedded store may have, besides the lanes'. All of them are in
/// memory.
pub const CONSUMER_STREAMS_MAX: usize = 4_096;

/// Instances that `baton up` runs in one process. More would share the same cores.
pub const UP_INSTANCES_MAX: u8 = 8;

/// Bytes of what consumers that lease lanes say of themselves to each other, names included. All of
/// it is in memory.
pub const READER_HASHES_BYTES_MAX: usize = 4 << 20;

/// Bytes of what consumers tell operators of themselves, names included. It has room of its own:
/// who talks much must not take a lane away from anybody.
pub const CONSUMER_REPORTS_BYTES_MAX: usize = 4 << 20;

/// Groups of one stream. Each is looked at with every trim.
pub const GROUPS_PER_STREAM_MAX: usize = 256;

/// Deliveries of one stream that nobody has acknowledged, of all its groups together. Each takes up
/// a hundred bytes, and stays until somebody does.
pub const PENDING_PER_STREAM_MAX: usize = 1_000_000;

/// Redis clients of the embedded store that are connected at once.
pub const RESP_CONNECTIONS_MAX: usize = 1_024;

/// Bytes of one request. The largest is a dead letter with a frame in it.
pub const RESP_REQUEST_BYTES_MAX: usize = FRAME_BYTES_MAX + 64 * 1024;

/// Words of one request: an acknowledgement of many deliveries has the most.
pub const RESP_ARGUMENTS_MAX: usize = 128 * 1024;

/// Bytes of a line of the protocol.
pub const RESP_LINE_BYTES_MAX: usize = 64 * 1024;

/// Words of a request from a client that has not said the password.
pub const RESP_STRANGER_ARGUMENTS_MAX: usize = 10;

/// Bytes of a word from a client that has not said the password.
pub const RESP_STRANGER_BYTES_MAX: usize = 16 * 1024;

/// Requests of one transaction.
pub const RESP_TRANSACTION_MAX: usize = 1_024;

/// Records in one answer to a read of several streams. What is beyond comes with the next read.
pub const RESP_REPLY_RECORDS_MAX: usize = 128 * 1024;

/// Requests of one client that are carried out before others have a turn.
pub const RESP_REQUESTS_AT_ONCE: usize = 128;

/// Bytes of answers that are gathered before they are written.
pub const RESP_OUTPUT_FLUSHED: usize = 64 * 1024;

/// Room for answers that is kept for the next ones.
pub const RESP_OUTPUT_BYTES_KEPT: usize = 1024 * 1024;

/// A client that takes nothing for this long does not read any more.
pub const RESP_WRITE_PATIENCE: Duration = Duration::from_secs(60);

/// Messages that wait for a client that has subscribed. One that is further behind loses its
/// connection.
pub const RESP_PUSHES_WAITING_MAX: usize = 1_024;

/// Channels to which one client has subscribed.
pub const SUBSCRIPTIONS_MAX: usize = 256;

/// The pause after a connection could not be taken.
pub const RESP_ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Operators' questions that the process with an embedded store deals with at once. Each has a
/// connection of its own.
pub const OPERATORS_AT_ONCE_MAX: usize = 64;

/// Bytes of a question. The largest is a lane with the rows of its shards.
pub const OPERATOR_QUESTION_BYTES_MAX: usize = 4 << 20;

/// Bytes of an answer. The largest is a part of a lane, which holds less.
pub const OPERATOR_ANSWER_BYTES_MAX: usize = 64 << 20;

/// Bytes of the line with which such a process says who it is.
pub const OPERATOR_GREETING_BYTES_MAX: usize = 256;

/// From the connection to the end of the answer. An answer waits for the disk, and may be long.
pub const OPERATOR_PATIENCE: Duration = Duration::from_secs(30);

const _: () = assert!(RESP_STRANGER_BYTES_MAX < RESP_REQUEST_BYTES_MAX);
const _: () = assert!(RESP_OUTPUT_FLUSHED <= RESP_OUTPUT_BYTES_KEPT);
