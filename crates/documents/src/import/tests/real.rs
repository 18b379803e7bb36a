//! The real invoice set: 23,862 payment lines of one year, read by the shipped mapping and summed a
//! second time by a computation that shares no code with the import.

use super::*;
use crate::fixtures::real_files;

const MAPPING: &str = include_str!("../../../../../channels/scf-receivable/mappings/calderdale.toml");

fn import(files: &[(String, Vec<u8>)]) -> Import {
    let mapping = Mapping::parse(MAPPING, "calderdale.toml").unwrap();
    let sources: Vec<Source<'_>> = files.iter().map(|(name, bytes)| Source { name, bytes }).collect();
    read_documents(&sources, &mapping).unwrap()
}

/// Sum and earliest date of each (supplier, invoice), by the `csv` crate and the digits of the text.
fn second_computation(files: &[(String, Vec<u8>)]) -> BTreeMap<(String, String), (i128, String)> {
    let mut sums: BTreeMap<(String, String), (i128, String)> = BTreeMap::new();
    for (_, bytes) in files {
        let mut reader = csv::Reader::from_reader(bytes.as_slice());
        let headers = reader.headers().unwrap().clone();
        let at = |name: &str| headers.iter().position(|header| header == name).unwrap();
        let (supplier, number) = (at("Supplier ID"), at("Invoice Number"));
        let (amount, date) = (at("Net Amount"), at("Date"));
        for record in reader.records() {
            let record = record.unwrap();
            // Two decimals throughout: without its point the number is one of pence.
            let pence: i128 = record[amount].replace('.', "").parse().unwrap();
            assert_eq!(record[amount].rfind('.'), Some(record[amount].len() - 3));
            let key = (record[supplier].to_owned(), record[number].to_owned());
            let sum = sums.entry(key).or_insert_with(|| (0, record[date].to_owned()));
            sum.0 += pence;
            sum.1 = sum.1.clone().min(record[date].to_owned());
        }
    }
    sums
}

#[test]
fn the_real_year_is_read_whole() {
    let Some(files) = real_files() else { return };
    let import = import(&files);
    assert_eq!(import.left_out, []);
    check(&import);
    let report = &import.report;
    assert_eq!((report.sources, report.rows, report.lines), (12, 23_862, 23_862));
    assert_eq!((report.documents, report.spanning_documents, report.redacted_documents), (12_795, 102, 19));
    let totals = Totals { documents: 12_795, lines: 23_862, total_minor: 17_769_331_551 };
    assert_eq!(report.totals, BTreeMap::from([("GBP", totals)]));
    // Counted outside this program as well: invoices paid on several days, and under several names.
    assert_eq!(report.differences, BTreeMap::from([("due".into(), 124), ("supplier_name".into(), 14)]));
}

#[test]
fn the_real_year_agrees_with_a_second_computation() {
    let Some(files) = real_files() else { return };
    let import = import(&files);
    let expected = second_computation(&files);
    assert_eq!(import.documents.len(), expected.len());
    let mut months: BTreeMap<String, (u64, i128)> = BTreeMap::new();
    for document in &import.documents {
        let (sum, date) = &expected[&(document.key[0].clone(), document.key[1].clone())];
        assert_eq!((i128::from(document.total_minor), &document.month), (*sum, &date[..7].to_owned()));
        assert_eq!(document.dates["due"].day.to_string(), *date);
    }
    for (sum, date) in expected.values() {
        let month = months.entry(date[..7].to_owned()).or_default();
        *month = (month.0 + 1, month.1 + sum);
    }
    let found: BTreeMap<String, (u64, i128)> = import
        .report
        .months
        .iter()
        .map(|(month, totals)| {
            (month.clone(), (totals["GBP"].documents, i128::try_from(totals["GBP"].total_minor).unwrap()))
        })
        .collect();
    assert_eq!(found, months);
    assert_eq!(found.len(), 12);
}

#[test]
fn the_lines_of_each_real_file_sum_to_its_payments() {
    let Some(files) = real_files() else { return };
    let mut by_file: BTreeMap<&str, i64> = BTreeMap::new();
    let import = import(&files);
    for line in import.documents.iter().flat_map(|document| &document.lines) {
        *by_file.entry(&line.source_name).or_default() += line.amount_minor;
    }
    // Computed once with exact decimals, outside this program.
    let expected = [
        ("2021-09.csv", 1_558_236_884),
        ("2021-10.csv", 1_344_223_160),
        ("2021-11.csv", 1_403_122_235),
        ("2021-12.csv", 1_527_698_819),
        ("2022-01.csv", 1_248_826_358),
        ("2022-02.csv", 1_274_090_698),
        ("2022-03.csv", 1_951_318_288),
        ("2022-04.csv", 1_709_065_629),
        ("2022-05.csv", 1_395_660_664),
        ("2022-06.csv", 1_272_097_017),
        ("2022-07.csv", 1_494_840_924),
        ("2022-08.csv", 1_590_150_875),
    ];
    assert_eq!(by_file, BTreeMap::from(expected));
}
