//! `parclose man`: manual pages, made from the command tree that the lines are read with.

use std::path::Path;

use clap::{Command as Tree, CommandFactory};
use clap_mangen::Man;
use serde_json::{Value, json};

use crate::args::{Args, ManPage};
use crate::error::CliError;

/// Runs `parclose man`.
pub fn run(page: &ManPage) -> Result<Value, CliError> {
    let mut tree = Args::command();
    tree.build();
    if let Some(folder) = &page.out {
        return write_all(&tree, folder);
    }
    let mut wanted = &tree;
    for word in &page.command {
        let found = wanted.get_subcommands().find(|sub| sub.get_name() == word && !sub.is_hide_set());
        wanted = found.ok_or_else(|| CliError::not_found("command"))?;
    }
    Ok(json!({ "schema": "parclose.man/1", "page": name(wanted), "text": rendered(wanted)? }))
}

fn write_all(tree: &Tree, folder: &Path) -> Result<Value, CliError> {
    std::fs::create_dir_all(folder).map_err(|e| CliError::file(folder, &e))?;
    let mut pages = Vec::new();
    for command in all(tree) {
        let path = folder.join(name(command));
        std::fs::write(&path, rendered(command)?).map_err(|e| CliError::file(&path, &e))?;
        let about = command.get_about().map(ToString::to_string);
        pages.push(json!({ "page": name(command), "about": about }));
    }
    Ok(json!({ "schema": "parclose.man-pages/1", "folder": folder.display().to_string(), "pages": pages }))
}

/// A command and all below it that are not hidden.
fn all(tree: &Tree) -> Vec<&Tree> {
    let below = tree.get_subcommands().filter(|sub| !sub.is_hide_set()).flat_map(all);
    std::iter::once(tree).chain(below).collect()
}

fn name(command: &Tree) -> String {
    format!("{}.1", command.get_display_name().unwrap_or_else(|| command.get_name()))
}

fn rendered(command: &Tree) -> Result<String, CliError> {
    let mut page = Vec::new();
    let made = Man::new(command.clone()).manual("Parclose").render(&mut page);
    made.map_err(|e| CliError::file(Path::new(&name(command)), &e))?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}
