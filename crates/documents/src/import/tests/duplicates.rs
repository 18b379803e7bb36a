//! Rows that are the same: rejected, counted once, counted each; and those that only look so.

use super::*;

fn with(rule: &str) -> Mapping {
    Mapping::parse(&format!("{MAPPING}\n[duplicates]\n{rule}\n"), "test.toml").unwrap()
}

fn import_with(rule: &str, rows: &[String]) -> Import {
    let text = table(rows);
    let import = read_documents(&[Source { name: "1.csv", bytes: text.as_bytes() }], &with(rule)).unwrap();
    check(&import);
    import
}

/// Two rows that are the same, without a line id that would tell.
fn twice() -> [String; 3] {
    let same = row(&[("Ref", "")]);
    [same.clone(), row(&[("Ref", ""), ("Net", "1.00")]), same]
}

fn states(import: &Import) -> Vec<(u64, State)> {
    import.left_out.iter().map(|one| (one.row, one.state)).collect()
}

#[test]
fn imp_44_without_a_rule_a_repeated_row_rejects_its_document() {
    for import in [import(&twice()), import_with("then = \"reject\"", &twice())] {
        assert_eq!(import.documents, []);
        assert_eq!(states(&import), [(2, State::OfRejected), (3, State::OfRejected), (4, State::Rejected)]);
        assert_eq!(rejected(&import)[0].rule(), "IMP-44");
    }
}

#[test]
fn imp_44_a_repeated_row_is_counted_once_where_the_mapping_says_so() {
    let import = import_with("then = \"once\"", &twice());
    assert_eq!(import.documents[0].total_minor, 1_150);
    assert_eq!(states(&import), [(4, State::Duplicate)]);
    assert_eq!((import.left_out[0].rule(), import.rejected().count()), ("IMP-44", 0));
    assert_eq!(import.report.accounts[&State::Duplicate].sums["GBP"].amount_minor, 1_050);
    // A line id that returns with its whole row is a repetition too; with another row it is not.
    let rows = [row(&[]), row(&[]), row(&[("Net", "2.00")])];
    let with_ids = import_with("then = \"once\"", &rows[..2]);
    assert_eq!((with_ids.documents[0].total_minor, states(&with_ids)), (1_050, vec![(3, State::Duplicate)]));
    let contradiction = import_with("then = \"once\"", &rows);
    assert_eq!((contradiction.documents.len(), rejected(&contradiction)[0].rule()), (0, "IMP-42"));
}

#[test]
fn imp_44_a_repeated_row_is_counted_each_time_where_the_mapping_says_so() {
    let import = import_with("then = \"each\"", &twice());
    assert_eq!((import.documents[0].total_minor, import.left_out.len()), (2_200, 0));
    // Not so when a line id says that it is one line.
    let import = import_with("then = \"each\"", &[row(&[]), row(&[])]);
    assert_eq!(rejected(&import)[0].rule(), "IMP-42");
}

#[test]
fn what_the_mapping_does_not_read_can_be_left_out_of_the_comparison() {
    let rows = [row(&[("Ref", ""), ("Unread", "a")]), row(&[("Ref", ""), ("Unread", "b")])];
    let by_row = import_with("then = \"once\"", &rows);
    assert_eq!((by_row.documents[0].lines.len(), by_row.left_out.len()), (2, 0));
    let by_mapped = import_with("then = \"once\"\nsame = \"mapped\"", &rows);
    assert_eq!((by_mapped.documents[0].lines.len(), states(&by_mapped)), (1, vec![(3, State::Duplicate)]));
    for (name, value) in [("Net", "1"), ("Text", "x"), ("Place", "x"), ("Paid", ""), ("Account", "x")] {
        let rows = [row(&[("Ref", "")]), row(&[("Ref", ""), (name, value)])];
        let import = import_with("then = \"once\"\nsame = \"mapped\"", &rows);
        assert_eq!(import.documents[0].lines.len(), 2, "{name}");
    }
    assert_eq!(by_mapped.report.documents, 1);
}

#[test]
fn cells_that_run_into_each_other_are_not_the_same_row() {
    let rows = [
        row(&[("Ref", ""), ("Text", "ab"), ("Account", "c")]),
        row(&[("Ref", ""), ("Text", "a"), ("Account", "bc")]),
    ];
    for rule in ["then = \"once\"", "then = \"once\"\nsame = \"mapped\""] {
        assert_eq!(import_with(rule, &rows).documents[0].lines.len(), 2);
    }
}

#[test]
fn a_file_given_twice_under_two_names_is_counted_once() {
    let text = table(&[row(&[]), row(&[("No", "N2")])]);
    let sources = ["a.csv", "b.csv"].map(|name| Source { name, bytes: text.as_bytes() });
    let import = read_documents(&sources, &with("then = \"once\"")).unwrap();
    check(&import);
    assert_eq!((import.documents.len(), import.report.entries(State::Duplicate)), (2, 2));
    assert!(import.left_out.iter().all(|one| &*one.source_name == "b.csv"));
}
