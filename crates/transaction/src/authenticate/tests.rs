use parclose_types::SignatureBytes;
use parclose_types::{ChannelId, Failure, Height, NetworkId};

use super::*;
use crate::body::SignedTransaction;
use crate::draft::hazmat::{into_parts, sign_unchecked};
use crate::fixtures::{CHANNEL, EPOCH, HEIGHT, SCF_CHANNEL, resigned, signed, with_signature};

fn decoded(transaction: &SignedTransaction) -> UnverifiedTransaction {
    UnverifiedTransaction::decode(&transaction.encode_parts().0).unwrap()
}

fn changed(change: impl FnOnce(&mut Body)) -> SignedTransaction {
    let (mut body, sealed) = into_parts(signed());
    change(&mut body);
    resigned(body, sealed)
}

fn authenticate(transaction: &SignedTransaction, setting: &Setting) -> Result<(), NotAuthentic> {
    decoded(transaction)
        .authenticate(setting, SCF_CHANNEL.is_member(), &mut KnownSignatures::default())
        .map(|_| ())
}

/// The rule that a transaction breaks in the channel's own setting; `""` for none.
fn rule(transaction: &SignedTransaction) -> &'static str {
    authenticate(transaction, &SCF_CHANNEL.setting()).map_or_else(|refused| refused.rule(), |()| "")
}

/// The rule that the valid transaction breaks in another setting; `""` for none.
fn rule_in(change: impl FnOnce(&mut Setting)) -> &'static str {
    let mut setting = SCF_CHANNEL.setting();
    change(&mut setting);
    authenticate(&signed(), &setting).map_or_else(|refused| refused.rule(), |()| "")
}

#[test]
fn an_authentic_transaction_keeps_body_and_digest() {
    let transaction = signed();
    let mut known = KnownSignatures::default();
    let authentic = decoded(&transaction)
        .authenticate(&SCF_CHANNEL.setting(), SCF_CHANNEL.is_member(), &mut known)
        .unwrap();
    assert_eq!((authentic.body(), authentic.digest()), (transaction.body(), transaction.digest()));
    assert_eq!(decoded(&transaction).claimed_sponsor(), SCF_CHANNEL.key_of("supplierco"));
    assert_eq!(decoded(&transaction).claimed_expiry(), transaction.body().expiry);
}

#[test]
fn aut_01_only_the_authors_own_signature_over_this_digest_counts() {
    let transaction = signed();
    let by = |name: &str| {
        let (body, sealed) = into_parts(transaction.clone());
        sign_unchecked(body, sealed, &SCF_CHANNEL.person(name).pseudonym)
    };
    assert_eq!(rule(&by("supplierco")), "");
    assert_eq!(rule(&by("acme")), "AUT-01");
    assert_eq!(rule(&with_signature(&transaction, SignatureBytes([0; 64]))), "AUT-01");
    // A good signature of the same author over another transaction.
    let other = changed(|body| body.expiry.0 += 1);
    assert_eq!(rule(&with_signature(&transaction, other.signature)), "AUT-01");
    // A signature over the bare digest, without the label that says what it is for.
    let author = &SCF_CHANNEL.person("supplierco").pseudonym;
    let unlabelled = author.sign(transaction.digest().as_ref());
    assert_eq!(rule(&with_signature(&transaction, unlabelled)), "AUT-01");
}

#[test]
fn aut_01_of_a_batch_that_is_verified_ahead_the_bad_signatures_are_refused_as_ever() {
    let setting = SCF_CHANNEL.setting();
    let many: Vec<_> =
        (0..256).map(|at| changed(|body| body.expiry = Height(setting.height.0 + at))).collect();
    let bad = 77;
    let batch: Vec<_> = (0..many.len())
        .map(
            |at| if at == bad { with_signature(&many[at], many[at + 1].signature) } else { many[at].clone() },
        )
        .map(|transaction| decoded(&transaction))
        .collect();
    let mut known = KnownSignatures::default();
    known.verify_ahead(&batch);
    let processors = std::thread::available_parallelism().unwrap().get();
    let remembered = if processors > 1 { batch.len() - 1 } else { 0 };
    assert_eq!(known.signatures.len(), remembered);
    for (at, transaction) in batch.into_iter().enumerate() {
        let refused = transaction.authenticate(&setting, SCF_CHANNEL.is_member(), &mut known).err();
        assert_eq!(refused, (at == bad).then_some(NotAuthentic::Signature), "{at}");
    }
    assert!(known.signatures.is_empty(), "each serves once");
}

#[test]
fn aut_01_a_known_digest_does_not_vouch_for_another_signature() {
    let (transaction, setting) = (signed(), SCF_CHANNEL.setting());
    let mut known = KnownSignatures::default();
    known.remember(&transaction);
    let mut see = |t: &SignedTransaction| {
        decoded(t).authenticate(&setting, SCF_CHANNEL.is_member(), &mut known).map(|_| ())
    };
    let mut signature = transaction.signature;
    signature.0[0] ^= 1;
    let forged = with_signature(&transaction, signature);
    assert_eq!(forged.digest(), transaction.digest());
    assert_eq!(see(&forged), Err(NotAuthentic::Signature));
    // The refused one was not remembered either.
    assert_eq!(see(&forged), Err(NotAuthentic::Signature));
    see(&transaction).unwrap();
    assert!(known.signatures.is_empty(), "it has served");
    assert_eq!(see_again(&transaction, &mut known), Ok(()), "forgetting costs time only");
    assert!(known.signatures.is_empty(), "what is checked in execution is not kept");
    // What it knows is believed without a look: the control that the memory is asked at all.
    known.remember(&forged);
    assert_eq!(see_again(&forged, &mut known), Ok(()));
}

fn see_again(t: &SignedTransaction, known: &mut KnownSignatures) -> Result<(), NotAuthentic> {
    decoded(t).authenticate(&SCF_CHANNEL.setting(), SCF_CHANNEL.is_member(), known).map(|_| ())
}

#[test]
fn aut_01_the_memory_of_signatures_is_bounded_and_forgetting_is_harmless() {
    let (transaction, mut known) = (signed(), KnownSignatures::default());
    let numbered = |n: usize| {
        let mut digest = [0; 32];
        digest[..8].copy_from_slice(&(n as u64).to_be_bytes());
        digest
    };
    known.signatures.extend((0..SIGNATURES_MAX).map(|n| (TransactionDigest(numbered(n)), nobodys())));
    known.remember(&transaction);
    assert_eq!(known.signatures.len(), 1);
    let author = Verifier::of(&transaction.body().author).unwrap();
    known.authors.extend((0..AUTHORS_MAX).map(|n| (PublicKey(numbered(n)), author.clone())));
    for _ in 0..3 {
        assert_eq!(see_again(&transaction, &mut known), Ok(()));
    }
    assert_eq!((known.signatures.len(), known.authors.len()), (0, 1));
}

#[test]
fn aut_03_a_transaction_for_elsewhere_does_not_count_here() {
    let scope = |change: fn(&mut Body)| authenticate(&changed(change), &SCF_CHANNEL.setting()).unwrap_err();
    assert_eq!(scope(|body| body.network = NetworkId([9; 32])), NotAuthentic::Scope("network"));
    assert_eq!(scope(|body| body.channel = ChannelId([9; 32])), NotAuthentic::Scope("channel"));
    assert_eq!(scope(|body| body.generation.0 += 1), NotAuthentic::Scope("generation"));
    assert_eq!(scope(|body| body.generation.0 -= 1), NotAuthentic::Scope("generation"));
    assert_eq!(scope(|body| body.definition_version += 1), NotAuthentic::Scope("definition version"));
    assert_eq!(scope(|body| body.network = NetworkId([9; 32])).rule(), "AUT-03");
}

#[test]
fn aut_03_a_transaction_from_here_does_not_count_elsewhere() {
    assert_eq!(rule_in(|_| ()), "");
    assert_eq!(rule_in(|setting| setting.network = NetworkId([9; 32])), "AUT-03");
    assert_eq!(rule_in(|setting| setting.channel = ChannelId([9; 32])), "AUT-03");
    assert_eq!(rule_in(|setting| setting.generation.0 += 1), "AUT-03");
    assert_eq!(rule_in(|setting| setting.definition_version += 1), "AUT-03");
    assert_eq!(signed().body().channel, CHANNEL);
}

#[test]
fn aut_04_the_expiry_height_is_the_last_one() {
    let expiry = signed().body().expiry;
    assert_eq!(rule_in(|setting| setting.height = expiry), "");
    assert_eq!(rule_in(|setting| setting.height = Height(expiry.0 + 1)), "AUT-04");
    assert_eq!(rule(&changed(|body| body.expiry = HEIGHT)), "");
    assert_eq!(rule(&changed(|body| body.expiry = Height(HEIGHT.0 - 1))), "AUT-04");
    assert_eq!(NotAuthentic::Expired { expiry }.code(), "TRANSACTION_EXPIRED");
}

#[test]
fn aut_05_an_expiry_lies_no_further_ahead_than_the_channel_says() {
    let furthest = Height(HEIGHT.0 + SCF_CHANNEL.setting().expiry_max);
    assert_eq!(rule(&changed(|body| body.expiry = furthest)), "");
    assert_eq!(rule(&changed(|body| body.expiry = Height(furthest.0 + 1))), "AUT-05");
    assert_eq!(rule(&changed(|body| body.expiry = Height(u64::MAX))), "AUT-05");
    // At the end of all heights the sum does not wrap round.
    let last = changed(|body| body.expiry = Height(u64::MAX));
    let setting = Setting { height: Height(u64::MAX), ..SCF_CHANNEL.setting() };
    assert_eq!(authenticate(&last, &setting), Ok(()));
}

#[test]
fn aut_06_the_previous_epoch_counts_within_its_grace_only() {
    let grace = SCF_CHANNEL.setting().grace;
    let in_next = |into_epoch| {
        rule_in(|setting| (setting.epoch, setting.into_epoch) = (Epoch(EPOCH.0 + 1), into_epoch))
    };
    assert_eq!((in_next(0), in_next(grace - 1), in_next(grace)), ("", "", "AUT-06"));
    let at = |epoch, into_epoch| {
        rule_in(|setting| (setting.epoch, setting.into_epoch) = (Epoch(epoch), into_epoch))
    };
    assert_eq!(at(EPOCH.0 + 2, 0), "AUT-06");
    assert_eq!(at(EPOCH.0 - 1, 0), "AUT-06");
    assert_eq!(at(0, 0), "AUT-06");
    assert_eq!(
        rule_in(|setting| (setting.epoch, setting.into_epoch, setting.grace) = (Epoch(8), 0, 0)),
        "AUT-06"
    );
    // Nothing lies before epoch 0: its predecessor is not the last epoch there is.
    let last = changed(|body| body.epoch = Epoch(u32::MAX));
    let first = Setting { epoch: Epoch(0), into_epoch: 0, ..SCF_CHANNEL.setting() };
    assert_eq!(authenticate(&last, &first).unwrap_err().rule(), "AUT-06");
    assert!(Epoch(5) < EPOCH);
}

#[test]
fn aut_07_author_and_sponsor_are_members() {
    let without = |name: &str| {
        let (transaction, key) = (signed(), SCF_CHANNEL.key_of(name));
        decoded(&transaction)
            .authenticate(&SCF_CHANNEL.setting(), |member| *member != key, &mut KnownSignatures::default())
            .map(|_| ())
    };
    assert_eq!(without("acme"), Ok(()));
    assert_eq!(without("supplierco"), Err(NotAuthentic::NotMember));
    assert_eq!(NotAuthentic::NotMember.rule(), "AUT-07");
    // Another member may put it forward; a stranger may not, and a stranger's own is nothing.
    assert_eq!(rule(&changed(|body| body.sponsor = SCF_CHANNEL.key_of("northbank"))), "");
    assert_eq!(rule(&changed(|body| body.sponsor = PublicKey([9; 32]))), "AUT-07");
    let stranger =
        parclose_keys::member::hazmat::member_from_bytes([99; 32]).pseudonym(&CHANNEL, Generation(2));
    let (mut body, sealed) = into_parts(signed());
    body.author = stranger.public();
    assert_eq!(rule(&sign_unchecked(body, sealed, &stranger)), "AUT-07");
}

#[test]
fn a_refusal_says_whose_doing_it_is_and_what_to_do() {
    let epoch = NotAuthentic::Epoch { sealed: Epoch(1), current: Epoch(3) };
    assert_eq!(epoch.to_string(), "sealed in epoch 1, but the epoch is 3");
    assert_eq!((epoch.code(), epoch.fault(), epoch.definite()), ("NOT_AUTHENTIC", Fault::Sender, true));
    assert_eq!(epoch.fix(), "seal the draft again and submit it");
    assert!(NotAuthentic::Signature.fix().contains("own key"));
}

fn nobodys() -> Signatures {
    Signatures { author: SignatureBytes([0; 64]), openers: Vec::new() }
}

/// The valid transaction with the words of these readers, each over the digest of another or of its own.
fn opened(of: &SignedTransaction, readers: &[&str], transaction: &SignedTransaction) -> SignedTransaction {
    let opener = |name: &&str| {
        let key = &SCF_CHANNEL.person(name).pseudonym;
        Opener { reader: key.public(), signature: key.sign(&opened_bytes(&of.digest())) }
    };
    transaction.clone().opened_by(readers.iter().map(opener).collect())
}

#[test]
fn opn_02_the_word_of_a_reader_is_its_own_and_about_this_transaction() {
    let transaction = signed();
    let both = opened(&transaction, &["acme", "northbank"], &transaction);
    assert_eq!(both.digest(), transaction.digest(), "the digest does not cover it");
    assert_eq!(rule(&both), "");
    let authentic = decoded(&both)
        .authenticate(&SCF_CHANNEL.setting(), SCF_CHANNEL.is_member(), &mut KnownSignatures::default())
        .unwrap();
    let mut keys = [SCF_CHANNEL.key_of("acme"), SCF_CHANNEL.key_of("northbank")];
    keys.sort_unstable();
    assert_eq!(authentic.openers(), keys);
    let other = changed(|body| body.expiry.0 += 1);
    assert_eq!(rule(&opened(&other, &["acme"], &transaction)), "OPN-02", "another transaction's");
    let said = |reader: &str, signature: SignatureBytes| {
        let reader = SCF_CHANNEL.key_of(reader);
        transaction.clone().opened_by(vec![Opener { reader, signature }])
    };
    let acme = &SCF_CHANNEL.person("acme").pseudonym;
    assert_eq!(rule(&said("acme", SignatureBytes([0; 64]))), "OPN-02");
    let by_another = acme.sign(&opened_bytes(&transaction.digest()));
    assert_eq!(rule(&said("northbank", by_another)), "OPN-02");
    // What an author signs does not serve as what a reader says, nor the other way round.
    assert_eq!(rule(&said("supplierco", transaction.signature)), "OPN-02");
    let supplier = &SCF_CHANNEL.person("supplierco").pseudonym;
    let as_reader = supplier.sign(&opened_bytes(&transaction.digest()));
    assert_eq!(rule(&with_signature(&transaction, as_reader)), "AUT-01");
}

#[test]
fn opn_02_known_signatures_vouch_for_no_other_readers() {
    let (transaction, setting) = (signed(), SCF_CHANNEL.setting());
    let forged = transaction
        .clone()
        .opened_by(vec![Opener { reader: SCF_CHANNEL.key_of("acme"), signature: SignatureBytes([7; 64]) }]);
    let rules = |known: &mut KnownSignatures| {
        let refused = decoded(&forged).authenticate(&setting, SCF_CHANNEL.is_member(), known).err();
        refused.map_or("", |refused| refused.rule())
    };
    // One member has seen it without readers, one with a reader, one never.
    let mut seen = [KnownSignatures::default(), KnownSignatures::default(), KnownSignatures::default()];
    seen[0].remember(&transaction);
    seen[1].remember(&opened(&transaction, &["acme"], &transaction));
    assert_eq!(seen.each_mut().map(rules), ["OPN-02"; 3]);
    // What it knows is believed without a look: the control that the memory is asked at all.
    seen[2].remember(&forged);
    assert_eq!(rules(&mut seen[2]), "");
}

#[test]
fn opn_02_of_a_batch_that_is_verified_ahead_the_words_of_readers_are_looked_at() {
    let setting = SCF_CHANNEL.setting();
    let many: Vec<_> =
        (0..256).map(|at| changed(|body| body.expiry = Height(setting.height.0 + at))).collect();
    let bad = 99;
    let of = |at: usize| if at == bad { &many[at + 1] } else { &many[at] };
    let batch: Vec<_> = (0..many.len()).map(|at| decoded(&opened(of(at), &["acme"], &many[at]))).collect();
    let mut known = KnownSignatures::default();
    known.verify_ahead(&batch);
    for (at, transaction) in batch.into_iter().enumerate() {
        let refused = transaction.authenticate(&setting, SCF_CHANNEL.is_member(), &mut known).err();
        assert_eq!(
            refused.map_or("", |refused| refused.rule()),
            if at == bad { "OPN-02" } else { "" },
            "{at}"
        );
    }
}
