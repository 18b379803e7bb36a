//! Payments of this member's: which notes are spent, which records stand for the new ones.
//!
//! A note that is chosen is set aside until its payment has an outcome, so that two payments that are made
//! at once do not choose the same.

pub mod pieces;
mod refused;

use std::collections::BTreeMap;
use std::sync::Arc;

use parclose_transaction::definition::{OWNER_KEY_FIELD, RecordType, ValueRole};
use parclose_transaction::{
    DraftHold, DraftMovement, DraftOperation, DraftSpend, FieldState, FieldValue, FieldView,
};
use parclose_types::limits::INPUTS_MAX;
use parclose_types::{AssetId, Height, MemberId, NoteId, PublicKey, RecordId, hex};
use rand_core::CryptoRng;

use crate::channel::Channel;
use crate::error::ChannelError;
use crate::holdings::{Account, OwnNote};
use crate::locks::LegId;
use crate::purse::Coin;
use crate::steps::{NewNote, Values};

pub use refused::CannotPay;

/// What somebody is paid.
#[derive(Clone)]
pub struct Payment {
    /// in which asset
    pub asset: AssetId,
    /// who
    pub to: MemberId,
    /// smallest units of the asset
    pub amount: u64,
    /// what for, where the definition has a field for that
    pub purpose: Option<String>,
}

impl std::fmt::Debug for Payment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Payment({}, ..)", self.asset)
    }
}

/// Records and movements to submit as one transaction.
#[derive(Debug, Default)]
pub struct Drafted {
    /// records
    pub operations: Vec<DraftOperation>,
    /// notes that move with them
    pub movements: Vec<DraftMovement>,
    /// notes that were set aside for it
    pub set_aside: Vec<NoteId>,
}

/// A draft waits for its audience's secret for one life of a transaction at most (NOD-12), is sealed for another, and once more when the keys turn over;
/// one that does so more often loses its note to another payment, and is refused (VAL-13).
const LIVES: u64 = 4;

/// The field of a note's record that says what it is for.
const PURPOSE: &str = "purpose";
/// The field that says where a holder is to be paid: another holder says so itself.
const NOTICE: &str = "pay_to";

impl Channel {
    /// An asset that this member issues: a new record of these fields.
    pub fn define_asset(
        &self,
        fields: Vec<(&str, FieldValue)>,
        rng: &mut impl CryptoRng,
    ) -> Result<DraftOperation, CannotPay> {
        let own = self.own_id();
        Ok(made(self.type_of(ValueRole::Asset)?, fresh(rng), own, own, fields))
    }

    /// An account of this member's: a new record with a key of its own.
    pub fn open_account(&self, rng: &mut impl CryptoRng) -> Result<DraftOperation, CannotPay> {
        let record = fresh(rng);
        let key = FieldValue::Text(hex::encode(&self.account_key(&record).0));
        let record_type = self.type_of(ValueRole::Account)?;
        let own = self.own_id();
        Ok(made(record_type, record, own, own, [(OWNER_KEY_FIELD, key)]))
    }

    /// New notes of an asset that this member issues.
    pub fn issue(&self, payment: &Payment, rng: &mut impl CryptoRng) -> Result<Drafted, CannotPay> {
        let (operation, owner) = self.note(payment.to, payment.amount, payment.purpose.as_deref(), rng)?;
        let movement = DraftMovement::Issue { asset: payment.asset, owners: vec![owner] };
        Ok(Drafted { operations: vec![operation], movements: vec![movement], set_aside: Vec::new() })
    }

    /// Notes of this member's become a note of another's, and one with the rest.
    /// `now` is the root chain's head.
    pub fn pay(
        &mut self,
        payment: &Payment,
        now: Height,
        rng: &mut impl CryptoRng,
    ) -> Result<Drafted, CannotPay> {
        let (operation, owner) = self.note(payment.to, payment.amount, payment.purpose.as_deref(), rng)?;
        let (notes, rest) = choose(self.free_coins(&payment.asset, now)?, payment.amount)?;
        let (mut operations, mut owners) = (vec![operation], vec![owner]);
        self.add_rest(rest, &mut operations, &mut owners, rng)?;
        let set_aside = self.set_aside(&notes, now);
        let spends = self.spends(&notes)?;
        let movements = vec![DraftMovement::Transfer { asset: payment.asset, spends, owners }];
        Ok(Drafted { operations, movements, set_aside })
    }

    /// Notes of this member's become one that is held for a leg of a deal, and one with the rest.
    /// `now` is the root chain's head.
    pub fn lock(
        &mut self,
        (deal, leg): LegId,
        (allocate_before, settle_before): (Height, Height),
        payment: &Payment,
        now: Height,
        rng: &mut impl CryptoRng,
    ) -> Result<Drafted, CannotPay> {
        let Payment { asset, to, amount, .. } = *payment;
        let back = self.account_of(self.own_id())?.key;
        let (notes, rest) = choose(self.free_coins(&asset, now)?, amount)?;
        // What is held is on the terms of what it is made of, and so is the rest.
        let fields = self.common_terms(&notes)?;
        let piece = |to, amount| NewNote { to, amount, fields: fields.clone() };
        let mut pieces = vec![piece(to, amount)];
        pieces.extend((rest > 0).then(|| piece(self.own_id(), rest)));
        pieces::check_pieces(notes.iter().map(|coin| coin.value), &pieces)?;
        let (operations, owners) = self.new_notes(asset, &pieces, rng)?;
        let set_aside = self.set_aside(&notes, now);
        let hold = DraftHold { deal, leg, allocate_before, settle_before, back };
        let movements = vec![DraftMovement::Lock { asset, spends: self.spends(&notes)?, owners, hold }];
        Ok(Drafted { operations, movements, set_aside })
    }

    /// What the records of all of some notes say: on different terms they do not become one (RCV-02).
    fn common_terms(&self, notes: &[Coin]) -> Result<Values, CannotPay> {
        let mut terms = notes.iter().map(|coin| self.terms_of(&coin.row.record));
        let first = terms.next().transpose()?.unwrap_or_default();
        for other in terms {
            if other? != first {
                return Err(CannotPay::TermsDiffer);
            }
        }
        Ok(first)
    }

    /// What the record of a note says besides its amount, and besides what is said anew for each payment.
    fn terms_of(&self, record: &RecordId) -> Result<Values, ChannelError> {
        let Some(view) = self.view_record(self.keys(), record)? else { return Ok(Values::new()) };
        let record_type = self.definition().record(view.row.record_type);
        let kept = |view: FieldView| {
            let field = record_type?.field(view.field)?;
            match view.state {
                FieldState::Opened(FieldValue::Quantity(_)) => None,
                FieldState::Opened(value) if ![PURPOSE, NOTICE].contains(&field.name.as_str()) => {
                    Some((field.name.clone(), value))
                }
                _ => None,
            }
        };
        Ok(view.fields.into_iter().filter_map(kept).collect())
    }

    /// Notes that this member has issued and holds leave circulation, but for the rest. `now` is the root chain's head.
    pub fn redeem(
        &mut self,
        (asset, amount): (AssetId, u64),
        purpose: Option<&str>,
        now: Height,
        rng: &mut impl CryptoRng,
    ) -> Result<Drafted, CannotPay> {
        let (notes, rest) = choose(self.free_coins(&asset, now)?, amount)?;
        let (mut operations, mut owners) = (Vec::new(), Vec::new());
        self.add_rest(rest, &mut operations, &mut owners, rng)?;
        let record_type = self.type_of(ValueRole::Redemption)?;
        let own = self.own_id();
        operations.push(made(record_type, fresh(rng), own, own, amount_fields(record_type, amount, purpose)));
        let set_aside = self.set_aside(&notes, now);
        let movements = vec![DraftMovement::Redeem { asset, spends: self.spends(&notes)?, owners }];
        Ok(Drafted { operations, movements, set_aside })
    }

    /// Notes that were set aside can be chosen again: their payment was refused.
    pub fn release(&mut self, notes: &[NoteId]) {
        for note in notes {
            self.set_aside.remove(note);
        }
    }

    pub(crate) fn set_aside<N: Worth>(&mut self, notes: &[N], now: Height) -> Vec<NoteId> {
        let parameters = &self.definition().parameters;
        let until = Height(now.0.saturating_add(parameters.expiry_max.saturating_mul(LIVES)));
        let ids: Vec<NoteId> = notes.iter().map(Worth::id).collect();
        self.set_aside.extend(ids.iter().map(|note| (*note, until)));
        ids
    }

    /// Notes of an asset that this member can spend and that no payment on its way spends; `now` is the root chain's head.
    pub fn free_notes(&mut self, asset: &AssetId, now: Height) -> Result<Vec<OwnNote>, ChannelError> {
        let coins = self.free_coins(asset, now)?;
        let opened = coins.iter().map(|coin| self.open_coin(coin));
        Ok(opened.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }

    pub(crate) fn free_coins(&mut self, asset: &AssetId, now: Height) -> Result<Vec<Coin>, ChannelError> {
        self.set_aside.retain(|_, until| *until >= now);
        let mut coins = self.coins(asset)?;
        coins.retain(|coin| !self.set_aside.contains_key(&coin.row.id));
        Ok(coins)
    }

    /// Takes notes of this member's to spend them in a draft.
    pub(crate) fn to_spends(&self, notes: Vec<OwnNote>) -> Vec<Arc<DraftSpend>> {
        notes.into_iter().map(|note| Arc::new(self.to_spend(note))).collect()
    }

    pub(crate) fn spends(&self, coins: &[Coin]) -> Result<Vec<Arc<DraftSpend>>, CannotPay> {
        let open = |coin: &Coin| self.open_coin(coin)?.ok_or(CannotPay::NotEnough);
        Ok(self.to_spends(coins.iter().map(open).collect::<Result<_, CannotPay>>()?))
    }

    pub(crate) fn add_rest(
        &self,
        rest: u64,
        operations: &mut Vec<DraftOperation>,
        owners: &mut Vec<PublicKey>,
        rng: &mut impl CryptoRng,
    ) -> Result<(), CannotPay> {
        if rest > 0 {
            let (operation, owner) = self.note(self.own_id(), rest, None, rng)?;
            operations.push(operation);
            owners.push(owner);
        }
        Ok(())
    }

    /// The record that stands for a note, and the key of its owner.
    ///
    /// # Rules
    ///
    /// > VAL-22: who is paid has an account in the channel that the payer can read.
    fn note(
        &self,
        to: MemberId,
        amount: u64,
        purpose: Option<&str>,
        rng: &mut impl CryptoRng,
    ) -> Result<(DraftOperation, PublicKey), CannotPay> {
        let record_type = self.type_of(ValueRole::Note)?;
        let account = self.account_of(to)?;
        let fields = amount_fields(record_type, amount, purpose);
        Ok((made(record_type, fresh(rng), self.own_id(), to, fields), account.key))
    }

    /// The account that a member opened last, as far as this member can read it (VAL-22).
    pub(crate) fn account_of(&self, member: MemberId) -> Result<Account, CannotPay> {
        let account = self.accounts()?.into_iter().rfind(|account| account.owner == member);
        account.ok_or(CannotPay::NoAccount)
    }

    pub(crate) fn type_of(&self, role: ValueRole) -> Result<&RecordType, CannotPay> {
        let known = self.definition().records.iter().find(|record| record.value == Some(role));
        known.ok_or(CannotPay::NoValue { role })
    }
}

/// A note that can be chosen for a payment.
pub trait Worth {
    /// Its name.
    fn id(&self) -> NoteId;
    /// Smallest units of its asset.
    fn value(&self) -> u64;
}

impl Worth for Coin {
    fn id(&self) -> NoteId {
        self.row.id
    }

    fn value(&self) -> u64 {
        self.value
    }
}

impl Worth for OwnNote {
    fn id(&self) -> NoteId {
        self.row.id
    }

    fn value(&self) -> u64 {
        self.opened.value
    }
}

/// A note of exactly that amount, so that no rest is made; else the largest first, so that few are spent, and what is left over goes
/// back to their owner.
///
/// # Rules
///
/// > VAL-21: a payment is made of at most 64 notes of the payer's that are not set aside, together worth at least its amount.
pub fn choose<N: Worth>(mut notes: Vec<N>, amount: u64) -> Result<(Vec<N>, u64), CannotPay> {
    if amount == 0 {
        return Err(CannotPay::Nothing);
    }
    if let Some(exact) = notes.iter().position(|note| note.value() == amount) {
        return Ok((vec![notes.swap_remove(exact)], 0));
    }
    notes.sort_by_key(|note| (std::cmp::Reverse(note.value()), note.id()));
    notes.truncate(INPUTS_MAX);
    let (mut chosen, mut sum) = (Vec::new(), 0_u128);
    for note in notes {
        if sum >= u128::from(amount) {
            break;
        }
        sum += u128::from(note.value());
        chosen.push(note);
    }
    let rest = sum.checked_sub(amount.into()).and_then(|rest| u64::try_from(rest).ok());
    rest.map(|rest| (chosen, rest)).ok_or(CannotPay::NotEnough)
}

/// A new record: whoever is paid stands in the slot `holder`, this member in every other.
fn made<'a>(
    record_type: &RecordType,
    record: RecordId,
    own: MemberId,
    holder: MemberId,
    fields: impl IntoIterator<Item = (&'a str, FieldValue)>,
) -> DraftOperation {
    let party = |slot: &str| if slot == "holder" { holder } else { own };
    DraftOperation {
        keyed_tag: None,
        action: "create".into(),
        record_type: record_type.name.clone(),
        record,
        version: 1,
        parties: record_type.slots.iter().map(|slot| (slot.name.clone(), party(&slot.name))).collect(),
        fields: fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<BTreeMap<_, _>>(),
    }
}

pub(crate) fn amount_fields<'t>(
    record_type: &'t RecordType,
    amount: u64,
    purpose: Option<&str>,
) -> Vec<(&'t str, FieldValue)> {
    let quantity =
        record_type.quantity_field().map(|field| (field.name.as_str(), FieldValue::Quantity(amount)));
    let purpose = record_type
        .field_named(PURPOSE)
        .and_then(|field| purpose.map(|text| (field.name.as_str(), FieldValue::Text(text.to_owned()))));
    quantity.into_iter().chain(purpose).collect()
}

pub(crate) fn fresh(rng: &mut impl CryptoRng) -> RecordId {
    let mut id = [0; 32];
    rng.fill_bytes(&mut id);
    RecordId(id)
}

#[cfg(test)]
mod tests;
