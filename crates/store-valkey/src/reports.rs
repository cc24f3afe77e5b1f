//! Reports on Valkey.

use baton_model::{InstanceId, InstanceReport};
use baton_store::{
    FoundReport, ReportError, Reports, StoreError, key::Key, stored, written_report,
};
use fred::{interfaces::HashesInterface, types::Value};

use crate::{
    Valkey, arg,
    library::function,
    reply::{Reply, fred_error},
};

impl Reports for Valkey {
    async fn report(&self, me: InstanceId, report: &InstanceReport) -> Result<(), ReportError> {
        let text = written_report(report)?;
        let fleet = &self.config().fleet;
        let keys = [Key::Reports(fleet), Key::Instances(fleet)].map(|key| key.to_string());
        let reply = self.control().call(function::REPORT, keys, [arg(me), arg(text)]).await?;
        match reply.outcome()? {
            ("ok", _) => Ok(()),
            ("stranger", _) => Err(ReportError::NotAMember),
            _ => Err(reply.unexpected("ok or stranger").into()),
        }
    }

    async fn reports(&self) -> Result<Vec<(InstanceId, FoundReport)>, StoreError> {
        let key = Key::Reports(&self.config().fleet).to_string();
        let found: Result<Value, _> = self.control().client().hgetall(key).await;
        let found = Reply::from(found.map_err(|error| fred_error(&error))?);
        let mut reports: Vec<_> = found.list()?.chunks(2).filter_map(read_report).collect();
        reports.sort_by_key(|(id, _)| *id);
        Ok(reports)
    }
}

/// A report and whose it is; none under a name that no instance has.
fn read_report(pair: &[Reply]) -> Option<(InstanceId, FoundReport)> {
    let id = pair.first()?.text().ok()?.parse().ok()?;
    Some((id, stored::report::decode(&pair.get(1)?.bytes().ok()?)))
}
