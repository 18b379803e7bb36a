//! Grants and wrapped view keys: the way of a key to a regulator, and each rule broken alone.

use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_crypto::wrap::{UnwrapKey, wrap};
use parclose_keys::audience::wrap_info;
use parclose_types::{ClassId, Epoch, Failure};
use proptest::prelude::*;

use super::*;
use crate::bundle::Bundle;
use crate::fixtures::Consortium;

fn regulator() -> UnwrapKey {
    UnwrapKey::from_secret(&secret_from_bytes([21; 32]))
}

fn scope(consortium: &Consortium) -> GrantScope {
    let config = consortium.members[0].config();
    GrantScope {
        channel: config.channel,
        generation: config.generation,
        audience: consortium.both(),
        class: ClassId(2),
        from: Epoch(1),
        to: Epoch(9),
    }
}

fn terms(consortium: &Consortium) -> GrantTerms {
    let readers = (consortium.pseudonym(0), consortium.pseudonym(1));
    let keys = consortium.members[0].keys();
    GrantTerms::draw_up(keys, scope(consortium), regulator().public(), readers.0, readers.1).unwrap()
}

/// Signed by both members, whatever the terms say.
fn signed(consortium: &Consortium, terms: GrantTerms) -> Grant {
    let sign = |member: usize| consortium.members[member].pseudonym().sign(&terms.signing_bytes());
    let (issuer_signature, second_signature) = (sign(0), sign(1));
    Grant { terms, issuer_signature, second_signature }
}

fn granted(consortium: &Consortium) -> Grant {
    let terms = terms(consortium);
    let sign = |member: usize| {
        let member = &consortium.members[member];
        terms.sign(member.keys(), member.pseudonym()).unwrap()
    };
    let (issuer_signature, second_signature) = (sign(0), sign(1));
    Grant { terms, issuer_signature, second_signature }
}

fn issued(consortium: &mut Consortium) -> WrappedViewKey {
    let (grant, keys) = (granted(consortium), consortium.members[0].keys());
    WrappedViewKey::issue(keys, grant, regulator().public(), &mut consortium.rng).unwrap()
}

fn check(consortium: &Consortium, grant: &Grant) -> Result<(), GrantInvalid> {
    let config = consortium.members[1].config();
    grant.verify(config, &config.pseudonyms())
}

#[test]
fn a_view_key_reaches_the_regulator_with_its_grant() {
    let mut consortium = Consortium::new();
    let wrapped = issued(&mut consortium);
    let again = WrappedViewKey::from_json(&wrapped.to_json()).unwrap();
    assert_eq!(again, wrapped);
    let key = again.open(&regulator()).unwrap();
    assert_eq!((key.cover.from(), key.cover.to(), key.class), (Epoch(1), Epoch(9), ClassId(2)));
    let transaction = consortium.statement(0, 1, 1, 10);
    consortium.anchored(&[transaction]);
    let proof = consortium.tag_proof();
    let bundle = Bundle::export(&consortium.members[0], consortium.events(), proof, None).unwrap();
    let verified = bundle.verify(consortium.genesis()).unwrap();
    assert_eq!(verified.accept(&again.grant), Ok(()));
}

#[test]
fn gra_01_a_grant_covers_epochs_of_an_audience_that_its_issuer_reads() {
    let consortium = Consortium::new();
    let keys = consortium.members[0].keys();
    let base = scope(&consortium);
    let cut = |scope: GrantScope| scope.cut(keys).map(|_| ());
    assert_eq!(cut(base), Ok(()));
    assert_eq!(cut(GrantScope { to: Epoch(1), ..base }), Ok(()));
    assert_eq!(cut(GrantScope { to: Epoch(0), ..base }), Err(GrantInvalid::Scope));
    let alone = consortium.members[0].config().audience_of(&[consortium.pseudonym(1)]);
    assert_eq!(cut(GrantScope { audience: alone, ..base }), Err(GrantInvalid::Scope));
}

#[test]
fn gra_02_a_reader_signs_only_what_its_own_secret_gives() {
    let consortium = Consortium::new();
    let second = &consortium.members[1];
    let mut terms = terms(&consortium);
    assert!(terms.sign(second.keys(), second.pseudonym()).is_ok());
    terms.check_values[2][0] ^= 1;
    assert_eq!(terms.sign(second.keys(), second.pseudonym()), Err(GrantInvalid::CheckValues));
    terms.check_values.pop();
    assert_eq!(terms.sign(second.keys(), second.pseudonym()), Err(GrantInvalid::CheckValues));
}

#[test]
fn gra_03_a_grant_is_of_its_channel_generation_and_audience() {
    let consortium = Consortium::new();
    let with = |change: fn(&mut GrantScope)| {
        let mut terms = terms(&consortium);
        change(&mut terms.scope);
        check(&consortium, &signed(&consortium, terms))
    };
    assert_eq!(with(|_| ()), Ok(()));
    assert_eq!(with(|scope| scope.channel.0[0] ^= 1), Err(GrantInvalid::OtherChannel));
    assert_eq!(with(|scope| scope.generation.0 += 1), Err(GrantInvalid::OtherChannel));
    assert_eq!(with(|scope| scope.audience.0[0] ^= 1), Err(GrantInvalid::OtherChannel));
}

#[test]
fn gra_04_one_reader_cannot_grant_alone() {
    let consortium = Consortium::new();
    let with = |change: &dyn Fn(&mut GrantTerms)| {
        let mut terms = terms(&consortium);
        change(&mut terms);
        check(&consortium, &signed(&consortium, terms))
    };
    let issuer = consortium.pseudonym(0);
    assert_eq!(with(&|terms| terms.second_reader = issuer), Err(GrantInvalid::Readers));
    assert_eq!(with(&|terms| terms.second_reader.0[0] ^= 1), Err(GrantInvalid::Readers));
    let alone = consortium.members[0].config().audience_of(&[issuer]);
    let mut terms = terms(&consortium);
    terms.scope.audience = alone;
    let grant = signed(&consortium, terms);
    assert_eq!(grant.verify(consortium.members[0].config(), &[issuer]), Err(GrantInvalid::Readers));
    // Who alone can read something grants it alone.
    let mut own = grant;
    own.terms.second_reader = issuer;
    let signature = consortium.members[0].pseudonym().sign(&own.terms.signing_bytes());
    (own.issuer_signature, own.second_signature) = (signature, signature);
    assert_eq!(own.verify(consortium.members[0].config(), &[issuer]), Ok(()));
}

#[test]
fn gra_05_both_have_signed_exactly_these_terms() {
    let consortium = Consortium::new();
    let good = granted(&consortium);
    assert_eq!(check(&consortium, &good), Ok(()));
    let changes: [fn(&mut Grant); 7] = [
        |grant| grant.terms.scope.to = Epoch(10),
        |grant| grant.terms.scope.from = Epoch(0),
        |grant| grant.terms.scope.class = ClassId(1),
        |grant| grant.terms.grantee.0[0] ^= 1,
        |grant| grant.terms.check_values[0][0] ^= 1,
        |grant| grant.second_signature = grant.issuer_signature,
        |grant| std::mem::swap(&mut grant.terms.issuer, &mut grant.terms.second_reader),
    ];
    for change in changes {
        let mut grant = good.clone();
        change(&mut grant);
        assert_eq!(check(&consortium, &grant), Err(GrantInvalid::Signature));
    }
}

#[test]
fn gra_06_another_key_does_not_open_it() {
    let mut consortium = Consortium::new();
    let wrapped = issued(&mut consortium);
    let other = UnwrapKey::from_secret(&secret_from_bytes([22; 32]));
    assert_eq!(wrapped.open(&other).map(|_| ()), Err(GrantInvalid::OtherGrantee));
    let (grant, keys) = (granted(&consortium), consortium.members[0].keys());
    let issue = WrappedViewKey::issue(keys, grant, other.public(), &mut consortium.rng);
    assert_eq!(issue, Err(GrantInvalid::OtherGrantee));
}

#[test]
fn gra_07_a_wrap_goes_with_its_own_grant_only() {
    let mut consortium = Consortium::new();
    let wrapped = issued(&mut consortium);
    let refused = |change: &dyn Fn(&mut WrappedViewKey)| {
        let mut other = wrapped.clone();
        change(&mut other);
        other.open(&regulator()).map(|_| ())
    };
    assert_eq!(refused(&|_| ()), Ok(()));
    assert_eq!(refused(&|other| other.wrap[1200] ^= 1), Err(GrantInvalid::Wrap));
    assert_eq!(refused(&|other| other.wrap.truncate(10)), Err(GrantInvalid::Wrap));
    assert_eq!(refused(&|other| other.grant.terms.scope.to = Epoch(10)), Err(GrantInvalid::Wrap));
    assert_eq!(refused(&|other| other.grant.terms.check_values[0][0] ^= 1), Err(GrantInvalid::Wrap));
}

/// A wrap that an issuer makes of anything it likes, for terms that it likes.
fn wrapped_as(consortium: &mut Consortium, terms: GrantTerms, plaintext: &[u8]) -> WrappedViewKey {
    let regulator = regulator();
    let GrantScope { channel, generation, audience, .. } = terms.scope;
    let info = wrap_info("grant", &channel, generation, &audience, regulator.public());
    let wrap =
        wrap(regulator.public(), &info, &terms.signing_bytes(), plaintext, &mut consortium.rng).unwrap();
    WrappedViewKey { grant: signed(consortium, terms), wrap }
}

#[test]
fn gra_08_a_view_key_of_another_scope_is_refused() {
    let mut consortium = Consortium::new();
    let base = scope(&consortium);
    let others = [
        GrantScope { class: ClassId(1), ..base },
        GrantScope { from: Epoch(0), ..base },
        GrantScope { to: Epoch(8), ..base },
    ];
    for other in others {
        let key = other.cut(consortium.members[0].keys()).unwrap();
        let terms = terms(&consortium);
        let wrapped = wrapped_as(&mut consortium, terms, &key.to_bytes());
        assert_eq!(wrapped.open(&regulator()).map(|_| ()), Err(GrantInvalid::OtherScope));
    }
    let terms = terms(&consortium);
    let nothing = wrapped_as(&mut consortium, terms, b"no view key");
    assert_eq!(nothing.open(&regulator()).map(|_| ()).unwrap_err().rule(), "KEY-11");
}

#[test]
fn gra_09_a_wrong_seed_is_noticed_before_anything_is_opened() {
    let mut consortium = Consortium::new();
    let terms = terms(&consortium);
    let good = terms.scope.cut(consortium.members[0].keys()).unwrap().to_bytes();
    assert!(wrapped_as(&mut consortium, terms.clone(), &good).open(&regulator()).is_ok());
    let mut wrong = good.to_vec();
    *wrong.last_mut().unwrap() ^= 1;
    let wrapped = wrapped_as(&mut consortium, terms, &wrong);
    assert_eq!(wrapped.open(&regulator()).map(|_| ()), Err(GrantInvalid::WrongSeeds));
}

#[test]
fn gra_10_a_view_key_file_has_exactly_the_members_of_its_schema() {
    let text = issued(&mut Consortium::new()).to_json();
    let rule = |text: &str| WrappedViewKey::from_json(text).unwrap_err().rule();
    assert_eq!(rule(&text.replacen('{', "{\"more\": 1,", 1)), "GRA-10");
    assert_eq!(rule(&text.replacen("viewkey/1", "viewkey/2", 1)), "GRA-10");
    assert_eq!(rule(&text.replacen("\"class\": 2,", "", 1)), "GRA-10");
    assert_eq!(rule(&(text + &" ".repeat(1 << 16))), "GRA-10");
}

#[test]
fn gra_11_every_readable_member_is_what_the_bytes_say() {
    let text = issued(&mut Consortium::new()).to_json();
    let changes = [
        ("class", "\"class\": 2", "\"class\": 3"),
        ("from", "\"from\": 1", "\"from\": 0"),
        ("to", "\"to\": 9", "\"to\": 8"),
        ("generation", "\"generation\": 0", "\"generation\": 1"),
        ("channel", "\"channel\": \"05", "\"channel\": \"06"),
    ];
    for (member, from, to) in changes {
        let refused = WrappedViewKey::from_json(&text.replacen(from, to, 1));
        assert_eq!(refused, Err(GrantInvalid::Readable { member: member.into() }));
    }
}

/// Somebody to whom the regulator passes a part on.
fn delegate() -> UnwrapKey {
    UnwrapKey::from_secret(&secret_from_bytes([23; 32]))
}

fn narrowed(consortium: &mut Consortium, from: u32, to: u32) -> Result<NarrowedViewKey, GrantInvalid> {
    let wrapped = issued(consortium);
    let held = wrapped.open(&regulator())?;
    let part = (Epoch(from), Epoch(to));
    NarrowedViewKey::cut(&held, &wrapped.grant, part, delegate().public(), &mut consortium.rng)
}

#[test]
fn gra_19_a_part_of_a_view_key_is_passed_on_and_never_more() {
    let mut consortium = Consortium::new();
    let part = narrowed(&mut consortium, 3, 5).unwrap();
    let opened = part.open(&delegate()).unwrap();
    let scope = GrantScope { from: Epoch(3), to: Epoch(5), ..scope(&consortium) };
    let direct = scope.cut(consortium.members[0].keys()).unwrap();
    assert_eq!(opened.to_bytes(), direct.to_bytes(), "the very key that a reader would have cut");
    for (from, to) in [(0, 5), (3, 10), (0, 10), (5, 3)] {
        let refused = narrowed(&mut consortium, from, to).map(|_| ());
        assert_eq!(refused, Err(GrantInvalid::Wider), "{from} to {to}");
    }
    let mut wider = part.clone();
    wider.to = Epoch(10);
    assert_eq!(wider.open(&delegate()).map(|_| ()), Err(GrantInvalid::Wider));
    // And passed on once more.
    let again = NarrowedViewKey::cut(
        &opened,
        &part.grant,
        (Epoch(4), Epoch(4)),
        regulator().public(),
        &mut consortium.rng,
    );
    assert!(again.unwrap().open(&regulator()).unwrap().leaf(Epoch(3)).is_none());
}

#[test]
fn gra_20_a_part_goes_with_its_grant_its_epochs_its_check_values_and_its_holder() {
    let mut consortium = Consortium::new();
    let part = narrowed(&mut consortium, 3, 5).unwrap();
    let refused = |change: &dyn Fn(&mut NarrowedViewKey)| {
        let mut other = part.clone();
        change(&mut other);
        other.open(&delegate()).map(|_| ())
    };
    assert_eq!(refused(&|_| ()), Ok(()));
    assert_eq!(refused(&|part| part.from = Epoch(2)), Err(GrantInvalid::Wrap));
    assert_eq!(refused(&|part| part.to = Epoch(6)), Err(GrantInvalid::Wrap));
    assert_eq!(refused(&|part| part.check_values[0][0] ^= 1), Err(GrantInvalid::Wrap));
    assert_eq!(refused(&|part| part.grant.terms.scope.class = ClassId(1)), Err(GrantInvalid::Wrap));
    assert_eq!(refused(&|part| part.wrap[1200] ^= 1), Err(GrantInvalid::Wrap));
    assert_eq!(refused(&|part| part.grantee.0[0] ^= 1), Err(GrantInvalid::OtherGrantee));
    assert_eq!(part.open(&regulator()).map(|_| ()), Err(GrantInvalid::OtherGrantee));
    // Whoever passes on something else than it says is found out by scope and seeds.
    let held = GrantScope { from: Epoch(3), to: Epoch(5), ..scope(&consortium) };
    let seeds = held.cut(consortium.members[0].keys()).unwrap().to_bytes();
    let passed = |consortium: &mut Consortium, bytes: &[u8]| {
        let (info, aad) = (part.info(delegate().public()), part.aad());
        let wrap = wrap(delegate().public(), &info, &aad, bytes, &mut consortium.rng).unwrap();
        NarrowedViewKey { wrap, ..part.clone() }.open(&delegate()).map(|_| ())
    };
    assert_eq!(passed(&mut consortium, &seeds), Ok(()));
    let other = GrantScope { class: ClassId(1), ..held };
    let other = other.cut(consortium.members[0].keys()).unwrap().to_bytes();
    assert_eq!(passed(&mut consortium, &other), Err(GrantInvalid::OtherScope));
    let mut wrong = seeds.to_vec();
    *wrong.last_mut().unwrap() ^= 1;
    assert_eq!(passed(&mut consortium, &wrong), Err(GrantInvalid::WrongSeeds));
}

#[test]
fn gra_21_a_file_holds_view_keys_of_one_channel_for_one_holder_each_once() {
    let mut consortium = Consortium::new();
    let whole = GrantedKey::Whole(issued(&mut consortium));
    let part = GrantedKey::Narrowed(narrowed(&mut consortium, 3, 5).unwrap());
    let file = ViewKeys::new(vec![whole.clone()]).unwrap();
    assert_eq!(ViewKeys::from_json(&file.to_json()), Ok(file));
    let GrantedKey::Whole(alone) = &whole else { unreachable!() };
    assert_eq!(ViewKeys::from_json(&alone.to_json()).unwrap().keys(), std::slice::from_ref(&whole));
    let parts = ViewKeys::new(vec![part.clone()]).unwrap();
    let again = ViewKeys::from_json(&parts.to_json()).unwrap();
    assert_eq!((again.keys()[0].scope().from, &again), (Epoch(3), &parts));
    assert_eq!(ViewKeys::new(Vec::new()), Err(GrantInvalid::Together));
    assert_eq!(ViewKeys::new(vec![whole.clone(), whole.clone()]), Err(GrantInvalid::Together));
    assert_eq!(ViewKeys::new(vec![whole, part]), Err(GrantInvalid::Together), "two holders");
    let text = parts.to_json();
    let rule = |text: &str| ViewKeys::from_json(text).unwrap_err().rule();
    assert_eq!(rule(&text.replacen('{', "{\"more\": 1,", 1)), "GRA-10");
    assert_eq!(rule(&text.replacen("viewkeys/1", "viewkeys/2", 1)), "GRA-10");
    assert_eq!(rule(&text.replacen("narrowed/1", "narrowed/2", 1)), "GRA-10");
    assert_eq!(rule(&text.replacen("\"from\": 3", "\"from\": 2", 1)), "GRA-11");
    assert_eq!(rule("{}"), "GRA-10");
    assert_eq!(rule("no"), "GRA-10");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn wir_02_arbitrary_bytes_are_no_wrapped_view_key(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(WrappedViewKey::decode(&bytes).is_err());
    }
}
