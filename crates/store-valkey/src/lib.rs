//! The store on Valkey.
