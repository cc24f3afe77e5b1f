//! Events: what a shard writes to its lane's stream.

use std::future::Future;

use baton_model::{
    AppName, Lane, ResumeUrl, RowSession, Seq, SessionId, SessionNumber, SessionStart, UnixMicros,
};
use thiserror::Error;

use crate::{
    Entry, EntryBody, Fenced, FieldsError, Hold, StoreError, StreamId, Trim, Trimmable, Trimmed,
    error::unhappy,
};

/// An entry as it is found: an error about it is no error of the others.
pub type FoundEntry = Result<Entry, FieldsError>;

/// One shard's next entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Append {
    /// By which right.
    pub hold: Hold,
    /// The session they belong to.
    pub session: SessionNumber,
    /// The seq up to which the writer believes the stream to be complete.
    pub prev: Seq,
    /// The entries, in order, none above `last`. May be empty: that only moves the mark.
    pub entries: Vec<EntryBody>,
    /// The seq up to which the stream is complete with these entries. Beyond the last entry's
    /// where a filter left dispatches out.
    pub last: Seq,
}

/// Why an append was not done.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AppendError {
    /// Somebody else was granted the shard later, or it was given back. The caller must stop.
    #[error("fenced: the shard is not held under this epoch")]
    Fenced,
    /// The store has lost the lease: it holds no row, or one from before the lease was granted.
    /// To be repaired by [`Leases::reassert`](crate::Leases::reassert), and appended again.
    #[error("the store has forgotten the lease")]
    Forgotten,
    /// The stream ends before what the writer believes: a failover lost the tail. To be sent
    /// again from here.
    #[error("the stream ends at seq {0}, before what was to be appended")]
    Gap(Seq),
    /// The shard's session is another one, or none.
    #[error("the shard is in another session")]
    OtherSession(Option<RowSession>),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

unhappy!(AppendError);

/// A session that Discord has just opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    /// Discord's id of it.
    pub id: SessionId,
    /// Where Discord wants it to be resumed.
    pub resume_url: Option<ResumeUrl>,
    /// Why there is a new one.
    pub start: SessionStart,
    /// The session that it follows, and where the stream ends in that, as far as the caller knows.
    pub previous: Option<RowSession>,
    /// When it was received.
    pub at: UnixMicros,
}

/// Why a session was not begun.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BeginError {
    /// Somebody else was granted the shard later, or it was given back. The caller must stop.
    #[error(transparent)]
    Fenced(#[from] Fenced),
    /// The store has lost the lease; see [`AppendError::Forgotten`].
    #[error("the store has forgotten the lease")]
    Forgotten,
    /// The row holds another session than the one to be followed, or the stream does not end where
    /// the caller believes: the store fell back, or the request was overtaken.
    #[error("the shard is in another session, or the stream ends elsewhere")]
    OtherPrevious(Option<RowSession>),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

unhappy!(BeginError);

/// The streams.
///
/// An append is atomic: all of it, or nothing. Appends of one shard are ordered as they are
/// answered; between shards of a lane there is no order. A consumer sees entries in the order of
/// their ids.
pub trait Events {
    /// Appends entries, if the caller holds the shard under this very epoch, the session is the
    /// current one and the stream is complete up to `prev`. Entries at or below what the stream
    /// holds already are skipped, so an append may be repeated, or overlap what another owner
    /// has replayed. Returns the stream's seq of this shard afterwards.
    fn append(&self, append: &Append) -> impl Future<Output = Result<Seq, AppendError>> + Send;

    /// Appends for several shards of one lane in one round trip, each with its own answer. They
    /// are not atomic together: a connection that breaks leaves some of them unknown.
    fn append_all(
        &self,
        appends: &[Append],
    ) -> impl Future<Output = Vec<Result<Seq, AppendError>>> + Send;

    /// Makes a new session the current one, with nothing in the stream yet, and writes its
    /// `SessionStarted` marker, which names the session before it. That one must be the row's, and
    /// the stream must end in it where the caller says: a marker is believed.
    ///
    /// Its number is `max(previous + 1, the store's time in ms)`. Repeated for a session that is
    /// current already, it returns that one's number and writes nothing.
    fn begin_session(
        &self,
        hold: &Hold,
        session: &NewSession,
    ) -> impl Future<Output = Result<SessionNumber, BeginError>> + Send;

    /// Reads what stands behind `after`, oldest first, at most `count`: the entries, and what is
    /// none, each at its place. Who cannot read one can read the next.
    fn entries(
        &self,
        app: &AppName,
        lane: Lane,
        after: StreamId,
        count: usize,
    ) -> impl Future<Output = Result<Vec<(StreamId, FoundEntry)>, StoreError>> + Send;

    /// Removes the oldest entries of a lane, at most `ENTRIES_TRIMMED_MAX` of them, atomically.
    ///
    /// First goes what is older than [`Trim::min_age`] and acknowledged by every consumer group
    /// that is alive; with none alive, age decides. If the stream is above a maximum still, its
    /// oldest go, whoever has not read them: those are counted as [`Trimmed::unread`], and a
    /// [`Marker::Trimmed`](baton_model::Marker::Trimmed) is added. What is younger than
    /// `RING_KEEP` never goes, and neither does the last entry. Repeating it is harmless.
    fn trim(
        &self,
        app: &AppName,
        lane: Lane,
        trim: &Trim,
    ) -> impl Future<Output = Result<Trimmed, StoreError>> + Send;

    /// What the next [`trim`](Self::trim) would remove, if nothing changed until then.
    fn trimmable(
        &self,
        app: &AppName,
        lane: Lane,
        trim: &Trim,
    ) -> impl Future<Output = Result<Trimmable, StoreError>> + Send;
}
