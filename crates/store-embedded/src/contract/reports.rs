//! Reports.

use baton_model::{AppName, InstanceId, InstanceReport};
use baton_store::{
    FoundConsumerReport, FoundReport, ReportError, Reports, StoreError, key::Key, stored,
    written_report,
};
use bytes::Bytes;

use crate::{
    EmbeddedStore,
    state::{HashOf, bytes_of},
};

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

    async fn consumer_reports(
        &self,
        app: &AppName,
    ) -> Result<Vec<(String, FoundConsumerReport)>, StoreError> {
        let key = bytes_of(Key::Handlers(app));
        let reading = self.live.run(|at| {
            let hashes = at.hashes();
            let found = hashes.of(HashOf::Handlers).all(&key).map(read_consumer_report);
            found.collect()
        });
        reading.await
    }
}

/// A name that a consumer has chosen may be any bytes.
fn read_consumer_report((name, report): (&Bytes, &Bytes)) -> (String, FoundConsumerReport) {
    let name = String::from_utf8_lossy(name).into_owned();
    (name, stored::consumer_report::decode(report))
}
