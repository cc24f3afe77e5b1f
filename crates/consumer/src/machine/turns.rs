//! Whose turn it is.
//!
//! Deliveries of one guild stand in one line, and the next has its turn when the one before it is
//! done. Lines know nothing of each other, but for markers: a marker says something about its whole
//! shard, so it waits for everything that the shard has sent before it, and everything behind it
//! waits for the marker.

use std::collections::{BTreeMap, VecDeque};

use baton_model::{ShardNumber, StreamId};

/// What is handled one after the other, within one shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Order {
    /// What belongs to a guild.
    Guild(u64),
    /// What belongs to a channel outside guilds.
    Channel(u64),
    /// What belongs to neither.
    Shard,
    /// A marker.
    Marker,
}

/// Which line a delivery stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Line {
    pub(crate) shard: ShardNumber,
    pub(crate) order: Order,
}

/// All lines of a lane.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    lines: BTreeMap<Line, VecDeque<StreamId>>,
    shards: BTreeMap<ShardNumber, Gate>,
    ready: VecDeque<StreamId>,
}

/// What of a shard is in its lines, and what waits in front of them.
#[derive(Debug, Default)]
struct Gate {
    inside: usize,
    outside: VecDeque<(StreamId, Order)>,
    /// Whether what is inside is a marker, which is alone there.
    is_shut: bool,
}

impl Turns {
    /// Takes in a delivery.
    pub(crate) fn enter(&mut self, id: StreamId, line: Line) {
        let gate = self.shards.entry(line.shard).or_default();
        gate.outside.push_back((id, line.order));
        self.admit(line.shard);
    }

    /// The next whose turn it is; each is told once.
    pub(crate) fn next_ready(&mut self) -> Option<StreamId> {
        self.ready.pop_front()
    }

    /// A delivery is done, or nobody's business here any more, wherever it stands.
    pub(crate) fn leave(&mut self, id: StreamId, line: Line) {
        let gate = self.shards.entry(line.shard).or_default();
        if let Some(at) = gate.outside.iter().position(|(waiting, _)| *waiting == id) {
            gate.outside.remove(at);
        } else if self.leave_line(id, line) {
            let gate = self.shards.entry(line.shard).or_default();
            gate.inside -= 1;
            gate.is_shut = gate.is_shut && gate.inside > 0;
        }
        self.admit(line.shard);
    }

    /// Whether it stood in its line.
    fn leave_line(&mut self, id: StreamId, line: Line) -> bool {
        let Some(queue) = self.lines.get_mut(&line) else {
            return false;
        };
        let Some(at) = queue.iter().position(|waiting| *waiting == id) else {
            return false;
        };
        queue.remove(at);
        if at == 0 {
            self.ready.retain(|ready| *ready != id);
            self.ready.extend(queue.front());
        }
        if queue.is_empty() {
            self.lines.remove(&line);
        }
        true
    }

    /// Lets in what may come in: anything while no marker is inside or in front, a marker alone.
    fn admit(&mut self, shard: ShardNumber) {
        let Some(gate) = self.shards.get_mut(&shard) else {
            return;
        };
        while let Some((id, order)) = gate.outside.front().copied() {
            let is_marker = order == Order::Marker;
            if gate.is_shut || (is_marker && gate.inside > 0) {
                break;
            }
            gate.outside.pop_front();
            gate.inside += 1;
            gate.is_shut = is_marker;
            let queue = self.lines.entry(Line { shard, order }).or_default();
            queue.push_back(id);
            if queue.len() == 1 {
                self.ready.push_back(id);
            }
        }
        if gate.inside == 0 && gate.outside.is_empty() {
            self.shards.remove(&shard);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u64) -> StreamId {
        StreamId { millis: 1, number }
    }

    fn line(order: Order) -> Line {
        Line { shard: ShardNumber(0), order }
    }

    fn all_ready(turns: &mut Turns) -> Vec<u64> {
        std::iter::from_fn(|| turns.next_ready()).map(|id| id.number).collect()
    }

    #[test]
    fn one_guild_goes_in_sequence_and_guilds_side_by_side() {
        let mut turns = Turns::default();
        let (one, other) = (line(Order::Guild(1)), line(Order::Guild(2)));
        for (number, line) in [(1, one), (2, one), (3, other)] {
            turns.enter(id(number), line);
        }
        assert_eq!(all_ready(&mut turns), [1, 3]);
        turns.leave(id(3), other);
        assert!(all_ready(&mut turns).is_empty());
        turns.leave(id(1), one);
        assert_eq!(all_ready(&mut turns), [2]);
    }

    #[test]
    fn a_marker_waits_for_its_shard_and_its_shard_for_it() {
        let mut turns = Turns::default();
        let (guild, marker) = (line(Order::Guild(1)), line(Order::Marker));
        let elsewhere = Line { shard: ShardNumber(1), order: Order::Guild(1) };
        for (number, line) in [(1, guild), (2, marker), (3, guild), (4, elsewhere)] {
            turns.enter(id(number), line);
        }
        assert_eq!(all_ready(&mut turns), [1, 4]);
        turns.leave(id(1), guild);
        assert_eq!(all_ready(&mut turns), [2]);
        turns.leave(id(2), marker);
        assert_eq!(all_ready(&mut turns), [3]);
    }

    #[test]
    fn two_markers_go_one_after_the_other() {
        let mut turns = Turns::default();
        let marker = line(Order::Marker);
        turns.enter(id(1), marker);
        turns.enter(id(2), marker);
        assert_eq!(all_ready(&mut turns), [1]);
        turns.leave(id(1), marker);
        assert_eq!(all_ready(&mut turns), [2]);
    }

    #[test]
    fn who_leaves_out_of_turn_holds_up_nobody() {
        let mut turns = Turns::default();
        let (guild, marker) = (line(Order::Guild(1)), line(Order::Marker));
        for (number, line) in [(1, guild), (2, guild), (3, marker), (4, guild)] {
            turns.enter(id(number), line);
        }
        turns.leave(id(2), guild);
        turns.leave(id(3), marker);
        assert_eq!(all_ready(&mut turns), [1]);
        turns.leave(id(1), guild);
        assert_eq!(all_ready(&mut turns), [4]);
        turns.leave(id(4), guild);
        assert!(turns.shards.is_empty() && turns.lines.is_empty(), "nothing is left behind");
    }

    #[test]
    fn whose_turn_it_was_and_who_left_is_not_told_any_more() {
        let mut turns = Turns::default();
        let guild = line(Order::Guild(1));
        turns.enter(id(1), guild);
        turns.enter(id(2), guild);
        turns.leave(id(1), guild);
        assert_eq!(all_ready(&mut turns), [2]);
    }
}
