//! Cases that another program has computed, and real files, where they are.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Made by `keys/vectors/finance.py`.
const ARITHMETIC: &str = include_str!("../../../keys/vectors/finance/arithmetic.json");
const REAL: &str = include_str!("../../../keys/vectors/finance/real.json");

/// The cases of one kind; there are some.
pub(crate) fn cases(kind: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(ARITHMETIC).unwrap();
    let cases = all[kind].as_array().unwrap().clone();
    assert!(cases.len() >= 50, "{} cases of {kind}", cases.len());
    cases
}

/// What is known of one of the real data sets.
pub(crate) fn real(set: &str) -> Value {
    serde_json::from_str::<Value>(REAL).unwrap()[set].clone()
}

pub(crate) fn text<'v>(case: &'v Value, name: &str) -> &'v str {
    case[name].as_str().unwrap_or_else(|| panic!("`{name}` of {case} is no text"))
}

pub(crate) fn number(case: &Value, name: &str) -> u64 {
    case[name].as_u64().unwrap_or_else(|| panic!("`{name}` of {case} is no number"))
}

pub(crate) fn numbers(case: &Value, name: &str) -> Vec<u64> {
    case[name].as_array().unwrap().iter().map(|number| number.as_u64().unwrap()).collect()
}

/// The folder of a data set, or `None` where it is neither beside the repository nor above it.
pub(crate) fn data_set(name: &str) -> Option<PathBuf> {
    let below = Path::new("shared/data").join(name);
    let mut above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|folder| folder.join(&below));
    let found = above.find(|folder| folder.is_dir());
    if found.is_none() {
        // The test harness hides what `eprintln!` writes; this it does not.
        writeln!(std::io::stderr(), "skipped: no folder above this one has {}", below.display()).unwrap();
    }
    found
}

/// The real auctions.
pub(crate) fn real_auctions() -> Option<Vec<u8>> {
    let folder = data_set("trades-us-treasury-auctions")?;
    Some(std::fs::read(folder.join("auctions_2008-04_2022-08.csv")).unwrap())
}

/// The twelve files of invoices, by name.
pub(crate) fn real_invoices() -> Option<Vec<(String, Vec<u8>)>> {
    let entries = std::fs::read_dir(data_set("invoices-calderdale")?).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "csv"));
    paths.sort();
    let read = |path: &PathBuf| {
        (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(path).unwrap())
    };
    Some(paths.iter().map(read).collect())
}
