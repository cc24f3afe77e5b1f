//! One shard's life at one instance, as a pure state machine.
