//! The RESP face: the rules of Valkey, and where it differs because something belongs to Baton.

mod blocking;
mod client;
mod differential;
mod generated;
mod lanes;
mod limits;
mod permissions;
mod restart;
