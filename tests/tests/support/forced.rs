//! Keys that are used where they were not meant to be.

use parclose_channel::Channel;
use parclose_channel::tables::SECRETS;
use parclose_keys::audience::hazmat::audience_from_bytes;
use parclose_keys::{AudienceSecret, FieldKey, FieldPlace};
use parclose_transaction::Perspective;

/// A secret that is tried on every audience and generation, whatever it was dealt for.
pub(crate) struct Forced<'a>(pub(crate) &'a AudienceSecret);

impl Perspective for Forced<'_> {
    fn field_key(&self, place: &FieldPlace, salt: &[u8; 32], context: &[u8]) -> Option<FieldKey> {
        let class = self.0.class(&place.channel, place.generation, &place.audience, place.class);
        Some(FieldKey::derive(&class.leaf(place.epoch), salt, context))
    }
}

/// Every audience secret on a member's disk.
pub(crate) fn secrets(channel: &Channel) -> Vec<AudienceSecret> {
    let mut secrets = Vec::new();
    let read =
        channel.store().for_each(&SECRETS, |_, (_, _, bytes)| secrets.push(audience_from_bytes(bytes)));
    read.expect("a store can be read");
    secrets
}
