//! The admin API: faults, events, load, and what the judge has written down.

use std::sync::Arc;

use baton_model::EventName;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{Discord, rest::Answer};
use crate::{
    Fault, Slice,
    load::{Content, EVENTS_A_TURN_MAX, Pace},
};

/// An event that an operator wants told.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Event {
    shard: Option<(u64, u64)>,
    name: String,
    data: Value,
}

/// What the API can do.
#[derive(Clone, Copy)]
enum Route {
    TakeFault,
    DrawFault,
    ClearFaults,
    TakeEvent,
    TakeLoad,
    ClearLoad,
    ShowVerdicts,
    ShowLedger,
    ListSessions,
    ShowCommands,
    ShowTokens,
    ShowConnections,
}

const ROUTES: [(&str, &str, Route); 12] = [
    ("POST", "/faults", Route::TakeFault),
    ("POST", "/faults/drawn", Route::DrawFault),
    ("DELETE", "/faults", Route::ClearFaults),
    ("POST", "/dispatches", Route::TakeEvent),
    ("POST", "/load", Route::TakeLoad),
    ("DELETE", "/load", Route::ClearLoad),
    ("GET", "/verdicts", Route::ShowVerdicts),
    ("GET", "/ledger", Route::ShowLedger),
    ("GET", "/ledger/sessions", Route::ListSessions),
    ("GET", "/commands", Route::ShowCommands),
    ("GET", "/tokens", Route::ShowTokens),
    ("GET", "/connections", Route::ShowConnections),
];

impl Discord {
    pub(super) fn on_admin(&mut self, method: &str, path: &str, body: &str) -> Answer {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let is_meant = |route: &&(&str, &str, Route)| (route.0, route.1) == (method, path);
        let Some((_, _, route)) = ROUTES.iter().find(is_meant) else {
            return nowhere(method, path);
        };
        match route {
            Route::TakeFault => match Fault::from_json(body) {
                Ok(fault) => self.take_fault(&fault),
                Err(error) => bad_request(&error.to_string()),
            },
            Route::DrawFault => {
                let fault = Fault::drawn(self.dice.next());
                self.take_fault(&fault)
            }
            Route::ClearFaults => {
                self.on_clear_faults();
                done()
            }
            Route::TakeEvent => self.take_event(body),
            Route::TakeLoad => match read::<Pace>(body, "a pace") {
                Ok(pace) if pace.is_possible() => {
                    self.on_load(Some(pace));
                    done()
                }
                Ok(_) => bad_request(&format!(
                    "more events than a turn may bring; expected 0 to {EVENTS_A_TURN_MAX}"
                )),
                Err(answer) => answer,
            },
            Route::ClearLoad => {
                self.on_load(None);
                done()
            }
            Route::ShowVerdicts => show(&self.verdicts),
            Route::ShowLedger => self.show_ledger(query),
            Route::ListSessions => self.list_sessions(query),
            Route::ShowCommands => show(&self.commands),
            Route::ShowTokens => show(&self.apps.iter().map(|app| &app.token).collect::<Vec<_>>()),
            Route::ShowConnections => self.show_connections(),
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

pub(super) fn show(what: &impl Serialize) -> Answer {
    match serde_json::to_value(what) {
        Ok(value) => Answer::new(200, &value),
        Err(error) => unreachable!("everything that is shown is JSON: {error}"),
    }
}

fn read<T: DeserializeOwned>(body: &str, what: &str) -> Result<T, Answer> {
    serde_json::from_str(body).map_err(|error| bad_request(&format!("not {what}: {error}")))
}

pub(super) fn bad_request(error: &str) -> Answer {
    Answer::new(400, &json!({"error": error}))
}

/// For a path that there is with other methods, 405; for any other, 404.
fn nowhere(method: &str, path: &str) -> Answer {
    let at_path = ROUTES.iter().filter(|(_, known, _)| *known == path);
    let methods: Vec<_> = at_path.map(|(method, _, _)| *method).collect();
    if methods.is_empty() {
        let known: Vec<_> =
            ROUTES.iter().map(|(method, path, _)| format!("{method} {path}")).collect();
        let expected = known.join(", ");
        let error = format!("there is no {method} {path}; expected one of {expected}");
        return Answer::new(404, &json!({"error": error}));
    }
    let error = format!("there is no {method} {path}; expected {}", methods.join(" or "));
    Answer::new(405, &json!({"error": error}))
}
