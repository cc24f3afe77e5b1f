//! Noticing that the store is another one than before.
//!
//! After a failover, a restore or a wipe the store may have forgotten beats, leases and permits.
//! For a while nobody claims and nobody identifies; owners write their rows back from memory. The
//! idea: it is always safe to believe in a change that did not happen, for all it costs is the
//! grace.

use std::time::Duration;

use baton_model::{
    Moment, StoreIdentity,
    limits::{IDENTIFY_QUARANTINE, STORE_CHANGE_GRACE},
};

/// Which store answered last, and since when it has been that one.
#[derive(Debug, Default)]
pub(crate) struct StoreWatch {
    identity: Option<StoreIdentity>,
    /// When the first answer came or the last change was noticed.
    calm_since: Option<Moment>,
    changed_at: Option<Moment>,
}

/// Whether an answer came from the store that was known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Store {
    Same,
    Changed,
}

impl StoreWatch {
    /// Compares who answered with who answered before.
    pub(crate) fn observe(&mut self, identity: &StoreIdentity, now: Moment) -> Store {
        let before = self.identity.replace(identity.clone());
        let Some(before) = before else {
            self.calm_since = Some(now);
            return Store::Same;
        };
        if is_another(&before, identity) {
            self.change(now);
            return Store::Changed;
        }
        Store::Same
    }

    /// Notes a change that showed in another way: a beat or an epoch that ran backwards.
    pub(crate) fn change(&mut self, now: Moment) {
        self.changed_at = Some(now);
        self.calm_since = Some(now);
    }

    /// Until when nobody claims; none if there was no change.
    pub(crate) fn grace_until(&self) -> Option<Moment> {
        self.changed_at.map(|at| at + STORE_CHANGE_GRACE)
    }

    pub(crate) fn is_in_grace(&self, now: Moment) -> bool {
        self.grace_until().is_some_and(|until| now < until)
    }

    /// Until when nobody identifies; none if there was no change.
    pub(crate) fn quarantine_until(&self) -> Option<Moment> {
        self.changed_at.map(|at| at + IDENTIFY_QUARANTINE)
    }

    /// How long it has been the same store.
    pub(crate) fn calm(&self, now: Moment) -> Duration {
        self.calm_since.map_or(Duration::ZERO, |at| now.since(at))
    }

    /// Whether the store has forgotten which data set it holds, so that it must be named anew.
    pub(crate) fn is_nameless(&self) -> bool {
        self.identity.as_ref().is_some_and(|i| i.data_set.is_none())
    }
}

fn is_another(before: &StoreIdentity, after: &StoreIdentity) -> bool {
    if before.primary != after.primary {
        return true;
    }
    match (before.data_set, after.data_set) {
        // A store without a name has just been given one; its loss was noticed before.
        (None, _) => false,
        (Some(_), None) => true,
        (Some(before), Some(after)) => before != after,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_model::{DataSetId, PrimaryId};

    fn store(primary: &str, data_set: Option<u128>) -> StoreIdentity {
        StoreIdentity { data_set: data_set.map(DataSetId), primary: PrimaryId(primary.into()) }
    }

    fn changes(answers: &[StoreIdentity]) -> usize {
        let mut watch = StoreWatch::default();
        let answers = answers.iter();
        answers.filter(|identity| watch.observe(identity, Moment::ZERO) == Store::Changed).count()
    }

    #[test]
    fn another_primary_or_data_set_is_a_change() {
        let a = store("p", Some(1));
        assert_eq!(changes(std::slice::from_ref(&a)), 0, "the first is nobody's successor");
        assert_eq!(changes(&[a.clone(), a.clone()]), 0);
        assert_eq!(changes(&[a.clone(), store("q", Some(1))]), 1);
        assert_eq!(changes(&[a.clone(), store("p", Some(2))]), 1);
        assert_eq!(changes(&[a.clone(), store("p", None)]), 1);
    }

    #[test]
    fn naming_a_nameless_store_is_no_further_change() {
        let wiped = [store("p", Some(1)), store("p", None), store("p", None), store("p", Some(2))];
        assert_eq!(changes(&wiped), 1);
        assert_eq!(changes(&[store("p", None), store("p", Some(1))]), 0);
    }

    #[test]
    fn grace_and_quarantine_count_from_the_last_change() {
        let mut watch = StoreWatch::default();
        let at = Moment::from_millis;
        watch.observe(&store("p", Some(1)), at(0));
        assert!(!watch.is_in_grace(at(0)));
        watch.change(at(1_000));
        watch.change(at(2_000));
        assert!(watch.is_in_grace(at(11_999)));
        assert!(!watch.is_in_grace(at(12_000)));
        assert_eq!(watch.quarantine_until(), Some(at(7_500)));
        assert_eq!(watch.calm(at(12_000)), Duration::from_secs(10));
    }
}
