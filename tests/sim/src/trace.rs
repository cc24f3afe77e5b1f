//! The history of a world: every line counts for the digest, and can be read.

use std::fmt::{self, Write};

use baton_model::Moment;

/// What has happened so far. Two runs of one seed have the same digest.
#[derive(Debug)]
pub(crate) struct Trace {
    digest: Digest,
    lines: Option<Vec<String>>,
}

impl Trace {
    /// A trace that only knows the digest of what was noted.
    pub(crate) const fn digest_only() -> Self {
        Self { digest: Digest::START, lines: None }
    }

    /// A trace that keeps every line.
    pub(crate) const fn readable() -> Self {
        Self { digest: Digest::START, lines: Some(Vec::new()) }
    }

    pub(crate) fn note(&mut self, now: Moment, what: fmt::Arguments<'_>) {
        let millis = now.as_nanos() / 1_000_000;
        let micros = now.as_nanos() / 1_000 % 1_000;
        let at = format_args!("{millis:>7}.{micros:03} {what}\n");
        if let Some(lines) = &mut self.lines {
            lines.push(at.to_string());
        }
        // Nothing that is written here can fail.
        let written = self.digest.write_fmt(at);
        assert!(written.is_ok(), "a digest takes everything");
    }

    pub(crate) const fn digest(&self) -> u64 {
        self.digest.0
    }

    pub(crate) fn take_lines(&mut self) -> Vec<String> {
        self.lines.take().unwrap_or_default()
    }
}

/// FNV-1a over the bytes of the history.
#[derive(Debug, Clone, Copy)]
struct Digest(u64);

impl Digest {
    const START: Self = Self(0xcbf2_9ce4_8422_2325);
}

impl Write for Digest {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        self.0 = text.bytes().fold(self.0, step);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_follows_from_the_lines_and_their_times() {
        let digest = |mut trace: Trace, millis: u64, what: &str| {
            trace.note(Moment::from_millis(millis), format_args!("{what}"));
            trace.digest()
        };
        let first = digest(Trace::digest_only(), 1, "a");
        assert_eq!(first, digest(Trace::readable(), 1, "a"));
        assert_ne!(first, digest(Trace::digest_only(), 2, "a"));
        assert_ne!(first, digest(Trace::digest_only(), 1, "b"));
    }
}
