use parclose_types::{AudienceId, FieldId, Generation, MemberId};

use rand_chacha::rand_core::SeedableRng;

use crate::fixtures::{Statement, Trio, create, update};

#[test]
fn sch_01_types_and_fields_are_those_of_the_definition() {
    let mut trio = Trio::new();
    let unknown_type = trio.odd(create(1), |body, _| body.operations[0].record_type = 9);
    assert_eq!(trio.decide(&unknown_type), "SCH-01");
    let unknown_field = trio.odd(create(2), |body, sealed| {
        // The last field, so that the order holds; sealed anew under the unknown number.
        let last = body.operations[0].fields.last_mut().unwrap();
        last.field = FieldId(99);
        last.leaf = parclose_keys::field_leaf(last.field, sealed.fields[0].last().unwrap());
    });
    assert_eq!(trio.decide(&unknown_field), "SCH-01");
    let known = trio.statement(create(3));
    assert_eq!(trio.decide(&known), "applied");
}

#[test]
fn sch_02_each_slot_has_one_member_of_its_role() {
    let mut trio = Trio::new();
    let fewer = trio.odd(create(1), |body, _| body.operations[0].parties.truncate(1));
    let more = trio.odd(create(2), |body, _| {
        let (_, party) = body.operations[0].parties[1];
        body.operations[0].parties.push((2, party));
    });
    let renumbered = trio.odd(create(3), |body, _| body.operations[0].parties[1].0 = 2);
    let stranger = trio.odd(create(4), |body, _| body.operations[0].parties[1].1 = MemberId([7; 32]));
    for transaction in [fewer, more, renumbered, stranger] {
        assert_eq!(trio.decide(&transaction), "SCH-02");
    }
}

#[test]
fn sch_02_a_party_holds_the_role_of_its_slot() {
    let mut trio = Trio::new();
    // A definition whose counterparties hold a role that nobody has.
    for at in 0..3 {
        let generations = &mut trio.member_mut(at).governance.generations;
        let in_force = std::sync::Arc::make_mut(generations.get_mut(&Generation(0)).unwrap());
        in_force.definition.records[0].slots[1].role = "auditor".into();
    }
    let transaction = trio.statement(create(1));
    assert_eq!(trio.decide(&transaction), "SCH-02");
}

#[test]
fn sch_03_a_field_is_sealed_for_the_audience_of_the_schema() {
    let mut trio = Trio::new();
    let config = trio.member(0).config().clone();
    let everybody = config.audience_of(&config.pseudonyms());
    let alone = config.audience_of(&[trio.pseudonym(0)]);
    for (number, audience) in (1..).zip([everybody, alone, AudienceId([0; 32])]) {
        let wrong = trio.odd(create(number), |body, _| body.operations[0].fields[1].audience = audience);
        assert_eq!(trio.decide(&wrong), "SCH-03");
    }
}

#[test]
fn sch_04_an_author_belongs_to_the_audience() {
    let mut trio = Trio::new();
    let outsider = trio.statement(Statement { author: 2, ..create(1) });
    assert_eq!(trio.verdict(&outsider), "none");
    trio.anchor(2, std::slice::from_ref(&outsider));
    assert_eq!(trio.verdict(&outsider), "SCH-04");
}

#[test]
fn sch_06_nothing_is_sealed_for_an_audience_without_a_secret() {
    let mut trio = Trio::founded();
    trio.settle();
    // Members of the audience agree on a secret of their own, which nobody has dealt in the channel.
    let both = [trio.pseudonym(0), trio.pseudonym(1)];
    let audience = trio.member(0).config().audience_of(&both);
    let secret = || parclose_keys::audience::hazmat::audience_from_bytes([1; 32]);
    trio.member_mut(0).keys.insert(Generation(0), audience, secret());
    let secretly = trio.statement(create(1));
    assert_eq!(trio.decide(&secretly), "SCH-06");
    let head = trio.head();
    let deal =
        trio.member(0).deal_on_first_use(&both, head, &mut rand_chacha::ChaCha20Rng::from_seed([7; 32]));
    let dealt = trio.signed_act(0, deal.unwrap());
    assert_eq!(trio.decide(&dealt), "applied");
    let too_early = trio.statement(create(2));
    assert_eq!(trio.decide(&too_early), "SCH-06", "one of two holds it: no majority");
    trio.upkeep();
    let in_time = trio.statement(create(3));
    assert_eq!(trio.decide(&in_time), "applied");
}

#[test]
fn sch_05_a_new_record_has_its_required_fields() {
    let mut trio = Trio::new();
    let without = |body: &mut parclose_transaction::Body, sealed: &mut parclose_transaction::SealedPart| {
        body.operations[0].fields.pop();
        sealed.fields[0].pop();
    };
    let lacking = trio.odd(create(1), without);
    assert_eq!(trio.decide(&lacking), "SCH-05");
    let whole = trio.statement(create(2));
    assert_eq!(trio.decide(&whole), "applied");
    let partly = trio.odd(update(2, 2), without);
    assert_eq!(trio.decide(&partly), "applied", "an update names what it changes");
}

#[test]
fn what_the_policy_denies_is_recorded_with_its_rule() {
    let mut trio = Trio::new();
    // The counterparty cannot draw up a statement in the preparer's name.
    let not_permitted = trio.statement(Statement { author: 1, ..create(1) });
    trio.anchor(1, std::slice::from_ref(&not_permitted));
    assert_eq!(trio.verdict(&not_permitted), "ACC-04");
    let forbidden = trio.statement(Statement { counterparty: 0, ..create(2) });
    assert_eq!(trio.decide(&forbidden), "ACC-03");
    let unknown = trio.odd(create(3), |body, _| body.operations[0].action = "approve".into());
    assert_eq!(trio.decide(&unknown), "ACC-05");
}

#[test]
fn the_owner_is_who_created_the_record_whoever_updates_it() {
    let mut trio = Trio::new();
    let made = trio.statement(create(1));
    assert_eq!(trio.decide(&made), "applied");
    let answered = trio.statement(Statement { author: 1, ..update(1, 2) });
    trio.anchor(1, std::slice::from_ref(&answered));
    assert_eq!(trio.verdict(&answered), "applied");
    let row = trio.member(2).record(&crate::fixtures::record(1)).unwrap().unwrap();
    assert_eq!((row.owner, row.version), (trio.id(0), 2));
}
