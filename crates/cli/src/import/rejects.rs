//! Everything that was not imported, row by row: where it stands and which rule, never what it says.
//!
//! A line of the file names source and row. It holds no cell, also none of the key: these files are
//! handed to whoever shall correct the data, and keys are invoice numbers and names. Who has the files
//! finds the row.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use parclose_documents::LeftOut;
use parclose_types::Failure;
use serde_json::{Value, json};

use super::importer::{Fate, Footprint};
use crate::error::CliError;
use crate::output::replace_private;

/// Shown of each kind; the file has all of them.
const SHOWN: usize = 100;

/// What was not imported: in a file, and the first of each kind to show.
#[derive(Debug)]
pub(super) struct Rejects {
    file: Option<(PathBuf, BufWriter<File>)>,
    /// places where a rule is broken
    pub(super) rejections: Vec<Value>,
    pub(super) conflicts: Vec<Value>,
    pub(super) refused: Vec<Value>,
}

impl Rejects {
    pub(super) fn begin(path: Option<&Path>) -> Result<Self, CliError> {
        let create = |path: &Path| {
            let file = replace_private(path).map_err(|e| CliError::file(path, &e))?;
            Ok::<_, CliError>((path.to_owned(), BufWriter::new(file)))
        };
        let file = path.map(create).transpose()?;
        Ok(Self { file, rejections: Vec::new(), conflicts: Vec::new(), refused: Vec::new() })
    }

    pub(super) fn left_out(&mut self, one: &LeftOut) -> Result<(), CliError> {
        let value = json!({
            "source": &*one.source_name,
            "row": one.row,
            "column": one.column,
            "became": one.state.word(),
            "rule": one.rule(),
            "reason": one.reason.to_string(),
            "document": one.document.as_ref().map(|(source, row)| json!({ "source": &**source, "row": row })),
        });
        self.write(&value)?;
        if one.is_at_fault() {
            show(&mut self.rejections, value);
        }
        Ok(())
    }

    /// All rows of a document that the ledger did not take.
    pub(super) fn hear(&mut self, footprint: &Footprint, fate: &Fate) -> Result<(), CliError> {
        let (word, rule, reason) = match fate {
            Fate::Applied(_) | Fate::AlreadyThere => return Ok(()),
            Fate::Conflict { .. } => ("conflict", "IMP-62", "the record of its key says something else"),
            Fate::Refused(rule) => ("refused", rule.as_str(), "the ledger refused the document"),
        };
        let (source, row) = footprint.beginning();
        let document = json!({ "source": source, "row": row });
        for (source, row) in &footprint.rows {
            self.write(&json!({
                "source": &**source, "row": row, "column": null, "became": word, "rule": rule, "reason": reason,
                "document": document,
            }))?;
        }
        let mut value = json!({
            "source": source, "row": row, "record": footprint.record.to_string(), "rule": rule,
        });
        match fate {
            Fate::Conflict { fields, version } => {
                value["fields"] = json!(fields);
                value["version"] = json!(version);
                show(&mut self.conflicts, value);
            }
            _ => show(&mut self.refused, value),
        }
        Ok(())
    }

    fn write(&mut self, value: &Value) -> Result<(), CliError> {
        match &mut self.file {
            None => Ok(()),
            Some((path, file)) => writeln!(file, "{value}").map_err(|e| CliError::file(path, &e)),
        }
    }

    /// Sees to it that the file is whole.
    pub(super) fn flush(&mut self) -> Result<(), CliError> {
        match &mut self.file {
            None => Ok(()),
            Some((path, file)) => file.flush().map_err(|e| CliError::file(path, &e)),
        }
    }
}

fn show(shown: &mut Vec<Value>, value: Value) {
    if shown.len() < SHOWN {
        shown.push(value);
    }
}
