//! Where a scenario takes place: all parties in this process, or each in a process of its own.
//!
//! ```text
//!   a scenario --line of the command line--> Ground --> here, as whoever it names
//!                                                   \-> the node of whoever it names
//! ```
//!
//! A scenario is written once, in commands. Whoever is told something has executed what was answered to others in
//! the same channel before: in one process everybody is brought level after each command, a node is waited for.

mod shared;
mod spread;

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use parclose_node::Unlock;
use parclose_root::Genesis;
use serde_json::{Value, json};

use crate::args::{Demo, Global};
use crate::dev::Scene;
use crate::error::CliError;
use shared::Shared;
use spread::Spread;

/// Commands that are on their way at a time.
const AT_A_TIME: usize = 8;

/// A member in a channel.
pub(super) type Party = (&'static str, &'static str);

/// A command of a party's.
#[derive(Clone, Debug)]
pub(super) struct Line {
    party: Party,
    words: Vec<String>,
}

impl Line {
    pub(super) fn of(party: Party, words: &[&str]) -> Self {
        Self { party, words: words.iter().map(|word| (*word).to_owned()).collect() }
    }
}

/// Everybody, running.
pub(super) enum Ground<'g> {
    Shared(Shared),
    Spread(Spread<'g>),
}

impl<'g> Ground<'g> {
    /// Founds a scene, as it was asked for.
    pub(super) fn found(global: &'g Global, options: &Demo, scene: Scene) -> Result<Self, CliError> {
        Ok(if options.nodes {
            Self::Spread(Spread::found(global, scene)?)
        } else {
            Self::Shared(Shared::found(global, scene)?)
        })
    }

    /// Has a party run a command.
    pub(super) fn tell(&self, party: Party, words: &[&str]) -> Result<Value, CliError> {
        let told = self.hand_in(party, words);
        self.pass_on();
        told
    }

    /// Has a party run a command that is to be refused: the rule by which it is, `None` if it is not.
    pub(super) fn refusal(&self, party: Party, words: &[&str]) -> Option<String> {
        match self {
            Self::Shared(shared) => shared.refusal(party, words),
            Self::Spread(spread) => spread.refusal(party, words),
        }
    }

    /// Has parties run commands of which none waits for another; the answers in the order of the commands.
    pub(super) fn together(&self, lines: &[Line]) -> Result<Vec<Value>, CliError> {
        let told = self.each(lines, |line| {
            self.hand_in(line.party, &line.words.iter().map(String::as_str).collect::<Vec<_>>())
        });
        self.pass_on();
        told
    }

    fn hand_in(&self, party: Party, words: &[&str]) -> Result<Value, CliError> {
        match self {
            Self::Shared(shared) => shared.tell(party, words),
            Self::Spread(spread) => spread.tell(party, words),
        }
    }

    /// Nodes go on by themselves.
    fn pass_on(&self) {
        if let Self::Shared(shared) = self {
            shared.settle();
        }
    }

    /// Does something for each of many, some at a time; nobody waits for anybody.
    pub(super) fn each<I: Sync, T: Send>(
        &self,
        items: &[I],
        act: impl Fn(&I) -> Result<T, CliError> + Sync,
    ) -> Result<Vec<T>, CliError> {
        let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        let work = || {
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(item) = items.get(at) else { return Ok(()) };
                let made = act(item)?;
                done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((at, made));
            }
        };
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..AT_A_TIME.min(items.len())).map(|_| scope.spawn(work)).collect();
            let ended = workers
                .into_iter()
                .map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            ended.collect::<Result<Vec<()>, CliError>>()
        })?;
        let mut done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        done.sort_by_key(|(at, _)| *at);
        Ok(done.into_iter().map(|(_, made)| made).collect())
    }

    /// Waits until a party is shown what is wanted.
    pub(super) fn until(
        &self,
        party: Party,
        words: &[&str],
        is_so: impl Fn(&Value) -> bool,
    ) -> Result<Value, CliError> {
        match self {
            Self::Shared(shared) => shared.until(party, words, is_so),
            Self::Spread(spread) => spread.until(party, words, is_so),
        }
    }

    /// Waits until everybody has executed everything, and what was executed is attested.
    pub(super) fn level(&self) -> Result<(), CliError> {
        match self {
            Self::Shared(shared) => {
                shared.level();
                Ok(())
            }
            Self::Spread(spread) => spread.level(),
        }
    }

    /// The regulator's directory, and what opens its key.
    pub(super) fn regulator(&self) -> (PathBuf, Unlock) {
        match self {
            Self::Shared(shared) => shared.regulator(),
            Self::Spread(spread) => spread.regulator(),
        }
    }

    /// What an export is verified against.
    pub(super) fn genesis(&self) -> Result<Genesis, CliError> {
        match self {
            Self::Shared(shared) => shared.genesis(),
            Self::Spread(spread) => spread.genesis(),
        }
    }

    /// Processes and validators, if there are several.
    pub(super) fn nodes(&self) -> Value {
        match self {
            Self::Shared(_) => Value::Null,
            Self::Spread(spread) => {
                json!({ "processes": spread.processes(), "validators": spread::VALIDATORS })
            }
        }
    }

    /// Ends everybody.
    pub(super) fn close(self) -> Result<(), CliError> {
        match self {
            Self::Shared(shared) => {
                shared.close();
                Ok(())
            }
            Self::Spread(spread) => spread.close(),
        }
    }
}
