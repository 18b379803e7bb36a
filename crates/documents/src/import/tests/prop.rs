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
        let sums = import.documents.iter().all(|document| {
            document.lines.iter().map(|line| i128::from(line.amount_minor)).sum::<i128>() == i128::from(document.total_minor)
        });
        prop_assert!(sums);
        let first = |document: &Document| (document.lines[0].source_name.clone(), document.lines[0].row);
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
            prop_assert!(import.rejected.len() <= 1);
        }
    }
}
