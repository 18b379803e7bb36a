//! The generated files are read back whole, and their sums agree with those kept while drawing.

use super::*;
use crate::Import;
use crate::import::read_documents;
use crate::mapping::Mapping;
use crate::source::Source;

const MAPPING: &str = include_str!("../../../../channels/scf-receivable/mappings/generated.toml");

fn import(made: &Invoices) -> Import {
    let mapping = Mapping::parse(MAPPING, "generated.toml").unwrap();
    let sources: Vec<Source<'_>> = made.files.iter().map(|(name, bytes)| Source { name, bytes }).collect();
    read_documents(&sources, &mapping).unwrap()
}

/// FNV-1a, 64 bits.
fn digest(made: &Invoices) -> u64 {
    let bytes = made.files.iter().flat_map(|(name, bytes)| name.bytes().chain(bytes.iter().copied()));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[test]
fn an_import_finds_what_was_drawn() {
    for (seed, documents) in [(1, 3_000), (2, 100), (3, 1), (4, 0), (u64::MAX, 777)] {
        let made = invoices(seed, documents);
        let import = import(&made);
        assert_eq!(import.left_out, [], "seed {seed}");
        let found = Reference {
            documents: import.report.documents,
            lines: import.report.rows,
            spanning_documents: import.report.spanning_documents,
            redacted_documents: import.report.redacted_documents,
            total_minor: import.report.totals.get("EUR").map_or(0, |totals| totals.total_minor),
        };
        assert_eq!(found, made.reference, "seed {seed}");
        assert_eq!(import.documents.len(), documents);
        assert_eq!(made.files.len(), 12);
        assert!(import.report.differences.keys().all(|name| name == "due"));
    }
}

#[test]
fn the_files_hold_what_real_files_hold() {
    let made = invoices(7, 5_000);
    let documents = import(&made).documents;
    let text: String = made.files.iter().map(|(_, bytes)| std::str::from_utf8(bytes).unwrap()).collect();
    assert!(
        !text.is_ascii()
            && text.contains("\"(")
            && text.contains("& Sons, Ltd\"")
            && text.contains("\"\"Typ B\"\"")
    );
    let lines = |document: &crate::Document| document.lines.len();
    assert!(documents.iter().map(lines).max() > Some(8));
    assert!(documents.iter().any(|document| document.lines.iter().any(|line| line.amount_minor < 0)));
    assert!(made.reference.spanning_documents > 20 && made.reference.redacted_documents > 5);
    assert!(documents.iter().all(|document| Lei::parse(&document.fields["supplier_lei"]).is_ok()));
    // The ten largest suppliers have about a third of all documents, as in the real set.
    let mut by_supplier = BTreeMap::new();
    for document in &documents {
        *by_supplier.entry(&document.key[0]).or_insert(0_usize) += 1;
    }
    let mut counts: Vec<usize> = by_supplier.into_values().collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    let share = counts.iter().take(10).sum::<usize>() * 100 / documents.len();
    assert!((25..60).contains(&share), "{share} %");
}

#[test]
fn a_seed_gives_the_same_bytes_everywhere() {
    assert_eq!(invoices(42, 500), invoices(42, 500));
    assert_ne!(digest(&invoices(42, 500)), digest(&invoices(43, 500)));
    let made = invoices(42, 500);
    assert_eq!(
        (digest(&made), made.reference.lines, made.reference.total_minor),
        (8_488_157_000_837_954_598, 901, 206_485_182)
    );
}

#[test]
fn amounts_are_written_with_groups_and_parentheses() {
    for (amount, text) in [(0, "0.00"), (5, "0.05"), (-123_456, "(1,234.56)"), (100_000_000, "1,000,000.00")]
    {
        assert_eq!(written(amount), text);
    }
}
