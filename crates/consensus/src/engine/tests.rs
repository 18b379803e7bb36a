//! What is signed, what is let through to be signed, and the bytes of all of it.

use std::sync::Arc;

use bytes::Bytes;
use malachite_app::app::consensus::LivenessMsg;
use malachite_app::app::types::codec::Codec;
use malachite_app::app::types::streaming::{StreamId, StreamMessage};
use malachite_app::app::types::sync::{Request, Response, Status};
use malachite_app::app::types::{PeerId, ProposedValue, SignedConsensusMsg};
use malachite_core::{
    CommitCertificate, CommitSignature, Context, NilOrVal, PolkaCertificate, PolkaSignature, Round,
    RoundCertificate, RoundCertificateType, RoundSignature, SignedMessage, ValidatorProof, Validity,
    VoteType,
};
use malachite_signing::Verifier as _;
use parclose_root::{DealState, precommit_bytes};
use parclose_store::{Durability, SharedCache};
use parclose_types::{Failure, Height, NetworkId, PublicKey, SignatureBytes, ValueHash};

use super::guard::{NotSignedTwice, Slot};
use super::proposal::Proposal;
use super::vote::{Step, Vote};
use super::*;
use crate::fixtures::{genesis_of, key};
use crate::ledger::Ledger;
use crate::tables::DEALS;

const NETWORK: NetworkId = NetworkId([1; 32]);
const VALUE: ValueHash = ValueHash([2; 32]);
const SIGNATURE: SignatureBytes = SignatureBytes([3; 64]);

fn address(number: u8) -> Address {
    Address(key(number).public())
}

fn vote(step: Step) -> Vote {
    let (height, round, value) = (EngineHeight(7), Round::new(1), NilOrVal::Val(VALUE));
    Vote { step, height, round, value, address: address(1) }
}

fn proposal() -> Proposal {
    let (height, round, value) = (EngineHeight(7), Round::new(1), Value(VALUE));
    Proposal { height, round, value, pol_round: Round::Nil, address: address(1) }
}

#[test]
fn con_07_everybody_has_one_turn_after_the_other() {
    let genesis = genesis_of(&[(1, 1), (2, 9), (3, 1)], 1);
    let members = Members::of(genesis.validators()).unwrap();
    let proposer = |height, round| {
        let turn = RootContext.select_proposer(&members, EngineHeight(height), Round::new(round));
        malachite_core::Validator::<RootContext>::public_key(turn).to_owned()
    };
    let in_order: Vec<_> = genesis.validators().validators().iter().map(|v| v.key).collect();
    assert_eq!((0..3).map(|height| proposer(height, 0)).collect::<Vec<_>>(), in_order);
    assert_eq!((0..3).map(|round| proposer(3, round)).collect::<Vec<_>>(), in_order);
    assert_eq!(proposer(u64::MAX, u32::MAX), proposer(u64::from(u32::MAX) - 1, 0), "and it never ends");
}

#[test]
fn con_09_a_vote_signs_everything_that_it_says() {
    let changed = |vote: &Vote| {
        vec![
            Vote { height: EngineHeight(8), ..vote.clone() },
            Vote { round: Round::new(2), ..vote.clone() },
            Vote { value: NilOrVal::Nil, ..vote.clone() },
            Vote { value: NilOrVal::Val(ValueHash([0; 32])), ..vote.clone() },
            Vote { address: address(2), ..vote.clone() },
        ]
    };
    for step in [Step::Prevote, Step::Precommit] {
        let made = vote(step);
        let signed = made.signing_bytes(&NETWORK);
        assert_ne!(signed, made.signing_bytes(&NetworkId([0; 32])));
        for other in changed(&made) {
            assert_ne!(other.signing_bytes(&NETWORK), signed, "{other:?}");
        }
    }
    assert_ne!(vote(Step::Prevote).signing_bytes(&NETWORK), vote(Step::Precommit).signing_bytes(&NETWORK));
    let nil = |step| Vote { value: NilOrVal::Nil, ..vote(step) }.signing_bytes(&NETWORK);
    assert_ne!(nil(Step::Prevote), nil(Step::Precommit));
    let receipts = precommit_bytes(&NETWORK, parclose_types::Height(7), 1, &VALUE, &key(1).public());
    assert_eq!(vote(Step::Precommit).signing_bytes(&NETWORK), receipts, "what receipts are verified over");
}

#[test]
fn con_10_a_proposal_signs_everything_that_it_says() {
    let made = proposal();
    let signed = made.signing_bytes(&NETWORK);
    assert_ne!(signed, made.signing_bytes(&NetworkId([0; 32])));
    for other in [
        Proposal { height: EngineHeight(8), ..made.clone() },
        Proposal { round: Round::new(2), ..made.clone() },
        Proposal { value: Value(ValueHash([0; 32])), ..made.clone() },
        Proposal { pol_round: Round::new(0), ..made.clone() },
        Proposal { address: address(2), ..made },
    ] {
        assert_ne!(other.signing_bytes(&NETWORK), signed, "{other:?}");
    }
}

#[test]
fn con_27_whose_signature_holds_is_heard_and_nobody_else() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (verifier, made) = (Verifier::of(NETWORK), vote(Step::Prevote));
    let signature = key(1).sign(&made.signing_bytes(&NETWORK));
    let check =
        |of: &PublicKey| runtime.block_on(verifier.verify_signed_vote(&made, &signature, of)).unwrap();
    assert!(!check(&address(2).0).is_valid());
    assert_eq!(verifier.heard.last(&address(2).0), None);
    assert_eq!(verifier.heard.last(&address(1).0), None);
    assert!(check(&address(1).0).is_valid());
    assert!(verifier.heard.last(&address(1).0).is_some());
}

#[test]
fn con_25_signatures_hold_over_this_network_only() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (verifier, vote, proposal) = (Verifier::of(NETWORK), vote(Step::Precommit), proposal());
    for (network, holds) in [(NETWORK, true), (NetworkId([0; 32]), false)] {
        let own = address(1).0;
        let signature = key(1).sign(&vote.signing_bytes(&network));
        let voted = runtime.block_on(verifier.verify_signed_vote(&vote, &signature, &own)).unwrap();
        let signature = key(1).sign(&proposal.signing_bytes(&network));
        let proposed =
            runtime.block_on(verifier.verify_signed_proposal(&proposal, &signature, &own)).unwrap();
        assert_eq!((voted.is_valid(), proposed.is_valid()), (holds, holds));
    }
}

#[test]
fn con_11_the_signature_of_parts_covers_network_height_round_and_hash() {
    let signed = parts_signing_bytes(&NETWORK, EngineHeight(7), 1, &VALUE);
    assert_ne!(signed, parts_signing_bytes(&NetworkId([0; 32]), EngineHeight(7), 1, &VALUE));
    assert_ne!(signed, parts_signing_bytes(&NETWORK, EngineHeight(8), 1, &VALUE));
    assert_ne!(signed, parts_signing_bytes(&NETWORK, EngineHeight(7), 2, &VALUE));
    assert_ne!(signed, parts_signing_bytes(&NETWORK, EngineHeight(7), 1, &ValueHash([0; 32])));
}

fn ledger(folder: &std::path::Path) -> Arc<Ledger> {
    let ledger = Ledger::open(folder, genesis_of(&[(1, 1)], 1), &SharedCache::new(1 << 20)).unwrap();
    Arc::new(ledger)
}

fn guarded(folder: &std::path::Path, is_new: bool) -> Guard {
    Guard::open(ledger(folder), is_new, Nonces::System).unwrap()
}

#[test]
fn con_12_nothing_is_signed_twice_and_nothing_earlier_over_a_restart_too() {
    let folder = tempfile::tempdir().unwrap();
    let at = |height, round| Slot::prevote(EngineHeight(height), Round::new(round));
    let guard = guarded(folder.path(), true);
    assert_eq!(guard.admit(at(5, 1), b"one"), Ok(()));
    assert_eq!(guard.admit(at(5, 1), b"one"), Ok(()), "the same again");
    drop(guard);
    let guard = guarded(folder.path(), false);
    assert_eq!(guard.admit(at(5, 1), b"one"), Ok(()), "the same after a restart");
    for (slot, message) in [
        (at(5, 1), b"two"),
        (at(5, 0), b"one"),
        (at(4, 9), b"one"),
        (Slot::proposal(EngineHeight(5), Round::new(1)), b"one"),
    ] {
        assert_eq!(guard.admit(slot, message), Err(NotSignedTwice::Signed(slot)));
    }
    assert_eq!(guard.admit(Slot::precommit(EngineHeight(5), Round::new(1)), b"two"), Ok(()));
    assert_eq!(guard.admit(at(6, 0), b"two"), Ok(()));
}

#[test]
fn con_12_the_validators_hand_signs_one_message_for_a_place() {
    use malachite_signing::Signer as _;
    let folder = tempfile::tempdir().unwrap();
    let guard = Arc::new(guarded(folder.path(), true));
    let signer = Signer { network: NETWORK, key: Arc::new(key(1)), guard };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let signs = |proposal: Proposal| runtime.block_on(signer.sign_proposal(proposal)).is_ok();
    let votes = |vote: Vote| runtime.block_on(signer.sign_vote(vote)).is_ok();
    assert!(signs(proposal()) && signs(proposal()));
    // The same value proposed with another history is another message, and would convict.
    assert!(!signs(Proposal { pol_round: Round::new(0), ..proposal() }));
    assert!(votes(vote(Step::Prevote)) && votes(vote(Step::Precommit)));
    assert!(!votes(Vote { value: NilOrVal::Nil, ..vote(Step::Precommit) }));
    assert!(!votes(vote(Step::Prevote)), "nor what came before");
    assert!(!signs(proposal()));
}

#[test]
fn con_13_without_a_record_nothing_is_signed_until_a_deal_of_its_own_is_final() {
    let folder = tempfile::tempdir().unwrap();
    let at = |height| Slot::precommit(EngineHeight(height), Round::new(0));
    let ledger = ledger(folder.path());
    let started = || Guard::open(ledger.clone(), false, Nonces::System).unwrap();
    let (guard, later) = (started(), started());
    assert!(guard.sits_out());
    assert_eq!(guard.admit(at(9), b"any"), Err(NotSignedTwice::SitsOut));
    guard.decided(Height(8)).unwrap();
    assert!(guard.sits_out(), "a height may be an old one");
    let (deal, other) = (guard.wants_mark().unwrap(), later.wants_mark().unwrap());
    assert_eq!(deal.check(), Ok(()));
    assert_ne!(deal.nonce, other.nonce, "nobody can foretell it");
    assert_eq!(guard.wants_mark(), None, "that one can still be ordered");
    guard.decided(Height(8)).unwrap();
    assert!(guard.sits_out(), "it is not final");
    let (id, prepared) = (deal.id(&ledger.network()), vec![None; 2]);
    let mut batch = ledger.database().batch();
    batch.put(&DEALS, &id, &DealState::Open { deal, prepared });
    ledger.database().commit(batch, Durability::Synced).unwrap();
    later.decided(Height(9)).unwrap();
    assert!(later.sits_out(), "it is of an earlier start");
    guard.decided(Height(9)).unwrap();
    assert!(!guard.sits_out());
    assert_eq!(guard.admit(at(9), b"any"), Err(NotSignedTwice::Signed(at(9))), "the height that has it");
    assert_eq!(guard.admit(at(10), b"any"), Ok(()));
}

#[test]
fn con_28_what_is_not_signed_twice_is_passed_until_its_height_is_decided() {
    let folder = tempfile::tempdir().unwrap();
    let at = |height| Slot::prevote(EngineHeight(height), Round::new(0));
    let guard = guarded(folder.path(), true);
    assert_eq!(guard.admit(at(5), b"one"), Ok(()));
    assert!(!guard.sits_out());
    assert_eq!(guard.admit(at(5), b"two"), Err(NotSignedTwice::Signed(at(5))));
    assert!(guard.sits_out());
    guard.decided(Height(4)).unwrap();
    assert!(guard.sits_out(), "an earlier height is no reason");
    guard.decided(Height(5)).unwrap();
    assert!(!guard.sits_out());
    assert_eq!(guard.admit(at(6), b"two"), Ok(()));
    // Its engine has ended by itself, at a height after which it had passed already.
    guard.pass(Height(9));
    guard.pass(Height(7));
    guard.decided(Height(8)).unwrap();
    assert!(guard.sits_out(), "the later one counts");
    guard.decided(Height(9)).unwrap();
    assert!(!guard.sits_out());
}

#[test]
fn con_13_a_validator_that_ran_and_signed_nothing_has_its_record() {
    let folder = tempfile::tempdir().unwrap();
    drop(guarded(folder.path(), true));
    assert!(!guarded(folder.path(), false).sits_out());
}

/// Encodes, and shows that nothing else decodes: cut short, with a byte more, or of another shape.
fn has_one_encoding<T: PartialEq + std::fmt::Debug>(value: &T)
where
    EngineCodec: Codec<T, Error = parclose_types::Malformed>,
{
    let bytes = Codec::<T>::encode(&EngineCodec, value).unwrap();
    let read = |bytes: &[u8]| Codec::<T>::decode(&EngineCodec, Bytes::copy_from_slice(bytes));
    assert_eq!(read(&bytes).as_ref(), Ok(value));
    for cut in 0..bytes.len() {
        assert!(read(&bytes[..cut]).is_err(), "{cut} of {} bytes of {value:?}", bytes.len());
    }
    assert_eq!(read(&[&bytes[..], &[0]].concat()).unwrap_err().rule(), "WIR-02");
    assert_eq!(read(&vec![0xff; 11 << 20]).unwrap_err().rule(), "WIR-03", "bounded before it is read");
}

#[test]
fn wir_02_everything_that_the_engine_sends_and_keeps_has_one_encoding() {
    let vote = SignedMessage::new(vote(Step::Precommit), SIGNATURE);
    let proposal = SignedMessage::new(proposal(), SIGNATURE);
    has_one_encoding(&SignedConsensusMsg::Vote(vote.clone()));
    has_one_encoding(&SignedConsensusMsg::Proposal(proposal));
    let polka = PolkaCertificate::<RootContext> {
        height: EngineHeight(7),
        round: Round::new(1),
        value_id: VALUE,
        polka_signatures: vec![PolkaSignature::new(address(1), SIGNATURE)],
    };
    has_one_encoding(&polka);
    has_one_encoding(&LivenessMsg::Vote(vote));
    has_one_encoding(&LivenessMsg::PolkaCertificate(polka));
    has_one_encoding(&LivenessMsg::SkipRoundCertificate(RoundCertificate::<RootContext> {
        height: EngineHeight(7),
        round: Round::new(1),
        cert_type: RoundCertificateType::Skip,
        round_signatures: vec![
            RoundSignature::new(VoteType::Prevote, NilOrVal::Nil, address(1), SIGNATURE),
            RoundSignature::new(VoteType::Precommit, NilOrVal::Val(VALUE), address(2), SIGNATURE),
        ],
    }));
    let stream = StreamId::new(Bytes::from_static(b"a stream"));
    let parts = [
        Part::Init { height: EngineHeight(7), round: 1, proposer: address(1).0 },
        Part::Data(Bytes::from_static(b"some of a block")),
        Part::Fin(SIGNATURE),
    ];
    for (sequence, part) in (0..).zip(parts) {
        has_one_encoding(&part);
        let content = malachite_app::app::engine::util::streaming::StreamContent::Data(part);
        has_one_encoding(&StreamMessage::new(stream.clone(), sequence, content));
    }
    let end = malachite_app::app::engine::util::streaming::StreamContent::<Part>::Fin;
    has_one_encoding(&StreamMessage::new(stream, 3, end));
    let key = malachite_app::app::types::Keypair::ed25519_from_bytes(&mut [5; 32]).unwrap();
    let peer = PeerId::from_bytes(&key.public().to_peer_id().to_bytes()).unwrap();
    has_one_encoding(&ValidatorProof::<RootContext>::new(vec![1; 32], peer.to_bytes(), SIGNATURE));
    has_one_encoding(&Status::<RootContext> {
        peer_id: peer,
        tip_height: EngineHeight(7),
        history_min_height: EngineHeight(1),
    });
    has_one_encoding(&ProposedValue::<RootContext> {
        height: EngineHeight(7),
        round: Round::new(1),
        valid_round: Round::Nil,
        proposer: address(1),
        value: Value(VALUE),
        validity: Validity::Invalid,
    });
}

#[test]
fn wir_02_what_is_sent_to_those_who_are_behind_has_one_encoding() {
    let range = EngineHeight(3)..=EngineHeight(9);
    has_one_encoding(&Request::<RootContext>::ValueRequest(malachite_sync::ValueRequest::new(range)));
    let certificate = CommitCertificate::<RootContext> {
        height: EngineHeight(7),
        round: Round::new(1),
        value_id: VALUE,
        commit_signatures: vec![
            CommitSignature::new(Address(PublicKey([9; 32])), SIGNATURE),
            CommitSignature::new(Address(PublicKey([8; 32])), SIGNATURE),
        ],
    };
    let kept = from_engine(&certificate);
    assert_eq!(kept.signatures.iter().map(|(validator, _)| validator.0[0]).collect::<Vec<_>>(), [8, 9]);
    let value = malachite_sync::RawDecidedValue::new(Bytes::from_static(b"a block"), to_engine(&kept));
    assert_eq!(from_engine(&value.certificate.trim_vote_extensions()), kept);
    let response = malachite_sync::ValueResponse::new(EngineHeight(7), vec![value]);
    has_one_encoding(&Response::<RootContext>::ValueResponse(response));
}
