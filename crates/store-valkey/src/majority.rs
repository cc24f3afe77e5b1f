//! Does the store have its majority at this moment?
//!
//! Asked of the servers and not of the configuration: each primary is asked to begin a write, the
//! nodes of a Cluster what they think of it, the Sentinels whether they could fail over.

use std::time::Duration;

use baton_model::limits::SAFETY_TIMEOUT;
use baton_store::{Safety, StoreError};
use baton_valkey_link::Topology;
use fred::{
    clients::{Client, WithOptions},
    interfaces::ClusterInterface,
};

use crate::{Valkey, control::call_on, library::function, reply::fred_error};

impl Valkey {
    /// See [`Membership::safety`](baton_store::Membership::safety).
    pub(crate) async fn judge_majority(&self) -> Result<Safety, StoreError> {
        let judging = self.find_trouble();
        match tokio::time::timeout(SAFETY_TIMEOUT, judging).await {
            Ok(Ok(None)) => Ok(Safety::Safe),
            Ok(Ok(Some(reason)) | Err(StoreError::Unavailable { reason })) => {
                Ok(Safety::Unsafe { reason })
            }
            Ok(Err(error)) => Err(error),
            Err(_) => Err(StoreError::unknown(no_answer(SAFETY_TIMEOUT))),
        }
    }

    async fn find_trouble(&self) -> Result<Option<String>, StoreError> {
        for (name, node) in self.control().primaries() {
            if let Some(reason) = refusal_of(&name, &node).await? {
                return Ok(Some(reason));
            }
            if matches!(self.url().topology, Topology::Cluster(_))
                && let Some(reason) = trouble_of_cluster(&name, &node).await?
            {
                return Ok(Some(reason));
            }
        }
        match self.sentinels() {
            Some(sentinels) => Ok(sentinels.trouble(&self.control().connected_to()).await),
            None => Ok(None),
        }
    }
}

fn no_answer(patience: Duration) -> String {
    format!("it did not say within {patience:?} whether it is safe")
}

/// What a primary would answer to a write, if it would not take it.
async fn refusal_of(name: &str, node: &WithOptions<Client>) -> Result<Option<String>, StoreError> {
    match call_on(node, function::WRITABLE).await {
        Ok(_) => Ok(None),
        Err(StoreError::Unavailable { reason }) => {
            let way_out = way_out(&reason);
            Ok(Some(format!("{name} takes no writes: {reason}; {way_out}")))
        }
        Err(error) => Err(error),
    }
}

/// What an operator should do about what a server says.
fn way_out(reason: &str) -> &'static str {
    match reason.split_whitespace().next().unwrap_or_default() {
        "NOREPLICAS" => "bring its replicas back, or lower min-replicas-to-write",
        "OOM" => "raise maxmemory, or have Baton keep less of its streams",
        "MISCONF" => "see that its disk has room and takes writes",
        "READONLY" | "MASTERDOWN" => "wait for the failover, or check the store url",
        "CLUSTERDOWN" => "bring the nodes back that hold the missing slots",
        _ => "see that it runs and can be reached",
    }
}

async fn trouble_of_cluster(
    name: &str,
    node: &WithOptions<Client>,
) -> Result<Option<String>, StoreError> {
    let info = node.cluster_info::<String>().await.map_err(|error| fred_error(&error))?;
    let state = info.lines().find_map(|line| line.strip_prefix("cluster_state:"));
    Ok(match state.map_or("", str::trim) {
        "ok" => None,
        state => Some(format!(
            "{name} has cluster_state:{state}; bring the nodes back that hold the missing slots"
        )),
    })
}
