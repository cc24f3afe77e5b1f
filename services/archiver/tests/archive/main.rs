//! The archiver as a process: over a real Valkey, into a folder and into a real S3 server.
//!
//! What is in the archive is judged by a reader that shares no code with the archiver.

mod archiver;
mod bad_input;
mod bounds;
mod dying;
mod lane;
mod moto;
mod proxy;
mod reader;
mod replaying;
mod s3;
mod waiting;
