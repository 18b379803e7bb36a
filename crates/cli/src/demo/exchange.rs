//! Deals of a demonstration: proposed by one party, accepted by the other, and settled together.

use std::collections::BTreeMap;

use parclose_channel::{Answer, LegTerms, Terms};
use parclose_node::Consortium;
use parclose_node::desk::Stage;
use parclose_node::randomness::generator;
use parclose_transaction::FieldValue;
use parclose_types::{Height, MemberId, PublicKey, RecordId};
use rand_core::Rng;

use crate::context::in_room;
use crate::error::CliError;
use crate::waiting::Waiting;

/// Heights within which legs are locked, and then settled.
const WITHIN: u64 = 1024;
/// Deals that are on their way together: as many as a block opens.
pub(super) const TOGETHER: usize = 32;

/// What two members exchange.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    pub(super) proposer: &'static str,
    pub(super) acceptor: &'static str,
    pub(super) legs: Vec<LegTerms>,
    /// of the trade, in their own books
    pub(super) reference: String,
}

/// Agrees on exchanges in a channel and settles them; whether each was committed.
pub(super) fn settle(
    consortium: &Consortium,
    channel: &str,
    exchanges: &[Exchange],
) -> Result<Vec<bool>, CliError> {
    let instructions = propose(consortium, channel, exchanges)?;
    accept(consortium, channel, &instructions, exchanges)?;
    consortium.settle_deals();
    let committed = |(record, exchange): (&RecordId, &Exchange)| {
        let status = consortium.desk(exchange.proposer)?.status(channel, record);
        Ok(status.map(|status| status.stage) == Some(Stage::Committed))
    };
    instructions.iter().zip(exchanges).map(committed).collect()
}

fn propose(
    consortium: &Consortium,
    channel: &str,
    exchanges: &[Exchange],
) -> Result<Vec<RecordId>, CliError> {
    let head = consortium.root().head().0;
    let heights = (Height(head.saturating_add(WITHIN)), Height(head.saturating_add(2 * WITHIN)));
    let mut waiting = Waiting::new();
    let mut instructions = Vec::new();
    for exchange in exchanges {
        let (record, asked) = (fresh(), consortium.member_id(exchange.acceptor)?);
        let mut terms = Terms::new(heights, exchange.legs.clone(), &mut generator());
        terms.approvers = keys(consortium, exchange.proposer, record, &terms)?;
        let details = vec![("trade_reference".to_owned(), FieldValue::Text(exchange.reference.clone()))];
        let room = consortium.room(exchange.proposer, channel)?;
        let operation =
            in_room(&room, move |channel| channel.propose_deal(record, (asked, asked), &terms, details))??;
        waiting.record(&room, operation);
        instructions.push(record);
    }
    waiting.all_applied()?;
    consortium.settle_deals();
    Ok(instructions)
}

fn accept(
    consortium: &Consortium,
    channel: &str,
    instructions: &[RecordId],
    exchanges: &[Exchange],
) -> Result<(), CliError> {
    let mut waiting = Waiting::new();
    for (instruction, exchange) in instructions.iter().zip(exchanges) {
        let case = consortium.desk(exchange.acceptor)?.case(channel, instruction);
        let case = case.ok_or_else(|| CliError::not_found("instruction"))?;
        let keys = keys(consortium, exchange.acceptor, *instruction, &case.instruction.terms)?;
        let (record, answer) = (fresh(), Answer::Accepted(keys));
        let room = consortium.room(exchange.acceptor, channel)?;
        let operation =
            in_room(&room, move |channel| channel.answer_deal(record, &case.instruction, &answer))??;
        waiting.record(&room, operation);
    }
    waiting.all_applied()
}

/// The keys by which a member approves what it gets, each of the room of its leg.
fn keys(
    consortium: &Consortium,
    member: &str,
    instruction: RecordId,
    terms: &Terms,
) -> Result<BTreeMap<u8, PublicKey>, CliError> {
    let own: MemberId = consortium.member_id(member)?;
    let rooms = consortium.rooms_of(member);
    let key = |(leg, received): (u8, &LegTerms)| {
        let room = rooms.iter().find(|(_, tag, _)| *tag == received.tag).map(|(_, _, room)| room);
        let room = room.ok_or_else(|| CliError::not_found("channel"))?;
        Ok((leg, in_room(room, move |channel| channel.approver_key(&instruction, leg))?))
    };
    terms.received_by(own).map(key).collect()
}

fn fresh() -> RecordId {
    let mut id = [0; 32];
    generator().fill_bytes(&mut id);
    RecordId(id)
}
