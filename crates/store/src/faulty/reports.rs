//! Reports over a bad connection.

use baton_model::{InstanceId, InstanceReport};

use super::Faulty;
use crate::{FoundReport, ReportError, Reports, StoreError};

impl<S: Reports + Sync> Reports for Faulty<S> {
    async fn report(&self, me: InstanceId, report: &InstanceReport) -> Result<(), ReportError> {
        self.through(self.store.report(me, report)).await
    }

    async fn reports(&self) -> Result<Vec<(InstanceId, FoundReport)>, StoreError> {
        self.through(self.store.reports()).await
    }
}
