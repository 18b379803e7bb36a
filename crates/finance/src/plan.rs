//! A settlement plan: what settles on which date, and who holds what afterwards.
//!
//! ```text
//!   legs --of--> Plan { days }
//!   Holdings (empty) --after(day)--> Holdings --after(day)--> ...     issued = held, after each
//! ```
//!
//! The plan is made from the legs alone and drives a ledger deal by deal; the holdings are what the
//! ledger must show after each date.

use std::collections::BTreeMap;

use parclose_documents::IsoDate;
use serde::Serialize;

use crate::amount;
use crate::netting::{Netting, Trade};
use crate::refused::Refused;
use crate::securities::Cusip;
use crate::treasury::{BuyerClass, Leg, Redemption, redemptions};

/// All dates on which something settles, ascending.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// at least one deal or redemption each
    pub days: Vec<Day>,
}

/// One settlement date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Day {
    /// of everything in it
    pub date: IsoDate,
    /// what matures, in order
    pub redemptions: Vec<Redemption>,
    /// what is delivered, in order
    pub deals: Vec<Leg>,
    /// of both together
    pub netting: Netting,
}

impl Day {
    /// Redemptions and deals as trades, in the order in which they settle.
    #[must_use]
    pub fn trades(&self) -> Vec<Trade> {
        trades(&self.redemptions, &self.deals)
    }
}

fn trades(redemptions: &[Redemption], deals: &[Leg]) -> Vec<Trade> {
    redemptions.iter().map(Redemption::trade).chain(deals.iter().map(Leg::trade)).collect()
}

impl Plan {
    /// Plans legs, and the redemption of what they deliver.
    ///
    /// # Errors
    ///
    /// FIN-07, or FIN-20 where a leg stands twice.
    ///
    /// # Rules
    ///
    /// > FIN-50: a plan has one day for each date on which something settles or matures, ascending; in a day redemptions come before deals, each in their order, and both are netted together.
    pub fn of(legs: &[Leg]) -> Result<Self, Refused> {
        let mut dates: BTreeMap<IsoDate, (Vec<Redemption>, Vec<Leg>)> = BTreeMap::new();
        for redemption in redemptions(legs)? {
            dates.entry(redemption.date).or_default().0.push(redemption);
        }
        for leg in legs {
            dates.entry(leg.settlement).or_default().1.push(leg.clone());
        }
        let day = |(date, (redemptions, mut deals)): (IsoDate, (Vec<Redemption>, Vec<Leg>))| {
            deals.sort_unstable();
            let netting = Netting::of(date, &trades(&redemptions, &deals))?;
            Ok(Day { date, redemptions, deals, netting })
        };
        Ok(Self { days: dates.into_iter().map(day).collect::<Result<_, _>>()? })
    }

    /// The days up to a date, that one too: what lies behind it has not come.
    pub fn until(&self, date: IsoDate) -> impl Iterator<Item = &Day> {
        self.days.iter().take_while(move |day| day.date <= date)
    }
}

/// Par by CUSIP, as issued and as held by class.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holdings {
    issued: BTreeMap<Cusip, u64>,
    held: BTreeMap<Cusip, BTreeMap<BuyerClass, u64>>,
}

impl Holdings {
    /// What is held after a day.
    ///
    /// # Errors
    ///
    /// FIN-07 or FIN-51.
    ///
    /// # Rules
    ///
    /// > FIN-51: after each day what is issued of a CUSIP is the sum of what the classes hold of it, and no class gives back more than it holds.
    pub fn after(mut self, day: &Day) -> Result<Self, Refused> {
        for Redemption { cusip, class, par, .. } in &day.redemptions {
            let held = self.held.get_mut(cusip).and_then(|by_class| by_class.get_mut(class));
            take(held, *par)?;
            take(self.issued.get_mut(cusip), *par)?;
        }
        for Leg { cusip, class, par, .. } in &day.deals {
            let held = self.held.entry(cusip.clone()).or_default().entry(*class).or_default();
            *held = amount::sum([*held, *par])?;
            let issued = self.issued.entry(cusip.clone()).or_default();
            *issued = amount::sum([*issued, *par])?;
        }
        for by_class in self.held.values_mut() {
            by_class.retain(|_, par| *par > 0);
        }
        self.held.retain(|_, by_class| !by_class.is_empty());
        self.issued.retain(|_, par| *par > 0);
        if self.is_conserved()? { Ok(self) } else { Err(Refused::NotHeld) }
    }

    /// Whether every CUSIP is held as far as it is issued, and no further.
    fn is_conserved(&self) -> Result<bool, Refused> {
        let mut held = BTreeMap::new();
        for (cusip, by_class) in &self.held {
            held.insert(cusip, amount::sum(by_class.values().copied())?);
        }
        Ok(held.into_iter().eq(self.issued.iter().map(|(cusip, par)| (cusip, *par))))
    }

    /// Par that a class holds of a CUSIP.
    #[must_use]
    pub fn held(&self, cusip: &Cusip, class: BuyerClass) -> u64 {
        self.held.get(cusip).and_then(|by_class| by_class.get(&class)).copied().unwrap_or(0)
    }

    /// Par that is issued of a CUSIP and not redeemed.
    #[must_use]
    pub fn issued(&self, cusip: &Cusip) -> u64 {
        self.issued.get(cusip).copied().unwrap_or(0)
    }

    /// Everything that is held, by CUSIP and class, ascending; nothing in it is zero.
    pub fn positions(&self) -> impl Iterator<Item = (&Cusip, BuyerClass, u64)> {
        self.held
            .iter()
            .flat_map(|(cusip, by_class)| by_class.iter().map(move |(class, par)| (cusip, *class, *par)))
    }

    /// Par of all CUSIPs together.
    ///
    /// # Errors
    ///
    /// FIN-07.
    pub fn par(&self) -> Result<u64, Refused> {
        amount::sum(self.issued.values().copied())
    }
}

fn take(held: Option<&mut u64>, par: u64) -> Result<(), Refused> {
    let held = held.ok_or(Refused::NotHeld)?;
    *held = held.checked_sub(par).ok_or(Refused::NotHeld)?;
    Ok(())
}

#[cfg(test)]
mod tests;
