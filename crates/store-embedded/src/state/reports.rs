//! Reports: what instances tell of themselves.
//!
//! They are no part of the state, and never on the disk: the instances are in this process, and
//! what they said of themselves ends with it.

use std::collections::BTreeMap;

use baton_model::{InstanceId, InstanceReport};

/// The latest report of each instance.
#[derive(Debug, Default)]
pub struct KeptReports(BTreeMap<InstanceId, InstanceReport>);

impl KeptReports {
    /// Keeps a report in place of the instance's last one.
    pub fn put(&mut self, id: InstanceId, report: InstanceReport) {
        self.0.insert(id, report);
    }

    /// Drops an instance's report.
    pub fn remove(&mut self, id: InstanceId) {
        self.0.remove(&id);
    }

    /// Everybody's, ordered by instance.
    pub fn all(&self) -> impl Iterator<Item = (InstanceId, &InstanceReport)> {
        self.0.iter().map(|(id, report)| (*id, report))
    }
}
