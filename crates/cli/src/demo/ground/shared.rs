//! All parties in this process.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use parclose_node::{Consortium, Unlock};
use parclose_root::Genesis;
use serde_json::Value;

use super::Party;
use crate::args::{Args, Global};
use crate::dev::{self, Scene};
use crate::error::CliError;
use crate::hosting;

/// How often what is waited for is looked at, and how long is between.
const LOOKS_MAX: usize = 200;
const PAUSE: Duration = Duration::from_millis(20);

/// One consortium with all its members in it.
pub(in crate::demo) struct Shared {
    consortium: Arc<Consortium>,
}

/// Commands of this thread work on a consortium, as long as this is there.
struct Hosted;

impl Hosted {
    fn by(consortium: &Arc<Consortium>) -> Self {
        hosting::host_here(Some(consortium.clone()));
        Self
    }
}

impl Drop for Hosted {
    fn drop(&mut self) {
        hosting::host_here(None);
    }
}

impl Shared {
    pub(super) fn found(global: &Global, scene: Scene) -> Result<Self, CliError> {
        Ok(Self { consortium: Arc::new(dev::set_up(global, &scene)?) })
    }

    pub(super) fn tell(&self, (member, channel): Party, words: &[&str]) -> Result<Value, CliError> {
        let args = Args::try_parse_from([&["parclose"], words, &["-c", channel, "--as", member]].concat());
        let args = args.map_err(|error| CliError::usage(error.to_string(), "parclose help"))?;
        let _hosted = Hosted::by(&self.consortium);
        crate::run(&args)
    }

    pub(super) fn refusal(&self, party: Party, words: &[&str]) -> Option<String> {
        let error = self.tell(party, words).err()?;
        Some(error.to_json()["rule"].as_str().unwrap_or_default().to_owned())
    }

    pub(super) fn settle(&self) {
        self.consortium.settle();
    }

    /// Here nothing happens by itself once all deals have gone as far as they go; but whoever else waits may be the one that works on
    /// them just now.
    pub(super) fn until(
        &self,
        party: Party,
        words: &[&str],
        is_so: impl Fn(&Value) -> bool,
    ) -> Result<Value, CliError> {
        for _ in 0..LOOKS_MAX {
            self.consortium.settle_deals();
            let shown = self.tell(party, words)?;
            if is_so(&shown) {
                return Ok(shown);
            }
            std::thread::sleep(PAUSE);
        }
        Err(CliError::verification(format!("{} waits in vain for `{}`", party.0, words.join(" "))))
    }

    pub(super) fn level(&self) {
        self.consortium.quiesce();
    }

    pub(super) fn regulator(&self) -> (PathBuf, Unlock) {
        let home = self.consortium.home();
        (home.regulator_directory(), home.unlock().clone())
    }

    pub(super) fn genesis(&self) -> Result<Genesis, CliError> {
        Ok(self.consortium.home().genesis()?)
    }

    pub(super) fn close(self) {
        if let Some(consortium) = Arc::into_inner(self.consortium) {
            drop(consortium.close());
        }
    }
}
