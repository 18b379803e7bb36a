//! `parclose key`: key files.

use std::path::{Path, PathBuf};

use parclose_node::key_file::{self, KeyKind as Kind, PublicKeyFile};
use parclose_node::randomness::generator;
use parclose_types::Failure;
use serde_json::{Value, json};

use crate::args::{Global, Key, KeyKind};
use crate::error::CliError;
use crate::passphrase::NewPassphrase;

/// Runs `parclose key …`.
pub fn run(global: &Global, command: &Key) -> Result<Value, CliError> {
    match command {
        Key::Generate { kind, name, out } => generate(global, kind_of(*kind), name.as_deref(), out),
        Key::Inspect { file } => Ok(public_json(file, &key_file::inspect(file)?)),
        Key::List { folder } => list(folder.as_deref().unwrap_or(&global.home)),
        Key::ChangePassphrase { file, new } => change_passphrase(global, file, new),
        Key::Export { file, out, new } => export(global, file, out, new),
        Key::Import { file, out, new } => import(global, file, out, new),
    }
}

fn generate(global: &Global, kind: Kind, name: Option<&str>, out: &Path) -> Result<Value, CliError> {
    if name.is_some_and(|name| !key_file::form::is_name(name)) {
        return Err(CliError::usage("the name cannot stand in a key file", "use 1 to 64 printable bytes"));
    }
    must_be_new(out)?;
    let unlock = global.passphrase.sealing(out, &global.home)?;
    Ok(public_json(out, &key_file::generate(out, kind, name, &unlock, &mut generator())?))
}

fn change_passphrase(global: &Global, file: &Path, new: &NewPassphrase) -> Result<Value, CliError> {
    key_file::inspect(file)?;
    let old = global.passphrase.opening(file, &global.home)?;
    let new = global.passphrase.changing(file, new)?;
    Ok(public_json(file, &key_file::change_passphrase(file, &old, &new, &mut generator())?))
}

fn export(global: &Global, file: &Path, out: &Path, new: &NewPassphrase) -> Result<Value, CliError> {
    key_file::inspect(file)?;
    must_be_new(out)?;
    let old = global.passphrase.opening(file, &global.home)?;
    let new = global.passphrase.sealing_copy(out, &global.home, new)?;
    Ok(public_json(out, &key_file::export(file, out, &old, &new, &mut generator())?))
}

fn import(global: &Global, file: &Path, out: &Path, new: &NewPassphrase) -> Result<Value, CliError> {
    must_be_new(out)?;
    let clear = key_file::is_clear_text(file);
    // A file in clear text needs no passphrase, so nobody is asked for one.
    let old = if clear {
        parclose_node::Unlock::none()
    } else {
        key_file::inspect(file)?;
        global.passphrase.opening(file, &global.home)?
    };
    let new = global.passphrase.sealing_copy(out, &global.home, new)?;
    let mut value = public_json(out, &key_file::import(file, out, &old, &new, &mut generator())?);
    if clear {
        value["next"] = json!(format!("wipe `{}`: it still holds the key in clear text", file.display()));
    }
    Ok(value)
}

/// Before anybody is asked for a passphrase; what makes the file checks once more.
fn must_be_new(out: &Path) -> Result<(), CliError> {
    match out.symlink_metadata() {
        Ok(_) => Err(key_file::exists(out).into()),
        Err(_) => Ok(()),
    }
}

fn public_json(path: &Path, public: &PublicKeyFile) -> Value {
    let cost = public.cost;
    json!({
        "schema": "parclose.key-public/1",
        "file": path.display().to_string(),
        "kind": public.kind,
        "name": public.name,
        "public": public.public,
        "protection": format!(
            "passphrase: Argon2id {} KiB, {} passes, {} lanes",
            cost.memory_kib, cost.passes, cost.lanes
        ),
    })
}

/// Folders below the listed one that are looked into: a home's members have theirs two below.
const DEPTH: usize = 2;
/// Letters of a public key in a list: an X-Wing key has 2432.
const SHOWN: usize = 64;

/// The public parts of all files named `*.key`, without a passphrase.
fn list(folder: &Path) -> Result<Value, CliError> {
    let mut files = Vec::new();
    collect(folder, DEPTH, &mut files)?;
    files.sort();
    let keys: Vec<Value> = files.iter().map(|file| row(file)).collect();
    Ok(json!({ "schema": "parclose.keys/1", "folder": folder.display().to_string(), "keys": keys }))
}

fn collect(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), CliError> {
    for entry in std::fs::read_dir(folder).map_err(|e| CliError::file(folder, &e))? {
        let entry = entry.map_err(|e| CliError::file(folder, &e))?;
        let kind = entry.file_type().map_err(|e| CliError::file(folder, &e))?;
        let path = entry.path();
        if kind.is_dir() && depth > 0 {
            collect(&path, depth - 1, files)?;
        } else if !kind.is_dir() && path.extension().is_some_and(|e| e == "key") {
            files.push(path);
        }
    }
    Ok(())
}

/// A file that cannot be read as a key file has a row too: what is there is not hidden.
fn row(file: &Path) -> Value {
    let shown = file.display().to_string();
    match key_file::inspect(file) {
        Ok(public) => json!({
            "file": shown,
            "kind": public.kind,
            "name": public.name,
            "public_begins": public.public.get(..SHOWN),
            "problem": Value::Null,
        }),
        Err(error) => json!({
            "file": shown,
            "kind": Value::Null,
            "name": Value::Null,
            "public_begins": Value::Null,
            "problem": format!("{}: {}", error.code(), error.cause),
        }),
    }
}

fn kind_of(kind: KeyKind) -> Kind {
    match kind {
        KeyKind::Member => Kind::Member,
        KeyKind::Regulator => Kind::Regulator,
        KeyKind::Validator => Kind::Validator,
        KeyKind::Node => Kind::Node,
    }
}
