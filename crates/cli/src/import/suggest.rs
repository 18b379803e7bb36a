//! `parclose import csv --suggest`: a drafted mapping on standard output, what to look at on standard error.

use parclose_documents::{Origin, suggest};
use serde_json::{Value, json};

use crate::error::CliError;
use crate::progress::Progress;

/// Drafts a mapping from the files.
pub(super) fn run(origins: &[&dyn Origin], progress: &mut Progress) -> Result<Value, CliError> {
    progress.step(&format!("looking at {} files", origins.len()));
    let draft = suggest(origins)?;
    draft.notes.iter().for_each(|note| progress.step(note));
    Ok(json!({ "schema": "parclose.suggestion/1", "text": draft.text, "notes": draft.notes }))
}
