//! How one lane fares here.

/// What has happened at a lane, as long as this consumer knows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct LaneFace {
    pub(super) is_read: bool,
    pub(super) entries: u64,
    pub(super) dead_letters: u64,
    /// What stands in the way of reading it, since the last good read.
    pub(super) trouble: Option<String>,
}

impl LaneFace {
    pub(super) fn read(&mut self, entries: usize) {
        self.is_read = true;
        self.trouble = None;
        self.entries += u64::try_from(entries).unwrap_or(u64::MAX);
    }

    pub(super) fn let_go(&mut self) {
        self.is_read = false;
        self.trouble = None;
    }
}
