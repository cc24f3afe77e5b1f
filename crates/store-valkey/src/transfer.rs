//! Transfer on Valkey.

use baton_model::{AppName, AppShape};
use baton_store::{RestoreError, RestoredLane, Transfer, key::Key, stored};

use crate::{Valkey, arg, leases::events_key, library::function, reply::nth};

impl Transfer for Valkey {
    async fn restore_lane(&self, lane: &RestoredLane) -> Result<(), RestoreError> {
        let mut keys = vec![events_key(&lane.app, lane.lane)];
        let mut args = vec![arg(lane.groups.len())];
        args.extend(lane.groups.iter().map(arg));
        for (address, row) in lane.addressed() {
            let fields = stored::row::encode(&row);
            keys.push(Key::Row(&address).to_string());
            args.push(arg(fields.len() * 2));
            args.extend(fields.into_iter().flat_map(|(name, value)| [arg(name), arg(value)]));
        }
        let reply = self.control().call(function::RESTORE_LANE, keys, args).await?;
        match reply.outcome()? {
            ("ok", _) => Ok(()),
            ("entries", _) => {
                Err(RestoreError::EntriesThere { app: lane.app.clone(), lane: lane.lane })
            }
            ("row", rest) => {
                let at: usize = nth(rest, 0)?.number()?;
                let row = at.checked_sub(1).and_then(|at| lane.rows.get(at));
                let row = row.ok_or_else(|| reply.unexpected("one of the rows"))?;
                Err(RestoreError::RowThere(row.shard.clone()))
            }
            _ => Err(reply.unexpected("ok, entries or row").into()),
        }
    }

    async fn restore_apps(&self, apps: &[(AppName, AppShape)]) -> Result<(), RestoreError> {
        let key = Key::Apps(&self.config().fleet).to_string();
        let args = apps.iter().flat_map(|(app, shape)| [arg(app), arg(stored::app::encode(shape))]);
        let reply = self.control().call(function::RESTORE_APPS, [key], args).await?;
        match reply.outcome()? {
            ("ok", _) => Ok(()),
            ("apps", _) => Err(RestoreError::AppsThere),
            _ => Err(reply.unexpected("ok or apps").into()),
        }
    }
}
