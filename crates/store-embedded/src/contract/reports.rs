//! Reports.

use baton_model::{InstanceId, InstanceReport};
use baton_store::{FoundReport, ReportError, Reports, StoreError, written_report};

use crate::EmbeddedStore;

impl Reports for EmbeddedStore {
    async fn report(&self, me: InstanceId, report: &InstanceReport) -> Result<(), ReportError> {
        written_report(report)?; // what one store refuses, every store does
        let reporting = self.live.run(|at| {
            if !at.state.is_member(me) {
                return Err(ReportError::NotAMember);
            }
            self.live.reports().put(me, report.clone());
            Ok(())
        });
        reporting.await?
    }

    async fn reports(&self) -> Result<Vec<(InstanceId, FoundReport)>, StoreError> {
        let reading = self.live.run(|_| {
            let kept = self.live.reports();
            kept.all().map(|(id, report)| (id, Ok(report.clone()))).collect()
        });
        reading.await
    }
}
