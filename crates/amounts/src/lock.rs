//! Locks: notes become others, and the first of them is held for a deal.
//!
//! A deal moves notes of several channels, all or none. Each channel proves its leg beforehand, while it
//! can still be refused, and fixes what becomes of it either way: the same amount under one of two owners.
//! So nothing is left to prove, and nothing to refuse, when the deal is decided.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_types::limits::TRANSFER_BYTES_MAX;
use parclose_types::{AssetId, ChannelId, DealId, Height, Malformed, NoteId, TransactionDigest, decode};
use rand_core::CryptoRng;

use crate::asset::RangeEngine;
use crate::invalid::Invalid;
use crate::ledger::{Effects, Ledger};
use crate::note::{Input, NoteOutput, OwnerCommitment, UnspentNote};
use crate::operation::{Checked, NewNote, Spend};
use crate::range::RangeClaim;
use crate::statement::{LockStatement, Place};
use crate::transfer::Transfer;

/// For what a note is held, and who has it if nothing comes of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Hold {
    /// the deal
    pub deal: DealId,
    /// which of its legs
    pub leg: u8,
    /// a lock is executed below this height
    pub allocate_before: Height,
    /// a deal that is not committed below this height never is
    pub settle_before: Height,
    /// commitment to the key of the owner that gets the note back, blinded like the other one
    pub back: OwnerCommitment,
}

/// A lock as it travels inside a transaction, which says where it holds.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Lock {
    /// what the first note is held for
    pub hold: Hold,
    /// what becomes of notes: the first that it makes is held for its owner, the others are the rest
    pub transfer: Transfer,
}

/// A note that is held: the same amount under either owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct HeldNote {
    /// for what
    pub hold: Hold,
    /// the note that is there once the deal is committed
    pub forward: (NoteId, UnspentNote),
    /// the note that is there if it is not
    pub back: (NoteId, UnspentNote),
}

impl HeldNote {
    /// The two notes of an output that is held.
    ///
    /// # Rules
    ///
    /// > VAL-24: the note of a held output is, after a commit, that of its owner, else the same amount under the owner that the lock names for that; both ids are as of any note (VAL-04).
    pub(crate) fn new(
        hold: Hold,
        asset: AssetId,
        output: NoteOutput,
        place: (&ChannelId, &TransactionDigest, u32),
    ) -> Self {
        let (channel, transaction, index) = place;
        let note = |output: NoteOutput| {
            let note = UnspentNote { asset, commitment: output.commitment, owner: output.owner };
            (output.id(channel, transaction, index), note)
        };
        Self { hold, forward: note(output), back: note(NoteOutput { owner: hold.back, ..output }) }
    }
}

impl Lock {
    /// Proves and signs a lock, by whoever has the keys of all its inputs.
    pub fn new(
        place: &Place,
        (asset, engine): (AssetId, RangeEngine),
        hold: Hold,
        spends: &[Spend<'_>],
        made: &[NewNote<'_>],
        rng: &mut impl CryptoRng,
    ) -> Result<Self, Invalid> {
        let stated = |inputs: &[Input], outputs: &[NoteOutput]| {
            statement(place, asset, hold, inputs, outputs).digest()
        };
        Ok(Self { hold, transfer: Transfer::prove((asset, engine), stated, spends, made, rng)? })
    }

    /// Decodes a lock.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        decode("lock", bytes, TRANSFER_BYTES_MAX)
    }

    /// What is signed and proven, in the transaction's place.
    ///
    /// # Rules
    ///
    /// > VAL-23: a lock holds the first note that it makes; its statement names, besides what a transfer's does, deal, leg, both heights and the owner who gets the note back.
    #[must_use]
    pub fn statement(&self, place: &Place) -> LockStatement {
        let Transfer { asset, inputs, outputs, .. } = &self.transfer;
        statement(place, *asset, self.hold, inputs, outputs)
    }

    /// What its range proof has to show.
    #[must_use]
    pub fn claim(&self, place: &Place, engine: RangeEngine) -> RangeClaim {
        let statement = self.statement(place).digest();
        RangeClaim::of((engine, self.transfer.asset), statement, &self.transfer.outputs)
    }

    /// Checks everything but the range proof. Whether the deal can still be locked for is the channel's to say.
    pub fn check(&self, place: &Place, ledger: &impl Ledger) -> Result<Checked<'_>, Invalid> {
        let mut checked = self.transfer.check_under(self.statement(place).digest(), ledger)?;
        checked.effects.hold = Some(self.hold);
        Ok(checked)
    }

    /// Verifies the whole lock alone.
    pub fn verify(&self, place: &Place, ledger: &impl Ledger) -> Result<Effects, Invalid> {
        self.check(place, ledger)?.verify()
    }
}

fn statement(
    place: &Place,
    asset: AssetId,
    hold: Hold,
    inputs: &[Input],
    outputs: &[NoteOutput],
) -> LockStatement {
    let Place { channel, generation, salt_digest, expiry, context } = *place;
    let (inputs, outputs) = (inputs.to_vec(), outputs.to_vec());
    LockStatement { channel, generation, asset, hold, inputs, outputs, salt_digest, expiry, context }
}
