//! What people keep books in: tables under a mapping, and tables without one. Sizes are bounded here, so
//! that a single run is short.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use parclose_documents::suggest::NoDraft;
use parclose_documents::{BadSource, Import, Mapping, Source, State, read_documents, suggest};
use parclose_types::Failure;

use crate::Reached;
use crate::entrances::{Rule, rule, utf_8};

/// Bytes of a table.
const TABLE_BYTES_MAX: usize = 256 << 10;
/// Bytes of a table that a mapping is drafted from: it is read six times.
const SUGGEST_BYTES_MAX: usize = 32 << 10;

/// The mapping `generated.toml` of the receivables template.
pub const GENERATED_TOML: &str = include_str!("../../../channels/scf-receivable/mappings/generated.toml");
/// A mapping in which every table and every key occurs.
pub const EVERYTHING_TOML: &str = include_str!("everything.toml");

static GENERATED: LazyLock<Mapping> =
    LazyLock::new(|| Mapping::parse(GENERATED_TOML, "generated.toml").expect("a shipped mapping"));
static EVERYTHING: LazyLock<Mapping> =
    LazyLock::new(|| Mapping::parse(EVERYTHING_TOML, "everything.toml").expect("a mapping of this crate"));

/// One month of generated invoices.
pub(crate) static SAMPLE: LazyLock<Vec<u8>> = LazyLock::new(|| sample(1, 3));

/// One month of generated invoices.
#[must_use]
pub fn sample(seed: u64, documents: usize) -> Vec<u8> {
    let files = parclose_documents::synthetic::invoices(seed, documents).files;
    files.into_iter().map(|(_, bytes)| bytes).max_by_key(Vec::len).unwrap_or_default()
}

/// A table under `generated.toml`: every row is accounted for, every total is the sum of its lines, and
/// the same bytes read twice are refused or give the same.
pub fn csv_import(input: &[u8]) -> Reached {
    imported(input, &GENERATED)
}

/// As [`csv_import`], under a mapping with a split, a product, joined columns, repeated rows and credit notes.
pub fn csv_layouts(input: &[u8]) -> Reached {
    imported(input, &EVERYTHING)
}

fn imported(input: &[u8], mapping: &Mapping) -> Reached {
    if input.len() > TABLE_BYTES_MAX {
        return Reached::Door;
    }
    let Ok(imported) = import(input, mapping) else { return Reached::Door };
    check_import(&imported);
    assert_eq!(import(input, mapping).as_ref(), Ok(&imported), "two imports of one table");
    if imported.documents.is_empty() { Reached::Inside } else { Reached::Through }
}

/// A mapping that is drafted from a table parses, and an import with it accounts for every row.
pub fn suggest_mapping(input: &[u8]) -> Reached {
    if input.len() > SUGGEST_BYTES_MAX {
        return Reached::Door;
    }
    let source = Source { name: "table.csv", bytes: input };
    let draft = match suggest(&[&source]) {
        Ok(draft) => draft,
        Err(NoDraft::Source(_) | NoDraft::NoTable) => return Reached::Door,
        Err(NoDraft::NoAmount) => return Reached::Inside,
        Err(NoDraft::NoMapping(bad)) => panic!("a draft parses: {bad}"),
    };
    let mapping = Mapping::parse(&draft.text, "draft").expect("a draft is a mapping");
    let mapping =
        mapping.clone().in_currency(None, "draft").or_else(|_| mapping.in_currency(Some("EUR"), "draft"));
    let imported = import(input, &mapping.expect("a currency is said")).expect("a draft fits its table");
    check_import(&imported);
    Reached::Through
}

/// A mapping, or the rule that refuses it.
pub(crate) fn mapping_rule(bytes: &[u8]) -> Result<Vec<u8>, Rule> {
    Mapping::parse(utf_8(bytes, "IMP-01")?, "mapping.toml").map(|_| bytes.to_vec()).map_err(rule)
}

/// A mapping, a zero byte, and a table under it; the rule of the first row that is left out for a fault.
pub(crate) fn table_rule(bytes: &[u8]) -> Result<Vec<u8>, Rule> {
    let at = bytes.iter().position(|byte| *byte == 0).ok_or("IMP-01")?;
    let (mapping, table) = bytes.split_at(at);
    let mapping = Mapping::parse(utf_8(mapping, "IMP-01")?, "mapping.toml").map_err(rule)?;
    let mapping = mapping.in_currency(None, "mapping.toml").map_err(rule)?;
    let imported = import(table.get(1..).unwrap_or_default(), &mapping).map_err(rule)?;
    check_import(&imported);
    imported.rejected().next().map_or_else(|| Ok(bytes.to_vec()), |left_out| Err(left_out.rule()))
}

pub(crate) fn import(bytes: &[u8], mapping: &Mapping) -> Result<Import, BadSource> {
    read_documents(&[Source { name: "table.csv", bytes }], mapping)
}

pub(crate) fn check_import(import: &Import) {
    let report = &import.report;
    assert!(report.reconciles(), "an entry is not accounted for");
    assert_eq!(report.entries(State::Line), report.lines, "a line is lost");
    let left_out = report.input.entries() - report.lines;
    assert_eq!(import.left_out.len() as u64, left_out, "what is left out is not told");
    assert_eq!(report.documents, import.documents.len() as u64, "a document is lost");
    let keys: BTreeSet<_> = import.documents.iter().map(|document| &document.key).collect();
    assert_eq!(keys.len(), import.documents.len(), "two documents of one key");
    let mut total = 0_u128;
    for document in &import.documents {
        let sum: i128 = document.lines.iter().map(|line| i128::from(line.amount_minor)).sum();
        assert!(sum > 0 && sum == i128::from(document.total_minor), "a total is not the sum of its lines");
        let credits = document.lines.iter().filter(|line| line.credit_note.is_some());
        assert!(credits.map(|line| i128::from(line.amount_minor)).sum::<i128>() <= 0, "a credit note raises");
        total += u128::from(document.total_minor);
    }
    let reported: u128 = report.totals.values().map(|totals| totals.total_minor).sum();
    assert_eq!(reported, total, "the report has another total than the documents");
}
