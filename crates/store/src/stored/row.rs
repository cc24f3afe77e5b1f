//! A lease row in its hash.
//!
//! | field | holds | when |
//! |---|---|---|
//! | `epoch` | the lease's number | always |
//! | `state` | `free`, `owned`, `offered` | always |
//! | `owner` | instance id | owned, offered |
//! | `to`, `offer` | instance id, number | offered |
//! | `number`, `session`, `seq` | Baton's number, Discord's id, the last seq in the stream | once there was a session |
//! | `url` | where to resume | if Discord said so and it has not failed |
//! | `commands` | the place in the lane's commands | once a command was dealt with |

use std::{collections::BTreeMap, str::FromStr};

use baton_model::{
    Epoch, Holding, InstanceId, LeaseRow, OfferId, Seq, SessionId, SessionNumber, SessionRow,
};

use crate::StoreError;

/// The row as hash fields.
#[must_use]
pub fn encode(row: &LeaseRow) -> Vec<(&'static str, String)> {
    let mut fields = vec![("epoch", row.epoch.to_string())];
    match row.holding {
        Holding::Free => fields.push(("state", "free".to_owned())),
        Holding::Owned { owner } => {
            fields.push(("state", "owned".to_owned()));
            fields.push(("owner", owner.to_string()));
        }
        Holding::Offered { owner, to, offer } => {
            fields.push(("state", "offered".to_owned()));
            fields.push(("owner", owner.to_string()));
            fields.push(("to", to.to_string()));
            fields.push(("offer", offer.to_string()));
        }
    }
    if let Some(session) = &row.session {
        fields.push(("number", session.number.to_string()));
        fields.push(("session", session.id.as_str().to_owned()));
        fields.push(("seq", session.last_seq.to_string()));
        fields.extend(session.resume_url.iter().map(|url| ("url", url.to_string())));
    }
    fields
}

/// Reads a row from its hash; none if the hash is empty. `key` is for the error.
///
/// # Errors
/// [`StoreError::Corrupt`] if a field is missing or malformed.
pub fn decode<'a, F>(key: &str, fields: F) -> Result<Option<LeaseRow>, StoreError>
where
    F: IntoIterator<Item = (&'a str, &'a str)>,
{
    let fields = Fields { key, fields: fields.into_iter().collect() };
    if fields.fields.is_empty() {
        return Ok(None);
    }
    let row = LeaseRow {
        epoch: Epoch(fields.parse("epoch", "a number")?),
        holding: fields.holding()?,
        session: fields.session()?,
    };
    Ok(Some(row))
}

struct Fields<'a> {
    key: &'a str,
    fields: BTreeMap<&'a str, &'a str>,
}

impl Fields<'_> {
    fn get(&self, field: &str) -> Option<&str> {
        self.fields.get(field).copied()
    }

    fn parse<T: FromStr>(&self, field: &str, expected: &str) -> Result<T, StoreError> {
        let found = self.get(field);
        let parsed = found.and_then(|text| text.parse().ok());
        parsed.ok_or_else(|| self.corrupt(field, expected))
    }

    fn corrupt(&self, field: &str, expected: &str) -> StoreError {
        let found = self.get(field).map_or("nothing".to_owned(), |text| format!("{text:?}"));
        StoreError::corrupt(format!("{} field {field}", self.key), found, expected)
    }

    fn holding(&self) -> Result<Holding, StoreError> {
        let instance = |field| self.parse::<InstanceId>(field, "an instance id");
        match self.get("state") {
            Some("free") => Ok(Holding::Free),
            Some("owned") => Ok(Holding::Owned { owner: instance("owner")? }),
            Some("offered") => Ok(Holding::Offered {
                owner: instance("owner")?,
                to: instance("to")?,
                offer: OfferId(self.parse("offer", "a number")?),
            }),
            Some(_) | None => Err(self.corrupt("state", "free, owned or offered")),
        }
    }

    fn session(&self) -> Result<Option<SessionRow>, StoreError> {
        let Some(id) = self.get("session") else {
            return Ok(None);
        };
        let resume_url = match self.get("url") {
            None => None,
            Some(_) => Some(self.parse("url", "a ws:// or wss:// url")?),
        };
        Ok(Some(SessionRow {
            number: SessionNumber(self.parse("number", "a number")?),
            id: SessionId::new(id),
            resume_url,
            last_seq: Seq(self.parse("seq", "a number")?),
        }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn instance() -> impl Strategy<Value = InstanceId> {
        any::<u128>().prop_map(InstanceId::new)
    }

    fn holding() -> impl Strategy<Value = Holding> {
        prop_oneof![
            Just(Holding::Free),
            instance().prop_map(|owner| Holding::Owned { owner }),
            (instance(), instance(), any::<u64>()).prop_map(|(owner, to, offer)| {
                Holding::Offered { owner, to, offer: OfferId(offer) }
            }),
        ]
    }

    fn session() -> impl Strategy<Value = SessionRow> {
        let url = proptest::option::of("wss://[a-z0-9-]{1,20}\\.discord\\.gg(:[1-9][0-9]{0,3})?");
        (any::<u64>(), "[a-f0-9]{1,40}", url, any::<u64>()).prop_map(|(number, id, url, seq)| {
            SessionRow {
                number: SessionNumber(number),
                id: SessionId::new(&id),
                resume_url: url.map(|url| url.parse().unwrap()),
                last_seq: Seq(seq),
            }
        })
    }

    fn row() -> impl Strategy<Value = LeaseRow> {
        (any::<u64>(), holding(), proptest::option::of(session())).prop_map(
            |(epoch, holding, session)| LeaseRow { epoch: Epoch(epoch), holding, session },
        )
    }

    fn borrowed<'a>(fields: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
        fields.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }

    proptest! {
        #[test]
        fn a_row_reads_as_it_was_written(row in row()) {
            let fields = encode(&row);
            prop_assert_eq!(decode("k", borrowed(&fields)), Ok(Some(row)));
        }

        #[test]
        fn a_row_without_one_of_its_fields_is_corrupt_and_says_which(row in row(), pick: usize) {
            let mut fields = encode(&row);
            let (gone, _) = fields.remove(pick % fields.len());
            match decode("baton:{a.0}:shard:0:0", borrowed(&fields)) {
                Err(StoreError::Corrupt { key, .. }) => {
                    prop_assert_eq!(key, format!("baton:{{a.0}}:shard:0:0 field {gone}"));
                }
                // Without its id a session is none; a url may be missing.
                Ok(Some(_)) => prop_assert!(matches!(gone, "session" | "url")),
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }

    #[test]
    fn an_empty_hash_is_no_row() {
        assert_eq!(decode("k", []), Ok(None));
    }
}
