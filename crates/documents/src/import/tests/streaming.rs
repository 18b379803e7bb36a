//! One document at a time: where each ends, what is kept meanwhile, and sources that change.

use std::cell::Cell;
use std::io::{self, Read};

use super::*;

fn items(texts: &[&str]) -> Vec<String> {
    let names: Vec<String> = (1..=texts.len()).map(|at| format!("{at}.csv")).collect();
    let sources: Vec<Source<'_>> =
        names.iter().zip(texts).map(|(name, text)| Source { name, bytes: text.as_bytes() }).collect();
    let origins: Vec<&dyn Origin> = sources.iter().map(|source| source as &dyn Origin).collect();
    let mapping = mapping();
    let mut survey = Survey::take(&origins, &mapping, &mut |_, _| {}).unwrap();
    let mut reading = survey.read(&origins, &mapping);
    let mut found = Vec::new();
    while let Some(item) = reading.next() {
        let what = match item.unwrap() {
            Item::Document(document) => document.key[1].clone(),
            Item::LeftOut(one) => format!("-{}", one.row),
        };
        let (source, row) = reading.position();
        found.push(format!("{what} at {source}:{row}"));
    }
    assert!(reading.into_report().reconciles());
    found
}

#[test]
fn a_document_is_ready_where_its_last_row_stands() {
    let number = |number: &str, id: &str| row(&[("No", number), ("Ref", id)]);
    let first = table(&[number("N1", "1"), number("N2", "2"), number("N2", "3"), number("", "4")]);
    let second = table(&[number("N3", "5"), number("N1", "6")]);
    assert_eq!(
        items(&[&first, &second]),
        ["N2 at 1.csv:5", "-5 at 1.csv:6", "N3 at 2.csv:3", "N1 at 2.csv:4"]
    );
}

#[test]
fn a_fault_is_told_with_the_rows_before_it_as_soon_as_it_is_read() {
    let text = table(&[row(&[]), row(&[("Net", "x")]), row(&[("Ref", "r2")]), row(&[("No", "N2")])]);
    assert_eq!(items(&[&text]), ["-2 at 1.csv:4", "-3 at 1.csv:4", "-4 at 1.csv:5", "N2 at 1.csv:6"]);
}

/// Other bytes each time it is opened.
struct Shifting {
    texts: Vec<String>,
    opened: Cell<usize>,
}

impl Origin for Shifting {
    fn name(&self) -> &str {
        "shifting.csv"
    }

    fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        let at = self.opened.get();
        self.opened.set(at + 1);
        Ok(Box::new(self.texts[at].as_bytes()))
    }
}

#[test]
fn imp_26_a_source_that_changes_between_the_readings_ends_the_run() {
    let one = table(&[row(&[])]);
    let longer = format!("{one}{}", row(&[]));
    for other in [table(&[row(&[("Net", "99.00")])]), longer, String::new()] {
        let texts = [one.clone(), other];
        let origin = Shifting { texts: texts.to_vec(), opened: Cell::new(0) };
        let origins: [&dyn Origin; 1] = [&origin];
        let mapping = mapping();
        let mut survey = Survey::take(&origins, &mapping, &mut |_, _| {}).unwrap();
        let found: Vec<_> = survey.read(&origins, &mapping).collect();
        let [Err(bad)] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((bad.rule(), bad.source_name.as_str()), ("IMP-26", "shifting.csv"));
    }
}

#[test]
fn what_is_kept_does_not_grow_with_the_rows() {
    // A hundred thousand documents, one after the other: none is open when the next begins.
    let rows: Vec<String> = (0..100_000).map(|at| row(&[("No", &at.to_string())])).collect();
    let text = table(&rows);
    let source = Source { name: "1.csv", bytes: text.as_bytes() };
    let origins: [&dyn Origin; 1] = [&source];
    let mapping = mapping();
    let mut survey = Survey::take(&origins, &mapping, &mut |_, _| {}).unwrap();
    assert_eq!(survey.documents(), 100_000);
    let mut reading = survey.read(&origins, &mapping);
    let mut most = 0;
    while reading.next().is_some() {
        most = most.max(reading.open_documents());
    }
    assert_eq!((most, reading.into_report().documents), (0, 100_000));
}

#[test]
fn the_survey_tells_where_it_is() {
    let text = table(&[row(&[]), row(&[("No", "N2")])]);
    let source = Source { name: "1.csv", bytes: text.as_bytes() };
    let mut told = Vec::new();
    Survey::take(&[&source], &mapping(), &mut |name, row| told.push(format!("{name}:{row}"))).unwrap();
    assert_eq!(told, ["1.csv:2", "1.csv:3"]);
}
