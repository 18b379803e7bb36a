//! The command line: data on standard output, prose on standard error.
//!
//! Every command makes one JSON value; `--json` prints it, otherwise a table is rendered from that same
//! value, so the two cannot differ. Errors likewise: `{code, rule, fault, definite, fix,
//! correlation_id}` on standard output with `--json`, prose on standard error always. Exit codes are
//! stable ([`error::exit_code`]).

mod access_log;
pub mod args;
pub mod asset;
pub mod attack;
pub mod audit;
pub mod backup;
pub mod baseline;
pub mod bench;
pub mod business_date;
pub mod ceremony;
pub mod channel;
pub mod completions;
pub mod config;
pub mod context;
pub mod contexts;
pub mod core_dumps;
pub mod demo;
pub mod dev;
pub mod disclose;
mod dvp;
pub mod erase;
pub mod error;
pub mod evidence;
pub mod founding;
pub mod governance;
pub mod hosting;
pub mod import;
pub mod key;
pub mod locate;
pub mod manual;
pub mod member;
pub mod memory;
pub mod netting;
pub mod node;
pub mod output;
pub mod passphrase;
pub mod policy;
pub mod progress;
pub mod receipt;
pub mod receivable;
pub mod record;
pub mod successor;
mod svg;
pub mod tag_key;
pub mod terminal;
pub mod transaction;
pub mod validators;
pub mod view_key;
mod waiting;

use std::process::ExitCode;

use args::{Args, Command};
use contexts::select::{self, NotParsed};
use error::CliError;

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    core_dumps::switch_off();
    if let Err(error) = baseline::check() {
        return output::failed(&error, false);
    }
    let args = match select::parse() {
        Ok(args) => args,
        Err(NotParsed::Usage(usage)) => return output::usage(&usage),
        Err(NotParsed::Refused(error)) => return output::failed(&error, output::is_json_asked()),
    };
    match hosting::forward(&args) {
        Ok(Some(answer)) => output::answered(&answer, args.global.json),
        Ok(None) => match run(&args) {
            Ok(value) => output::succeeded(&value, args.global.json),
            Err(error) => output::failed(&error, args.global.json),
        },
        Err(error) => output::failed(&error, args.global.json),
    }
}

/// Runs a parsed command: its JSON value, or why not.
pub fn run(args: &Args) -> Result<serde_json::Value, CliError> {
    let global = &args.global;
    match &args.command {
        Command::Dev(command) => dev::run(global, command),
        Command::Demo(options) => demo::run(global, options),
        Command::Member(command) => member::run(global, command),
        Command::Channel(command) => channel::run(global, command),
        Command::Policy(command) => policy::run(global, command),
        Command::Tx(command) => transaction::run(global, command),
        Command::Record(command) => record::run(global, command),
        Command::Asset(command) => asset::run(global, command),
        Command::Netting(command) => netting::run(global, command),
        Command::Dvp(command) => dvp::run(global, command),
        Command::Receivable(command) => receivable::run(global, command),
        Command::BusinessDate(command) => business_date::run(global, command),
        Command::TagKey(command) => tag_key::run(global, command),
        Command::Locate(options) => locate::run(global, options),
        Command::Import(command) => import::run(global, command),
        Command::Receipt(command) => receipt::run(global, command),
        Command::Disclose(command) => disclose::run(global, command),
        Command::Erase(command) => erase::run(global, command),
        Command::Viewkey(command) => view_key::run(global, command),
        Command::Audit(command) => audit::run(global, command),
        Command::Key(command) => key::run(global, command),
        Command::Consortium(command) => ceremony::run(global, command),
        Command::Validators(command) => validators::run(global, command),
        Command::Node(command) => node::run(global, command),
        Command::Config(command) => config::run(global, command),
        Command::Backup(command) => backup::run(global, command),
        Command::Attack(command) => attack::run(global, command),
        Command::Bench(command) => bench::run(global, command),
        Command::Context(command) => contexts::run(global, command),
        Command::Completions { shell } => completions::script(*shell),
        Command::CompleteNames(asked) => Ok(completions::names(asked)),
        Command::Man(page) => manual::run(page),
        Command::Version => Ok(serde_json::json!({
            "schema": "parclose.version/1",
            "version": env!("CARGO_PKG_VERSION"),
            "cpu_baseline": baseline::compiled_for(),
            "core_dumps": if core_dumps::are_off() { "off" } else { "the system does not let them be switched off" },
            "locked_memory": if parclose_crypto::locked::is_available() {
                "keys are kept out of swap"
            } else {
                "refused: raise the limit (ulimit -l), or keys may reach swap"
            },
        })),
    }
}
