use parclose_root::{Certificate, Close, CloseStatement, RootTransaction};
use parclose_transaction::{Definition, DefinitionTexts, MemberEntry};
use parclose_types::{ChannelId, Digest, Generation, Height};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::*;
use crate::fixtures::{Trio, create, genesis, next_texts, texts};
use crate::setup::{Candidate, Founding};

const NEXT: ChannelId = ChannelId([6; 32]);

/// A channel in which something was written, and that was closed then.
fn ended() -> Trio {
    let mut trio = Trio::new();
    let write = trio.statement(create(1));
    let last_sequence = trio.anchor(0, std::slice::from_ref(&write));
    let (tag, last_height) = (trio.member(0).tag(), Height(trio.next().0 + 9));
    let statement = CloseStatement {
        network: *trio.root.network(),
        tag,
        generation: GENERATION,
        last_sequence,
        last_height,
    };
    let bytes = statement.signing_bytes();
    let sign = |at| (trio.pseudonym(at), trio.member(at).pseudonym().sign(&bytes));
    let certificate = Certificate::assemble(trio.member(0).endorsers(), &[sign(0), sign(1)]).unwrap();
    trio.order(RootTransaction::Close(Close { tag, last_sequence, last_height, certificate }));
    trio.settle();
    trio
}

/// The members' parts in a channel that follows.
fn candidates(trio: &Trio, channel: &ChannelId) -> Vec<Candidate> {
    let mut rng = ChaCha20Rng::from_seed([6; 32]);
    let candidate = |at: usize| {
        let channel_of_before = trio.member(at);
        let entry = channel_of_before.config().by_id(&trio.id(at)).unwrap();
        let roles = entry.certificate.roles.clone();
        Candidate::new(&entry.name, &channel_of_before.member, roles, channel, GENERATION, &mut rng)
    };
    (0..3).map(candidate).collect()
}

fn entries(candidates: &[Candidate]) -> Vec<MemberEntry> {
    candidates.iter().map(|candidate| candidate.entry().clone()).collect()
}

fn founding(channel: ChannelId, texts: DefinitionTexts, members: Vec<MemberEntry>) -> Founding {
    let definition = Definition::parse("channel.toml", &texts.channel_toml).unwrap();
    Founding::new(genesis().network(), channel, texts, &definition, members).unwrap()
}

/// A successor as it should be.
fn successor(trio: &Trio, seed: u8) -> Setup {
    let founding = founding(NEXT, texts(), entries(&candidates(trio, &NEXT)));
    let end = trio.member(0).end().unwrap();
    founding.after(end).conclude(&mut ChaCha20Rng::from_seed([seed; 32])).0
}

/// The rule by which a founder does not sign.
fn refused(trio: &mut Trio, at: usize, setup: &Setup) -> &'static str {
    trio.member_mut(at).sign_successor(setup, |_| false).map_or_else(|error| error.rule(), |_| "none")
}

#[test]
fn suc_01_a_channel_that_goes_on_has_no_successor() {
    let mut trio = Trio::new();
    assert_eq!(trio.member(0).end().unwrap_err().rule(), "SUC-01");
    let closed = ended();
    let early = successor(&closed, 1);
    assert_eq!(refused(&mut trio, 0, &early), "SUC-01");
    assert_eq!(trio.member(0).successor().unwrap(), None);
    let head = closed.member(2).head().unwrap();
    let end = closed.member(2).end().unwrap();
    assert_eq!((end.last_event, end.state_root), (closed.log.last().unwrap().entry.sequence, head.root));
}

#[test]
fn suc_02_the_end_that_is_named_is_the_one_in_the_founders_own_store() {
    let mut trio = ended();
    let good = successor(&trio, 1);
    let changes: [fn(&mut Option<Predecessor>); 5] = [
        |end| *end = None,
        |end| end.as_mut().unwrap().tag.0[0] ^= 1,
        |end| end.as_mut().unwrap().state_root.0[0] ^= 1,
        |end| end.as_mut().unwrap().last_event.0 -= 1,
        |end| end.as_mut().unwrap().last_event.0 += 1,
    ];
    for change in changes {
        let mut other = good.clone();
        change(&mut other.predecessor);
        other.tag = other.body().unwrap().tag(&other.config.network);
        other.check().expect("it is a setup that could be opened");
        assert_eq!(refused(&mut trio, 1, &other), "SUC-02");
    }
    let own = trio.member(0).id();
    let again =
        founding(own, texts(), entries(&candidates(&trio, &own))).after(trio.member(0).end().unwrap());
    let (again, _) = again.conclude(&mut ChaCha20Rng::from_seed([1; 32]));
    assert_eq!(refused(&mut trio, 0, &again), "SUC-02", "the same channel twice");
    assert_eq!(trio.member(1).successor().unwrap(), None, "what is refused leaves nothing");
    assert_eq!(refused(&mut trio, 1, &good), "none");
}

#[test]
fn suc_03_it_begins_with_the_members_of_the_end() {
    let mut trio = ended();
    let end = trio.member(0).end().unwrap();
    let good = candidates(&trio, &NEXT);
    let mut rng = ChaCha20Rng::from_seed([2; 32]);
    let stranger = parclose_keys::MemberSecret::generate(&mut rng);
    let stranger = Candidate::new("dan", &stranger, vec!["member".into()], &NEXT, GENERATION, &mut rng);
    let mut renamed = entries(&good);
    renamed[0].name.push('x');
    let mut swapped = entries(&good);
    let (first, second) = (swapped[0].name.clone(), swapped[1].name.clone());
    (swapped[0].name, swapped[1].name) = (second, first);
    let with = [entries(&good), vec![stranger.entry().clone()]].concat();
    for members in [entries(&good[..2]), with, renamed, swapped] {
        let (other, _) = founding(NEXT, texts(), members).after(end).conclude(&mut rng);
        assert_eq!(refused(&mut trio, 0, &other), "SUC-03");
    }
    let good = successor(&trio, 1);
    assert_eq!(refused(&mut trio, 0, &good), "none");
}

#[test]
fn suc_04_it_begins_with_the_definition_of_the_end() {
    let mut trio = ended();
    let (end, members) = (trio.member(0).end().unwrap(), entries(&candidates(&trio, &NEXT)));
    let mut rng = ChaCha20Rng::from_seed([2; 32]);
    let (other, _) = founding(NEXT, next_texts(), members).after(end).conclude(&mut rng);
    assert_eq!(refused(&mut trio, 0, &other), "SUC-04");
    let mut broken = successor(&trio, 1);
    broken.tag.0[0] ^= 1;
    assert_eq!(refused(&mut trio, 0, &broken), "SET-04", "a setup that does not hold is none");
}

#[test]
fn suc_05_a_member_signs_for_one_that_can_be_opened() {
    let mut trio = ended();
    let (first, second) = (successor(&trio, 1), successor(&trio, 2));
    assert_ne!(first.tag, second.tag);
    let signed = trio.member_mut(0).sign_successor(&first, |_| panic!("there is none before")).unwrap();
    trio.reopen(0);
    assert_eq!(trio.member(0).successor().unwrap(), Some(first.tag), "stored before it was shown");
    let same = trio.member_mut(0).sign_successor(&first, |_| true).unwrap();
    assert_eq!(same, signed, "the same one may be signed again");
    let refused = trio.member_mut(0).sign_successor(&second, |tag| *tag == first.tag).unwrap_err();
    assert!(matches!(refused, SuccessorRefused::Exists { tag } if tag == first.tag), "{refused}");
    trio.member_mut(0).sign_successor(&second, |_| false).expect("the first was never opened");
    assert_eq!(trio.member(0).successor().unwrap(), Some(second.tag));
}

#[test]
fn a_successor_opens_with_the_signature_of_every_member_of_the_end() {
    let mut trio = ended();
    let setup = successor(&trio, 1);
    let mut signed: Vec<_> = (0..3)
        .map(|at| {
            let signature = trio.member_mut(at).sign_successor(&setup, |_| false).unwrap();
            (trio.member(at).member.pseudonym(&NEXT, Generation(0)).public(), signature)
        })
        .collect();
    signed.sort_by_key(|(pseudonym, _)| *pseudonym);
    let signatures: Vec<_> = signed.into_iter().map(|(_, signature)| signature).collect();
    let open = |signatures: &[SignatureBytes]| {
        RootTransaction::OpenChannel(Setup::open_channel(setup.body().unwrap(), signatures.to_vec()))
    };
    let (_, rejected) = trio.root.build([open(&signatures[1..])]);
    assert_eq!(rejected[0].1.rule(), "ROO-06", "one that does not agree keeps it from opening");
    let (block, rejected) = trio.root.build([open(&signatures)]);
    assert_eq!(rejected, []);
    assert_eq!(trio.root.apply(&block).unwrap().events[0].entry.tag, setup.tag);
}

#[test]
fn set_04_a_tag_commits_to_the_predecessor() {
    let trio = ended();
    let good = successor(&trio, 1);
    good.check().unwrap();
    let changes: [fn(&mut Option<Predecessor>); 4] = [
        |end| *end = None,
        |end| end.as_mut().unwrap().tag.0[31] ^= 1,
        |end| end.as_mut().unwrap().last_event.0 ^= 1,
        |end| end.as_mut().unwrap().state_root.0[31] ^= 1,
    ];
    for change in changes {
        let mut other = good.clone();
        change(&mut other.predecessor);
        assert_eq!(other.check().unwrap_err().rule(), "SET-04");
    }
    let founded = Setup { predecessor: None, ..good };
    let commitments: [Digest; 2] = [founded.genesis_commitment(), successor(&trio, 1).genesis_commitment()];
    assert_ne!(commitments[0], commitments[1]);
}
