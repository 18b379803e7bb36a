//! Random tables against a reference model: a map from key to sum, filled from the numbers that
//! were written. Then random bytes, which must end without a panic.

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
struct Entry {
    seller: u8,
    number: u8,
    minor: i64,
    source: usize,
    bad: bool,
}

fn entry() -> impl Strategy<Value = Entry> {
    (0_u8..4, 0_u8..4, -500_i64..2_000, 0_usize..3, proptest::bool::weighted(0.05))
        .prop_map(|(seller, number, minor, source, bad)| Entry { seller, number, minor, source, bad })
}

fn written(minor: i64) -> String {
    format!("{}{}.{:02}", if minor < 0 { "-" } else { "" }, minor.abs() / 100, minor.abs() % 100)
}

/// `None` for a document with a bad line.
fn model(entries: &[Entry]) -> BTreeMap<Vec<String>, u64> {
    let mut sums: BTreeMap<Vec<String>, Option<i64>> = BTreeMap::new();
    for entry in entries {
        let sum =
            sums.entry(vec![format!("S{}", entry.seller), format!("N{}", entry.number)]).or_insert(Some(0));
        *sum = if entry.bad { None } else { sum.map(|sum| sum + entry.minor) };
    }
    let positive = |sum: Option<i64>| sum.and_then(|sum| u64::try_from(sum).ok()).filter(|sum| *sum > 0);
    sums.into_iter().filter_map(|(key, sum)| Some((key, positive(sum)?))).collect()
}

proptest! {
    #[test]
    fn totals_agree_with_the_model(entries in proptest::collection::vec(entry(), 0..60)) {
        let mut files = [vec![], vec![], vec![]];
        for (at, entry) in entries.iter().enumerate() {
            let (id, seller, number) = (at.to_string(), format!("S{}", entry.seller), format!("N{}", entry.number));
            let net = if entry.bad { "bad".into() } else { written(entry.minor) };
            files[entry.source].push(row(&[("Ref", &id), ("Seller", &seller), ("No", &number), ("Net", &net)]));
        }
        let texts = files.map(|rows| table(&rows));
        let import = read(&[&texts[0], &texts[1], &texts[2]]).unwrap();
        let found: BTreeMap<Vec<String>, u64> =
            import.documents.iter().map(|document| (document.key.clone(), document.total_minor)).collect();
        prop_assert_eq!(found, model(&entries));
        let first = |document: &Document| (document.lines[0].source_name.to_string(), document.lines[0].row);
        prop_assert!(import.documents.is_sorted_by_key(first));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300), header: bool) {
        let text = if header { table(&[]).into_bytes() } else { Vec::new() };
        let bytes = [text, bytes].concat();
        let _ = read_documents(&[Source { name: "x", bytes: &bytes }], &mapping());
    }

    #[test]
    fn cut_tables_are_read_up_to_the_cut(cut in 0_usize..400) {
        let text = table(&[row(&[]), row(&[("Ref", "r2"), ("Text", "\"a;\"\"b\"")]), row(&[("No", "N2")])]);
        let cut = &text[..cut.min(text.len())];
        if let Ok(import) = read(&[cut]) {
            prop_assert!(import.rejected().count() <= 1);
        }
    }
}

/// One row of a ledger with everything that can go wrong, and its amount where that can be read.
#[derive(Debug, Clone)]
struct Wild {
    cells: [String; 6],
    minor: Option<i64>,
}

const WILD: &str = r#"
key = ["seller", "number"]
required = ["seller"]

[tokens]
redacted = ["R"]

[currency]
column = "C"

[amount]
column = "A"
sign = "kept"
decimal_mark = "."

[document]
seller = "S"
number = "N"

[duplicates]
then = "THEN"

[credit_notes]
type = "T"
invoices = ["380"]
credit_notes = ["381"]
amounts = "positive"
reference = "P"
names = "number"
"#;

fn wild() -> impl Strategy<Value = Wild> {
    let amount = prop_oneof![8 => (-50_i64..300).prop_map(Some), 1 => Just(None)];
    let of = |list: &'static [&'static str]| proptest::sample::select(list);
    (
        of(&["s", "t", "R", ""]),
        of(&["1", "2", "3", "R", ""]),
        of(&["380", "380", "381", "?"]),
        of(&["", "1", "2", "9"]),
        of(&["GBP", "GBP", "JPY", "?"]),
        amount,
    )
        .prop_map(|(seller, number, kind, preceding, currency, amount)| {
            let known = currency != "?";
            let turned = if kind == "381" { -1 } else { 1 };
            let text = amount.map_or_else(|| "none".into(), |amount| amount.to_string());
            let scale = if currency == "GBP" { 100 } else { 1 };
            Wild {
                cells: [seller.into(), number.into(), kind.into(), preceding.into(), currency.into(), text],
                minor: amount.filter(|_| known).map(|amount| amount * turned * scale),
            }
        })
}

proptest! {
    #[test]
    fn imp_60_whatever_the_rows_are_every_entry_and_every_minor_unit_is_accounted_for(
        rows in proptest::collection::vec(wild(), 0..60), files in 1_usize..4, then in 0_usize..3, again in 0_usize..60
    ) {
        let mut rows = rows;
        // A row that returns.
        if let Some(row) = rows.get(again).cloned() {
            rows.push(row);
        }
        let mapping = WILD.replace("THEN", ["reject", "once", "each"][then]);
        let mapping = Mapping::parse(&mapping, "wild").unwrap();
        let mut texts = vec!["S,N,T,P,C,A\n".to_owned(); files];
        for (at, row) in rows.iter().enumerate() {
            texts[at % files] += &(row.cells.join(",") + "\n");
        }
        let names: Vec<String> = (0..files).map(|at| at.to_string()).collect();
        let sources: Vec<Source<'_>> =
            names.iter().zip(&texts).map(|(name, text)| Source { name, bytes: text.as_bytes() }).collect();
        let import = read_documents(&sources, &mapping).unwrap();
        check(&import);
        // The input, counted from what was written.
        let mut sums: BTreeMap<&str, (u64, i128)> = BTreeMap::new();
        for row in &rows {
            let currency = row.minor.map_or("-", |_| row.cells[4].as_str());
            let sum = sums.entry(currency).or_default();
            *sum = (sum.0 + 1, sum.1 + i128::from(row.minor.unwrap_or(0)));
        }
        let mut found: BTreeMap<&str, (u64, i128)> =
            import.report.input.sums.iter().map(|(currency, sum)| (*currency, (sum.entries, sum.amount_minor))).collect();
        if import.report.input.unread > 0 {
            found.insert("-", (import.report.input.unread, 0));
        }
        prop_assert_eq!(found, sums);
        // Every row stands in one place: in a line, or among what is left out.
        let mut places: Vec<(&str, u64)> = import.left_out.iter().map(|one| (&*one.source_name, one.row)).collect();
        places.extend(import.documents.iter().flat_map(|d| &d.lines).map(|line| (&*line.source_name, line.row)));
        places.sort_unstable();
        places.dedup();
        prop_assert_eq!(places.len(), rows.len());
        // No credit note is a claim, and none raises one.
        for document in &import.documents {
            let claims: i128 = document.lines.iter().filter(|l| l.credit_note.is_none()).map(|l| i128::from(l.amount_minor)).sum();
            prop_assert!(claims >= i128::from(document.total_minor));
        }
    }
}
