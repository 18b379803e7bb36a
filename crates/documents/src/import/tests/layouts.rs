//! Tables of other layouts: joined fields, constants, stand-ins, products, splits, symbols, junk lines.

use super::*;

const MAPPING: &str = r##"
key = ["lot", "class"]

[file]
separator = "|"
encoding = "utf-16le"
skip_rows = 1
skip_prefixes = ["#TYPE", "--"]

[tokens]
missing = ["N/A", "n.a.", "-"]

[currency]
code = "GBP"

[amount]
sign = "kept"
decimal_mark = ","
thousands_mark = "."
symbols = ["£"]
times = ["Price", 2]
divided_by = [100, "Units"]
rounding = "half-up"

[document]
lot = "Lot"
title = { join = ["Series", "No"], with = "/" }
agent = { column = "Agent", otherwise = "unknown" }

[line]
note = { join = ["Lot", "Agent"] }

[constants]
seller = "The Treasury"

[split]
field = "class"
text = "quantity"
[split.columns]
dealers = "Dealers"
public = "Public"
"##;

const TABLE: &str = "junk\n#TYPE x\n-- more\nLot|Series|No|Agent|Dealers|Public|Price|Units\n";

fn read_as(mapping: &str, text: &str) -> Import {
    let mapping = Mapping::parse(mapping, "test.toml").unwrap();
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let import = read_documents(&[Source { name: "1.csv", bytes: &bytes }], &mapping).unwrap();
    check(&import);
    import
}

fn table(rows: &[&str]) -> Import {
    read_as(MAPPING, &format!("{TABLE}{}\n", rows.join("\n")))
}

#[test]
fn a_table_of_another_layout_is_read_whole() {
    let import = table(&["L1|A|7|-|£1.000,50|n.a.|99,5|1", "L2||8|Bell|0|3|0,25|2", "L3|B|||  |N/A|1|1"]);
    let [first, second] = &import.documents[..] else { panic!("{:?}", import.documents) };
    assert_eq!(
        (first.key.join(" "), first.total_minor, first.month.as_str()),
        ("L1 dealers".into(), 199_100, "")
    );
    let fields =
        |document: &Document| ["title", "agent", "class", "seller"].map(|name| document.fields[name].clone());
    assert_eq!(fields(first), ["A/7", "unknown", "dealers", "The Treasury"]);
    assert_eq!(
        first.lines[0].fields,
        BTreeMap::from([("note", "L1"), ("quantity", "£1.000,50")].map(|(a, b)| (a.into(), b.into())))
    );
    assert_eq!((second.fields["title"].as_str(), second.total_minor), ("8", 1), "0.75 of a minor unit");
    assert_eq!(import.report.entries(State::Empty), 1);
}

#[test]
fn imp_55_a_row_gives_a_document_for_each_column_with_an_amount() {
    let import =
        table(&["L1|A|7||1|2|100|1", "L2|A|7||0,00|2|100|1", "L3|A|7||0|-|100|1", "L4|A|7||x|2|100|1"]);
    let keys: Vec<String> = import.documents.iter().map(|document| document.key.join(" ")).collect();
    assert_eq!(keys, ["L1 dealers", "L1 public", "L2 public", "L4 public"]);
    let states: Vec<_> = import.left_out.iter().map(|one| (one.row, one.state, one.rule())).collect();
    assert_eq!(states, [(7, State::Empty, "IMP-55"), (8, State::Rejected, "IMP-35")]);
    assert_eq!((import.report.rows, import.report.input.entries()), (4, 6));
}

#[test]
fn imp_49_a_product_that_cannot_be_computed_rejects_its_document() {
    for (row, column) in [
        ("L1|A|7||1||1|0", Some("Units")),
        ("L1|A|7||99999999999999999999||99999999999999999999|1", Some("Price")),
    ] {
        let import = table(&[row]);
        let at = rejected(&import)[0];
        assert_eq!((at.rule(), at.column.as_deref()), ("IMP-49", column), "{row}");
    }
    let exact = MAPPING.replace("half-up", "exact");
    let read = |row: &str| read_as(&exact, &format!("{TABLE}{row}\n"));
    assert_eq!(rejected(&read("L1|A|7||1||1|7"))[0].rule(), "IMP-49");
    assert_eq!(read("L1|A|7||1||1|1").documents[0].total_minor, 2);
    assert_eq!(rejected(&table(&["L1|A|7||1||-|1"]))[0].rule(), "IMP-35");
}

#[test]
fn imp_48_a_document_without_a_required_field_is_rejected() {
    let required = MAPPING.replace("key =", "required = [\"title\", \"agent\", \"seller\"]\nkey =");
    let import = read_as(&required, &format!("{TABLE}L1|||x|1||100|1\nL2|A|||1||100|1\n"));
    assert_eq!((import.documents.len(), rejected(&import)[0].rule()), (1, "IMP-48"));
    assert!(rejected(&import)[0].to_string().contains("`title`"));
    let dates = format!("required = [\"paid\", \"issue\"]\n{}", super::MAPPING);
    let dates = Mapping::parse(&dates, "x").unwrap();
    let text = super::table(&[row(&[]), row(&[("No", "N2"), ("Paid", "")])]);
    let import = read_documents(&[Source { name: "1", bytes: text.as_bytes() }], &dates).unwrap();
    assert_eq!((import.documents.len(), rejected(&import)[0].row), (1, 3));
}

#[test]
fn imp_54_a_document_of_too_many_lines_is_rejected() {
    let rows: Vec<String> = (0..=crate::row::LINES_MAX).map(|at| row(&[("Ref", &at.to_string())])).collect();
    assert_eq!(import(&rows[1..]).documents[0].lines.len(), crate::row::LINES_MAX);
    let import = import(&rows);
    assert_eq!((import.documents.len(), rejected(&import)[0].rule()), (0, "IMP-54"));
    assert_eq!(import.left_out.len(), rows.len());
}

#[test]
fn a_joined_value_is_no_longer_than_a_field() {
    let half = "x".repeat(parclose_types::limits::FIELD_BYTES_MAX / 2);
    let import = table(&[&format!("L1|{half}|{half}x||1||100|1")]);
    assert_eq!(rejected(&import)[0].rule(), "IMP-32");
}

#[test]
fn the_western_code_page_is_read() {
    let mapping = super::MAPPING.replace("[file]", "[file]\nencoding = \"windows-1252\"");
    let mapping = Mapping::parse(&mapping, "x").unwrap();
    let text = super::table(&[row(&[("Place", "K?ln")])]).into_bytes();
    let bytes: Vec<u8> = text.into_iter().map(|byte| if byte == b'?' { 0xf6 } else { byte }).collect();
    let import = read_documents(&[Source { name: "1", bytes: &bytes }], &mapping).unwrap();
    assert_eq!(import.documents[0].fields["place"], "Köln");
}

#[test]
fn without_a_currency_nothing_is_a_document() {
    let mapping = MAPPING.replace("[currency]\ncode = \"GBP\"\n", "");
    let import = read_as(&mapping, &format!("{TABLE}L1|A|7||1||100|1\n"));
    assert_eq!((import.documents.len(), rejected(&import)[0].rule()), (0, "IMP-39"));
    let said = Mapping::parse(&mapping, "x").unwrap().in_currency(Some("JPY"), "x").unwrap();
    let bytes: Vec<u8> =
        format!("{TABLE}L1|A|7||1||100|1\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let import = read_documents(&[Source { name: "1", bytes: &bytes }], &said).unwrap();
    assert_eq!((import.documents[0].currency.code(), import.documents[0].total_minor), ("JPY", 2));
}
