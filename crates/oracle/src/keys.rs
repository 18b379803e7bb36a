//! Key material as canaries: every secret by which something opens, with the members that hold it.

use std::collections::{BTreeMap, BTreeSet};

use parclose_channel::Channel;
use parclose_keys::member::hazmat::expose_member;
use parclose_keys::{FieldPlace, field::salt_digest, record_key_hash};
use parclose_transaction::Perspective;
use parclose_types::{Epoch, TransactionDigest};

use crate::Failed;
use crate::canary::{Canaries, Value};
use crate::ground::{Ground, seats};

/// A secret that a member holds.
type Held = (&'static str, [u8; 32]);

/// Registers every key of every member.
pub fn register(ground: &Ground, canaries: &mut Canaries) -> Result<(), Failed> {
    let mut holders: BTreeMap<Held, BTreeSet<&str>> = BTreeMap::new();
    for (member, master) in ground.masters() {
        let own: [Held; 3] = [
            ("member master", expose_member(master, |bytes| *bytes)),
            ("owners' secret", master.owner().expose(|bytes| *bytes)),
            ("node secret", master.node().expose(|bytes| *bytes)),
        ];
        own.into_iter().for_each(|held| _ = holders.entry(held).or_default().insert(member));
    }
    for (member, channel) in seats() {
        for held in ground.within((member, channel), |room| held_by(room))?? {
            holders.entry(held).or_default().insert(member);
        }
    }
    for ((what, bytes), members) in holders {
        let audience = canaries.audience(members);
        canaries.register(what, Value::Key(bytes), audience);
    }
    Ok(())
}

/// The keys that open anything of a channel for one member: secrets of audiences, seeds of classes, leaves of
/// epochs, and the key of every field.
fn held_by(channel: &Channel) -> Result<Vec<Held>, parclose_channel::ChannelError> {
    let (mut held, keys) = (Vec::new(), channel.keys());
    let governance = channel.governance();
    let audiences: Vec<_> =
        governance.deals_of(governance.latest().configuration).map(|row| row.deal.audience).collect();
    for audience in audiences {
        if let Some(secret) = keys.secret(&audience) {
            held.push(("audience secret", secret.expose(|bytes| *bytes)));
        }
        for class in &channel.definition().classes {
            if let Some(seed) = keys.class(&audience, class.id) {
                held.push(("class seed", seed.expose(|bytes| *bytes)));
                held.push(("epoch leaf", seed.leaf(Epoch(0)).expose(|bytes| *bytes)));
            }
        }
    }
    held.extend(field_keys(channel)?);
    Ok(held)
}

fn field_keys(channel: &Channel) -> Result<Vec<Held>, parclose_channel::ChannelError> {
    let mut rows = Vec::new();
    channel.view_records(channel.keys(), |view| rows.push(view.row))?;
    let (mut held, mut salts) = (Vec::new(), BTreeMap::<TransactionDigest, Option<[u8; 32]>>::new());
    for row in rows {
        let Some(record_type) = channel.definition().record(row.record_type) else { continue };
        for field in &row.fields {
            let state = &field.state;
            let salt = match salts.get(&state.transaction) {
                Some(salt) => *salt,
                None => {
                    let stored = channel.transaction(&state.transaction)?;
                    let salt = stored.and_then(|stored| stored.sealed).map(|sealed| sealed.salt);
                    salts.insert(state.transaction, salt);
                    salt
                }
            };
            let (Some(salt), Some(schema)) = (salt, record_type.field(state.entry.field)) else { continue };
            let place = FieldPlace {
                channel: channel.id(),
                generation: state.generation,
                epoch: state.epoch,
                audience: state.entry.audience,
                class: schema.class,
                record_key: record_key_hash(&record_type.name, &row.record),
                field: state.entry.field,
                salt_digest: salt_digest(&salt),
            };
            if let Some(key) = channel.keys().field_key(&place, &salt, &place.context()) {
                held.push(("field key", key.expose(|bytes| *bytes)));
            }
        }
    }
    Ok(held)
}
