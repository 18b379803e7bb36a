//! The catalogue.

mod add_a_verdictless_file;
mod altered_receipt;
mod bomb_to_a_node;
mod certificate_of_too_few;
mod certified_lie;
mod dealing;
mod double_spend;
mod drop_a_record;
mod equivocating_validator;
mod foreign_disclosure;
mod foreign_pen;
mod forged_anchor;
mod forged_author;
mod forged_decision;
mod forged_erasure;
mod forged_pack;
mod forged_range_proof;
mod framed_validator;
mod garbage_wrap;
mod governing;
mod hidden_row;
mod late_transaction;
mod live;
mod low_order_keys;
mod mint_without_issuing;
mod mislabelled_class;
mod one_sided_settle;
mod outside_the_audience;
mod padded_certificate;
mod removal_race;
mod removed_member_reads;
mod replay_elsewhere;
mod replay_here;
mod rollback_a_store;
mod said_and_committed;
mod sockets;
mod stale_checkpoint;
mod stale_root;
mod steal_a_note;
mod stranger_connects;
mod swap_databases;
mod swap_records;
mod tamper_a_value;
mod tampered_archive;
mod tampered_key_file;
mod two_batches_for_one_state;
mod two_key_ciphertext;
mod unbalanced_transfer;
mod votes;
mod widened_view_key;
mod withheld_batch;
mod wrapped_around_amount;
mod wrong_view_key;

use std::path::Path;

use parclose_amounts::{
    AmountCommitment, Issue, Movement, NewNote, Opening, OwnerBlind, OwnerCommitment, RangeEngine, Transfer,
};
use parclose_audit::bundle::Remains;
use parclose_audit::evidence::Weight;
use parclose_audit::{
    Bundle, Disclosure, Evidence, GrantScope, Misconduct, NarrowedViewKey, Pack, ProvenCheckpoint,
    WrappedViewKey,
};
use parclose_channel::holdings::{NoteView, OwnNote};
use parclose_channel::tables::RECORDS;
use parclose_channel::{Batch, Channel, ChannelError, Proposal, SignedHeader, Verdict, VerdictRow};
use parclose_consensus::Evidence as ValidatorEvidence;
use parclose_crypto::SigningKey;
use parclose_crypto::wrap::UnwrapKey;
use parclose_keys::audience::wrap_info;
use parclose_keys::{Deal, FieldPlace, field_leaf, record_key_hash};
use parclose_root::{
    Anchor, Certificate, Checkpoint, CommitCertificate, DealOutcome, Decision, GenerationKeys, OpenBody,
    OpenChannel, PrepareStatement, RootTransaction, Validator, ValidatorSet,
};
use parclose_store::hazmat::{self, Row};
use parclose_transaction::{
    Act, Body, Change, ErasedPart, Erasure, ErasureTarget, FieldEntry, FieldState, FieldValue, NoteState,
    Perspective, Reach, SignedTransaction,
};
use parclose_types::{
    AssetId, ClassId, DealId, Digest, Epoch, Generation, Height, PublicKey, RecordId, SignatureBytes,
    StateRoot, ValueHash, encode,
};

use crate::attack::{Answer, Answers, Attack, Failed, Hand, by};
use crate::stage::*;
use dealing::Dealt;
use governing::{decided, rotated, rotation};
use votes::{Precommit, accusation};

/// Every attack, by what it is aimed at: stores, transactions, amounts, order, documents, keys, membership, deals, nodes.
pub const ALL: &[Attack] = &[
    tamper_a_value::ATTACK,
    swap_records::ATTACK,
    drop_a_record::ATTACK,
    swap_databases::ATTACK,
    rollback_a_store::ATTACK,
    replay_elsewhere::ATTACK,
    replay_here::ATTACK,
    forged_author::ATTACK,
    foreign_pen::ATTACK,
    late_transaction::ATTACK,
    mislabelled_class::ATTACK,
    outside_the_audience::ATTACK,
    two_key_ciphertext::ATTACK,
    mint_without_issuing::ATTACK,
    double_spend::ATTACK,
    steal_a_note::ATTACK,
    forged_range_proof::ATTACK,
    unbalanced_transfer::ATTACK,
    wrapped_around_amount::ATTACK,
    said_and_committed::ATTACK,
    padded_certificate::ATTACK,
    certificate_of_too_few::ATTACK,
    equivocating_validator::ATTACK,
    framed_validator::ATTACK,
    forged_anchor::ATTACK,
    withheld_batch::ATTACK,
    two_batches_for_one_state::ATTACK,
    certified_lie::ATTACK,
    stale_root::ATTACK,
    stale_checkpoint::ATTACK,
    altered_receipt::ATTACK,
    foreign_disclosure::ATTACK,
    hidden_row::ATTACK,
    forged_pack::ATTACK,
    forged_erasure::ATTACK,
    tampered_archive::ATTACK,
    tampered_key_file::ATTACK,
    wrong_view_key::ATTACK,
    widened_view_key::ATTACK,
    garbage_wrap::ATTACK,
    low_order_keys::ATTACK,
    removed_member_reads::ATTACK,
    removal_race::ATTACK,
    forged_decision::ATTACK,
    one_sided_settle::ATTACK,
    stranger_connects::ATTACK,
    bomb_to_a_node::ATTACK,
];

/// An attack that nothing notices, because nothing reads what it changes. It has to be told to be missed.
pub const PLANTED: Attack = add_a_verdictless_file::ATTACK;

/// Opens a store as a member's side of a room, and verifies all of it.
fn inspected(stage: &Stage, (room, at): (&str, usize), path: &Path) -> Result<(), ChannelError> {
    stage.open_at(room, at, path).and_then(|side| stage.verify_side(&side))
}

/// The records of a closed store, as the disk holds them.
fn record_rows(path: &Path) -> Result<Vec<Row>, Failed> {
    let mut rows = hazmat::raw_rows(path)?;
    rows.retain(|(key, _)| key.first() == Some(&RECORDS.id()));
    if rows.len() < 2 { Err("a store with too few records".into()) } else { Ok(rows) }
}

/// Where a field of a body is sealed, and its entry.
fn place_of(
    side: &Channel,
    body: &Body,
    (operation, field): (usize, usize),
) -> Result<(FieldPlace, FieldEntry), Failed> {
    let operation = &body.operations[operation];
    let record_type = side.definition().record(operation.record_type).ok_or("the definition has the type")?;
    let entry = operation.fields[field];
    let schema = record_type.field(entry.field).ok_or("the type has the field")?;
    let place = FieldPlace {
        channel: body.channel,
        generation: body.generation,
        epoch: body.epoch,
        audience: entry.audience,
        class: schema.class,
        record_key: record_key_hash(&record_type.name, &operation.record),
        field: entry.field,
        salt_digest: body.salt_digest,
    };
    Ok((place, entry))
}

/// That a member can spend so much: an attack that is refused must not have moved anything all the same.
fn worth(stage: &Stage, at: usize, units: u64) -> Result<(), Failed> {
    let balance = stage.balance(at)?;
    if balance == units { Ok(()) } else { Err(format!("{} has {balance}, not {units}", MEMBERS[at]).into()) }
}

/// A batch like another one, that attests another state of the same event, signed by its sponsor.
fn of_another_state(stage: &Stage, sponsor: usize, of: &Proposal) -> Proposal {
    let mut header = of.batch.header.clone();
    header.attested_root = StateRoot([1; 32]);
    let parts = of.batch.permanent.iter().cloned().zip(of.batch.prunable.iter().cloned()).collect();
    let batch = Batch::assemble(header, parts, stage.side(TRADE, sponsor).pseudonym());
    Proposal { batch, ..of.clone() }
}
