//! Into which sizes the values of histograms are sorted.

/// A choice of bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Buckets {
    /// Round trips, in seconds.
    RoundTrip,
    /// Moves of shards and what they are made of, in seconds.
    Move,
    /// Waiting for one's turn, in seconds.
    Wait,
    /// How many at once.
    Batch,
    /// How long a handler runs, in seconds: as the SDK sorts them.
    Handler,
}

impl Buckets {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::RoundTrip, Self::Move, Self::Wait, Self::Batch, Self::Handler];

    /// The upper bounds, without the last, which is endless.
    #[must_use]
    pub const fn bounds(self) -> &'static [f64] {
        match self {
            Self::RoundTrip => {
                &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0]
            }
            Self::Move => {
                &[0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0]
            }
            Self::Wait => {
                &[0.01, 0.1, 0.5, 1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 3_600.0]
            }
            Self::Batch => &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1_024.0],
            Self::Handler => &[0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0],
        }
    }
}
