//! The program as a process, met over its command line, its ports and signals.

mod client;
mod running;

mod command_line;
#[cfg(target_os = "linux")]
mod memory;
mod page;
