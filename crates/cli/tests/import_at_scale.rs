//! Memory does not grow with the rows: ten times the documents of the real year, and ten times those.

mod support;

use serde_json::Value;
use support::{GENERATED, Sandbox, generated};

fn rehearsed(documents: usize) -> (Value, u64) {
    let sandbox = Sandbox::founded();
    let (folder, reference) = generated(&sandbox, documents);
    let import = [
        "import",
        "csv",
        &folder,
        "-c",
        "trade-a",
        "--as",
        "supplier-a",
        "--mapping",
        GENERATED,
        "--dry-run",
    ];
    let value = sandbox.ok(&import);
    assert_eq!(value["documents"].as_u64(), Some(reference.documents));
    assert_eq!(value["rows"].as_u64(), Some(reference.lines));
    assert_eq!(value["totals"][0]["amount_minor"].as_str(), Some(reference.total_minor.to_string().as_str()));
    let peak = value["peak_rss_bytes"].as_u64().expect("Linux tells the peak");
    (value, peak)
}

/// Of what is kept for each document: the number of its key, and a share of those that have begun and not ended.
const BYTES_OF_A_DOCUMENT: u64 = 256;

#[test]
fn the_peak_of_memory_grows_by_a_small_constant_for_each_document() {
    if !cfg!(target_os = "linux") {
        println!("skipped: only Linux tells the peak of memory");
        return;
    }
    let (few, many) = (12_800, 128_000);
    let (small, large) = (rehearsed(few).1, rehearsed(many).1);
    let more = large.saturating_sub(small) / u64::try_from(many - few).unwrap();
    println!("{few} documents: {small} bytes; {many} documents: {large} bytes; {more} bytes a document");
    assert!(more < BYTES_OF_A_DOCUMENT, "{more} bytes for each document more");
}
