//! The program: from the command line to the exit code.

use std::process::ExitCode;

use clap::Parser;

use crate::{
    Exit, Failure,
    arguments::{self, Arguments, Command, DoctorArguments, Globals},
    at::AtStore,
    command, init,
    terminal::Terminal,
    up,
};

/// What every command is given.
pub(crate) struct Desk {
    pub(crate) globals: Globals,
    pub(crate) terminal: Terminal,
    pub(crate) store: AtStore,
}

impl Desk {
    /// The same, for whoever draws on the whole terminal: nothing else may write there.
    pub(crate) fn silent(&self) -> Self {
        let terminal = Terminal { may_redraw: false, can_ask: false, is_quiet: true };
        Self { globals: self.globals.clone(), terminal, store: self.store.clone() }
    }

    /// The same at another store.
    pub(crate) fn at(&self, store: AtStore) -> Self {
        Self { globals: self.globals.clone(), terminal: self.terminal, store }
    }

    /// Asks before something that hurts. Where nobody can answer, a flag must have said yes.
    pub(crate) fn confirm(&self, question: &str, flag: &str) -> Result<(), Failure> {
        if !self.terminal.can_ask {
            let refusal = format!("{question} Nobody is there to answer; say {flag}");
            return Err(Failure::Unconfirmed(refusal));
        }
        eprint!("{question} [y/N] ");
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer)?;
        match answer.trim() {
            "y" | "Y" | "yes" => Ok(()),
            _ => Err(Failure::Unconfirmed("nothing has been done".to_owned())),
        }
    }
}

/// A number that nobody else draws.
pub(crate) fn drawn() -> Result<u64, Failure> {
    let drawn = getrandom::u64();
    drawn.map_err(|error| Failure::Other(format!("the system gives no random numbers: {error}")))
}

/// Does what the command line says.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    match carry_out(arguments) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            eprintln!("baton: {failure}");
            failure.exit().into()
        }
    }
}

fn carry_out(arguments: Arguments) -> Result<Exit, Failure> {
    let Arguments { globals, command } = arguments;
    let terminal = Terminal::look(globals.quiet);
    match command {
        Command::ExitCodes => command::exit_codes(globals.output),
        Command::Completions { shell } => command::completions(shell),
        Command::Man => command::man(),
        Command::Config(config) => command::config(config, &globals, terminal),
        Command::Init(arguments) => init::init(&arguments, &globals, terminal),
        Command::Up(arguments) => up::up(&globals, &arguments, terminal),
        Command::Doctor(arguments) => doctor(&globals, terminal, &arguments),
        Command::AtStore(command) => at_the_store(globals, terminal, command),
    }
}

/// A store that cannot be opened is a finding here, and no error.
#[tokio::main(flavor = "current_thread")]
async fn doctor(
    globals: &Globals,
    terminal: Terminal,
    arguments: &DoctorArguments,
) -> Result<Exit, Failure> {
    // Whoever else has installed one has the same.
    drop(rustls::crypto::ring::default_provider().install_default());
    command::doctor(globals, terminal, arguments).await
}

#[tokio::main(flavor = "current_thread")]
async fn at_the_store(
    globals: Globals,
    terminal: Terminal,
    command: arguments::AtStore,
) -> Result<Exit, Failure> {
    // Whoever else has installed one has the same.
    drop(rustls::crypto::ring::default_provider().install_default());
    let store = AtStore::chosen(&globals, terminal).await?;
    let desk = Desk { globals, terminal, store };
    command::at_the_store(&desk, command).await
}
