//! The leak oracle over real processes: five nodes of the real program, and what a machine shows of each of them.
//!
//! Their logs at the level `trace`, their pages, command lines and environments, their memory and a core file of a node
//! that belongs to no audience, and all their files: while they run, after `kill -9`, and after they were started again.

mod memory;
mod nodes;
mod plant;

use std::path::{Path, PathBuf};

use parclose_cli::dev::MEMBERS;
use parclose_findings::{Budget, Item};
use serde_json::{Value as Json, json};

use crate::canary::{Canaries, Value};
use crate::content::{Secrets, TRADES, receivable, register_receivable, register_statement, statement};
use crate::pages::see_pages;
use crate::random::rng;
use crate::search::{Search, Watch};
use crate::surface::{Holder, Piece, See, Surface, see_files};
use crate::{Failed, add, run};
use nodes::Nodes;

/// Receivables of each trade channel, and statements between the banks.
const RECORDS: usize = 16;

const SURFACES: [&str; 6] = [
    "bytes of answers",
    "bytes of command lines and environments",
    "bytes of files",
    "bytes of logs",
    "bytes of memory",
    "bytes of pages",
];

/// Runs the suite with the program that was built beside this one; not run, with the reason, if there is none.
pub fn leak_oracle_of_processes(budget: &Budget) -> Item {
    match program() {
        Some(program) => leak_oracle_of(budget, &program),
        None => {
            let mut item = empty();
            item.reached.clear();
            item.injected.clear();
            item.not_run("all of it", "the program `parclose` was not built beside this one");
            item
        }
    }
}

/// The program `parclose` in the folder of this one, or the one above.
fn program() -> Option<PathBuf> {
    let own = std::env::current_exe().ok()?;
    own.ancestors().skip(1).take(2).map(|folder| folder.join("parclose")).find(|path| path.is_file())
}

fn empty() -> Item {
    let mut item = Item::new(
        "leak-oracle-processes",
        "nothing that a machine shows of a node holds a value that the node's member may not know",
        "parclose-review leaks-processes",
    );
    item.must_reach(&SURFACES);
    item.must_reach(&["canaries", "nodes", "canaries at home"]);
    item.must_inject(&["kill -9", "restart"]);
    item
}

/// Runs the suite with a program.
pub fn leak_oracle_of(budget: &Budget, program: &Path) -> Item {
    run(empty(), budget, |item, seed| oracle(item, seed, program))
}

fn oracle(item: &mut Item, seed: u64, program: &Path) -> Result<(), Failed> {
    let nodes = Nodes::up(program)?;
    nodes.each_logs_all()?;
    let mut canaries = Canaries::default();
    write(&nodes, &mut canaries, seed)?;
    add(item, "canaries", canaries.counts().values().sum::<u64>());
    let search = Search::new(canaries);
    let mut watch = Watch::new(&search, &item.replay);
    see_all(item, &nodes, &mut |piece| watch.look(&piece))?;
    see_memory(item, &nodes, &mut |piece| watch.look(&piece))?;
    see_core(item, &nodes, &mut |piece| watch.look(&piece))?;
    plant::controls(item, &nodes, &search)?;
    for member in MEMBERS {
        nodes.kill(member)?;
        item.inject("kill -9");
    }
    nodes.see_files(&mut |piece| watch.look(&piece))?;
    nodes.again()?;
    item.inject("restart");
    see_all(item, &nodes, &mut |piece| watch.look(&piece))?;
    add(item, "canaries at home", watch.at_home());
    watch.report(item);
    item.executions = SURFACES.iter().filter_map(|surface| item.reached.get(*surface)).sum();
    Ok(())
}

/// Every surface of every node but its memory.
fn see_all(item: &mut Item, nodes: &Nodes, see: &mut See<'_>) -> Result<(), Failed> {
    nodes.see_files(see)?;
    for member in MEMBERS {
        let node = nodes.running(member)?;
        item.reach("nodes");
        see_pages(node.admin, see)?;
        see_process(node.pid, member, see)?;
    }
    for trade in &TRADES {
        for member in ["buyer", trade.supplier, trade.bank] {
            let told = nodes
                .at(member, &["record", "list", "-c", trade.channel, "--as", member, "--limit", "500"])?;
            let holder = Holder::Member(member.into());
            let place = format!("{member} lists records of {}", trade.channel);
            see(Piece { surface: Surface::Answers, holder: &holder, place: &place, bytes: told.as_bytes() });
        }
    }
    Ok(())
}

/// The memory of every node, which has worked for all of its member's channels by now.
fn see_memory(item: &mut Item, nodes: &Nodes, see: &mut See<'_>) -> Result<(), Failed> {
    for member in MEMBERS {
        if let Err(why) = memory::see(nodes.running(member)?.pid, member, see) {
            item.not_run("memory of running nodes", format!("it cannot be read here: {why}"));
            item.reached.remove("bytes of memory");
        }
    }
    Ok(())
}

/// What the system shows of a process to everybody, or to its user.
fn see_process(pid: u32, member: &str, see: &mut See<'_>) -> Result<(), Failed> {
    for part in ["cmdline", "environ", "comm", "status", "maps"] {
        let path = format!("/proc/{pid}/{part}");
        let bytes = std::fs::read(&path)?;
        let place = format!("{part} of the node of {member}");
        see(Piece { surface: Surface::Processes, holder: &Holder::Anybody, place: &place, bytes: &bytes });
    }
    Ok(())
}

/// A core file of a node that belongs to one trade channel only: whoever debugs a crash passes it on.
fn see_core(item: &mut Item, nodes: &Nodes, see: &mut See<'_>) -> Result<(), Failed> {
    let member = "supplier-b";
    let node = nodes.running(member)?;
    match memory::core_file(node.pid, nodes.folder())? {
        Ok(bytes) => {
            item.reach("core files");
            let holder = Holder::Member(member.into());
            see(Piece { surface: Surface::Memory, holder: &holder, place: "a core file", bytes: &bytes });
        }
        Err(why) => item.not_run("a core file", format!("memory was read instead: {why}")),
    }
    Ok(())
}

fn amount(minor: u64) -> Json {
    json!({ "amount_minor": minor.to_string(), "currency": "GBP" })
}

fn fields(secrets: &Secrets) -> Json {
    let mut fields = serde_json::Map::new();
    for (field, value) in secrets {
        let json = match value {
            Value::Text(text) if *field == "lines" => json!([{ "description": text, "quantity": 3 }]),
            Value::Text(text) => json!(text),
            Value::Amount(minor) => amount(*minor),
            Value::Key(_) => continue,
        };
        fields.insert((*field).to_owned(), json);
    }
    fields.into()
}

fn write(nodes: &Nodes, canaries: &mut Canaries, seed: u64) -> Result<(), Failed> {
    let mut rng = rng(seed, "processes");
    for trade in &TRADES {
        for _ in 0..RECORDS {
            let secrets = receivable(&mut rng);
            register_receivable(canaries, trade, &secrets);
            let mut fields = fields(&secrets);
            fields["due_date"] = json!("2031-09-30");
            let parties = json!({ "buyer": "buyer", "supplier": trade.supplier, "bank": trade.bank });
            let draft =
                json!({ "action": "create", "type": "receivable", "parties": parties, "fields": fields });
            nodes.submit(trade.channel, trade.supplier, &draft)?;
        }
    }
    for _ in 0..RECORDS {
        let secrets = statement(&mut rng);
        register_statement(canaries, &secrets);
        let mut fields = fields(&secrets);
        fields["documents"] = json!(12);
        let parties = json!({ "preparer": "bank-1", "counterparty": "bank-2" });
        let draft = json!({ "action": "create", "type": "statement", "parties": parties, "fields": fields });
        nodes.submit("banks", "bank-1", &draft)?;
    }
    Ok(())
}

/// All files of the nodes: what they log is of a class of its own.
impl Nodes {
    fn see_files(&self, see: &mut See<'_>) -> Result<(), Failed> {
        Ok(see_files(self.homes().as_path(), Surface::Files, &mut |piece| {
            let surface = if piece.place.ends_with("node.log") { Surface::Logs } else { piece.surface };
            see(Piece { surface, ..piece });
        })?)
    }
}
