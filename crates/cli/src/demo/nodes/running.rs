//! The members' nodes: started, told what to do, stopped.

use std::path::PathBuf;
use std::time::Duration;

use parclose_node::found::found_regulator;
use parclose_node::home::read_genesis;
use parclose_node::randomness::generator;
use parclose_node::{Home, Unlock};
use parclose_root::Genesis;
use serde_json::Value;

use crate::args::Global;
use crate::demo::homes::Homes;
use crate::dev::nodes::{self, Plan, folder};
use crate::dev::ports::free_ports;
use crate::dev::{ChannelPlan, Scene};
use crate::error::CliError;
use crate::hosting::{Answer, ask_node};

/// A root chain that nobody writes to ticks as often as it may, so that epochs do not take minutes.
const HEARTBEAT: Duration = Duration::from_millis(100);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(50);
/// Looks before it is given up: minutes, on a slow machine.
const LOOKS_MAX: usize = 6000;

/// A consortium of processes, which ends with this.
pub(in crate::demo) struct Running<'g> {
    global: &'g Global,
    scene: Scene,
}

/// Why a node does not do what it was told.
pub(in crate::demo) struct Refused {
    exit: u8,
    json: Value,
    prose: String,
}

impl From<Refused> for CliError {
    fn from(refused: Refused) -> Self {
        Self::verification(format!("a node refuses: {}", refused.prose)).with_details(refused.json)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        // What is still up here has been told already why it goes.
        let _ = nodes::down(self.global);
    }
}

impl<'g> Running<'g> {
    /// Makes the consortium and starts it.
    pub(in crate::demo) fn up(global: &'g Global, validators: u8, scene: Scene) -> Result<Self, CliError> {
        let port_base = free_ports(scene.members.len())?;
        let plan = Plan { validators, port_base, heartbeat: HEARTBEAT, awake_max: None, cuttable: false };
        nodes::make(global, &plan, &scene)?;
        let running = Self { global, scene };
        let genesis = running.genesis()?;
        found_regulator(&running.regulator(), &genesis, &mut generator())?;
        running.start()?;
        Ok(running)
    }

    pub(in crate::demo) fn start(&self) -> Result<(), CliError> {
        nodes::start_all(self.global)
    }

    pub(in crate::demo) fn stop(&self) -> Result<(), CliError> {
        nodes::down(self.global).map(drop)
    }

    pub(in crate::demo) fn members(&self) -> &'static [&'static str] {
        self.scene.members
    }

    /// What everybody has accepted.
    pub(in crate::demo) fn genesis(&self) -> Result<Genesis, CliError> {
        let first = self.members().first().ok_or_else(|| CliError::not_found("member"))?;
        Ok(read_genesis(&folder(self.global, first).join("genesis.json"))?)
    }

    /// A folder for files that go from one to another.
    pub(in crate::demo) fn files(&self, name: &str) -> Result<PathBuf, CliError> {
        let whole = std::path::absolute(&self.global.home).unwrap_or_else(|_| self.global.home.clone());
        let folder = whole.join(name);
        std::fs::create_dir_all(&folder).map_err(|e| CliError::file(&folder, &e))?;
        Ok(folder)
    }

    pub(in crate::demo) fn regulator(&self) -> PathBuf {
        self.global.home.join("regulator")
    }

    /// The homes of nodes that do not run.
    pub(in crate::demo) fn homes(&self) -> Result<Homes, CliError> {
        let all = self.members().iter().map(|name| Ok(Home::open(&folder(self.global, name))?));
        let regulator = self.regulator();
        let unlock = Unlock::of_home(&regulator);
        Ok(Homes::of_each(all.collect::<Result<Vec<_>, CliError>>()?, regulator, unlock))
    }

    /// Has a member's node run a command.
    pub(in crate::demo) fn ask(
        &self,
        member: &str,
        words: &[&str],
        input: Option<&str>,
    ) -> Result<Value, Refused> {
        let failed =
            |error: CliError| Refused { exit: error.exit(), json: error.to_json(), prose: error.to_prose() };
        let asked = ask_node(&folder(self.global, member), words, input.map(str::to_owned));
        match asked.map_err(failed)? {
            Answer::Value(value) => Ok(value),
            Answer::Failed { json, prose, exit } => Err(Refused { exit, json, prose }),
        }
    }

    /// Has a member's node run a command about one of its channels.
    pub(in crate::demo) fn tell(
        &self,
        (member, channel): (&str, &str),
        words: &[&str],
        input: Option<&str>,
    ) -> Result<Value, Refused> {
        self.ask(member, &[words, &["-c", channel, "--as", member]].concat(), input)
    }

    /// As [`Self::tell`], as long as the answer is that others are out of reach, or that it is too early.
    pub(in crate::demo) fn insist(
        &self,
        of: (&str, &str),
        words: &[&str],
        input: Option<&str>,
    ) -> Result<Value, CliError> {
        let mut told = self.tell(of, words, input);
        for _ in 0..LOOKS_MAX {
            match told {
                Err(Refused { exit: 5 | 7, .. }) => {
                    std::thread::sleep(PAUSE);
                    told = self.tell(of, words, input);
                }
                told => return Ok(told?),
            }
        }
        Ok(told?)
    }

    /// As [`Self::insist`], but where nobody knows whether it has happened it is not done again.
    pub(in crate::demo) fn insist_unless_open(
        &self,
        of: (&str, &str),
        words: &[&str],
    ) -> Result<Value, CliError> {
        let mut told = self.tell(of, words, None);
        for _ in 0..LOOKS_MAX {
            match told {
                Err(Refused { exit: 5 | 7, ref json, .. }) if json["definite"] == true => {
                    std::thread::sleep(PAUSE);
                    told = self.tell(of, words, None);
                }
                told => return Ok(told?),
            }
        }
        Ok(told?)
    }

    /// The rule by which a node refuses a command; `None` if it does not.
    pub(in crate::demo) fn refusal(&self, of: (&str, &str), words: &[&str]) -> Option<String> {
        let Refused { json, .. } = self.tell(of, words, None).err()?;
        Some(json["rule"].as_str().unwrap_or_default().to_owned())
    }

    /// Waits until a channel's member shows what is wanted.
    pub(in crate::demo) fn wait_until(
        &self,
        of: (&str, &str),
        words: &[&str],
        is_so: impl Fn(&Value) -> bool,
    ) -> Result<Value, CliError> {
        for _ in 0..LOOKS_MAX {
            match self.tell(of, words, None) {
                Ok(value) if is_so(&value) => return Ok(value),
                _ => std::thread::sleep(PAUSE),
            }
        }
        Err(CliError::verification(format!("the node of {} waits in vain for `{}`", of.0, words.join(" "))))
    }

    /// Waits until all members of every channel have executed the same, and nothing follows any more.
    pub(in crate::demo) fn settle(&self, channels: &[(&str, Vec<&str>)]) -> Result<(), CliError> {
        let states = || -> Vec<(Value, Value)> {
            let of = channels.iter().flat_map(|(channel, members)| {
                members.iter().map(|member| {
                    let shown =
                        self.tell((*member, *channel), &["channel", "show"], None).unwrap_or_default();
                    (shown["events"].clone(), shown["state_root"].clone())
                })
            });
            of.collect()
        };
        let is_level = |states: &[(Value, Value)]| {
            let mut rest = states;
            channels.iter().all(|(_, members)| {
                let (here, others) = rest.split_at(members.len());
                rest = others;
                here.windows(2).all(|two| two.first() == two.last())
            })
        };
        let mut before = states();
        for _ in 0..LOOKS_MAX {
            std::thread::sleep(4 * PAUSE);
            let now = states();
            if now == before && is_level(&now) {
                return Ok(());
            }
            before = now;
        }
        Err(CliError::verification("the members do not come to the same state".into()))
    }

    /// Waits until the members of every channel are level.
    pub(in crate::demo) fn settle_all(&self) -> Result<(), CliError> {
        let of = |(channel, _, members): &ChannelPlan| {
            (*channel, members.iter().map(|(member, _)| *member).collect::<Vec<_>>())
        };
        self.settle(&self.scene.channels.iter().map(of).collect::<Vec<_>>())
    }

    /// Starts one node, has it verify its channel, and stops it: the rule that is broken, if one is.
    pub(in crate::demo) fn verify_alone(&self, of: (&str, &str)) -> Result<Option<String>, CliError> {
        nodes::start_one(self.global, of.0)?;
        let verified = self.tell(of, &["channel", "verify"], None);
        nodes::stop_one(self.global, of.0)?;
        match verified {
            Ok(_) => Ok(None),
            Err(Refused { exit: 6, json, .. }) => {
                Ok(Some(json["rule"].as_str().unwrap_or_default().to_owned()))
            }
            Err(other) => Err(other.into()),
        }
    }
}
