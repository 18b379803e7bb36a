//! `parclose receipt`: proofs in one small file, verified offline.

use std::io::Write;
use std::path::Path;

use parclose_audit::{Receipt as Proof, VerifiedReceipt, verify_json};
use parclose_channel::ChannelError;
use parclose_node::RoomHandle;
use parclose_node::bounded::read_text;
use parclose_node::home::read_genesis;
use parclose_types::limits::RECEIPT_BYTES_MAX;
use parclose_types::{Sequence, TransactionDigest};
use serde_json::{Value, json};

use crate::args::{Global, OfChannel, Receipt, ReceiptKind};
use crate::context::{in_room, with_consortium};
use crate::error::CliError;
use crate::output::replace_private;
use crate::transaction::{parse_digest, verdict_text};

/// Runs `parclose receipt …`.
pub fn run(global: &Global, command: &Receipt) -> Result<Value, CliError> {
    match command {
        Receipt::Get { of, transaction, kind, out } => get(global, of, transaction, *kind, out),
        Receipt::Verify { file, genesis } => verify(file, genesis),
    }
}

fn get(
    global: &Global,
    of: &OfChannel,
    transaction: &str,
    kind: ReceiptKind,
    out: &Path,
) -> Result<Value, CliError> {
    let digest = parse_digest(transaction)?;
    with_consortium(global, |consortium| {
        let room = consortium.room(&of.member, &of.channel)?;
        let text = receipt_text(consortium, &room, digest, kind)?;
        let written = replace_private(out).and_then(|mut to| to.write_all(text.as_bytes()));
        written.map_err(|e| CliError::file(out, &e))?;
        let genesis = consortium.root().genesis().clone();
        let mut value = receipt_json(&verify_json(&text, &genesis)?);
        value["file"] = json!(out.display().to_string());
        Ok(value)
    })
}

/// Makes a receipt's text.
pub fn receipt_text(
    consortium: &parclose_node::Consortium,
    room: &RoomHandle,
    digest: TransactionDigest,
    kind: ReceiptKind,
) -> Result<String, CliError> {
    let root = consortium.root().clone();
    let genesis = root.genesis().clone();
    let proof = in_room(room, move |channel| {
        let tag = channel.tag();
        let mut proof =
            Proof::prove(channel, &digest, |sequence: Sequence| root.prove(&tag, sequence).ok().flatten())?;
        match kind {
            ReceiptKind::Ordered => proof.outcome = None,
            ReceiptKind::Outcome if proof.outcome.is_none() => {
                return Err(ChannelError::NotAttested { sequence: proof.ordered.batch.sequence });
            }
            ReceiptKind::Outcome => {}
        }
        Ok(proof)
    })??;
    Ok(proof.to_json(&genesis)?)
}

fn verify(file: &Path, genesis: &Path) -> Result<Value, CliError> {
    let genesis = read_genesis(genesis)?;
    let text = read_text(file, 4 * RECEIPT_BYTES_MAX).map_err(|e| CliError::file(file, &e))?;
    Ok(receipt_json(&verify_json(&text, &genesis)?))
}

/// What a verified receipt proves.
#[must_use]
pub fn receipt_json(receipt: &VerifiedReceipt) -> Value {
    json!({
        "schema": "parclose.receipt-verified/1",
        "network": receipt.network().to_string(),
        "tag": receipt.tag().to_string(),
        "transaction": receipt.transaction().to_string(),
        "height": receipt.height().0,
        "sequence": receipt.sequence().0,
        "index": receipt.index(),
        "proves": if receipt.outcome().is_some() { "ordered, and its outcome" } else { "ordered" },
        "verdict": receipt.outcome().map(|outcome| verdict_text(outcome.verdict())),
        "attested_at_height": receipt.outcome().map(|outcome| outcome.attested_at().0),
    })
}
