//! A few clients that behave, in a world where things go wrong as a seed wants it.

use std::{collections::BTreeMap, time::Duration};

use baton_mock_discord::{
    ConnectionId, Discord, Fault, Host, Input, Output, SeqStep, Settings, Slice,
    audit::{Entry, EntrySession},
    load::{Content, Mix},
};
use baton_model::{EventName, Marker, Moment, Seq, SessionNumber, SessionStart, UnixMicros};
use bytes::Bytes;
use serde_json::{Value, json};

pub(crate) const SHARDS: usize = 3;

pub(crate) struct World {
    discord: Discord,
    now: Moment,
    draws: u64,
    clients: Vec<Client>,
    connections: u64,
    resumes: BTreeMap<String, usize>,
    stream: Vec<Entry>,
    history: Vec<Output>,
}

/// One shard's client: it keeps its session and how far it got.
struct Client {
    slice: Slice,
    connection: Option<ConnectionId>,
    session: Option<(String, u64)>,
    /// A guild of its shard, from the last READY.
    guild: Option<String>,
    number: u64,
}

impl World {
    pub(crate) fn run(seed: u64, steps: usize) -> Self {
        Self::run_with(Settings::default().ledger_max, seed, steps)
    }

    /// With a ledger that remembers no more dispatches than this.
    pub(crate) fn run_with(ledger_max: usize, seed: u64, steps: usize) -> Self {
        let mut world = Self::new(ledger_max, seed);
        for _ in 0..steps {
            world.step();
        }
        world.come_to_rest();
        world
    }

    pub(crate) fn discord(&self) -> &Discord {
        &self.discord
    }

    pub(crate) fn stream(&self) -> &[Entry] {
        &self.stream
    }

    pub(crate) fn history(&self) -> &[Output] {
        &self.history
    }

    /// How often the session with this id was resumed.
    pub(crate) fn resumes_of(&self, id: &str) -> usize {
        self.resumes.get(id).copied().unwrap_or(0)
    }

    fn new(ledger_max: usize, seed: u64) -> Self {
        let settings = Settings {
            guilds: 3,
            guild_create_bytes: 300,
            guild_members: 3,
            max_concurrency: 3,
            heartbeat_interval: Duration::from_secs(100_000),
            session_timeout: Duration::from_secs(20),
            seq_step: SeqStep::UpTo(3),
            connections_in_10_s_max: usize::MAX,
            ledger_max,
            ..Settings::default()
        };
        let client = |id| {
            let slice = Slice::checked(id, 3).expect("a shard");
            Client { slice, connection: None, session: None, guild: None, number: 0 }
        };
        Self {
            discord: Discord::new(settings, seed, Moment::ZERO),
            now: Moment::ZERO,
            draws: seed,
            clients: [0, 1, 2].map(client).into(),
            connections: 0,
            resumes: BTreeMap::new(),
            stream: Vec::new(),
            history: Vec::new(),
        }
    }

    fn step(&mut self) {
        let at = self.draw(SHARDS);
        match (self.draw(8), self.clients[at].connection) {
            (0, Some(connection)) => {
                self.clients[at].connection = None;
                self.handle(Input::Closed { connection, code: Some(4_000) });
            }
            (1, _) => {
                let shard = Some(self.clients[at].slice.0);
                self.handle(Input::Fault(Fault::DropTcp { shard }));
            }
            (2, _) => self.pass(Duration::from_secs(6)),
            (3, None) => self.connect(at),
            (4, Some(_)) => self.ask_for_members(at),
            (_, _) => {
                let slice = Some(self.clients[at].slice);
                self.handle(Input::Emit { slice, content: Content::Event(Mix::Messages) });
            }
        }
    }

    fn ask_for_members(&mut self, at: usize) {
        if let Some(guild) = self.clients[at].guild.clone() {
            self.say(at, &json!({"op": 8, "d": {"guild_id": guild, "query": "", "limit": 0}}));
        }
    }

    /// Everybody connects and takes what is there.
    fn come_to_rest(&mut self) {
        for at in 0..SHARDS {
            while self.clients[at].connection.is_none() {
                self.pass(Duration::from_secs(6));
                self.connect(at);
            }
        }
    }

    fn connect(&mut self, at: usize) {
        self.connections += 1;
        let connection = ConnectionId(self.connections);
        self.clients[at].connection = Some(connection);
        let query = "v=10&encoding=json".to_owned();
        self.handle(Input::Opened { connection, host: Host::Gateway, query });
    }

    fn pass(&mut self, length: Duration) {
        self.now += length;
        self.handle(Input::Wake);
    }

    fn handle(&mut self, input: Input) {
        self.discord.handle(input, self.now);
        while let Some(output) = self.discord.poll_output() {
            self.history.push(output.clone());
            let is_of = |client: &Client| client.connection == output.connection();
            let at = self.clients.iter().position(is_of).expect("an output for a client");
            match &output {
                Output::Send { frame, .. } => self.hear(at, frame),
                Output::Drop { .. } => self.clients[at].connection = None,
                Output::Close { .. }
                | Output::Refuse { .. }
                | Output::Stall { .. }
                | Output::Corrupt { .. }
                | Output::Respond { .. } => panic!("nobody here deserves {output:?}"),
            }
        }
    }

    fn hear(&mut self, at: usize, frame: &Bytes) {
        let heard: Value = serde_json::from_slice(frame).expect("JSON");
        match heard["op"].as_u64() {
            Some(0) => self.take(at, &heard, frame),
            Some(9) => self.start_over(at),
            Some(10) => self.introduce(at),
            _ => panic!("unexpected {heard}"),
        }
    }

    fn introduce(&mut self, at: usize) {
        let client = &self.clients[at];
        let Some((id, seq)) = client.session.clone() else {
            return self.identify(at);
        };
        let resume = json!({"token": "token", "session_id": id, "seq": seq});
        self.say(at, &json!({"op": 6, "d": resume}));
    }

    fn identify(&mut self, at: usize) {
        self.pass(Duration::from_secs(5));
        let shard = self.clients[at].slice;
        let properties = json!({});
        let identify =
            json!({"token": "token", "intents": 1, "shard": shard, "properties": properties});
        self.say(at, &json!({"op": 2, "d": identify}));
    }

    fn say(&mut self, at: usize, frame: &Value) {
        if let Some(connection) = self.clients[at].connection {
            self.handle(Input::Text { connection, text: frame.to_string() });
        }
    }

    /// The session is invalid: the stream says so, and a new one begins.
    fn start_over(&mut self, at: usize) {
        let client = &mut self.clients[at];
        let (_, last) = client.session.take().expect("a session to lose");
        let previous = Some((SessionNumber(client.number), Seq(last)));
        let marker = Marker::SessionStarted { start: SessionStart::Invalidated, previous };
        client.number += 1;
        let body = serde_json::to_vec(&marker).expect("JSON").into();
        self.write(at, Seq(0), marker.name(), body);
        self.identify(at);
    }

    fn take(&mut self, at: usize, heard: &Value, frame: &Bytes) {
        let seq = heard["s"].as_u64().expect("a number");
        let name = heard["t"].as_str().expect("a name");
        let client = &mut self.clients[at];
        if name == "READY" {
            let id = heard["d"]["session_id"].as_str().expect("an id").to_owned();
            client.session = Some((id, seq));
            client.guild = heard["d"]["guilds"][0]["id"].as_str().map(str::to_owned);
        }
        let (id, last) = client.session.as_mut().expect("READY comes first");
        *last = seq;
        if name == "RESUMED" {
            *self.resumes.entry(id.clone()).or_default() += 1;
        }
        self.write(at, Seq(seq), EventName::new(name), frame.clone());
    }

    fn write(&mut self, at: usize, seq: Seq, name: EventName, bytes: Bytes) {
        let client = &self.clients[at];
        let session = EntrySession::Number(SessionNumber(client.number));
        let at = UnixMicros(self.now.as_nanos() / 1_000);
        self.stream.push(Entry { shard: client.slice.0, session, seq, name, bytes, at });
    }

    /// The next draw of a plain linear generator: the world's own, shared with nobody.
    fn draw(&mut self, below: usize) -> usize {
        self.draws = self.draws.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(self.draws >> 33).expect("31 bits") % below
    }
}
