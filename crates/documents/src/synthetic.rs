//! A seeded generator of invoice files: twelve months of one buyer's purchase ledger.
//!
//! It makes what real files hold: few large and many small suppliers, amounts spread over four
//! orders of magnitude, credits inside an invoice, quoted commas, names beyond ASCII, redacted
//! numbers, invoices that are paid over two months. The files are read by the mapping
//! `generated.toml` of the channel template `scf-receivable`.
//!
//! Everything is integer arithmetic over `ChaCha20`, so that a seed gives the same bytes on every
//! platform. The sums are kept while drawing, from numbers that were never text. Suppliers and
//! codes are invented; their LEIs have fitting check digits and were issued to nobody.

#![allow(
    clippy::indexing_slicing,
    reason = "a generator: it reads nothing, and draws its indexes below the lengths of its own lists"
)]

mod chance;
mod suppliers;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::identifiers::Lei;
pub use chance::Chance;
use suppliers::{Supplier, Suppliers};

/// The year of the generated months.
const YEAR: u32 = 2025;
const MONTHS: usize = 12;
const BUYER: &str = "Königsbrück Anlagenbau AG";
const REDACTED: &str = "[redacted]";
const CENTRES: [&str; 6] = ["Werk Nord", "Werk Süd", "Instandhaltung", "Logistik", "Labor", "Verwaltung"];
const TEXTS: [&str; 8] = [
    "Pumpengehäuse, Guss",
    "Dichtungssatz \"Typ B\"",
    "Wartung",
    "Frachtkosten, anteilig",
    "Rohr 2\", verzinkt",
    "Messgeräte",
    "-",
    "Schrauben M8, M10; verzinkt",
];
const HEADER: [&str; 13] = [
    "Buyer",
    "Buyer LEI",
    "Payment Date",
    "Posting",
    "Document No",
    "Amount",
    "Currency",
    "Vendor",
    "Vendor Name",
    "Vendor LEI",
    "Cost Centre",
    "Text",
    "Entered By",
];

/// Generated files and what they sum to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invoices {
    /// name and bytes, a file a month, in order
    pub files: Vec<(String, Vec<u8>)>,
    /// what an import of all of them must find
    pub reference: Reference,
}

/// What the generated files hold, counted while they were drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Reference {
    /// documents
    pub documents: u64,
    /// rows
    pub lines: u64,
    /// documents with lines in more than one file
    pub spanning_documents: u64,
    /// documents whose number is redacted; each stands for all such invoices of its supplier
    pub redacted_documents: u64,
    /// minor units
    pub total_minor: u128,
}

/// Makes twelve monthly files with exactly `documents` documents in all.
///
/// # Panics
///
/// Never: the invented codes are of the right shape, and writing to memory does not fail.
#[must_use]
pub fn invoices(seed: u64, documents: usize) -> Invoices {
    let mut chance = Chance::new(seed);
    let suppliers = Suppliers::draw(&mut chance, documents);
    let mut book = Book::new();
    let mut numbers = vec![0_u32; suppliers.len()];
    while book.documents() < documents {
        let at = suppliers.pick(&mut chance);
        numbers[at] += 1;
        book.add(&mut chance, suppliers.get(at), numbers[at]);
    }
    book.finish()
}

struct Posting {
    day: u32,
    id: u64,
    cells: [String; 13],
}

struct Book {
    buyer_lei: Lei,
    months: Vec<Vec<Posting>>,
    postings: u64,
    /// invoices with a number of their own
    numbered: usize,
    /// of these, paid over two months
    numbered_spanning: usize,
    /// supplier id -> months in which its redacted invoices stand
    redacted: BTreeMap<String, BTreeSet<usize>>,
    total_minor: i128,
}

impl Book {
    fn new() -> Self {
        Self {
            buyer_lei: Lei::make("00PARCLOSEBUYER001").expect("18 characters of `A-Z0-9`"),
            months: (0..MONTHS).map(|_| Vec::new()).collect(),
            postings: 0,
            numbered: 0,
            numbered_spanning: 0,
            redacted: BTreeMap::new(),
            total_minor: 0,
        }
    }

    /// Redacted invoices of a supplier are one document, because nothing tells them apart.
    fn documents(&self) -> usize {
        self.numbered + self.redacted.len()
    }

    /// Draws one invoice, the `count`-th of its supplier.
    fn add(&mut self, chance: &mut Chance, supplier: &Supplier, count: u32) {
        let redacted = chance.one_in(120);
        let number = if redacted { REDACTED.into() } else { supplier.invoice_number(count) };
        let amounts = chance.line_amounts();
        let month = chance.index(MONTHS);
        let spans = amounts.len() > 1 && month + 1 < MONTHS && chance.one_in(40);
        let paid_first = if spans { amounts.len() / 2 } else { amounts.len() };
        for (at, amount) in amounts.iter().enumerate() {
            let month = month + usize::from(at >= paid_first);
            self.post(chance, supplier, &number, month, *amount);
            if redacted {
                self.redacted.entry(supplier.id.clone()).or_default().insert(month);
            }
        }
        self.numbered += usize::from(!redacted);
        self.numbered_spanning += usize::from(!redacted && spans);
    }

    fn post(&mut self, chance: &mut Chance, supplier: &Supplier, number: &str, month: usize, amount: i64) {
        self.postings += 1;
        self.total_minor += i128::from(amount);
        let day = 1 + chance.below(28);
        let cells = [
            BUYER.into(),
            self.buyer_lei.to_string(),
            format!("{day:02}.{:02}.{YEAR}", month + 1),
            format!("P{:09}", self.postings),
            number.into(),
            written(amount),
            "EUR".into(),
            supplier.id.clone(),
            supplier.name.clone(),
            supplier.lei.to_string(),
            chance.one_of(&CENTRES).into(),
            chance.one_of(&TEXTS).into(),
            String::new(),
        ];
        self.months[month].push(Posting { day, id: self.postings, cells });
    }

    fn finish(self) -> Invoices {
        let spans = |months: &&BTreeSet<usize>| months.len() > 1;
        let reference = Reference {
            documents: count(self.documents()),
            lines: self.postings,
            spanning_documents: count(self.numbered_spanning + self.redacted.values().filter(spans).count()),
            redacted_documents: count(self.redacted.len()),
            total_minor: self.total_minor.unsigned_abs(),
        };
        let files = self.months.into_iter().enumerate();
        Invoices { files: files.map(|(month, postings)| file(month, postings)).collect(), reference }
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).expect("a count fits 64 bits")
}

/// One month: a type line, the header, and the postings by day.
fn file(month: usize, mut postings: Vec<Posting>) -> (String, Vec<u8>) {
    postings.sort_by_key(|posting| (posting.day, posting.id));
    let mut writer = csv::Writer::from_writer(b"#TYPE purchase-ledger\n".to_vec());
    let rows = postings.iter().map(|posting| posting.cells.each_ref().map(String::as_str));
    for row in std::iter::once(HEADER).chain(rows) {
        writer.write_record(row).expect("writing to memory does not fail");
    }
    let bytes = writer.into_inner().expect("writing to memory does not fail");
    (format!("purchase-ledger-{YEAR}-{:02}.csv", month + 1), bytes)
}

/// Writes minor units as `1,234.50`, in parentheses when negative.
fn written(amount: i64) -> String {
    let (mut whole, cents) = (amount.unsigned_abs() / 100, amount.unsigned_abs() % 100);
    let mut groups = Vec::new();
    while whole >= 1_000 {
        groups.push(format!(",{:03}", whole % 1_000));
        whole /= 1_000;
    }
    groups.push(whole.to_string());
    groups.reverse();
    let number = format!("{}.{cents:02}", groups.concat());
    if amount < 0 { format!("({number})") } else { number }
}

#[cfg(test)]
mod tests;
