//! The bot as Discord knows it: its user and its application, as READY and REST show them.

use serde_json::{Value, json};

/// Of both: since 2016 a bot's user has the id of its application.
const ID: &str = "1000000000000000000";

/// The bot's own user.
pub(super) fn user() -> Value {
    json!({
        "id": ID, "username": "mock", "global_name": null, "discriminator": "0000",
        "avatar": null, "bot": true, "email": null, "flags": 0, "public_flags": 0,
        "mfa_enabled": false, "locale": "en-US", "verified": true,
    })
}

/// The application, as far as READY tells of it.
pub(super) fn application_in_ready() -> Value {
    json!({"id": ID, "flags": 0})
}

/// The whole application.
pub(super) fn application() -> Value {
    let owner = json!({
        "id": "1000000000000000001", "username": "owner", "global_name": null,
        "discriminator": "0", "avatar": null, "flags": 0, "public_flags": 0,
    });
    json!({
        "id": ID, "name": "mock", "icon": null, "description": "",
        "bot": user(), "bot_public": true, "bot_require_code_grant": false, "owner": owner,
        "team": null, "verify_key": "0".repeat(64), "flags": 0, "redirect_uris": [],
        "interactions_endpoint_url": null, "integration_types_config": {"0": {}},
    })
}
