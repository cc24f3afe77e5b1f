//! Reports on Valkey.

use baton_model::{AppName, InstanceId, InstanceReport};
use baton_store::{
    FoundConsumerReport, FoundReport, ReportError, Reports, StoreError, key::Key, stored,
    written_report,
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
        let found = self.hash(Key::Reports(&self.config().fleet)).await?;
        let mut reports: Vec<_> = found.list()?.chunks(2).filter_map(read_report).collect();
        reports.sort_by_key(|(id, _)| *id);
        Ok(reports)
    }

    async fn consumer_reports(
        &self,
        app: &AppName,
    ) -> Result<Vec<(String, FoundConsumerReport)>, StoreError> {
        let found = self.hash(Key::Handlers(app)).await?;
        let mut reports: Vec<_> =
            found.list()?.chunks(2).filter_map(read_consumer_report).collect();
        reports.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(reports)
    }
}

impl Valkey {
    /// Names and values, in turns.
    async fn hash(&self, key: Key<'_>) -> Result<Reply, StoreError> {
        let found: Result<Value, _> = self.control().client().hgetall(key.to_string()).await;
        Ok(Reply::from(found.map_err(|error| fred_error(&error))?))
    }
}

/// A name that a consumer has chosen may be any bytes.
fn read_consumer_report(pair: &[Reply]) -> Option<(String, FoundConsumerReport)> {
    let name = String::from_utf8_lossy(&pair.first()?.bytes().ok()?).into_owned();
    Some((name, stored::consumer_report::decode(&pair.get(1)?.bytes().ok()?)))
}

/// A report and whose it is; none under a name that no instance has.
fn read_report(pair: &[Reply]) -> Option<(InstanceId, FoundReport)> {
    let id = pair.first()?.text().ok()?.parse().ok()?;
    Some((id, stored::report::decode(&pair.get(1)?.bytes().ok()?)))
}
