//! What convicts an author, and what could frame one.

use parclose_keys::field::salt_digest;
use parclose_transaction::draft::hazmat::{into_parts, sign_unchecked};
use parclose_transaction::{FieldType, Perspective, SignedTransaction};
use parclose_types::{Failure, decode, encode};

use super::*;
use crate::bundle::Bundle;
use crate::evidence::{Evidence, Misconduct, Weight, verify_json};
use crate::fixtures::{Consortium, genesis};

/// A statement of the first member, and what of it is sealed anew.
struct Forged {
    consortium: Consortium,
    transaction: SignedTransaction,
    record_type: &'static str,
    class: ClassId,
    at: (u32, u32),
}

impl Forged {
    /// Seals a field of a transaction of the first member anew, and has the member sign that.
    fn new(
        consortium: Consortium,
        honest: SignedTransaction,
        (record_type, class): (&'static str, u32),
        (operation, field): (u32, u32),
        reseal: impl FnOnce(FieldKey, &[u8], &SealedField) -> SealedField,
    ) -> Self {
        let (mut body, mut sealed) = into_parts(honest);
        let index = |at: u32| usize::try_from(at).unwrap();
        let place = FieldPlace {
            channel: body.channel,
            generation: body.generation,
            epoch: body.epoch,
            audience: body.operations[index(operation)].fields[index(field)].audience,
            class: ClassId(class),
            record_key: record_key_hash(record_type, &body.operations[index(operation)].record),
            field: body.operations[index(operation)].fields[index(field)].field,
            salt_digest: salt_digest(&sealed.salt),
        };
        let key = consortium.members[1].keys().field_key(&place, &sealed.salt, &place.context()).unwrap();
        let of = &mut sealed.fields[index(operation)][index(field)];
        *of = reseal(key, &place.context(), of);
        let (old, new) =
            (body.operations[index(operation)].fields[index(field)].leaf, field_leaf(place.field, of));
        // Wherever the transaction names the leaf: in its record, and in a movement.
        let mut bytes = encode(&body);
        for at in 0..bytes.len() - 31 {
            if bytes[at..at + 32] == old {
                bytes[at..at + 32].copy_from_slice(&new);
            }
        }
        body = decode("body", &bytes, bytes.len()).unwrap();
        let transaction = sign_unchecked(body, sealed, consortium.members[0].pseudonym());
        let (class, at) = (ClassId(class), (operation, field));
        Self { consortium, transaction, record_type, class, at }
    }

    /// The number of documents of a statement.
    fn documents(reseal: impl FnOnce(FieldKey, &[u8], &SealedField) -> SealedField) -> Self {
        let mut consortium = Consortium::new();
        let honest = consortium.statement(0, 1, 1, 10);
        let class = consortium.members[0].definition().record_named("statement").unwrap();
        let class = class.field_named("documents").unwrap().class.0;
        Self::new(consortium, honest, ("statement", class), (0, 1), reseal)
    }

    /// The amount of a note of 700.
    fn amount(reseal: impl FnOnce(FieldKey, &[u8], &SealedField) -> SealedField) -> Self {
        let (mut consortium, [asset, _]) = Consortium::cash();
        let honest = consortium.issued(asset, &[(1, 700)]);
        Self::new(consortium, honest, ("holding", 3), (0, 0), reseal)
    }

    fn certificate(&self, at: usize) -> PseudonymCertificate {
        let config = self.consortium.members[0].config();
        config.member(&self.consortium.pseudonym(at)).unwrap().certificate.clone()
    }

    /// What a reader of the field reveals.
    fn complaint(&self) -> Complaint {
        let (body, sealed) = into_parts(self.transaction.clone());
        let index = |at: u32| usize::try_from(at).unwrap();
        let entry = &body.operations[index(self.at.0)].fields[index(self.at.1)];
        let place = FieldPlace {
            channel: body.channel,
            generation: body.generation,
            epoch: body.epoch,
            audience: entry.audience,
            class: self.class,
            record_key: record_key_hash(self.record_type, &body.operations[index(self.at.0)].record),
            field: entry.field,
            salt_digest: body.salt_digest,
        };
        let reader = self.consortium.members[1].keys();
        let key = reader.field_key(&place, &sealed.salt, &place.context()).unwrap();
        Complaint {
            permanent: self.transaction.encode_parts().0,
            operation: self.at.0,
            field: self.at.1,
            record_type: self.record_type.to_owned(),
            class: self.class,
            key: key.expose(|bytes| *bytes),
            sealed: sealed.fields[index(self.at.0)][index(self.at.1)].clone(),
        }
    }

    fn evidence(&self, accused: usize, complaint: Complaint) -> Evidence {
        let config = self.consortium.members[0].config();
        let misconduct = Misconduct::Sealed(Box::new(complaint));
        Evidence::against((config.channel, config.generation), vec![self.certificate(accused)], misconduct)
    }

    fn found(&self) -> (Weight, Option<Broken>) {
        let verified = self.evidence(0, self.complaint()).verify(self.consortium.genesis(), None).unwrap();
        (verified.weight(), verified.field().unwrap().broken)
    }

    fn export(&self) -> VerifiedBundle {
        let (events, proof) = (self.consortium.events(), self.consortium.tag_proof());
        let bundle = Bundle::export(&self.consortium.members[1], events, proof, None).unwrap();
        bundle.verify(self.consortium.genesis()).unwrap()
    }

    fn compared(&self) -> Result<Option<Broken>, &'static str> {
        let evidence = self.evidence(0, self.complaint());
        let verified = evidence.verify(self.consortium.genesis(), Some(&self.export()));
        verified.map(|verified| verified.field().unwrap().broken).map_err(|refused| refused.rule())
    }
}

fn as_it_was(_: FieldKey, _: &[u8], sealed: &SealedField) -> SealedField {
    sealed.clone()
}

/// The key commitment is right, the ciphertext is not what it should be.
fn garbage(_: FieldKey, _: &[u8], sealed: &SealedField) -> SealedField {
    let mut garbage = sealed.clone();
    garbage.ciphertext[0] ^= 1;
    garbage
}

/// Another key than the readers have.
fn other_key(_: FieldKey, context: &[u8], _: &SealedField) -> SealedField {
    FieldKey::of_disclosed(secret_from_bytes([9; 32])).seal(context, &10_u64.to_be_bytes())
}

#[test]
fn mis_16_an_author_that_seals_what_does_not_open_is_convicted() {
    let forged = Forged::documents(garbage);
    assert_eq!(forged.found(), (Weight::Convicts, Some(Broken::Unreadable)));
    let empty = Forged::documents(|_, _, sealed| SealedField { ciphertext: Vec::new(), ..sealed.clone() });
    assert_eq!(empty.found(), (Weight::Convicts, Some(Broken::Unreadable)));
    let evidence = forged.evidence(0, forged.complaint());
    let verified = evidence.verify(forged.consortium.genesis(), None).unwrap();
    assert_eq!((verified.kind(), verified.event()), ("sealed field", None));
    assert_eq!(verified.accused(), [forged.certificate(0).identity]);
    let found = verified.field().unwrap();
    assert_eq!((found.record, found.field), (RecordId([1; 32]), FieldId(2)));
    assert_eq!(found.transaction, forged.transaction.digest());
    assert_eq!(Evidence::decode(&evidence.encode()), Ok(evidence.clone()));
    // The file, with and without an export.
    let text = evidence.to_json(forged.consortium.genesis()).unwrap();
    assert!(verify_json(&text, forged.consortium.genesis(), None).is_ok());
    assert!(verify_json(&text, forged.consortium.genesis(), Some(&forged.export())).is_ok());
    assert!(text.contains("\"event\": null"));
}

#[test]
fn mis_16_an_author_that_commits_to_another_amount_than_it_seals_is_convicted() {
    let another = |key: FieldKey, context: &[u8], _: &SealedField| key.seal(context, &701_u64.to_be_bytes());
    assert_eq!(Forged::amount(another).found(), (Weight::Convicts, Some(Broken::OtherAmount)));
    let none = |key: FieldKey, context: &[u8], _: &SealedField| key.seal(context, b"much");
    assert_eq!(Forged::amount(none).found(), (Weight::Convicts, Some(Broken::OtherAmount)));
    assert_eq!(Forged::amount(garbage).found(), (Weight::Convicts, Some(Broken::Unreadable)));
    let honest = |key: FieldKey, context: &[u8], _: &SealedField| key.seal(context, &700_u64.to_be_bytes());
    assert_eq!(Forged::amount(honest).found(), (Weight::Signed, None), "the control");
}

#[test]
fn mis_17_a_field_that_opens_is_compared_with_the_channels_definition() {
    let good = Forged::documents(as_it_was);
    assert_eq!(good.found(), (Weight::Signed, None));
    assert_eq!(good.compared(), Err("MIS-17"));
    let bad = Forged::documents(|key, context, _| key.seal(context, b"ten"));
    assert_eq!(bad.found(), (Weight::Signed, None), "nobody knows the type without a definition");
    assert_eq!(bad.compared(), Ok(Some(Broken::OtherType)));
    assert!(FieldValue::from_bytes(FieldType::Integer, b"ten").is_err());
    // An export of another channel says nothing of it.
    let other = Consortium::seeded(5);
    let (events, proof) = (other.events(), other.tag_proof());
    let export = Bundle::export(&other.members[1], events, proof, None).unwrap();
    let export = export.verify(other.genesis()).unwrap();
    let refused = bad.evidence(0, bad.complaint()).verify(bad.consortium.genesis(), Some(&export));
    assert_eq!(refused.unwrap_err().rule(), "MIS-09");
}

/// Whoever would frame an honest author needs a key that gives the author's key commitment, and has none but the right one.
#[test]
fn mis_15_a_key_that_is_not_the_fields_convicts_nobody() {
    let honest = Forged::documents(as_it_was);
    let refused = |change: &dyn Fn(&mut Complaint)| {
        let mut complaint = honest.complaint();
        change(&mut complaint);
        let evidence = honest.evidence(0, complaint);
        evidence.verify(honest.consortium.genesis(), None).map_err(|refused| refused.rule()).map(drop)
    };
    assert_eq!(refused(&|_| ()), Ok(()));
    assert_eq!(refused(&|complaint| complaint.key[0] ^= 1), Err("MIS-15"));
    assert_eq!(refused(&|complaint| complaint.class.0 += 1), Err("MIS-15"));
    assert_eq!(refused(&|complaint| complaint.record_type.push('s')), Err("MIS-15"));
    assert_eq!(refused(&|complaint| complaint.field = 2), Err("MIS-15"));
    assert_eq!(refused(&|complaint| complaint.field = 9), Err("MIS-15"));
    assert_eq!(refused(&|complaint| complaint.operation = 9), Err("MIS-15"));
    assert_eq!(refused(&|complaint| complaint.sealed.commitment[0] ^= 1), Err("MIS-15"));
    // What the accuser has spoiled itself is not what the author has signed.
    assert_eq!(refused(&|complaint| complaint.sealed.ciphertext[0] ^= 1), Err("MIS-15"));
    let made_up = |complaint: &mut Complaint| {
        (complaint.key, complaint.sealed.commitment) = ([7; 32], [8; 32]);
    };
    assert_eq!(refused(&made_up), Err("MIS-15"));
    // An author that has used another key than its readers cannot be told from a reader that lies.
    let other = Forged::documents(other_key);
    let evidence = other.evidence(0, other.complaint());
    assert_eq!(evidence.verify(other.consortium.genesis(), None).unwrap_err().rule(), "MIS-15");
}

#[test]
fn mis_14_only_the_author_that_has_signed_is_convicted() {
    let forged = Forged::documents(garbage);
    let rule = |evidence: Evidence| {
        evidence.verify(forged.consortium.genesis(), None).map_or_else(|refused| refused.rule(), |_| "")
    };
    assert_eq!(rule(forged.evidence(0, forged.complaint())), "");
    assert_eq!(rule(forged.evidence(1, forged.complaint())), "MIS-14", "somebody else");
    let mut both = forged.evidence(0, forged.complaint());
    both.accused.push(forged.certificate(1));
    both.accused.sort_by_key(|one| one.pseudonym);
    assert_eq!(rule(both), "MIS-14");
    let mut unsigned = forged.complaint();
    let last = unsigned.permanent.len() - 1;
    unsigned.permanent[last] ^= 1;
    assert_eq!(rule(forged.evidence(0, unsigned)), "MIS-14");
    let mut elsewhere = forged.evidence(0, forged.complaint());
    elsewhere.channel = ChannelId([9; 32]);
    assert_eq!(rule(elsewhere), "MIS-02");
    let foreign = forged.evidence(0, forged.complaint()).verify(&genesis(9), None).unwrap_err();
    assert_eq!(foreign.rule(), "MIS-14", "another network");
    // Signed by another member in the author's name.
    let (body, sealed) = into_parts(forged.transaction.clone());
    let by_another = sign_unchecked(body, sealed, forged.consortium.members[1].pseudonym());
    let complaint = Complaint { permanent: by_another.encode_parts().0, ..forged.complaint() };
    assert_eq!(rule(forged.evidence(0, complaint)), "MIS-14");
}

#[test]
fn mis_18_a_member_complains_of_what_it_cannot_read_and_of_nothing_else() {
    let (consortium, _) = Consortium::sealed_wrongly();
    let reader = &consortium.members[1];
    let evidence = Complaint::of_record(reader, &RecordId([1; 32]), "documents").unwrap();
    let verified = evidence.verify(consortium.genesis(), None).unwrap();
    assert_eq!(verified.weight(), Weight::Convicts);
    assert_eq!(verified.field().unwrap().broken, Some(Broken::Unreadable));
    let rule = |field: &str| {
        let refused = Complaint::of_record(reader, &RecordId([1; 32]), field).unwrap_err();
        (refused.code(), refused.rule())
    };
    assert_eq!(rule("total"), ("NO_COMPLAINT", "MIS-18"));
    assert_eq!(rule("nothing"), ("NOT_DISCLOSED", "DIS-12"));
    // A key that is printed nowhere.
    let Misconduct::Sealed(complaint) = &evidence.misconduct else { panic!("{evidence:?}") };
    let key = format!("{:?}", complaint.key);
    assert!(!format!("{evidence:?}").contains(&key));
}

/// What an auditor's report names as malformed (BUN-16), its view keys convict.
#[test]
fn mis_18_an_auditor_complains_of_what_its_report_names() {
    let (consortium, transaction) = Consortium::sealed_wrongly();
    let (events, proof) = (consortium.events(), consortium.tag_proof());
    let bundle = Bundle::export(&consortium.members[1], events, proof, None).unwrap();
    let bundle = bundle.verify(consortium.genesis()).unwrap();
    let definition = consortium.members[0].definition().record_named("statement").unwrap();
    let class = definition.field_named("documents").unwrap().class.0;
    let key = consortium.view_key(class, 0, 9);
    let named = bundle.read(std::slice::from_ref(&key)).malformed;
    let made = complaints(&bundle, std::slice::from_ref(&key));
    assert_eq!(made.iter().map(|(field, _)| field.clone()).collect::<Vec<_>>(), named);
    let [(field, evidence)] = made.as_slice() else { panic!("one field") };
    assert_eq!((field.transaction, field.record, field.signed), (transaction, RecordId([1; 32]), true));
    let evidence = evidence.as_ref().unwrap();
    let verified = evidence.verify(consortium.genesis(), Some(&bundle)).unwrap();
    assert_eq!((verified.weight(), verified.field().unwrap().transaction), (Weight::Convicts, transaction));
    assert!(complaints(&bundle, &[]).is_empty(), "without a key nothing is named");
}

#[test]
fn every_byte_of_a_complaint_matters() {
    let forged = Forged::documents(garbage);
    let evidence = forged.evidence(0, forged.complaint());
    let bytes = evidence.encode();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let read = Evidence::decode(&changed).map_err(EvidenceInvalid::from);
        assert!(read.and_then(|bent| bent.verify(forged.consortium.genesis(), None)).is_err(), "byte {at}");
    }
}
