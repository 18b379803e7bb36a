//! What is written into the channels: every text and amount of it is a secret of its audience.

use std::collections::BTreeMap;

use rand_core::Rng;

use parclose_channel::Channel;
use parclose_keys::MemberSecret;
use parclose_transaction::{DraftOperation, FieldValue};
use parclose_types::{ChannelId, MemberId};

use crate::Failed;
use crate::canary::{Canaries, Value, amount, awkward_text, text};

/// Secrets of one record: field, value.
pub type Secrets = BTreeMap<&'static str, Value>;

/// Who is who in a trade channel.
#[derive(Clone, Copy, Debug)]
pub struct Trade {
    /// the channel
    pub channel: &'static str,
    /// its supplier
    pub supplier: &'static str,
    /// its bank
    pub bank: &'static str,
}

/// Both trade channels.
pub const TRADES: [Trade; 2] = [
    Trade { channel: "trade-a", supplier: "supplier-a", bank: "bank-1" },
    Trade { channel: "trade-b", supplier: "supplier-b", bank: "bank-2" },
];

/// Draws the secrets of a receivable.
pub fn receivable(rng: &mut impl Rng) -> Secrets {
    BTreeMap::from([
        ("invoice_number", Value::Text(text(rng))),
        ("buyer_name", Value::Text(awkward_text(rng))),
        ("supplier_id", Value::Text(text(rng))),
        ("supplier_name", Value::Text(awkward_text(rng))),
        ("face_amount", Value::Amount(amount(rng))),
        ("lines", Value::Text(text(rng))),
        ("requested_advance", Value::Amount(amount(rng))),
    ])
}

/// Draws the secrets of a statement between the banks.
pub fn statement(rng: &mut impl Rng) -> Secrets {
    BTreeMap::from([
        ("month", Value::Text(awkward_text(rng))),
        ("total", Value::Amount(amount(rng))),
        ("counter_total", Value::Amount(amount(rng))),
    ])
}

/// Registers a receivable's secrets, each with the parties that its definition lets read it.
pub fn register_receivable(canaries: &mut Canaries, trade: &Trade, secrets: &Secrets) {
    for (field, value) in secrets {
        let audience = match *field {
            "lines" => canaries.audience(["buyer", trade.supplier]),
            "requested_advance" => canaries.audience([trade.supplier, trade.bank]),
            _ => canaries.audience(["buyer", trade.supplier, trade.bank]),
        };
        canaries.register(field, value.clone(), audience);
    }
}

/// Registers a statement's secrets.
pub fn register_statement(canaries: &mut Canaries, secrets: &Secrets) {
    let both = canaries.audience(["bank-1", "bank-2"]);
    for (field, value) in secrets {
        canaries.register(field, value.clone(), both);
    }
}

/// The members of a channel by name.
pub fn ids(channel: &Channel) -> BTreeMap<String, MemberId> {
    channel.config().members.iter().map(|member| (member.name.clone(), member.id())).collect()
}

/// A receivable to write. Its id is made as the command line makes it: from the supplier's master.
pub fn receivable_operation(
    secrets: &Secrets,
    trade: &Trade,
    (channel, master): (&ChannelId, &MemberSecret),
    ids: &BTreeMap<String, MemberId>,
) -> Result<DraftOperation, Failed> {
    let Some(Value::Text(number)) = secrets.get("invoice_number") else { return Err("no number".into()) };
    let mut fields = fields(secrets);
    if let Some(Value::Text(line)) = secrets.get("lines") {
        let lines = serde_json::json!([{ "description": line, "quantity": 3 }]);
        fields.insert("lines".into(), FieldValue::Json(lines.to_string()));
    }
    fields.insert("due_date".into(), FieldValue::Date("2031-09-30".into()));
    Ok(DraftOperation {
        keyed_tag: None,
        action: "create".into(),
        record_type: "receivable".into(),
        record: master.record_id(channel, "receivable", std::slice::from_ref(number)),
        version: 1,
        parties: parties(ids, &[("buyer", "buyer"), ("supplier", trade.supplier), ("bank", trade.bank)])?,
        fields,
    })
}

/// A statement of bank 1 to bank 2 to write.
pub fn statement_operation(
    secrets: &Secrets,
    (channel, master): (&ChannelId, &MemberSecret),
    ids: &BTreeMap<String, MemberId>,
) -> Result<DraftOperation, Failed> {
    let Some(Value::Text(month)) = secrets.get("month") else { return Err("no month".into()) };
    let mut fields = fields(secrets);
    fields.insert("documents".into(), FieldValue::Integer(12));
    Ok(DraftOperation {
        keyed_tag: None,
        action: "create".into(),
        record_type: "statement".into(),
        record: master.record_id(channel, "statement", std::slice::from_ref(month)),
        version: 1,
        parties: parties(ids, &[("preparer", "bank-1"), ("counterparty", "bank-2")])?,
        fields,
    })
}

fn fields(secrets: &Secrets) -> BTreeMap<String, FieldValue> {
    secrets.iter().filter_map(|(field, value)| Some(((*field).to_owned(), value.field()?))).collect()
}

fn parties(
    ids: &BTreeMap<String, MemberId>,
    slots: &[(&str, &str)],
) -> Result<BTreeMap<String, MemberId>, Failed> {
    let id = |(slot, member): &(&str, &str)| {
        let id = ids.get(*member).ok_or("no such member in the channel")?;
        Ok(((*slot).to_owned(), *id))
    };
    slots.iter().map(id).collect()
}
