//! Credit notes: never a claim; with a reference they lower the document that they name.

use super::*;

const HEADER: &str = "Kind;Seller;No;Corrects;Net;Due";
const MAPPING: &str = r#"
key = ["seller", "number"]
month = "due"

[file]
separator = ";"

[tokens]
redacted = ["REDACTED"]

[currency]
code = "EUR"

[amount]
column = "Net"
sign = "kept"
decimal_mark = "."

[dates.due]
column = "Due"
formats = ["%Y-%m-%d"]

[document]
seller = "Seller"
number = "No"

[credit_notes]
type = "Kind"
invoices = ["380", "I"]
credit_notes = ["381", "C"]
amounts = "positive"
reference = "Corrects"
names = "number"
"#;

fn without(lines: &[&str]) -> String {
    MAPPING
        .lines()
        .filter(|line| !lines.iter().any(|start| line.starts_with(start)))
        .map(|l| format!("{l}\n"))
        .collect()
}

fn read_with(mapping: &str, rows: &[&str]) -> Import {
    let mapping = Mapping::parse(mapping, "test.toml").unwrap();
    let text: String = std::iter::once(&HEADER).chain(rows).map(|row| format!("{row}\n")).collect();
    let import = read_documents(&[Source { name: "1.csv", bytes: text.as_bytes() }], &mapping).unwrap();
    check(&import);
    import
}

fn totals(import: &Import) -> Vec<(&str, u64)> {
    import.documents.iter().map(|document| (document.key[1].as_str(), document.total_minor)).collect()
}

fn left_out(import: &Import) -> Vec<(u64, State, &'static str)> {
    import.left_out.iter().map(|one| (one.row, one.state, one.rule())).collect()
}

const INVOICE: &str = "380;S1;N1;;100.00;2025-03-04";

#[test]
fn imp_45_a_credit_note_by_its_type_code_is_no_claim() {
    let plain = without(&["reference", "names"]);
    let import = read_with(&plain, &[INVOICE, "381;S1;C1;N1;10.00;", "381;S1;C1;N1;2.00;"]);
    assert_eq!(totals(&import), [("N1", 10_000)]);
    assert_eq!(left_out(&import), [(3, State::CreditNote, "IMP-45"), (4, State::CreditNote, "IMP-45")]);
    assert_eq!((import.report.credit_notes, import.report.linked_credit_notes), (1, 0));
    assert_eq!(import.report.accounts[&State::CreditNote].sums["EUR"].amount_minor, -1_200);
    assert_eq!(import.report.rules, BTreeMap::from([("IMP-45", 1)]));
    // Also when it names nothing, or something that is redacted.
    let import = read_with(MAPPING, &[INVOICE, "C;S1;C1;;10.00;", "C;S1;C2;REDACTED;10.00;"]);
    assert_eq!((totals(&import), import.report.credit_notes), (vec![("N1", 10_000)], 2));
}

#[test]
fn imp_45_a_document_of_negative_total_is_a_credit_note() {
    let import = read_with(
        &without(&["reference", "names"]),
        &["380;S1;N1;;-5.00;2025-03-04", "I;S1;N1;;1.00;2025-03-04"],
    );
    assert_eq!((totals(&import), left_out(&import)[0]), (vec![], (2, State::CreditNote, "IMP-45")));
    assert_eq!(left_out(&import).len(), 2);
    let nothing = read_with(MAPPING, &["380;S1;N1;;0.00;2025-03-04"]);
    assert_eq!(left_out(&nothing), [(2, State::Rejected, "IMP-43")]);
    // A negative line inside a positive document stays a line.
    let line = read_with(MAPPING, &[INVOICE, "380;S1;N1;;-1.00;2025-03-04"]);
    assert_eq!((totals(&line), line.left_out.len()), (vec![("N1", 9_900)], 0));
}

#[test]
fn imp_45_one_number_for_an_invoice_and_a_credit_note_is_refused() {
    let import = read_with(MAPPING, &[INVOICE, "381;S1;N1;;10.00;"]);
    assert_eq!(left_out(&import), [(2, State::Rejected, "IMP-45"), (3, State::OfRejected, "IMP-45")]);
}

#[test]
fn imp_46_a_credit_note_lowers_the_document_that_it_names() {
    let rows = [
        "381;S1;C1;N1;10.00;",
        INVOICE,
        "381;S1;C1;N1;2.50;",
        "C;S1;C2;N1;7.50;2026-01-01",
        "I;S1;N2;N1;3;2025-03-05",
    ];
    let import = read_with(MAPPING, &rows);
    assert_eq!(totals(&import), [("N1", 8_000), ("N2", 300)]);
    let lines: Vec<_> =
        import.documents[0].lines.iter().map(|l| (l.amount_minor, l.credit_note.as_deref())).collect();
    assert_eq!(lines, [(-1_000, Some("C1")), (10_000, None), (-250, Some("C1")), (-750, Some("C2"))]);
    assert_eq!(
        (import.documents[0].fields["number"].as_str(), import.documents[0].month.as_str()),
        ("N1", "2025-03")
    );
    assert_eq!(
        (import.report.credit_notes, import.report.linked_credit_notes, import.left_out.len()),
        (0, 2, 0)
    );
    // Its key is that of its own seller.
    let other = read_with(MAPPING, &[INVOICE, "381;S2;C1;N1;10.00;"]);
    assert_eq!(
        (totals(&other), left_out(&other)),
        (vec![("N1", 10_000)], vec![(3, State::CreditNote, "IMP-46")])
    );
}

#[test]
fn imp_46_a_credit_note_that_does_not_lower_or_has_nothing_to_lower_is_refused() {
    for row in ["381;S1;C1;N1;-10.00;", "381;S1;C1;N1;0;"] {
        let import = read_with(MAPPING, &[INVOICE, row]);
        assert_eq!((totals(&import), rejected(&import)[0].rule()), (vec![], "IMP-46"), "{row}");
    }
    let chain = read_with(MAPPING, &["381;S1;C1;C0;1;", "381;S1;C2;C1;1;"]);
    assert_eq!(left_out(&chain), [(2, State::CreditNote, "IMP-46"), (3, State::CreditNote, "IMP-46")]);
    // What is credited whole, or more, is no claim either.
    for (credit, total) in [("100.00", 0), ("100.01", -1)] {
        let import = read_with(MAPPING, &[INVOICE, &format!("381;S1;C1;N1;{credit};")]);
        assert_eq!(left_out(&import)[0], (2, State::Rejected, "IMP-43"), "{total}");
    }
}

#[test]
fn imp_47_an_unknown_type_code_rejects_its_document() {
    for code in ["", "384", "i"] {
        let import = read_with(MAPPING, &[INVOICE, &format!("{code};S1;N1;;1;2025-03-04")]);
        let at = rejected(&import)[0];
        assert_eq!((at.rule(), at.row, at.column.as_deref()), ("IMP-47", 3, Some("Kind")), "{code}");
        assert_eq!(import.documents, []);
    }
}

#[test]
fn without_type_codes_a_reference_makes_a_credit_note() {
    let mapping = without(&["type", "invoices", "credit_notes ="]).replace("\"positive\"", "\"negative\"");
    let import = read_with(&mapping, &[INVOICE, ";S1;C1;N1;-10.00;"]);
    assert_eq!(totals(&import), [("N1", 9_000)]);
    let raises = read_with(&mapping, &[INVOICE, ";S1;C1;N1;10.00;"]);
    assert_eq!((totals(&raises), rejected(&raises)[0].rule()), (vec![], "IMP-46"));
}
