//! The amount of a line, from one column or several.

use super::{CellFault, Column, Columns, Header, Part};
use crate::amount::Notation;
use crate::amount::product::{Decimal, Product, Rounding};
use crate::currency::Currency;
use crate::mapping::{Base, CurrencyFrom, Factor, Mapping, WrittenAs};
use crate::record::Record;
use crate::row::BadRow;
use crate::source::SourceFault;

/// The columns that an amount is made of.
#[derive(Debug)]
pub(super) struct Amount<'m> {
    /// one; debit and credit; none where the split has them
    base: Vec<Column<'m>>,
    product: Option<Formula<'m>>,
}

/// What the base is multiplied with and divided by.
#[derive(Debug)]
struct Formula<'m> {
    notation: Notation,
    times: Vec<Operand<'m>>,
    divided_by: Vec<Operand<'m>>,
    rounding: Rounding,
}

#[derive(Debug, Clone, Copy)]
enum Operand<'m> {
    Column(Column<'m>),
    Number(Decimal),
}

impl<'m> Amount<'m> {
    pub(super) fn bind(mapping: &'m Mapping, header: &Header<'_>) -> Result<Self, SourceFault> {
        let base: &[&String] = match &mapping.amount.base {
            Base::One(column) => &[column],
            Base::DebitCredit(debit, credit) => &[debit, credit],
            Base::Split => &[],
        };
        let operands = |factors: &'m [Factor]| {
            let operand = |factor: &'m Factor| match factor {
                Factor::Column(name) => Ok(Operand::Column(header.find(name)?)),
                Factor::Number(number) => Ok(Operand::Number(Decimal::whole(*number))),
            };
            factors.iter().map(operand).collect::<Result<Vec<_>, _>>()
        };
        let product = match mapping.amount.rounding {
            None => None,
            Some(rounding) => Some(Formula {
                notation: mapping.notation.of_factors(),
                times: operands(&mapping.amount.times)?,
                divided_by: operands(&mapping.amount.divided_by)?,
                rounding,
            }),
        };
        Ok(Self { base: base.iter().map(|column| header.find(column)).collect::<Result<_, _>>()?, product })
    }

    /// Every column that is read for it, but those of the split.
    pub(super) fn columns(&self) -> impl Iterator<Item = Column<'m>> + '_ {
        let operands =
            self.product.iter().flat_map(|formula| formula.times.iter().chain(&formula.divided_by));
        let of_operands = operands.filter_map(|operand| match operand {
            Operand::Column(column) => Some(*column),
            Operand::Number(_) => None,
        });
        self.base.iter().copied().chain(of_operands)
    }
}

impl<'m> Columns<'m> {
    /// Reads the amount of a part. Of a credit note it is what it lowers a claim by, so below zero.
    pub(crate) fn amount(
        &self,
        record: &Record<'_>,
        part: Part,
        credit_note: bool,
    ) -> Result<(Currency, i64), CellFault> {
        let currency = self.read_currency(record)?;
        let amount = self.read_amount(record, part, currency)?;
        let written = self.mapping.credit_notes.as_ref().map(|notes| notes.amounts);
        let turned = credit_note && written == Some(WrittenAs::Positive);
        Ok((currency, if turned { -amount } else { amount }))
    }

    /// # Rules
    ///
    /// > IMP-39: the currency of a line is an ISO 4217 code with minor units.
    fn read_currency(&self, record: &Record<'_>) -> Result<Currency, CellFault> {
        if let Some(CurrencyFrom::Code(currency)) = self.mapping.currency {
            return Ok(currency);
        }
        let column = self.currency.ok_or((BadRow::Currency, None))?;
        let text = self.value(record, column)?;
        text.and_then(|text| Currency::find(&text)).ok_or_else(|| column.fault(BadRow::Currency))
    }

    fn read_amount(&self, record: &Record<'_>, part: Part, currency: Currency) -> Result<i64, CellFault> {
        let notation = &self.mapping.notation;
        let of_split = self.split.get(part.0).map(|(_, column)| *column);
        let amount = match (self.amount.base.as_slice(), of_split) {
            (&[column], _) | ([], Some(column)) => return self.read_one(record, column, currency),
            ([debit, credit], _) => {
                let (debit, credit) = (self.value(record, *debit)?, self.value(record, *credit)?);
                notation.read_pair(debit.as_deref(), credit.as_deref(), currency)
            }
            _ => Err(BadRow::Amount),
        };
        amount.map_err(|fault| (fault, self.amount.base.first().map(|column| column.name.into())))
    }

    fn read_one(
        &self,
        record: &Record<'_>,
        column: Column<'m>,
        currency: Currency,
    ) -> Result<i64, CellFault> {
        let text = self.value(record, column)?.ok_or_else(|| column.fault(BadRow::Amount))?;
        let fault = |fault| column.fault(fault);
        let Some(formula) = &self.amount.product else {
            return self.mapping.notation.read(&text, currency).map_err(fault);
        };
        let mut product = Product::of(self.mapping.notation.decimal(&text).map_err(fault)?);
        for operand in &formula.times {
            product = self.apply(record, formula, operand, |number| product.times(number))?;
        }
        for operand in &formula.divided_by {
            product = self.apply(record, formula, operand, |number| product.divided_by(number))?;
        }
        product.minor(currency, formula.rounding).map_err(fault)
    }

    fn apply(
        &self,
        record: &Record<'_>,
        formula: &Formula<'m>,
        operand: &Operand<'m>,
        with: impl FnOnce(Decimal) -> Option<Product>,
    ) -> Result<Product, CellFault> {
        match operand {
            Operand::Number(number) => with(*number).ok_or((BadRow::Product, None)),
            Operand::Column(column) => {
                let text = self.value(record, *column)?.ok_or_else(|| column.fault(BadRow::Amount))?;
                let number = formula.notation.decimal(&text).map_err(|fault| column.fault(fault))?;
                with(number).ok_or_else(|| column.fault(BadRow::Product))
            }
        }
    }
}
