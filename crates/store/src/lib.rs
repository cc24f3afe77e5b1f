//! What a store promises.
//!
//! One narrow trait per noun, each with its promise above the methods: is it atomic, ordered,
//! durable on return, safe to repeat? The traits do not say how: Valkey and the embedded store
//! both keep them, and the one suite in [`conformance`] decides whether they do.
//!
//! Three rules hold for every method of every trait.
//!
//! 1. **The store decides, at one place, at one time.** An operation is atomic at the store; what
//!    the caller believed when it called is an argument and is compared there.
//! 2. **A time-out means *unknown*.** The request may have been lost or only its answer. Every
//!    operation may be repeated with the same arguments; what that does is said where it is not
//!    plain. No implementation repeats anything by itself.
//! 3. **"Unavailable" is never "you have lost your lease".** Only [`Fenced`] says that.

mod address;
mod apps;
mod brokers;
mod command;
mod command_result;
mod commands;
mod conflict;
mod conflicts;
pub mod conformance;
mod entry;
mod error;
mod events;
mod faulty;
mod fields;
mod happening;
mod hints;
mod identify;
mod intents;
mod journal;
pub mod key;
mod lanes;
mod leases;
mod membership;
mod op;
mod operators;
mod planning;
mod reports;
mod sendable;
pub mod stored;
mod stored_apps;
mod transfer;
mod trim;

pub use baton_model::{ConflictId, StreamId, StreamIdError};

pub use address::{Hold, ShardAddress};
pub use apps::Apps;
pub use brokers::{
    Appended, BROKERS_FIELD, Brokers, Copied, CopiedAppend, Copies, InLane, OutgoingEntry, ROUTER,
    Route, RouteError, Tend, Tended,
};
pub use command::{COMMAND_FIELDS, Command, CommandEntry, MalformedCommand};
pub use command_result::{CommandOutcome, CommandResult, RESULT_FIELDS};
pub use commands::{
    AnswerError, CommandError, CommandTrim, Commands, ensure_command_fits, is_awaited,
};
pub use conflict::{CONFLICT_FIELDS, Conflict, ConflictKind};
pub use conflicts::Conflicts;
pub use entry::{ENTRY_FIELDS, Entry, EntryBody};
pub use error::{StoreError, Unhappy};
pub use events::{Append, AppendError, BeginError, Events, FoundEntry, NewSession};
pub use faulty::{Faults, Faulty, FaultyHearing};
pub use fields::{FORMAT, FieldsError};
pub use happening::{Connecting, Doer, HAPPENING_FIELDS, Happening, LettingGo, Taking, What};
pub use hints::{Hearing, Hints, ensure_hint_fits};
pub use identify::{IdentifyBudget, SessionStartLimit, Take};
pub use intents::{IntendError, Intents};
pub use journal::{FoundHappening, Journal};
pub use lanes::{
    ConsumerView, DeadLetter, GroupAddress, GroupView, LaneView, Lanes, REDELIVERED_UNTOUCHED,
    REDELIVERER, Redelivery,
};
pub use leases::{AcceptError, BreakError, ClaimError, Fenced, Grant, HoldError, Leases};
pub use membership::{BeatError, Membership, Poll, PresenceGuard, Safety};
pub use op::Op;
pub use operators::{ForOperators, Question, question, wire};
pub use planning::{Planning, Targets, TargetsError};
pub use reports::{FoundConsumerReport, FoundReport, ReportError, Reports, written_report};
pub use sendable::{Sendable, Unsendable, guild_of};
pub use stored_apps::{FoundApp, MalformedApp, PutAppError, StoredApps};
pub use transfer::{RestoreError, RestoredLane, RestoredRow, Transfer};
pub use trim::{Trim, Trimmable, Trimmed};

/// Everything that a store does.
pub trait Store: Operations + Clone + Send + Sync + 'static {}

impl<S: Operations + Clone + Send + Sync + 'static> Store for S {}

/// The nouns together.
pub trait Operations:
    Apps
    + StoredApps
    + Leases
    + Events
    + Brokers
    + Commands
    + Membership
    + Planning
    + IdentifyBudget
    + Hints
    + Conflicts
    + Intents
    + Reports
    + Journal
    + Lanes
    + Transfer
{
}

impl<S> Operations for S where
    S: Apps
        + StoredApps
        + Leases
        + Events
        + Brokers
        + Brokers
        + Commands
        + Membership
        + Planning
        + IdentifyBudget
        + Hints
        + Conflicts
        + Intents
        + Reports
        + Journal
        + Lanes
        + Transfer
{
}
