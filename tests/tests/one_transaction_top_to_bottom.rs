//! One transaction, from a draft to a receipt that a stranger verifies, by the names of the stages.

mod support;

use parclose_audit::{Receipt, verify_json};
use parclose_channel::Verdict;
use parclose_consensus::RootChain;
use parclose_transaction::{Draft, FieldValue, KnownSignatures, UnverifiedTransaction};
use parclose_types::{Failure, Height, Sequence};
use support::ledger::{Ledger, SUPPLIER};
use support::{opened, receivable};

#[test]
fn one_transaction_top_to_bottom() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::found(&folder.path().join("home"));
    let genesis = ledger.root.genesis().clone();
    let head = ledger.root.head();

    // The sender: seal, sign.
    let operation = receivable(ledger.supplier(), "INV-1", 250_000);
    let (record, draft) = (operation.record, Draft::of_records(vec![operation], Height(head.0 + 100)));
    let supplier = &ledger.channels[SUPPLIER];
    let sealed = draft.seal(&supplier.desk(head), &mut ledger.rng).unwrap();
    let signed = sealed.sign(supplier.pseudonym()).unwrap();
    let (permanent, prunable) = signed.encode_parts();

    // Any reader of its bytes: decode, authenticate.
    let unverified = UnverifiedTransaction::decode(&permanent).unwrap();
    assert_eq!(unverified.digest(), signed.digest());
    unverified.check_sealed(&prunable).unwrap();
    let config = supplier.config().clone();
    let member = |key: &_| config.member(key).is_some();
    unverified.authenticate(&ledger.setting(), member, &mut KnownSignatures::default()).unwrap();

    // The member's own node, before ordering: authorize, prove, as advice.
    let pooled = ledger.supplier().advise(&signed, head).unwrap().unwrap();

    // batch, endorse, anchor.
    let proposal = ledger.propose(vec![pooled]);
    assert!(
        ledger.channels[1].transaction(&signed.digest()).unwrap().is_none(),
        "nothing happens before ordering"
    );
    let endorsements = [ledger.endorse(1, &proposal), ledger.endorse(2, &proposal)];
    ledger.anchor(&proposal, &endorsements);

    // Every member alone: admit, apply, commit.
    for at in 0..ledger.channels.len() {
        let executed = ledger.execute(at);
        assert_eq!(executed.len(), 1);
        assert_eq!(executed[0].verdicts, [(signed.digest(), Verdict::Applied)]);
    }
    let sequence = ledger.channels[0].executed().unwrap();
    let roots: Vec<_> = ledger.channels.iter().map(|channel| channel.head().unwrap().root).collect();
    assert!(roots.windows(2).all(|pair| pair[0] == pair[1]), "the members agree on the state");
    for (channel, sees) in ledger.channels.iter().zip([7, 6, 6]) {
        let seen = opened(channel, channel.keys());
        assert_eq!(seen.len(), sees, "supplier all, buyer no advance, bank no lines");
        assert!(seen.contains(&("face_amount".into(), FieldValue::Amount(250_000, *b"GBP"))));
        assert_eq!(channel.record(&record).unwrap().unwrap().version, 1);
    }

    // A receipt: first of the order, and of the outcome once a later batch attests the state.
    let prove = |ledger: &Ledger, at: usize| {
        let channel = &ledger.channels[at];
        let order_proof = |sequence: Sequence| ledger.root.prove(&channel.tag(), sequence).unwrap();
        Receipt::prove(channel, &signed.digest(), order_proof).unwrap().to_json(&genesis).unwrap()
    };
    let ordered = verify_json(&prove(&ledger, 1), &genesis).unwrap();
    assert_eq!((ordered.transaction(), ordered.sequence()), (&signed.digest(), sequence));
    assert!(ordered.outcome().is_none(), "no anchored batch attests the state yet");
    ledger.order(Vec::new());
    for at in 0..ledger.channels.len() {
        let verified = verify_json(&prove(&ledger, at), &genesis).unwrap();
        assert_eq!(verified.transaction(), &signed.digest());
        assert_eq!(verified.outcome().map(|outcome| outcome.verdict().clone()), Some(Verdict::Applied));
    }
}

#[test]
fn each_stage_stops_what_the_one_before_let_through() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::found(&folder.path().join("home"));
    let operation = receivable(ledger.supplier(), "INV-1", 250_000);
    let signed = ledger.sign(vec![operation]);
    let (permanent, _) = signed.encode_parts();
    let rule_of = |bytes: &[u8], setting: &_, members: &dyn Fn(&parclose_types::PublicKey) -> bool| {
        match UnverifiedTransaction::decode(bytes) {
            Err(malformed) => malformed.rule(),
            Ok(tx) => match tx.authenticate(setting, members, &mut KnownSignatures::default()) {
                Err(not_authentic) => not_authentic.rule(),
                Ok(_) => "",
            },
        }
    };
    let setting = ledger.setting();
    let (all, none) = (|_: &_| true, |_: &_| false);
    assert_eq!(rule_of(&permanent, &setting, &all), "");
    let mut cut = permanent.clone();
    cut.pop();
    assert!(rule_of(&cut, &setting, &all).starts_with("WIR-"), "decode");
    let mut forged = permanent.clone();
    *forged.last_mut().unwrap() ^= 1;
    assert_eq!(rule_of(&forged, &setting, &all), "AUT-01", "authenticate: signature");
    assert_eq!(rule_of(&permanent, &setting, &none), "AUT-07", "authenticate: member");
    let late = parclose_transaction::Setting { height: Height(setting.height.0 + 101), ..setting };
    assert_eq!(rule_of(&permanent, &late, &all), "AUT-04", "authenticate: expiry");

    let head = ledger.root.head();
    let pooled = ledger.supplier().advise(&signed, head).unwrap().unwrap();
    ledger.order(vec![pooled]);
    let again = receivable(ledger.supplier(), "INV-1", 1);
    let pooled = ledger.pool(vec![again]);
    let executed = ledger.order(vec![pooled]);
    assert_eq!(executed[0].verdicts[0].1, Verdict::Refused("STA-05".into()), "admit: the record is there");
    let seen = opened(&ledger.channels[1], ledger.channels[1].keys());
    assert!(
        seen.contains(&("face_amount".into(), FieldValue::Amount(250_000, *b"GBP"))),
        "and keeps its value"
    );
}
