//! The drafts of the real files and of the generator's import what the shipped mappings import.

use super::*;
use crate::fixtures::real_files;
use crate::synthetic;

fn drafted(files: &[(String, Vec<u8>)], currency: Option<&str>) -> (Import, Draft) {
    let sources: Vec<Source<'_>> = files.iter().map(|(name, bytes)| Source { name, bytes }).collect();
    let origins: Vec<&dyn Origin> = sources.iter().map(|source| source as &dyn Origin).collect();
    let draft = suggest(&origins).unwrap();
    let mapping =
        Mapping::parse(&draft.text, "draft").unwrap_or_else(|error| panic!("{error}\n{}", draft.text));
    let mapping =
        mapping.in_currency(currency, "draft").unwrap_or_else(|error| panic!("{error}\n{}", draft.text));
    (read_documents(&sources, &mapping).unwrap(), draft)
}

#[test]
fn the_real_year_is_imported_by_its_draft_but_for_the_currency() {
    let Some(files) = real_files() else { return };
    let (import, draft) = drafted(&files, Some("GBP"));
    assert_eq!(import.left_out, [], "{}", draft.text);
    let total: u128 = import.documents.iter().map(|document| u128::from(document.total_minor)).sum();
    assert_eq!((import.documents.len(), total), (12_795, 17_769_331_551), "{}", draft.text);
    assert!(draft.text.contains("# [currency]"), "{}", draft.text);
    assert_eq!(import.report.redacted_documents, 19);
    // One month of it is enough.
    let (month, draft) = drafted(&files[..1], Some("GBP"));
    assert_eq!(
        (month.left_out.len(), month.report.totals["GBP"].total_minor),
        (0, 1_558_236_884),
        "{}",
        draft.text
    );
}

#[test]
fn generated_files_are_imported_by_their_draft_without_an_edit() {
    for (seed, documents) in [(1, 3_000), (2, 400)] {
        let made = synthetic::invoices(seed, documents);
        let (import, draft) = drafted(&made.files, None);
        assert_eq!(import.left_out, [], "{}", draft.text);
        let found = (import.report.documents, import.report.rows, import.report.totals["EUR"].total_minor);
        assert_eq!(found, (made.reference.documents, made.reference.lines, made.reference.total_minor));
        assert_eq!(import.report.redacted_documents, made.reference.redacted_documents, "{}", draft.text);
    }
    let made = synthetic::invoices(3, 2_000);
    let (import, draft) = drafted(&made.files[..1], None);
    assert_eq!((import.left_out.len(), import.report.documents > 100), (0, true), "{}", draft.text);
}
