//! What somebody may have meant.

/// A longer text is no misspelt name, and counting its slips would take long.
const WRITTEN_BYTES_MAX: usize = 128;

/// The name that takes the fewest slips to become `written`; none if none is near.
///
/// A name whose last part is right is near as well: `listen` for `http.listen`.
pub(super) fn nearest<'a>(
    written: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    if written.len() > WRITTEN_BYTES_MAX {
        return None;
    }
    let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
    let judged = known.into_iter().filter_map(|name| {
        let slips = slips(written, name);
        let is_near = slips <= (name.chars().count() / 3).clamp(1, 3);
        (is_near || last(written) == last(name)).then_some((slips, name))
    });
    judged.min().map(|(_, name)| name)
}

/// How many letters must be put in, taken out, replaced, or swapped with their neighbour.
fn slips(from: &str, to: &str) -> usize {
    let (from, to): (Vec<_>, Vec<_>) = (from.chars().collect(), to.chars().collect());
    // Row `i` holds the slips between the first `i` letters of one and all beginnings of the other.
    let mut rows: Vec<Vec<usize>> = vec![(0..=to.len()).collect()];
    for i in 1..=from.len() {
        let mut row = vec![i];
        for j in 1..=to.len() {
            let is_same = from[i - 1] == to[j - 1];
            let replaced = rows[i - 1][j - 1] + usize::from(!is_same);
            let mut least = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_a_letter_too_many_too_few_wrong_or_swapped() {
        for (written, slips_made) in
            [("shards", 0), ("shads", 1), ("shardss", 1), ("shords", 1), ("shrads", 1), ("", 6)]
        {
            assert_eq!(slips(written, "shards"), slips_made, "{written}");
        }
    }

    #[test]
    fn only_what_is_near_is_suggested() {
        let known = ["store.url", "http.listen", "fleet", "log"];
        for (written, meant) in [
            ("stroe.url", Some("store.url")),
            ("listen", Some("http.listen")),
            ("fleets", Some("fleet")),
            ("lgo", Some("log")),
            ("lxx", None),
            ("intents", None),
        ] {
            assert_eq!(nearest(written, known), meant, "{written}");
        }
    }
}
