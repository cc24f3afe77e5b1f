//! Bodies of generated events, with the fields that client libraries insist on.
//!
//! A library that is given a message without a type does not pass it on, it falls over. So each
//! kind of event has what Discord's documentation does not mark as optional. The last text of each
//! body is left open: it is filled up to the length that was drawn.

use baton_model::GuildId;

use super::Origin;

/// The bot's application, and its user: since 2016 the two have one id.
pub(crate) const BOT_ID: &str = "1000000000000000000";

const JOINED_AT: &str = "2023-05-06T07:08:09.000000+00:00";
const SENT_AT: &str = "2026-01-02T03:04:05.678000+00:00";

/// How a message begins that has nothing but its text.
const PLAIN: &str = r#"{"type":0,"tts":false,"pinned":false,"mentions":[],"mention_roles":[],"mention_everyone":false,"flags":0,"embeds":[],"components":[],"attachments":[]"#;

/// How an interaction begins, with what the bot may do about it.
const PERMITTED: &str = r#"{"version":1,"locale":"en-US","guild_locale":"en-US","entitlements":[],"authorizing_integration_owners":{"0":"1"},"attachment_size_limit":10485760,"app_permissions":"0""#;

/// Writes a body but for the end of its last text.
pub(crate) type Body = fn(&Scene) -> String;

/// Who does what, and where. Numbers are Discord's ids.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scene {
    pub(crate) guild: GuildId,
    pub(crate) channel: u64,
    pub(crate) user: u64,
    /// Of the message, or of the interaction.
    pub(crate) subject: u64,
    pub(crate) origin: Origin,
}

pub(crate) fn message(scene: &Scene) -> String {
    written(scene, "null")
}

pub(crate) fn edited_message(scene: &Scene) -> String {
    written(scene, &format!(r#""{SENT_AT}""#))
}

pub(crate) fn reaction(scene: &Scene) -> String {
    let Scene { guild, channel, user, subject, .. } = scene;
    let nonce = scene.nonce();
    format!(
        r#"{{"user_id":"{user}","type":0,"message_id":"{subject}","emoji":{{"name":"🔥","id":null}},"channel_id":"{channel}","burst":false,"guild_id":"{guild}","nonce":"{nonce}-"#
    )
}

pub(crate) fn typing(scene: &Scene) -> String {
    let Scene { guild, channel, user, .. } = scene;
    let nonce = scene.nonce();
    format!(
        r#"{{"user_id":"{user}","timestamp":1767323045,"channel_id":"{channel}","guild_id":"{guild}","nonce":"{nonce}-"#
    )
}

pub(crate) fn presence(scene: &Scene) -> String {
    let Scene { guild, user, .. } = scene;
    let nonce = scene.nonce();
    format!(
        r#"{{"user":{{"id":"{user}"}},"status":"online","guild_id":"{guild}","client_status":{{"desktop":"online"}},"activities":[],"nonce":"{nonce}-"#
    )
}

pub(crate) fn member(scene: &Scene) -> String {
    let (guild, user, nonce) = (scene.guild, scene.person(), scene.nonce());
    format!(
        r#"{{"user":{user},"roles":[],"nick":null,"avatar":null,"banner":null,"joined_at":"{JOINED_AT}","flags":0,"guild_id":"{guild}","nonce":"{nonce}-"#
    )
}

pub(crate) fn interaction(scene: &Scene) -> String {
    let Scene { guild, channel, subject, .. } = scene;
    let (user, nonce) = (scene.person(), scene.nonce());
    let member = format!(
        r#"{{"user":{user},"roles":[],"joined_at":"{JOINED_AT}","flags":0,"permissions":"0"}}"#
    );
    let place = format!(
        r#"{{"type":0,"position":0,"name":"general","id":"{channel}","guild_id":"{guild}"}}"#
    );
    let context = format!(
        r#""context":0,"guild":{{"id":"{guild}","features":[]}},"channel":{place},"member":{member}"#
    );
    let command = format!(r#""type":2,"data":{{"type":1,"name":"ping","id":"{subject}"}}"#);
    format!(
        r#"{PERMITTED},"id":"{subject}",{command},{context},"guild_id":"{guild}","channel_id":"{channel}","application_id":"{BOT_ID}","token":"{nonce}-"#
    )
}

/// A message; `edited_at` is JSON.
fn written(scene: &Scene, edited_at: &str) -> String {
    let Scene { guild, channel, subject, .. } = scene;
    let (author, nonce) = (scene.person(), scene.nonce());
    let times = format!(r#""timestamp":"{SENT_AT}","edited_timestamp":{edited_at}"#);
    format!(
        r#"{PLAIN},{times},"nonce":"{nonce}","id":"{subject}","channel_id":"{channel}","author":{author},"guild_id":"{guild}","content":""#
    )
}

impl Scene {
    fn person(&self) -> String {
        let user = self.user;
        format!(
            r#"{{"username":"u{user}","id":"{user}","global_name":null,"discriminator":"0","bot":false,"avatar":null}}"#
        )
    }

    /// No two events have it in common, however short they are.
    fn nonce(&self) -> String {
        let Origin { session, seq, .. } = self.origin;
        format!("{session}-{seq}")
    }
}

#[cfg(test)]
mod tests {
    use baton_model::Seq;
    use serde_json::Value;

    use super::*;
    use crate::{SessionOrdinal, Slice, load::mix};

    /// The longest names that can happen.
    const SCENE: Scene = Scene {
        guild: GuildId(u64::MAX),
        channel: u64::MAX,
        user: u64::MAX,
        subject: u64::MAX,
        origin: Origin {
            slice: Slice::WHOLE,
            session: SessionOrdinal(99_999),
            seq: Seq(9_999_999),
        },
    };

    /// What the documentation of each event lists without a question mark.
    const REQUIRED: [(&str, &str); 7] = [
        ("PRESENCE_UPDATE", "user guild_id status activities client_status"),
        ("TYPING_START", "channel_id user_id timestamp"),
        ("MESSAGE_CREATE", MESSAGE),
        ("MESSAGE_UPDATE", MESSAGE),
        ("MESSAGE_REACTION_ADD", "user_id channel_id message_id emoji burst type"),
        (
            "INTERACTION_CREATE",
            "id application_id type token version app_permissions entitlements \
             authorizing_integration_owners attachment_size_limit",
        ),
        ("GUILD_MEMBER_UPDATE", "guild_id roles user avatar banner joined_at"),
    ];

    const MESSAGE: &str = "id channel_id author content timestamp edited_timestamp tts \
        mention_everyone mentions mention_roles attachments embeds pinned type";

    #[test]
    fn bodies_have_every_field_that_discord_requires() {
        for kind in mix::kinds() {
            let required = REQUIRED.iter().find(|(name, _)| *name == kind.name);
            let (_, fields) = required.unwrap_or_else(|| panic!("{} has no list", kind.name));
            let body: Value = serde_json::from_str(&((kind.body)(&SCENE) + "\"}")).unwrap();
            for field in fields.split_whitespace() {
                assert!(body.get(field).is_some(), "{} has no {field}", kind.name);
            }
        }
    }

    #[test]
    fn bodies_are_json_and_fit_the_shortest_length_of_their_kind() {
        for kind in mix::kinds() {
            let body = (kind.body)(&SCENE) + "\"}";
            let (least, _) = kind.bytes;
            assert!(body.len() as u64 <= least, "{} has {} bytes", kind.name, body.len());
            let parsed: Value = serde_json::from_str(&body).unwrap_or_else(|error| {
                panic!("{}: {error}: {body}", kind.name);
            });
            assert_eq!(parsed["guild_id"], SCENE.guild.to_string(), "{}", kind.name);
            assert!(body.contains("99999-9999999"), "{} is like others", kind.name);
        }
    }
}
