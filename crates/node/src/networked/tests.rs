//! Nodes of their own, on real sockets: each has its own home, database, keys, engine and network.

#![allow(clippy::disallowed_methods, reason = "tests wait for nodes, up to a bound")]

use std::collections::BTreeMap;
use std::time::Instant;

use parclose_channel::Verdict;
use parclose_consensus::RootChain;
use parclose_documents::Lei;
use parclose_transaction::{Act, Change, Definition, Motion};
use parclose_types::{Failure, Height, MemberId, Sequence};

use self::ports::free_ports;
use super::*;
use crate::ceremony::{Draft, Joining, accept, conclude, join_for_development};
use crate::config::{Sources, resolve};
use crate::consortium::tests::{ROOM, TEMPLATE, statement_of};
use crate::found::{Party, found_channel, read_template};
use crate::founding;
use crate::joining::Invitation;
use crate::submission::{Outcome, SubmitError};

mod lying;
#[path = "../../../../tests/tests/support/ports.rs"]
mod ports;

const LONG: Duration = Duration::from_secs(120);

fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < LONG, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn pair(ports: std::ops::Range<u16>) -> [u16; 2] {
    [ports.start, ports.start + 1]
}

/// Members with their homes; each of them runs or does not.
struct Nodes {
    folder: tempfile::TempDir,
    ports: BTreeMap<&'static str, [u16; 2]>,
    running: BTreeMap<&'static str, Networked>,
}

impl Nodes {
    /// The ceremony: everybody makes its own keys; then a channel among some, founded and not opened yet.
    fn new(members: &[&'static str], in_channel: &[&str]) -> Self {
        Self::changed(members, in_channel, &str::to_owned)
    }

    /// The same, with a channel by a definition that is changed first.
    fn changed(members: &[&'static str], in_channel: &[&str], change: &dyn Fn(&str) -> String) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ports = members.iter().map(|member| (*member, pair(free_ports(2)))).collect();
        let nodes = Self { folder, ports, running: BTreeMap::new() };
        let address = |port: u16| format!("/ip4/127.0.0.1/tcp/{port}").parse().unwrap();
        let card = |(number, member): (usize, &&'static str)| {
            let [consensus, exchange] = nodes.ports[*member].map(address);
            let lei = Lei::make(&format!("PCLD00{number:012}")).unwrap().as_str().to_owned();
            let member = (*member).to_owned();
            let joining = Joining { member, lei, validator: true, consensus, exchange };
            join_for_development(&nodes.home(&joining.member), &joining, &mut generator()).unwrap()
        };
        let cards = members.iter().enumerate().map(card).collect();
        let concluded = conclude(&Draft::new("consortium", &mut generator()), cards).unwrap();
        for member in members {
            let home = Home::open(&nodes.home(member)).unwrap();
            accept(&home, &concluded.genesis, &concluded.book).unwrap();
        }
        if !in_channel.is_empty() {
            nodes.found(&concluded.genesis, in_channel, change);
        }
        nodes
    }

    fn home(&self, member: &str) -> std::path::PathBuf {
        self.folder.path().join(member)
    }

    fn found(&self, genesis: &Genesis, members: &[&str], change: &dyn Fn(&str) -> String) {
        let mut texts = read_template(Path::new(TEMPLATE)).unwrap();
        texts.channel_toml = change(&texts.channel_toml);
        let definition = Definition::parse("channel.toml", &texts.channel_toml).unwrap();
        let party = |name: &&str| {
            let directory = Home::open(&self.home(name)).unwrap().member_directory(name).unwrap();
            Party { directory, name: (*name).into(), roles: vec!["member".into()] }
        };
        let parties: Vec<Party> = members.iter().map(party).collect();
        let cache = crate::shared_cache(8 << 20);
        let network = genesis.network();
        let (open, _) = found_channel(ROOM, network, texts, &definition, &parties, &cache).unwrap();
        for party in &parties {
            party.directory.keep_opening(&party.directory.channel(ROOM).unwrap(), &open).unwrap();
        }
    }

    fn start(&mut self, member: &'static str) {
        let path = self.home(member);
        let [consensus, exchange] = self.ports[member];
        let listen = |port: u16| format!("/ip4/127.0.0.1/tcp/{port}");
        let options = [
            ("consensus.listen", listen(consensus)),
            ("exchange.listen", listen(exchange)),
            ("consensus.heartbeat_ms", "300".into()),
        ];
        let options = options.map(|(name, value)| (name.to_owned(), value)).to_vec();
        let settings = resolve(&Sources { options, ..Sources::default() }).unwrap();
        let config = NodeConfig::of(&settings, &path);
        let node = Networked::open(Home::open(&path).unwrap(), &config).unwrap();
        self.running.insert(member, node);
    }

    fn stop(&mut self, member: &str) {
        self.running.remove(member).unwrap().stop();
    }

    fn id_of(&self, member: &str) -> MemberId {
        self.running[member].room(ROOM).unwrap().call(|channel| channel.own_id()).unwrap()
    }

    /// Has one member state something to another, as often as it takes until the two have met.
    fn state(&self, record: u8, from: &str, to: MemberId) -> Outcome {
        let room = self.running[from].room(ROOM).unwrap();
        let begun = Instant::now();
        loop {
            match room.submit_and_wait(statement_of(record, [room.call(|c| c.own_id()).unwrap(), to])) {
                Ok(outcome) => return outcome,
                // Nobody has been met yet: nothing was ordered, and it is tried again.
                Err(SubmitError::NotEndorsed { rule }) if rule == "NOD-09" => {
                    assert!(begun.elapsed() < LONG, "{from} meets nobody");
                    std::thread::sleep(Duration::from_millis(50));
                }
                Err(other) => panic!("{from} states {record}: {other} ({})", other.rule()),
            }
        }
    }

    /// Events and state root, as a member has executed them.
    fn executed(&self, member: &str) -> (u64, parclose_types::StateRoot) {
        let head = |channel: &mut parclose_channel::Channel| channel.head().map(|h| (h.next.0, h.root));
        let found = self.running[member].room(ROOM).unwrap().call(head).unwrap();
        found.unwrap_or((0, parclose_types::StateRoot([0; 32])))
    }

    /// Everybody of the channel who runs comes to the same state.
    fn agree(&self, members: &[&str]) {
        eventually("all members have executed the same", || {
            let states: Vec<_> = members.iter().map(|member| self.executed(member)).collect();
            states.windows(2).all(|two| two[0] == two[1])
        });
    }

    fn is_open(&self, member: &str) -> bool {
        self.executed(member).0 > 0
    }
}

#[test]
fn who_is_voted_in_gets_the_channel_over_the_network_while_its_node_runs() {
    let names = ["ann", "bob", "cat"];
    let mut nodes = Nodes::new(&["ann", "bob", "cat", "dan"], &names);
    ["ann", "bob", "cat", "dan"].iter().for_each(|name| nodes.start(name));
    nodes.state(1, "ann", nodes.id_of("bob"));
    let room = |name: &str| nodes.running[name].room(ROOM).unwrap();
    let invitation = room("ann").call(|channel| Invitation::to(ROOM, channel)).unwrap();
    let dan = nodes.running["dan"].consortium();
    let card = dan.accept("dan", &invitation, &["member".into()]).unwrap();
    assert!(nodes.running["dan"].room(ROOM).is_err(), "nobody has voted");
    eventually("everybody has published a key for the next generation", || {
        room("ann").call(|channel| channel.governance().published().len()) == Some(3)
    });
    let changes = vec![Change::Join(card.entry().unwrap())];
    let moved = room("ann").act_and_wait(Act::Move(Motion { changes, blinder: [3; 32] })).unwrap();
    let motion = moved.transaction;
    eventually("bob has heard of it", || {
        room("bob").call(move |channel| channel.motion(&motion)).unwrap().unwrap().is_some()
    });
    let vote = Act::Vote { motion, approve: true };
    assert_eq!(room("bob").act_and_wait(vote).unwrap().verdict, Verdict::Applied);
    eventually("dan has its room", || nodes.running["dan"].room(ROOM).is_ok());
    nodes.agree(&["ann", "bob", "cat", "dan"]);
    // It takes part: without two of the others its signature is needed.
    nodes.state(2, "dan", nodes.id_of("ann"));
    nodes.stop("cat");
    nodes.state(3, "bob", nodes.id_of("dan"));
    nodes.agree(&["ann", "bob", "dan"]);
}

#[test]
fn members_whose_nodes_run_found_a_channel_and_write_in_it() {
    let names = ["ann", "bob", "cat"];
    let mut nodes = Nodes::new(&names, &[]);
    names.iter().for_each(|name| nodes.start(name));
    let of = |name: &str| nodes.running[name].consortium();
    let founders: Vec<_> = names.iter().map(|name| ((*name).to_owned(), vec!["member".to_owned()])).collect();
    let texts = read_template(Path::new(TEMPLATE)).unwrap();
    let draft = founding::draft(&nodes.home("bob"), ROOM, texts, &founders).unwrap();
    let enter = |name: &&str| {
        let consortium = of(name);
        founding::enter(consortium.home(), name, &draft, consortium.cache()).unwrap()
    };
    let parts: Vec<_> = names.iter().map(enter).collect();
    let sign = |name: &&str| of(name).sign_founding(name, ROOM, &parts).unwrap().signature;
    let signatures = founding::Signatures::from(names.iter().map(sign).collect::<Vec<_>>());
    assert!(of("cat").open_founded("cat", ROOM, &signatures).unwrap());
    assert!(!of("cat").open_founded("cat", ROOM, &signatures).unwrap(), "it is open");
    let outcome = nodes.state(1, "ann", nodes.id_of("bob"));
    assert_eq!(outcome.verdict, Verdict::Applied);
    nodes.agree(&names);
    // What was kept for the founding is not needed any more, and nobody looks for it after a start.
    nodes.stop("ann");
    nodes.start("ann");
    nodes.agree(&names);
    let kept = |file: &str| nodes.home("ann").join("members/ann/channels").join(ROOM).join(file).exists();
    assert!(kept("channel.json") && !kept("founding.json") && !kept("opening"));
}

#[test]
fn four_nodes_share_a_channel_of_three_over_the_network() {
    let mut nodes = Nodes::new(&["ann", "bob", "cyd", "dan"], &["ann", "bob", "cyd"]);
    for member in ["ann", "bob", "cyd", "dan"] {
        nodes.start(member);
    }
    eventually("the channel is opened by whoever is first", || {
        ["ann", "bob", "cyd"].iter().all(|member| nodes.is_open(member))
    });
    let (ann, bob) = (nodes.id_of("ann"), nodes.id_of("bob"));
    assert_eq!(nodes.state(1, "ann", bob).verdict, Verdict::Applied);
    assert_eq!(nodes.state(2, "bob", ann).verdict, Verdict::Applied);
    nodes.agree(&["ann", "bob", "cyd"]);
    // Who is no member has its validator's part of the chain, and no channel.
    assert!(nodes.running["dan"].room(ROOM).is_err());
    assert!(!nodes.home("dan").join("members/dan/channels").join(ROOM).exists());
    let tag = nodes.running["ann"].room(ROOM).unwrap().call(|channel| channel.tag()).unwrap();
    eventually("every validator has the channel's events", || {
        nodes.running["dan"].root().events(&tag, Sequence(0), 100).unwrap().len() >= 3
    });
    // Receipts hold against the genesis alone, whoever hands them out.
    let genesis = nodes.running["dan"].root().genesis().clone();
    let proof = nodes.running["dan"].root().prove(&tag, Sequence(1)).unwrap().unwrap();
    assert!(proof.verify(&genesis).is_ok());
    assert!(proof.certificate.signatures.len() >= 3, "more than two thirds of four have signed");
    let report = nodes.running["ann"].status().report();
    assert_eq!((report.validators.reached, report.validators.known, report.stopped), (4, 4, None));
}

#[test]
fn a_channel_goes_on_with_two_of_three_and_the_third_catches_up() {
    let mut nodes = Nodes::new(&["ann", "bob", "cyd", "dan"], &["ann", "bob", "cyd"]);
    for member in ["ann", "bob", "cyd", "dan"] {
        nodes.start(member);
    }
    eventually("the channel is open", || ["ann", "bob", "cyd"].iter().all(|member| nodes.is_open(member)));
    let (ann, bob) = (nodes.id_of("ann"), nodes.id_of("bob"));
    nodes.state(1, "ann", bob);
    nodes.agree(&["ann", "bob", "cyd"]);
    nodes.stop("cyd");
    for record in 2..6 {
        assert_eq!(nodes.state(record, "ann", bob).verdict, Verdict::Applied);
    }
    let executed = nodes.executed("ann").0;
    nodes.start("cyd");
    eventually("the third has what it missed", || nodes.executed("cyd").0 >= executed);
    nodes.agree(&["ann", "bob", "cyd"]);
    // Everybody stops and starts: what was acknowledged is there once.
    for member in ["ann", "bob", "cyd", "dan"] {
        nodes.stop(member);
    }
    for member in ["dan", "cyd", "bob", "ann"] {
        nodes.start(member);
    }
    assert!(nodes.executed("bob").0 >= executed);
    assert_eq!(nodes.state(9, "bob", ann).verdict, Verdict::Applied);
    nodes.agree(&["ann", "bob", "cyd"]);
}

#[test]
fn members_that_are_cut_off_from_each_other_go_on_when_they_meet_again() {
    let mut nodes = Nodes::new(&["ann", "bob"], &["ann", "bob"]);
    nodes.start("ann");
    nodes.start("bob");
    eventually("the channel is open", || nodes.is_open("ann") && nodes.is_open("bob"));
    let bob = nodes.id_of("bob");
    nodes.state(1, "ann", bob);
    nodes.running["ann"].network().block("bob", true);
    eventually("they are parted", || nodes.running["ann"].network().connected().is_empty());
    let room = nodes.running["ann"].room(ROOM).unwrap();
    let refused =
        room.submit_and_wait(statement_of(2, [room.call(|c| c.own_id()).unwrap(), bob])).unwrap_err();
    assert!(matches!(refused, SubmitError::NotEndorsed { rule } if rule == "NOD-09"));
    nodes.running["ann"].network().block("bob", false);
    assert_eq!(nodes.state(2, "ann", bob).verdict, Verdict::Applied);
    nodes.agree(&["ann", "bob"]);
    assert!(nodes.running["ann"].root().head() > Height(0));
}
