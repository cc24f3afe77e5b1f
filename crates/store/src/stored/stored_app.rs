//! An app that an operator has put into the store: under its name its revision, a space, and the
//! rest as JSON.
//!
//! The revision stands outside the JSON because a function in Valkey compares it.

use baton_model::{StoredApp, limits::STORED_APP_BYTES_MAX};

use crate::{FoundApp, MalformedApp, PutAppError};

/// The app as it is written behind its revision.
///
/// # Errors
/// [`PutAppError::TooLarge`] if it would take up too much.
pub fn encode(app: &StoredApp) -> Result<String, PutAppError> {
    let json = serde_json::to_string(app)
        .unwrap_or_else(|error| unreachable!("an app is plain data: {error}"));
    match json.len() {
        bytes if bytes > STORED_APP_BYTES_MAX => Err(PutAppError::TooLarge(bytes)),
        _ => Ok(json),
    }
}

/// Reads what stands under an app's name. Where there is no revision, it is 0, as if nothing stood
/// there: so it can be replaced.
#[must_use]
pub fn decode(value: &str) -> FoundApp {
    let malformed = FoundApp { revision: 0, app: Err(MalformedApp) };
    let Some((revision, json)) = value.split_once(' ') else {
        return malformed;
    };
    match revision.parse() {
        Ok(revision) => {
            FoundApp { revision, app: serde_json::from_str(json).map_err(|_| MalformedApp) }
        }
        Err(_) => malformed,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_app_reads_as_it_was_written(
            revision: u64,
            options: Option<std::collections::BTreeMap<String, String>>,
        ) {
            let app = match options {
                Some(options) => StoredApp::Wanted { options },
                None => StoredApp::Removed {},
            };
            let value = format!("{revision} {}", encode(&app).unwrap());
            prop_assert_eq!(decode(&value), FoundApp { revision, app: Ok(app) });
        }

        #[test]
        fn anything_else_is_malformed_never_a_panic(value in ".*") {
            prop_assert_eq!(decode(&value).app, Err(MalformedApp));
        }
    }

    #[test]
    fn what_a_newer_baton_adds_is_not_left_out_in_silence() {
        let newer = r#"7 {"wanted":{"options":{}},"only_at":"berlin"}"#;
        assert_eq!(decode(newer), FoundApp { revision: 7, app: Err(MalformedApp) });
        assert_eq!(decode(r#"x {"removed":{}}"#).revision, 0);
    }

    #[test]
    fn an_app_takes_up_only_so_much() {
        let text = "x".repeat(STORED_APP_BYTES_MAX);
        let app = StoredApp::Wanted { options: [("intents".to_owned(), text)].into() };
        assert!(matches!(encode(&app), Err(PutAppError::TooLarge(_))));
    }
}
