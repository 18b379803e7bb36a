//! Faults of mappings, and of tables under one.

use parclose_types::limits::{DEFINITION_BYTES_MAX, FIELD_BYTES_MAX};

use super::{Vector, replaced};
use crate::tables::EVERYTHING_TOML;

const PLAIN: &str = include_str!("plain.toml");
const HEADER: &str = "Ref;Seller;No;Net;Ccy;Date;Buyer;Text";

pub(super) fn vectors() -> Vec<Vector> {
    [mappings(), sources(), rows(), documents(), layouts()].concat()
}

fn mappings() -> Vec<Vector> {
    let with = |rule, fault, from: &str, to: &str| {
        let bad = replaced(EVERYTHING_TOML, from, to);
        Vector::new("mapping", rule, fault, EVERYTHING_TOML.as_bytes(), bad)
    };
    let of = |rule, fault, bad: Vec<u8>| Vector::new("mapping", rule, fault, EVERYTHING_TOML.as_bytes(), bad);
    let long = format!("{EVERYTHING_TOML}\n#{}", "x".repeat(DEFINITION_BYTES_MAX));
    vec![
        with("IMP-01", "no TOML", "[file]", "[file"),
        with("IMP-01", "a key twice", "month = \"due\"", "month = \"due\"\nmonth = \"due\""),
        of("IMP-01", "over its limit", long.into_bytes()),
        of("IMP-01", "brackets without end", format!("key = {}", "[".repeat(100_000)).into_bytes()),
        of("IMP-01", "what is not UTF-8", vec![0xff; 9]),
        with("IMP-02", "a key that no mapping has", "[file]", "[file]\nmore = 1"),
        with("IMP-02", "a key less", "decimal_mark = \",\"", ""),
        with("IMP-02", "a value of another kind", "skip_rows = 1", "skip_rows = \"1\""),
        with("IMP-02", "a number below zero", "skip_rows = 1", "skip_rows = -1"),
        with("IMP-03", "a name that is none", "place = {", "\"the place\" = {"),
        with("IMP-03", "a name of two things", "description = \"Text\"", "place = \"Text\""),
        with("IMP-04", "no key", "key = [\"seller\", \"number\", \"class\"]", "key = []"),
        with(
            "IMP-04",
            "a key that is not read from a column",
            "\"number\", \"class\"",
            "\"title\", \"class\"",
        ),
        with("IMP-05", "a mark that is a digit", "decimal_mark = \",\"", "decimal_mark = \"0\""),
        with("IMP-05", "two marks that are one", "decimal_mark = \",\"", "decimal_mark = \".\""),
        with(
            "IMP-06",
            "a column of the amount beside a split",
            "sign = \"kept\"",
            "sign = \"kept\"\ncolumn = \"Net\"",
        ),
        with("IMP-07", "a currency said twice", "column = \"Ccy\"", "column = \"Ccy\"\ncode = \"GBP\""),
        with("IMP-08", "a date of a format that is no day", "%d.%m.%Y", "%d.%m"),
        with(
            "IMP-08",
            "a date that is derived from itself",
            "derived_from = \"due\"",
            "derived_from = \"issue\"",
        ),
        with("IMP-09", "a month that is not read", "month = \"due\"", "month = \"issue\""),
        with("IMP-10", "a token of two meanings", "missing = [\"N/A\", \"-\"]", "missing = [\"HIDDEN\"]"),
        with("IMP-11", "a product without a rounding", "rounding = \"half-even\"", ""),
        with("IMP-11", "a divisor of zero", "divided_by = [100,", "divided_by = [0,"),
        with("IMP-12", "a split that is no part of the key", "\"number\", \"class\"]", "\"number\"]"),
        with("IMP-13", "no codes of credit notes", "credit_notes = [\"381\"]", "credit_notes = []"),
        with("IMP-13", "a reference to what is no key", "names = \"number\"", "names = \"place\""),
        with("IMP-14", "a field that joins one column", "join = [\"Seller\", \"No\"]", "join = [\"Seller\"]"),
        with("IMP-15", "a symbol that is a sign", "\"kr.\"", "\"-\""),
        with("IMP-16", "what nobody reads is required", "\"payer\"]", "\"nobody\"]"),
        Vector::new("table", "IMP-17", "a mapping that says no currency", &table(&[row(&[])]), {
            let mapping = PLAIN.replace("[currency]\ncolumn = \"Ccy\"\n", "");
            under(&mapping, &format!("{HEADER}\n{}\n", row(&[])))
        }),
        with("IMP-18", "a constant over its limit", "The Borough", &"x".repeat(FIELD_BYTES_MAX + 1)),
    ]
}

/// A mapping, a zero byte, and a table.
fn under(mapping: &str, table: &str) -> Vec<u8> {
    format!("{mapping}\0{table}").into_bytes()
}

fn table(rows: &[String]) -> Vec<u8> {
    let rows: String = rows.iter().map(|row| format!("{row}\n")).collect();
    under(PLAIN, &format!("{HEADER}\n{rows}"))
}

/// A good row with some cells replaced, by the names of their columns.
fn row(cells: &[(&str, &str)]) -> String {
    let mut row = ["r1", "S1", "N1", "10.50", "GBP", "2022-03-04", "B", "pipe"].map(str::to_owned);
    for (name, value) in cells {
        let at = HEADER.split(';').position(|known| known == *name).expect("a column of the header");
        row[at] = (*value).into();
    }
    row.join(";")
}

fn sources() -> Vec<Vector> {
    let good = table(&[row(&[])]);
    let with = |rule, fault, table: &[u8]| {
        let bad = [PLAIN.as_bytes(), &[0], table].concat();
        Vector::new("table", rule, fault, &good, bad)
    };
    let one = format!("{HEADER}\n{}\n", row(&[]));
    let utf_16: Vec<u8> =
        std::iter::once(0xfeff).chain(one.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    vec![
        with("IMP-20", "half a code unit at the end", &utf_16[..utf_16.len() - 1]),
        with("IMP-20", "half a pair of surrogates", &[utf_16.as_slice(), &[0, 0xd8]].concat()),
        with("IMP-21", "nothing", b""),
        with("IMP-21", "a quote that does not end", b"\"Ref;Seller"),
        with("IMP-22", "a column twice", one.replacen("Text", "Buyer", 1).as_bytes()),
        with("IMP-23", "a column that is missing", one.replacen("Seller", "Vendor", 1).as_bytes()),
        with("IMP-23", "another separator", one.replace(';', ",").as_bytes()),
    ]
}

fn rows() -> Vec<Vector> {
    let first = row(&[]);
    let with = |rule, fault, cells: &[(&str, &str)]| {
        let other = row(&[("Ref", "r2"), ("No", "N2")]);
        let bad = row(&[&[("Ref", "r2"), ("No", "N2")], cells].concat());
        Vector::new("table", rule, fault, &table(&[first.clone(), other]), table(&[first.clone(), bad]))
    };
    let long = "x".repeat(FIELD_BYTES_MAX + 1);
    let record = "x".repeat((4 << 20) + 1);
    vec![
        with("IMP-30", "a quote inside a cell", &[("Text", "pi\"pe")]),
        with("IMP-30", "a column more", &[("Text", "pipe;pipe")]),
        with("IMP-31", "a control character", &[("Text", "pi\u{7}pe")]),
        with("IMP-31", "a line feed in quotes", &[("Text", "\"pi\npe\"")]),
        with("IMP-32", "a cell over its limit", &[("Text", &long)]),
        with("IMP-33", "no key", &[("No", "N/A")]),
        with("IMP-34", "a key of redactions only", &[("No", "REDACTED"), ("Seller", "REDACTED")]),
        with("IMP-35", "an amount in exponents", &[("Net", "1e3")]),
        with("IMP-35", "an amount in another notation", &[("Net", "1,50")]),
        with("IMP-35", "no amount", &[("Net", "")]),
        with("IMP-36", "a tenth of a penny", &[("Net", "1.500")]),
        with("IMP-37", "an amount beyond 64 bits", &[("Net", "92233720368547758.08")]),
        with("IMP-38", "a day that is none", &[("Date", "2022-02-30")]),
        with("IMP-38", "a date of another form", &[("Date", "04/03/2022")]),
        with("IMP-39", "a currency that is none", &[("Ccy", "XAU")]),
        with("IMP-53", "a record over 4 MiB", &[("Text", &record)]),
    ]
}

fn documents() -> Vec<Vector> {
    let first = row(&[]);
    let with = |rule, fault, cells: &[(&str, &str)]| {
        let other = row(&[("Ref", "r2"), ("Net", "1.00")]);
        let bad = row(&[&[("Ref", "r2"), ("Net", "1.00")], cells].concat());
        Vector::new("table", rule, fault, &table(&[first.clone(), other]), table(&[first.clone(), bad]))
    };
    let no_id = [row(&[("Ref", "")]), row(&[("Ref", ""), ("Net", "1.00")])];
    let same = [no_id[0].clone(), no_id[0].clone()];
    vec![
        with("IMP-43", "nothing is owed", &[("Net", "-10.50")]),
        with("IMP-40", "two currencies in a document", &[("Ccy", "EUR")]),
        with("IMP-41", "two buyers in a document", &[("Buyer", "C")]),
        with("IMP-42", "a line id twice", &[("Ref", "r1")]),
        Vector::new("table", "IMP-43", "a total beyond 64 bits", &table(&[first]), {
            let most = |at: usize| row(&[("Ref", &at.to_string()), ("Net", "92233720368547758.07")]);
            table(&[most(0), most(1), most(2)])
        }),
        Vector::new("table", "IMP-44", "a row twice", &table(&no_id), table(&same)),
    ]
}

const LAYOUT_HEADER: &str =
    "junk\nSeller;No;Kind;Corrects;Dealers;Public;Price;Units;Ccy;Due;Place;Ref;Text\n";

fn layouts() -> Vec<Vector> {
    let invoice = "S1;N1;380;;10;0;100;1;EUR;04.03.2025;Leeds;r1;x\n";
    let good = under(EVERYTHING_TOML, &format!("{LAYOUT_HEADER}{invoice}"));
    let with = |rule, fault, from: &str, to: &str| {
        assert!(invoice.contains(from), "`{from}` is not in the good row");
        let bad = format!("{LAYOUT_HEADER}{}", invoice.replacen(from, to, 1));
        Vector::new("table", rule, fault, &good, under(EVERYTHING_TOML, &bad))
    };
    vec![
        with("IMP-45", "a credit note alone", ";380;", ";381;"),
        with("IMP-47", "a code that the mapping does not know", ";380;", ";999;"),
        with("IMP-49", "a divisor of zero", ";100;1;", ";100;0;"),
        with(
            "IMP-49",
            "a product beyond 128 bits",
            ";10;0;100;",
            ";92233720368547758;0;92233720368547758000000000000000000;",
        ),
        Vector::new("table", "IMP-48", "a field that is required", &good, {
            let required =
                EVERYTHING_TOML.replacen("{ column = \"Place\", otherwise = \"nowhere\" }", "\"Place\"", 1);
            under(&required, &format!("{LAYOUT_HEADER}{}", invoice.replacen("Leeds", "-", 1)))
        }),
        Vector::new("table", "IMP-46", "a credit note of what is not there", &good, {
            let note = "S1;C1;381;N9;10;0;100;1;EUR;04.03.2025;Leeds;r2;x\n";
            under(EVERYTHING_TOML, &format!("{LAYOUT_HEADER}{invoice}{note}"))
        }),
    ]
}
