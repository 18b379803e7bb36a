//! What the proofs and signatures of an operation are for.
//!
//! A statement is a struct; its digest is `H(label, a field for each member…)` in the order of the
//! members, written by the macro below, so that no member can be left out. Signatures are over the
//! digest and transcripts begin with it: a proof says nothing about any other channel, asset, output,
//! or moment. The kinds have labels of their own, so none stands for another.

use parclose_crypto::hash;
use parclose_types::{AssetId, ChannelId, Generation, Height, NetworkId, ObligationId, Tag, hex, labels};

use crate::claim::{Bounds, Purpose, StatedAmount};
use crate::lock::Hold;
use crate::note::{Input, NoteOutput, RedeemedAmount};
use crate::obligation::ObligationOutput;

/// The digest of a statement: what is signed and proven.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct StatementDigest([u8; 32]);

impl StatementDigest {
    /// The 32 bytes that are signed and that transcripts begin with.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    #[cfg(test)]
    pub(crate) const fn arbitrary(byte: u8) -> Self {
        Self([byte; 32])
    }

    #[cfg(test)]
    pub(crate) const fn of_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl std::fmt::Debug for StatementDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StatementDigest({})", hex::encode(&self.0))
    }
}

/// Where and until when an operation holds: said once, by the transaction that carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// the channel
    pub channel: ChannelId,
    /// its generation
    pub generation: Generation,
    /// digest of the transaction's salt
    pub salt_digest: [u8; 32],
    /// the transaction's expiry
    pub expiry: Height,
    /// digest of all else that the transaction says: nobody lifts an operation out of it into another
    pub context: [u8; 32],
}

/// How a member of a statement stands in it: fixed width, or a list of parts of fixed width.
trait Part {
    fn write(&self, to: &mut Vec<u8>);

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write(&mut bytes);
        bytes
    }
}

macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident, $label:path, { $($(#[$part_doc:meta])* $part:ident: $type:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Eq)]
            pub struct $name {
                $($(#[$part_doc])* pub $part: $type,)*
            }

            impl $name {
                /// The members' bytes, in order.
                #[must_use]
                pub fn parts(&self) -> Vec<Vec<u8>> {
                    vec![$(self.$part.bytes()),*]
                }

                /// The digest that is signed and proven.
                #[must_use]
                pub fn digest(&self) -> StatementDigest {
                    digest_of($label, &self.parts())
                }

                /// The statement with one member changed, in every way that the member can be.
                #[cfg(test)]
                fn changed(&self) -> Vec<(&'static str, Self)> {
                    let mut all = Vec::new();
                    $(for other in tests::Others::others(&self.$part) {
                        all.push((stringify!($part), Self { $part: other, ..self.clone() }));
                    })*
                    all
                }
            }
        )*
    };
}

statements! {
    /// Notes become other notes of the same total.
    TransferStatement, labels::TRANSFER_STATEMENT, {
        /// the channel
        channel: ChannelId,
        /// its generation
        generation: Generation,
        /// the asset of all inputs and outputs
        asset: AssetId,
        /// the notes that are spent, with their owners
        inputs: Vec<Input>,
        /// the notes that are made
        outputs: Vec<NoteOutput>,
        /// minor units that go to nobody; 0
        fee: u64,
        /// digest of the transaction's salt
        salt_digest: [u8; 32],
        /// the transaction's expiry
        expiry: Height,
        /// digest of all else that the transaction says
        context: [u8; 32],
    }
    /// Notes become others, the first of which is held for a deal.
    LockStatement, labels::LOCK_STATEMENT, {
        /// the channel
        channel: ChannelId,
        /// its generation
        generation: Generation,
        /// the asset of all inputs and outputs
        asset: AssetId,
        /// what the first of the new notes is held for
        hold: Hold,
        /// the notes that are spent, with their owners
        inputs: Vec<Input>,
        /// the notes that are made
        outputs: Vec<NoteOutput>,
        /// digest of the transaction's salt
        salt_digest: [u8; 32],
        /// the transaction's expiry
        expiry: Height,
        /// digest of all else that the transaction says
        context: [u8; 32],
    }
    /// A member says what it will owe others.
    ObligeStatement, labels::OBLIGE_STATEMENT, {
        /// the channel
        channel: ChannelId,
        /// its generation
        generation: Generation,
        /// the asset of all of it
        asset: AssetId,
        /// the day on which it is due
        day: u32,
        /// the obligations that are made
        outputs: Vec<ObligationOutput>,
        /// digest of the transaction's salt
        salt_digest: [u8; 32],
        /// the transaction's expiry
        expiry: Height,
        /// digest of all else that the transaction says
        context: [u8; 32],
    }
    /// Obligations become others that come to the same for every member.
    NetStatement, labels::NET_STATEMENT, {
        /// the channel
        channel: ChannelId,
        /// its generation
        generation: Generation,
        /// the asset of all that is taken and made
        asset: AssetId,
        /// the day on which it is due
        day: u32,
        /// the obligations that are taken
        inputs: Vec<ObligationId>,
        /// the obligations that are made
        outputs: Vec<ObligationOutput>,
        /// digest of the transaction's salt
        salt_digest: [u8; 32],
        /// the transaction's expiry
        expiry: Height,
        /// digest of all else that the transaction says
        context: [u8; 32],
    }
    /// Notes become others, the first of which is what was owed.
    DischargeStatement, labels::DISCHARGE_STATEMENT, {
        /// the channel
        channel: ChannelId,
        /// its generation
        generation: Generation,
        /// the asset of all inputs and outputs
        asset: AssetId,
        /// what is paid
        obligation: ObligationId,
        /// the notes that are spent, with their owners
        inputs: Vec<Input>,
        /// the notes that are made
        outputs: Vec<NoteOutput>,
        /// digest of the transaction's salt
        salt_digest: [u8; 32],
        /// the transaction's expiry
        expiry: Height,
        /// digest of all else that the transaction says
        context: [u8; 32],
    }
    /// The issuer of an asset makes notes.
    IssueStatement, labels::ISSUE_STATEMENT, {
        /// the channel
        channel: ChannelId,
        /// its generation
        generation: Generation,
        /// the asset
        asset: AssetId,
        /// the notes that are made
        outputs: Vec<NoteOutput>,
        /// digest of the transaction's salt
        salt_digest: [u8; 32],
        /// the transaction's expiry
        expiry: Height,
        /// digest of all else that the transaction says
        context: [u8; 32],
    }
    /// Notes leave circulation, and what is left of them becomes other notes.
    RedeemStatement, labels::REDEEM_STATEMENT, {
        /// the channel
        channel: ChannelId,
        /// its generation
        generation: Generation,
        /// the asset of all that goes in and comes out
        asset: AssetId,
        /// the notes that are spent, with their owners
        inputs: Vec<Input>,
        /// the notes that are made of the rest
        outputs: Vec<NoteOutput>,
        /// the amount that leaves circulation
        redeemed: RedeemedAmount,
        /// digest of the transaction's salt
        salt_digest: [u8; 32],
        /// the transaction's expiry
        expiry: Height,
        /// digest of all else that the transaction says
        context: [u8; 32],
    }
    /// Somebody says between what the sum of amounts lies, for somebody.
    AmountStatement, labels::DISCLOSURE_STATEMENT, {
        /// the network
        network: NetworkId,
        /// the channel's tag
        tag: Tag,
        /// the asset of all the amounts
        asset: AssetId,
        /// what is said of their sum
        bounds: Bounds,
        /// the amounts
        amounts: Vec<StatedAmount>,
        /// what it is for
        purpose: Purpose,
    }
}

/// The digest of a statement's kind and members.
///
/// # Rules
///
/// > VAL-05: proofs and signatures hold for one statement, which names channel, generation, asset, all that goes in and comes out with its field leaves, fee, salt, expiry, and the transaction around it.
/// > VAL-35: a statement about amounts names network, tag, asset, bounds, each amount with its transaction, place, leaf and commitment, and what it is for; a proof holds for one statement.
fn digest_of(label: &str, parts: &[Vec<u8>]) -> StatementDigest {
    StatementDigest(hash(label, &parts.iter().map(Vec::as_slice).collect::<Vec<_>>()))
}

macro_rules! parts {
    ($($type:ty: $self:ident => [$($bytes:expr),*];)*) => {
        $(impl Part for $type {
            fn write(&$self, to: &mut Vec<u8>) {
                $(to.extend_from_slice($bytes);)*
            }
        })*
    };
}

parts! {
    [u8; 32]: self => [self];
    u32: self => [&self.to_be_bytes()];
    u64: self => [&self.to_be_bytes()];
    ObligationId: self => [&self.0];
    ObligationOutput: self => [&self.payer.0, &self.payee.0, self.note.commitment.as_bytes(), &self.note.owner.0, &self.note.leaf];
    ChannelId: self => [&self.0];
    AssetId: self => [&self.0];
    Generation: self => [&self.0.to_be_bytes()];
    Height: self => [&self.0.to_be_bytes()];
    Input: self => [&self.note.0, &self.owner.0, &self.blind.0];
    NoteOutput: self => [self.commitment.as_bytes(), &self.owner.0, &self.leaf];
    RedeemedAmount: self => [self.commitment.as_bytes(), &self.leaf];
    Hold: self => [&self.deal.0, &[self.leg], &self.allocate_before.0.to_be_bytes(),
        &self.settle_before.0.to_be_bytes(), &self.back.0];
    NetworkId: self => [&self.0];
    Tag: self => [&self.0];
    Bounds: self => [&[self.kind()], &self.least().unwrap_or_default().to_be_bytes(), &self.most().unwrap_or_default().to_be_bytes()];
    StatedAmount: self => [&self.transaction.0, &self.operation.to_be_bytes(), &self.field.to_be_bytes(), &self.leaf, self.commitment.as_bytes()];
    Purpose: self => [self.as_str().as_bytes()];
}

impl<T: Part> Part for Vec<T> {
    fn write(&self, to: &mut Vec<u8>) {
        self.iter().for_each(|part| part.write(to));
    }
}

#[cfg(test)]
mod tests;
