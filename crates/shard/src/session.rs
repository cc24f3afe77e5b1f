//! The session that the stream is in, and the one that is to replace it.
//!
//! Between READY and the store's word for the new session there are two: the old one's last
//! dispatches must be in the stream before its row is overwritten, and the new one's first must
//! wait until it has a number. Nothing is resumed meanwhile: the store could not say from where.

use baton_model::{ResumeUrl, RowSession, Seq, SessionId, SessionNumber, SessionRow, SessionStart};

use crate::{ResumeFrom, call::Retry, writer::Writer};

pub(crate) enum Sessions {
    /// There is none to resume. Another may have been before, of which the store remembered only
    /// after it had told us otherwise.
    Without {
        previous: Option<(SessionNumber, Seq)>,
    },
    In(Session),
    Changing(Box<Change>),
}

/// The session that the row names.
pub(crate) struct Session {
    pub(crate) number: SessionNumber,
    pub(crate) id: SessionId,
    pub(crate) url: Option<ResumeUrl>,
    pub(crate) standing: Standing,
    /// How it began; none if it did not begin here.
    pub(crate) origin: Option<Origin>,
    pub(crate) writer: Writer,
}

/// Whether Discord would resume a session.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Resumable,
    /// It would not; a new one starts for this reason.
    Over(SessionStart),
}

/// What a session's marker says.
#[derive(Clone, Copy)]
pub(crate) struct Origin {
    pub(crate) start: SessionStart,
    pub(crate) previous: Option<(SessionNumber, Seq)>,
}

/// One session takes the place of another.
pub(crate) struct Change {
    /// The row's session, until everything received in it is in the stream.
    pub(crate) old: Option<Session>,
    pub(crate) id: SessionId,
    pub(crate) url: Option<ResumeUrl>,
    pub(crate) standing: Standing,
    origin: Origin,
    pub(crate) writer: Writer,
    /// The request to begin it, once it is made.
    pub(crate) retry: Option<Retry>,
}

impl Session {
    fn from_row(row: SessionRow) -> Self {
        Self {
            number: row.number,
            id: row.id,
            url: row.resume_url,
            standing: Standing::Resumable,
            origin: None,
            writer: Writer::starting_at(row.last_seq),
        }
    }

    /// What a store that has forgotten the session should hold of it. Its stream ends where the
    /// ring begins, so that all that the ring has goes in again.
    fn to_row(&self) -> SessionRow {
        SessionRow {
            number: self.number,
            id: self.id.clone(),
            resume_url: self.url.clone(),
            last_seq: self.writer.floor(),
        }
    }

    /// Whether it began here, and the ring still holds all of it.
    fn can_begin_again(&self) -> bool {
        self.origin.is_some() && self.writer.floor() == Seq(0)
    }

    /// Whether the stream holds enough of it to resume it, or nothing of it that we have.
    fn has_a_resume_point(&self) -> bool {
        self.writer.mark() > Seq(0) || !self.writer.has_pending()
    }
}

impl Change {
    /// What the marker says: the previous session's last seq is known only once it is flushed.
    pub(crate) fn origin(&self) -> Origin {
        match &self.old {
            None => self.origin,
            Some(old) => {
                Origin { start: self.origin.start, previous: Some((old.number, old.writer.mark())) }
            }
        }
    }

    /// Whether the store, which holds `row`, lost a tail of the old session. What is left of that
    /// in the ring has to go in first.
    pub(crate) fn has_old_lost_a_tail(&self, row: RowSession) -> bool {
        self.old
            .as_ref()
            .is_some_and(|old| old.number == row.number && row.last_seq < old.writer.mark())
    }

    /// Whether the row's session may be overwritten.
    pub(crate) fn is_old_flushed(&self) -> bool {
        self.old.as_ref().is_none_or(|old| old.writer.is_flushed())
    }
}

impl Sessions {
    pub(crate) const fn none() -> Self {
        Self::Without { previous: None }
    }

    pub(crate) fn from_row(row: Option<SessionRow>) -> Self {
        row.map_or(Self::none(), |row| Self::In(Session::from_row(row)))
    }

    /// The session that a store should hold which has forgotten it. One that can begin once more,
    /// from its very first dispatch, is left out: its beginning says what a reminder cannot, how
    /// the session before it ended.
    pub(crate) fn to_row(&self) -> Option<SessionRow> {
        self.in_row().filter(|session| !session.can_begin_again()).map(Session::to_row)
    }

    /// The same for a store that holds no session at all: there is nothing to begin after.
    pub(crate) fn to_empty_row(&self) -> Option<SessionRow> {
        self.in_row().map(Session::to_row)
    }

    /// The session that the row holds.
    pub(crate) fn in_row(&self) -> Option<&Session> {
        match self {
            Self::Without { .. } => None,
            Self::In(session) => Some(session),
            Self::Changing(change) => change.old.as_ref(),
        }
    }

    pub(crate) fn in_row_mut(&mut self) -> Option<&mut Session> {
        match self {
            Self::Without { .. } => None,
            Self::In(session) => Some(session),
            Self::Changing(change) => change.old.as_mut(),
        }
    }

    /// The session that may be appended to: the row's, until another is about to replace it. From
    /// then on the marker has said where it ends.
    pub(crate) fn outgoing(&self) -> Option<&Session> {
        self.in_row().filter(|_| !self.is_begin_out())
    }

    pub(crate) fn outgoing_mut(&mut self) -> Option<&mut Session> {
        let is_begin_out = self.is_begin_out();
        self.in_row_mut().filter(|_| !is_begin_out)
    }

    fn is_begin_out(&self) -> bool {
        matches!(self, Self::Changing(change) if change.retry.is_some())
    }

    /// Where dispatches from the socket go.
    pub(crate) fn incoming(&mut self) -> Option<&mut Writer> {
        match self {
            Self::Without { .. } => None,
            Self::In(session) => Some(&mut session.writer),
            Self::Changing(change) => Some(&mut change.writer),
        }
    }

    /// Every writer, for what concerns the memory of all.
    pub(crate) fn writers(&self) -> impl Iterator<Item = &Writer> {
        let incoming = match self {
            Self::Changing(change) => Some(&change.writer),
            Self::Without { .. } | Self::In(_) => None,
        };
        self.in_row().map(|session| &session.writer).into_iter().chain(incoming)
    }

    pub(crate) fn ring_bytes(&self) -> usize {
        self.writers().map(Writer::ring_bytes).sum()
    }

    /// Whether the stream holds all that was received and is wanted.
    pub(crate) fn is_flushed(&self) -> bool {
        match self {
            Self::Without { .. } => true,
            Self::In(session) => session.writer.is_flushed(),
            Self::Changing(_) => false,
        }
    }

    /// What a new connection would resume; none if it would IDENTIFY.
    pub(crate) fn resume_from(&self) -> Option<ResumeFrom> {
        match self {
            Self::In(session) if session.standing == Standing::Resumable => Some(ResumeFrom {
                id: session.id.clone(),
                url: session.url.clone(),
                seq: session.writer.mark(),
            }),
            Self::Without { .. } | Self::In(_) | Self::Changing(_) => None,
        }
    }

    /// Whether it is settled what a new connection would begin with.
    pub(crate) fn may_connect(&self) -> bool {
        match self {
            Self::Without { .. } => true,
            Self::In(session) => match session.standing {
                Standing::Over(_) => true,
                Standing::Resumable => session.has_a_resume_point(),
            },
            Self::Changing(_) => false,
        }
    }

    /// The current session cannot be resumed. Says whether that is news.
    pub(crate) fn end(&mut self, start: SessionStart) -> bool {
        let standing = match self {
            Self::Without { .. } => return false,
            Self::In(session) => &mut session.standing,
            Self::Changing(change) => &mut change.standing,
        };
        let is_news = *standing == Standing::Resumable;
        if is_news {
            *standing = Standing::Over(start);
        }
        is_news
    }

    /// READY: a session begins that the row does not know yet. Says whether there is room for it:
    /// the one before must have got into the row.
    pub(crate) fn on_ready(&mut self, id: SessionId, url: Option<ResumeUrl>) -> bool {
        let (old, origin) = match std::mem::replace(self, Self::none()) {
            Self::Without { previous } => {
                let start = match previous {
                    None => SessionStart::First,
                    Some(_) => SessionStart::Invalidated,
                };
                (None, Origin { start, previous })
            }
            Self::In(session) => {
                let start = match session.standing {
                    Standing::Over(start) => start,
                    Standing::Resumable => SessionStart::Invalidated,
                };
                let previous = None;
                (Some(session), Origin { start, previous })
            }
            changing @ Self::Changing(_) => {
                *self = changing;
                return false;
            }
        };
        *self = Self::Changing(Box::new(Change {
            old,
            id,
            url,
            standing: Standing::Resumable,
            origin,
            writer: Writer::starting_at(Seq(0)),
            retry: None,
        }));
        true
    }

    /// The row holds the new session, under this number.
    pub(crate) fn on_started(&mut self, started: &SessionId, number: SessionNumber) {
        match std::mem::replace(self, Self::none()) {
            Self::Changing(change) if change.id == *started && change.retry.is_some() => {
                *self = Self::In(Session {
                    number,
                    origin: Some(change.origin()),
                    id: change.id,
                    url: change.url,
                    standing: change.standing,
                    writer: change.writer,
                });
            }
            other @ (Self::Without { .. } | Self::In(_) | Self::Changing(_)) => *self = other,
        }
    }

    /// The row holds another session than the one we know of, for the store has fallen back. Ours
    /// has to begin once more, after that one. Says whether that is possible: only who began a
    /// session knows what its marker said.
    pub(crate) fn begin_after(&mut self, row: Option<RowSession>) -> bool {
        let previous = row.map(|row| (row.number, row.last_seq));
        match std::mem::replace(self, Self::none()) {
            Self::Without { .. } => *self = Self::Without { previous },
            Self::In(Session {
                number: _,
                id,
                url,
                standing,
                origin: Some(Origin { start, .. }),
                writer,
            }) => {
                *self = Self::Changing(Box::new(Change {
                    old: None,
                    id,
                    url,
                    standing,
                    origin: Origin { start, previous },
                    writer,
                    retry: None,
                }));
            }
            Self::Changing(mut change) => {
                change.old = None;
                change.origin.previous = previous;
                change.retry = None;
                *self = Self::Changing(change);
            }
            stranger @ Self::In(_) => {
                *self = stranger;
                return false;
            }
        }
        true
    }
}
