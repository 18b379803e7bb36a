//! Assets as this member knows them: by code, or by id.

use parclose_channel::{Channel, ChannelError};
use parclose_documents::Currency;
use parclose_transaction::definition::ValueRole;
use parclose_transaction::{FieldState, FieldValue};
use parclose_types::{AssetId, MemberId, RecordId, hex};

use super::units;
use crate::error::CliError;

/// Decimals that an asset may have: more, and the smallest amount that people write is none.
const DECIMALS_MAX: u64 = 18;

/// An asset of the channel, as far as this member can read it.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) id: AssetId,
    pub(crate) code: String,
    pub(crate) title: Option<String>,
    pub(crate) decimals: usize,
    pub(crate) issuer: Option<MemberId>,
}

impl Known {
    pub(crate) fn units(&self, text: &str) -> Result<u64, CliError> {
        let Self { code, decimals, .. } = self;
        units::read(text, *decimals).ok_or_else(|| {
            // What was to be paid stands in no error.
            let told = format!("no amount of {code}: digits, with at most {decimals} after the point");
            CliError::usage(told, "--amount 1000.00")
        })
    }

    pub(crate) fn written(&self, units: u128) -> String {
        units::write(units, self.decimals)
    }
}

/// The assets that this member can read, the newest last.
pub(crate) fn all(channel: &Channel) -> Result<Vec<Known>, ChannelError> {
    let mut known = Vec::new();
    for row in channel.assets()? {
        known.extend(read(channel, &row.record)?);
    }
    Ok(known)
}

fn read(channel: &Channel, record: &RecordId) -> Result<Option<Known>, ChannelError> {
    let Some(view) = channel.view_record(channel.keys(), record)? else { return Ok(None) };
    let Some(record_type) = channel.definition().record(view.row.record_type) else { return Ok(None) };
    let value = |name: &str| {
        let field = record_type.field_named(name)?.id;
        let view = view.fields.iter().find(|view| view.field == field)?;
        if let FieldState::Opened(value) = &view.state { Some(value.clone()) } else { None }
    };
    let text = |name| match value(name) {
        Some(FieldValue::Text(text)) => Some(text),
        _ => None,
    };
    let decimals = match value("decimals") {
        Some(FieldValue::Integer(decimals)) if decimals <= DECIMALS_MAX => usize::try_from(decimals).ok(),
        _ => None,
    };
    let slot = record_type.slot_index(record_type.issuer_slot());
    let issuer = view.row.parties.iter().find(|(at, _)| Some(*at) == slot).map(|(_, member)| *member);
    // A claim has no code of its own: it is told by its id, in the currency of its face.
    let face = match value("face_amount") {
        Some(FieldValue::Amount(_, code)) => Currency::find(&String::from_utf8_lossy(&code)),
        _ => None,
    };
    let claim = face.map(|currency| (record.to_string(), usize::try_from(currency.minor_digits()).ok()));
    let (code, decimals) = claim.unwrap_or_else(|| (text("code").unwrap_or_default(), decimals));
    let (false, Some(decimals)) = (code.is_empty(), decimals) else { return Ok(None) };
    Ok(Some(Known { id: AssetId(record.0), code, title: text("title"), decimals, issuer }))
}

/// One asset by its id, if this member can read it; no other record is looked at.
pub(crate) fn one(channel: &Channel, id: &AssetId) -> Result<Option<Known>, ChannelError> {
    let record = RecordId(id.0);
    let row = channel.record(&record)?;
    let record_type = row.and_then(|row| channel.definition().record(row.record_type));
    let is_asset = record_type.is_some_and(|known| known.value == Some(ValueRole::Asset));
    if is_asset { read(channel, &record) } else { Ok(None) }
}

/// An asset by its id, or by its code. A code that two assets have names neither.
pub(crate) fn named(channel: &Channel, name: &str) -> Result<Known, CliError> {
    let id = hex::decode_array(name).ok().map(AssetId);
    if let Some(known) = id.map(|id| one(channel, &id)).transpose()?.flatten() {
        return Ok(known);
    }
    let mut found: Vec<Known> = all(channel)?;
    found.retain(|known| known.code == name);
    match (found.pop(), found.is_empty()) {
        (Some(known), true) => Ok(known),
        (Some(_), false) => Err(CliError::usage(
            format!("several assets are called `{name}`"),
            "say its id: parclose asset list",
        )),
        (None, _) => Err(CliError::usage(
            format!("this member can read no asset `{name}` of the channel"),
            "parclose asset list",
        )),
    }
}
