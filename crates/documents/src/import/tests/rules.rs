//! One case per rule of sources, rows and documents.

use super::*;

/// The rule, row and column of the only rejection of one good document, a bad row, and the good row of the bad one.
fn broken(cells: &[(&str, &str)]) -> (&'static str, u64, Option<String>) {
    let bad: Vec<(&str, &str)> =
        [("Ref", "r3"), ("No", "N2")].into_iter().chain(cells.iter().copied()).collect();
    let import = import(&[row(&[]), row(&[("Ref", "r2"), ("No", "N2")]), row(&bad)]);
    let keys: Vec<&[String]> = import.documents.iter().map(|document| document.key.as_slice()).collect();
    let [rejection] = rejected(&import)[..] else { panic!("{:?}", import.left_out) };
    if rejection.document.is_some() {
        assert_eq!(keys, [["S1", "N1"]], "the whole document is rejected and nothing else");
        assert_eq!((import.report.rejected_lines, import.report.rejected_rows), (2, 0));
    } else {
        assert_eq!(keys, [["S1", "N1"], ["S1", "N2"]], "the row is rejected alone");
        assert_eq!((import.report.rejected_lines, import.report.rejected_rows), (0, 1));
    }
    assert_eq!(import.report.rules, BTreeMap::from([(rejection.rule(), 1)]));
    assert!(rejection.to_string().starts_with(&format!("source `1.csv`, row {}", rejection.row)));
    assert!(!rejection.fix().is_empty());
    (rejection.rule(), rejection.row, rejection.column.clone())
}

fn at(rule: &'static str, column: &str) -> (&'static str, u64, Option<String>) {
    (rule, 4, Some(column.into()))
}

fn source_rule(text: &str) -> (&'static str, String) {
    let error = read(&[&table(&[row(&[])]), text]).unwrap_err();
    assert_eq!(error.source_name, "2.csv");
    assert!(!error.fix().is_empty());
    (error.rule(), error.to_string())
}

#[test]
fn imp_21_a_source_without_a_header_is_refused() {
    for text in ["", "\n\n", "\u{feff}", "\"Ref;Seller", "Re\u{1}f;Seller"] {
        assert_eq!(source_rule(text).0, "IMP-21", "{text:?}");
    }
    let skip = MAPPING.replace("[file]", "[file]\nskip_rows = 9");
    let short = table(&[row(&[])]);
    let sources = [Source { name: "short.csv", bytes: short.as_bytes() }];
    assert_eq!(read_documents(&sources, &Mapping::parse(&skip, "x").unwrap()).unwrap_err().rule(), "IMP-21");
}

#[test]
fn imp_22_a_column_name_stands_once() {
    let (rule, message) = source_rule(&format!("{HEADER};Place\n"));
    assert!(rule == "IMP-22" && message.contains("`Place`"), "{message}");
    assert_eq!(source_rule(&format!("{HEADER}; Unread \n")).0, "IMP-22");
    assert!(read(&[&format!("{HEADER};;\n{};;\n", row(&[]))]).unwrap().left_out.is_empty());
}

#[test]
fn imp_23_a_missing_column_is_named() {
    for column in ["Ref", "Seller", "No", "Net", "Ccy", "Date", "Paid", "Buyer", "Account"] {
        let (rule, message) = source_rule(&table(&[]).replacen(column, "Other", 1));
        assert!(rule == "IMP-23" && message.contains(&format!("`{column}`")), "{message}");
    }
    assert_eq!(source_rule(&table(&[]).replace(';', ",")).0, "IMP-23");
}

#[test]
fn imp_24_a_source_is_given_once() {
    let text = table(&[row(&[])]);
    let source = Source { name: "a.csv", bytes: text.as_bytes() };
    assert_eq!(read_documents(&[source, source], &mapping()).unwrap_err().rule(), "IMP-24");
}

#[test]
fn imp_30_a_malformed_record_is_rejected_alone() {
    for text in ["\"pi;pe", "pi\"pe", "\"pi\"pe"] {
        assert_eq!(broken(&[("Text", text)]), ("IMP-30", 4, None), "{text}");
    }
    assert_eq!(broken(&[("Text", "pipe;pipe")]), ("IMP-30", 4, None));
}

#[test]
fn imp_31_control_characters_and_other_encodings_are_refused() {
    for text in ["pi\0pe", "pi\u{7}pe", "pi\u{85}pe", "\"pi\npe\"", "pi\tpe", "pi\u{7f}pe"] {
        assert_eq!(broken(&[("Text", text)]), at("IMP-31", "Text"), "{text:?}");
    }
    let mut latin_1 = table(&[row(&[]), row(&[("Ref", "r2"), ("No", "N2"), ("Place", "K?ln")])]).into_bytes();
    let mark = latin_1.iter().position(|byte| *byte == b'?').unwrap();
    latin_1[mark] = 0xf6;
    let import = read_documents(&[Source { name: "l", bytes: &latin_1 }], &mapping()).unwrap();
    assert_eq!(
        (rejected(&import)[0].rule(), rejected(&import)[0].row, import.documents.len()),
        ("IMP-31", 3, 1)
    );
    assert_eq!(broken(&[("Seller", "S\u{1}")]), at("IMP-31", "Seller"));
}

#[test]
fn imp_32_over_long_cells_are_refused() {
    let long = "x".repeat(parclose_types::limits::FIELD_BYTES_MAX + 1);
    assert_eq!(broken(&[("Text", &long)]), at("IMP-32", "Text"));
    assert_eq!(broken(&[("No", &long)]), at("IMP-32", "No"));
    assert_eq!(import(&[row(&[("Text", &long[1..])])]).left_out, []);
    assert_eq!(import(&[row(&[("Unread", &long)])]).left_out, []);
}

#[test]
fn imp_33_a_row_without_its_key_is_rejected_alone() {
    for missing in ["", "  ", "N/A", " N/A "] {
        assert_eq!(broken(&[("No", missing)]), at("IMP-33", "No"), "{missing:?}");
    }
}

#[test]
fn imp_34_a_key_of_redaction_tokens_only_is_refused() {
    assert_eq!(broken(&[("No", "REDACTED"), ("Seller", "REDACTED")]), ("IMP-34", 4, None));
}

#[test]
fn imp_35_an_amount_in_another_notation_rejects_the_document() {
    for text in ["", "N/A", "1,50", "(1.00)", "REDACTED", "1e3", "£1"] {
        assert_eq!(broken(&[("Net", text)]), at("IMP-35", "Net"), "{text}");
    }
}

#[test]
fn imp_36_too_many_decimals_reject_the_document() {
    assert_eq!(broken(&[("Net", "1.500")]), at("IMP-36", "Net"));
}

#[test]
fn imp_37_an_amount_beyond_64_bits_rejects_the_document() {
    assert_eq!(broken(&[("Net", "92233720368547758.08")]), at("IMP-37", "Net"));
}

#[test]
fn imp_38_a_date_that_is_not_one_day_rejects_the_document() {
    for text in ["", "N/A", "2022-02-30", "04/03/2022", "0022-03-04", "2022-03-04 10:00"] {
        assert_eq!(broken(&[("Date", text)]), at("IMP-38", "Date"), "{text}");
    }
    assert_eq!(broken(&[("Paid", "2022-03-04")]), at("IMP-38", "Paid"));
    assert!(!import(&[row(&[("Paid", "")])]).documents[0].dates.contains_key("paid"));
    // A derived date out of range.
    let early = import(&[row(&[("Date", "1900-01-02")])]);
    assert_eq!((early.documents.len(), rejected(&early)[0].rule()), (0, "IMP-38"));
}

#[test]
fn imp_39_an_unknown_currency_rejects_the_document() {
    for text in ["", "gbp", "ABC", "XAU", "£"] {
        assert_eq!(broken(&[("Ccy", text)]), at("IMP-39", "Ccy"), "{text}");
    }
}

#[test]
fn imp_40_a_document_has_one_currency() {
    assert_eq!(broken(&[("Ccy", "EUR")]), ("IMP-40", 4, None));
}

#[test]
fn imp_41_fields_that_must_agree_and_do_not_reject_the_document() {
    assert_eq!(broken(&[("Buyer", "C")]), at("IMP-41", "Buyer"));
    // A missing value disagrees with nothing.
    assert_eq!(import(&[row(&[]), row(&[("Ref", "r2"), ("Buyer", "")])]).documents.len(), 1);
}

#[test]
fn imp_42_a_line_id_twice_rejects_the_document() {
    assert_eq!(broken(&[("Ref", "r2")]), at("IMP-42", "Ref"));
    let text = table(&[row(&[])]);
    let twice = read(&[&text, &text]).unwrap();
    assert_eq!((twice.documents.len(), &*rejected(&twice)[0].source_name), (0, "2.csv"));
    // Ids tell lines of one document apart; elsewhere they may return, or be missing.
    assert_eq!(import(&[row(&[]), row(&[("No", "N2")])]).documents.len(), 2);
    assert_eq!(import(&[row(&[("Ref", "")]), row(&[("Ref", ""), ("Net", "1")])]).documents[0].lines.len(), 2);
}

#[test]
fn imp_43_totals_are_positive_and_fit_64_bits() {
    // At fault is the whole document: its first row is named.
    assert_eq!(broken(&[("Net", "-10.50")]), ("IMP-43", 3, None));
    let most = |number: usize| -> Import {
        let ids: Vec<String> = (0..number).map(|at| at.to_string()).collect();
        let rows: Vec<String> =
            ids.iter().map(|id| row(&[("Ref", id), ("Net", "92233720368547758.07")])).collect();
        import(&rows)
    };
    assert_eq!(most(2).documents[0].total_minor, u64::MAX - 1);
    assert_eq!(rejected(&most(3))[0].rule(), "IMP-43");
}

#[test]
fn every_bad_row_of_a_document_is_reported_in_the_order_of_rows() {
    let import = import(&[
        row(&[("No", "N2"), ("Net", "x")]),
        row(&[("No", "")]),
        row(&[("No", "N3"), ("Net", "0")]),
        row(&[("No", "N2"), ("Date", "x")]),
        row(&[("No", "N2")]),
    ]);
    let rows: Vec<(u64, &str)> = import.rejected().map(|r| (r.row, r.rule())).collect();
    assert_eq!(rows, [(2, "IMP-35"), (3, "IMP-33"), (4, "IMP-43"), (5, "IMP-38")]);
    assert_eq!(
        (import.report.rejected_documents, import.report.rejected_lines, import.report.rejected_rows),
        (2, 4, 1)
    );
}

#[test]
fn a_rejection_never_carries_the_text_of_a_cell() {
    let cells: Vec<(&str, &str)> = HEADER.split(';').map(|name| (name, "s3cret")).collect();
    let date = [("Date", "2022-03-04"), ("Paid", "05.03.2022"), ("Ccy", "GBP")];
    let all_of = |more: &[(&'static str, &'static str)]| row(&[&cells[..], &date, more].concat());
    let import =
        import(&[all_of(&[]), all_of(&[("Net", "1.00")]), all_of(&[("Net", "-1"), ("No", "s3cret2")])]);
    assert_eq!(import.left_out.len(), 3);
    for left_out in &import.left_out {
        assert!(!left_out.to_string().contains("s3cret") && !format!("{left_out:?}").contains("s3cret"));
    }
}
