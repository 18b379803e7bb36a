//! Invoices that are split, passed on and discounted: by hand, in general, and the real ones.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::fixtures::{number, real, real_invoices};
use parclose_documents::{DocumentDate, Line, Mapping, Source, read_documents, synthetic};
use proptest::prelude::*;

const CALDERDALE: &str = include_str!("../../../../channels/scf-receivable/mappings/calderdale.toml");
const GENERATED: &str = include_str!("../../../../channels/scf-receivable/mappings/generated.toml");

fn day(text: &str) -> IsoDate {
    IsoDate::parse(text).unwrap()
}

fn rule() -> Rule {
    Rule::stated().unwrap()
}

/// A document with these lines, due on a day.
fn document(number: &str, due: &str, lines: &[i64]) -> Document {
    let line = |amount_minor: &i64| Line {
        source_name: Arc::from("a.csv"),
        row: 1,
        id: String::new(),
        description: String::new(),
        amount_minor: *amount_minor,
        credit_note: None,
        fields: BTreeMap::new(),
    };
    let due = DocumentDate { day: day(due), derived: false };
    Document {
        key: vec!["S1".into(), number.into()],
        redacted: false,
        fields: BTreeMap::new(),
        dates: BTreeMap::from([("due".into(), due)]),
        month: String::new(),
        currency: Currency::find("GBP").unwrap(),
        total_minor: lines.iter().sum::<i64>().try_into().unwrap(),
        lines: lines.iter().map(line).collect(),
    }
}

fn split(lines: &[i64], piece_minor_min: u64, pieces_max: usize) -> Vec<(Vec<usize>, u64)> {
    let limits = SplitLimits { piece_minor_min, pieces_max };
    let pieces = pieces::of(&document("1", "2022-08-31", lines), limits).unwrap();
    pieces.into_iter().map(|piece| (piece.lines, piece.amount_minor)).collect()
}

#[test]
fn fin_40_the_issue_day_is_the_documents_or_a_term_before_the_due_day() {
    let mut one = document("1", "2022-03-31", &[10_000]);
    let made = receivables(std::slice::from_ref(&one), &rule()).unwrap();
    assert_eq!((made[0].issue, made[0].due), (day("2022-03-01"), day("2022-03-31")));
    one.dates.insert("issue".into(), DocumentDate { day: day("2022-02-15"), derived: false });
    assert_eq!(receivables(std::slice::from_ref(&one), &rule()).unwrap()[0].issue, day("2022-02-15"));
    one.dates.remove("due");
    assert_eq!(receivables(&[one], &rule()), Err(Refused::NoDueDay));
    assert_eq!(receivables(&[document("1", "1900-01-05", &[10_000])], &rule()), Err(Refused::NoDueDay));
}

#[test]
fn fin_41_lines_are_pieces_and_credits_lower_all_of_them() {
    assert_eq!(split(&[6_000, 4_000], 1_000, 8), [(vec![0], 6_000), (vec![1], 4_000)]);
    // 1,000 less: 9,000 in the proportion of six to four.
    assert_eq!(split(&[6_000, -1_000, 4_000], 1_000, 8), [(vec![0], 5_400), (vec![2], 3_600)]);
    // Of the two units left over one goes to the third, whose remainder is largest, one to the first.
    assert_eq!(
        split(&[3_334, 3_334, 3_333, -1], 1, 8),
        [(vec![0], 3_334), (vec![1], 3_333), (vec![2], 3_333)]
    );
}

#[test]
fn fin_41_too_many_and_too_small_lines_are_one_last_piece() {
    assert_eq!(
        split(&[5_000, 9_000, 1_000, 7_000, 5_000], 1_000, 3),
        [(vec![1], 9_000), (vec![3], 7_000), (vec![0, 2, 4], 11_000)]
    );
    assert_eq!(split(&[5_000, 600, 700], 1_000, 8), [(vec![0], 5_000), (vec![1, 2], 1_300)]);
    // Too small together: they join the largest, the first of equal ones.
    assert_eq!(split(&[5_000, 5_000, 999], 1_000, 8), [(vec![0, 2], 5_999), (vec![1], 5_000)]);
    assert_eq!(split(&[5_000, 5_000, 5_000], 1_000, 2), [(vec![0], 5_000), (vec![1, 2], 10_000)]);
    assert_eq!(split(&[300, 300], 1_000, 8), [(vec![0, 1], 600)], "an invoice below the least piece");
    assert_eq!(split(&[600, 700], 1_000, 1), [(vec![0, 1], 1_300)]);
    assert_eq!(split(&[600, 700], 0, 0), [(vec![0, 1], 1_300)]);
}

#[test]
fn fin_42_the_second_of_four_is_passed_on_and_the_last_discounted() {
    let mut documents: Vec<Document> =
        (0..8).map(|at| document(&at.to_string(), "2022-08-31", &[3_000, 7_000])).collect();
    documents[5].redacted = true;
    documents.reverse();
    let made = receivables(&documents, &rule()).unwrap();
    let numbers: Vec<&str> = made.iter().map(|receivable| receivable.key[1].as_str()).collect();
    assert_eq!(numbers, ["0", "1", "2", "3", "4", "5", "6", "7"]);
    let courses: Vec<&str> = made
        .iter()
        .map(|receivable| match receivable.course {
            Course::Held => "held",
            Course::PassedOn(1) => "second piece",
            Course::PassedOn(_) => "another piece",
            Course::Discounted(_) => "discounted",
        })
        .collect();
    assert_eq!(courses, ["held", "second piece", "held", "discounted", "held", "held", "held", "discounted"]);
    // An earlier due day comes first, whatever the key.
    let two = [document("1", "2022-08-31", &[5]), document("2", "2022-08-30", &[5])];
    assert_eq!(receivables(&two, &rule()).unwrap()[0].key[1], "2");
    let equal: Vec<Document> =
        (0..2).map(|at| document(&at.to_string(), "2022-08-31", &[5_000, 5_000])).collect();
    assert_eq!(receivables(&equal, &Rule { every: 4, ..rule() }).unwrap()[1].course, Course::PassedOn(0));
}

#[test]
fn fin_43_a_bank_pays_ten_days_after_issue_or_on_the_due_day() {
    let mut documents: Vec<Document> =
        (0..4).map(|at| document(&at.to_string(), "2022-08-31", &[1_000_000])).collect();
    let quote = |documents: &[Document]| match receivables(documents, &rule()).unwrap().pop().unwrap().course
    {
        Course::Discounted(quote) => *quote,
        other => panic!("{other:?}"),
    };
    // 20 days at 6 % over 365: 10,000.00 / (1 + 0.06 x 20 / 365) = 9,967.23.
    let usual = quote(&documents);
    assert_eq!((usual.terms().paid, usual.days(), usual.price_minor()), (day("2022-08-11"), 20, 996_723));
    assert_eq!((usual.terms().basis, usual.face_minor()), (crate::Basis::Days365, 1_000_000));
    for document in &mut documents {
        document.dates.insert("issue".into(), DocumentDate { day: day("2022-08-25"), derived: false });
    }
    assert_eq!((quote(&documents).days(), quote(&documents).price_minor()), (0, 1_000_000));
}

/// Sums of receivables, as the other program keeps them.
fn tally(made: &[Receivable]) -> serde_json::Value {
    let mut count = BTreeMap::from([("held", 0_u64), ("passed-on", 0), ("discounted", 0)]);
    let mut minor = count.clone();
    let mut spread: BTreeMap<String, u64> = BTreeMap::new();
    let (mut passed_on, mut price) = (0, 0);
    for receivable in made {
        let sum: u64 = receivable.pieces.iter().map(|piece| piece.amount_minor).sum();
        assert_eq!(sum, receivable.face_minor, "{:?}", receivable.key);
        *spread.entry(receivable.pieces.len().to_string()).or_default() += 1;
        let course = match &receivable.course {
            Course::Held => "held",
            Course::PassedOn(at) => {
                passed_on += receivable.pieces[*at].amount_minor;
                "passed-on"
            }
            Course::Discounted(quote) => {
                price += quote.price_minor();
                "discounted"
            }
        };
        *count.get_mut(course).unwrap() += 1;
        *minor.get_mut(course).unwrap() += receivable.face_minor;
    }
    let sum = |counts: &BTreeMap<&str, u64>| counts.values().sum::<u64>();
    serde_json::json!({
        "receivables": sum(&count),
        "face_minor": sum(&minor),
        "pieces": made.iter().map(|receivable| receivable.pieces.len()).sum::<usize>(),
        "pieces_of_receivables": spread,
        "count": count,
        "minor": minor,
        "passed_on_minor": passed_on,
        "price_minor": price,
    })
}

fn import(files: &[(String, Vec<u8>)], mapping: &str) -> Vec<Document> {
    let sources: Vec<Source<'_>> = files.iter().map(|(name, bytes)| Source { name, bytes }).collect();
    let import = read_documents(&sources, &Mapping::parse(mapping, "mapping.toml").unwrap()).unwrap();
    assert_eq!(import.left_out, []);
    import.documents
}

#[test]
fn fin_41_fin_42_fin_43_the_real_invoices_are_what_another_program_computes() {
    let Some(files) = real_invoices() else { return };
    let made = receivables(&import(&files, CALDERDALE), &rule()).unwrap();
    let known = real("invoices");
    assert_eq!(tally(&made), known);
    assert_eq!((number(&known, "receivables"), number(&known, "face_minor")), (12_795, 17_769_331_551));
}

#[test]
fn fin_42_generated_invoices_do_not_depend_on_the_order_of_documents() {
    let made = synthetic::invoices(11, 400);
    let mut documents = import(&made.files, GENERATED);
    let forward = receivables(&documents, &rule()).unwrap();
    documents.reverse();
    assert_eq!(receivables(&documents, &rule()).unwrap(), forward);
    let tally = tally(&forward);
    assert_eq!(u128::from(number(&tally, "face_minor")), made.reference.total_minor);
    assert!(number(&tally["count"], "passed-on") > 80 && number(&tally["count"], "discounted") > 80);
    let redacted: Vec<&Receivable> = forward.iter().filter(|receivable| receivable.redacted).collect();
    assert!(!redacted.is_empty() && redacted.iter().all(|receivable| receivable.course == Course::Held));
}

proptest! {
    #[test]
    fn fin_41_pieces_are_within_limits_and_hold_every_line_above_zero_once(
        lines in prop::collection::vec(-500_i64..20_000, 1..30), least in 1_u64..5_000, most in 1_usize..10,
    ) {
        prop_assume!(lines.iter().sum::<i64>() > 0);
        let pieces = split(&lines, least, most);
        let total = u64::try_from(lines.iter().sum::<i64>()).unwrap();
        prop_assert_eq!(pieces.iter().map(|(_, amount)| *amount).sum::<u64>(), total);
        prop_assert!(pieces.len() <= most);
        prop_assert!(pieces.iter().all(|(_, amount)| *amount >= least.min(total)));
        let mut named: Vec<usize> = pieces.into_iter().flat_map(|(lines, _)| lines).collect();
        named.sort_unstable();
        let above: Vec<usize> = (0..lines.len()).filter(|at| lines[*at] > 0).collect();
        prop_assert_eq!(named, above);
    }
}
