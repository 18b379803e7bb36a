//! `parclose completions`: a script for a shell, and the names that it asks for while somebody types.
//!
//! The script is what clap knows of the tree, and after it a few lines of ours that ask for channels, members
//! and contexts with `parclose complete-names`, in place of file names. See specs/decisions/0032.
//!
//! Asking happens at every key stroke, beside other commands: no lock is taken, no key file read, nothing said.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::CommandFactory;
use parclose_node::Unlock;
use parclose_node::home::{HomeFile, MemberDirectory};
use serde_json::{Value, json};

use crate::args::{Args, CompleteNames, NameKind, Shell};
use crate::contexts::file::{Context, Contexts, place};
use crate::contexts::select::{named_on, selected};
use crate::error::CliError;

/// The script of a shell.
pub fn script(shell: Shell) -> Result<Value, CliError> {
    let (generator, ours, name) = match shell {
        Shell::Bash => (clap_complete::Shell::Bash, include_str!("completions/names.bash"), "bash"),
        Shell::Zsh => (clap_complete::Shell::Zsh, include_str!("completions/names.zsh"), "zsh"),
        Shell::Fish => (clap_complete::Shell::Fish, include_str!("completions/names.fish"), "fish"),
    };
    let mut script = Vec::new();
    clap_complete::generate(generator, &mut Args::command(), "parclose", &mut script);
    let script = format!("{}\n{ours}", String::from_utf8_lossy(&script));
    Ok(json!({ "schema": "parclose.completions/1", "shell": name, "text": script }))
}

/// The names of a kind that fit the line so far.
///
/// # Rules
///
/// > CPL-01: completions offer names of ASCII letters, digits, `.`, `_` and `-` that begin with no `-`, which no shell takes for anything else.
/// > CPL-02: completions take no lock and open no key; where there is nothing to offer they say nothing.
#[must_use]
pub fn names(asked: &CompleteNames) -> Value {
    let found = match asked.kind {
        NameKind::Contexts => contexts().unwrap_or_default(),
        NameKind::Members => Home::of(asked).members(),
        NameKind::Channels => Home::of(asked).channels(),
    };
    let names: Vec<String> = found.into_iter().filter(|name| is_plain(name)).collect();
    json!({ "schema": "parclose.complete-names/1", "text": names.join("\n") })
}

fn is_plain(name: &str) -> bool {
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    plain && !name.is_empty() && !name.starts_with('-')
}

fn contexts() -> Option<BTreeSet<String>> {
    let path = place(|name| std::env::var_os(name))?;
    Some(Contexts::read(&path).ok()?.contexts.into_keys().collect())
}

/// Where the line would be run, as far as it is written.
struct Home {
    path: PathBuf,
    member: Option<String>,
}

impl Home {
    fn of(asked: &CompleteNames) -> Self {
        let on_line = named_on(&asked.line);
        let context = selected(on_line.as_deref(), |name| std::env::var_os(name)).ok().flatten();
        let Context { home, member, .. } = context.unwrap_or_default();
        let variable = || std::env::var_os("PARCLOSE_HOME")?.into_string().ok();
        let path = value_of("--home", asked).or_else(variable).or(home);
        Self {
            path: path.unwrap_or_else(|| ".parclose".into()).into(),
            member: value_of("--as", asked).or(member),
        }
    }

    fn members(&self) -> BTreeSet<String> {
        let text = std::fs::read_to_string(self.path.join("home.json")).unwrap_or_default();
        let file = serde_json::from_str::<HomeFile>(&text);
        file.map(|file| file.members.into_iter().map(|member| member.name).collect()).unwrap_or_default()
    }

    /// The member's channels; those of all where no member of the home is named yet.
    fn channels(&self) -> BTreeSet<String> {
        let mut members = self.members();
        if let Some(one) = self.member.as_ref().filter(|member| members.contains(*member)) {
            members = BTreeSet::from([one.clone()]);
        }
        members.iter().flat_map(|member| channels_of(&self.path, member)).collect()
    }
}

fn channels_of(home: &Path, member: &str) -> Vec<String> {
    let directory = MemberDirectory::at(&home.join("members").join(member), &Unlock::of_home(home));
    let cards = directory.channels().unwrap_or_default();
    cards.into_iter().map(|card| card.name).collect()
}

/// An option's value on the line; bash makes words of its own of `--option=value`.
fn value_of(option: &str, asked: &CompleteNames) -> Option<String> {
    let words: Vec<&str> =
        asked.line.iter().filter_map(|word| word.to_str()).filter(|word| *word != "=").collect();
    let value = |(at, word): (usize, &&str)| match word.strip_prefix(option)? {
        "" => words.get(at + 1).map(|value| (*value).to_owned()),
        rest => rest.strip_prefix('=').map(str::to_owned),
    };
    words.iter().enumerate().filter_map(value).next_back()
}
