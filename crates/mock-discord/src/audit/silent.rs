//! Sessions of which the stream holds nothing but that they began.
//!
//! No dispatch tells which session of the ledger such a number means. Its place does, for a shard's
//! sessions follow one another in both: if as many are nameless between two neighbours as the
//! ledger has there, they are those, in their order. If not, one of them is missing altogether, and
//! nothing is said of any.

use crate::SessionOrdinal;

/// A number of the stream, and the session that its dispatches tell, if it has any.
pub(super) type Heard<N> = (N, Option<SessionOrdinal>);

/// What the nameless mean, where their place tells. The numbers come in the stream's order, the
/// sessions in the ledger's.
pub(super) fn by_place<N: Copy>(
    numbers: &[Heard<N>],
    sessions: &[SessionOrdinal],
) -> Vec<(N, SessionOrdinal)> {
    let (mut found, mut nameless, mut before) = (Vec::new(), Vec::new(), None);
    let all = numbers.iter().map(|(number, session)| (Some(*number), *session));
    for (number, session) in all.chain([(None, None)]) {
        match (number, session) {
            (Some(number), None) => nameless.push(number),
            (Some(_) | None, behind) => {
                let is_between = |it: &&SessionOrdinal| {
                    before.is_none_or(|before| **it > before)
                        && behind.is_none_or(|behind| **it < behind)
                };
                let between: Vec<_> = sessions.iter().filter(is_between).copied().collect();
                if between.len() == nameless.len() {
                    found.extend(nameless.iter().copied().zip(between));
                }
                nameless.clear();
                before = behind;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(numbers: &[Heard<char>], sessions: &[u64]) -> Vec<(char, u64)> {
        let sessions: Vec<_> = sessions.iter().copied().map(SessionOrdinal).collect();
        by_place(numbers, &sessions).into_iter().map(|(number, it)| (number, it.0)).collect()
    }

    #[test]
    fn as_many_as_there_are_between_two_neighbours_are_those() {
        let [first, last] = [('a', Some(SessionOrdinal(1))), ('d', Some(SessionOrdinal(9)))];
        let [b, c] = [('b', None), ('c', None)];
        assert_eq!(told(&[first, b, c, last], &[1, 4, 5, 9]), [('b', 4), ('c', 5)]);
        assert_eq!(told(&[b, first], &[0, 1]), [('b', 0)]);
        assert_eq!(told(&[last, c], &[9, 12]), [('c', 12)]);
        assert_eq!(told(&[b], &[3]), [('b', 3)]);
    }

    #[test]
    fn of_more_or_fewer_nothing_is_said() {
        let [first, last] = [('a', Some(SessionOrdinal(1))), ('d', Some(SessionOrdinal(9)))];
        let [b, c] = [('b', None), ('c', None)];
        assert_eq!(told(&[first, b, last], &[1, 4, 5, 9]), []);
        assert_eq!(told(&[first, b, c, last], &[1, 4, 9]), []);
        assert_eq!(told(&[first, b, last, c], &[1, 9, 10]), [('c', 10)], "only there");
    }
}
