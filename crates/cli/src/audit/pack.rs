//! `parclose audit report --pack` and `parclose audit verify`: a report that proves itself.

use std::path::Path;

use parclose_audit::bundle::FieldLine;
use parclose_audit::pack::{Confirmed, FILE_BYTES_MAX};
use parclose_audit::{Grant, Pack, PackInvalid, VerifiedPack};
use parclose_node::bounded::read_bytes;
use parclose_node::key_file;
use parclose_types::PublicKey;
use serde::Deserialize;
use serde_json::{Value, json};

use super::narrowed::Narrowed;
use super::report_json;
use crate::args::{Audited, From, Global};
use crate::error::CliError;
use crate::output::{check_new, replace_in_one_step};
use crate::receipt::trust;
use crate::view_key;

/// Writes the pack of a report, signed with the identity of a member's key file.
pub(super) fn write(
    global: &Global,
    (path, sign): (&Path, &Path),
    of: &Audited,
    report: &Value,
    lines: Vec<FieldLine>,
) -> Result<(), CliError> {
    check_new(path)?;
    let files = of.view_keys.iter().map(|file| view_key::read(file)).collect::<Result<Vec<_>, _>>()?;
    let keys = files.iter().flat_map(|file| file.keys());
    let grants: Vec<Grant> = keys.map(|key| key.grant().clone()).collect();
    let identity = key_file::member(sign, &global.passphrase.opening(sign, &global.home)?)?.identity();
    let bundle = std::fs::read(&of.bundle).map_err(|e| CliError::file(&of.bundle, &e))?;
    let report = serde_json::to_vec(report).map_err(|e| CliError::file(path, &e.into()))?;
    let pack = Pack::sign(report, grants, lines, bundle, &identity);
    // What does not verify here verifies nowhere, and is not written.
    confirm(&pack.verify(trust(&of.from)?, None)?)?;
    replace_in_one_step(path, &pack.encode()).map_err(|e| CliError::file(path, &e))
}

/// Verifies a pack from the genesis alone, without a view key, and makes its report anew.
pub(super) fn verify(file: &Path, from: &From, signer: Option<&str>) -> Result<Value, CliError> {
    let key = |text: &str| {
        let fix = "give the public key that `parclose key inspect` shows";
        text.parse::<PublicKey>().map_err(|e| CliError::usage(format!("`{text}` is no public key: {e}"), fix))
    };
    let signer = signer.map(key).transpose()?;
    let bytes = read_bytes(file, FILE_BYTES_MAX).map_err(|e| CliError::file(file, &e))?;
    let pack = Pack::decode(&bytes)?.verify(trust(from)?, signer.as_ref())?;
    let (derived, confirmed) = confirm(&pack)?;
    let bundle = pack.bundle();
    Ok(json!({
        "schema": "parclose.pack-verified/1",
        "network": pack.network().to_string(),
        "tag": bundle.tag().to_string(),
        "height": bundle.height().0,
        "signer": pack.signer().to_string(),
        "signer_expected": signer.is_some(),
        "fields": pack.lines(),
        "fields_by_word_of_the_signer": pack.not_opening(),
        "lines": confirmed.lines,
        "sums_and_statements": confirmed.others,
        "report": derived,
    }))
}

/// The report, made anew from the fields of a pack, if it is the one that the pack brings.
fn confirm(pack: &VerifiedPack) -> Result<(Value, Confirmed), PackInvalid> {
    let bundle = pack.bundle();
    // What it is narrowed to is what the signer has chosen to report on; all that follows is made anew.
    let narrowed = match pack.claimed()?.get("narrowed_to") {
        None | Some(Value::Null) => Narrowed::default(),
        Some(narrowed) => Narrowed::deserialize(narrowed).map_err(|_| PackInvalid::NoReport)?,
    };
    let mut reading = bundle.reading_of_fields(pack.keys());
    narrowed.narrow(bundle, &mut reading);
    let derived = report_json(bundle, &reading, &narrowed);
    let confirmed = pack.confirm(&derived)?;
    Ok((derived, confirmed))
}
