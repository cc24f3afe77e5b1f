//! Runs seeds: `baton-sim --seed N [--trace]` replays one, `baton-sim --seeds A..B` runs many.

use std::{io::Write, process::ExitCode};

use baton_sim::{Ending, Record, run};

const USAGE: &str = "usage: baton-sim --seed N [--trace] | --seeds A..B";

/// What the command line asks for.
#[derive(Debug)]
enum Wanted {
    One { seed: u64, record: Record },
    Many { first: u64, end: u64 },
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut out = std::io::stdout().lock();
    let ended = match read(&arguments) {
        Some(Wanted::One { seed, record }) => one(seed, record, &mut out),
        Some(Wanted::Many { first, end }) => many(first, end, &mut out),
        None => writeln!(out, "{USAGE}").map(|()| ExitCode::from(2)),
    };
    ended.unwrap_or(ExitCode::FAILURE)
}

fn read(arguments: &[String]) -> Option<Wanted> {
    let words: Vec<_> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["--seed", seed] => Some(Wanted::One { seed: seed.parse().ok()?, record: Record::Digest }),
        ["--seed", seed, "--trace"] => {
            Some(Wanted::One { seed: seed.parse().ok()?, record: Record::Lines })
        }
        ["--seeds", range] => {
            let (first, end) = range.split_once("..")?;
            Some(Wanted::Many { first: first.parse().ok()?, end: end.parse().ok()? })
        }
        _ => None,
    }
}

fn one(seed: u64, record: Record, out: &mut impl Write) -> std::io::Result<ExitCode> {
    let ending = run(seed, record);
    for line in &ending.lines {
        out.write_all(line.as_bytes())?;
    }
    writeln!(out, "{}", summary(seed, &ending))?;
    Ok(if ending.violation.is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn many(first: u64, end: u64, out: &mut impl Write) -> std::io::Result<ExitCode> {
    let mut failed = 0;
    let (mut events, mut dispatches) = (0, 0);
    for seed in first..end {
        let ending = run(seed, Record::Digest);
        events += ending.events;
        dispatches += ending.dispatches;
        if ending.violation.is_some() {
            failed += 1;
            writeln!(out, "{}", summary(seed, &ending))?;
        }
    }
    let count = end.saturating_sub(first);
    writeln!(out, "{count} seeds, {failed} failed, {events} events, {dispatches} dispatches")?;
    Ok(if failed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn summary(seed: u64, ending: &Ending) -> String {
    let Ending { digest, events, dispatches, grants, .. } = ending;
    match &ending.violation {
        None => format!(
            "seed {seed}: well. {events} events, {dispatches} dispatches, {grants} grants, \
             digest {digest:016x}"
        ),
        Some(broken) => format!(
            "seed {seed}: {} is broken at {}: {}\n  \
             replay: cargo run -p baton-sim -- --seed {seed} --trace",
            broken.law, broken.at, broken.what
        ),
    }
}
