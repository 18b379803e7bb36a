//! What a consortium survives whose nodes are on machines of their own, when the links between them fail: packets that are
//! lost, not connections that are closed. Run by `make faults-netns`, as root.

#![allow(clippy::unwrap_used, reason = "helpers of tests, which fail where they stand")]
#![allow(clippy::print_stdout, reason = "it says what ran, for how long, and what could not")]
#![allow(clippy::disallowed_methods, reason = "tests wait for processes, up to a bound")]

mod support;

use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use support::consortium::{Consortium, MEMBERS, eventually};
use support::journal::complaints;
use support::load::{Load, WRITERS};
use support::namespaces::Network;

/// Clients of each writer at a time.
const CLIENTS: usize = 4;
const SEED: u64 = 11;
/// Only scenarios are run whose names have this in them.
const CHOSEN: &str = "PARCLOSE_SCENARIO";
/// A ping among engines is sent every 5 s, and has failed after 20 s more.
const PING_FAILS_AFTER: Duration = Duration::from_secs(25);

/// What the scenarios work on.
struct Scene<'c> {
    consortium: &'c Consortium,
    load: Load<'c>,
}

/// What a scenario tells of itself: numbers that it measured, or why it did not run.
type Told = String;

/// A scenario, by its name.
type Scenario = (&'static str, fn(&Scene<'_>) -> Told);

const SCENARIOS: [Scenario; 10] = [
    ("whole links", |scene| scene.whole_links()),
    ("a validator's link goes down", |scene| scene.a_link_goes_down()),
    ("two against two", |scene| scene.two_against_two()),
    ("one way only", |scene| scene.one_way_only()),
    ("a ring", |scene| scene.a_ring()),
    ("links go down and come up by chance", |scene| scene.swizzle()),
    ("slow and lossy links", |scene| scene.slow_and_lossy()),
    ("a narrow link", |scene| scene.a_narrow_link()),
    ("a node stands still", |scene| scene.a_node_stands_still()),
    ("a node moves", |scene| scene.a_node_moves()),
];

#[test]
#[ignore = "takes minutes, and namespaces: make faults-netns"]
fn nothing_acknowledged_is_lost_or_doubled_however_links_between_machines_fail() {
    let begun = Instant::now();
    let consortium = match Consortium::on_machines() {
        Ok(consortium) => consortium,
        Err(why) => return println!("skipped: {why}"),
    };
    println!("five machines: {:.1} s", begun.elapsed().as_secs_f64());
    let scene = Scene { load: Load::of(&consortium), consortium: &consortium };
    let chosen = std::env::var(CHOSEN).unwrap_or_default();
    for (name, run) in SCENARIOS.into_iter().filter(|(name, _)| name.contains(&chosen)) {
        let begun = Instant::now();
        let told = run(&scene);
        scene.is_whole();
        println!("{name}: {told} ({:.1} s)", begun.elapsed().as_secs_f64());
    }
    scene.a_doctored_journal_is_noticed();
}

impl Scene<'_> {
    fn network(&self) -> &Network {
        self.consortium.network()
    }

    fn heights(&self) -> [u64; 5] {
        MEMBERS.map(|member| self.consortium.height(member))
    }

    /// Clients go on: so many more acknowledgements. How many a second.
    fn acknowledged(&self, more: usize) -> f64 {
        let (begun, due) = (Instant::now(), self.load.acknowledged() + more);
        eventually("clients are acknowledged", || self.load.acknowledged() >= due);
        f64::from(u32::try_from(more).unwrap()) / begun.elapsed().as_secs_f64()
    }

    /// Blocks go on everywhere.
    fn go_on(&self) {
        let least = self.heights().into_iter().max().unwrap_or_default() + 2;
        eventually("blocks go on at everybody's", || self.heights().iter().all(|height| *height >= least));
    }

    fn stands_still(&self, member: &str) {
        eventually(&format!("the head of {member} grows old"), || {
            self.consortium.check(member, "head").is_some_and(|(ok, _)| !ok)
        });
    }

    /// A member comes level with where another is now. How long it takes.
    fn catches_up(&self, member: &str, with: &str) -> f64 {
        let (begun, ahead) = (Instant::now(), self.consortium.height(with));
        eventually(&format!("{member} comes level"), || self.consortium.height(member) >= ahead);
        begun.elapsed().as_secs_f64()
    }

    /// Links are whole: everybody goes on, all have the same, and nobody has signed two things.
    fn is_whole(&self) {
        self.network().mend();
        self.go_on();
        self.load.compare();
        for (channel, supplier, bank) in WRITERS {
            for member in ["buyer", supplier, bank] {
                let found =
                    self.consortium.at(member, &["channel", "evidence", "-c", channel, "--as", member]);
                assert_eq!(found.value()["evidence"], serde_json::json!([]), "{member}: {}", found.stderr);
            }
        }
        for member in MEMBERS {
            let found = self.consortium.at(member, &["node", "evidence"]);
            assert_eq!(found.value()["offences"], serde_json::json!([]), "{member}: {}", found.stderr);
        }
    }

    /// What there is to compare with.
    fn whole_links(&self) -> Told {
        let rate = self.load.beside(CLIENTS, || self.acknowledged(25));
        format!("{rate:.0} acknowledgements/s")
    }

    /// The three others go on, and who was away comes level.
    fn a_link_goes_down(&self) -> Told {
        self.load.beside(CLIENTS, || {
            self.network().interface("supplier-b", "down");
            self.stands_still("supplier-b");
            let stood = self.consortium.height("supplier-b");
            let rate = self.acknowledged(25);
            assert_eq!(self.consortium.height("supplier-b"), stood, "it is cut off");
            self.network().mend();
            let after = self.catches_up("supplier-b", "buyer");
            self.acknowledged(10);
            format!("{rate:.0} acknowledgements/s without it; level {after:.1} s after it came back")
        })
    }

    /// Nobody has more than two thirds: nothing is ordered while it lasts, and then everything goes on.
    fn two_against_two(&self) -> Told {
        self.load.beside(CLIENTS, || {
            self.acknowledged(10);
            self.network().part(&["buyer", "supplier-a"]);
            MEMBERS.iter().for_each(|member| self.stands_still(member));
            let (stood, count, begun) = (self.heights(), self.load.acknowledged(), Instant::now());
            let rounds = Duration::from_secs(10);
            eventually("rounds pass without a block", || {
                assert_eq!(self.heights(), stood, "both sides halt");
                begun.elapsed() > rounds
            });
            assert_eq!(self.load.acknowledged(), count, "nothing is acknowledged that is not ordered");
            self.network().mend();
            let healed = Instant::now();
            self.acknowledged(10);
            format!(
                "halts at {}; 10 acknowledgements {:.1} s after",
                stood[0],
                healed.elapsed().as_secs_f64()
            )
        })
    }

    /// Who is not heard by one is heard by it through the others.
    fn one_way_only(&self) -> Told {
        self.load.beside(CLIENTS, || {
            self.network().mute("supplier-a", "buyer");
            let rate = self.acknowledged(20);
            self.go_on();
            self.network().mend();
            self.acknowledged(10);
            format!("{rate:.0} acknowledgements/s meanwhile")
        })
    }

    /// Each has two neighbours and reaches nobody else: blocks go on, for what is published is passed on. Two of a channel's
    /// three are enough for its records.
    fn a_ring(&self) -> Told {
        self.load.beside(CLIENTS, || {
            // Whoever is in a channel has the keys for its records once one was written.
            self.acknowledged(10);
            for (number, member) in MEMBERS.iter().enumerate() {
                self.network().sever(member, MEMBERS[(number + 2) % MEMBERS.len()]);
            }
            self.go_on();
            let rate = self.acknowledged(5);
            self.network().mend();
            self.acknowledged(10);
            format!("{rate:.1} acknowledgements/s meanwhile")
        })
    }

    /// Links go down one by one in one order and come up in another.
    fn swizzle(&self) -> Told {
        let (mut chance, rounds) = (ChaCha20Rng::seed_from_u64(SEED), 3);
        self.load.beside(CLIENTS, || {
            for _ in 0..rounds {
                for state in ["down", "up"] {
                    for member in shuffled(&mut chance) {
                        self.network().port(member, state);
                        self.a_while(5);
                    }
                }
                self.acknowledged(10);
            }
            format!("seed {SEED}, {rounds} rounds")
        })
    }

    /// Until so many are acknowledged, or a second has passed without.
    fn a_while(&self, more: usize) {
        let (begun, due) = (Instant::now(), self.load.acknowledged() + more);
        let second = Duration::from_secs(1);
        eventually("a second passes", || self.load.acknowledged() >= due || begun.elapsed() >= second);
    }

    /// 50 ms ± 20 one way, 2 % lost, 1 % out of order.
    fn slow_and_lossy(&self) -> Told {
        let discipline = ["netem", "delay", "50ms", "20ms", "loss", "2%", "reorder", "1%"];
        if let Err(why) = self.network().queue(&discipline) {
            return format!("not run: the kernel has no netem: {why}");
        }
        self.load.beside(CLIENTS, || {
            let rate = self.acknowledged(25);
            self.go_on();
            format!("{rate:.1} acknowledgements/s")
        })
    }

    /// 1 Mbit/s to everybody: records are written, and who was away comes level through it.
    fn a_narrow_link(&self) -> Told {
        let discipline = ["tbf", "rate", "1mbit", "burst", "32kbit", "latency", "400ms"];
        if let Err(why) = self.network().queue(&discipline) {
            return format!("not run: the kernel has no tbf: {why}");
        }
        self.load.beside(CLIENTS, || {
            self.network().port("supplier-b", "down");
            self.stands_still("supplier-b");
            let rate = self.acknowledged(25);
            self.network().port("supplier-b", "up");
            let after = self.catches_up("supplier-b", "buyer");
            self.go_on();
            format!("{rate:.1} acknowledgements/s; level {after:.1} s after it came back")
        })
    }

    /// Its connections stay open, and nobody answers: the others go on.
    fn a_node_stands_still(&self) -> Told {
        self.load.beside(CLIENTS, || {
            self.consortium.signal("bank-1", "-STOP");
            let (begun, height) = (Instant::now(), self.consortium.height("buyer"));
            let rate = self.acknowledged(20);
            eventually("pings have failed", || begun.elapsed() > PING_FAILS_AFTER);
            assert!(self.consortium.height("buyer") > height, "three go on");
            self.consortium.signal("bank-1", "-CONT");
            let after = self.catches_up("bank-1", "buyer");
            self.acknowledged(10);
            format!("{rate:.0} acknowledgements/s without it; level {after:.1} s after it goes on")
        })
    }

    /// A validator goes without a farewell and comes back at another address, while the others hold on to connections that
    /// nobody answers. It calls them and votes (CON-27); once they have its card they call it.
    fn a_node_moves(&self) -> Told {
        let (member, address) = ("supplier-b", "10.77.0.103");
        self.network().port(member, "down");
        assert_eq!(self.consortium.dev(&["kill", member]).code, 0);
        self.network().readdress(member, address);
        self.network().port(member, "up");
        let card = self.consortium.card(member, address);
        self.consortium.start(member, address);
        let level = self.catches_up(member, "buyer");
        // Three of four: nothing is decided without it.
        assert_eq!(self.consortium.dev(&["kill", "bank-1"]).code, 0);
        let begun = Instant::now();
        let least = self.consortium.height("buyer") + 3;
        eventually("the one that has moved votes", || self.consortium.height("buyer") >= least);
        let votes = begun.elapsed().as_secs_f64();
        for other in MEMBERS.into_iter().filter(|other| *other != member) {
            assert_eq!(self.consortium.dev(&["kill", other]).code, 0);
            self.consortium.admit(other, &card);
            self.consortium.start(other, &self.network().address(other));
        }
        for member in MEMBERS {
            eventually(&format!("{member} reaches everybody"), || {
                let peers = self.consortium.check(member, "peers");
                peers.is_some_and(|(_, reason)| reason == "5 of 5 reached")
            });
        }
        self.load.beside(CLIENTS, || self.acknowledged(10));
        format!("level {level:.1} s after it came back; {votes:.1} s for three heights that need its votes")
    }

    /// The comparison after each scenario can fail: an acknowledgement that is nowhere is noticed.
    fn a_doctored_journal_is_noticed(&self) {
        let (journal, written) = (self.load.text(), self.load.written());
        assert_eq!(complaints(&journal, &written), Vec::<String>::new());
        let longer = format!("{journal}acknowledged INV-NEVER\n");
        assert_eq!(complaints(&longer, &written), ["INV-NEVER was acknowledged and is lost"]);
        let first = journal.lines().find(|line| line.starts_with("acknowledged")).unwrap();
        let refused = journal.replacen(first, &first.replace("acknowledged", "refused"), 1);
        assert_eq!(complaints(&refused, &written).len(), 1, "{first}");
    }
}

/// All members in an order by chance.
fn shuffled(chance: &mut ChaCha20Rng) -> Vec<&'static str> {
    let mut left = MEMBERS.to_vec();
    let mut order = Vec::new();
    while !left.is_empty() {
        let next = chance.next_u64() % u64::try_from(left.len()).unwrap();
        order.push(left.remove(usize::try_from(next).unwrap()));
    }
    order
}
