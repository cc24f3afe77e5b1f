//! The words of a story.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use baton_fleet::{
    Departure, DrainOrder, Hint, History, Input, PermitAnswer, RequestId, StoreSafety,
};
use baton_model::{Beat, Epoch, Holding, InstanceId, IntentId, OfferId, Phase, ShardKey};

use super::{Answers, Claims, FIRST_EPOCH, Stage, fleet, record};
use crate::{
    store::{session, shard},
    stories::telling::id_of,
};

fn duration(text: &str) -> Duration {
    match text.strip_suffix("ms") {
        Some(millis) => Duration::from_millis(millis.parse().unwrap()),
        None => Duration::from_secs(text.strip_suffix('s').unwrap().parse().unwrap()),
    }
}

fn key(number: &str) -> ShardKey {
    shard(number.parse().unwrap())
}

/// `2-4` or `3`.
fn range(text: &str) -> impl Iterator<Item = u32> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    first.parse().unwrap()..=last.parse().unwrap()
}

impl Stage {
    pub(super) fn perform(&mut self, command: &str) {
        let words: Vec<_> = command.split_whitespace().collect();
        match words.as_slice() {
            ["me", settings @ ..] => self.fleet = fleet(settings),
            ["fleet", settings @ ..] => self.begin(settings),
            ["run", time] => self.run(duration(time)),
            ["pause", time] => self.pause(duration(time)),
            ["connection", "lost"] => self.tell(Input::Disconnected),
            ["connection", "back"] => self.tell(Input::Connected),
            ["ready"] => self.tell(Input::Ready),
            ["more", count] => {
                self.shards += count.parse::<u32>().unwrap();
                self.tell(Input::ShardsChanged);
            }
            ["drain"] => self.tell(Input::Drain { limit: Duration::from_secs(60) }),
            ["stalled", number] => self.tell(Input::Stalled(BTreeSet::from([key(number)]))),
            ["pin", number, to] => {
                self.orders.pins.insert(key(number), id_of(to));
                self.tell(Input::Orders(self.orders.clone()));
            }
            ["order", whom, id, limit @ ..] => {
                let limit = limit.first().map(|limit| duration(limit));
                let order = DrainOrder { id: IntentId(id.parse().unwrap()), limit };
                self.orders.drains.insert(id_of(whom), order);
                self.tell(Input::Orders(self.orders.clone()));
            }
            ["unorder", whom] => {
                self.orders.drains.remove(&id_of(whom));
                self.tell(Input::Orders(self.orders.clone()));
            }
            ["hint", hint @ ..] => self.hint(hint),
            ["gone", number, how @ ..] => self.gone(number, how),
            ["kept", number] => self.tell(Input::HandOverFailed(key(number))),
            ["buckets", buckets] => self.tell(Input::MaxConcurrency {
                app: shard(0).app,
                buckets: buckets.parse().unwrap(),
            }),
            ["identify", number, history] => self.identify(number, history),
            ["cancel", number] => self.tell(Input::IdentifyCancelled(key(number))),
            ["permit", request, answer @ ..] => self.permit(request, answer),
            ["store", words @ ..] => self.change_store(words),
            ["row", number, words @ ..] => self.change_row(number, words),
            ["planner", "none"] => self.store.data.planner.holder = None,
            ["usurp", name] => {
                self.store.data.planner.epoch.0 += 1;
                self.store.data.planner.holder = Some(id_of(name));
            }
            ["planner", name] => self.store.data.planner.holder = Some(id_of(name)),
            ["target", number, to] => {
                self.store.data.targets.insert(key(number), id_of(to));
            }
            ["target", number] => drop(self.store.data.targets.remove(&key(number))),
            ["join", name, settings @ ..] => self.join(name, settings),
            [verb, name, rest @ ..] => self.puppet(verb, id_of(name), rest),
            _ => panic!("what is {command:?}?"),
        }
    }

    /// `a=0-1 b=2-3`: who holds what; `free=4-5`: nobody does; `planner=b`; `unasked`: the store
    /// has not said yet that it is safe.
    fn begin(&mut self, settings: &[&str]) {
        let mut own = Vec::new();
        for setting in settings {
            let Some((name, value)) = setting.split_once('=') else {
                assert_eq!(*setting, "unasked");
                continue;
            };
            match name {
                "planner" => self.perform(&format!("planner {value}")),
                "free" => self.shards += u32::try_from(range(value).count()).unwrap(),
                _ => {
                    if name != "a" && !self.store.data.members.contains_key(&id_of(name)) {
                        self.join(name, &[]);
                    }
                    for number in range(value) {
                        self.shards += 1;
                        let row = self.store.row(&shard(number));
                        row.epoch = FIRST_EPOCH;
                        row.holding = Holding::Owned { owner: id_of(name) };
                        row.session = Some(session());
                        own.extend((name == "a").then_some(number));
                    }
                }
            }
        }
        self.store.present.insert(self.me);
        self.tell(Input::Connected);
        if !settings.contains(&"unasked") {
            self.tell(Input::StoreSafety(StoreSafety::Safe));
        }
        for number in own {
            self.tell(Input::Took { shard: shard(number), epoch: FIRST_EPOCH });
        }
        self.tell(Input::Ready);
    }

    fn join(&mut self, name: &str, settings: &[&str]) {
        let settings = settings.iter().map(|s| s.split_once('=').unwrap());
        let settings: BTreeMap<_, _> = settings.collect();
        let beat = settings.get("beat").map_or(100, |beat| beat.parse().unwrap());
        let line = (Beat(beat), record(&settings));
        self.store.data.members.insert(id_of(name), line);
        self.store.present.insert(id_of(name));
    }

    fn puppet(&mut self, verb: &str, id: InstanceId, rest: &[&str]) {
        let (beat, record) = self.store.data.members.get_mut(&id).unwrap();
        match (verb, rest) {
            ("crash", []) => {
                self.still.insert(id);
                self.store.present.remove(&id);
            }
            ("freeze", []) => drop(self.still.insert(id)),
            ("thaw", []) => drop(self.still.remove(&id)),
            ("absent", []) => drop(self.store.present.remove(&id)),
            ("present", []) => drop(self.store.present.insert(id)),
            ("up", []) => record.phase = Phase::Up,
            ("draining", []) => record.phase = Phase::Draining,
            ("down", []) => record.phase = Phase::Down,
            ("rewind", []) => *beat = Beat(beat.0 - 50),
            ("ahead", []) => *beat = Beat(beat.0 + 50),
            ("stall", [number]) => drop(record.stalled.insert(key(number))),
            ("recover", [number]) => drop(record.stalled.remove(&key(number))),
            ("strike", []) => drop(self.store.data.members.remove(&id)),
            _ => panic!("what is {verb} {rest:?}?"),
        }
    }

    fn hint(&mut self, words: &[&str]) {
        let hint = match words {
            ["suspect", name] => Hint::Suspect { instance: id_of(name) },
            ["released"] => Hint::Released,
            ["taken", number, by] => Hint::Taken {
                shard: key(number),
                epoch: Epoch(self.now.as_nanos() / 1_000_000),
                by: id_of(by),
            },
            ["move", number, to] => Hint::Move { shard: key(number), to: id_of(to) },
            ["warmed", number, by] => Hint::Warmed { shard: key(number), by: id_of(by) },
            ["not", "warmed", number, by] => Hint::NotWarmed { shard: key(number), by: id_of(by) },
            _ => panic!("what hint is {words:?}?"),
        };
        self.tell(Input::Hint(hint));
    }

    fn gone(&mut self, number: &str, how: &[&str]) {
        let departure = match how {
            ["to", name] => {
                self.change_row(number, &["owned", name]);
                Departure::HandedOver(id_of(name))
            }
            ["fenced"] => Departure::Fenced,
            _ => panic!("gone how: {how:?}?"),
        };
        self.tell(Input::LetGo { shard: key(number), departure });
    }

    fn identify(&mut self, number: &str, history: &str) {
        let history = match history {
            "new" => History::New,
            _ => History::WasLive,
        };
        self.tell(Input::IdentifyWanted { shard: key(number), history });
    }

    fn permit(&mut self, request: &str, answer: &[&str]) {
        let answer = match answer {
            ["granted"] => PermitAnswer::Granted,
            ["wait", time] => PermitAnswer::Wait(duration(time)),
            ["exhausted", time] => PermitAnswer::Exhausted { reset_after: duration(time) },
            _ => PermitAnswer::Unavailable,
        };
        let request = RequestId(request.parse().unwrap());
        self.tell(Input::Permit(request, answer));
    }

    fn change_store(&mut self, words: &[&str]) {
        match words {
            ["silent"] => self.answers = Answers::Silent,
            ["failing"] => self.answers = Answers::Failing,
            ["back"] => self.answers = Answers::Given,
            ["claims", "unknown"] => self.claims = Claims::Unknown,
            ["claims", "judged"] => self.claims = Claims::Judged,
            ["acks", "lost"] => self.answers = Answers::AllButAcks,
            ["unsafe"] => self.tell(Input::StoreSafety(StoreSafety::Unsafe)),
            ["safe"] => self.tell(Input::StoreSafety(StoreSafety::Safe)),
            ["fails", "over"] => self.store.primary += 1,
            ["wiped"] => self.store.wipe(),
            _ => panic!("what of the store: {words:?}?"),
        }
    }

    fn change_row(&mut self, number: &str, words: &[&str]) {
        let row = self.store.row(&key(number));
        row.holding = match words {
            ["owned", name] => Holding::Owned { owner: id_of(name) },
            ["free"] => Holding::Free,
            ["offered", from, to] => {
                Holding::Offered { owner: id_of(from), to: id_of(to), offer: OfferId(1) }
            }
            ["written", name] => {
                row.epoch = FIRST_EPOCH;
                row.holding = Holding::Owned { owner: id_of(name) };
                return;
            }
            ["without", "session"] => {
                row.session = None;
                return;
            }
            ["with", "session"] => {
                row.session = Some(session());
                return;
            }
            ["rewound"] => {
                row.epoch = Epoch(row.epoch.0 - 1);
                return;
            }
            _ => panic!("what of the row: {words:?}?"),
        };
        row.epoch = Epoch(row.epoch.0 + 1);
    }
}
