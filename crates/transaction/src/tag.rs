//! Keyed tags: 32 bytes that stand for what a record is about, so that nobody has it financed twice.
//!
//! ```text
//!   tag = KDF(tag key, 32, "keyed-tag", parties…, texts…)
//! ```
//!
//! Whoever has the key computes the same tag of the same invoice, in whichever channel; whoever has not sees random bytes.
//! A plain hash would not do: invoice numbers can be guessed. A threshold OPRF would take the place of
//! [`TagKey::tag`] and nothing else.

use std::collections::BTreeMap;

use parclose_crypto::{Secret, hash, kdf_secret};
use parclose_types::{ChannelId, KeyedTag, MemberId, RecordId, hex, labels};
use rand_core::CryptoRng;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::definition::TaggedBy;
use crate::value::FieldValue;

/// The key of keyed tags, which all channels of a consortium share that finance the same things.
#[derive(Debug)]
pub struct TagKey(Secret);

impl TagKey {
    /// A fresh key.
    #[must_use]
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self(Secret::generate(rng))
    }

    /// The key that a field says: 64 hexadecimal digits.
    #[must_use]
    pub fn of_value(value: &FieldValue) -> Option<Self> {
        let FieldValue::Text(text) = value else { return None };
        let bytes = Zeroizing::new(hex::decode_array::<32>(text).ok()?);
        Some(Self(Secret::from_zeroizing(&bytes)))
    }

    /// As a field says it.
    #[must_use]
    pub fn to_value(&self) -> FieldValue {
        FieldValue::Text(self.0.expose(|bytes| hex::encode(bytes)))
    }

    /// Eight bytes by which members see whether they have the same key; they do not lead back to it.
    #[must_use]
    pub fn check_value(&self) -> [u8; 8] {
        let check = kdf_secret(&self.0, labels::TAG_KEY_CHECK, &[]);
        check.expose(|bytes| bytes.first_chunk().copied().unwrap_or_default())
    }

    /// The tag of what has these parties and texts; `None` if one is missing, or a text has neither letter nor digit.
    ///
    /// # Rules
    ///
    /// > TAG-01: a keyed tag is derived with the tag key from the parties and the texts that the definition names, in its order, the texts in the normal form NFKC, in upper case, and without all but letters and digits.
    #[must_use]
    pub fn tag(
        &self,
        by: &TaggedBy,
        parties: &BTreeMap<String, MemberId>,
        fields: &BTreeMap<String, FieldValue>,
    ) -> Option<KeyedTag> {
        let members: Vec<MemberId> =
            by.slots.iter().map(|slot| parties.get(slot).copied()).collect::<Option<_>>()?;
        let texts: Vec<String> =
            by.fields.iter().map(|name| folded(fields.get(name)?)).collect::<Option<_>>()?;
        let said = members.iter().map(|member| &member.0[..]).chain(texts.iter().map(String::as_bytes));
        let said: Vec<&[u8]> = said.collect();
        Some(KeyedTag(kdf_secret(&self.0, labels::KEYED_TAG, &said).expose(|bytes| *bytes)))
    }
}

/// Letters and digits, in upper case: who types an invoice number puts dots, dashes and spaces where it likes.
fn folded(value: &FieldValue) -> Option<String> {
    let FieldValue::Text(text) = value else { return None };
    let folded: String = text.nfkc().flat_map(char::to_uppercase).filter(|c| c.is_alphanumeric()).collect();
    (!folded.is_empty()).then_some(folded)
}

/// The record of a channel's tag key: `H("tag-key", channel)`, so there is one, and every member finds it.
#[must_use]
pub fn tag_key_record(channel: &ChannelId) -> RecordId {
    RecordId(hash(labels::TAG_KEY, &[channel.as_ref()]))
}

#[cfg(test)]
mod tests {
    use parclose_crypto::secret::hazmat::secret_from_bytes;

    use super::*;

    fn key(byte: u8) -> TagKey {
        TagKey(secret_from_bytes([byte; 32]))
    }

    fn by(slots: &[&str], fields: &[&str]) -> TaggedBy {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        TaggedBy { slots: owned(slots), fields: owned(fields) }
    }

    fn parties() -> BTreeMap<String, MemberId> {
        [("buyer".to_owned(), MemberId([1; 32])), ("supplier".to_owned(), MemberId([2; 32]))].into()
    }

    fn fields(id: &str, number: &str) -> BTreeMap<String, FieldValue> {
        let text = |value: &str| FieldValue::Text(value.into());
        [("id".to_owned(), text(id)), ("number".to_owned(), text(number))].into()
    }

    #[test]
    fn tag_01_each_input_makes_another_tag_and_how_it_is_typed_does_not() {
        let all = by(&["buyer", "supplier"], &["id", "number"]);
        let tag = |id, number| key(7).tag(&all, &parties(), &fields(id, number)).unwrap();
        let plain = tag("S1", "INV-0042/7");
        assert_eq!(plain, tag("s 1", "inv 00427"), "as somebody else types it");
        assert_eq!(plain, tag("S1", "\u{ff29}NV-0042/\u{ff17}"), "in wide letters and digits");
        assert_eq!(tag("\u{c9}", "1"), tag("E\u{301}", "1"), "composed and not");
        assert_ne!(plain, tag("S2", "INV-0042/7"));
        assert_ne!(plain, tag("S1", "INV-0042/8"));
        assert_ne!(tag("S1", "1"), tag("S", "11"), "where one text ends is told");
        assert_ne!(Some(plain), key(8).tag(&all, &parties(), &fields("S1", "INV-0042/7")));
        let mut swapped = parties();
        swapped.insert("buyer".into(), MemberId([2; 32]));
        swapped.insert("supplier".into(), MemberId([1; 32]));
        assert_ne!(Some(plain), key(7).tag(&all, &swapped, &fields("S1", "INV-0042/7")));
        let fewer = by(&["buyer"], &["id", "number"]);
        assert_ne!(Some(plain), key(7).tag(&fewer, &parties(), &fields("S1", "INV-0042/7")));
        assert_eq!(key(7).tag(&all, &parties(), &fields("S1", "--")), None, "a text that says nothing");
        assert_eq!(key(7).tag(&by(&["bank"], &["id"]), &parties(), &fields("S1", "1")), None);
        assert_eq!(key(7).tag(&by(&["buyer"], &["date"]), &parties(), &fields("S1", "1")), None);
    }

    /// HKDF-Expand-SHA-256 as `keys/vectors/tag.py` computes it, with nothing but Python's `hmac`.
    #[test]
    fn a_tag_is_what_another_program_computes() {
        let all = by(&["buyer", "supplier"], &["id", "number"]);
        let tag = key(7).tag(&all, &parties(), &fields("S1", "INV-0042/7")).unwrap();
        assert_eq!(tag.to_string(), TAG);
        assert_eq!(hex::encode(&key(7).check_value()), CHECK);
    }

    const TAG: &str = "f3847842545558a32464781c4f6f6b800a0c69d6034e734b01dd26d31706cf3e";
    const CHECK: &str = "7926e011b0a11047";

    #[test]
    fn a_key_goes_through_a_field_and_prints_nothing() {
        let value = key(9).to_value();
        let again = TagKey::of_value(&value).unwrap();
        assert_eq!(again.check_value(), key(9).check_value());
        assert_ne!(again.check_value(), key(8).check_value());
        assert!(TagKey::of_value(&FieldValue::Text("09".into())).is_none());
        assert!(TagKey::of_value(&FieldValue::Integer(9)).is_none());
        assert!(!format!("{again:?}").contains("09"), "{again:?}");
    }
}
