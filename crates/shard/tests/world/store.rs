//! The store, as far as one shard can tell: a row, a stream, and a memory of both to fall back to.

use baton_model::{
    Epoch, Expected, Holding, InstanceId, LeaseRow, Marker, OfferId, ResumeUrl, RowSession, Seq,
    SessionId, SessionNumber, SessionRow,
};
use baton_shard::{Answer, Append, Entry, Failure, Request};

#[derive(Clone)]
pub(crate) struct Store {
    pub(crate) row: LeaseRow,
    /// No offer up to this one is accepted.
    retracted: OfferId,
    pub(crate) stream: Vec<(SessionNumber, Item)>,
    /// The stream begins here after a wipe.
    pub(crate) base: Seq,
    /// The row was wiped and nobody has written it since.
    is_empty: bool,
    /// Stands for the clock: no number is granted twice, whatever is lost.
    clock: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Item {
    Dispatch(Seq),
    Gap { after: Seq, before: Seq },
}

impl Store {
    pub(crate) fn new() -> Self {
        Self {
            row: LeaseRow { epoch: Epoch(0), holding: Holding::Free, session: None },
            retracted: OfferId(0),
            stream: Vec::new(),
            base: Seq(0),
            is_empty: false,
            clock: 0,
        }
    }

    fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    /// Falls back to an older state. Only the clock goes on.
    pub(crate) fn fall_back_to(&mut self, older: Self) {
        let clock = self.clock;
        *self = older;
        self.clock = clock;
    }

    pub(crate) fn wipe(&mut self) {
        let clock = self.clock;
        *self = Self::new();
        self.clock = clock;
        self.is_empty = true;
    }

    /// Another instance takes the row.
    pub(crate) fn give_to(&mut self, owner: InstanceId) {
        self.row.epoch = Epoch(self.tick());
        self.row.holding = Holding::Owned { owner };
        self.is_empty = false;
    }

    /// Whether `me` may append under `epoch`.
    pub(crate) fn is_owned_by(&self, me: InstanceId, epoch: Epoch) -> bool {
        !self.is_empty
            && self.row.epoch == epoch
            && self.row.holding == Holding::Owned { owner: me }
    }

    fn epoch(&self) -> Option<Epoch> {
        (!self.is_empty).then_some(self.row.epoch)
    }

    /// Carries out what `me` asks for. `None` where there is no answer.
    pub(crate) fn apply(&mut self, me: InstanceId, request: &Request) -> Option<Answer> {
        let refused = |row: Option<Epoch>| {
            let asked = request.asked()?;
            let failure = match row {
                Some(row) if row >= asked.epoch() => Failure::Fenced { row },
                Some(_) | None => Failure::Forgotten,
            };
            Some(Answer::Failed { asked, failure })
        };
        match request {
            Request::Claim { expected } => Some(self.claim(me, *expected)),
            Request::Accept { under, offer } => Some(self.accept(me, *under, *offer)),
            Request::ForgetResumeUrl { session, .. } => {
                self.forget_url(*session);
                None
            }
            Request::Reassert { epoch, session } => match self.reassert(me, *epoch, session) {
                true => Some(Answer::Reasserted { epoch: *epoch, session: self.row_session() }),
                false => refused(self.epoch()),
            },
            Request::Offer { epoch, to, offer } => match self.offer(me, *epoch, *to, *offer) {
                true => Some(Answer::Offered { epoch: *epoch, offer: *offer }),
                false => refused(self.epoch()),
            },
            Request::Retract { epoch, offer } => {
                if self.epoch() != Some(*epoch) || self.row.holding.owner() != Some(me) {
                    return refused(self.epoch());
                }
                self.retracted = self.retracted.max(*offer);
                self.row.holding = Holding::Owned { owner: me };
                let (epoch, offer) = (*epoch, *offer);
                Some(Answer::Retracted { epoch, offer })
            }
            Request::Release { epoch } => {
                let is_free = self.row.holding == Holding::Free;
                if self.epoch() != Some(*epoch)
                    || !(is_free || self.row.holding.owner() == Some(me))
                {
                    return refused(self.epoch());
                }
                self.row.holding = Holding::Free;
                Some(Answer::Released { epoch: *epoch })
            }
            Request::BeginSession { epoch, id, resume_url, previous, start: _ } => {
                if !self.is_owned_by(me, *epoch) {
                    return refused(self.epoch());
                }
                self.begin(*epoch, id, resume_url.as_ref(), *previous)
            }
            Request::Append(append) => {
                if !self.is_owned_by(me, append.epoch) {
                    return refused(self.epoch());
                }
                Some(self.append(append))
            }
        }
    }

    fn claim(&mut self, me: InstanceId, expected: Expected) -> Answer {
        if Expected::unchanged(Some(&self.row)) != expected {
            let row = Some(self.row.clone());
            return Answer::ClaimLost { expected: expected.epoch, row };
        }
        self.give_to(me);
        Answer::Claimed {
            expected: expected.epoch,
            epoch: self.row.epoch,
            session: self.row.session.clone(),
        }
    }

    fn accept(&mut self, me: InstanceId, under: Epoch, offer: OfferId) -> Answer {
        let is_it = |holding| match holding {
            Holding::Offered { to, offer: made, .. } => to == me && made == offer,
            Holding::Free | Holding::Owned { .. } => false,
        };
        if self.row.epoch != under || !is_it(self.row.holding) {
            let row = Some(self.row.clone());
            return Answer::OfferGone { under, offer, row };
        }
        self.give_to(me);
        Answer::Accepted { under, offer, epoch: self.row.epoch, session: self.row.session.clone() }
    }

    fn offer(&mut self, owner: InstanceId, epoch: Epoch, to: InstanceId, offer: OfferId) -> bool {
        let holding = Holding::Offered { owner, to, offer };
        let is_new = self.is_owned_by(owner, epoch) && offer > self.retracted;
        let is_repeated = self.row.epoch == epoch && self.row.holding == holding;
        if is_new {
            self.row.holding = holding;
        }
        is_new || is_repeated
    }

    fn reassert(&mut self, me: InstanceId, epoch: Epoch, session: &Option<SessionRow>) -> bool {
        let is_ours = self.row.epoch == epoch && self.row.holding.owner() == Some(me);
        if !self.is_empty && self.row.epoch >= epoch && !is_ours {
            return false;
        }
        let held = self.row.session.as_ref().map(|session| session.number);
        if let Some(session) = session
            && held < Some(session.number)
        {
            self.base = session.last_seq;
            self.row.session = Some(session.clone());
        }
        self.row.epoch = epoch;
        self.row.holding = Holding::Owned { owner: me };
        self.is_empty = false;
        true
    }

    fn row_session(&self) -> Option<RowSession> {
        self.row
            .session
            .as_ref()
            .map(|session| RowSession { number: session.number, last_seq: session.last_seq })
    }

    fn begin(
        &mut self,
        epoch: Epoch,
        id: &SessionId,
        resume_url: Option<&ResumeUrl>,
        previous: Option<(SessionNumber, Seq)>,
    ) -> Option<Answer> {
        if let Some(session) = self.row.session.as_ref().filter(|session| session.id == *id) {
            let (id, number) = (id.clone(), session.number);
            return Some(Answer::Started { epoch, id, number });
        }
        let row = self.row_session();
        if row.map(|row| (row.number, row.last_seq)) != previous {
            let id = id.clone();
            return Some(Answer::OtherPrevious { epoch, id, row });
        }
        let number = SessionNumber(self.tick());
        self.base = Seq(0);
        self.row.session = Some(SessionRow {
            number,
            id: id.clone(),
            resume_url: resume_url.cloned(),
            last_seq: Seq(0),
        });
        let id = id.clone();
        Some(Answer::Started { epoch, id, number })
    }

    fn append(&mut self, append: &Append) -> Answer {
        let (epoch, number) = (append.epoch, append.session);
        let there = self.row_session();
        let row = self.row.session.as_mut().filter(|row| row.number == number);
        let Some(row) = row else {
            return Answer::OtherSession { epoch, session: number, row: there };
        };
        if row.last_seq < append.prev {
            return Answer::Gap { epoch, session: number, row: row.last_seq };
        }
        for entry in &append.entries {
            if entry.seq() > row.last_seq {
                self.stream.push((number, Item::of(entry)));
            }
        }
        row.last_seq = row.last_seq.max(append.last);
        Answer::Appended { epoch, session: number, last: append.last }
    }

    fn forget_url(&mut self, number: SessionNumber) {
        if let Some(session) = &mut self.row.session
            && session.number == number
        {
            session.resume_url = None;
        }
    }
}

impl Item {
    fn of(entry: &Entry) -> Self {
        match entry {
            Entry::Dispatch(dispatch) => Self::Dispatch(dispatch.seq),
            Entry::Marker { marker, .. } => match marker {
                Marker::Gap { after, before } => Self::Gap { after: *after, before: *before },
                Marker::SessionStarted { .. }
                | Marker::StreamLost { .. }
                | Marker::Trimmed { .. }
                | Marker::GenerationSwitched { .. } => {
                    panic!("the machine appends no such marker")
                }
            },
        }
    }
}
