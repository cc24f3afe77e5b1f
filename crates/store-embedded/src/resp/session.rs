//! What is known of a client, and what becomes of each of its requests.

use std::{
    collections::BTreeSet,
    mem,
    sync::{Arc, atomic::AtomicBool},
};

use baton_model::limits::{RESP_PUSHES_WAITING_MAX, RESP_TRANSACTION_MAX};
use baton_store::StoreError;
use bytes::Bytes;
use tokio::sync::mpsc;

use super::{
    arguments::Arguments,
    channels::Hearer,
    commands::{Answer, read::Read},
    refusal::Refusal,
    reply::{Protocol, Reply},
    requests::Asker,
    table::{Command, Run, resolve},
};
use crate::{
    live::{Live, Receipt, Scene},
    waiting::Attempt,
};

/// What all connections share.
pub(crate) struct House {
    pub(crate) live: Arc<Live>,
    pub(crate) password: Option<Bytes>,
}

/// What is known of a client.
pub(crate) struct Session {
    pub(crate) id: u64,
    pub(crate) protocol: Protocol,
    pub(crate) name: Bytes,
    pub(crate) subscriptions: BTreeSet<Bytes>,
    pub(crate) hearer: Hearer,
    asker: Asker,
    transaction: Transaction,
}

enum Transaction {
    None,
    /// These requests wait for its end.
    Begun(Vec<Vec<Bytes>>),
    /// One of its requests was refused.
    Broken,
}

/// What becomes of a request.
pub(crate) enum Step {
    /// It is answered, once this is durable.
    Answer(Reply, Option<Receipt>),
    /// It is answered more than once.
    Answers(Vec<Reply>),
    /// It may have to wait.
    Read(Read),
    /// It is answered, and the connection closed.
    Leave(Reply),
}

impl Step {
    /// An answer that nothing has to be durable for.
    pub(crate) const fn answer(reply: Reply) -> Self {
        Self::Answer(reply, None)
    }
}

impl Session {
    pub(crate) fn new(id: u64, house: &House) -> (Self, mpsc::Receiver<Reply>) {
        let (sender, pushes) = mpsc::channel(RESP_PUSHES_WAITING_MAX);
        let session = Self {
            id,
            protocol: Protocol::default(),
            name: Bytes::new(),
            subscriptions: BTreeSet::new(),
            hearer: Hearer { sender, is_behind: Arc::new(AtomicBool::new(false)) },
            asker: first_asker(house),
            transaction: Transaction::None,
        };
        (session, pushes)
    }

    pub(crate) const fn asker(&self) -> Asker {
        self.asker
    }

    pub(crate) fn is_stranger(&self) -> bool {
        self.asker == Asker::Stranger
    }

    /// Where there are no pushes, whoever has subscribed can do little else.
    pub(crate) fn hears_only(&self) -> bool {
        self.protocol == Protocol::Two && !self.subscriptions.is_empty()
    }

    /// Deals with a request.
    ///
    /// # Errors
    /// If nobody knows what became of it.
    pub(crate) fn handle(
        &mut self,
        house: &House,
        request: Vec<Bytes>,
    ) -> Result<Step, StoreError> {
        let resolved = resolve(&request).and_then(|(command, arguments)| {
            self.ensure_may(command)?;
            Ok((command, arguments))
        });
        let (command, arguments) = match resolved {
            Ok(resolved) => resolved,
            Err(refusal) => return Ok(self.refuse(refusal)),
        };
        if !matches!(self.transaction, Transaction::None) && !self.ends_or_leaves(command) {
            return Ok(self.queue(command, request));
        }
        if command.name == "exec" {
            return self.exec(house);
        }
        self.run(house, command, arguments)
    }

    fn ensure_may(&self, command: &Command) -> Result<(), Refusal> {
        if self.is_stranger() && !matches!(command.name, "auth" | "hello" | "quit" | "reset") {
            return Err(Refusal("NOAUTH Authentication required.".to_owned()));
        }
        let may_hear = ["subscribe", "unsubscribe", "ping", "quit", "reset"];
        if self.hears_only() && !may_hear.contains(&command.name) {
            return Err(Refusal::err(&format!(
                "Can't execute '{}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET \
                 are allowed in this context",
                command.name
            )));
        }
        Ok(())
    }

    /// A refusal breaks the transaction that it is in.
    fn refuse(&mut self, Refusal(why): Refusal) -> Step {
        if let Transaction::Begun(_) = self.transaction {
            self.transaction = Transaction::Broken;
        }
        Step::answer(Reply::Error(why))
    }

    fn run(
        &mut self,
        house: &House,
        command: &Command,
        arguments: Arguments<'_>,
    ) -> Result<Step, StoreError> {
        let step = match command.run {
            Run::Store(run) => {
                let decided = house.live.decide(|mut at| reply_of(run(&mut at, arguments)));
                return answer_when_up(decided);
            }
            Run::Read(read) => read(arguments).map(Step::Read),
            Run::Session(run) => run(self, house, arguments),
            // It is asked with a subcommand, or it would have been refused.
            Run::One(_) => super::commands::server::all(self, house, arguments),
        };
        Ok(step.unwrap_or_else(|Refusal(why)| Step::answer(Reply::Error(why))))
    }

    /// Says the password.
    pub(crate) fn authenticate(
        &mut self,
        house: &House,
        user: &Bytes,
        password: &Bytes,
    ) -> Result<(), Refusal> {
        let is_right = house.password.as_ref().is_none_or(|right| is_equal(right, password));
        if user != "default" || !is_right {
            let why = "WRONGPASS invalid username-password pair or user is disabled.";
            return Err(Refusal(why.to_owned()));
        }
        self.asker = Asker::Known;
        Ok(())
    }

    /// Forgets what is known of the client.
    pub(crate) fn reset(&mut self, house: &House) {
        self.leave(house);
        self.subscriptions.clear();
        self.protocol = Protocol::default();
        self.name = Bytes::new();
        self.asker = first_asker(house);
        self.transaction = Transaction::None;
    }

    /// Takes the client's subscriptions away.
    pub(crate) fn leave(&self, house: &House) {
        for channel in &self.subscriptions {
            house.live.channels.unsubscribe(channel, self.id);
        }
    }
}

/// Several requests, carried out as one.
impl Session {
    pub(crate) fn multi(&mut self, _: &House, _: Arguments<'_>) -> Result<Step, Refusal> {
        self.transaction = Transaction::Begun(Vec::new());
        Ok(Step::answer(Reply::OK))
    }

    pub(crate) fn discard(&mut self, _: &House, _: Arguments<'_>) -> Result<Step, Refusal> {
        match mem::replace(&mut self.transaction, Transaction::None) {
            Transaction::None => Err(Refusal::err("DISCARD without MULTI")),
            Transaction::Begun(_) | Transaction::Broken => Ok(Step::answer(Reply::OK)),
        }
    }

    /// Where there is nothing to carry out.
    pub(crate) fn no_exec(&mut self, _: &House, _: Arguments<'_>) -> Result<Step, Refusal> {
        Err(Refusal::err("EXEC without MULTI"))
    }

    fn ends_or_leaves(&self, command: &Command) -> bool {
        matches!(command.name, "exec" | "discard" | "quit" | "reset")
    }

    fn queue(&mut self, command: &Command, request: Vec<Bytes>) -> Step {
        if matches!(command.name, "multi" | "subscribe" | "unsubscribe" | "client|unblock") {
            let name = command.name;
            let why = format!("Command '{name}' not allowed inside a transaction");
            return self.refuse(Refusal::err(&why));
        }
        match &mut self.transaction {
            Transaction::Begun(requests) if requests.len() >= RESP_TRANSACTION_MAX => {
                self.refuse(Refusal::no_room("this transaction has too many commands"))
            }
            Transaction::Begun(requests) => {
                requests.push(request);
                Step::answer(Reply::Simple("QUEUED"))
            }
            Transaction::Broken | Transaction::None => Step::answer(Reply::Simple("QUEUED")),
        }
    }

    fn exec(&mut self, house: &House) -> Result<Step, StoreError> {
        let requests = match mem::replace(&mut self.transaction, Transaction::None) {
            Transaction::Begun(requests) => requests,
            Transaction::Broken => {
                let why = "EXECABORT Transaction discarded because of previous errors.";
                return Ok(Step::answer(Reply::Error(why.to_owned())));
            }
            Transaction::None => {
                return Ok(Step::answer(Reply::Error("ERR EXEC without MULTI".to_owned())));
            }
        };
        let decided = house.live.decide(|mut at| {
            let replies = requests.iter().map(|request| self.run_within(house, &mut at, request));
            Reply::List(replies.collect())
        });
        answer_when_up(decided)
    }

    /// Carries out one request of a transaction, in which nothing waits.
    fn run_within(&mut self, house: &House, at: &mut Scene<'_>, request: &[Bytes]) -> Reply {
        let (command, arguments) = match resolve(request) {
            Ok(resolved) => resolved,
            Err(Refusal(why)) => return Reply::Error(why),
        };
        match command.run {
            Run::Store(run) => reply_of(run(at, arguments)),
            Run::Read(read) => match read(arguments) {
                Ok(mut read) => read.attempt(at).unwrap_or(Reply::NullList),
                Err(Refusal(why)) => Reply::Error(why),
            },
            Run::Session(run) => match run(self, house, arguments) {
                Ok(Step::Answer(reply, _) | Step::Leave(reply)) => reply,
                Ok(Step::Answers(replies)) => Reply::List(replies),
                Ok(Step::Read(_)) => Reply::NullList,
                Err(Refusal(why)) => Reply::Error(why),
            },
            Run::One(_) => Reply::NullList,
        }
    }
}

fn first_asker(house: &House) -> Asker {
    if house.password.is_some() { Asker::Stranger } else { Asker::Known }
}

fn reply_of(answer: Answer) -> Reply {
    answer.unwrap_or_else(|Refusal(why)| Reply::Error(why))
}

/// A store that is not available has done nothing; of any other error nobody knows what it did.
pub(crate) fn answer_when_up(
    decided: Result<(Reply, Option<Receipt>), StoreError>,
) -> Result<Step, StoreError> {
    match decided {
        Ok((reply, receipt)) => Ok(Step::Answer(reply, receipt)),
        Err(StoreError::Unavailable { reason }) => {
            Ok(Step::answer(Reply::Error(format!("LOADING the store is unavailable: {reason}"))))
        }
        Err(unknown) => Err(unknown),
    }
}

/// Takes as long whether the first byte differs or the last.
fn is_equal(right: &[u8], said: &[u8]) -> bool {
    let differences = right.iter().zip(said).fold(0, |found, (a, b)| found | (a ^ b));
    differences == 0 && right.len() == said.len()
}
