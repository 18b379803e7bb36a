//! `parclose receipt`: proofs in one small file, verified offline.

use std::io::Write;
use std::path::Path;

use parclose_audit::{ProvenCheckpoint, Receipt as Proof, VerifiedReceipt, verify_json};
use parclose_channel::ChannelError;
use parclose_node::RoomHandle;
use parclose_node::bounded::read_text;
use parclose_node::home::read_genesis;
use parclose_root::{Genesis, Trust};
use parclose_types::limits::RECEIPT_BYTES_MAX;
use parclose_types::{Sequence, TransactionDigest};
use serde_json::{Value, json};

use crate::args::{From, Global, OfChannel, Receipt, ReceiptKind};
use crate::context::{in_room, with_consortium};
use crate::error::CliError;
use crate::output::replace_private;
use crate::transaction::{parse_digest, verdict_text};

/// Runs `parclose receipt …`.
pub fn run(global: &Global, command: &Receipt) -> Result<Value, CliError> {
    match command {
        Receipt::Get { of, transaction, kind, out } => get(global, of, transaction, *kind, out),
        Receipt::Verify { file, from } => verify(file, from),
        Receipt::Checkpoint { out } => checkpoint(global, out),
        Receipt::Trust { file, genesis } => verify_checkpoint(file, genesis),
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
    let proof = proof.with_changes(consortium.root().prove_changes()?);
    Ok(proof.to_json(&genesis)?)
}

fn text_of(file: &Path) -> Result<String, CliError> {
    read_text(file, 4 * RECEIPT_BYTES_MAX).map_err(|e| CliError::file(file, &e))
}

fn verify(file: &Path, from: &From) -> Result<Value, CliError> {
    Ok(receipt_json(&verify_json(&text_of(file)?, trust(from)?)?))
}

/// What is verified against: the genesis, or a checkpoint that was verified before, of the genesis's network if both
/// are given.
pub(crate) fn trust(from: &From) -> Result<Trust, CliError> {
    let genesis: Option<Genesis> = from.genesis.as_deref().map(read_genesis).transpose()?;
    match (&from.checkpoint, &genesis) {
        (Some(file), genesis) => Ok(ProvenCheckpoint::from_json(&text_of(file)?)?.trusted(genesis.as_ref())?),
        (None, Some(genesis)) => Ok(Trust::of(genesis)),
        (None, None) => Err(CliError::usage("nothing to verify against", "give --genesis or --checkpoint")),
    }
}

fn checkpoint(global: &Global, out: &Path) -> Result<Value, CliError> {
    with_consortium(global, |consortium| {
        let root = consortium.root();
        let checkpoint = root.checkpoint()?.ok_or_else(|| CliError::not_found("block"))?;
        let proven = ProvenCheckpoint::new(checkpoint, root.prove_changes()?);
        let text = proven.to_json(root.genesis())?;
        let written = replace_private(out).and_then(|mut to| to.write_all(text.as_bytes()));
        written.map_err(|e| CliError::file(out, &e))?;
        let mut value = checkpoint_json(&proven);
        value["schema"] = json!("parclose.receipt-checkpoint/1");
        value["file"] = json!(out.display().to_string());
        Ok(value)
    })
}

fn verify_checkpoint(file: &Path, genesis: &Path) -> Result<Value, CliError> {
    let genesis = read_genesis(genesis)?;
    let proven = ProvenCheckpoint::from_json(&text_of(file)?)?;
    proven.verify(&genesis)?;
    let mut value = checkpoint_json(&proven);
    value["schema"] = json!("parclose.receipt-trust/1");
    value["next"] =
        json!("keep this file where nobody else writes: parclose receipt verify --checkpoint FILE");
    Ok(value)
}

fn checkpoint_json(proven: &ProvenCheckpoint) -> Value {
    let header = &proven.checkpoint.header;
    json!({
        "network": header.network.to_string(),
        "height": header.height.0,
        "block": header.hash().to_string(),
        "validators": header.next_validators.to_string(),
        "changes": proven.checkpoint.validators.changes.0,
    })
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
