//! The homes of the demonstration, at rest: one that all members share, or one of each member.

use std::path::{Path, PathBuf};

use parclose_node::home::MemberDirectory;
use parclose_node::{Home, Unlock};
use parclose_root::Genesis;

use crate::error::CliError;

/// All homes, each held.
#[derive(Debug)]
pub(crate) struct Homes {
    all: Vec<Home>,
    regulator: PathBuf,
    regulator_unlock: Unlock,
}

impl Homes {
    /// One home that all share, with the regulator in it.
    pub(crate) fn shared(home: Home) -> Self {
        let (regulator, regulator_unlock) = (home.regulator_directory(), home.unlock().clone());
        Self { all: vec![home], regulator, regulator_unlock }
    }

    /// A home of each, and the regulator's own directory.
    pub(crate) fn of_each(all: Vec<Home>, regulator: PathBuf, regulator_unlock: Unlock) -> Self {
        Self { all, regulator, regulator_unlock }
    }

    /// The members by name, each with its own directory.
    pub(crate) fn members(&self) -> Result<Vec<(String, MemberDirectory)>, CliError> {
        let of = |home: &Home| {
            let names = home.members().iter().map(|member| member.name.clone());
            names.map(|name| Ok((name.clone(), home.member_directory(&name)?))).collect::<Result<Vec<_>, _>>()
        };
        let all = self.all.iter().map(of).collect::<Result<Vec<_>, CliError>>()?;
        Ok(all.into_iter().flatten().collect())
    }

    /// One member's directory.
    pub(crate) fn directory(&self, member: &str) -> Result<MemberDirectory, CliError> {
        let found = self.members()?.into_iter().find(|(name, _)| name == member);
        found.map(|(_, directory)| directory).ok_or_else(|| CliError::not_found("member"))
    }

    /// What receipts are verified against.
    pub(crate) fn genesis(&self) -> Result<Genesis, CliError> {
        let home = self.all.first().ok_or_else(|| CliError::not_found("home"))?;
        Ok(home.genesis()?)
    }

    /// The homes' paths.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.all.iter().map(Home::path)
    }

    /// The regulator's directory.
    pub(crate) fn regulator(&self) -> &Path {
        &self.regulator
    }

    /// What opens the regulator's key.
    pub(crate) fn regulator_unlock(&self) -> &Unlock {
        &self.regulator_unlock
    }

    /// The one home that all share.
    pub(crate) fn into_shared(mut self) -> Result<Home, CliError> {
        self.all.pop().ok_or_else(|| CliError::not_found("home"))
    }
}
