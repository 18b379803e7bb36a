//! Cash: assets, accounts, notes, payments.

use std::sync::Arc;

use parclose_channel::Payment;
use parclose_channel::holdings::OwnNote;
use parclose_transaction::{Draft, DraftMovement, DraftOperation, FieldValue, SignedTransaction};
use parclose_types::{AssetId, Height, PublicKey, RecordId};
use rand_chacha::rand_core::Rng;

use super::{ANN, BOB, CASH, MEMBERS, Stage, TRADE, statement};
use crate::attack::Failed;

/// What ann issues.
pub(crate) const GBP: AssetId = AssetId([0xA5; 32]);
/// What bob issues.
pub(crate) const BOND: AssetId = AssetId([0xB6; 32]);

impl Stage {
    /// What every attack finds: statements between ann and bob, all of them attested, and cash in both hands.
    pub(crate) fn furnish(&mut self) -> Result<(), Failed> {
        for number in 1..=3 {
            let signed = self.stated(TRADE, statement(ANN, BOB, number))?;
            self.anchored(TRADE, ANN, std::slice::from_ref(&signed))?;
            self.must_be_applied(TRADE, &signed)?;
        }
        self.anchored(TRADE, BOB, &[])?;
        for (issuer, asset, code) in [(ANN, GBP, "GBP"), (BOB, BOND, "BOND")] {
            let fields = [("code", FieldValue::Text(code.into())), ("decimals", FieldValue::Integer(2))];
            let operation = self.made("asset", RecordId(asset.0), &[("issuer", issuer)], fields.into());
            let signed = self.sealed(CASH, issuer, Draft::of_records(vec![operation], Height(0)))?;
            self.applied(CASH, issuer, &signed)?;
        }
        for at in 0..MEMBERS.len() {
            let (side, rng) = self.side_and_rng(CASH, at);
            let account = side.open_account(rng)?;
            let signed = self.sealed(CASH, at, Draft::of_records(vec![account], Height(0)))?;
            self.applied(CASH, at, &signed)?;
        }
        for (issuer, asset, to, amount) in [(ANN, GBP, ANN, 1000), (ANN, GBP, BOB, 250), (BOB, BOND, BOB, 40)]
        {
            let issue = self.issued(issuer, asset, (to, amount))?;
            self.applied(CASH, issuer, &issue)?;
        }
        self.anchored(CASH, BOB, &[])
    }

    /// Orders a transaction of a member, which is applied.
    pub(crate) fn applied(
        &mut self,
        room: &str,
        at: usize,
        signed: &SignedTransaction,
    ) -> Result<(), Failed> {
        self.anchored(room, at, std::slice::from_ref(signed))?;
        self.must_be_applied(room, signed)
    }

    /// An issue of one note.
    pub(crate) fn issued(
        &mut self,
        issuer: usize,
        asset: AssetId,
        (to, amount): (usize, u64),
    ) -> Result<SignedTransaction, Failed> {
        let (operations, owners) = self.holdings(issuer, &[(to, amount)])?;
        let movements = vec![DraftMovement::Issue { asset, owners }];
        self.sealed(CASH, issuer, Draft { operations, movements, expiry: Height(0) })
    }

    /// Spends notes of a member into notes of others.
    pub(crate) fn paid(
        &mut self,
        payer: usize,
        notes: Vec<OwnNote>,
        to: &[(usize, u64)],
    ) -> Result<SignedTransaction, Failed> {
        let (operations, owners) = self.holdings(payer, to)?;
        let side = self.side(CASH, payer);
        let spends = notes.into_iter().map(|note| Arc::new(side.to_spend(note))).collect();
        let movements = vec![DraftMovement::Transfer { asset: GBP, spends, owners }];
        self.sealed(CASH, payer, Draft { operations, movements, expiry: Height(0) })
    }

    /// What a member can spend of ann's asset.
    pub(crate) fn purse(&self, at: usize) -> Result<Vec<OwnNote>, Failed> {
        let mut notes = self.side(CASH, at).own_notes()?;
        notes.retain(|note| note.row.note.asset == GBP);
        Ok(notes)
    }

    /// What a member can spend of ann's asset, in units.
    pub(crate) fn balance(&self, at: usize) -> Result<u64, Failed> {
        Ok(self.purse(at)?.iter().map(|note| note.opened.value).sum())
    }

    /// What a member locks for a leg, in favour of another.
    pub(crate) fn locked(
        &mut self,
        at: usize,
        leg: (parclose_types::DealId, u8),
        heights: (Height, Height),
        (asset, to, amount): (AssetId, usize, u64),
    ) -> Result<SignedTransaction, Failed> {
        let (to, now) = (self.id(CASH, to), self.head());
        let payment = Payment { asset, to, amount, purpose: None };
        let (side, rng) = self.side_and_rng(CASH, at);
        let drafted = side.lock(leg, heights, &payment, now, rng)?;
        let (operations, movements) = (drafted.operations, drafted.movements);
        self.sealed(CASH, at, Draft { operations, movements, expiry: Height(0) })
    }

    /// The key to which a member is paid.
    pub(crate) fn account(&self, at: usize) -> Result<parclose_channel::holdings::Account, Failed> {
        let own = self.id(CASH, at);
        let accounts = self.side(CASH, at).accounts()?;
        accounts.into_iter().find(|account| account.owner == own).ok_or_else(|| "no account".into())
    }

    /// A record for each note, and the key of its owner.
    fn holdings(
        &mut self,
        payer: usize,
        paid: &[(usize, u64)],
    ) -> Result<(Vec<DraftOperation>, Vec<PublicKey>), Failed> {
        let (mut operations, mut owners) = (Vec::new(), Vec::new());
        for (holder, quantity) in paid {
            let mut id = [0; 32];
            self.rng.fill_bytes(&mut id);
            let fields = vec![("quantity", FieldValue::Quantity(*quantity))];
            let parties = [("payer", payer), ("holder", *holder)];
            operations.push(self.made("holding", RecordId(id), &parties, fields));
            owners.push(self.account(*holder)?.key);
        }
        Ok((operations, owners))
    }

    fn made(
        &self,
        record_type: &str,
        record: RecordId,
        parties: &[(&str, usize)],
        fields: Vec<(&str, FieldValue)>,
    ) -> DraftOperation {
        DraftOperation {
            keyed_tag: None,
            action: "create".into(),
            record_type: record_type.into(),
            record,
            version: 1,
            parties: parties.iter().map(|(slot, at)| ((*slot).to_owned(), self.id(CASH, *at))).collect(),
            fields: fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        }
    }
}
