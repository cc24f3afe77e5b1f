//! Traces: what happened to one event, or to one hand-over, wherever it happened.
//!
//! A span is reported when it is over, with ids that were chosen before: an event's stand in its
//! entry before it is known what becomes of it, and both sides of a hand-over derive the same ones.
//! Whether an event is traced is decided once, where it comes in, before anything is made for it:
//! that costs a few nanoseconds where a span that nobody wants would cost a thousand.

use std::{fmt, time::SystemTime};

use baton_model::TraceParent;

/// Where a span stands: in which trace, and which one of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanPlace {
    /// The trace; not 0.
    pub trace: u128,
    /// The span; not 0.
    pub span: u64,
}

/// A span that is over.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// What was done, and to what; a name that many spans have.
    pub name: String,
    /// On which side of an exchange.
    pub kind: SpanKind,
    /// Where it stands.
    pub place: SpanPlace,
    /// Which span of its trace it is part of.
    pub parent: Option<u64>,
    /// What it goes back to besides, of its own trace or another.
    pub links: Vec<SpanPlace>,
    /// When it began.
    pub from: SystemTime,
    /// When it ended.
    pub to: SystemTime,
    /// What else is known of it.
    pub attributes: Vec<(&'static str, Attribute)>,
    /// What went wrong.
    pub failure: Option<String>,
}

/// On which side of an exchange a span is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanKind {
    /// Of none.
    Internal,
    /// It asks, and waits for the answer.
    Client,
    /// It makes what others take later.
    Producer,
    /// It takes what others made.
    Consumer,
}

/// Something that is known of a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attribute {
    /// A text.
    Text(String),
    /// A number.
    Number(i64),
}

impl SpanPlace {
    /// A place that two who know the same words both find, without a word between them.
    #[must_use]
    pub fn derived(words: &str) -> Self {
        let trace = fnv(words.bytes());
        let span = fnv(words.bytes().chain(*b" span"));
        let low = u64::try_from(span & u128::from(u64::MAX)).unwrap_or_default();
        Self { trace: trace.max(1), span: low.max(1) }
    }

    /// Another span of the same trace.
    #[must_use]
    pub fn sibling(self) -> Self {
        let drawn = getrandom::u64().unwrap_or(self.span.rotate_left(17) ^ 1);
        Self { span: drawn.max(1), ..self }
    }

    /// As it stands in an entry: sampled, or it would not be there.
    #[must_use]
    pub fn traceparent(self) -> TraceParent {
        let Self { trace, span } = self;
        let text = format!("00-{trace:032x}-{span:016x}-01");
        text.parse().unwrap_or_else(|_| unreachable!("{text} is a traceparent"))
    }

    /// What stands in an entry or a command; none if whoever wrote it does not trace it.
    #[must_use]
    pub fn read(text: TraceParent) -> Option<Self> {
        let mut parts = text.as_str().split('-').skip(1);
        let trace = u128::from_str_radix(parts.next()?, 16).ok()?;
        let span = u64::from_str_radix(parts.next()?, 16).ok()?;
        let flags = u8::from_str_radix(parts.next()?, 16).ok()?;
        (trace != 0 && span != 0 && flags & 1 == 1).then_some(Self { trace, span })
    }
}

/// FNV-1a: the same in every version of every program, which the standard library's hash is not.
fn fnv(bytes: impl Iterator<Item = u8>) -> u128 {
    const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    bytes.fold(BASIS, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME))
}

/// Decides which events are traced: about one in so many.
#[derive(Clone)]
pub struct Sampler {
    /// What is drawn below this is traced; 0 for none.
    below: u64,
    state: u64,
}

impl Sampler {
    /// Has about one in so many traced; none if that is 0.
    #[must_use]
    pub fn one_in(count: u64) -> Self {
        let below = u64::MAX.checked_div(count).unwrap_or(0);
        Self { below, state: getrandom::u64().unwrap_or(count) }
    }

    /// A place for an event that is traced.
    #[inline]
    pub fn draw(&mut self) -> Option<SpanPlace> {
        if self.below == 0 || self.next() > self.below {
            return None;
        }
        let trace = u128::from(self.next()) << 64 | u128::from(self.next());
        Some(SpanPlace { trace: trace.max(1), span: self.next().max(1) })
    }

    /// `SplitMix64`.
    const fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl fmt::Debug for Sampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sampler").field("below", &self.below).finish_non_exhaustive()
    }
}

impl From<&str> for Attribute {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Attribute {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Attribute {
    fn from(number: u64) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_as_it_was_written() {
        let place = SpanPlace { trace: 7, span: u64::MAX };
        let text = place.traceparent();
        assert_eq!(text.as_str(), "00-00000000000000000000000000000007-ffffffffffffffff-01");
        assert_eq!(SpanPlace::read(text), Some(place));
    }

    #[test]
    fn what_its_writer_does_not_trace_is_not_traced_here() {
        for text in [
            "00-00000000000000000000000000000007-ffffffffffffffff-00",
            "00-00000000000000000000000000000000-ffffffffffffffff-01",
            "00-00000000000000000000000000000007-0000000000000000-01",
        ] {
            assert_eq!(SpanPlace::read(text.parse().unwrap()), None, "{text}");
        }
    }

    #[test]
    fn a_derived_place_is_the_same_in_every_version() {
        let place = SpanPlace::derived("bot/0.7 under 1764540000000 offer 1");
        assert_eq!(place, SpanPlace::derived("bot/0.7 under 1764540000000 offer 1"));
        assert_ne!(place, SpanPlace::derived("bot/0.7 under 1764540000000 offer 2"));
        // The FNV-1a of "a", as its authors publish it.
        assert_eq!(SpanPlace::derived("a").trace, 0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964);
    }

    #[test]
    fn about_one_in_so_many_is_traced_each_at_its_own_place() {
        let mut sampler = Sampler::one_in(100);
        let drawn: Vec<_> = (0..100_000).filter_map(|_| sampler.draw()).collect();
        // Five standard deviations around a thousand.
        assert!((840..1_160).contains(&drawn.len()), "{}", drawn.len());
        let traces: std::collections::BTreeSet<_> = drawn.iter().map(|it| it.trace).collect();
        assert_eq!(traces.len(), drawn.len());
        assert!((0..1_000).all(|_| Sampler::one_in(1).draw().is_some()));
        let mut none = Sampler::one_in(0);
        assert!((0..1_000).all(|_| none.draw().is_none()));
    }
}
