//! Nettings: obligations of one asset and day give way to others that come to the same for every member.
//!
//! ```text
//!   for each member m:   E_m = Σ C owed to m − Σ C owed by m     of what is taken
//!                            − Σ C owed to m + Σ C owed by m     of what is made      = ρ_m · H_b
//! ```
//!
//! Each `E_m` is shown to commit to nothing by the balance proof that transfers have. An obligation stands in two
//! of these sums, once with each sign, so the nets of all members sum to zero by themselves. No amount shows; who
//! ends up owing and who is owed does.

use std::collections::{BTreeMap, BTreeSet};

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_types::limits::OUTPUTS_MAX;
use parclose_types::{AssetId, MemberId, ObligationId};
use rand_core::CryptoRng;

use crate::asset::RangeEngine;
use crate::balance::{BalanceProof, Excess};
use crate::commitment::{AmountCommitment, Opening};
use crate::invalid::{Invalid, Misshapen, NotOwed};
use crate::ledger::{Effects, Ledger};
use crate::note::NoteOutput;
use crate::obligation::{NewObligation, ObligationOutput, Owed, check_count, check_two, due, notes, owed};
use crate::operation::{Checked, cancels_out, terms};
use crate::proof::NotProven;
use crate::range::{RangeClaim, RangeProof};
use crate::statement::{NetStatement, Place};

/// A netting as it travels inside a transaction, which says where it holds.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Net {
    /// the asset of all that is taken and made
    pub asset: AssetId,
    /// their day, counted from 1970-01-01
    pub day: u32,
    /// the obligations that it takes, ascending
    pub inputs: Vec<ObligationId>,
    /// the obligations that it makes
    pub outputs: Vec<ObligationOutput>,
    /// that these are numbers of 64 bits, eight at a time
    pub ranges: Vec<RangeProof>,
    /// that a member is owed and owes what it did, for each member, ascending
    pub balances: Vec<BalanceProof>,
}

/// What a member is owed, and what it owes of the other side's: amounts that have to be the same.
struct Sides<T> {
    plus: Vec<T>,
    minus: Vec<T>,
}

impl<T> Default for Sides<T> {
    fn default() -> Self {
        Self { plus: Vec::new(), minus: Vec::new() }
    }
}

/// The two sides of each member, ascending: of what is taken it is owed `plus`, of what is made it owes it.
fn sides<T: Copy>(
    taken: impl Iterator<Item = (MemberId, MemberId, T)>,
    made: impl Iterator<Item = (MemberId, MemberId, T)>,
) -> BTreeMap<MemberId, Sides<T>> {
    let mut all: BTreeMap<MemberId, Sides<T>> = BTreeMap::new();
    let turned = made.map(|(payer, payee, amount)| (payee, payer, amount));
    for (from, to, amount) in taken.chain(turned) {
        all.entry(to).or_default().plus.push(amount);
        all.entry(from).or_default().minus.push(amount);
    }
    all
}

impl Net {
    /// Proves a netting, by whoever can open all that it takes.
    pub fn new(
        place: &Place,
        (asset, engine): (AssetId, RangeEngine),
        day: u32,
        taken: &[Owed<'_>],
        made: &[NewObligation<'_>],
        rng: &mut impl CryptoRng,
    ) -> Result<Self, Invalid> {
        let mut inputs: Vec<_> = taken.iter().map(|owed| owed.id).collect();
        inputs.sort_unstable();
        let outputs: Vec<_> = made.iter().map(NewObligation::output).collect();
        check_shape(&inputs, &outputs)?;
        let statement = statement(place, (asset, day), &inputs, &outputs).digest();
        let mut ranges = Vec::new();
        for some in made.chunks(OUTPUTS_MAX) {
            let openings: Vec<&Opening> = some.iter().map(|new| new.note.opening).collect();
            ranges.push(RangeProof::prove(engine, &asset, &statement, &openings, rng)?);
        }
        let members = sides(
            taken.iter().map(|owed| (owed.payer, owed.payee, owed.opening)),
            made.iter().map(|new| (new.payer, new.payee, new.note.opening)),
        );
        let mut balances = Vec::with_capacity(members.len());
        for Sides { plus, minus } in members.values() {
            cancels_out(&asset, plus, minus).map_err(|_| NotProven::Net)?;
            balances.push(BalanceProof::prove(&statement, plus, minus, rng));
        }
        Ok(Self { asset, day, inputs, outputs, ranges, balances })
    }

    /// What is proven, in the transaction's place.
    #[must_use]
    pub fn statement(&self, place: &Place) -> NetStatement {
        statement(place, (self.asset, self.day), &self.inputs, &self.outputs)
    }

    /// What its range proofs have to show, in their order.
    #[must_use]
    pub fn claims(&self, place: &Place, engine: RangeEngine) -> Vec<RangeClaim> {
        let (statement, notes) = (self.statement(place).digest(), notes(&self.outputs));
        let claim = |(part, notes): (u32, &[NoteOutput])| RangeClaim {
            part,
            ..RangeClaim::of((engine, self.asset), statement, notes)
        };
        (0..).zip(notes.chunks(OUTPUTS_MAX)).map(claim).collect()
    }

    /// What can be said of it without looking anything up (VAL-26 to VAL-28).
    pub(crate) fn check_shape(&self) -> Result<(), Misshapen> {
        check_shape(&self.inputs, &self.outputs)
    }

    /// Checks everything but the range proofs.
    ///
    /// # Rules
    ///
    /// > VAL-32: each obligation that is made is a number of 64 bits, shown by one range proof for each eight of them, in their order, for the statement.
    pub fn check(&self, place: &Place, ledger: &impl Ledger) -> Result<Checked<'_>, Invalid> {
        self.check_shape()?;
        let terms = terms(ledger, &self.asset)?;
        let taken = self.taken(ledger)?;
        let claims = self.claims(place, terms.engine);
        if claims.len() != self.ranges.len() {
            return Err(NotProven::RangeShape { amounts: self.outputs.len() }.into());
        }
        self.check_balances(place, &taken)?;
        let effects = Effects {
            ended: self.inputs.clone(),
            owed: due((self.asset, self.day), &self.outputs),
            ..Effects::nothing(self.asset)
        };
        Ok(Checked { ranges: claims.into_iter().zip(&self.ranges).collect(), effects })
    }

    /// What it takes, all of one asset and day.
    fn taken(&self, ledger: &impl Ledger) -> Result<Vec<ObligationOutput>, NotOwed> {
        let one = |obligation: &ObligationId| owed(ledger, &self.asset, Some(self.day), *obligation);
        self.inputs.iter().map(|obligation| Ok(one(obligation)?.output)).collect()
    }

    /// # Rules
    ///
    /// > VAL-31: for each member that owes or is owed by what a netting takes or makes, ascending, a balance proof for the statement shows that what it is owed less what it owes is the same by what the netting makes.
    fn check_balances(&self, place: &Place, taken: &[ObligationOutput]) -> Result<(), NotProven> {
        let amounts = |of: &ObligationOutput| (of.payer, of.payee, of.note.commitment);
        let members = sides::<AmountCommitment>(taken.iter().map(amounts), self.outputs.iter().map(amounts));
        if members.len() != self.balances.len() {
            return Err(NotProven::Net);
        }
        let statement = self.statement(place).digest();
        for (Sides { plus, minus }, proof) in members.values().zip(&self.balances) {
            let excess = Excess::of(&self.asset, plus, minus, 0);
            proof.verify(&statement, &excess).map_err(|_| NotProven::Net)?;
        }
        Ok(())
    }
}

/// # Rules
///
/// > VAL-27: the obligations that a netting takes stand in strictly ascending order, so none is used twice.
/// > VAL-28: payer and payee of an obligation are two members, and of the obligations that one netting makes nobody both owes and is owed.
fn check_shape(inputs: &[ObligationId], outputs: &[ObligationOutput]) -> Result<(), Misshapen> {
    check_count(Some(inputs.len()), outputs.len())?;
    if !inputs.is_sorted_by(|a, b| a < b) {
        return Err(Misshapen::ObligationOrder);
    }
    check_two(outputs)?;
    let owe: BTreeSet<_> = outputs.iter().map(|output| output.payer).collect();
    let both = outputs.iter().any(|output| owe.contains(&output.payee));
    if both { Err(Misshapen::Sides) } else { Ok(()) }
}

fn statement(
    place: &Place,
    (asset, day): (AssetId, u32),
    inputs: &[ObligationId],
    outputs: &[ObligationOutput],
) -> NetStatement {
    let Place { channel, generation, salt_digest, expiry, context } = *place;
    let (inputs, outputs) = (inputs.to_vec(), outputs.to_vec());
    NetStatement { channel, generation, asset, day, inputs, outputs, salt_digest, expiry, context }
}
