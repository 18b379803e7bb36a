//! What a template calls a field, and what a regulator calls it.
//!
//! MiFIR: Commission Delegated Regulation (EU) 2017/590 (RTS 22), Annex I, Table 2. IVMS101: the data model of the travel
//! rule. No template holds derivatives, so no field has a name of EMIR.

use parclose_transaction::Definition;
use serde_json::{Value, json};

pub(super) const MIFIR: &str = "MiFIR RTS 22";
const IVMS: &str = "IVMS101";

/// A field under its two names.
pub(super) struct Named {
    /// type of the record
    record_type: &'static str,
    /// field of the record, leg of its terms, or slot
    pub(super) field: &'static str,
    regime: &'static str,
    /// number in the regime's table, where it has one
    pub(super) number: &'static str,
    /// name there
    pub(super) name: &'static str,
}

const fn mifir(
    record_type: &'static str,
    field: &'static str,
    number: &'static str,
    name: &'static str,
) -> Named {
    Named { record_type, field, regime: MIFIR, number, name }
}

const fn ivms(record_type: &'static str, field: &'static str, name: &'static str) -> Named {
    Named { record_type, field, regime: IVMS, number: "", name }
}

pub(super) const NAMES: &[Named] = &[
    mifir("instruction", "trade_reference", "2", "Transaction reference number"),
    mifir("instruction", "receiver", "7", "Buyer identification code"),
    mifir("instruction", "sender", "16", "Seller identification code"),
    mifir("instruction", "trade_date", "28", "Trading date time"),
    mifir("instruction", "quantity", "30", "Quantity"),
    mifir("instruction", "price", "33", "Price"),
    mifir("instruction", "net_amount", "35", "Net amount"),
    mifir("security", "isin", "41", "Instrument identification code"),
    mifir("security", "title", "42", "Instrument full name"),
    mifir("security", "maturity", "54", "Maturity date"),
    ivms("holding", "payer", "originator: legalPersonName"),
    ivms("holding", "holder", "beneficiary: legalPersonName"),
    ivms("account", "owner_key", "accountNumber"),
    ivms("receivable", "supplier_name", "beneficiary: legalPersonName"),
    ivms("receivable", "supplier_id", "beneficiary: nationalIdentifier"),
    ivms("receivable", "buyer_name", "originator: legalPersonName"),
];

/// The names that MiFIR has for what a trade is told by.
pub(super) fn of_trade(field: &str) -> Option<&'static Named> {
    NAMES.iter().find(|named| named.regime == MIFIR && named.field == field)
}

/// The rows for the record types of a definition.
pub(super) fn of(definition: &Definition) -> Vec<Value> {
    let known = NAMES.iter().filter(|named| definition.record_named(named.record_type).is_some());
    let row = |named: &Named| {
        json!({
            "record_type": named.record_type,
            "field": named.field,
            "regime": named.regime,
            "number": named.number,
            "name": named.name,
        })
    };
    known.map(row).collect()
}
