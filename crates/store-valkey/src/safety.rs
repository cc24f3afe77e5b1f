//! What a server must be like, or no promise can be kept on it.

use baton_store::StoreError;
use fred::{interfaces::ClientLike, types::InfoKind};

use crate::{control::Control, reply::fred_error};

/// The oldest server that has functions and sharded channels.
const SERVER_VERSION_MIN: u32 = 7;

/// Refuses servers that are too old or that may evict keys.
pub(crate) async fn ensure_safe(control: &Control) -> Result<(), StoreError> {
    for (name, node) in control.primaries() {
        let info = node.info::<String>(Some(InfoKind::All)).await;
        judge(&name, &info.map_err(|error| fred_error(&error))?)?;
    }
    Ok(())
}

/// Judges a server by its own description.
fn judge(name: &str, info: &str) -> Result<(), StoreError> {
    let field = |wanted: &str| {
        let mut lines = info.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(field, _)| *field == wanted).map_or("", |(_, value)| value.trim())
    };
    let version = field("redis_version");
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < SERVER_VERSION_MIN) {
        return Err(StoreError::refused(format!(
            "{name} has version {version:?}; Baton needs Valkey 7.2 or Redis 7.0 at least"
        )));
    }
    let policy = field("maxmemory_policy");
    // The volatile policies evict only keys with a time to live: results of commands, no more.
    if policy.starts_with("allkeys-") {
        return Err(StoreError::refused(format!(
            "{name} has maxmemory-policy {policy}, which may evict leases; set it to noeviction"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_may_evict_leases_is_refused() {
        let info = "redis_version:7.2.4\r\nmaxmemory_policy:allkeys-lru\r\n";
        let error = judge("valkey://a:1", info).unwrap_err().to_string();
        assert_eq!(
            error,
            "store refused: valkey://a:1 has maxmemory-policy allkeys-lru, which may evict \
             leases; set it to noeviction"
        );
        for policy in ["noeviction", "volatile-lru"] {
            assert_eq!(
                judge("a", &format!("redis_version:7.0.0\nmaxmemory_policy:{policy}")),
                Ok(())
            );
        }
    }

    #[test]
    fn a_server_without_functions_is_refused() {
        let error = judge("a", "redis_version:6.2.1\r\n").unwrap_err().to_string();
        assert!(error.contains(r#"version "6.2.1"; Baton needs"#), "{error}");
        assert!(judge("a", "").is_err());
    }
}
