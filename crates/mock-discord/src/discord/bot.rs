//! The bot as Discord knows it: its user and its application, as READY and REST show them.

use serde_json::{Value, json};

use crate::load::body::BOT_ID;

/// The bot's own user.
pub(super) fn user() -> Value {
    json!({
        "id": BOT_ID, "username": "mock", "global_name": null, "discriminator": "0000",
        "avatar": null, "bot": true, "email": null, "flags": 0, "public_flags": 0,
        "mfa_enabled": false, "locale": "en-US", "verified": true,
    })
}

/// The application, as far as READY tells of it.
pub(super) fn application_in_ready() -> Value {
    json!({"id": BOT_ID, "flags": 0})
}

/// The whole application.
pub(super) fn application() -> Value {
    let owner = json!({
        "id": "1000000000000000001", "username": "owner", "global_name": null,
        "discriminator": "0", "avatar": null, "flags": 0, "public_flags": 0,
    });
    json!({
        "id": BOT_ID, "name": "mock", "icon": null, "description": "",
        "bot": user(), "bot_public": true, "bot_require_code_grant": false, "owner": owner,
        "team": null, "verify_key": "0".repeat(64), "flags": 0, "redirect_uris": [],
        "interactions_endpoint_url": null, "integration_types_config": {"0": {}},
    })
}
