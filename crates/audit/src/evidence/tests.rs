//! Each kind of evidence, and each step of it broken alone.

use parclose_channel::BatchProof;
use parclose_types::{Failure, StateRoot};

use super::*;
use crate::bundle::Bundle;
use crate::fixtures::{Consortium, genesis};

/// A channel of two in which a batch was ordered that attests what is true.
struct Scene {
    consortium: Consortium,
    /// what the first member has signed of the state after the last event of the preparation
    truth: SignedHeader,
}

fn scene() -> Scene {
    let mut consortium = Consortium::new();
    let (sequence, _) = consortium.anchored(&[]);
    let BatchProof { header, signature, .. } = consortium.members[0].prove_batch(sequence).unwrap();
    Scene { consortium, truth: SignedHeader { header, signature } }
}

impl Scene {
    /// A header like the true one, changed, with its sponsor's signature.
    fn signed(&self, change: impl FnOnce(&mut parclose_channel::BatchHeader)) -> SignedHeader {
        let mut header = self.truth.header.clone();
        change(&mut header);
        let signature = self.consortium.members[0].pseudonym().sign(header.digest().as_ref());
        SignedHeader { header, signature }
    }

    fn lie(&self) -> SignedHeader {
        self.signed(|header| header.attested_root = StateRoot([1; 32]))
    }

    fn certificate(&self, at: usize) -> PseudonymCertificate {
        let config = self.consortium.members[0].config();
        config.member(&self.consortium.pseudonym(at)).unwrap().certificate.clone()
    }

    fn against(&self, accused: &[usize], misconduct: Misconduct) -> Evidence {
        let config = self.consortium.members[0].config();
        let accused = accused.iter().map(|at| self.certificate(*at)).collect();
        Evidence::against((config.channel, config.generation), accused, misconduct)
    }

    fn contradiction(&self) -> Evidence {
        self.against(&[0], Misconduct::Contradiction { first: self.truth.clone(), second: self.lie() })
    }

    fn rule(&self, evidence: &Evidence) -> &'static str {
        evidence.verify(self.consortium.genesis(), None).unwrap_err().rule()
    }

    fn export(&self) -> VerifiedBundle {
        let (events, proof) = (self.consortium.events(), self.consortium.tag_proof());
        let bundle = Bundle::export(&self.consortium.members[1], events, proof, None).unwrap();
        bundle.verify(self.consortium.genesis()).unwrap()
    }

    /// An anchor of both members over a batch that says a false state.
    fn certified(&mut self) -> (SignedHeader, [u8; 32], OrderProof) {
        let lie = self.lie().header;
        let (proof, anchor) = self.consortium.collude(lie.attested, |header| *header = lie.clone());
        (SignedHeader { header: proof.header, signature: proof.signature }, proof.blinder, anchor)
    }
}

#[test]
fn a_contradiction_convicts_by_itself_and_names_an_identity() {
    let scene = scene();
    let verified = scene.contradiction().verify(scene.consortium.genesis(), None).unwrap();
    assert_eq!((verified.kind(), verified.weight()), ("contradiction", Weight::Convicts));
    assert_eq!(verified.accused(), [scene.certificate(0).identity]);
    assert_eq!(verified.event(), Some(scene.truth.header.attested));
}

#[test]
fn mis_02_the_accused_are_named_by_their_own_certificates() {
    let scene = scene();
    let mut nobody = scene.contradiction();
    nobody.accused.clear();
    assert_eq!(scene.rule(&nobody), "MIS-02");
    let mut twice = scene.contradiction();
    twice.accused.push(twice.accused[0].clone());
    assert_eq!(scene.rule(&twice), "MIS-02");
    let mut elsewhere = scene.contradiction();
    elsewhere.generation = Generation(1);
    assert_eq!(scene.rule(&elsewhere), "MIS-02");
    let mut renamed = scene.contradiction();
    renamed.accused[0].identity = scene.certificate(1).identity;
    assert_eq!(scene.rule(&renamed), "MIS-02");
}

#[test]
fn mis_03_only_what_the_accused_has_signed_is_held_against_it() {
    let scene = scene();
    let both = |second: SignedHeader| Misconduct::Contradiction { first: scene.truth.clone(), second };
    let mut forged = scene.lie();
    forged.signature.0[0] ^= 1;
    assert_eq!(scene.rule(&scene.against(&[0], both(forged))), "MIS-03");
    assert_eq!(scene.rule(&scene.against(&[1], both(scene.lie()))), "MIS-03", "another sponsor");
    assert_eq!(
        scene.rule(&scene.against(&[0, 1], both(scene.lie()))),
        "MIS-03",
        "one signature, two accused"
    );
    let other = scene.signed(|header| header.channel = ChannelId([9; 32]));
    assert_eq!(scene.rule(&scene.against(&[0], both(other))), "MIS-03", "another channel");
    let foreign = scene.contradiction().verify(&genesis(9), None).unwrap_err();
    assert_eq!(foreign.rule(), "MIS-03", "another network");
}

#[test]
fn mis_04_two_batches_that_can_both_be_true_are_no_contradiction() {
    let scene = scene();
    let both = |second| Misconduct::Contradiction { first: scene.truth.clone(), second };
    let again = scene.signed(|header| header.permanent_root = [1; 32]);
    assert_eq!(scene.rule(&scene.against(&[0], both(again))), "MIS-04", "put forward anew");
    let later = scene.signed(|header| {
        (header.attested, header.attested_root) = (Sequence(header.attested.0 + 1), StateRoot([1; 32]));
    });
    assert_eq!(scene.rule(&scene.against(&[0], both(later))), "MIS-04", "of another event");
}

#[test]
fn mis_05_a_false_state_convicts_against_an_export() {
    let scene = scene();
    let said = scene.against(&[0], Misconduct::FalseState { said: scene.lie() });
    let genesis = scene.consortium.genesis().clone();
    let alone = said.verify(&genesis, None).unwrap();
    assert_eq!((alone.kind(), alone.weight()), ("false state", Weight::Signed));
    let export = scene.export();
    assert_eq!(said.verify(&genesis, Some(&export)).unwrap().weight(), Weight::Convicts);
    let truth = scene.against(&[0], Misconduct::FalseState { said: scene.truth.clone() });
    assert_eq!(truth.verify(&genesis, Some(&export)).unwrap_err().rule(), "MIS-05");
    // Of a state that no batch attests nothing is known.
    let next = scene.nth_unattested();
    let open = scene.against(&[0], Misconduct::FalseState { said: next });
    assert_eq!(open.verify(&genesis, Some(&export)).unwrap().weight(), Weight::Signed);
}

impl Scene {
    /// A false header about the newest event.
    fn nth_unattested(&self) -> SignedHeader {
        let newest = Sequence(self.consortium.members[0].head().unwrap().next.0 - 1);
        self.signed(|header| (header.attested, header.attested_root) = (newest, StateRoot([1; 32])))
    }
}

#[test]
fn mis_06_of_an_anchor_its_endorsers_are_accused_all_of_them_and_nobody_else() {
    let mut scene = scene();
    let (said, blinder, anchor) = scene.certified();
    let anchor = Box::new(anchor);
    let certified = Misconduct::Certified { said, blinder, anchor: anchor.clone() };
    let withheld = Misconduct::Withheld { anchor };
    let genesis = scene.consortium.genesis().clone();
    for (misconduct, kind) in [(certified, "certified state"), (withheld, "withheld batch")] {
        let both = scene.against(&[0, 1], misconduct.clone()).verify(&genesis, None).unwrap();
        assert_eq!((both.kind(), both.weight(), both.accused().len()), (kind, Weight::Signed, 2));
        assert_eq!(scene.rule(&scene.against(&[0], misconduct.clone())), "MIS-06", "one is left out");
        let mut framed = scene.against(&[0, 1], misconduct);
        framed.accused[0] = scene.stranger();
        framed.accused.sort_by_key(|accused| accused.pseudonym);
        assert_eq!(scene.rule(&framed), "MIS-06", "one has not signed");
    }
}

#[test]
fn evidence_of_an_anchor_follows_the_changes_of_the_validators_before_it() {
    let mut scene = scene();
    scene.consortium.hand_over(&[0, 1]);
    let (said, blinder, anchor) = scene.certified();
    scene.consortium.hand_over(&[1]);
    let (all, anchor) = (scene.consortium.changes.clone(), Box::new(anchor));
    let genesis = scene.consortium.genesis().clone();
    let certified = Misconduct::Certified { said, blinder, anchor: anchor.clone() };
    for misconduct in [certified, Misconduct::Withheld { anchor }] {
        let bare = scene.against(&[0, 1], misconduct);
        assert_eq!(scene.rule(&bare), "ROO-40", "the genesis alone does not know who signed");
        let whole = bare.clone().with_changes(all.clone());
        assert_eq!(whole.changes.len(), 1, "what came later is not needed");
        let read = verify_json(&whole.to_json(&genesis).unwrap(), &genesis, None).unwrap();
        assert_eq!(read.accused().len(), 2);
        let later = Evidence { changes: all[1..].to_vec(), ..bare };
        assert_eq!(scene.rule(&later), "ROO-60", "one is left out");
    }
    let alone = scene.contradiction().with_changes(all);
    assert!(alone.changes.is_empty(), "headers need no validators");
}

impl Scene {
    /// The certificate of somebody else of that channel's name.
    fn stranger(&self) -> PseudonymCertificate {
        let master = parclose_keys::MemberSecret::generate(&mut self.consortium.rng.clone());
        let config = self.consortium.members[0].config();
        let roles = vec!["member".into()];
        let candidate = parclose_channel::Candidate::new(
            "eve",
            &master,
            roles,
            &config.channel,
            config.generation,
            &mut self.consortium.rng.clone(),
        );
        candidate.entry().certificate.clone()
    }
}

#[test]
fn mis_10_an_opening_is_no_anchor() {
    let scene = scene();
    let anchor = Box::new(scene.consortium.order_proof(Sequence(0)).unwrap());
    assert_eq!(scene.rule(&scene.against(&[0, 1], Misconduct::Withheld { anchor })), "MIS-10");
}

#[test]
fn mis_11_a_header_that_the_anchor_does_not_commit_to_says_nothing_of_it() {
    let mut scene = scene();
    let (said, blinder, anchor) = scene.certified();
    let anchor = Box::new(anchor);
    let of = |said: SignedHeader, blinder| Misconduct::Certified { said, blinder, anchor: anchor.clone() };
    assert_eq!(scene.rule(&scene.against(&[0, 1], of(scene.truth.clone(), blinder))), "MIS-11");
    assert_eq!(scene.rule(&scene.against(&[0, 1], of(said, [0; 32]))), "MIS-11");
}

#[test]
fn mis_08_another_version_is_not_known() {
    let scene = scene();
    let mut later = scene.contradiction();
    later.version += 1;
    assert_eq!(scene.rule(&later), "MIS-08");
}

#[test]
fn mis_09_an_export_of_another_channel_says_nothing() {
    let scene = scene();
    let genesis = scene.consortium.genesis().clone();
    let said = scene.against(&[0], Misconduct::FalseState { said: scene.lie() });
    let export = scene.export();
    // An evidence of another channel, good in itself.
    let elsewhere = ChannelId([9; 32]);
    let key = parclose_keys::MemberSecret::generate(&mut scene.consortium.rng.clone());
    let candidate = parclose_channel::Candidate::new(
        "eve",
        &key,
        vec!["member".into()],
        &elsewhere,
        said.generation,
        &mut scene.consortium.rng.clone(),
    );
    let mut header = scene.lie().header;
    (header.channel, header.sponsor) = (elsewhere, candidate.pseudonym());
    let signature = key.pseudonym(&elsewhere, said.generation).sign(header.digest().as_ref());
    let of = (elsewhere, said.generation);
    let misconduct = Misconduct::FalseState { said: SignedHeader { header, signature } };
    let other = Evidence::against(of, vec![candidate.entry().certificate.clone()], misconduct);
    assert!(other.verify(&genesis, None).is_ok());
    assert_eq!(other.verify(&genesis, Some(&export)).unwrap_err().rule(), "MIS-09");
    // A channel of the same id that others have founded, in which the accused has no part.
    let mut elsewhere = self::scene();
    elsewhere.consortium = Consortium::seeded(4);
    assert_eq!(said.verify(&genesis, Some(&elsewhere.export())).unwrap_err().rule(), "MIS-09");
}

#[test]
fn mis_07_and_every_byte_of_a_file_counts() {
    let scene = scene();
    let genesis = scene.consortium.genesis().clone();
    let text = scene.contradiction().to_json(&genesis).unwrap();
    assert!(verify_json(&text, &genesis, None).is_ok());
    let rule = |text: &str| verify_json(text, &genesis, None).unwrap_err().rule();
    assert_eq!(rule("{}"), "MIS-07");
    assert_eq!(rule(&text.replace(SCHEMA, "parclose.evidence/2")), "MIS-07");
    let bytes = scene.contradiction().encode();
    for at in (0..bytes.len()).step_by(97) {
        let mut bent = bytes.clone();
        bent[at] ^= 1;
        let held = Evidence::decode(&bent).map(|evidence| evidence.verify(&genesis, None).is_ok());
        assert!(!held.unwrap_or(false), "byte {at}");
    }
}

#[test]
fn mis_12_what_people_read_is_what_the_bytes_prove() {
    let scene = scene();
    let genesis = scene.consortium.genesis().clone();
    let text = scene.contradiction().to_json(&genesis).unwrap();
    let said = text.replace("\"kind\": \"contradiction\"", "\"kind\": \"withheld batch\"");
    assert_ne!(said, text);
    assert_eq!(verify_json(&said, &genesis, None).unwrap_err().rule(), "MIS-12");
}
