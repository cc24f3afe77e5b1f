//! How far a shard has got among its lane's commands, and which of them are its own.

use std::sync::atomic::Ordering;

use baton_model::{Epoch, Lane, ShardNumber, StreamId, limits::COMMANDS_WAITING_MAX};
use baton_store::{Command, CommandEntry, MalformedCommand, ShardAddress};

use super::Listener;
use crate::{
    courier::Parcel,
    shard::{Mail, ToShard},
    store_clock::Reading,
};

/// How far a shard has got.
pub(super) struct Place {
    pub(super) listener: Listener,
    /// Up to here it has been told everything; none until the store has said where it begins.
    pub(super) read: Option<StreamId>,
    /// Up to here it knows that it has.
    told: StreamId,
    delivered: u64,
}

/// What stands behind a place in the stream, oldest first.
pub(super) struct Piece<'a> {
    pub(super) after: StreamId,
    pub(super) entries: &'a [CommandEntry],
}

/// Whether a shard has taken all of a piece that is its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    All,
    /// It had no room, or has not got as far as the piece begins.
    NotAll,
}

/// The shard that looks after the lane.
pub(super) fn first_shard(lane: Lane) -> ShardNumber {
    ShardNumber(u32::from(lane.0))
}

impl Place {
    pub(super) const fn new(listener: Listener) -> Self {
        Self { listener, read: None, told: StreamId::START, delivered: 0 }
    }

    pub(super) const fn epoch(&self) -> Epoch {
        self.listener.hold.epoch
    }

    /// Where the store says that it begins.
    pub(super) fn begin(&mut self, place: StreamId) {
        self.read = Some(place);
        self.told = place;
        self.tell(Mail::Begin(place));
    }

    /// How many commands more it may be given.
    pub(super) fn room(&self) -> usize {
        let dealt = self.listener.dealt.load(Ordering::Acquire);
        let waiting = usize::try_from(self.delivered.saturating_sub(dealt)).unwrap_or(usize::MAX);
        COMMANDS_WAITING_MAX.saturating_sub(waiting)
    }

    /// Takes what is for this shard and new to it, as much as it has room for. Who had no room when
    /// the piece was asked for, and has some by now, may be further behind than it reaches.
    pub(super) fn deliver(&mut self, piece: &Piece<'_>, reading: Reading) -> Taken {
        let Some(mut read) = self.read.filter(|read| *read >= piece.after) else {
            return Taken::NotAll;
        };
        let mut room = self.room();
        let mut taken = Taken::All;
        let ShardAddress { shard, lane } = &self.listener.hold.address;
        let (number, lane) = (shard.number, *lane);
        let first = piece.entries.partition_point(|(id, _)| *id <= read);
        for (id, found) in &piece.entries[first..] {
            if room == 0 {
                taken = Taken::NotAll;
                break;
            }
            if addressee(found, lane) == number {
                room -= 1;
                self.delivered += 1;
                self.tell(Mail::Command(parcel(*id, found, reading)));
                self.told = *id;
            }
            read = *id;
        }
        self.read = Some(read);
        taken
    }

    /// Lets it know how far it has got without a command of its own.
    pub(super) fn pass(&mut self) {
        if let Some(read) = self.read.filter(|read| *read > self.told) {
            self.told = read;
            self.tell(Mail::Passed(read));
        }
    }

    fn tell(&self, mail: Mail) {
        if let Some(letters) = self.listener.letters.upgrade() {
            // The task may have ended.
            drop(letters.send(ToShard::Mail(self.epoch(), mail)));
        }
    }
}

/// Which shard deals with an entry. What names none is up to the lane's first, so that its sender
/// is told once.
fn addressee(found: &Result<Command, MalformedCommand>, lane: Lane) -> ShardNumber {
    match found {
        Ok(command) => command.shard,
        Err(malformed) => malformed.shard.unwrap_or_else(|| first_shard(lane)),
    }
}

fn parcel(id: StreamId, found: &Result<Command, MalformedCommand>, reading: Reading) -> Parcel {
    match found {
        Ok(command) => {
            let expires = command.expires.map(|at| reading.moment_of(at));
            let (reply_to, frame) = (command.reply_to.clone(), Ok(command.frame.clone()));
            Parcel { id, expires, reply_to, trace: command.trace, frame }
        }
        Err(malformed) => {
            let (reply_to, frame) = (malformed.reply_to.clone(), Err(malformed.why.to_string()));
            Parcel { id, expires: None, reply_to, trace: None, frame }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, atomic::AtomicU64};

    use baton_model::{Generation, InstanceId, Moment, ShardKey, StoreMillis};
    use baton_store::Hold;
    use bytes::Bytes;
    use tokio::sync::mpsc;

    use super::*;
    use crate::store_clock::StoreClock;

    const SHARD: ShardNumber = ShardNumber(2);

    fn at(number: u64) -> StreamId {
        StreamId { millis: 1, number }
    }

    fn entries(numbers: std::ops::RangeInclusive<u64>) -> Vec<CommandEntry> {
        let reply_to = String::new;
        let command = |frame: Bytes| {
            Ok(Command { shard: SHARD, expires: None, reply_to: reply_to(), trace: None, frame })
        };
        numbers.map(|number| (at(number), command(Bytes::from_static(b"{}")))).collect()
    }

    fn reading() -> Reading {
        let clock = StoreClock::default();
        clock.learn(Moment::ZERO, StoreMillis(0));
        clock.reading().expect("it has learned")
    }

    /// A shard that begins at a place.
    struct Scene {
        place: Place,
        dealt: Arc<AtomicU64>,
        inbox: mpsc::UnboundedReceiver<ToShard>,
        _letters: mpsc::UnboundedSender<ToShard>,
    }

    fn beginning_at(begin: StreamId) -> Scene {
        let (letters, inbox) = mpsc::unbounded_channel();
        let app = "bot".parse().expect("a name");
        let shard = ShardKey { app, generation: Generation(0), number: SHARD };
        let address = ShardAddress { shard, lane: Lane(0) };
        let hold = Hold { address, owner: InstanceId::new(1), epoch: Epoch(1) };
        let dealt: Arc<AtomicU64> = Arc::default();
        let listener = Listener { hold, letters: letters.downgrade(), dealt: dealt.clone() };
        let mut place = Place::new(listener);
        place.begin(begin);
        Scene { place, dealt, inbox, _letters: letters }
    }

    impl Scene {
        fn deliver(&mut self, after: u64, numbers: std::ops::RangeInclusive<u64>) -> Taken {
            let piece = Piece { after: at(after), entries: &entries(numbers) };
            self.place.deliver(&piece, reading())
        }

        /// Which commands it was given.
        fn given(&mut self) -> Vec<u64> {
            let letters = std::iter::from_fn(|| self.inbox.try_recv().ok());
            let ids = letters.filter_map(|letter| match letter {
                ToShard::Mail(_, Mail::Command(parcel)) => Some(parcel.id.number),
                ToShard::Mail(..)
                | ToShard::Errand(_)
                | ToShard::Answer(_)
                | ToShard::RingLevel(_)
                | ToShard::Pulse => None,
            });
            ids.collect()
        }
    }

    #[test]
    fn what_begins_beyond_a_shards_place_is_not_for_it_yet() {
        let mut scene = beginning_at(at(3));
        assert_eq!(scene.deliver(5, 6..=7), Taken::NotAll, "4 and 5 would be skipped");
        assert!(scene.given().is_empty());
        assert_eq!(scene.deliver(2, 3..=7), Taken::All);
        assert_eq!(scene.given(), [4, 5, 6, 7]);
    }

    #[test]
    fn a_shard_without_room_goes_on_where_it_stopped() {
        let mut scene = beginning_at(at(0));
        let room = u64::try_from(COMMANDS_WAITING_MAX).expect("a small number");
        assert_eq!(scene.deliver(0, 1..=room + 2), Taken::NotAll);
        assert_eq!(scene.given(), (1..=room).collect::<Vec<_>>());
        scene.dealt.store(1, Ordering::Release);
        assert_eq!(scene.deliver(room, room + 1..=room + 2), Taken::NotAll);
        scene.dealt.store(2, Ordering::Release);
        assert_eq!(scene.deliver(room, room + 1..=room + 2), Taken::All);
        assert_eq!(scene.given(), [room + 1, room + 2]);
    }
}
