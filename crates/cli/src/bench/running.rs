//! The consortium that is measured: four validators, two of which write; a fifth node that follows.

use std::time::Duration;

use parclose_transaction::DefinitionTexts;
use serde_json::Value;

use crate::args::Global;
use crate::dev::MEMBERS;
use crate::dev::nodes::{self, Plan, folder};
use crate::dev::ports::free_ports;
use crate::error::CliError;
use crate::hosting::{Answer, ask_node};

/// Who writes, each to the other.
pub(super) const WRITERS: [&str; 2] = ["buyer", "supplier-a"];
/// Who votes, and has no channel but the one of those that catch up.
const VALIDATORS: [&str; 2] = ["supplier-b", "bank-1"];
/// Who follows, and is away for a while.
pub(super) const AWAY: &str = "bank-2";
/// The channel of two writers, of one writer with the one that is away, and of many.
pub(super) const PAIR: &str = "pair";
pub(super) const TRIO: &str = "trio";

/// A root chain that nobody writes to: as `dev up` has it.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);
/// Looks before it is given up.
const LOOKS_MAX: usize = 15_000;

/// The nodes, which end with this.
pub(super) struct Running<'g> {
    global: &'g Global,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        // What is still up here has been told already why it goes.
        let _ = nodes::down(self.global);
    }
}

impl<'g> Running<'g> {
    /// Founds everything, starts it, and has every audience dealt that is written for.
    pub(super) fn up(global: &'g Global, many: &[String]) -> Result<Self, CliError> {
        let most = u16::try_from(many.len()).unwrap_or(u16::MAX).saturating_add(16);
        let plan = Plan {
            validators: 4,
            port_base: free_ports(MEMBERS.len())?,
            heartbeat: HEARTBEAT,
            awake_max: Some(most),
            cuttable: false,
        };
        let network = nodes::make_homes(global, &plan, MEMBERS)?;
        let (texts, running) = (texts(), Self { global });
        let pair = WRITERS.map(|name| (name, "member"));
        let trio = [WRITERS[0], VALIDATORS[1], AWAY].map(|name| (name, "member"));
        nodes::found(global, network, (TRIO, &trio), &texts)?;
        for channel in many.iter().map(String::as_str).chain([PAIR]) {
            nodes::found(global, network, (channel, &pair), &texts)?;
        }
        nodes::start_all(global)?;
        for [writer, counterparty] in [WRITERS, [WRITERS[1], WRITERS[0]]] {
            for channels in [&[PAIR.to_owned()][..], many].into_iter().filter(|channels| !channels.is_empty())
            {
                running.load(writer, counterparty, channels, &["--writes", &channels.len().to_string()])?;
            }
        }
        running.load(WRITERS[0], AWAY, &[TRIO.to_owned()], &["--writes", "1"])?;
        Ok(running)
    }

    /// Those that run while two write.
    pub(super) fn measured() -> Vec<&'static str> {
        WRITERS.into_iter().chain(VALIDATORS).collect()
    }

    pub(super) fn stop(&self, name: &str) -> Result<(), CliError> {
        nodes::stop_one(self.global, name)
    }

    pub(super) fn start(&self, name: &str) -> Result<(), CliError> {
        nodes::start_one(self.global, name)
    }

    /// Has a node write.
    pub(super) fn load(
        &self,
        writer: &str,
        counterparty: &str,
        channels: &[String],
        more: &[&str],
    ) -> Result<Value, CliError> {
        let channels = channels.join(",");
        let words =
            ["bench", "load", "--as", writer, "--counterparty", counterparty, "--channels", &channels];
        self.tell(writer, &[&words, more].concat())
    }

    /// What a node has used since it was started.
    pub(super) fn usage(&self, name: &str) -> Result<Value, CliError> {
        self.tell(name, &["bench", "usage"])
    }

    /// The event that a member executes next in a channel.
    pub(super) fn next_event(&self, name: &str, channel: &str) -> Result<u64, CliError> {
        let shown = self.tell(name, &["channel", "show", "-c", channel, "--as", name])?;
        shown["events"].as_u64().ok_or_else(|| CliError::verification("a channel without events".into()))
    }

    /// The last final height of the root chain, as the first writer knows it.
    pub(super) fn height(&self) -> Result<u64, CliError> {
        let shown = self.tell(WRITERS[0], &["channel", "show", "-c", PAIR, "--as", WRITERS[0]])?;
        shown["root_height"].as_u64().ok_or_else(|| CliError::verification("a chain without heights".into()))
    }

    /// Waits until a member has executed what another has; how often it looks, it says where it is.
    pub(super) fn wait_for(
        &self,
        name: &str,
        channel: &str,
        events: u64,
        mut look: impl FnMut(u64),
    ) -> Result<(), CliError> {
        for _ in 0..LOOKS_MAX {
            let next = self.next_event(name, channel)?;
            look(next);
            if next >= events {
                return Ok(());
            }
            std::thread::sleep(PAUSE);
        }
        Err(CliError::verification(format!("`{name}` does not catch up")))
    }

    fn tell(&self, name: &str, words: &[&str]) -> Result<Value, CliError> {
        match ask_node(&folder(self.global, name), words, None)? {
            Answer::Value(value) => Ok(value),
            Answer::Failed { json, prose, .. } => {
                Err(CliError::verification(format!("a node refuses: {prose}")).with_details(json))
            }
        }
    }
}

fn texts() -> DefinitionTexts {
    DefinitionTexts {
        channel_toml: include_str!("statements.toml").into(),
        policy: include_str!("../../../../channels/bilateral/policy.cedar").into(),
        policy_schema: include_str!("../../../../channels/bilateral/policy.cedarschema").into(),
    }
}
