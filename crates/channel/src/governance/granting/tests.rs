//! Grants of three members, and what follows from them with every secret that is dealt.

use std::collections::BTreeSet;

use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_crypto::wrap::UnwrapKey;
use parclose_transaction::{Act, Change, DefinitionTexts};
use parclose_types::{AudienceId, ClassId, Failure};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::*;
use crate::fixtures::{Trio, create, texts};
use crate::governance::Dealt;
use crate::upkeep::Due;

fn regulator() -> UnwrapKey {
    UnwrapKey::from_secret(&secret_from_bytes([21; 32]))
}

fn granted() -> StandingGrant {
    StandingGrant {
        name: "authority".into(),
        grantee: regulator().public().to_vec(),
        audience: "both".into(),
        class: ClassId(2),
        from: Epoch(0),
        to: Epoch(1000),
        members: Vec::new(),
        alone: false,
    }
}

/// Something that is changed so that it does not hold, with what that is.
type Odd<T> = (&'static str, fn(&mut T));

fn grant_act(grant: &StandingGrant) -> Act {
    Act::Grant(Box::new(grant.clone()))
}

/// Proposes as the first member, and agrees as the others.
fn stand(trio: &mut Trio, grant: &StandingGrant) -> TransactionDigest {
    let (verdict, named) = trio.act(0, grant_act(grant));
    assert_eq!(verdict, "applied");
    for member in [1, 2] {
        assert_eq!(trio.act(member, Act::Approve { grant: named }).0, "applied");
    }
    named
}

fn revoke(trio: &mut Trio, grant: TransactionDigest) {
    for member in [1, 2] {
        assert_eq!(trio.act(member, Act::Revoke { grant }).0, "applied");
    }
}

/// Why a member's act would be refused now.
fn refused(trio: &mut Trio, at: usize, act: &Act) -> String {
    let height = trio.next();
    let rehearsed = trio.member_mut(at).rehearse(act, height).unwrap();
    rehearsed.map_or_else(|reject| reject.rule().to_owned(), |()| "applied".to_owned())
}

/// Covers of a grant on the way: how many are owed, made, and count.
fn standing(trio: &Trio, grant: &TransactionDigest) -> (usize, usize, usize) {
    let rows = trio.member(2).covers(grant).unwrap();
    let count = |is: fn(&CoverState) -> bool| rows.iter().filter(|row| is(&row.state)).count();
    (
        count(|state| *state == CoverState::Owed),
        count(|state| matches!(state, CoverState::Made { .. })),
        count(|state| matches!(state, CoverState::Counts { .. })),
    )
}

/// Everything of a grant that the regulator can open, by generation.
fn opened(trio: &Trio, grant: &TransactionDigest) -> Vec<(Generation, AudienceId)> {
    let recorded = trio.member(1).granted(grant).unwrap();
    recorded
        .iter()
        .map(|(grant, wrap)| {
            let view_key = grant.terms.unwrap(wrap, &regulator()).unwrap();
            (view_key.generation, view_key.audience)
        })
        .collect()
}

fn rekey(trio: &mut Trio) {
    trio.decide_on(0, vec![Change::Rekey], &[1]);
    trio.rotate();
}

/// What a member's node would do for grants now.
fn due(trio: &mut Trio, at: usize) -> Vec<Due> {
    let head = trio.head();
    let mut rng = ChaCha20Rng::from_seed([3; 32]);
    let due = trio.member_mut(at).upkeep(head, &mut rng).unwrap();
    due.into_iter().filter(|due| matches!(due.act, Act::Cover(_) | Act::Confirm(_))).collect()
}

/// The one act that is due of whoever has one.
fn next_due(trio: &mut Trio) -> (usize, Due) {
    let mut all =
        (0..3).flat_map(|at| due(trio, at).into_iter().map(move |due| (at, due)).collect::<Vec<_>>());
    all.next().expect("something is due")
}

#[test]
fn a_grant_covers_what_it_spans_with_both_readers_signatures_and_opens_for_its_grantee_alone() {
    let mut trio = Trio::new();
    let pairs = trio.member(0).governance().deals_of(trio.member(0).governance().latest().configuration);
    let spanned = pairs.count();
    let grant = stand(&mut trio, &granted());
    assert_eq!(standing(&trio, &grant), (spanned, 0, 0));
    trio.upkeep();
    assert_eq!(standing(&trio, &grant), (0, 0, spanned));
    assert_eq!(opened(&trio, &grant).len(), spanned);
    let config = trio.member(0).config().clone();
    for (recorded, wrap) in trio.member(0).granted(&grant).unwrap() {
        let deals = trio.member(0).governance().deals_of(config.digest());
        let set = deals.map(|row| &row.deal).find(|deal| deal.audience == recorded.terms.scope.audience);
        assert_eq!(recorded.verify(&config, &set.unwrap().members), Ok(()));
        let other = UnwrapKey::from_secret(&secret_from_bytes([22; 32]));
        assert!(recorded.terms.unwrap(&wrap, &other).is_err());
    }
    assert!(trio.member(0).verify(|sequence| trio.chain(sequence)).is_ok(), "the rows are under the root");
    let before = trio.member(0).governance().clone();
    trio.close(0);
    trio.reopen(0);
    assert_eq!(trio.member(0).governance(), &before);
}

#[test]
fn a_grant_is_narrowed_to_sets_with_a_member() {
    let mut trio = Trio::new();
    let own = trio.id(0);
    let grant = stand(&mut trio, &StandingGrant { members: vec![own], ..granted() });
    trio.upkeep();
    let key = trio.pseudonym(0);
    let latest = trio.member(0).governance().latest().configuration;
    let with: Vec<AudienceId> = trio
        .member(0)
        .governance()
        .deals_of(latest)
        .filter(|row| row.deal.members.contains(&key))
        .map(|row| row.deal.audience)
        .collect();
    let mut covered: Vec<AudienceId> = opened(&trio, &grant).into_iter().map(|(_, set)| set).collect();
    covered.sort_unstable();
    assert_eq!(covered, with);
    let both = vec![own, trio.id(1)].into_iter().collect::<std::collections::BTreeSet<_>>();
    let exactly = StandingGrant { members: both.into_iter().collect(), alone: true, ..granted() };
    let exactly = stand(&mut trio, &exactly);
    trio.upkeep();
    let set = trio.member(0).config().audience_of(&[key, trio.pseudonym(1)]);
    assert_eq!(opened(&trio, &exactly), [(Generation(0), set)]);
}

#[test]
fn a_grant_follows_the_generations_back_and_on() {
    let mut trio = Trio::new();
    let first = trio.member(0).governance().deals_of(trio.member(0).config().digest()).count();
    rekey(&mut trio);
    let grant = stand(&mut trio, &granted());
    trio.upkeep();
    let of = |trio: &Trio, generation| {
        opened(trio, &grant).iter().filter(|(of, _)| *of == Generation(generation)).count()
    };
    assert_eq!(of(&trio, 0), first, "what was sealed before it");
    assert!(of(&trio, 1) > 0);
    rekey(&mut trio);
    trio.deal();
    assert!(of(&trio, 2) > 0, "and with keys that came after");
    assert_eq!(standing(&trio, &grant).0, 0);
    let late = StandingGrant { from: trio.member(0).governance().latest().term.first_epoch, ..granted() };
    let late = stand(&mut trio, &late);
    trio.upkeep();
    assert!(opened(&trio, &late).iter().all(|(generation, _)| *generation == Generation(2)));
}

#[test]
fn gra_12_a_grant_names_what_the_definition_has_and_whom_it_is_for() {
    let mut trio = Trio::new();
    let odd: [Odd<StandingGrant>; 8] = [
        ("no name", |grant| grant.name.clear()),
        ("an odd name", |grant| grant.name = "the authority".into()),
        ("a short key", |grant| grant.grantee.truncate(1215)),
        ("no epochs", |grant| grant.from = Epoch(1001)),
        ("another audience", |grant| grant.audience = "all".into()),
        ("another class", |grant| grant.class = ClassId(9)),
        ("a stranger", |grant| grant.members.push(MemberId([7; 32]))),
        ("nobody", |grant| grant.alone = true),
    ];
    for (what, change) in odd {
        let mut grant = granted();
        change(&mut grant);
        assert_eq!(refused(&mut trio, 0, &grant_act(&grant)), "GRA-12", "{what}");
    }
    assert_eq!(refused(&mut trio, 0, &grant_act(&granted())), "applied");
}

#[test]
fn gra_13_a_grant_stands_once_enough_members_agree() {
    let mut trio = Trio::new();
    let (_, grant) = trio.act(0, grant_act(&granted()));
    assert_eq!(standing(&trio, &grant), (0, 0, 0), "one is not enough");
    let approve = Act::Approve { grant };
    assert_eq!(refused(&mut trio, 0, &approve), "GRA-13", "nobody agrees twice");
    let unknown = Act::Approve { grant: TransactionDigest([9; 32]) };
    assert_eq!(refused(&mut trio, 1, &unknown), "GRA-13");
    assert_eq!(trio.act(1, approve.clone()).0, "applied");
    assert!(standing(&trio, &grant).0 > 0);
    assert_eq!(refused(&mut trio, 1, &approve), "GRA-13", "nobody agrees twice, nor later");
    assert_eq!(refused(&mut trio, 2, &approve), "applied", "whose own secrets wait for it");
    // The definition says how many, the policy says who, and time is limited.
    let mut alone = texts();
    alone.channel_toml = alone.channel_toml.replace("grant_signatures = 2", "grant_signatures = 1");
    let mut trio = Trio::with(alone);
    let (_, grant) = trio.act(0, grant_act(&granted()));
    assert!(standing(&trio, &grant).0 > 0);
    let policy = texts().policy.replace("Action::\"grant\", ", "");
    assert_ne!(policy, texts().policy);
    let mut trio = Trio::with(DefinitionTexts { policy, ..texts() });
    assert_eq!(trio.act(0, grant_act(&granted())).0, "ACC-04");
    let mut short = texts();
    short.channel_toml = short.channel_toml.replace("motion_within = 4096", "motion_within = 4");
    let mut trio = Trio::with(short);
    let (_, grant) = trio.act(0, grant_act(&granted()));
    trio.wait(6);
    assert_eq!(refused(&mut trio, 1, &Act::Approve { grant }), "GRA-13");
}

#[test]
fn gra_22_nobodys_secrets_are_covered_by_what_others_have_agreed_to() {
    let mut trio = Trio::new();
    let (_, grant) = trio.act(0, grant_act(&granted()));
    assert_eq!(trio.act(2, Act::Approve { grant }).0, "applied");
    trio.upkeep();
    let keys: Vec<PublicKey> = (0..3).map(|at| trio.pseudonym(at)).collect();
    let config = trio.member(0).config().clone();
    let set = |members: &[usize]| {
        let mut set: Vec<PublicKey> = members.iter().map(|at| keys[*at]).collect();
        set.sort_unstable();
        config.audience_of(&set)
    };
    let without_bob = BTreeSet::from([set(&[0]), set(&[2]), set(&[0, 2])]);
    let covered = |trio: &Trio| opened(trio, &grant).into_iter().map(|(_, set)| set).collect::<BTreeSet<_>>();
    assert_eq!(covered(&trio), without_bob, "ann and cyd have agreed for what they read, and bob has not");
    assert_eq!(standing(&trio, &grant), (0, 0, 3), "nothing else is owed");
    // What bob reads with others is sealed as ever, also with secrets of the next generation.
    rekey(&mut trio);
    trio.deal();
    let written = trio.statement(create(1));
    assert_eq!(trio.decide(&written), "applied");
    let before: Vec<_> = trio.member(0).granted(&grant).unwrap();
    assert_eq!(trio.act(1, Act::Approve { grant }).0, "applied");
    trio.upkeep();
    let deals = |generation: u64| {
        let config = trio.member(0).kept_of(Generation(generation)).unwrap();
        config.2.len()
    };
    assert_eq!(covered(&trio).len(), deals(0) + deals(1), "once he agrees, all of both generations");
    let after = trio.member(0).granted(&grant).unwrap();
    assert!(before.iter().all(|cover| after.contains(cover)), "what was covered is not made anew");
}

#[test]
fn gra_14_a_grant_ends_by_as_many_and_what_is_dealt_later_is_not_covered_for_it() {
    let mut trio = Trio::new();
    let grant = stand(&mut trio, &granted());
    trio.upkeep();
    let before = opened(&trio, &grant);
    let end = Act::Revoke { grant };
    assert_eq!(trio.act(0, end.clone()).0, "applied");
    assert!(trio.member(0).governance().grants().any(GrantRow::stands), "one is not enough");
    assert_eq!(refused(&mut trio, 0, &end), "GRA-14", "nobody agrees twice");
    assert_eq!(trio.act(1, end.clone()).0, "applied");
    assert_eq!(refused(&mut trio, 2, &end), "GRA-14", "it has ended");
    rekey(&mut trio);
    trio.deal();
    assert_eq!(opened(&trio, &grant), before, "what it has stays; nothing comes to it");
    assert_eq!(trio.member(0).covers(&grant).unwrap().len(), before.len());
    let policy = texts().policy.replace(", Action::\"revoke\"", "");
    assert_ne!(policy, texts().policy);
    let mut trio = Trio::with(DefinitionTexts { policy, ..texts() });
    let grant = stand(&mut trio, &granted());
    assert_eq!(trio.act(0, Act::Revoke { grant }).0, "ACC-04");
}

fn cover_of(due: &Due) -> GrantCovers {
    let Act::Cover(covers) = due.act.clone() else { panic!("a cover") };
    covers
}

#[test]
fn gra_15_a_cover_is_made_by_a_reader_for_a_secret_that_is_owed_one() {
    let mut trio = Trio::new();
    let (ann, bob) = (trio.id(0), trio.id(1));
    let mut both = vec![ann, bob];
    both.sort_unstable();
    let grant = stand(&mut trio, &StandingGrant { members: both, ..granted() });
    let (maker, due) = next_due(&mut trio);
    let made = cover_of(&due);
    let refused = |trio: &mut Trio, at: usize, change: fn(&mut GrantCovers)| {
        let mut covers = made.clone();
        change(&mut covers);
        refused(trio, at, &Act::Cover(covers))
    };
    let other = 1 - maker;
    let odd: [Odd<GrantCovers>; 8] = [
        ("none at all", |covers| covers.covers.clear()),
        ("another grant", |covers| covers.grant.0[0] ^= 1),
        ("another configuration", |covers| covers.covers[0].configuration.0[0] ^= 1),
        ("another audience", |covers| covers.covers[0].audience.0[0] ^= 1),
        ("another check value", |covers| covers.covers[0].check_values[0][0] ^= 1),
        ("a check value less", |covers| covers.covers[0].check_values.truncate(1)),
        ("a stranger as second reader", |covers| covers.covers[0].second_reader.0[0] ^= 1),
        ("another signature", |covers| covers.covers[0].signature.0[0] ^= 1),
    ];
    for (what, change) in odd {
        assert_eq!(refused(&mut trio, maker, change), "GRA-15", "{what}");
    }
    assert_eq!(refused(&mut trio, 2, |_| ()), "GRA-15", "by a member that cannot read");
    assert_eq!(refused(&mut trio, other, |_| ()), "GRA-15", "in the name of another");
    assert_eq!(refused(&mut trio, maker, |_| ()), "applied");
    // Signed by its issuer alone, for itself as second reader.
    let keys = trio.member(maker);
    let scope = granted().scope(keys.id(), Generation(0), made.covers[0].audience);
    let own = keys.pseudonym().public();
    let terms = GrantTerms::draw_up(keys.keys(), scope, &granted().grantee, own, own).unwrap();
    let signature = terms.sign(keys.keys(), keys.pseudonym()).unwrap();
    let mut selfish = made.clone();
    (selfish.covers[0].second_reader, selfish.covers[0].signature) = (own, signature);
    assert_eq!(self::refused(&mut trio, maker, &Act::Cover(selfish)), "GRA-15");
    trio.upkeep();
    assert_eq!(standing(&trio, &grant), (0, 0, 1));
    assert_eq!(refused(&mut trio, maker, |_| ()), "GRA-15", "it counts already");
}

#[test]
fn gra_16_a_cover_counts_once_its_second_reader_has_signed() {
    let mut trio = Trio::new();
    let (ann, bob) = (trio.id(0), trio.id(1));
    let mut both = vec![ann, bob];
    both.sort_unstable();
    let grant = stand(&mut trio, &StandingGrant { members: both, ..granted() });
    let (maker, made) = next_due(&mut trio);
    let signed = trio.signed_act(maker, made);
    trio.anchor(maker, &[signed]);
    assert_eq!(standing(&trio, &grant), (0, 1, 0));
    let (second, due) = next_due(&mut trio);
    assert_ne!(second, maker);
    let Act::Confirm(confirmed) = due.act else { panic!("a confirmation") };
    let refused = |trio: &mut Trio, at: usize, change: fn(&mut GrantConfirmation)| {
        let mut confirmation = confirmed.clone();
        change(&mut confirmation);
        refused(trio, at, &Act::Confirm(confirmation))
    };
    assert_eq!(refused(&mut trio, maker, |_| ()), "GRA-16", "its issuer is not its second reader");
    assert_eq!(refused(&mut trio, 2, |_| ()), "GRA-16");
    assert_eq!(refused(&mut trio, second, |of| of.signatures.clear()), "GRA-16");
    assert_eq!(refused(&mut trio, second, |of| of.signatures[0].2.0[0] ^= 1), "GRA-16");
    assert_eq!(refused(&mut trio, second, |of| of.signatures[0].1.0[0] ^= 1), "GRA-16");
    assert_eq!(refused(&mut trio, second, |of| of.grant.0[0] ^= 1), "GRA-16");
    assert_eq!(trio.act(second, Act::Confirm(confirmed.clone())).0, "applied");
    assert_eq!(standing(&trio, &grant), (0, 0, 1));
    assert_eq!(refused(&mut trio, second, |_| ()), "GRA-16", "it counts already");
}

#[test]
fn gra_16_a_second_reader_signs_no_check_values_but_its_own_and_another_cover_follows() {
    let mut trio = Trio::new();
    let (ann, bob) = (trio.id(0), trio.id(1));
    let mut both = vec![ann, bob];
    both.sort_unstable();
    let grant = stand(&mut trio, &StandingGrant { members: both, ..granted() });
    let (maker, due) = next_due(&mut trio);
    let mut false_one = cover_of(&due);
    let cover = &mut false_one.covers[0];
    cover.check_values[0] = [7; 32];
    let keys = trio.member(maker);
    let terms = granted().terms(keys.id(), Generation(0), keys.pseudonym().public(), cover);
    cover.signature = keys.pseudonym().sign(&terms.signing_bytes());
    let signed = trio.signed_act(maker, Due { act: Act::Cover(false_one), wraps: due.wraps });
    trio.anchor(maker, &[signed]);
    assert_eq!(standing(&trio, &grant), (0, 1, 0));
    let second = 1 - maker;
    assert!(self::due(&mut trio, second).is_empty(), "its own secret gives others");
    let patience = trio.member(0).definition().parameters.attest_after;
    trio.wait(3 * patience);
    assert!(self::due(&mut trio, second).iter().any(|due| matches!(due.act, Act::Cover(_))));
    trio.upkeep();
    assert_eq!(standing(&trio, &grant), (0, 0, 1));
    assert_eq!(opened(&trio, &grant).len(), 1);
}

/// A grant that stands, and a secret of the first two members that both hold and nobody has covered for it.
fn uncovered() -> (Trio, TransactionDigest, Digest, AudienceId) {
    let mut trio = Trio::founded();
    trio.settle();
    let grant = stand(&mut trio, &granted());
    let both = [trio.pseudonym(0), trio.pseudonym(1)];
    let head = trio.head();
    let deal = trio.member(0).deal_on_first_use(&both, head, &mut ChaCha20Rng::from_seed([7; 32])).unwrap();
    let dealt = trio.signed_act(0, deal);
    assert_eq!(trio.decide(&dealt), "applied");
    let configuration = trio.member(0).governance().latest().configuration;
    let audience = trio.member(0).config().audience_of(&both);
    let acknowledged = Act::Acknowledge { configuration, audiences: vec![audience] };
    assert_eq!(trio.act(1, acknowledged).0, "applied");
    (trio, grant, configuration, audience)
}

#[test]
fn gra_17_nothing_is_sealed_that_a_standing_grant_could_not_open() {
    let (mut trio, grant, configuration, audience) = uncovered();
    let how = |trio: &Trio| trio.member(0).governance().dealt(configuration, &audience, trio.next());
    assert_eq!(how(&trio), Dealt::Waiting, "both hold it, and the grant has no cover yet");
    let too_early = trio.statement(create(1));
    assert_eq!(trio.decide(&too_early), "SCH-06");
    trio.upkeep();
    assert_eq!((how(&trio), opened(&trio, &grant).len()), (Dealt::Active, 1));
    let in_time = trio.statement(create(2));
    assert_eq!(trio.decide(&in_time), "applied");
}

#[test]
fn gra_17_who_does_not_cover_holds_up_its_own_set_until_the_grant_ends() {
    let (mut trio, grant, ..) = uncovered();
    revoke(&mut trio, grant);
    let free = trio.statement(create(1));
    assert_eq!(trio.decide(&free), "applied");
    assert!(trio.member(0).covers(&grant).unwrap().iter().all(|row| row.state == CoverState::Owed));
}

#[test]
fn end_13_a_next_generation_starts_with_secrets_that_its_grants_are_covered_for() {
    let mut trio = Trio::new();
    let grant = stand(&mut trio, &granted());
    trio.upkeep();
    rekey(&mut trio);
    // The first event of the new generation may be a write for a set that was in use before.
    let written = trio.statement(create(1));
    assert_eq!(trio.decide(&written), "applied");
    let of_next = opened(&trio, &grant).iter().filter(|(of, _)| *of == Generation(1)).count();
    assert!(of_next > 0);
}

#[test]
fn gra_18_a_channel_has_so_many_grants_at_once() {
    let mut trio = Trio::new();
    for at in 0..u32::try_from(GRANTS_MAX).unwrap() {
        let grant = StandingGrant { from: Epoch(at), ..granted() };
        assert_eq!(trio.act(0, grant_act(&grant)).0, "applied");
    }
    assert_eq!(refused(&mut trio, 1, &grant_act(&granted())), "GRA-18");
    let first = trio.member(0).grants().unwrap()[0].transaction;
    revoke(&mut trio, first);
    assert_eq!(refused(&mut trio, 1, &grant_act(&granted())), "applied");
}
