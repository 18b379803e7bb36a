//! What is measured.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `parclose bench`
#[derive(Debug, Subcommand)]
pub enum Bench {
    /// Cost of a record write by role, as a multiple of the unavoidable
    RecordWrite {
        /// record writes to measure
        #[arg(long, default_value_t = 8192, value_parser = clap::value_parser!(u32).range(2..))]
        writes: u32,
        /// in a consortium of processes with four validators: throughput, latency, overload, many channels, catching up
        #[arg(long)]
        nodes: bool,
        /// length of each run at a given rate, with `--nodes`
        #[arg(long, default_value_t = 15, requires = "nodes", value_parser = clap::value_parser!(u16).range(1..=3600))]
        seconds: u16,
        /// channels of the run with many of them, with `--nodes`
        #[arg(long, value_delimiter = ',', default_value = "1,10,100", requires = "nodes",
              value_parser = clap::value_parser!(u16).range(1..=512))]
        channels: Vec<u16>,
        /// where the databases are made
        #[arg(long)]
        directory: Option<PathBuf>,
    },
    /// Processor time of a confidential transfer of two notes into two, alone and in a batch
    Transfer {
        /// batches to measure
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=1000))]
        batches: u16,
        /// transfers of each
        #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=127))]
        batch: u16,
        /// where the databases are made
        #[arg(long)]
        directory: Option<PathBuf>,
    },
    /// Opening an export as its regulator does: fields by view keys, and amounts compared with their commitments
    Audit {
        /// records of 6 fields
        #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        records: u32,
        /// committed amounts
        #[arg(long, default_value_t = 512, value_parser = clap::value_parser!(u16).range(1..))]
        amounts: u16,
        /// where the databases are made
        #[arg(long)]
        directory: Option<PathBuf>,
    },
    /// Processor time and latency of a deal between two channels, beside those of a transfer
    Dvp {
        /// transfers and deals, each one after the other and all together
        #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=512))]
        count: u16,
        /// where the home is made
        #[arg(long)]
        directory: Option<PathBuf>,
    },
    /// Processor time of a member when the keys of a large channel turn over
    Rotation {
        /// members of the channel
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(2..=200))]
        members: u16,
        /// audiences, each of most of the members
        #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=8))]
        audiences: u16,
        /// where the databases are made
        #[arg(long)]
        directory: Option<PathBuf>,
    },
    /// Opening a home with many channels, and the memory of each that is idle
    Channels {
        /// channels of two members
        #[arg(long, default_value_t = 50)]
        channels: usize,
        /// where the home is made
        #[arg(long)]
        directory: Option<PathBuf>,
    },
    /// What `bench channels` measures, in a process of its own
    #[command(hide = true)]
    Open {
        /// the home
        directory: PathBuf,
    },
    /// Load on channels of a running node, by that node
    #[command(hide = true)]
    Load(Load),
    /// What a running node has used
    #[command(hide = true)]
    Usage,
}

/// `parclose bench load`
#[derive(Debug, Args)]
pub struct Load {
    /// who writes
    #[arg(long = "as", value_name = "MEMBER")]
    pub member: String,
    /// the channels, in turn
    #[arg(long, value_delimiter = ',', required = true)]
    pub channels: Vec<String>,
    /// who reads with the writer
    #[arg(long)]
    pub counterparty: String,
    /// record writes
    #[arg(long)]
    pub writes: u32,
    /// a second; without it as fast as answers come
    #[arg(long, value_parser = rate)]
    pub rate: Option<f64>,
    /// how many wait for their answer at a time, without a rate
    #[arg(long, default_value_t = 2048, value_parser = clap::value_parser!(u16).range(1..))]
    pub window: u16,
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok().filter(|rate| (0.001..=1e6).contains(rate));
    rate.ok_or_else(|| "a number from 0.001 to 1000000".into())
}
