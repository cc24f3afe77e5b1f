//! The conformance suite: the traits' promises as code.
