//! Motions, votes, keys and deals: one vector for each rule that breaks only that rule.

use parclose_keys::Deal;
use parclose_transaction::{Act, Change, DefinitionTexts, MemberEntry, Motion, Share, SharedScope};
use parclose_types::{AudienceId, ClassId, Digest, Epoch, Generation, Height, MemberId, TransactionDigest};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::*;
use crate::fixtures::{CHANNEL, Trio, candidate, next_texts, texts};
use crate::upkeep::Due;

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::from_seed([11; 32])
}

/// Why the first member's act would be refused now, in words and by rule.
fn refused(trio: &mut Trio, at: usize, act: &Act) -> String {
    let height = trio.next();
    let rehearsed = trio.member_mut(at).rehearse(act, height).unwrap();
    let reject = rehearsed.unwrap_err();
    parclose_types::Failure::rule(&reject).to_owned()
}

fn motion(changes: Vec<Change>) -> Act {
    Act::Move(Motion { changes, blinder: [7; 32] })
}

fn vote(motion: TransactionDigest, approve: bool) -> Act {
    Act::Vote { motion, approve }
}

/// Somebody who asks to join with the next generation.
fn newcomer(trio: &mut Trio, name: &str) -> MemberEntry {
    let next = Generation(trio.member(0).config().generation.0 + 1);
    candidate(name, next, &mut trio.rng).1.entry().clone()
}

#[test]
fn gov_01_the_policy_says_who_moves_what_and_who_votes() {
    // Only whoever owns nothing may vote: nobody.
    let policy = texts().policy.replace("Action::\"close\", Action::\"vote\"]", "Action::\"close\"]");
    assert_ne!(policy, texts().policy);
    let mut trio = Trio::with(DefinitionTexts { policy, ..texts() });
    let moved = trio.motion(vec![Change::Rekey]);
    let (verdict, moved) = trio.act(0, moved);
    assert_eq!(verdict, "applied");
    assert_eq!(trio.act(1, vote(moved, true)).0, "ACC-04");
    let no_close = texts().policy.replace("Action::\"close\", ", "");
    let mut trio = Trio::with(DefinitionTexts { policy: no_close, ..texts() });
    assert_eq!(trio.act(0, motion(vec![Change::Close])).0, "ACC-04");
    // Nobody asks whether it may leave, or publish its own key.
    let silent = texts().policy.split("// Every member may move").next().unwrap().to_owned();
    let mut trio = Trio::with(DefinitionTexts { policy: silent, ..texts() });
    let other = trio.id(1);
    assert_eq!(trio.act(0, motion(vec![Change::Remove(other)])).0, "ACC-04");
    let own = trio.id(0);
    assert_eq!(trio.act(0, motion(vec![Change::Remove(own)])).0, "applied");
}

#[test]
fn gov_02_a_motion_has_changes_that_can_stand_together() {
    let mut trio = Trio::new();
    let (ann, bob) = (trio.id(0), trio.id(1));
    let joiner = newcomer(&mut trio, "dan");
    let member = trio.member(0).config().by_id(&bob).unwrap().clone();
    let texts = Box::new(next_texts());
    let odd = [
        vec![],
        vec![Change::Close, Change::Rekey],
        vec![Change::Remove(bob), Change::Close],
        vec![Change::Remove(bob), Change::Remove(bob)],
        vec![Change::Join(joiner.clone()), Change::Join(joiner.clone())],
        vec![Change::Remove(MemberId([9; 32]))],
        vec![Change::Roles(joiner.certificate.clone())],
        vec![Change::Join(member)],
        vec![Change::Redefine(texts.clone()), Change::Redefine(texts.clone())],
    ];
    for changes in odd {
        let words = format!("{} changes", changes.len());
        assert_eq!(refused(&mut trio, 0, &motion(changes)), "GOV-02", "{words}");
    }
    for changes in [
        vec![Change::Rekey],
        vec![Change::Close],
        vec![Change::Join(joiner.clone()), Change::Redefine(texts)],
        vec![Change::Join(joiner), Change::Remove(ann)],
    ] {
        let height = trio.next();
        trio.member_mut(0).rehearse(&motion(changes), height).unwrap().unwrap();
    }
}

#[test]
fn gov_03_whoever_joins_has_certified_itself_for_the_next_generation() {
    let mut trio = Trio::new();
    let good = newcomer(&mut trio, "dan");
    let late = candidate("dan", Generation(2), &mut trio.rng).1.entry().clone();
    let early = candidate("dan", Generation(0), &mut trio.rng).1.entry().clone();
    let mut forged = good.clone();
    forged.certificate.encryption_key[0] ^= 1;
    let mut promoted = good.clone();
    promoted.certificate.roles = vec!["member".into(), "member2".into()];
    for entry in [late, early, forged] {
        assert_eq!(refused(&mut trio, 0, &motion(vec![Change::Join(entry)])), "GOV-03");
    }
    let rule = refused(&mut trio, 0, &motion(vec![Change::Join(promoted)]));
    assert_eq!(rule, "GOV-05", "a role that the definition does not have");
    assert_eq!(trio.act(0, motion(vec![Change::Join(good)])).0, "applied");
}

#[test]
fn gov_04_a_definition_is_followed_by_its_next_version_and_holds() {
    let mut trio = Trio::new();
    let redefine = |change: fn(&mut DefinitionTexts)| {
        let mut texts = next_texts();
        change(&mut texts);
        motion(vec![Change::Redefine(Box::new(texts))])
    };
    let odd: [fn(&mut DefinitionTexts); 6] = [
        |t| t.channel_toml = texts().channel_toml,
        |t| t.channel_toml = t.channel_toml.replacen("version = 2", "version = 3", 1),
        |t| t.channel_toml.push_str("\nmore = 1"),
        |t| t.channel_toml = t.channel_toml.replacen("template = \"", "template = \"other-", 1),
        |t| t.policy = "permit (".into(),
        |t| t.policy_schema = "entity Member;".into(),
    ];
    for change in odd {
        assert_eq!(refused(&mut trio, 0, &redefine(change)), "GOV-04");
    }
    let height = trio.next();
    trio.member_mut(0).rehearse(&redefine(|_| ()), height).unwrap().unwrap();
}

#[test]
fn gov_05_the_next_generation_can_go_on() {
    let mut trio = Trio::new();
    let (ann, bob, cyd) = (trio.id(0), trio.id(1), trio.id(2));
    let remove = |members: &[MemberId]| motion(members.iter().map(|m| Change::Remove(*m)).collect());
    assert_eq!(refused(&mut trio, 0, &remove(&[bob, cyd])), "GOV-05", "one member is no channel");
    assert_eq!(refused(&mut trio, 0, &remove(&[ann, bob, cyd])), "GOV-05");
    let joiners: Vec<Change> =
        ["d", "e", "f", "g"].into_iter().map(|name| Change::Join(newcomer(&mut trio, name))).collect();
    let joining = |count: usize| motion(joiners[..count].to_vec());
    assert_eq!(refused(&mut trio, 0, &joining(3)), "GOV-05", "three of six could not certify for all");
    let height = trio.next();
    trio.member_mut(0).rehearse(&joining(2), height).unwrap().unwrap();
    for name in ["ann", "", "a b", &"x".repeat(65), "a\u{202e}b"] {
        let entry = MemberEntry { name: name.into(), ..newcomer(&mut trio, "dan") };
        assert_eq!(refused(&mut trio, 0, &motion(vec![Change::Join(entry)])), "GOV-05", "{name}");
    }
}

#[test]
fn gov_06_a_motion_is_open_for_its_time_and_its_generation() {
    let mut trio = Trio::new();
    assert_eq!(refused(&mut trio, 0, &vote(TransactionDigest([1; 32]), true)), "GOV-06");
    let moved = trio.motion(vec![Change::Rekey]);
    let (_, moved) = trio.act(0, moved);
    let in_force = trio.member(0).governance().latest().clone();
    let row = trio.member(0).governance().motions[&moved].clone();
    let until = Height(row.moved_at.0 + in_force.definition.governance.motion_within);
    assert_eq!(row.standing(until, &in_force), MotionStanding::Open { until, needed: 2 });
    assert_eq!(row.standing(Height(until.0 + 1), &in_force), MotionStanding::Lapsed);
    trio.wait(until.0 - trio.next().0);
    assert_eq!(trio.next(), until);
    let height = trio.next();
    trio.member_mut(1).rehearse(&vote(moved, true), height).unwrap().unwrap();
    trio.wait(1);
    assert_eq!(trio.act(1, vote(moved, true)).0, "GOV-06");
    // What is open when the keys turn over ends with its generation.
    let first = trio.motion(vec![Change::Rekey]);
    let (_, first) = trio.act(0, first);
    trio.decide_on(1, vec![Change::Rekey], &[2]);
    trio.rotate();
    assert_eq!(trio.act(1, vote(first, true)).0, "GOV-06");
}

#[test]
fn gov_07_a_member_votes_once() {
    let mut trio = Trio::new();
    let joiner = newcomer(&mut trio, "dan");
    let moved = trio.motion(vec![Change::Join(joiner)]);
    let (_, moved) = trio.act(0, moved);
    assert_eq!(trio.act(0, vote(moved, false)).0, "GOV-07", "to move is to vote");
    assert_eq!(trio.act(1, vote(moved, false)).0, "applied");
    assert_eq!(trio.act(1, vote(moved, true)).0, "GOV-07");
    assert_eq!(trio.act(2, vote(moved, false)).0, "applied");
    let rejected = trio.member(0).motion(&moved).unwrap().unwrap();
    assert_eq!(rejected.outcome, MotionOutcome::Rejected, "two of three against: it cannot pass any more");
    assert!(trio.member(0).governance().decision.is_none());
}

#[test]
fn gov_08_one_decision_at_a_time() {
    let mut trio = Trio::new();
    trio.decide_on(0, vec![Change::Rekey], &[1]);
    let second = trio.motion(vec![Change::Rekey]);
    let (verdict, second) = trio.act(0, second);
    assert_eq!(verdict, "applied", "it can be moved and discussed");
    assert_eq!(trio.act(1, vote(second, true)).0, "GOV-08");
    let own = trio.id(2);
    assert_eq!(
        trio.act(2, motion(vec![Change::Remove(own)])).0,
        "GOV-08",
        "nor does anybody leave meanwhile"
    );
    // A decision that took no force in its time stands in nobody's way.
    let deadline = trio.member(0).governance().decision.as_ref().unwrap().deadline;
    trio.wait(deadline.0 - trio.head().0);
    assert_eq!(trio.act(1, vote(second, true)).0, "applied");
}

#[test]
fn gov_09_nobody_is_asked_about_leaving_and_about_keys_that_are_due() {
    let mut trio = Trio::new();
    let own = trio.id(2);
    assert_eq!(trio.act(2, motion(vec![Change::Remove(own)])).0, "applied");
    let next = trio.member(0).governance().next_at(trio.next()).unwrap().clone();
    assert!(next.by_id(&own).is_none() && next.members.len() == 2);
    // Once in a generation: what lapsed must not be repeated for ever in the way of what needs votes.
    let deadline = trio.member(0).governance().decision.as_ref().unwrap().deadline;
    trio.wait(deadline.0 - trio.head().0);
    assert_eq!(trio.act(2, motion(vec![Change::Remove(own)])).0, "applied");
    assert!(trio.member(0).governance().decision_at(trio.next()).is_none(), "now the others are asked");
    let mut texts = texts();
    texts.channel_toml = texts.channel_toml.replace("rekey_after_epochs = 0", "rekey_after_epochs = 2");
    let mut trio = Trio::with(texts);
    assert_eq!(trio.act(0, motion(vec![Change::Rekey])).0, "applied");
    assert!(trio.member(0).governance().decision.is_none(), "not due yet: the others are asked");
    let length = trio.member(0).config().epoch_length;
    trio.wait(2 * length);
    assert_eq!(trio.act(0, motion(vec![Change::Rekey])).0, "applied");
    assert!(trio.member(0).governance().decision.is_some());
}

#[test]
fn gov_10_a_member_publishes_its_own_certificate_with_its_own_roles() {
    let mut trio = Trio::new();
    let publish = |certificate| Act::PublishKey(certificate);
    let others = trio.member(1).governance().published()[&trio.id(1)].clone();
    assert_eq!(refused(&mut trio, 0, &publish(others)), "GOV-10");
    let height = trio.next();
    let mut seeded = rng();
    let roles = |roles: &[&str]| roles.iter().map(|role| (*role).to_owned()).collect::<Vec<_>>();
    let promoted = trio.member_mut(0).next_certificate(roles(&["member", "owner"]), &mut seeded).unwrap();
    assert_eq!(refused(&mut trio, 0, &publish(promoted)), "GOV-10");
    let own = trio.member_mut(0).next_certificate(roles(&["member"]), &mut seeded).unwrap();
    trio.member_mut(0).rehearse(&publish(own.clone()), height).unwrap().unwrap();
    let mut forged = own.clone();
    forged.encryption_key[0] ^= 1;
    assert_eq!(refused(&mut trio, 0, &publish(forged)), "GOV-03");
    trio.decide_on(0, vec![Change::Rekey], &[1]);
    assert_eq!(refused(&mut trio, 0, &publish(own)), "GOV-08", "what is decided is not changed under it");
}

#[test]
fn gov_11_nobody_is_left_out_unnamed() {
    let mut trio = Trio::founded();
    trio.settle();
    let publish = |trio: &mut Trio, at: usize| {
        let certificate = trio.member_mut(at).next_certificate(vec!["member".into()], &mut rng()).unwrap();
        assert_eq!(trio.act(at, Act::PublishKey(certificate)).0, "applied");
    };
    publish(&mut trio, 0);
    publish(&mut trio, 1);
    let (bob, cyd) = (trio.id(1), trio.id(2));
    assert_eq!(refused(&mut trio, 0, &motion(vec![Change::Rekey])), "GOV-11", "the third has no key yet");
    assert_eq!(refused(&mut trio, 1, &motion(vec![Change::Remove(bob)])), "GOV-11", "nor by leaving");
    let height = trio.next();
    trio.member_mut(0).rehearse(&motion(vec![Change::Remove(cyd)]), height).unwrap().unwrap();
    publish(&mut trio, 2);
    trio.decide_on(0, vec![Change::Rekey], &[1]);
    let next = trio.member(0).governance().next_at(trio.next()).unwrap();
    assert_eq!(next.members.len(), 3);
}

/// A deal of the first member for the first two.
fn deal(trio: &mut Trio) -> Due {
    let both = [trio.pseudonym(0), trio.pseudonym(1)];
    let head = trio.head();
    trio.member(0).deal_on_first_use(&both, head, &mut rng()).unwrap()
}

fn changed(due: &Due, change: impl FnOnce(&mut Digest, &mut Deal)) -> Act {
    let Act::Deal { mut configuration, mut deal } = due.act.clone() else { panic!("a deal") };
    change(&mut configuration, &mut deal);
    Act::Deal { configuration, deal }
}

#[test]
fn gov_12_a_deal_is_by_a_member_for_a_set_that_the_definition_can_produce() {
    let mut trio = Trio::founded();
    trio.settle();
    let due = deal(&mut trio);
    assert_eq!(refused(&mut trio, 1, &due.act), "GOV-12", "in the name of another");
    let odd: [fn(&mut Digest, &mut Deal); 4] = [
        |configuration, _| configuration.0[0] ^= 1,
        |_, deal| deal.check_value[0] ^= 1,
        |_, deal| deal.members.truncate(1),
        |_, deal| deal.audience.0[0] ^= 1,
    ];
    for change in odd {
        assert_eq!(refused(&mut trio, 0, &changed(&due, change)), "GOV-12");
    }
    // All three read nothing together: no record has three parties.
    let all = [0, 1, 2].map(|at| trio.pseudonym(at));
    let head = trio.head();
    let three = trio.member(0).deal_on_first_use(&all, head, &mut rng()).unwrap();
    assert_eq!(refused(&mut trio, 0, &three.act), "GOV-12");
    let height = trio.next();
    trio.member_mut(0).rehearse(&due.act, height).unwrap().unwrap();
}

#[test]
fn gov_12_one_member_makes_only_so_many_deals() {
    use parclose_types::Failure;
    let mut trio = Trio::founded();
    trio.settle();
    let due = deal(&mut trio);
    let Act::Deal { configuration, deal } = due.act.clone() else { panic!("a deal") };
    let limit = parclose_types::limits::AUDIENCE_SETS_MAX / 3;
    let row =
        DealRow { deal, dealt_at: Height(0), acknowledged: vec![], complaints: vec![], rewrapped: vec![] };
    for at in 1..limit {
        let mut audience = AudienceId([9; 32]);
        audience.0[..8].copy_from_slice(&(at as u64).to_be_bytes());
        trio.member_mut(0).governance.deals.insert((configuration, audience), row.clone());
    }
    let height = trio.next();
    trio.member_mut(0).rehearse(&due.act, height).unwrap().expect("the last that it may make");
    trio.member_mut(0).governance.deals.insert((configuration, AudienceId([8; 32])), row);
    let refused = trio.member_mut(0).rehearse(&due.act, height).unwrap().unwrap_err();
    assert_eq!(refused.rule(), "GOV-12");
    assert!(refused.to_string().contains(&limit.to_string()), "{refused}");
    assert!(refused.fix().contains("--rekey"), "{}", refused.fix());
}

#[test]
fn gov_13_the_first_deal_stands_unless_nobody_takes_part_in_time() {
    let mut trio = Trio::founded();
    trio.settle();
    let (first, second) = (deal(&mut trio), deal(&mut trio));
    let first = trio.signed_act(0, first);
    assert_eq!(trio.decide(&first), "applied");
    assert_eq!(refused(&mut trio, 0, &second.act), "GOV-13");
    let within = trio.member(0).definition().governance.deal_within;
    trio.wait(within - 1);
    assert_eq!(refused(&mut trio, 0, &second.act), "GOV-13", "its last height");
    trio.wait(1);
    let again = trio.signed_act(0, second);
    assert_eq!(trio.decide(&again), "applied", "another may deal");
    trio.upkeep();
    let (configuration, audience) = {
        let governance = trio.member(0).governance();
        let row = governance.deals_of(governance.latest().configuration).next().unwrap();
        (governance.latest().configuration, row.deal.audience)
    };
    trio.wait(within + 9);
    let standing = trio.member(0).governance().dealt(configuration, &audience, trio.next());
    assert_eq!(standing, Dealt::Active, "what is active does not lapse");
}

#[test]
fn gov_14_a_secret_is_active_once_a_majority_holds_it() {
    let mut trio = Trio::founded();
    trio.settle();
    let due = deal(&mut trio);
    let signed = trio.signed_act(0, due);
    trio.decide(&signed);
    let governance = |trio: &Trio| trio.member(2).governance().clone();
    let configuration = governance(&trio).latest().configuration;
    let row = governance(&trio).deals_of(configuration).next().unwrap().clone();
    assert!(!row.is_active(), "the dealer alone is one of two");
    assert_eq!(governance(&trio).dealt(configuration, &row.deal.audience, trio.next()), Dealt::Waiting);
    trio.upkeep();
    let row = governance(&trio).deals_of(configuration).next().unwrap().clone();
    assert!(row.is_active());
    assert_eq!(row.acknowledged.len(), 2);
    assert!(
        trio.member(1).keys().holds(&row.deal.audience) && !trio.member(2).keys().holds(&row.deal.audience)
    );
}

#[test]
fn gov_16_acknowledgements_complaints_and_wraps_are_of_those_whom_the_deal_concerns() {
    let mut trio = Trio::founded();
    trio.settle();
    // The second member's wrap is of another secret: it cannot open to the check value.
    let mut due = deal(&mut trio);
    due.wraps[1] = due.wraps[0].clone();
    let (configuration, audience) = match &mut due.act {
        Act::Deal { configuration, deal } => {
            deal.wraps_root = parclose_crypto::merkle::root(&due.wraps);
            let scope = trio.member(0).governance().latest().scope();
            parclose_keys::audience::hazmat::sign_deal(deal, &scope, trio.member(0).pseudonym());
            (*configuration, deal.audience)
        }
        _ => panic!("a deal"),
    };
    let signed = trio.signed_act(0, due);
    assert_eq!(trio.decide(&signed), "applied");
    let acknowledge = |audience| Act::Acknowledge { configuration, audiences: vec![audience] };
    let complain = Act::Complain { configuration, audience };
    assert_eq!(refused(&mut trio, 2, &acknowledge(audience)), "GOV-16", "not of the audience");
    assert_eq!(refused(&mut trio, 2, &complain), "GOV-16");
    assert_eq!(refused(&mut trio, 0, &complain), "GOV-16", "it holds the secret");
    assert_eq!(refused(&mut trio, 0, &acknowledge(audience)), "GOV-16", "it has done so by dealing");
    assert_eq!(refused(&mut trio, 1, &acknowledge(AudienceId([0; 32]))), "GOV-16", "no such deal");
    let empty = Act::Acknowledge { configuration, audiences: vec![] };
    assert_eq!(refused(&mut trio, 1, &empty), "GOV-16");
    let rewrap = |member| Act::Rewrap { configuration, audience, member, wraps_root: [0; 32] };
    let bob = trio.id(1);
    assert_eq!(refused(&mut trio, 0, &rewrap(bob)), "GOV-16", "nobody has complained");
    assert_eq!(trio.act(1, complain.clone()).0, "applied");
    assert_eq!(refused(&mut trio, 1, &complain), "GOV-16", "once");
    assert_eq!(refused(&mut trio, 2, &rewrap(bob)), "GOV-16", "it has no secret to wrap");
    // The dealer wraps it again, the member opens it and acknowledges: all by themselves.
    trio.upkeep();
    let row = trio.member(2).governance().deals_of(configuration).next().unwrap().clone();
    assert!(row.is_active() && row.complaints.is_empty());
    assert_eq!(row.rewrapped, [(trio.id(0), bob)]);
    // Even if it complained again, this holder has had its turn.
    let mut again = trio.member(0).governance().clone();
    let row = again.deals.get_mut(&(configuration, audience)).unwrap();
    row.acknowledged.retain(|member| *member != bob);
    row.complaints.push(bob);
    trio.member_mut(0).governance = again;
    assert_eq!(refused(&mut trio, 0, &rewrap(bob)), "GOV-16");
    assert!(trio.member(1).keys().holds(&audience));
}

#[test]
fn gov_17_a_rotation_opens_to_what_was_decided() {
    let blinder = [1; 32];
    let base = rotate_commitment(&blinder, &CHANNEL, &Digest([2; 32]));
    assert_ne!(base, rotate_commitment(&[2; 32], &CHANNEL, &Digest([2; 32])));
    assert_ne!(base, rotate_commitment(&blinder, &parclose_types::ChannelId([9; 32]), &Digest([2; 32])));
    assert_ne!(base, rotate_commitment(&blinder, &CHANNEL, &Digest([3; 32])));
    let mut trio = Trio::new();
    trio.decide_on(0, vec![Change::Rekey], &[1]);
    trio.upkeep();
    let parclose_root::RootTransaction::Rotate(rotate) = trio.rotation() else { panic!("a rotation") };
    let governance = trio.member(0).governance();
    let at = trio.next();
    assert!(governance.rotated(&rotate, at).is_some());
    let mut other = rotate.clone();
    other.commitment.0[0] ^= 1;
    assert!(governance.rotated(&other, at).is_none());
    let other = parclose_root::Rotate {
        next: parclose_root::GenerationKeys::new(Generation(1), rotate.next.endorsers()[1..].to_vec(), 2)
            .unwrap(),
        ..rotate.clone()
    };
    assert!(governance.rotated(&other, at).is_none());
    let deadline = governance.decision.as_ref().unwrap().deadline;
    assert!(governance.rotated(&rotate, Height(deadline.0 + 1)).is_none(), "its time has passed");
}

#[test]
fn gov_18_nothing_of_the_past_is_given_but_what_the_history_says() {
    let mut trio = Trio::new();
    let scope = SharedScope {
        generation: Generation(0),
        audience: AudienceId([1; 32]),
        class: ClassId(1),
        from: Epoch(0),
        to: Epoch(0),
    };
    let share = |member, scopes| Act::Share(Share { member, scopes, wraps_root: [0; 32] });
    let cyd = trio.id(2);
    assert_eq!(refused(&mut trio, 0, &share(cyd, vec![scope])), "GOV-18");
    assert_eq!(refused(&mut trio, 0, &share(cyd, vec![])), "GOV-18");
}

#[test]
fn gov_19_the_last_block_of_a_generation_takes_no_more_acts_after_the_rotation() {
    let mut trio = Trio::new();
    trio.decide_on(0, vec![Change::Rekey], &[1]);
    trio.upkeep();
    let rotation = trio.rotation();
    let late_act = trio.motion(vec![Change::Rekey]);
    let late_act = trio.signed_act(1, Due { act: late_act, wraps: Vec::new() });
    let late_write = trio.statement(crate::fixtures::create(1));
    let proposals = [(1, &late_act), (0, &late_write)].map(|(at, tx)| {
        let proposal = trio.propose(at, std::slice::from_ref(tx));
        parclose_root::RootTransaction::Anchor(trio.endorsed(at, &proposal))
    });
    let [act, write] = proposals;
    trio.order_together(vec![rotation, act, write]);
    trio.settle();
    assert_eq!(trio.verdict(&late_act), "GOV-19");
    assert_eq!(trio.verdict(&late_write), "applied", "records count to the end of the block");
}
