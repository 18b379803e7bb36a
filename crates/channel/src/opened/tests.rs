use parclose_keys::{FieldKey, SealedField, field_leaf};
use parclose_transaction::draft::hazmat;
use parclose_transaction::{
    Act, Change, DefinitionTexts, Motion, Opener, Perspective, SealedPart, SignedTransaction,
};
use parclose_types::{AssetId, Failure, FieldId, Generation};

use super::*;
use crate::fixtures::{Trio, cash_texts, create, texts, update};
use crate::tables::Verdict;
use crate::upkeep::Due;

/// A template with one field of a record type that is to be opened.
fn opened(mut texts: DefinitionTexts, record: &str, field: &str) -> DefinitionTexts {
    let at = texts.channel_toml.find(&format!("[[record]]\nid = {record}")).unwrap();
    let (before, after) = texts.channel_toml.split_at(at);
    let name = format!("name = \"{field}\"");
    assert!(after.contains(&name));
    texts.channel_toml = format!("{before}{}", after.replacen(&name, &format!("{name}\nopened = true"), 1));
    texts
}

/// Statements whose total the counterparty opens first.
fn trio() -> Trio {
    Trio::with(opened(texts(), "1", "total"))
}

impl Trio {
    /// What a member says to a transaction that is sent to it by its author: its word, or the rule.
    fn word(&self, at: usize, signed: &SignedTransaction) -> Result<Opener, &'static str> {
        self.word_for(at, signed, &signed.body().author)
    }

    fn word_for(
        &self,
        at: usize,
        signed: &SignedTransaction,
        from: &PublicKey,
    ) -> Result<Opener, &'static str> {
        let (permanent, prunable) = signed.encode_parts();
        let said = self.member(at).sign_opened(from, (&permanent, &prunable), self.next());
        let (digest, signature) = said.map_err(|refused| refused.rule())?;
        assert_eq!(digest, signed.digest());
        Ok(Opener { reader: self.pseudonym(at), signature })
    }

    /// A member's signature over a transaction, without looking at it.
    fn blind_word(&self, at: usize, signed: &SignedTransaction) -> Opener {
        let key = self.member(at).pseudonym();
        Opener { reader: key.public(), signature: key.sign(&opened_bytes(&signed.digest())) }
    }

    /// The verdict of every member, which is one.
    fn all_say(&mut self, signed: &SignedTransaction) -> String {
        self.anchor(0, std::slice::from_ref(signed));
        let said = (0..3).map(|at| {
            let stored = self.member(at).transaction(&signed.digest()).unwrap().unwrap();
            match stored.verdict.verdict {
                Verdict::Applied => "applied".to_owned(),
                Verdict::Refused(rule) => rule,
            }
        });
        let said: Vec<String> = said.collect();
        assert!(said.iter().all(|one| *one == said[0]), "{said:?}");
        said[0].clone()
    }

    /// What each member's advice says before ordering.
    fn advice(&mut self, signed: &SignedTransaction) -> &'static str {
        let at = self.next();
        let advice = self.member_mut(0).advise(signed, at).unwrap();
        advice.map_or_else(|refused| refused.rule(), |_| "")
    }

    /// A statement whose total is what `seal` makes of its field's own key and context.
    fn sealed_as(
        &mut self,
        record: u8,
        seal: impl FnOnce(FieldKey, &[u8], SealedField) -> SealedField,
    ) -> SignedTransaction {
        let (mut body, mut sealed) = self.sealed(create(record));
        let place = self.field_place(&body, 2);
        let context = place.context();
        let key = self.member(0).keys().field_key(&place, &sealed.salt, &context).unwrap();
        let field = seal(key, &context, sealed.fields[0][2].clone());
        body.operations[0].fields[2].leaf = field_leaf(place.field, &field);
        sealed.fields[0][2] = field;
        self.sign(body, sealed)
    }
}

#[test]
fn opn_03_what_another_member_has_opened_is_applied_by_everybody() {
    let mut trio = trio();
    let signed = trio.statement(create(1));
    let at = trio.next();
    assert_eq!(trio.member(0).readers_to_ask(&signed, at), [vec![trio.pseudonym(1)]]);
    assert_eq!(trio.advice(&signed), "OPN-03");
    let word = trio.word(1, &signed).unwrap();
    let opened = signed.clone().opened_by(vec![word]);
    assert_eq!(trio.advice(&opened), "");
    assert_eq!(trio.all_say(&opened), "applied");
    let stored = trio.member(2).transaction(&signed.digest()).unwrap().unwrap();
    assert_eq!(stored.body, *signed.body(), "whoever reads nothing agrees");
    // What does not write the field needs nobody; the same definition, the same members.
    let without = |body: &mut Body, sealed: &mut SealedPart| {
        body.operations[0].fields.pop();
        sealed.fields[0].pop();
    };
    let partly = trio.odd(update(1, 2), without);
    assert_eq!(trio.all_say(&partly), "applied");
}

#[test]
fn opn_03_without_the_word_of_a_reader_nothing_is_applied() {
    let mut trio = trio();
    let other = trio.statement(create(9));
    let others_word = trio.word(1, &other).unwrap();
    type Words = fn(&Trio, &SignedTransaction, Opener) -> Vec<Opener>;
    let cases: [(Words, &str); 8] = [
        (|_, _, _| vec![], "OPN-03"),
        (|trio, signed, _| vec![trio.blind_word(0, signed)], "OPN-03"),
        (|trio, signed, _| vec![trio.blind_word(2, signed)], "OPN-03"),
        (|trio, signed, _| vec![trio.blind_word(0, signed), trio.blind_word(2, signed)], "OPN-03"),
        (|_, _, others_word| vec![others_word], "OPN-02"),
        (
            |trio, signed, _| {
                let Opener { signature, .. } = trio.blind_word(2, signed);
                vec![Opener { reader: trio.pseudonym(1), signature }]
            },
            "OPN-02",
        ),
        (
            |trio, signed, _| {
                let signature = SignatureBytes([0; 64]);
                vec![trio.blind_word(1, signed), Opener { reader: PublicKey([0; 32]), signature }]
            },
            "OPN-02",
        ),
        (
            |trio, signed, _| {
                // The reader as it will be called once the keys have turned over.
                let later = trio.member(1).pseudonym_in(Generation(1));
                let signature = later.sign(&opened_bytes(&signed.digest()));
                vec![Opener { reader: later.public(), signature }]
            },
            "OPN-03",
        ),
    ];
    for (record, (words, rule)) in (1..).zip(cases) {
        let signed = trio.statement(create(record));
        let with = signed.clone().opened_by(words(&trio, &signed, others_word));
        assert_eq!(trio.advice(&with), rule, "{record}");
        assert_eq!(trio.all_say(&with), rule, "{record}");
        assert!(trio.member(0).record(&crate::fixtures::record(record)).unwrap().is_none());
    }
}

#[test]
fn opn_03_members_with_other_memories_of_signatures_agree() {
    let mut trio = trio();
    let signed = trio.statement(create(1));
    let good = signed.clone().opened_by(vec![trio.word(1, &signed).unwrap()]);
    // The first has verified it with the reader's word, the second starts anew, the third has never seen it.
    assert_eq!(trio.advice(&good), "");
    trio.reopen(1);
    let mut forged = good.clone();
    assert_eq!(forged.digest(), good.digest());
    forged = forged.opened_by(vec![Opener { reader: trio.pseudonym(1), signature: SignatureBytes([1; 64]) }]);
    assert_eq!(trio.all_say(&forged), "OPN-02");
    // One digest has one verdict: the first occurrence counts, whatever words a later one has.
    let sequence = trio.anchor(0, std::slice::from_ref(&good));
    assert_eq!(trio.verdict(&good), "OPN-02");
    let stored = trio.member(0).transaction(&good.digest()).unwrap().unwrap();
    assert!(stored.verdict.sequence < sequence);
    // Sealed again, with a salt of its own, it is another transaction.
    let again = trio.statement(create(1));
    let again = again.clone().opened_by(vec![trio.word(1, &again).unwrap()]);
    assert_eq!(trio.all_say(&again), "applied");
}

#[test]
fn opn_03_a_set_whose_only_member_is_the_author_needs_nobody() {
    let mut trio = trio();
    let signed = trio.statement(create(1));
    let now = trio.member(0).governance().latest().clone();
    let body = signed.body();
    assert_eq!(Demands::of(body, &now).check(&[]).unwrap_err(), OffSchema::Unopened { field: 3 });
    let mut alone = body.clone();
    alone.operations[0].parties[1].1 = alone.operations[0].parties[0].1;
    Demands::of(&alone, &now).check(&[]).unwrap();
    assert_eq!(
        Demands::of(&alone, &now).check(&[alone.author]).unwrap_err(),
        OffSchema::NoReader { reader: alone.author }
    );
}

#[test]
fn opn_03_every_set_of_a_transaction_has_its_own_reader() {
    let mut trio = trio();
    let to_third = crate::fixtures::Statement { counterparty: 2, ..create(2) };
    let signed = trio.statements(&[create(1), to_third]);
    let at = trio.next();
    let mut sets = trio.member(0).readers_to_ask(&signed, at);
    sets.sort();
    let mut expected = [vec![trio.pseudonym(1)], vec![trio.pseudonym(2)]];
    expected.sort();
    assert_eq!(sets, expected);
    let (second, third) = (trio.word(1, &signed).unwrap(), trio.word(2, &signed).unwrap());
    for half in [second, third] {
        assert_eq!(trio.advice(&signed.clone().opened_by(vec![half])), "OPN-03");
    }
    assert_eq!(trio.all_say(&signed.opened_by(vec![second, third])), "applied");
}

#[test]
fn opn_04_nobody_signs_whom_nothing_asks() {
    let mut trio = trio();
    let signed = trio.statement(create(1));
    assert_eq!(trio.word(2, &signed).unwrap_err(), "OPN-04");
    let word = trio.word(1, &signed).unwrap();
    for at in [0, 2] {
        let signed = trio.statement(create(1));
        let more =
            signed.clone().opened_by(vec![trio.word(1, &signed).unwrap(), trio.blind_word(at, &signed)]);
        assert_eq!(trio.all_say(&more), "OPN-04");
    }
    let twice = signed.opened_by(vec![word, word]);
    let (permanent, _) = twice.encode_parts();
    assert_eq!(UnverifiedTransaction::decode(&permanent).unwrap_err().rule(), "WIR-05");
    let motion = Motion { changes: vec![Change::Rekey], blinder: [7; 32] };
    let act = trio.signed_act(0, Due { act: Act::Move(motion), wraps: Vec::new() });
    assert_eq!(trio.word(1, &act).unwrap_err(), "OPN-04");
    let opened = act.clone().opened_by(vec![trio.blind_word(1, &act)]);
    assert_eq!(trio.all_say(&opened), "OPN-04");
    // Where the definition asks for nothing, there is nothing to say.
    let mut trio = Trio::new();
    let signed = trio.statement(create(1));
    let at = trio.next();
    assert!(trio.member(0).readers_to_ask(&signed, at).is_empty());
    assert_eq!(trio.word(1, &signed).unwrap_err(), "OPN-04");
    let opened = signed.clone().opened_by(vec![trio.blind_word(1, &signed)]);
    assert_eq!(trio.all_say(&opened), "OPN-04");
    let plain = trio.statement(create(2));
    assert_eq!(trio.all_say(&plain), "applied");
}

#[test]
fn opn_05_a_reader_does_not_sign_what_it_cannot_read_whole() {
    let mut trio = trio();
    let of_any =
        |bytes: u8| FieldKey::of_disclosed(parclose_crypto::secret::hazmat::secret_from_bytes([bytes; 32]));
    type Seal<'t> = Box<dyn FnOnce(FieldKey, &[u8], SealedField) -> SealedField + 't>;
    let odd: [(&str, Seal<'_>); 5] = [
        ("sealed under another key", Box::new(|_, context, _| of_any(1).seal(context, b"12345678GBP"))),
        (
            "the right ciphertext, another key commitment",
            Box::new(|_, context, honest| {
                let other = of_any(1).seal(context, b"12345678GBP");
                SealedField { commitment: other.commitment, ..honest }
            }),
        ),
        (
            "the right key commitment, a ciphertext under another key",
            Box::new(|_, context, honest| {
                let other = of_any(1).seal(context, b"12345678GBP");
                SealedField { ciphertext: other.ciphertext, ..honest }
            }),
        ),
        (
            "a byte of the ciphertext",
            Box::new(|_, _, mut honest| {
                honest.ciphertext[0] ^= 1;
                honest
            }),
        ),
        ("a text where an amount belongs", Box::new(|key, context, _| key.seal(context, b"a text"))),
    ];
    for (record, (what, seal)) in (1..).zip(odd) {
        let signed = trio.sealed_as(record, seal);
        assert_eq!(trio.word(1, &signed).unwrap_err(), "OPN-05", "{what}");
        // Its author can put it forward all the same: nobody applies it.
        assert_eq!(trio.all_say(&signed), "OPN-03", "{what}");
    }
    // The control: the same by the same means, and honest.
    let honest = trio.sealed_as(9, |key, context, _| key.seal(context, b"\0\0\0\0\0\0\0\x07GBP"));
    let word = trio.word(1, &honest).unwrap();
    assert_eq!(trio.all_say(&honest.opened_by(vec![word])), "applied");
}

/// Cash whose receiver opens each amount first.
fn cash() -> (Trio, AssetId) {
    Trio::cash_of(opened(cash_texts(), "3", "quantity"))
}

#[test]
fn opn_05_an_amount_that_is_not_the_committed_one_is_not_signed() {
    let (mut trio, asset) = cash();
    let lying = trio.odd_issue(asset, 500, 5);
    assert_eq!(trio.word(1, &lying).unwrap_err(), "OPN-05");
    assert_eq!(trio.all_say(&lying), "OPN-03");
    assert_eq!(trio.member(1).notes(trio.member(1).keys()).unwrap().len(), 0);
    let honest = trio.odd_issue(asset, 500, 500);
    let word = trio.word(1, &honest).unwrap();
    let stolen = trio.odd_issue(asset, 500, 5).opened_by(vec![word]);
    assert_eq!(trio.all_say(&stolen), "OPN-02", "the word was about another");
    assert_eq!(trio.all_say(&honest.opened_by(vec![word])), "applied");
    assert_eq!(trio.amounts(1), [500]);
}

#[test]
fn opn_03_a_note_that_goes_back_to_its_payer_needs_nobody_else() {
    let (mut trio, asset) = cash();
    let issue = trio.issue(0, asset, &[(1, 8)]);
    let word = trio.word(1, &issue).unwrap();
    assert_eq!(trio.all_say(&issue.opened_by(vec![word])), "applied");
    let notes = trio.purse(1);
    let payment = trio.pay(1, asset, notes, &[(2, 5), (1, 3)]);
    let at = trio.next();
    assert_eq!(trio.member(1).readers_to_ask(&payment, at), [vec![trio.pseudonym(2)]]);
    let word = trio.word(2, &payment).unwrap();
    assert_eq!(trio.decide_by(1, &payment.opened_by(vec![word])), "applied");
    assert_eq!((trio.amounts(1), trio.amounts(2)), (vec![3], vec![5]));
}

#[test]
fn opn_05_a_reader_without_the_secret_of_the_set_does_not_sign() {
    let mut trio = Trio::founded_with(opened(texts(), "1", "total"));
    trio.settle();
    let both = [trio.pseudonym(0), trio.pseudonym(1)];
    let audience = trio.member(0).config().audience_of(&both);
    let secret = || parclose_keys::audience::hazmat::audience_from_bytes([1; 32]);
    trio.member_mut(0).keys.insert(Generation(0), audience, secret());
    let signed = trio.statement(create(1));
    assert_eq!(trio.word(1, &signed).unwrap_err(), "OPN-05");
    // One that was not dealt in the channel does not count, though it opens everything.
    trio.member_mut(1).keys.insert(Generation(0), audience, secret());
    assert_eq!(trio.word(1, &signed).unwrap_err(), "OPN-05");
    let (permanent, prunable) = signed.encode_parts();
    let said = trio.member(1).sign_opened(&signed.body().author, (&permanent, &prunable), trio.next());
    assert_eq!(said.unwrap_err(), OpeningRefused::NoSecret { field: 3 });
}

#[test]
fn opn_06_a_reader_signs_for_the_author_and_what_is_good_here_and_now() {
    let mut trio = trio();
    let signed = trio.statement(create(1));
    trio.word(1, &signed).unwrap();
    for from in [trio.pseudonym(1), trio.pseudonym(2)] {
        assert_eq!(trio.word_for(1, &signed, &from).unwrap_err(), "OPN-06");
    }
    let sponsor = trio.pseudonym(2);
    let by_another = trio.odd(create(2), |body, _| body.sponsor = sponsor);
    assert_eq!(trio.word(1, &by_another).unwrap_err(), "OPN-06");
    let elsewhere = trio.odd(create(3), |body, _| body.channel.0[0] ^= 1);
    assert_eq!(trio.word(1, &elsewhere).unwrap_err(), "AUT-03");
    let unsigned = {
        let (body, sealed) = hazmat::into_parts(signed.clone());
        hazmat::sign_unchecked(body, sealed, trio.member(2).pseudonym())
    };
    assert_eq!(trio.word(1, &unsigned).unwrap_err(), "AUT-01");
    let swapped = {
        let (body, _) = hazmat::into_parts(signed.clone());
        let (_, sealed) = hazmat::into_parts(trio.statement(create(1)));
        trio.sign(body, sealed)
    };
    assert_eq!(trio.word(1, &swapped).unwrap_err(), "WIR-06");
    let renumbered = trio.odd(create(4), |body, sealed| {
        // Another field in the place of the one that is to be opened: nothing is left to open.
        let entry = &mut body.operations[0].fields[2];
        entry.field = FieldId(5);
        entry.leaf = field_leaf(entry.field, &sealed.fields[0][2]);
    });
    assert_eq!(trio.word(1, &renumbered).unwrap_err(), "OPN-04");
    trio.wait(60);
    assert_eq!(trio.word(1, &signed).unwrap_err(), "AUT-04");
}

#[test]
fn opn_06_a_reader_that_is_behind_may_say_otherwise_later() {
    let mut trio = trio();
    let before = trio.next();
    trio.wait(64);
    let signed = trio.statement(create(1));
    let (permanent, prunable) = signed.encode_parts();
    let say = |at| trio.member(1).sign_opened(&signed.body().author, (&permanent, &prunable), at);
    let refused = say(before).unwrap_err();
    assert_eq!((refused.rule(), refused.is_for_now()), ("AUT-06", true), "its epoch has not begun there");
    let late = say(Height(before.0 + 3 * 64)).unwrap_err();
    assert!(!late.is_for_now(), "{late}");
    say(trio.next()).unwrap();
    assert!(!OpeningRefused::Unreadable { field: 3 }.is_for_now());
    assert!(!OpeningRefused::NoReader.is_for_now());
}
