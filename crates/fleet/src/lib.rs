//! Who is alive, who should run what, who may identify: pure decisions.

pub mod plan;
mod seed;
