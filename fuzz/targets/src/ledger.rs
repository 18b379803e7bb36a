//! What arrives from a peer for the ledger: transactions, batches, root transactions.

use parclose_channel::{Batch, Proposal};
use parclose_root::RootTransaction;
use parclose_transaction::{KnownSignatures, SignedTransaction, UnverifiedTransaction};
use parclose_types::encode;

use crate::Reached;
use crate::dealing::DEALING;
use crate::world::WORLD;

/// A transaction as `u32be length of the permanent part, permanent part, sealed part`.
///
/// Permanent and sealed part have one encoding each; a sealed part fits one permanent part only; and
/// none authenticates but what a member signed, byte for byte.
pub fn decode_transaction(input: &[u8]) -> Reached {
    let Some((permanent, prunable)) = two_parts(input) else { return Reached::Door };
    let Ok(transaction) = UnverifiedTransaction::decode(permanent) else { return Reached::Door };
    let body = encode(transaction.claimed_body());
    let signatures = permanent.strip_prefix(body.as_slice()).expect("body first, as it is encoded");
    let openers = transaction.claimed_openers();
    let openers = if openers.is_empty() { Vec::new() } else { encode(&openers.to_vec()) };
    let written = [&transaction.claimed_signature().0[..], &openers].concat();
    assert_eq!(signatures, written, "two encodings of one permanent part");
    let honest = WORLD.transactions.iter().find(|signed| signed.digest() == transaction.digest());
    let honest = honest.map(SignedTransaction::encode_parts);
    let fits = match transaction.check_sealed(prunable) {
        Ok(sealed) => {
            assert_eq!(encode(&sealed), prunable, "two encodings of one sealed part");
            assert!(
                honest.as_ref().is_none_or(|(_, sealed)| sealed == prunable),
                "another sealed part under the same digest"
            );
            true
        }
        Err(_) => false,
    };
    let is_member = |key: &_| WORLD.members.contains(key);
    if transaction.authenticate(&WORLD.setting, is_member, &mut KnownSignatures::default()).is_err() {
        return Reached::Inside;
    }
    let (honest_permanent, _) = honest.expect("a transaction authenticates that no member signed");
    assert_eq!(honest_permanent, permanent, "a changed transaction authenticates");
    if fits { Reached::Through } else { Reached::Inside }
}

fn two_parts(input: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = input.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

/// The input of [`decode_transaction`].
#[must_use]
pub fn join_parts(permanent: &[u8], prunable: &[u8]) -> Vec<u8> {
    let length = u32::try_from(permanent.len()).expect("a transaction is bounded");
    [&length.to_be_bytes()[..], permanent, prunable].concat()
}

/// A proposal has one encoding; no batch is well formed but one that its sponsor made, with all its
/// parts; and a commitment opens to one batch only.
pub fn decode_proposal(input: &[u8]) -> Reached {
    let Ok(proposal) = Proposal::decode(input) else { return Reached::Door };
    assert_eq!(encode(&proposal), input, "two encodings of one proposal");
    let commitment = proposal.commitment();
    if let Some(honest) = WORLD.proposals.iter().find(|honest| honest.commitment() == commitment) {
        let same = (&honest.batch.header, honest.blinder) == (&proposal.batch.header, proposal.blinder);
        assert!(same, "two batch headers under one commitment");
    }
    if proposal.batch.check_form().is_err() {
        return Reached::Inside;
    }
    let honest = WORLD.proposals.iter().any(|honest| honest.batch == proposal.batch);
    assert!(honest, "a batch is well formed that its sponsor did not make");
    let Batch { permanent, prunable, .. } = &proposal.batch;
    for (permanent, prunable) in permanent.iter().zip(prunable) {
        assert_ne!(decode_transaction(&join_parts(permanent, prunable)), Reached::Door);
    }
    Reached::Through
}

/// A root transaction has one encoding; the root chain, fresh, with the channel open or in deals, orders none
/// but those that the endorsers signed, and deals that are opened, which nobody signs.
pub fn root_transaction(input: &[u8]) -> Reached {
    let Ok(transaction) = RootTransaction::decode(input) else { return Reached::Door };
    assert_eq!(transaction.encode(), input, "two encodings of one root transaction");
    let all = || WORLD.root_transactions.iter().chain(&DEALING.honest);
    let honest = all().any(|honest| *honest == transaction);
    let same_digest = |honest: &RootTransaction| honest.digest() == transaction.digest();
    assert_eq!(all().any(same_digest), honest, "two transactions of one digest");
    let ordered = [&WORLD.fresh, &WORLD.opened, &DEALING.state].into_iter().any(|state| {
        let (block, rejected) = state.build([transaction.clone()]);
        assert_eq!(block.transactions.len() + rejected.len(), 1, "a candidate is neither in nor out");
        rejected.is_empty()
    });
    if !ordered {
        return Reached::Inside;
    }
    let obliges = !matches!(transaction, RootTransaction::OpenDeal(_));
    assert!(honest || !obliges, "the root chain orders what no endorser signed");
    Reached::Through
}
