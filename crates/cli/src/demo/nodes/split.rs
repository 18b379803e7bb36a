//! A supplier's own files: of the buyer's, the rows of some documents, as they stand there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use parclose_documents::Document;

use crate::demo::invoices::{Dealt, Invoices};
use crate::error::CliError;

/// Where the rows of a file begin, ascending, by the file's name.
pub(super) type Rows = BTreeMap<String, BTreeSet<u64>>;

/// Where the rows of all documents begin.
pub(super) fn all_rows(invoices: &Invoices) -> Rows {
    rows_of(&invoices.documents)
}

fn rows_of<'d>(documents: impl IntoIterator<Item = &'d Document>) -> Rows {
    let mut rows = Rows::new();
    for line in documents.into_iter().flat_map(|document| &document.lines) {
        rows.entry(line.source_name.to_string()).or_default().insert(line.row);
    }
    rows
}

/// Writes the rows of one supplier's documents of one month into files of their own; how many documents they are.
pub(super) fn write(
    invoices: &Invoices,
    all: &Rows,
    (dealt, month): (Dealt, &str),
    folder: &Path,
) -> Result<usize, CliError> {
    let wanted = |document: &&Document| Dealt::of(document) == dealt && document.month == month;
    let documents: Vec<&Document> = invoices.documents.iter().filter(wanted).collect();
    std::fs::create_dir_all(folder).map_err(|e| CliError::file(folder, &e))?;
    for (name, rows) in rows_of(documents.iter().copied()) {
        let source = invoices.files.iter().find(|(file, _)| *file == name);
        let (Some((_, bytes)), Some(all)) = (source, all.get(&name)) else { continue };
        let path = folder.join(&name);
        std::fs::write(&path, part(bytes, all, &rows)).map_err(|e| CliError::file(&path, &e))?;
    }
    Ok(documents.len())
}

/// What stands before the first row of a file, and some of its rows.
fn part(bytes: &[u8], all: &BTreeSet<u64>, wanted: &BTreeSet<u64>) -> Vec<u8> {
    let mut is_wanted = true;
    let mut part = Vec::new();
    for (row, line) in (1_u64..).zip(bytes.split_inclusive(|byte| *byte == b'\n')) {
        // A row goes on until the next one begins: a quoted cell may hold a line feed.
        if all.contains(&row) {
            is_wanted = wanted.contains(&row);
        }
        if is_wanted {
            part.extend_from_slice(line);
        }
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_file_has_its_head_and_the_rows_that_are_wanted_whole() {
        let file = b"title\na,b\n1,x\n2,\"y\nz\"\n3,w";
        let all = BTreeSet::from([3, 4, 6]);
        let part = |wanted: &[u64]| {
            String::from_utf8(super::part(file, &all, &wanted.iter().copied().collect())).unwrap()
        };
        assert_eq!(part(&[4]), "title\na,b\n2,\"y\nz\"\n");
        assert_eq!(part(&[3, 6]), "title\na,b\n1,x\n3,w");
        assert_eq!(part(&[]), "title\na,b\n");
        assert_eq!(part(&[3, 4, 6]).as_bytes(), file);
    }
}
