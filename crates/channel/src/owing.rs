//! What members owe each other, as a reader's keys show it, and drafts by which that begins and ends.
//!
//! ```text
//!   oblige      this member says what it owes, and who may net it
//!   net         as an agent: everything that opens, of one asset and day, gives way to nets
//!   discharge   this member pays what it owes
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;

use parclose_amounts::OwnerCommitment;
use parclose_transaction::definition::{RecordType, ValueRole};
use parclose_transaction::{
    Day, DraftDebt, DraftMovement, DraftOperation, DraftOwed, FieldValue, NoteState, Perspective,
};
use parclose_types::limits::{NET_MADE_MAX, NETTED_MAX};
use parclose_types::{AssetId, Height, MemberId, ObligationId};
use rand_core::CryptoRng;

use crate::channel::Channel;
use crate::error::ChannelError;
use crate::obligations::{OBLIGATIONS, ObligationRow};
use crate::payment::{CannotPay, Drafted, amount_fields, choose, fresh};

/// An obligation, as a reader sees it.
#[derive(Debug)]
pub struct Owing {
    /// what every member sees of it
    pub row: ObligationRow,
    /// its amount
    pub state: NoteState,
    /// it opens, and is owed to a key of an account of its payee's that this member can read
    pub payable: bool,
}

/// What a member is to owe another: payer, payee, smallest units.
pub type Debt = (MemberId, MemberId, u64);

/// The field that says which netting or which payment it is.
const REFERENCE: &str = "reference";

impl Channel {
    /// Everything that is owed, as `reader` sees it, by day and name.
    ///
    /// # Rules
    ///
    /// > OBL-06: an obligation counts as payable only if it opens and its owner commitment is to the key of one of its payee's accounts.
    pub fn owing(&self, reader: &dyn Perspective) -> Result<Vec<Owing>, ChannelError> {
        let mut rows = Vec::new();
        self.store.for_each(&OBLIGATIONS, |_, row: ObligationRow| rows.push(row))?;
        rows.sort_by_key(|row| (row.obligation.day, row.id));
        let mut last = None;
        let view = |row: ObligationRow| {
            let amount = (&row.obligation.asset, &row.obligation.output.note.commitment);
            let state = self.view_amount(reader, &row.record, amount, &mut last)?;
            Ok(Owing { payable: self.is_payable(&row, &state)?, row, state })
        };
        rows.into_iter().map(view).collect()
    }

    fn is_payable(&self, row: &ObligationRow, state: &NoteState) -> Result<bool, ChannelError> {
        let NoteState::Opened(opened) = state else { return Ok(false) };
        let output = &row.obligation.output;
        let mut accounts = self.accounts()?.into_iter().filter(|account| account.owner == output.payee);
        Ok(accounts.any(|account| OwnerCommitment::new(&account.key, &opened.blind) == output.note.owner))
    }

    /// New obligations of this member's, which `agent` may net.
    pub fn oblige(
        &self,
        (asset, day): (AssetId, Day),
        owed: &[(MemberId, u64)],
        agent: MemberId,
        purpose: Option<&str>,
        rng: &mut impl CryptoRng,
    ) -> Result<Drafted, CannotPay> {
        let debts: Vec<Debt> = owed.iter().map(|(payee, amount)| (self.own_id(), *payee, *amount)).collect();
        let (operations, debts) = self.debts(&debts, agent, purpose, rng)?;
        let movements = vec![DraftMovement::Oblige { asset, day, debts }];
        Ok(Drafted { operations, movements, set_aside: Vec::new() })
    }

    /// What this member can open of what is owed in an asset on a day gives way to what each member owes or is owed in
    /// the end; this member is the agent.
    ///
    /// # Rules
    ///
    /// > OBL-07: a netting that a node drafts takes every obligation of its asset and day that opens, at most 512.
    pub fn net(
        &self,
        (asset, day): (AssetId, Day),
        reference: &str,
        rng: &mut impl CryptoRng,
    ) -> Result<Drafted, CannotPay> {
        let due = |row: &ObligationRow| (row.obligation.asset, row.obligation.day) == (asset, day.0);
        let mut all = self.owing(self.keys())?;
        all.retain(|owing| due(&owing.row));
        let (taken, debts): (Vec<DraftOwed>, Vec<Debt>) =
            all.into_iter().filter_map(to_draft).take(NETTED_MAX).unzip();
        let made = settle(&debts);
        if taken.len() < 2 || made.len() > NET_MADE_MAX {
            return Err(CannotPay::NothingToNet { obligations: taken.len() });
        }
        let own = self.own_id();
        let stated = self.statement_of(ValueRole::Netting, &[("agent", own)], reference, rng)?;
        let (mut operations, debts) = self.debts(&made, own, None, rng)?;
        operations.insert(0, stated);
        let taken = taken.into_iter().map(Arc::new).collect();
        let movements = vec![DraftMovement::Net { asset, day, taken, debts }];
        Ok(Drafted { operations, movements, set_aside: Vec::new() })
    }

    /// Notes of this member's become the note that it owes, and one with the rest. `now` is the root chain's head.
    pub fn discharge(
        &mut self,
        obligation: ObligationId,
        reference: &str,
        now: Height,
        rng: &mut impl CryptoRng,
    ) -> Result<Drafted, CannotPay> {
        let owing = self.owing(self.keys())?.into_iter().find(|owing| owing.row.id == obligation);
        let owed = owing.filter(|owing| owing.payable).and_then(to_draft);
        let (owed, (payer, payee, amount)) = owed.ok_or(CannotPay::NotOwed)?;
        let asset = owed.obligation.asset;
        let (notes, rest) = choose(self.free_coins(&asset, now)?, amount)?;
        let parties = [("payer", payer), ("payee", payee)];
        let mut operations = vec![self.statement_of(ValueRole::Discharge, &parties, reference, rng)?];
        let mut owners = Vec::new();
        self.add_rest(rest, &mut operations, &mut owners, rng)?;
        let set_aside = self.set_aside(&notes, now);
        let (spends, owed) = (self.spends(&notes)?, Arc::new(owed));
        let movements = vec![DraftMovement::Discharge { asset, owed, spends, owners }];
        Ok(Drafted { operations, movements, set_aside })
    }

    /// The records that stand for obligations, and whom they name.
    fn debts(
        &self,
        debts: &[Debt],
        agent: MemberId,
        purpose: Option<&str>,
        rng: &mut impl CryptoRng,
    ) -> Result<(Vec<DraftOperation>, Vec<DraftDebt>), CannotPay> {
        let record_type = self.type_of(ValueRole::Obligation)?;
        let (mut operations, mut drafted) = (Vec::new(), Vec::new());
        for (payer, payee, amount) in debts {
            let fields = amount_fields(record_type, *amount, purpose);
            let parties = [("payer", *payer), ("payee", *payee), ("agent", agent)];
            operations.push(stating(record_type, &parties, fields, rng));
            let key = self.account_of(*payee)?.key;
            drafted.push(DraftDebt { payer: *payer, payee: *payee, key });
        }
        Ok((operations, drafted))
    }

    /// The record of a netting, or of a payment.
    fn statement_of(
        &self,
        role: ValueRole,
        parties: &[(&str, MemberId)],
        reference: &str,
        rng: &mut impl CryptoRng,
    ) -> Result<DraftOperation, CannotPay> {
        let fields = vec![(REFERENCE, FieldValue::Text(reference.to_owned()))];
        Ok(stating(self.type_of(role)?, parties, fields, rng))
    }
}

fn stating(
    record_type: &RecordType,
    parties: &[(&str, MemberId)],
    fields: Vec<(&str, FieldValue)>,
    rng: &mut impl CryptoRng,
) -> DraftOperation {
    DraftOperation {
        keyed_tag: None,
        action: "create".into(),
        record_type: record_type.name.clone(),
        record: fresh(rng),
        version: 1,
        parties: parties.iter().map(|(slot, member)| ((*slot).to_owned(), *member)).collect(),
        fields: fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
    }
}

fn to_draft(owing: Owing) -> Option<(DraftOwed, Debt)> {
    let Owing { row: ObligationRow { id, obligation, .. }, state, .. } = owing;
    let NoteState::Opened(opened) = state else { return None };
    let debt = (obligation.output.payer, obligation.output.payee, opened.value);
    Some((DraftOwed { id, obligation, opening: opened.opening }, debt))
}

/// What is owed in the end: who owes most owes it to who is owed most, and so on until nobody owes. Of n members with a
/// net at most n − 1 debts are left, unless one is above 64 bits and stands in pieces.
#[must_use]
pub fn settle(debts: &[Debt]) -> Vec<Debt> {
    let mut nets: BTreeMap<MemberId, i128> = BTreeMap::new();
    for (payer, payee, amount) in debts {
        let amount = i128::from(*amount);
        nets.entry(*payee).and_modify(|net| *net = net.saturating_add(amount)).or_insert(amount);
        nets.entry(*payer).and_modify(|net| *net = net.saturating_sub(amount)).or_insert(-amount);
    }
    let mut left = Vec::new();
    loop {
        let owes = nets.iter().min_by_key(|(_, net)| **net).map(|(member, net)| (*member, -*net));
        let owed = nets.iter().max_by_key(|(_, net)| **net).map(|(member, net)| (*member, *net));
        let Some(((payer, owes), (payee, owed))) = owes.zip(owed) else { return left };
        let amount = u64::try_from(owes.min(owed).min(i128::from(u64::MAX))).unwrap_or(0);
        if amount == 0 {
            return left;
        }
        left.push((payer, payee, amount));
        nets.insert(payer, i128::from(amount).saturating_sub(owes));
        nets.insert(payee, owed.saturating_sub(i128::from(amount)));
    }
}

#[cfg(test)]
mod tests;
