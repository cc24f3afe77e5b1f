//! An instance: leases shards, holds their websockets, writes their events.
//!
//! What to do is decided by pure machines: [`baton_fleet::Fleet`] for the instance,
//! [`baton_shard::ShardMachine`] for each shard, and between them the [`supervisor`], which knows
//! which shard an instance's decision is about; a [`courier`] for each shard's commands. Everything
//! else here is a shell: it carries out what a machine says, and hands in what came of it.

pub mod clock;

pub mod supervisor;

mod conflicts;
mod journal;

pub mod socket;

pub mod courier;

pub mod shard;

pub mod writer;

pub mod brokers;

pub mod reader;
pub mod store_clock;

pub mod trimming;
pub mod tuning;

pub mod lane_face;

pub mod instruments;

pub mod hosting;

pub mod control;

pub mod rest;
pub mod token;

pub mod circuit;

pub mod app;
pub mod roster;
mod stored_apps;

pub mod memory;
pub mod pulse;

pub mod instance;

pub mod health;
pub mod observer;

pub mod exposition;
pub mod http;
pub mod page;
pub mod reporting;
pub mod status;

pub mod config;

pub mod exit;

pub mod program;
