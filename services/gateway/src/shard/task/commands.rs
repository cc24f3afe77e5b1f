//! The task's part in commands: the shell around the shard's [`Courier`].

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use baton_model::{Dispatch, Epoch, Moment, StreamId};
use baton_shard::{SocketId, State};
use baton_store::{CommandOutcome, CommandResult, Hold, HoldError, Store};
use baton_telemetry::SpanPlace;
use tokio::sync::watch;
use twilight_model::gateway::payload::outgoing::update_presence::UpdatePresencePayload;

use super::{ShardTask, ToShard};
use crate::{
    clock::unix_micros,
    courier::{Courier, Input, Output, Parcel, RateLimited},
    reader::Listener,
    socket::Socket,
    tuning::AppTuning,
};

/// What a shard's task is told about its commands.
#[derive(Debug)]
pub enum Mail {
    /// They begin behind this place.
    Begin(StreamId),
    /// The next one.
    Command(Parcel),
    /// Up to here there are no others.
    Passed(StreamId),
    /// The store holds this place.
    Saved(StreamId),
    /// It does not, or has not said so.
    NotSaved,
    /// Somebody else is granted the shard.
    Fenced,
}

/// A shard's commands under the lease that it holds.
#[derive(Debug)]
pub(super) struct Commanding {
    /// Which lease; none without one.
    epoch: Option<Epoch>,
    /// None as long as it is not known where they begin.
    courier: Option<Courier>,
    /// On which socket they may be sent, as the courier knows.
    link: Option<SocketId>,
    taken: u64,
    /// Of those that their senders trace: since when they are here.
    traced: BTreeMap<StreamId, (SpanPlace, Moment)>,
    /// How many have been dealt with, for the lane's reader.
    dealt: Arc<AtomicU64>,
    tuning: watch::Receiver<AppTuning>,
    /// How the bot was to be shown when this was last looked at.
    shown: Option<UpdatePresencePayload>,
}

/// The lease is to be given away, once Discord has heard what was written last: on another
/// connection the session might otherwise be resumed before that.
#[derive(Debug)]
pub(super) struct Departure {
    pub(super) at: Moment,
    how: baton_shard::Input,
}

impl Commanding {
    pub(super) fn new(mut tuning: watch::Receiver<AppTuning>) -> Self {
        let shown = tuning.borrow_and_update().presence.clone();
        Self {
            epoch: None,
            courier: None,
            link: None,
            taken: 0,
            traced: BTreeMap::new(),
            dealt: Arc::default(),
            tuning,
            shown,
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Moment> {
        self.courier.as_ref().and_then(Courier::poll_timeout)
    }

    /// The place that the store does not hold yet.
    pub(super) fn unsaved(&self) -> Option<StreamId> {
        self.courier.as_ref().and_then(Courier::unsaved)
    }

    /// Among the dispatches there is one that is about commands.
    pub(super) fn on_dispatch(&mut self, dispatch: &Dispatch, now: Moment) {
        if dispatch.name.as_str() != RateLimited::EVENT {
            return;
        }
        match RateLimited::read(&dispatch.frame) {
            Some(refused) => {
                let RateLimited { op, guild, .. } = &refused;
                tracing::warn!(op, ?guild, "discord refuses a command");
                self.handle(Input::RateLimited(refused), now);
            }
            None => tracing::warn!("discord refuses a command in words that are not understood"),
        }
    }

    /// Takes what is said about a lease. About another one than this it is said too late.
    fn take(&mut self, epoch: Epoch, mail: Mail, now: Moment) {
        if self.epoch != Some(epoch) {
            return;
        }
        let input = match mail {
            Mail::Begin(place) => {
                let allowed = self.tuning.borrow().commands.clone();
                self.courier = Some(Courier::new(place, allowed));
                self.traced.clear();
                self.link = None;
                return;
            }
            Mail::Command(parcel) => {
                self.taken += 1;
                if let Some(place) = parcel.trace.and_then(SpanPlace::read) {
                    self.traced.insert(parcel.id, (place, now));
                }
                Input::Read(parcel)
            }
            Mail::Passed(upto) => Input::Passed(upto),
            Mail::Saved(place) => Input::Saved(place),
            Mail::NotSaved => Input::NotSaved,
            // The machine hears of it by itself; meanwhile nothing more is sent.
            Mail::Fenced => {
                self.courier = None;
                return;
            }
        };
        self.handle(input, now);
    }

    fn handle(&mut self, input: Input, now: Moment) {
        if let Some(courier) = &mut self.courier {
            courier.handle(input, now);
        }
    }

    /// Lets the courier know what has been configured anew.
    fn tune(&mut self, now: Moment) {
        if self.courier.is_none() || !self.tuning.has_changed().unwrap_or_default() {
            return;
        }
        let tuning = self.tuning.borrow_and_update().clone();
        if self.shown != tuning.presence {
            self.handle(Input::Show(tuning.presence_frame()), now);
            self.shown.clone_from(&tuning.presence);
        }
        self.handle(Input::Allow(tuning.commands), now);
    }

    /// Lets the courier know where it may send. What lies on the socket that it may not use any
    /// more is taken back, if there is still time for that.
    fn follow(&mut self, link: Option<SocketId>, socket: Option<&mut Socket>, now: Moment) {
        let before = std::mem::replace(&mut self.link, link);
        if before == link {
            return;
        }
        if let (Some(before), Some(socket)) = (before, socket)
            && socket.id() == before
            && socket.take_back()
        {
            self.handle(Input::TakenBack(before), now);
        }
        self.handle(Input::Link(link), now);
    }
}

impl<S: Store> ShardTask<S> {
    /// The lease is ours: the lane's reader is to say where the commands begin.
    pub(super) fn begin_commands(&mut self, epoch: Epoch) {
        self.end_commands();
        self.epoch = Some(epoch);
        self.commanding.epoch = Some(epoch);
        let dealt = self.commanding.dealt.clone();
        let hold = self.hold(epoch);
        let letters = self.letterbox.clone();
        self.surroundings.reader.join(Listener { hold, letters, dealt });
    }

    /// The lease has ended. What waits stays in the stream, for whoever holds the next one.
    pub(super) fn end_commands(&mut self) {
        if let Some(epoch) = self.epoch.take() {
            self.surroundings.reader.leave(self.asker.address.shard.clone(), epoch);
        }
        if let (Some(link), Some(socket)) = (self.commanding.link, &mut self.socket)
            && socket.id() == link
        {
            socket.take_back();
        }
        self.commanding = Commanding::new(self.surroundings.tuning.clone());
    }

    pub(super) fn on_mail(&mut self, epoch: Epoch, mail: Mail) {
        self.commanding.take(epoch, mail, self.surroundings.clock.now());
    }

    pub(super) fn on_command_written(&mut self) {
        if let Some(socket) = &self.socket {
            let written = Input::Written(socket.id());
            self.commanding.handle(written, self.surroundings.clock.now());
        }
    }

    /// Lets the courier know how things stand, and carries out what it wants.
    pub(super) fn look_after_commands(&mut self) {
        let now = self.surroundings.clock.now();
        let link = self.link();
        self.commanding.tune(now);
        self.commanding.follow(link, self.socket.as_mut(), now);
        if self.commanding.poll_timeout().is_some_and(|due| due <= now) {
            self.commanding.handle(Input::Wake, now);
        }
        while let Some(output) = self.commanding.courier.as_mut().and_then(Courier::poll_output) {
            self.carry_out_command(output);
        }
        if let Some(courier) = &self.commanding.courier {
            let waiting = u64::try_from(courier.waiting()).unwrap_or(u64::MAX);
            let dealt = self.commanding.taken.saturating_sub(waiting);
            self.commanding.dealt.store(dealt, Ordering::Release);
        }
    }

    /// Gives the lease away, at once or when no command is under way any more. Until then events
    /// arrive as ever, and nothing more is sent.
    pub(super) fn depart_with(&mut self, how: baton_shard::Input) {
        let now = self.surroundings.clock.now();
        let courier = self.commanding.courier.as_ref();
        match courier.and_then(|courier| courier.under_way_until(now)) {
            Some(at) => self.departure = Some(Departure { at, how }),
            None => self.handle(how),
        }
    }

    /// Does not wait any more with giving the lease away, if that is to be.
    pub(super) fn depart(&mut self) {
        if let Some(Departure { how, .. }) = self.departure.take() {
            self.handle(how);
        }
    }

    fn link(&self) -> Option<SocketId> {
        let (state, is_sure) = (self.machine.status().state, self.sureness.is_sure());
        let may_send = may_send(state, is_sure) && self.departure.is_none();
        self.socket.as_ref().filter(|_| may_send).map(Socket::id)
    }

    fn carry_out_command(&mut self, output: Output) {
        match output {
            Output::Send { socket, frame } => self.with_socket(socket, |it| it.send(frame)),
            Output::Answer { command, reply_to, outcome } => {
                self.answer_command(command, reply_to, outcome);
            }
            Output::Save(place) => self.save_place(place),
        }
    }

    fn answer_command(&mut self, command: StreamId, reply_to: String, outcome: CommandOutcome) {
        let shard = &self.asker.address.shard;
        self.surroundings.reader.face().count_outcome(&outcome);
        tracing::debug!(%shard, %command, ?outcome, "a command");
        if let Some((place, since)) = self.commanding.traced.remove(&command) {
            let meters = &self.surroundings.meters;
            let now = self.surroundings.clock.now();
            meters.traces.report_command(&self.asker.address, (place, since), (&outcome, now));
        }
        if reply_to.is_empty() {
            return;
        }
        let (store, address) = (self.surroundings.store.clone(), self.asker.address.clone());
        let result = CommandResult { reply_to, command, outcome, at: unix_micros() };
        tokio::spawn(async move {
            let told = store.answer_command(address.app(), address.lane, &result).await;
            if let Err(error) = told {
                // Who waits for it does not wait for ever.
                tracing::debug!(error = error.to_string(), "a command's result was not written");
            }
        });
    }

    fn save_place(&self, place: StreamId) {
        let (Some(epoch), Some(answer_to)) = (self.epoch, self.letterbox.upgrade()) else {
            return;
        };
        let (store, hold) = (self.surroundings.store.clone(), self.hold(epoch));
        tokio::spawn(async move {
            let mail = match store.set_commands_done(&hold, place).await {
                Ok(()) => Mail::Saved(place),
                // With the same epoch it is on offer, and may come back.
                Err(HoldError::Fenced(fenced)) if fenced.row.epoch != epoch => Mail::Fenced,
                Err(_) => Mail::NotSaved,
            };
            // The task may have ended.
            drop(answer_to.send(ToShard::Mail(epoch, mail)));
        });
    }

    fn hold(&self, epoch: Epoch) -> Hold {
        Hold { address: self.asker.address.clone(), owner: self.asker.me, epoch }
    }
}

/// Whether commands may be sent: the session is live, and nobody else may hold the lease or is
/// about to.
const fn may_send(state: State, is_sure_of_the_lease: bool) -> bool {
    is_sure_of_the_lease && matches!(state, State::Live | State::Healing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_sent_in_a_live_session_and_under_a_sure_lease() {
        assert!(may_send(State::Live, true) && may_send(State::Healing, true));
        assert!(!may_send(State::Live, false), "somebody else may hold it by now");
        for state in [State::Beginning, State::Resuming, State::Reasserting, State::Flushing] {
            assert!(!may_send(state, true), "{state}");
        }
    }

    #[test]
    fn what_is_said_about_another_lease_is_said_too_late() {
        let (_tune, tuning) = watch::channel(AppTuning::default());
        let mut commanding = Commanding { epoch: Some(Epoch(2)), ..Commanding::new(tuning) };
        let place = StreamId { millis: 7, number: 0 };
        commanding.take(Epoch(1), Mail::Begin(place), Moment::ZERO);
        assert!(commanding.courier.is_none());
        commanding.take(Epoch(2), Mail::Begin(StreamId::START), Moment::ZERO);
        commanding.take(Epoch(1), Mail::Passed(place), Moment::ZERO);
        assert_eq!(commanding.unsaved(), None);
        commanding.take(Epoch(2), Mail::Passed(place), Moment::ZERO);
        assert_eq!(commanding.unsaved(), Some(place));
        commanding.take(Epoch(1), Mail::Fenced, Moment::ZERO);
        assert!(commanding.courier.is_some());
        commanding.take(Epoch(2), Mail::Fenced, Moment::ZERO);
        assert!(commanding.courier.is_none());
    }
}
