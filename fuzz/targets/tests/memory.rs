//! What a lie about a length costs in memory: nothing. A test of its own process, whose address space is limited.
//!
//! The limit counts what is reserved, whether it is touched or not. An allocation beyond it ends the process, and
//! with it the test.

use std::collections::BTreeMap;

use parclose_fuzz_targets::entrances::{Entrance, Form, entrance};
use parclose_fuzz_targets::vectors;
use parclose_types::limits::{
    BATCH_BYTES_MAX, RECEIPT_BYTES_MAX, ROOT_TRANSACTION_BYTES_MAX, TRANSACTION_BYTES_MAX,
};
use peak_alloc::PeakAlloc;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Bytes beyond what the process has at the start: heaps of threads, and stacks of the parsers.
const ROOM_BYTES: u64 = 96 << 20;
/// Bytes of memory for each byte of input that is as hostile as it can be: empty lists in a list are 4 bytes in
/// canonical encoding and 24 in memory, and a vector that grows is there twice. The parser of TOML takes most: for
/// each byte an event and a token, 52 bytes together.
const MULTIPLE: u64 = 64;

fn status(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells of its processes");
    let line = status.lines().find(|line| line.starts_with(name)).expect("a line of the status");
    let number = line.split_whitespace().nth(1).and_then(|number| number.parse::<u64>().ok());
    number.expect("a number of KiB") << 10
}

/// Bytes allocated while `run` runs, beyond those allocated before. Counted by the allocator: what a kernel says of
/// touched pages is late, and less when it wants them for others.
fn peak(run: impl FnOnce()) -> u64 {
    ALLOCATOR.reset_peak_usage();
    let before = ALLOCATOR.current_usage();
    run();
    ALLOCATOR.peak_usage().saturating_sub(before) as u64
}

/// Good values with every length in them a lie.
fn lies(value: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    (0..value.len().min(250)).flat_map(move |at| {
        [[0xff_u8; 8].as_slice(), &[0xff; 4], &[0xff, 0xff, 0xff, 0x7f], &[0, 0, 0, 1]].map(|lie| {
            let mut bytes = value.to_vec();
            let end = (at + lie.len()).min(bytes.len());
            bytes.splice(at..end, lie.iter().copied());
            bytes
        })
    })
}

/// Canonical inputs as large as their entrance takes them, of what is small when it is sent and large in memory.
fn largest() -> Vec<(&'static str, Vec<u8>)> {
    let zeros = |length: usize| vec![0_u8; length];
    // A list of as many empty elements as fit behind a good beginning.
    let lists = |entrance: &'static str, limit: usize| {
        let good =
            vectors::all().into_iter().find(|vector| vector.entrance == entrance).expect("a vector").good;
        let mut inputs = Vec::new();
        for at in [0, 1, 4, 8, 9, good.len() / 4, good.len() / 2, good.len().saturating_sub(8)] {
            let mut bytes = good[..at.min(good.len())].to_vec();
            let elements = u32::try_from((limit - bytes.len() - 4) / 4).expect("limits are below 4 GiB");
            bytes.extend_from_slice(&elements.to_le_bytes());
            bytes.resize(limit, 0);
            inputs.push((entrance, bytes));
        }
        inputs
    };
    let proposal = {
        // Header and signature, then a list of a million empty transactions.
        let good =
            vectors::all().into_iter().find(|vector| vector.entrance == "proposal").expect("a vector").good;
        let at = 32 + 32 + 8 + 32 + 8 + 32 + 4 + 32 + 32 + 64;
        let mut bytes = good[..at].to_vec();
        let elements = u32::try_from((BATCH_BYTES_MAX - at - 4 - 4 - 40) / 4).expect("4 MiB");
        bytes.extend_from_slice(&elements.to_le_bytes());
        bytes.resize(at + 4 + 4 * elements as usize + 4 + 40, 0);
        ("proposal", bytes)
    };
    let mut all = vec![proposal, ("message", zeros(BATCH_BYTES_MAX)), ("padding", zeros(1 << 20))];
    all.extend(lists("transaction", TRANSACTION_BYTES_MAX));
    all.extend(lists("root_transaction", ROOT_TRANSACTION_BYTES_MAX));
    all.extend(lists("order_proof", RECEIPT_BYTES_MAX));
    all.extend(lists("tag_proof", RECEIPT_BYTES_MAX));
    all.extend(lists("receipt", RECEIPT_BYTES_MAX));
    all.extend(lists("bundle", 4 << 20));
    all.extend(lists("setup", BATCH_BYTES_MAX));
    all.extend(lists("wrapped_view_key", 16 << 10));
    all.push(("receipt_json", zeros(2 << 20)));
    all.push(("definition", vec![b'['; 256 << 10]));
    all.push(("mapping", vec![b'\n'; 256 << 10]));
    all.push(("contexts", vec![b'\n'; 64 << 10]));
    all
}

fn cost(entrance: &Entrance, bytes: &[u8]) -> u64 {
    peak(|| drop(std::hint::black_box((entrance.decode)(bytes))))
}

#[test]
fn hostile_lengths_and_sizes_cost_a_bounded_multiple_of_the_input() {
    // Made before the limit is set: the honest world has databases of its own.
    let mut values: BTreeMap<&str, Vec<Vec<u8>>> = BTreeMap::new();
    for vector in vectors::all() {
        let entrance = entrance(vector.entrance).expect("its entrance");
        if entrance.form == Form::Canonical && vector.good.len() < 64 << 10 {
            values.entry(vector.entrance).or_default().push(vector.good);
        }
    }
    let largest = largest();
    let _ = (entrance("bundle").expect("bundles").decode)(&values["bundle"][0]);

    let limit = status("VmSize:") + ROOM_BYTES;
    let before = getrlimit(Resource::As);
    setrlimit(Resource::As, Rlimit { current: Some(limit), maximum: before.maximum }).expect("a lower limit");
    // The guard guards: more than there is room for is not given.
    assert!(Vec::<u8>::new().try_reserve_exact(usize::try_from(ROOM_BYTES * 2).expect("64 bits")).is_err());

    let mut lied = 0;
    for (name, values) in &mut values {
        values.dedup();
        let entrance = entrance(name).expect("its entrance");
        for bytes in values.iter().take(2).flat_map(|value| lies(value)) {
            let _ = std::hint::black_box((entrance.decode)(&bytes));
            lied += 1;
        }
    }
    assert!(lied > 10_000, "only {lied} lies were told");
    for (name, bytes) in &largest {
        let spent = cost(entrance(name).expect("its entrance"), bytes);
        let allowed = MULTIPLE * bytes.len() as u64 + (2 << 20);
        assert!(spent <= allowed, "{name}: {spent} bytes for an input of {}", bytes.len());
    }
    // The scale weighs.
    let weighed = peak(|| drop(std::hint::black_box(vec![1_u8; 40 << 20])));
    assert!((40 << 20..41 << 20).contains(&weighed), "{weighed}");
    setrlimit(Resource::As, before).expect("the limit before");
}
