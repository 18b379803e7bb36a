//! F08: no key and nonce are used twice, whatever a node goes through: crashes, restored copies, clones, writers in turn.
//!
//! A sealing derives key, nonce and key commitment at once (SEA-02), so two sealings have a key and nonce in common
//! exactly if they have the commitment in common. That is what is counted. A node's state is what a copy of its disk
//! holds; the system's randomness is not in it.
//!
//! Nothing here is concurrent: writers take turns, and a crash comes between two writes. That each start of a process has fresh
//! randomness is what this model supposes; that a node which was put back has it is tested on real stores
//! (`a_store_that_was_put_back_repeats_no_key_of_its_other_history` in `parclose-node`, `consortium/tests/restoring.rs`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use parclose_channel::at_rest::AtRest;
use parclose_crypto::hash;
use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_keys::audience::hazmat::audience_from_bytes;
use parclose_store::RowCipher;
use parclose_transaction::draft::Desk;
use parclose_transaction::{Definition, Draft, DraftOperation, FieldValue, KeyRing};
use parclose_types::{Epoch, Height, RecordId};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::{Answer, Control, Suite};
use crate::reach::Point;
use crate::script::Script;
use crate::world::{CHANNEL_TOML, WORLD};

static DRAFT: Point = Point::returns("Draft::seal");
static ROW: Point = Point::returns("AtRest::seal");
static CRASH: Point = Point::fault("crash");
static RESTORE: Point = Point::fault("restored copy");
static CLONE: Point = Point::fault("clone");

/// The suite.
pub const SUITE: Suite = Suite {
    id: "F08",
    name: "f08_single_use",
    holds: "over writes in turn, crashes, restored copies and clones no two sealings have a key and nonce in common, and each opens",
    reach: || vec![&DRAFT, &ROW, &CRASH, &RESTORE, &CLONE],
    run,
    controls: &[
        Control { name: "randomness that is restored with the state", run: restored },
        Control { name: "salts that count up from the state", run: counted },
    ],
    script_bytes: 96,
};

const OPERATIONS_MAX: usize = 24;
const ROWS: u8 = 3;

static DEFINITION: LazyLock<Definition> =
    LazyLock::new(|| Definition::parse("channel.toml", CHANNEL_TOML).expect("a shipped template"));

/// The secret of the two members, in a ring as each of them holds it.
static KEYS: LazyLock<KeyRing> = LazyLock::new(|| {
    let config = &WORLD.setup.config;
    let mut keys = KeyRing::new(config.channel);
    keys.insert(config.generation, config.audience_of(&config.pseudonyms()), audience_from_bytes([0x08; 32]));
    keys
});

/// Where a process gets its generator from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Randomness {
    /// the system: afresh for every start of a process
    System,
    /// the state, so that a restored copy goes on as the original did
    State,
    /// a number in the state
    Counter,
}

/// What a copy of a node's disk holds.
#[derive(Clone)]
struct Disk {
    rows: BTreeMap<u8, Vec<u8>>,
    writes: u64,
    generator: ChaCha20Rng,
}

/// A running node.
struct Node {
    disk: Disk,
    generator: ChaCha20Rng,
}

/// Everything that was ever sealed, by its key commitment.
#[derive(Default)]
struct Sealings(BTreeSet<[u8; 32]>);

impl Sealings {
    fn add(&mut self, commitment: [u8; 32]) {
        assert!(self.0.insert(commitment), "a key and a nonce are used twice");
    }
}

/// One scenario: writes of one or two nodes with one key, and what happens to them.
pub fn run(bytes: &[u8]) -> Answer {
    hold(bytes, Randomness::System)
}

fn restored(bytes: &[u8]) -> Answer {
    hold(bytes, Randomness::State)
}

fn counted(bytes: &[u8]) -> Answer {
    hold(bytes, Randomness::Counter)
}

fn hold(bytes: &[u8], randomness: Randomness) -> Answer {
    let mut script = Script::new(bytes);
    let (mut starts, mut sealings) = (0_u64, Sealings::default());
    let empty = Disk { rows: BTreeMap::new(), writes: 0, generator: seeded(u64::MAX) };
    let mut nodes = vec![start(empty.clone(), randomness, &mut starts)];
    let mut copies = vec![empty];
    let mut faults = false;
    for _ in 0..1 + script.below(OPERATIONS_MAX) {
        let at = script.below(nodes.len());
        match script.below(8) {
            0 => {
                let disk = nodes[at].disk.clone();
                nodes[at] = CRASH.call(|| start(disk, randomness, &mut starts));
                faults = true;
            }
            1 => copies.push(nodes[at].disk.clone()),
            2 => {
                let disk = script.pick(&copies).clone();
                nodes[at] = RESTORE.call(|| start(disk, randomness, &mut starts));
                faults = true;
            }
            3 if nodes.len() < 3 => {
                let disk = nodes[at].disk.clone();
                nodes.push(CLONE.call(|| start(disk, randomness, &mut starts)));
                faults = true;
            }
            4 => row(&mut nodes[at], randomness, &mut script, &mut sealings),
            _ => draft(&mut nodes[at], randomness, &mut sealings),
        }
    }
    Answer::when(faults, "quiet")
}

fn seeded(number: u64) -> ChaCha20Rng {
    ChaCha20Rng::from_seed(hash("randomness of the system", &[&number.to_be_bytes()]))
}

fn start(disk: Disk, randomness: Randomness, starts: &mut u64) -> Node {
    *starts += 1;
    let generator = match randomness {
        Randomness::System => seeded(*starts),
        Randomness::State => disk.generator.clone(),
        Randomness::Counter => seeded(disk.writes),
    };
    Node { disk, generator }
}

impl Node {
    /// Notes in the state what a node would have to note that keeps its generator there.
    fn wrote(&mut self, randomness: Randomness) {
        self.disk.writes += 1;
        self.disk.generator = self.generator.clone();
        if randomness == Randomness::Counter {
            self.generator = seeded(self.disk.writes);
        }
    }
}

/// Overwrites a row: often with the same content, under the same key of the same table.
fn row(node: &mut Node, randomness: Randomness, script: &mut Script<'_>, sealings: &mut Sealings) {
    let (key, content) = (script.any::<u8>() % ROWS, vec![script.any::<u8>() % 2; 9]);
    let cipher = AtRest::new(&secret_from_bytes([0x88; 32]), Box::new(node.generator.clone()));
    let sealed = ROW.call(|| cipher.seal(1, &[1, key], &content));
    // The cipher has its own copy of the generator: go on behind what it drew.
    rand_chacha::rand_core::Rng::fill_bytes(&mut node.generator, &mut [0; 16]);
    assert_eq!(cipher.open(1, &[1, key], &sealed), Some(content), "a row does not open");
    assert_eq!(cipher.open(1, &[1, key + 1], &sealed), None, "a row opens at another place");
    let commitment = sealed.get(16..48).and_then(|bytes| bytes.try_into().ok());
    sealings.add(commitment.expect("a row has a commitment"));
    node.disk.rows.insert(key, sealed);
    node.wrote(randomness);
}

/// Seals the same draft as always: an attempt that was lost in a crash is made again.
fn draft(node: &mut Node, randomness: Randomness, sealings: &mut Sealings) {
    let config = &WORLD.setup.config;
    let desk =
        Desk { config, definition: &DEFINITION, keys: &KEYS, author: &WORLD.pseudonyms[0], epoch: Epoch(3) };
    let sealed = DRAFT.call(|| statement().seal(&desk, &mut node.generator)).expect("a member's draft");
    let signed = sealed.sign(&WORLD.pseudonyms[0]).expect("a small transaction");
    let (_, part) = parclose_transaction::draft::hazmat::into_parts(signed);
    part.fields.iter().flatten().for_each(|field| sealings.add(field.commitment));
    node.wrote(randomness);
}

fn statement() -> Draft {
    let ids: Vec<_> = WORLD.setup.config.members.iter().map(parclose_transaction::MemberEntry::id).collect();
    let own = WORLD.setup.config.member(&WORLD.pseudonyms[0].public()).expect("a member").id();
    let other = ids.into_iter().find(|id| *id != own).expect("there are two");
    let fields = [
        ("month", FieldValue::Text("2026-10".into())),
        ("documents", FieldValue::Integer(3)),
        ("total", FieldValue::Amount(300, *b"GBP")),
    ];
    let operation = DraftOperation {
        keyed_tag: None,
        action: "create".into(),
        record_type: "statement".into(),
        record: RecordId([8; 32]),
        version: 1,
        parties: [("preparer".to_owned(), own), ("counterparty".to_owned(), other)].into(),
        fields: fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
    };
    Draft::of_records(vec![operation], Height(50))
}
