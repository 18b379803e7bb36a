//! The invoices of the demo: real ones where they are, generated ones where not.

use std::io::Read;
use std::path::{Path, PathBuf};

use parclose_documents::{Currency, Document, Origin, Source, read_origins, synthetic};

use crate::args::{Demo, Global};
use crate::error::CliError;
use crate::import::{FileSource, find_files, read_mapping};
use crate::progress::Progress;

pub(crate) struct Invoices {
    pub(crate) source: String,
    pub(crate) documents: Vec<Document>,
    /// of every document: sums over them mean something
    pub(crate) currency: Currency,
    /// the files that they were read from, by name
    pub(crate) files: Vec<(String, Vec<u8>)>,
    /// by which mapping
    pub(crate) mapping: PathBuf,
}

/// Which supplier's room a document goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dealt {
    A,
    B,
}

impl Dealt {
    /// The stated rule: by the parity of the sum of the bytes of the supplier id; even goes to A.
    pub(crate) fn of(document: &Document) -> Self {
        let id = document.fields.get("supplier_id").map_or("", String::as_str);
        let sum: u32 = id.bytes().map(u32::from).sum();
        if sum.is_multiple_of(2) { Self::A } else { Self::B }
    }

    pub(crate) fn supplier(self) -> &'static str {
        match self {
            Self::A => "supplier-a",
            Self::B => "supplier-b",
        }
    }

    pub(crate) fn bank(self) -> &'static str {
        match self {
            Self::A => "bank-1",
            Self::B => "bank-2",
        }
    }

    pub(crate) fn channel(self) -> &'static str {
        match self {
            Self::A => "trade-a",
            Self::B => "trade-b",
        }
    }
}

pub(crate) const BOTH: [Dealt; 2] = [Dealt::A, Dealt::B];

impl Invoices {
    pub(crate) fn total_minor(&self) -> u128 {
        self.documents.iter().map(|document| u128::from(document.total_minor)).sum()
    }

    /// Months, ascending.
    pub(crate) fn months(&self) -> Vec<String> {
        let months: std::collections::BTreeSet<&String> = self.documents.iter().map(|d| &d.month).collect();
        months.into_iter().cloned().collect()
    }

    /// The documents of one supplier's room, of one month or of all.
    pub(crate) fn of(&self, dealt: Dealt, month: Option<&str>) -> Vec<Document> {
        let wanted = |document: &&Document| {
            Dealt::of(document) == dealt && month.is_none_or(|month| document.month == month)
        };
        self.documents.iter().filter(wanted).cloned().collect()
    }

    /// The sum of one supplier's room, straight from the documents.
    pub(crate) fn sum_of(&self, dealt: Dealt) -> u128 {
        let mine = self.documents.iter().filter(|document| Dealt::of(document) == dealt);
        mine.map(|document| u128::from(document.total_minor)).sum()
    }
}

/// Reads the invoices of a folder, or generates them.
pub(crate) fn read(global: &Global, options: &Demo, progress: &mut Progress) -> Result<Invoices, CliError> {
    let mappings = global.templates.join("scf-receivable").join("mappings");
    match &options.invoices {
        Some(folder) => {
            progress.step(&format!("reading invoices from {}", folder.display()));
            let files = find_files(std::slice::from_ref(folder))?;
            let files = files.iter().map(bytes_of).collect::<Result<Vec<_>, CliError>>()?;
            from_files(&folder.display().to_string(), files, &mappings.join("calderdale.toml"))
        }
        None => {
            progress.step(&format!("generating {} invoices from seed {}", options.documents, options.seed));
            let made = synthetic::invoices(options.seed, options.documents);
            let source = format!("generated from seed {}", options.seed);
            let invoices = from_files(&source, made.files, &mappings.join("generated.toml"))?;
            if invoices.total_minor() != made.reference.total_minor {
                return Err(CliError::verification("the importer's sum is not the generator's".into()));
            }
            Ok(invoices)
        }
    }
}

fn sources(files: &[(String, Vec<u8>)]) -> Vec<Source<'_>> {
    files.iter().map(|(name, bytes)| Source { name, bytes }).collect()
}

fn bytes_of(file: &FileSource) -> Result<(String, Vec<u8>), CliError> {
    let mut bytes = Vec::new();
    let read = file.open().and_then(|mut file| file.read_to_end(&mut bytes));
    read.map_err(|e| CliError::file(Path::new(file.name()), &e))?;
    Ok((file.name().to_owned(), bytes))
}

fn from_files(source: &str, files: Vec<(String, Vec<u8>)>, mapping: &Path) -> Result<Invoices, CliError> {
    let sources = sources(&files);
    let origins: Vec<&dyn Origin> = sources.iter().map(|file| file as &dyn Origin).collect();
    let read = read_origins(&origins, &read_mapping(mapping)?)?;
    if let Some(one) = read.left_out.first() {
        return Err(CliError::verification(format!("a line was left out: {one}")));
    }
    let currency = one_currency(&read.documents)?;
    let mapping = mapping.to_owned();
    Ok(Invoices { source: source.into(), documents: read.documents, currency, files, mapping })
}

/// The demonstration adds amounts up, so it takes one currency only, and at least one invoice.
fn one_currency(documents: &[Document]) -> Result<Currency, CliError> {
    let fix = "give a folder of invoices in one currency";
    let Some(first) = documents.first() else {
        return Err(CliError::usage("there are no invoices to import", fix));
    };
    match documents.iter().find(|document| document.currency != first.currency) {
        Some(other) => {
            let both = (first.currency.code(), other.currency.code());
            Err(CliError::usage(format!("the invoices are in {} and in {}", both.0, both.1), fix))
        }
        None => Ok(first.currency),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn documents(currencies: &[&str]) -> Vec<Document> {
        let made = synthetic::invoices(1, currencies.len());
        let mapping = include_str!("../../../../channels/scf-receivable/mappings/generated.toml");
        let mapping = parclose_documents::Mapping::parse(mapping, "generated.toml").unwrap();
        let mut read = parclose_documents::read_documents(&sources(&made.files), &mapping).unwrap().documents;
        assert_eq!(read.len(), currencies.len());
        for (document, code) in read.iter_mut().zip(currencies) {
            document.currency = Currency::find(code).unwrap();
        }
        read
    }

    #[test]
    fn a_demonstration_takes_invoices_of_one_currency() {
        assert_eq!(one_currency(&documents(&["GBP", "GBP"])).unwrap().code(), "GBP");
        let refused = one_currency(&documents(&["GBP", "GBP", "JPY"])).unwrap_err();
        assert!(refused.to_prose().contains("GBP and in JPY"), "{}", refused.to_prose());
        assert_eq!(one_currency(&[]).unwrap_err().exit(), 2);
    }
}
