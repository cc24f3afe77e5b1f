//! Reports over a bad connection.

use baton_model::{AppName, InstanceId, InstanceReport};

use super::Faulty;
use crate::{FoundConsumerReport, FoundReport, ReportError, Reports, StoreError};

impl<S: Reports + Sync> Reports for Faulty<S> {
    async fn report(&self, me: InstanceId, report: &InstanceReport) -> Result<(), ReportError> {
        self.through(self.store.report(me, report)).await
    }

    async fn reports(&self) -> Result<Vec<(InstanceId, FoundReport)>, StoreError> {
        self.through(self.store.reports()).await
    }

    async fn consumer_reports(
        &self,
        app: &AppName,
    ) -> Result<Vec<(String, FoundConsumerReport)>, StoreError> {
        self.through(self.store.consumer_reports(app)).await
    }
}
