//! What is printed: the JSON value of a command, or a table rendered from that same value.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this module is where the command line prints")]

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::process::ExitCode;

use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{ContentArrangement, Table};
use serde_json::{Map, Value};

use crate::error::CliError;
use crate::hosting::Answer;

/// Prints a success.
#[must_use]
pub fn succeeded(value: &Value, json: bool) -> ExitCode {
    let text = if json { pretty(value) } else { render(value) };
    print(&text);
    ExitCode::SUCCESS
}

/// Prints a failure: JSON on standard output when asked, prose on standard error always.
#[must_use]
pub fn failed(error: &CliError, json: bool) -> ExitCode {
    if json {
        print(&pretty(&error.to_json()));
    }
    let _ = writeln!(std::io::stderr(), "{}", error.to_prose());
    ExitCode::from(error.exit())
}

/// Prints what a node has answered.
#[must_use]
pub fn answered(answer: &Answer, json: bool) -> ExitCode {
    match answer {
        Answer::Value(value) => succeeded(value, json),
        Answer::Failed { json: told, prose, exit } => {
            if json {
                print(&pretty(told));
            }
            let _ = writeln!(std::io::stderr(), "{prose}");
            ExitCode::from(*exit)
        }
    }
}

/// Prints help and usage errors; with `--json` on the line a usage error is JSON too.
#[must_use]
pub fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    if is_json_asked() {
        let first = error.to_string().lines().next().unwrap_or_default().to_owned();
        print(&pretty(&CliError::usage(first, "parclose --help").to_json()));
    }
    let _ = error.print();
    ExitCode::from(2)
}

/// Whether JSON is asked for on a line that was not read to its end.
#[must_use]
pub fn is_json_asked() -> bool {
    std::env::args_os().any(|arg| arg == "--json")
}

/// Writes a small file that somebody else shall read, as JSON; never over another file.
pub fn write_file(path: &std::path::Path, value: &impl serde::Serialize) -> Result<(), CliError> {
    let text = serde_json::to_string_pretty(value).map_err(std::io::Error::from);
    let text = text.map_err(|e| CliError::file(path, &e))?;
    write_text(path, &format!("{text}\n"))
}

/// Writes a small file that its owner alone can read, for it may name a channel or show what a member reads;
/// never over another file.
pub fn write_text(path: &std::path::Path, text: &str) -> Result<(), CliError> {
    let written = create_private(path).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|e| CliError::file(path, &e))
}

/// What would keep a file from being written in the end is told before anything is done for it.
pub fn check_new(path: &std::path::Path) -> Result<(), CliError> {
    if path.symlink_metadata().is_ok() {
        return Err(CliError::file(path, &std::io::ErrorKind::AlreadyExists.into()));
    }
    Ok(())
}

/// A new file that its owner alone can read.
pub fn create_private(path: &std::path::Path) -> std::io::Result<std::fs::File> {
    std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// A file that is made anew by every run; a new one is its owner's alone.
pub fn replace_private(path: &std::path::Path) -> std::io::Result<std::fs::File> {
    std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// Replaces a file that its owner alone can read: there is the old one or the new one, whole.
pub fn replace_in_one_step(path: &std::path::Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.new", std::process::id()));
    let beside = std::path::PathBuf::from(beside);
    let written = create_private(&beside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)
    });
    // What is told is why it could not be written.
    written.inspect_err(|_| drop(std::fs::remove_file(&beside)))
}

/// A closed pipe is no error of ours.
fn print(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string())
}

/// Renders a value: its plain members as lines, each list of objects as a table, lists within a table's
/// rows as tables of their own below it. A value with a `text` is that text, as it would stand in a file.
#[must_use]
pub fn render(value: &Value) -> String {
    let Value::Object(members) = value else { return plain(value) };
    if let Some(Value::String(text)) = members.get("text") {
        return text.trim_end().to_owned();
    }
    let mut parts = vec![lines(members)];
    for (name, member) in members {
        push_tables(name, member, &mut parts);
    }
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n")
}

fn push_tables(name: &str, value: &Value, parts: &mut Vec<String>) {
    let Some(rows) = rows_of(value) else { return };
    parts.push(format!("{name}\n{}", table(&rows)));
    for (number, row) in (1..).zip(&rows) {
        for (inner, value) in row.iter() {
            push_tables(&format!("{name} {number}: {inner}"), value, parts);
        }
    }
}

fn rows_of(value: &Value) -> Option<Vec<&Map<String, Value>>> {
    let rows: Vec<_> = value.as_array()?.iter().map(Value::as_object).collect::<Option<_>>()?;
    (!rows.is_empty()).then_some(rows)
}

fn lines(members: &Map<String, Value>) -> String {
    let shown: Vec<(&String, String)> = members
        .iter()
        .filter(|(name, value)| {
            *name != "schema" && rows_of(value).is_none() && **value != Value::Array(Vec::new())
        })
        .map(|(name, value)| (name, plain(value)))
        .collect();
    let width = shown.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let line = |(name, text): &(&String, String)| format!("{name:width$}  {text}");
    shown.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn table(rows: &[&Map<String, Value>]) -> String {
    let mut columns: Vec<&String> = Vec::new();
    for (name, value) in rows.iter().flat_map(|row| row.iter()) {
        if !columns.contains(&name) && rows_of(value).is_none() {
            columns.push(name);
        }
    }
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(columns.iter().map(|name| name.as_str()));
    for row in rows {
        table.add_row(columns.iter().map(|name| row.get(*name).map(plain).unwrap_or_default()));
    }
    table.to_string()
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "-".into(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(|item| !item.is_object()) => {
            items.iter().map(plain).collect::<Vec<_>>().join(", ")
        }
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| format!("{name} {}", plain(value)))
            .collect::<Vec<_>>()
            .join(", "),
        other => other.to_string(),
    }
}
