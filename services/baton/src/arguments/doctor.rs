//! `doctor`.

use std::{path::PathBuf, time::Duration};

use clap::Args;

use super::wait::length;

/// What to look at besides the store and the fleet.
#[derive(Debug, Args)]
pub struct DoctorArguments {
    /// A gateway's configuration: its mistakes, its tokens, what Discord says of its apps.
    #[arg(long, value_name = "FILE")]
    pub gateway_config: Option<PathBuf>,
    /// How long whatever supervises the gateways waits before it kills them.
    #[arg(long, value_name = "TIME", value_parser = length, requires = "gateway_config")]
    pub kill_timeout: Option<Duration>,
}
