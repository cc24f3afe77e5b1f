//! Keeps a bot's events: reads its lanes, puts every entry into one object of an archive, and
//! acknowledges it then. Writes them back into streams when they are wanted again.
//!
//! - [`lane`] archives one lane, strictly one step after the other;
//! - [`chain`] is what makes that every entry is in one object, whoever dies or wakes up late;
//! - [`marks`] knows what is in the archive, [`batch`] and [`line`] what is written;
//! - [`place`] is a folder or a bucket, and [`layout`] what lies where in it;
//! - [`replay`] is the way back.

pub mod hour;
pub mod line;

pub mod marks;

pub mod batch;

mod https;
pub mod layout;
pub mod place;

pub mod chain;

pub mod progress;

pub mod lane;

pub mod replay;

pub mod config;

pub mod http;

pub mod exit;

pub mod program;

#[cfg(test)]
mod examples;
