//! What goes wrong with a server, in the words of the store.

use baton_store::{StoreError, Unhappy};

/// What an error of redis' means.
#[must_use]
pub fn redis_error(error: &redis::RedisError) -> StoreError {
    match error.code() {
        Some(code) => server_error(&format!("{code} {}", error.detail().unwrap_or_default())),
        None if error.is_connection_refusal() => StoreError::unavailable(error.to_string()),
        None if matches!(error.kind(), redis::ErrorKind::AuthenticationFailed) => {
            server_error(&format!("WRONGPASS {error}"))
        }
        None => StoreError::unknown(error.to_string()),
    }
}

/// What a failure to connect means. Connecting asks nothing of the store, so it leaves nothing
/// unknown.
#[must_use]
pub fn not_connected(error: &redis::RedisError) -> StoreError {
    let failure = redis_error(error);
    if failure.outcome_unknown() {
        return StoreError::unavailable(error.to_string());
    }
    failure
}

/// What an error that a server answered means for the caller.
///
/// The server has refused the command: nothing was done.
#[must_use]
pub fn server_error(text: &str) -> StoreError {
    let code = text.split_whitespace().next().unwrap_or_default();
    match code {
        "OOM" | "NOREPLICAS" | "READONLY" | "LOADING" | "CLUSTERDOWN" | "BUSY" | "MASTERDOWN"
        | "TRYAGAIN" | "MOVED" | "ASK" | "MISCONF" => StoreError::unavailable(text),
        "BATONCORRUPT" => corrupt(text),
        "WRONGTYPE" => StoreError::corrupt("a key of Baton's", "another type", "its own type"),
        "NOAUTH" | "WRONGPASS" => {
            StoreError::refused(format!("{text}; set the user and password in the store url"))
        }
        "NOPERM" => StoreError::refused(format!(
            "{text}; grant the user the rights listed in docs/valkey.md"
        )),
        _ if is_missing_function(text) => StoreError::unavailable(MISSING_FUNCTION),
        _ => StoreError::refused(text),
    }
}

/// What [`server_error`] says when the function library is not loaded on a server. It happened
/// nothing, and loading it helps.
pub const MISSING_FUNCTION: &str = "function library not loaded";

fn is_missing_function(text: &str) -> bool {
    text.contains("Function not found")
}

fn corrupt(text: &str) -> StoreError {
    let mut parts = text.trim_start_matches("BATONCORRUPT ").split('|');
    let mut part = || parts.next().unwrap_or_default().to_owned();
    StoreError::corrupt(part(), part(), part())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_in_the_store_is_never_a_refusal() {
        for code in [
            "OOM command not allowed",
            "NOREPLICAS Not enough good replicas to write",
            "READONLY You can't write against a read only replica.",
            "LOADING Valkey is loading the dataset in memory",
            "CLUSTERDOWN The cluster is down",
            "BUSY Valkey is busy running a script",
            "MASTERDOWN Link with MASTER is down",
            "MISCONF Errors writing to the AOF file",
            "ERR Function not found",
        ] {
            let error = server_error(code);
            assert!(error.is_retryable() && !error.outcome_unknown(), "{code}");
        }
    }

    #[test]
    fn a_refusal_says_what_to_do() {
        let error = server_error("WRONGPASS invalid username-password pair");
        assert!(!error.is_retryable());
        assert!(error.to_string().ends_with("set the user and password in the store url"));
    }

    #[test]
    fn a_corrupt_row_is_named_with_key_and_field() {
        let text = r#"BATONCORRUPT baton:{a.0}:shard:0:1 field epoch|"q"|a number| script: x:1"#;
        assert_eq!(
            server_error(text),
            StoreError::corrupt("baton:{a.0}:shard:0:1 field epoch", "\"q\"", "a number")
        );
    }
}
