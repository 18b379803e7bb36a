//! One transaction as several readers see it.

use std::path::PathBuf;

use clap::Args as ClapArgs;

/// `parclose tx views`
#[derive(Clone, Debug, ClapArgs)]
pub struct TxViews {
    /// The channel's name
    #[arg(long, short)]
    pub channel: String,
    /// A member that looks; once for each member
    #[arg(long = "as", required = true)]
    pub members: Vec<String>,
    /// View key file of a regulator that looks too
    #[arg(long, value_name = "FILE", requires = "bundle")]
    pub view_key: Option<PathBuf>,
    /// With a view key, the export that the regulator was given
    #[arg(long, value_name = "FILE", requires = "view_key")]
    pub bundle: Option<PathBuf>,
    /// Draw what each reader sees into a new file
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// its digest
    pub transaction: String,
}
