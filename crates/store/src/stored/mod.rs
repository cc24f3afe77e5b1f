//! How things are written down in a store's hashes. One file each: the codec and its round trip.

pub mod app;
pub mod consumer_report;
pub mod instance;
pub mod intent;
pub mod report;
pub mod row;
pub mod stored_app;
pub mod target;
