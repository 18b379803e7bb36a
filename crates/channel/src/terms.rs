//! The terms of a deal between channels: who gives what to whom, and which keys approve it.
//!
//! ```text
//!   Terms        the proposer's: legs, two heights, secret blinders, its own keys     a sealed field of an instruction
//!   Answer       a receiver's: accepted with its keys, or not                         a sealed field of an affirmation
//!   Deal         what of it the root chain sees: tags, hiding commitments, keys, heights
//! ```
//!
//! Terms and answers are fields like any other: only the deal's parties open them, and no execution reads them. A
//! member acts on an instruction only as it was first written, and on an answer only of the very member it is asked of.

use std::collections::BTreeMap;

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::hash;
use parclose_root::deal::{ALLOCATE_AHEAD_MAX, LEGS_MAX, LEGS_MIN, SETTLE_MAX, SETTLE_MIN};
use parclose_root::{Deal, Leg};
use parclose_types::{AssetId, Height, MemberId, PublicKey, Tag, encode, hex, labels};
use rand_core::CryptoRng;
use serde_json::{Map, Value, json};

/// What one member gives to another in one channel.
#[derive(Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct LegTerms {
    /// the channel
    pub tag: Tag,
    /// who gives
    pub sender: MemberId,
    /// who gets
    pub receiver: MemberId,
    /// of which asset
    pub asset: AssetId,
    /// how many of its smallest units
    pub amount: u64,
}

impl std::fmt::Debug for LegTerms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LegTerms({}, ..)", self.tag)
    }
}

/// What a proposer proposes.
#[derive(Clone, PartialEq, Eq)]
pub struct Terms {
    /// legs are locked below this height
    pub allocate_before: Height,
    /// the deal is committed below this height, or never
    pub settle_before: Height,
    /// the legs, in order
    pub legs: Vec<LegTerms>,
    /// makes the deal's id unlike any other
    pub nonce: [u8; 32],
    /// hides the legs from the root chain
    pub blinder: [u8; 32],
    /// keys by which the proposer approves what it gets, by leg
    pub approvers: BTreeMap<u8, PublicKey>,
}

impl std::fmt::Debug for Terms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Terms({} legs, ..)", self.legs.len())
    }
}

/// What a receiver answers to an instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// it agrees, and approves what it gets by these keys, by leg
    Accepted(BTreeMap<u8, PublicKey>),
    /// it does not
    Refused,
}

impl Terms {
    /// Terms with fresh blinders, not yet approved by anybody.
    pub fn new(
        (allocate_before, settle_before): (Height, Height),
        legs: Vec<LegTerms>,
        rng: &mut impl CryptoRng,
    ) -> Self {
        let (mut nonce, mut blinder) = ([0; 32], [0; 32]);
        rng.fill_bytes(&mut nonce);
        rng.fill_bytes(&mut blinder);
        Self { allocate_before, settle_before, legs, nonce, blinder, approvers: BTreeMap::new() }
    }

    /// The legs by which a member gets something, by number.
    pub fn received_by(&self, member: MemberId) -> impl Iterator<Item = (u8, &LegTerms)> {
        (0_u8..).zip(&self.legs).filter(move |(_, leg)| leg.receiver == member)
    }

    /// The legs by which a member gives something, by number.
    pub fn sent_by(&self, member: MemberId) -> impl Iterator<Item = (u8, &LegTerms)> {
        (0_u8..).zip(&self.legs).filter(move |(_, leg)| leg.sender == member)
    }

    /// The deal, once everybody who gives or gets something by it has agreed: the proposer by proposing, the others by their answers.
    ///
    /// # Rules
    ///
    /// > DVP-01: a deal is complete once whoever gives or gets something by it, but for its proposer, has accepted, and the receiver of each leg, and nobody for it, has named the key that approves it; its legs hide sender, receiver, asset and amount behind `H("deal-terms", blinder, leg, terms)`.
    #[must_use]
    pub fn deal(&self, proposer: MemberId, answers: &BTreeMap<MemberId, Answer>) -> Option<Deal> {
        let keys_of = |member: MemberId| match answers.get(&member) {
            _ if member == proposer => Some(&self.approvers),
            Some(Answer::Accepted(keys)) => Some(keys),
            Some(Answer::Refused) | None => None,
        };
        let leg = |(number, terms): (u8, &LegTerms)| {
            keys_of(terms.sender)?;
            let approver = Some(*keys_of(terms.receiver)?.get(&number)?);
            let hidden = hash(labels::DEAL_TERMS, &[&self.blinder, &[number], &encode(terms)]);
            Some(Leg { tag: terms.tag, terms: hidden, approver })
        };
        let legs = (0_u8..).zip(&self.legs).map(leg).collect::<Option<Vec<_>>>()?;
        let Self { nonce, allocate_before, settle_before, .. } = *self;
        Some(Deal { nonce, allocate_before, settle_before, legs })
    }

    /// Whether the root chain could ever open a deal on these terms, that are proposed at a height, and somebody could lock each leg.
    #[must_use]
    pub fn are_possible(&self, proposed_at: Height) -> bool {
        let latest = proposed_at.0.saturating_add(ALLOCATE_AHEAD_MAX);
        let between = self.settle_before.0.checked_sub(self.allocate_before.0);
        let in_time = self.allocate_before.0 <= latest
            && between.is_some_and(|between| (SETTLE_MIN..=SETTLE_MAX).contains(&between));
        let moves = |leg: &LegTerms| leg.amount > 0 && leg.sender != leg.receiver;
        in_time && (LEGS_MIN..=LEGS_MAX).contains(&self.legs.len()) && self.legs.iter().all(moves)
    }

    /// As it stands in a sealed field.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let leg = |leg: &LegTerms| {
            json!({
                "tag": hex::encode(&leg.tag.0),
                "sender": hex::encode(&leg.sender.0),
                "receiver": hex::encode(&leg.receiver.0),
                "asset": hex::encode(&leg.asset.0),
                "amount": leg.amount.to_string(),
            })
        };
        json!({
            "allocate_before": self.allocate_before.0,
            "settle_before": self.settle_before.0,
            "legs": self.legs.iter().map(leg).collect::<Vec<_>>(),
            "nonce": hex::encode(&self.nonce),
            "blinder": hex::encode(&self.blinder),
            "approvers": keys_to_json(&self.approvers),
        })
    }

    /// Reads what stands in a sealed field; `None` if it is anything else.
    #[must_use]
    pub fn from_json(json: &Value) -> Option<Self> {
        let leg = |leg: &Value| {
            Some(LegTerms {
                tag: Tag(bytes(&leg["tag"])?),
                sender: MemberId(bytes(&leg["sender"])?),
                receiver: MemberId(bytes(&leg["receiver"])?),
                asset: AssetId(bytes(&leg["asset"])?),
                amount: leg["amount"].as_str()?.parse().ok()?,
            })
        };
        Some(Self {
            allocate_before: Height(json["allocate_before"].as_u64()?),
            settle_before: Height(json["settle_before"].as_u64()?),
            legs: json["legs"].as_array()?.iter().map(leg).collect::<Option<_>>()?,
            nonce: bytes(&json["nonce"])?,
            blinder: bytes(&json["blinder"])?,
            approvers: keys_from_json(&json["approvers"])?,
        })
    }
}

impl Answer {
    /// As it stands in a sealed field.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match self {
            Self::Accepted(keys) => json!({ "accepted": true, "approvers": keys_to_json(keys) }),
            Self::Refused => json!({ "accepted": false }),
        }
    }

    /// Reads what stands in a sealed field; `None` if it is anything else.
    #[must_use]
    pub fn from_json(json: &Value) -> Option<Self> {
        match json["accepted"].as_bool()? {
            true => keys_from_json(&json["approvers"]).map(Self::Accepted),
            false => Some(Self::Refused),
        }
    }
}

fn keys_to_json(keys: &BTreeMap<u8, PublicKey>) -> Value {
    let keys = keys.iter().map(|(leg, key)| (leg.to_string(), Value::from(hex::encode(&key.0))));
    Value::Object(keys.collect::<Map<_, _>>())
}

fn keys_from_json(json: &Value) -> Option<BTreeMap<u8, PublicKey>> {
    let key = |(leg, key): (&String, &Value)| Some((leg.parse().ok()?, PublicKey(bytes(key)?)));
    json.as_object()?.iter().map(key).collect()
}

fn bytes(json: &Value) -> Option<[u8; 32]> {
    hex::decode_array(json.as_str()?).ok()
}

#[cfg(test)]
mod tests;
