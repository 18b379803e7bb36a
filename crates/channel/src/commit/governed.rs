//! What an event changes of the governance: rows, and a state leaf for each.
//!
//! Rows of motions, deals, grants, covers, generations and definitions stay for ever; what waits for the next generation
//! (published certificates, the decision, given covers) goes with the rotation.

use std::collections::BTreeMap;

use parclose_crypto::state_tree::{self, Change};
use parclose_store::{Batch, Database};
use parclose_transaction::DefinitionTexts;
use parclose_types::{AudienceId, ChannelId, Digest, Generation, encode};

use crate::error::ChannelError;
use crate::governance::{
    AccessRow, CoverKey, CoverRow, DealRow, DecisionRow, GenerationRow, Governance, GrantRow, MotionRow,
};
use crate::tables::{
    ACCESSES, COVERS, DEALS, DECISION, DEFINITIONS, FIRST_COVER, GENERATIONS, GIVEN, GRANTS, MOTIONS, ONLY,
    PUBLISHED,
};

/// A state leaf: its table, its key, and the bytes that it covers; `None` for a row that is gone.
type Leaf = (&'static str, Vec<u8>, Option<Vec<u8>>);

fn change((table, key, row): Leaf) -> Change {
    let value = row.map(|row| state_tree::leaf_value(table, &key, &row));
    (state_tree::leaf_key(table, &key), value)
}

/// The configuration's own digest stands for it: a generation of many members is hashed once.
fn generation_leaf(row: &GenerationRow) -> Leaf {
    let key = row.term.generation.0.to_be_bytes().to_vec();
    ("generations", key, Some(encode(&(row.term, row.config.digest(), row.blinder))))
}

/// With the channel's id: channels of one template have no leaf in common.
fn definition_leaf(channel: &ChannelId, version: u32, texts: &DefinitionTexts) -> Leaf {
    ("definitions", version.to_be_bytes().to_vec(), Some(encode(&(channel, texts.digest()))))
}

fn published_leaf<V: borsh::BorshSerialize>(member: &[u8; 32], row: Option<&V>) -> Leaf {
    ("published", member.to_vec(), row.map(encode))
}

fn motion_leaf(row: &MotionRow) -> Leaf {
    ("motions", row.transaction.0.to_vec(), Some(encode(row)))
}

fn decision_leaf(row: Option<&DecisionRow>) -> Leaf {
    ("decision", Vec::new(), row.map(encode))
}

fn given_leaf<V: borsh::BorshSerialize>(member: &[u8; 32], row: Option<&V>) -> Leaf {
    ("given", member.to_vec(), row.map(encode))
}

fn deal_leaf((configuration, audience): &(Digest, AudienceId), row: &DealRow) -> Leaf {
    ("deals", [configuration.0, audience.0].concat(), Some(encode(row)))
}

fn grant_leaf(row: &GrantRow) -> Leaf {
    ("grants", row.transaction.0.to_vec(), Some(encode(row)))
}

fn cover_leaf((configuration, (audience, grant)): &CoverKey, row: &CoverRow) -> Leaf {
    ("covers", [configuration.0, audience.0, grant.0].concat(), Some(encode(row)))
}

fn access_leaf(row: &AccessRow) -> Leaf {
    ("accesses", row.transaction.0.to_vec(), Some(encode(row)))
}

/// Writes the rows that differ, and gives the leaves that change with them; `before` is `None` at the
/// opening.
pub(super) fn write(before: Option<&Governance>, after: &Governance, batch: &mut Batch) -> Vec<Change> {
    let mut leaves = generations(before, after, batch);
    differing(before.map(|b| &b.published), &after.published, |member, row| {
        match row {
            Some(row) => batch.put(&PUBLISHED, member, row),
            None => batch.delete(&PUBLISHED, member),
        }
        leaves.push(published_leaf(&member.0, row));
    });
    differing(before.map(|b| &b.motions), &after.motions, |transaction, row| {
        if let Some(row) = row {
            batch.put(&MOTIONS, transaction, row);
            leaves.push(motion_leaf(row));
        }
    });
    differing(before.map(|b| &b.given), &after.given, |member, row| {
        match row {
            Some(row) => batch.put(&GIVEN, member, &(*member, row.clone())),
            None => batch.delete(&GIVEN, member),
        }
        leaves.push(given_leaf(&member.0, row));
    });
    differing(before.map(|b| &b.deals), &after.deals, |key, row| {
        if let Some(row) = row {
            batch.put(&DEALS, key, row);
            leaves.push(deal_leaf(key, row));
        }
    });
    differing(before.map(|b| &b.grants), &after.grants, |transaction, row| {
        if let Some(row) = row {
            batch.put(&GRANTS, transaction, row);
            leaves.push(grant_leaf(row));
        }
    });
    differing(before.map(|b| &b.covers), &after.covers, |key, row| {
        if let Some(row) = row {
            batch.put(&COVERS, key, row);
            leaves.push(cover_leaf(key, row));
        }
    });
    differing(before.map(|b| &b.notes), &after.notes, |transaction, row| {
        if let Some(row) = row {
            batch.put(&ACCESSES, transaction, row);
            leaves.push(access_leaf(row));
        }
    });
    let decided = before.and_then(|b| b.decision.as_ref());
    if decided != after.decision.as_ref() {
        match &after.decision {
            Some(row) => batch.put(&DECISION, &ONLY, row),
            None => batch.delete(&DECISION, &ONLY),
        }
        leaves.push(decision_leaf(after.decision.as_ref()));
    }
    leaves.into_iter().map(change).collect()
}

fn generations(before: Option<&Governance>, after: &Governance, batch: &mut Batch) -> Vec<Leaf> {
    let mut leaves = Vec::new();
    for (generation, in_force) in &after.generations {
        if before.is_some_and(|b| b.generations.contains_key(generation)) {
            continue;
        }
        let row = in_force.row();
        batch.put(&GENERATIONS, generation, &row);
        leaves.push(generation_leaf(&row));
        let version = in_force.definition.version;
        let known = before.is_some_and(|b| b.latest().definition.version == version);
        if !known {
            batch.put(&DEFINITIONS, &version, &in_force.texts);
            leaves.push(definition_leaf(&in_force.config.channel, version, &in_force.texts));
        }
    }
    leaves
}

/// Calls `differs` for every key whose row is new, changed, or gone.
fn differing<K: Ord, V: PartialEq>(
    before: Option<&BTreeMap<K, V>>,
    after: &BTreeMap<K, V>,
    mut differs: impl FnMut(&K, Option<&V>),
) {
    for (key, row) in after {
        if before.and_then(|before| before.get(key)) != Some(row) {
            differs(key, Some(row));
        }
    }
    for key in before.into_iter().flat_map(BTreeMap::keys).filter(|key| !after.contains_key(key)) {
        differs(key, None);
    }
}

/// The leaves of all stored rows, to compute the state tree again.
pub(crate) fn stored_leaves(store: &Database) -> Result<Vec<Change>, ChannelError> {
    let mut leaves = Vec::new();
    let generations = store.scan(&GENERATIONS, &Generation(0), usize::MAX)?;
    leaves.extend(generations.iter().map(|(_, row)| generation_leaf(row)));
    if let Some((_, first)) = generations.first() {
        for (version, texts) in store.scan(&DEFINITIONS, &0, usize::MAX)? {
            leaves.push(definition_leaf(&first.config.channel, version, &texts));
        }
    }
    store.for_each(&PUBLISHED, |_, row| leaves.push(published_leaf(&row.identity.0, Some(&row))))?;
    store.for_each(&MOTIONS, |_, row| leaves.push(motion_leaf(&row)))?;
    store.for_each(&GIVEN, |_, (member, row)| leaves.push(given_leaf(&member.0, Some(&row))))?;
    store.visit(&DEALS, &(Digest([0; 32]), AudienceId([0; 32])), |key, row| {
        leaves.push(deal_leaf(&key, &row));
        std::ops::ControlFlow::Continue(())
    })?;
    store.for_each(&GRANTS, |_, row| leaves.push(grant_leaf(&row)))?;
    store.for_each(&ACCESSES, |_, row| leaves.push(access_leaf(&row)))?;
    store.visit(&COVERS, &FIRST_COVER, |key, row| {
        leaves.push(cover_leaf(&key, &row));
        std::ops::ControlFlow::Continue(())
    })?;
    if let Some(row) = store.get(&DECISION, &ONLY)? {
        leaves.push(decision_leaf(Some(&row)));
    }
    Ok(leaves.into_iter().map(change).collect())
}
