//! Imports that go wrong, a rule at a time; then those that go right, and those that are hostile.

mod credit_notes;
mod duplicates;
mod hostile;
mod layouts;
mod prop;
mod real;
mod rules;
mod streaming;
mod treasury;

use parclose_types::Failure;

use super::*;

/// Semicolons, `key = [seller, number]`, currency by column, buyer must agree.
const MAPPING: &str = r#"
key = ["seller", "number"]
month = "due"
must_agree = ["buyer"]

[file]
separator = ";"

[tokens]
missing = ["N/A"]
redacted = ["REDACTED"]

[currency]
column = "Ccy"

[amount]
column = "Net"
sign = "kept"
decimal_mark = "."

[dates.due]
column = "Date"
formats = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]

[dates.paid]
column = "Paid"
formats = ["%d.%m.%Y"]

[dates.issue]
derived_from = "due"
days_before = 30

[document]
seller = "Seller"
number = "No"
buyer = "Buyer"
place = "Place"

[line]
id = "Ref"
description = "Text"
account = "Account"

[constants]
scheme = "test"
"#;

const HEADER: &str = "Ref;Seller;No;Net;Ccy;Date;Paid;Buyer;Place;Text;Account;Unread";
/// A row that is good, and stands alone in its document.
const ROW: [&str; 12] =
    ["r1", "S1", "N1", "10.50", "GBP", "2022-03-04", "05.03.2022", "B", "Leeds", "pipe", "77", "x"];

fn mapping() -> Mapping {
    Mapping::parse(MAPPING, "test.toml").unwrap()
}

/// The good row with some cells replaced, by header name.
fn row(cells: &[(&str, &str)]) -> String {
    let names: Vec<&str> = HEADER.split(';').collect();
    let mut row = ROW.map(str::to_owned);
    for (name, value) in cells {
        let at = names.iter().position(|known| known == name).unwrap();
        row[at] = (*value).into();
    }
    row.join(";")
}

fn table(rows: &[String]) -> String {
    std::iter::once(HEADER.to_owned()).chain(rows.iter().cloned()).map(|row| row + "\n").collect()
}

fn read(texts: &[&str]) -> Result<Import, BadSource> {
    let names: Vec<String> = (1..=texts.len()).map(|at| format!("{at}.csv")).collect();
    let sources: Vec<Source<'_>> =
        names.iter().zip(texts).map(|(name, text)| Source { name, bytes: text.as_bytes() }).collect();
    let import = read_documents(&sources, &mapping())?;
    check(&import);
    Ok(import)
}

/// What holds for every import: each entry is accounted for, and each total is the sum of its lines.
fn check(import: &Import) {
    let report = &import.report;
    assert!(report.reconciles(), "{:?}", report.accounts);
    assert_eq!(report.entries(State::Line), report.lines);
    assert_eq!(
        report.entries(State::Rejected) + report.entries(State::OfRejected),
        report.rejected_lines + report.rejected_rows
    );
    let lines: usize = import.documents.iter().map(|document| document.lines.len()).sum();
    assert_eq!(report.input.entries(), (lines + import.left_out.len()) as u64);
    for document in &import.documents {
        let sum: i128 = document.lines.iter().map(|line| i128::from(line.amount_minor)).sum();
        assert_eq!(sum, i128::from(document.total_minor));
    }
}

/// What was left out where a rule was broken.
fn rejected(import: &Import) -> Vec<&LeftOut> {
    import.rejected().collect()
}

fn import(rows: &[String]) -> Import {
    read(&[&table(rows)]).unwrap()
}
