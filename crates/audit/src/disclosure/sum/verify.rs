//! Verification of what is said of a sum: every transaction first, then the proof.

use parclose_amounts::{AmountStatement, NotShown, RangeEngine, StatedAmount};
use parclose_root::Trust;
use parclose_types::limits::STATED_AMOUNTS_MAX;
use parclose_types::{AssetId, PublicKey, RecordId};

use super::super::DisclosureInvalid;
use super::super::written::{Names, Place, Written};
use super::{SumDisclosure, VERSION};
use crate::receipt::VerifiedReceipt;

/// What whoever verifies knows by itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked<'a> {
    /// SHA-256 of the channel's `channel.toml`
    pub definition: Option<&'a [u8; 32]>,
    /// what it has asked for
    pub purpose: Option<&'a str>,
}

/// What is proven of a sum. Only [`SumDisclosure::verify`] makes one.
#[derive(Clone, Debug)]
pub struct VerifiedSum {
    statement: AmountStatement,
    amounts: Vec<VerifiedAmount>,
    template: String,
    definition: [u8; 32],
}

/// An amount of a sum: where it was written, and not how much it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedAmount {
    /// what is proven of its transaction
    pub receipt: VerifiedReceipt,
    /// who wrote it
    pub author: PublicKey,
    /// the record
    pub record: RecordId,
    /// the version of the record that the transaction made
    pub version: u64,
    /// name of the record's type, by the file's definition
    pub record_type: String,
    /// name of the field, by the file's definition
    pub field: String,
}

/// An amount that was found in its transaction.
struct Found {
    asset: AssetId,
    stated: StatedAmount,
    amount: VerifiedAmount,
}

impl SumDisclosure {
    /// Verifies every transaction from the genesis, or from a checkpoint, and then the proof, offline.
    ///
    /// # Rules
    ///
    /// As for a disclosed field (DIS-02 to DIS-05, DIS-11, DIS-13) for each transaction, in [`AmountStatement::verify`] (VAL-35 to VAL-37), and:
    ///
    /// > DIS-15: the transactions of a sum are all of one tag.
    /// > DIS-16: a reader who says what it has asked for is shown a sum only if that is what it was stated for.
    pub fn verify(
        &self,
        trust: impl Into<Trust>,
        asked: Asked<'_>,
    ) -> Result<VerifiedSum, DisclosureInvalid> {
        if self.version != VERSION {
            return Err(DisclosureInvalid::Version { found: self.version });
        }
        self.check_form()?;
        if asked.purpose.is_some_and(|purpose| purpose != self.purpose.as_str()) {
            return Err(DisclosureInvalid::OtherPurpose);
        }
        let (trust, names) = (trust.into(), Names::of(&self.definition, asked.definition)?);
        let mut found = Vec::new();
        for transaction in &self.transactions {
            let written = Written::of(&transaction.receipt, trust.clone())?;
            for place in &transaction.places {
                found.push(amount(&written, &names, *place)?);
            }
        }
        let first = found.first().ok_or(NotShown::Amounts)?;
        let (asset, tag, network) =
            (first.asset, *first.amount.receipt.tag(), *first.amount.receipt.network());
        if found.iter().any(|found| found.asset != asset) {
            return Err(DisclosureInvalid::NoAmount);
        }
        if found.iter().any(|found| *found.amount.receipt.tag() != tag) {
            return Err(DisclosureInvalid::OtherTag);
        }
        let (amounts, shown) = found.into_iter().map(|found| (found.stated, found.amount)).unzip();
        let (bounds, purpose) = (self.bounds, self.purpose.clone());
        let statement = AmountStatement { network, tag, asset, bounds, amounts, purpose };
        statement.verify(RangeEngine::OF_FORMAT_1, &self.proof)?;
        let template = names.definition.template.clone();
        Ok(VerifiedSum { statement, amounts: shown, template, definition: names.digest })
    }

    /// Looked at before any receipt is, so that lies cost nothing.
    fn check_form(&self) -> Result<(), DisclosureInvalid> {
        let amounts = self.transactions.iter().map(|transaction| transaction.places.len()).sum();
        let each_has_one = self.transactions.iter().all(|transaction| !transaction.places.is_empty());
        if !each_has_one || !(1..=STATED_AMOUNTS_MAX).contains(&amounts) {
            return Err(NotShown::Amounts.into());
        }
        if self.purpose.is_plain() { Ok(()) } else { Err(DisclosureInvalid::OtherPurpose) }
    }
}

/// # Rules
///
/// > DIS-14: each field of a sum is one by whose leaf a movement of its transaction has an amount, and all are of one asset.
fn amount(written: &Written, names: &Names, at: (u32, u32)) -> Result<Found, DisclosureInvalid> {
    let Written { receipt, body } = written;
    let Place { operation, entry, record_type, schema } = names.place(body, at)?;
    let (asset, commitment) = body.amount_at(&entry.leaf).ok_or(DisclosureInvalid::NoAmount)?;
    let stated = StatedAmount {
        transaction: *receipt.transaction(),
        operation: at.0,
        field: at.1,
        leaf: entry.leaf,
        commitment,
    };
    let amount = VerifiedAmount {
        receipt: receipt.clone(),
        author: body.author,
        record: operation.record,
        version: operation.version,
        record_type: record_type.name.clone(),
        field: schema.name.clone(),
    };
    Ok(Found { asset, stated, amount })
}

impl VerifiedSum {
    /// What is proven: of which amounts, between what they lie together, and for what.
    #[must_use]
    pub fn statement(&self) -> &AmountStatement {
        &self.statement
    }

    /// The amounts, in the statement's order.
    #[must_use]
    pub fn amounts(&self) -> &[VerifiedAmount] {
        &self.amounts
    }

    /// Name of the definition's template.
    #[must_use]
    pub fn template(&self) -> &str {
        &self.template
    }

    /// SHA-256 of `channel.toml`, to compare with the channel's.
    #[must_use]
    pub fn definition(&self) -> &[u8; 32] {
        &self.definition
    }
}
