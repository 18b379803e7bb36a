//! `parclose key`: key files.

use parclose_node::key_file::{self, KeyKind as Kind};
use parclose_node::randomness::generator;
use serde_json::{Value, json};

use crate::args::{Key, KeyKind};
use crate::error::CliError;

/// Runs `parclose key …`.
pub fn run(command: &Key) -> Result<Value, CliError> {
    let (public, path) = match command {
        Key::Generate { kind, out } => (key_file::generate(out, kind_of(*kind), &mut generator())?, out),
        Key::Inspect { file } => (key_file::inspect(file)?, file),
    };
    Ok(json!({
        "schema": "parclose.key-public/1",
        "file": path.display().to_string(),
        "kind": public.kind,
        "public": public.public,
        "protection": "file mode 0600, no passphrase",
    }))
}

fn kind_of(kind: KeyKind) -> Kind {
    match kind {
        KeyKind::Member => Kind::Member,
        KeyKind::Regulator => Kind::Regulator,
        KeyKind::Validator => Kind::Validator,
    }
}
