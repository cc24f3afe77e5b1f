//! What the command line means: settings, addresses, and what happens from the start.
//!
//! It is judged as a whole. Whoever made three mistakes is told of three, each with the option,
//! the value and what would have been right.

mod addresses;
mod load;
mod settings;

mod mistakes;
mod reading;

use baton_mock_discord::{Fault, Input, Settings, server::Addresses};

use crate::{announcement::Form, arguments::Arguments};
use mistakes::Mistakes;
use reading::{duration, whole};

/// All that the program needs to know.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Configuration {
    pub(crate) settings: Settings,
    pub(crate) seed: u64,
    pub(crate) addresses: Addresses,
    pub(crate) public_host: Option<String>,
    /// What happens before the first client comes.
    pub(crate) at_start: Vec<Input>,
    pub(crate) form: Form,
}

impl Configuration {
    /// Judges a command line.
    pub(crate) fn of(arguments: &Arguments) -> Result<Self, Mistakes> {
        let mut mistakes = Mistakes::default();
        match Self::drafted(arguments, &mut mistakes) {
            Some(configuration) if mistakes.is_empty() => Ok(configuration),
            Some(_) | None => Err(mistakes),
        }
    }

    /// Everything is read before anything is missed, or the first mistake would hide the others.
    fn drafted(arguments: &Arguments, mistakes: &mut Mistakes) -> Option<Self> {
        let addresses = addresses::read(arguments, mistakes);
        let public_host = addresses::public_host(arguments, mistakes);
        let settings = settings::read(arguments, mistakes);
        let seed = mistakes.take("--seed", &arguments.seed, whole(0..=u64::MAX));
        let shards = settings.as_ref().map(|settings| settings.shards);
        let pace = load::read(arguments, shards, mistakes);
        let faults = faults(arguments, mistakes);
        let mut at_start = vec![Input::Load(pace?)];
        at_start.extend(faults?.into_iter().map(Input::Fault));
        Some(Self {
            settings: settings?,
            seed: seed?,
            addresses: addresses?,
            public_host: public_host?,
            at_start,
            form: if arguments.json { Form::Json } else { Form::Text },
        })
    }
}

/// The faults that are there from the start. A fault that does nothing is none.
fn faults(arguments: &Arguments, mistakes: &mut Mistakes) -> Option<Vec<Fault>> {
    const LATENCY_MS_MAX: u64 = 60_000;
    let Arguments { latency, invalid_sessions, .. } = arguments;
    let ms = mistakes.take("--latency", latency, duration(0..=LATENCY_MS_MAX));
    let percent = mistakes.take("--invalid-sessions", invalid_sessions, whole(0..=100));
    let (ms, percent) = (ms?, u8::try_from(percent?).ok()?);
    let mut faults = Vec::new();
    if ms > 0 {
        faults.push(Fault::Latency { ms });
    }
    if percent > 0 {
        faults.push(Fault::InvalidSession { percent });
    }
    Some(faults)
}

#[cfg(test)]
mod tests;
