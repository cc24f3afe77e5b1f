//! An intent in its hash: under its subject its id, a space, when it was written, a space, and the
//! rest as JSON.
//!
//! Id and time stand outside the JSON because the functions in Valkey compare the one and write
//! the other.

use baton_model::{Intent, NewIntent, StoreMillis};

/// The intent as it is written behind its id and its time.
#[must_use]
pub fn encode(intent: &NewIntent) -> String {
    serde_json::to_string(intent)
        .unwrap_or_else(|error| unreachable!("an intent is plain data: {error}"))
}

/// Reads what stands under a subject; none if this Baton cannot. A newer one may have subjects and
/// wishes that this one does not know, and they must not keep it from reading the others.
#[must_use]
pub fn decode(subject: &str, value: &str) -> Option<Intent> {
    let mut parts = value.splitn(3, ' ');
    let id = parts.next()?.parse().ok()?;
    let at = StoreMillis(parts.next()?.parse().ok()?);
    let intent: NewIntent = serde_json::from_str(parts.next()?).ok()?;
    let is_sound = intent.id == id && intent.subject().to_string() == subject;
    is_sound.then(|| intent.since(at))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use baton_model::{
        AppName, Generation, InstanceId, IntentId, PinUntil, RestartHow, ShardKey, ShardNumber,
        Wish,
    };
    use proptest::prelude::*;

    use super::*;

    fn shard() -> impl Strategy<Value = ShardKey> {
        let app = "[a-z0-9._-]{1,64}".prop_map(|app| app.parse::<AppName>().unwrap());
        (app, any::<(u32, u32)>()).prop_map(|(app, (generation, number))| ShardKey {
            app,
            generation: Generation(generation),
            number: ShardNumber(number),
        })
    }

    fn wish() -> impl Strategy<Value = Wish> {
        let instance = || any::<u128>().prop_map(InstanceId::new);
        let until = prop_oneof![Just(PinUntil::Arrived), Just(PinUntil::TakenBack)];
        let how = prop_oneof![Just(RestartHow::Resume), Just(RestartHow::Identify)];
        prop_oneof![
            (instance(), any::<Option<u64>>()).prop_map(|(instance, limit)| Wish::Drain {
                instance,
                limit: limit.map(Duration::from_millis)
            }),
            (shard(), instance(), until).prop_map(|(shard, to, until)| Wish::Pin {
                shard,
                to,
                until
            }),
            (shard(), how).prop_map(|(shard, how)| Wish::Restart { shard, how }),
            shard().prop_map(|shard| Wish::ReadToken { app: shard.app }),
        ]
    }

    proptest! {
        #[test]
        fn an_intent_reads_as_it_was_written(
            id: u64, wish in wish(), by in "\\PC{0,40}", reason in "\\PC{0,40}", at: u64,
        ) {
            let (by, reason) = (by.parse().unwrap(), reason.parse().unwrap());
            let intent = NewIntent { id: IntentId(id), wish, by, reason };
            let subject = intent.subject().to_string();
            let value = format!("{} {at} {}", intent.id, encode(&intent));
            prop_assert_eq!(decode(&subject, &value), Some(intent.clone().since(StoreMillis(at))));
            prop_assert_eq!(decode("token/other", &value), None);
            let foreign = format!("{} {at} {}", IntentId(!id), encode(&intent));
            prop_assert_eq!(decode(&subject, &foreign), None);
        }

        #[test]
        fn anything_else_is_none_never_a_panic(subject in ".*", value in ".*") {
            prop_assert_eq!(decode(&subject, &value), None);
        }
    }

    #[test]
    fn what_a_newer_baton_adds_to_an_intent_is_ignored() {
        let json = r#"{"id":"00000000000000b0","wish":{"read_token":{"app":"bot","soon":1}},"by":"a","reason":"","urgent":true}"#;
        let value = format!("00000000000000b0 7 {json}");
        assert_eq!(decode("token/bot", &value).unwrap().at, StoreMillis(7));
        let newer = value.replace("read_token", "read_moon");
        assert_eq!(decode("token/bot", &newer), None);
    }
}
