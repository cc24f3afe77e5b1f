//! The admin API: faults, events, load, and what the judge has written down.

use std::sync::Arc;

use baton_model::EventName;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{Discord, rest::Answer};
use crate::{
    Fault, Slice,
    load::{Content, Pace},
};

/// An event that an operator wants told.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Event {
    shard: Option<(u64, u64)>,
    name: String,
    data: Value,
}

impl Discord {
    pub(super) fn on_admin(&mut self, method: &str, path: &str, body: &str) -> Answer {
        match (method, path) {
            ("POST", "/faults") => match Fault::from_json(body) {
                Ok(fault) => self.take_fault(&fault),
                Err(error) => bad_request(&error.to_string()),
            },
            ("POST", "/faults/drawn") => {
                let fault = Fault::drawn(self.dice.next());
                self.take_fault(&fault)
            }
            ("DELETE", "/faults") => {
                self.on_clear_faults();
                done()
            }
            ("POST", "/dispatches") => self.take_event(body),
            ("POST", "/load") => match read::<Pace>(body, "a pace") {
                Ok(pace) => {
                    self.on_load(Some(pace));
                    done()
                }
                Err(answer) => answer,
            },
            ("DELETE", "/load") => {
                self.on_load(None);
                done()
            }
            ("GET", "/verdicts") => show(&self.verdicts),
            ("GET", "/ledger") => show(&self.ledger),
            ("GET", "/tokens") => show(&self.apps.iter().map(|app| &app.token).collect::<Vec<_>>()),
            ("GET", "/connections") => self.show_connections(),
            _ => Answer::new(404, &json!({"error": format!("there is no {method} {path}")})),
        }
    }

    fn take_fault(&mut self, fault: &Fault) -> Answer {
        self.on_fault(fault);
        show(fault)
    }

    fn take_event(&mut self, body: &str) -> Answer {
        let event: Event = match read(body, "an event") {
            Ok(event) => event,
            Err(answer) => return answer,
        };
        let slice = event.shard.map(|(id, count)| Slice::checked(id, count));
        if slice == Some(None) {
            return bad_request("shard lies outside its count; expected such as [0,1]");
        }
        if !event.name.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_')) {
            return bad_request("name is no event's; expected such as MESSAGE_CREATE");
        }
        let data: Arc<str> = event.data.to_string().into();
        let content = Content::Given { name: EventName::new(&event.name), data };
        self.on_emit(slice.flatten(), &content);
        done()
    }

    fn show_connections(&self) -> Answer {
        let (open, sessions) = (self.connections.len(), self.sessions.len());
        let by_compression = self.connections_by_compression();
        Answer::new(
            200,
            &json!({"connections": open, "sessions": sessions, "by_compression": by_compression}),
        )
    }
}

fn done() -> Answer {
    Answer::new(200, &json!({}))
}

fn show(what: &impl Serialize) -> Answer {
    match serde_json::to_value(what) {
        Ok(value) => Answer::new(200, &value),
        Err(error) => unreachable!("everything that is shown is JSON: {error}"),
    }
}

fn read<T: DeserializeOwned>(body: &str, what: &str) -> Result<T, Answer> {
    serde_json::from_str(body).map_err(|error| bad_request(&format!("not {what}: {error}")))
}

fn bad_request(error: &str) -> Answer {
    Answer::new(400, &json!({"error": error}))
}
