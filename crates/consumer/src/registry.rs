//! Carries out what the roster wants, on a thread of its own: handlers that keep every other thread
//! busy must not make their consumer look dead.

use std::{collections::BTreeMap, sync::Arc, thread};

use baton_model::{AppName, Lane, Moment};
use baton_store::{StoreError, key::Key};
use redis::Value;
use tokio::sync::{mpsc, watch};

use crate::{
    answer::{list, text},
    burden::Burden,
    clock::{now, sleep_until},
    roster::{Errand, Input, Limits, Output, Pace, Poll, Record, Roster, Row},
    route::Servers,
    scripts,
    seat::{Setback, outcome},
    settings::BEAT_TIMEOUT,
    wire::Wire,
};

/// Who takes part in what.
#[derive(Debug, Clone)]
pub(crate) struct Membership {
    pub(crate) servers: Arc<Servers>,
    pub(crate) app: Arc<AppName>,
    pub(crate) group: String,
    pub(crate) me: String,
    pub(crate) tier: u8,
    /// What keeping up means; none if it does not matter.
    pub(crate) pace: Option<Limits>,
    pub(crate) burden: Arc<Burden>,
    pub(crate) lanes: u16,
}

/// Until when nobody else has each lane of ours.
pub(crate) type Sureness = BTreeMap<Lane, Moment>;

/// What the consumer is to do about a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Duty {
    /// Read it, under this epoch.
    Begin(Lane, u64),
    /// Stop reading it.
    End(Lane),
    /// Stop reading it, and leave what is not done in a moment.
    Yield(Lane),
    /// Nothing is held any more, and the group is left.
    Left,
}

/// The other end of the registry's thread.
pub(crate) struct Registry {
    pub(crate) duties: mpsc::UnboundedReceiver<Duty>,
    /// Until when nobody else has our lanes.
    pub(crate) sure: watch::Receiver<Sureness>,
    inputs: mpsc::UnboundedSender<Input>,
}

impl Registry {
    /// Starts the thread. It ends when the group is left, or when this is dropped.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub(crate) fn start(membership: Membership) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (told, duties) = mpsc::unbounded_channel();
        let (sure_told, sure) = watch::channel(Sureness::new());
        let (inputs, heard) = mpsc::unbounded_channel();
        let office = Office::new(membership, inputs.downgrade(), told, sure_told);
        let life = move || runtime.block_on(office.run(heard));
        thread::Builder::new().name("baton-roster".to_owned()).spawn(life)?;
        Ok(Self { duties, sure, inputs })
    }

    /// A lane that was held is not read any more.
    pub(crate) fn ended(&self, lane: Lane, epoch: u64) {
        self.tell(Input::Ended(lane.0, epoch));
    }

    /// Everything is to be let go of.
    pub(crate) fn leave(&self) {
        self.tell(Input::Leave);
    }

    fn tell(&self, input: Input) {
        // The thread ends before its end is dropped only if it was told so.
        drop(self.inputs.send(input));
    }
}

struct Office {
    membership: Membership,
    inputs: mpsc::WeakUnboundedSender<Input>,
    duties: mpsc::UnboundedSender<Duty>,
    sure: watch::Sender<Sureness>,
    /// Requests to the hash of beats, and to each lane's row: one at a time over each.
    beats: mpsc::UnboundedSender<(Record, Vec<String>)>,
    rows: BTreeMap<u16, mpsc::UnboundedSender<Errand>>,
}

impl Office {
    fn new(
        membership: Membership,
        inputs: mpsc::WeakUnboundedSender<Input>,
        duties: mpsc::UnboundedSender<Duty>,
        sure: watch::Sender<Sureness>,
    ) -> Self {
        let (beats, _) = mpsc::unbounded_channel();
        Self { membership, inputs, duties, sure, beats, rows: BTreeMap::new() }
    }

    async fn run(mut self, mut heard: mpsc::UnboundedReceiver<Input>) {
        let Membership { me, tier, lanes, .. } = self.membership.clone();
        self.beats = self.start_beats();
        let Membership { pace, burden, .. } = self.membership.clone();
        let mut roster = Roster::new(me, tier, lanes, (Pace::new(pace), now()));
        roster.handle(Input::Time, now());
        loop {
            while let Some(output) = roster.poll_output() {
                if output == Output::Left {
                    self.leave().await;
                    return;
                }
                self.carry_out(output);
            }
            let input = tokio::select! {
                input = heard.recv() => input,
                () = sleep_until(Some(roster.poll_timeout())) => Some(Input::Time),
            };
            // Nobody is left to read for.
            let Some(input) = input else {
                return;
            };
            roster.handle(Input::InHand(burden.oldest()), now());
            roster.handle(input, now());
        }
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Beat { record, forget } => {
                let is_sent = self.beats.send((record, forget)).is_ok();
                assert!(is_sent, "who beats lives as long as this");
            }
            Output::Run(errand) => self.ask(errand),
            Output::Begin(lane, epoch) => {
                let lane = Lane(lane);
                // What it was sure of under an earlier lease says nothing of this one.
                self.sure.send_if_modified(|sure| sure.remove(&lane).is_some());
                self.tell(Duty::Begin(lane, epoch));
            }
            Output::End(lane) => self.tell(Duty::End(Lane(lane))),
            Output::Yield(lane) => self.tell(Duty::Yield(Lane(lane))),
            Output::Sure(lane, until) => {
                let is_news = |sure: &mut Sureness| sure.insert(Lane(lane), until) != Some(until);
                self.sure.send_if_modified(is_news);
            }
            Output::Left => unreachable!("it ends the loop"),
        }
    }

    fn tell(&self, duty: Duty) {
        // Whoever does not listen any more has given everything up.
        let _ = self.duties.send(duty);
    }

    /// Takes our record back. Should this fail, it is forgotten for its beat standing still.
    async fn leave(&self) {
        let mut wire = self.membership.beat_wire();
        if let Err(error) = self.membership.beat(&mut wire, "", &[]).await {
            tracing::warn!(?error, "group was left without a word");
        }
        self.tell(Duty::Left);
    }

    fn start_beats(&self) -> mpsc::UnboundedSender<(Record, Vec<String>)> {
        let (asks, mut asked) = mpsc::unbounded_channel::<(Record, Vec<String>)>();
        let (membership, inputs) = (self.membership.clone(), self.inputs.clone());
        tokio::spawn(async move {
            let mut wire = membership.beat_wire();
            while let Some((record, forget)) = asked.recv().await {
                let input = match membership.beat(&mut wire, &record.encode(), &forget).await {
                    Ok(poll) => Input::Polled(poll),
                    Err(error) => {
                        tracing::warn!(?error, "beat was not taken");
                        Input::BeatFailed
                    }
                };
                answer(&inputs, input);
            }
        });
        asks
    }

    /// Each lane's row may lie on another server, and one that does not answer holds up no other.
    fn ask(&mut self, errand: Errand) {
        let start = || {
            let (asks, mut asked) = mpsc::unbounded_channel::<Errand>();
            let (membership, inputs) = (self.membership.clone(), self.inputs.clone());
            tokio::spawn(async move {
                let mut wire = membership.row_wire(errand.lane());
                while let Some(errand) = asked.recv().await {
                    let input = match membership.lease(&mut wire, errand).await {
                        Ok(row) => Input::Done(errand, row),
                        Err(error) => {
                            tracing::warn!(?error, ?errand, "row of a lane was not reached");
                            Input::Failed(errand)
                        }
                    };
                    answer(&inputs, input);
                }
            });
            asks
        };
        let is_asked = self.rows.entry(errand.lane()).or_insert_with(start).send(errand).is_ok();
        assert!(is_asked, "who asks of a row lives as long as this");
    }
}

fn answer(inputs: &mpsc::WeakUnboundedSender<Input>, input: Input) {
    if let Some(inputs) = inputs.upgrade() {
        drop(inputs.send(input));
    }
}

impl Membership {
    fn readers_key(&self) -> String {
        Key::Readers(&self.app, &self.group).to_string()
    }

    fn row_key(&self, lane: u16) -> String {
        Key::Reader(&self.app, Lane(lane), &self.group).to_string()
    }

    fn beat_wire(&self) -> Wire {
        Wire::new(self.servers.clone(), self.readers_key(), BEAT_TIMEOUT)
    }

    fn row_wire(&self, lane: u16) -> Wire {
        Wire::new(self.servers.clone(), self.row_key(lane), BEAT_TIMEOUT)
    }

    async fn beat(
        &self,
        wire: &mut Wire,
        record: &str,
        forget: &[String],
    ) -> Result<Poll, Setback> {
        let sent = now();
        let mut call = scripts::BEAT.call(&[self.readers_key()]);
        call.arg(&self.me).arg(record).arg(forget);
        let mut answer = outcome(wire.run(&call).await?)?.into_iter();
        let server = text(&answer.next().unwrap_or(Value::Nil))?.to_owned();
        let was_known = answer.next() == Some(Value::Int(1));
        let flat = list(answer.next().unwrap_or(Value::Nil))?;
        let records = flat.chunks_exact(2).map(|pair| {
            Ok((text(&pair[0])?.to_owned(), Record::decode(text(&pair[1])?.as_bytes())))
        });
        let records = records.collect::<Result<_, StoreError>>()?;
        Ok(Poll { sent, records, was_known, server })
    }

    async fn lease(&self, wire: &mut Wire, errand: Errand) -> Result<Row, Setback> {
        let (what, epoch) = match errand {
            Errand::Look(_) => ("look", 0),
            Errand::Claim(_, epoch) => ("claim", epoch),
            Errand::Release(_, epoch) => ("release", epoch),
        };
        let mut call = scripts::LEASE.call(&[self.row_key(errand.lane())]);
        call.arg(what).arg(&self.me).arg(epoch.to_string());
        let answer = outcome(wire.run(&call).await?)?;
        let word = |at: usize| text(answer.get(at).unwrap_or(&Value::Nil)).map(str::to_owned);
        let is_number = |_| StoreError::refused(format!("row holds {answer:?}; expected an epoch"));
        let epoch = word(0)?.parse().map_err(is_number)?;
        let owner = Some(word(1)?).filter(|owner| !owner.is_empty());
        Ok(Row { epoch, owner, server: word(2)? })
    }
}
