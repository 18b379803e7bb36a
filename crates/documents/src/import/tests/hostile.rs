//! Good input in unusual dress, and input made to hurt.

use super::*;

fn rows_of(import: &Import) -> Vec<Vec<u64>> {
    import.documents.iter().map(|document| document.lines.iter().map(|line| line.row).collect()).collect()
}

#[test]
fn lines_of_a_key_are_one_document_over_all_sources() {
    let first = table(&[row(&[("Date", "2022-04-01"), ("Place", "")]), row(&[("No", "N2")])]);
    let second = table(&[row(&[("Ref", "r9"), ("Net", "-0.50"), ("Place", "York")])]);
    let third = table(&[row(&[("Ref", "r10"), ("Place", "Hull"), ("Paid", "")])]);
    let import = read(&[&first, &second, &third]).unwrap();
    let [spanning, single] = import.documents.as_slice() else { panic!("{:?}", import.documents) };
    assert_eq!((spanning.total_minor, spanning.lines.len()), (1_050 - 50 + 1_050, 3));
    assert_eq!(spanning.fields["place"], "York");
    assert_eq!(spanning.fields["scheme"], "test");
    assert_eq!(spanning.month, "2022-03");
    assert_eq!(
        (spanning.dates["due"].day.to_string(), spanning.dates["due"].derived),
        ("2022-03-04".into(), false)
    );
    assert_eq!(
        (spanning.dates["issue"].day.to_string(), spanning.dates["issue"].derived),
        ("2022-02-02".into(), true)
    );
    assert_eq!(single.key, ["S1", "N2"]);
    let line = &spanning.lines[1];
    assert_eq!((&*line.source_name, line.row, line.id.as_str()), ("2.csv", 2, "r9"));
    assert_eq!(
        (line.description.as_str(), line.fields["account"].as_str(), line.amount_minor),
        ("pipe", "77", -50)
    );
    assert_eq!(import.report.differences, BTreeMap::from([("due".into(), 1), ("place".into(), 1)]));
    assert_eq!((import.report.sources, import.report.spanning_documents), (3, 1));
}

#[test]
fn redacted_numbers_group_per_supplier() {
    let import = import(&[
        row(&[("No", "REDACTED")]),
        row(&[("No", "REDACTED"), ("Seller", "S2")]),
        row(&[("No", "REDACTED"), ("Ref", "r2")]),
        row(&[]),
    ]);
    assert_eq!(rows_of(&import), [vec![2, 4], vec![3], vec![5]]);
    let redacted: Vec<bool> = import.documents.iter().map(|document| document.redacted).collect();
    assert_eq!((redacted, import.report.redacted_documents), (vec![true, true, false], 2));
}

#[test]
fn marks_encodings_and_line_ends_do_not_matter() {
    let plain = table(&[row(&[("Place", "Köln 𝄞")]), row(&[("No", "N2")])]);
    let expected = read(&[&plain]).unwrap();
    let crlf = plain.replace('\n', "\r\n");
    let utf16 = |order: fn(u16) -> [u8; 2]| -> Vec<u8> {
        std::iter::once(0xfeff).chain(plain.encode_utf16()).flat_map(order).collect()
    };
    for bytes in [
        crlf.into_bytes(),
        format!("\u{feff}{plain}").into_bytes(),
        plain.trim_end().as_bytes().to_vec(),
        utf16(u16::to_le_bytes),
        utf16(u16::to_be_bytes),
    ] {
        let found = read_documents(&[Source { name: "1.csv", bytes: &bytes }], &mapping()).unwrap();
        assert_eq!(found, expected);
    }
}

#[test]
fn columns_may_stand_in_any_order_in_each_source() {
    let turned: String = table(&[row(&[("Ref", "r2")])])
        .lines()
        .map(|line| line.rsplit(';').collect::<Vec<_>>().join(";") + "\n")
        .collect();
    let import = read(&[&table(&[row(&[])]), &turned]).unwrap();
    assert_eq!((import.rejected().count(), import.documents[0].lines.len()), (0, 2));
}

#[test]
fn skipped_rows_count_as_rows() {
    let mapping = Mapping::parse(&MAPPING.replace("[file]", "[file]\nskip_rows = 2"), "x").unwrap();
    let text = format!("#TYPE \"broken\n\n{}", table(&[row(&[])]));
    let import = read_documents(&[Source { name: "1.csv", bytes: text.as_bytes() }], &mapping).unwrap();
    assert_eq!(rows_of(&import), [vec![4]]);
}

#[test]
fn a_source_of_headers_only_holds_nothing() {
    let import = import(&[]);
    assert_eq!((import.documents.len(), import.report.sources, import.report.rows), (0, 1, 0));
    assert_eq!(read(&[]).unwrap().report, Report::default());
}

#[test]
fn a_cell_of_a_million_characters_costs_its_document_only() {
    let import = import(&[row(&[("Text", &"x".repeat(1_000_000))]), row(&[("No", "N2")])]);
    assert_eq!(
        (rejected(&import)[0].rule(), rejected(&import)[0].row, import.documents.len()),
        ("IMP-32", 2, 1)
    );
}

#[test]
fn an_open_quote_costs_its_row_only() {
    let rows =
        [row(&[]), row(&[("No", "N2"), ("Text", "\"pipe")]), row(&[("No", "N3")]), row(&[("No", "\"N4\"")])];
    let import = import(&rows);
    assert_eq!(rows_of(&import), [vec![2], vec![4], vec![5]]);
    assert_eq!((rejected(&import)[0].rule(), rejected(&import)[0].row), ("IMP-30", 3));
    // The last row, cut off within quotes.
    let cut = table(&[row(&[])]) + "r2;\"S";
    assert_eq!(rejected(&read(&[&cut]).unwrap())[0].row, 3);
}

#[test]
fn many_rows_of_one_key_and_many_keys_take_linear_time() {
    let rows: Vec<String> = (0..100_000)
        .map(|at| {
            row(&[("Ref", &at.to_string()), ("No", if at % 2 == 0 { "N1" } else { ROW[0] }), ("Net", "0.01")])
        })
        .collect();
    assert_eq!(import(&rows).documents.len(), 2);
    let rows: Vec<String> = (0..100_000).map(|at| row(&[("No", &at.to_string())])).collect();
    assert_eq!(import(&rows).documents.len(), 100_000);
    let rows: Vec<String> = (0..100_000).map(|_| row(&[("Net", "bad")])).collect();
    assert_eq!(import(&rows).rejected().count(), 100_000);
}
