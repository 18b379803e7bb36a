use std::collections::BTreeSet;

use parclose_crypto::kdf_secret;
use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_crypto::wrap::UnwrapKey;
use parclose_keys::AudienceSecret;
use parclose_store::hazmat::copy_after_kill;
use parclose_transaction::grant::StandingGrant;
use parclose_transaction::{Act, Change, Erasure, LeftWrap, Perspective, UnverifiedTransaction};
use parclose_types::{AudienceId, Epoch, TransactionDigest, labels};

use super::*;
use crate::erasure::tests::{all_are, follow, is_open};
use crate::fixtures::{Trio, create};
use crate::tables::PERMANENT;

fn asks(target: ErasureTarget) -> Act {
    Act::Erase(Erasure { target, reason: "its time is over".into() })
}

/// All members want it erased, and their nodes carry it out.
fn erase(trio: &mut Trio, target: ErasureTarget) {
    for at in 0..3 {
        assert_eq!(trio.act(at, asks(target)).0, "applied");
    }
    trio.upkeep();
}

fn rekey(trio: &mut Trio) {
    trio.decide_on(0, vec![Change::Rekey], &[1]);
    trio.rotate();
    trio.deal();
}

/// A statement in each of two epochs of the first generation, and one in the second: records 1 to 3.
fn in_three_epochs() -> Trio {
    let mut trio = Trio::new();
    write(&mut trio, 1);
    trio.wait(64);
    write(&mut trio, 2);
    rekey(&mut trio);
    write(&mut trio, 3);
    trio
}

fn write(trio: &mut Trio, number: u8) {
    let made = trio.statement(create(number));
    assert_eq!(trio.decide(&made), "applied");
}

/// Where a record was sealed.
fn sealed_in(trio: &Trio, number: u8) -> (Generation, Epoch, AudienceId) {
    let row = trio.member(0).record(&crate::fixtures::record(number)).unwrap().unwrap();
    let state = row.fields[0].state;
    (state.generation, state.epoch, state.entry.audience)
}

/// Everything that opens an epoch: an audience's secret, and the nodes of each class's tree on the way to its leaf.
fn path_to(secret: &AudienceSecret, trio: &Trio, of: (Generation, Epoch, AudienceId)) -> Vec<[u8; 32]> {
    let (generation, epoch, audience) = of;
    let channel = trio.member(0).config().channel;
    let mut path = vec![secret.expose(|bytes| *bytes)];
    for class in [1, 2].map(ClassId) {
        let seed = secret.class(&channel, generation, &audience, class);
        let mut node = seed.expose(|bytes| *bytes);
        path.push(node);
        for depth in 0..32 {
            let bit = u8::try_from((epoch.0 >> (31 - depth)) & 1).unwrap();
            let child = kdf_secret(&secret_from_bytes(node), labels::GGM, &[&[bit]]);
            node = child.expose(|bytes| *bytes);
            path.push(node);
        }
        assert_eq!(seed.leaf(epoch).expose(|bytes| *bytes), node, "the path ends at its leaf");
    }
    path
}

/// How many of some needles a member's rows hold after unsealing.
fn found(trio: &Trio, at: usize, needles: &[[u8; 32]]) -> usize {
    let mut found: BTreeSet<[u8; 32]> = BTreeSet::new();
    let dumped = trio.member(at).store().logical_dump(|row| {
        let plain = row.plain.as_deref().unwrap_or_default();
        let held = |needle: &&[u8; 32]| plain.windows(32).any(|window| window == *needle);
        found.extend(needles.iter().filter(held).copied());
    });
    dumped.unwrap();
    found.len()
}

/// Wraps of acts that a member's store holds whole, and those that are gone.
fn wraps(trio: &Trio, at: usize, of: impl Fn(&Act) -> bool) -> (usize, usize) {
    let (mut whole, mut gone) = (0, 0);
    let channel = trio.member(at);
    for (place, permanent) in channel.store().scan(&PERMANENT, &(0, 0), usize::MAX).unwrap() {
        let transaction = UnverifiedTransaction::decode(&permanent).unwrap();
        if !transaction.claimed_body().act.as_ref().is_some_and(&of) {
            continue;
        }
        let left = channel.left_of(place).unwrap().unwrap();
        gone += left.gone_wraps().count();
        whole += left.wraps.iter().filter(|wrap| matches!(wrap, LeftWrap::Whole(_))).count();
        if left.lacking() > 0 {
            transaction.check_erased(&left).unwrap();
        }
    }
    (whole, gone)
}

fn is_deal_of(configuration: parclose_types::Digest) -> impl Fn(&Act) -> bool {
    move |act| matches!(act, Act::Deal { configuration: of, .. } if *of == configuration)
}

#[test]
fn era_13_what_goes_on_or_is_relied_on_is_not_erased() {
    let mut trio = in_three_epochs();
    let (_, second, _) = sealed_in(&trio, 2);
    let (generation, third, _) = sealed_in(&trio, 3);
    assert!(second < third);
    for target in [
        ErasureTarget::Epoch(third),
        ErasureTarget::Epoch(Epoch(u32::MAX)),
        ErasureTarget::Generation(generation),
        ErasureTarget::Generation(Generation(9)),
    ] {
        assert_eq!(trio.act(0, asks(target)).0, "ERA-13", "{target:?}");
    }
    assert_eq!(trio.act(0, asks(ErasureTarget::Epoch(second))).0, "applied");

    // A note that can be spent opens with a field of that generation.
    let (mut trio, asset) = Trio::cash();
    let account = trio.account(1, 1);
    assert_eq!(trio.decide_by(1, &account), "applied");
    let issued = trio.issue(0, asset, &[(1, 5)]);
    assert_eq!(trio.decide_by(0, &issued), "applied");
    rekey(&mut trio);
    let whole = ErasureTarget::Generation(Generation(0));
    let last = [0, 1, 2].map(|at| trio.act(at, asks(whole)).0);
    assert_eq!(last, ["applied", "applied", "ERA-13"], "looked at when all have asked");
    assert_eq!(trio.member(0).erasures().unwrap()[0].in_force, None);
}

#[test]
fn era_14_each_set_of_readers_agrees_that_its_keys_go() {
    let mut trio = in_three_epochs();
    let (_, first, _) = sealed_in(&trio, 1);
    let target = ErasureTarget::Epoch(first);
    // Every two of the three have a set.
    for (at, in_force) in [(2, false), (0, false), (1, true)] {
        assert_eq!(trio.act(at, asks(target)).0, "applied");
        assert_eq!(trio.member(0).erasures().unwrap()[0].in_force.is_some(), in_force, "{at}");
    }
    assert_eq!(trio.act(1, asks(target)).0, "ERA-04");
}

#[test]
fn era_15_an_epoch_goes_with_all_that_opens_it_and_every_other_opens_still() {
    let mut trio = in_three_epochs();
    let (of, beside) = (sealed_in(&trio, 1), sealed_in(&trio, 2));
    assert_eq!(of.0, beside.0, "one generation");
    let path = {
        let secret = trio.member(0).keys().secret(&of.2).unwrap();
        path_to(secret, &trio, of)
    };
    let configuration = trio.member(0).kept_of(of.0).unwrap().0.config.digest();
    assert_eq!(found(&trio, 0, &path), 1, "before, the secret is there");
    assert!(wraps(&trio, 0, is_deal_of(configuration)).0 > 0);

    erase(&mut trio, ErasureTarget::Epoch(of.1));
    for at in 0..3 {
        assert_eq!(found(&trio, at, &path), 0, "member {at}");
        let (whole, gone) = wraps(&trio, at, is_deal_of(configuration));
        assert!(whole == 0 && gone > 0, "member {at}: the secret cannot be had again");
        assert!(trio.member(at).erasures().unwrap()[0].is_confirmed_by(&trio.id(at)));
        assert_eq!(trio.member(at).verify(|sequence| trio.chain(sequence)).unwrap().withheld, 0);
    }
    for at in 0..2 {
        assert!(all_are(trio.member(at), 1, &parclose_transaction::FieldState::Erased));
        assert!(is_open(trio.member(at), 2) && is_open(trio.member(at), 3), "member {at}");
        trio.reopen(at);
        assert!(is_open(trio.member(at), 2) && is_open(trio.member(at), 3), "member {at}, opened again");
        let place = |epoch| parclose_keys::FieldPlace { epoch, ..place_of(&trio, at, of) };
        let opens = |epoch| trio.member(at).keys().field_key(&place(epoch), &[0; 32], b"").is_some();
        assert!(!opens(of.1) && opens(beside.1) && opens(Epoch(u32::MAX)) && opens(Epoch(of.1.0 + 1)));
    }
    // The other one goes as well: what is left is punctured again.
    erase(&mut trio, ErasureTarget::Epoch(beside.1));
    for at in 0..2 {
        assert!(all_are(trio.member(at), 2, &parclose_transaction::FieldState::Erased));
        let opens = |epoch| {
            let place = parclose_keys::FieldPlace { epoch, ..place_of(&trio, at, of) };
            trio.member(at).keys().field_key(&place, &[0; 32], b"").is_some()
        };
        assert!(!opens(of.1) && !opens(beside.1) && opens(Epoch(u32::MAX)));
        assert!(is_open(trio.member(at), 3));
    }
    write(&mut trio, 4);
}

fn place_of(trio: &Trio, at: usize, of: (Generation, Epoch, AudienceId)) -> parclose_keys::FieldPlace {
    let (generation, epoch, audience) = of;
    let channel = trio.member(at).config().channel;
    parclose_keys::FieldPlace {
        channel,
        generation,
        epoch,
        audience,
        class: ClassId(2),
        record_key: [0; 32],
        field: parclose_types::FieldId(2),
        salt_digest: [0; 32],
    }
}

#[test]
fn era_15_a_generation_goes_with_all_of_its_keys() {
    let mut trio = in_three_epochs();
    let (of, later) = (sealed_in(&trio, 1), sealed_in(&trio, 3));
    let path = {
        let secret = trio.member(1).keys().secret(&of.2).unwrap();
        path_to(secret, &trio, of)
    };
    let configurations = [of.0, later.0].map(|of| trio.member(0).kept_of(of).unwrap().0.config.digest());
    let copy = trio.fresh_path();
    copy_after_kill(trio.member(1).store(), &copy).unwrap();
    erase(&mut trio, ErasureTarget::Generation(of.0));
    for at in 0..3 {
        assert_eq!(found(&trio, at, &path), 0);
        assert_eq!(wraps(&trio, at, is_deal_of(configurations[0])).0, 0);
        let (whole, gone) = wraps(&trio, at, is_deal_of(configurations[1]));
        assert!(whole > 0 && gone == 0, "those of the next are there");
        assert!(trio.member(at).keys().secret(&of.2).is_none());
        assert_eq!(trio.member(at).store().scan(&PUNCTURED, &0, usize::MAX).unwrap(), []);
    }
    for number in [1, 2] {
        assert!(all_are(trio.member(0), number, &parclose_transaction::FieldState::Erased));
    }
    assert!(is_open(trio.member(0), 3) && is_open(trio.member(1), 3));

    // An old store that is put back loses it again.
    let mut restored = trio.open_at(1, &copy);
    assert!(restored.keys().secret(&of.2).is_some());
    follow(&trio, &mut restored, 0);
    assert!(restored.carry_out_erasures().unwrap());
    assert!(restored.keys().secret(&of.2).is_none() && restored.keys().secret(&later.2).is_some());
    assert_eq!(restored.head().unwrap().root, trio.member(0).head().unwrap().root);
    assert_eq!(restored.withheld().unwrap(), [].into());
}

#[test]
fn era_08_wraps_that_somebody_keeps_back_are_missing() {
    let mut trio = in_three_epochs();
    let (of, later) = (sealed_in(&trio, 1), sealed_in(&trio, 3));
    let configuration = |of| trio.member(0).kept_of(of).unwrap().0.config.digest();
    let (erased, kept) = (configuration(of.0), configuration(later.0));
    erase(&mut trio, ErasureTarget::Epoch(of.1));
    let reach = trio.member(0).reach().unwrap();
    let mut looked = [0, 0];
    for (place, permanent) in trio.member(0).store().scan(&PERMANENT, &(0, 0), usize::MAX).unwrap() {
        let transaction = UnverifiedTransaction::decode(&permanent).unwrap();
        let Some(Act::Deal { configuration, .. }) = &transaction.claimed_body().act else { continue };
        let mut left = trio.member(0).left_of(place).unwrap().unwrap();
        if *configuration == erased {
            assert!(reach.explains(&left, transaction.claimed_body()).is_some());
            looked[0] += 1;
        }
        // Of a set of one nothing would be left.
        if *configuration == kept && left.wraps.len() > 1 {
            let LeftWrap::Whole(wrap) = left.wraps[0].clone() else { panic!("it is there") };
            left.wraps[0] = LeftWrap::Gone(parclose_crypto::merkle::leaf_hash(&wrap));
            transaction.check_erased(&left).unwrap();
            assert_eq!(reach.explains(&left, transaction.claimed_body()), None, "the log does not erase it");
            looked[1] += 1;
        }
    }
    assert!(looked.iter().all(|count| *count > 0));
}

#[test]
fn era_16_what_is_left_of_wraps_gives_the_root_that_the_act_commits_to() {
    let mut trio = in_three_epochs();
    let of = sealed_in(&trio, 1);
    erase(&mut trio, ErasureTarget::Epoch(of.1));
    let rows = trio.member(0).store().scan(&PERMANENT, &(0, 0), usize::MAX).unwrap();
    let of_deal = |(place, permanent): &((u64, u32), Vec<u8>)| {
        let transaction = UnverifiedTransaction::decode(permanent).unwrap();
        let left = trio.member(0).left_of(*place).unwrap().unwrap();
        let is_deal = matches!(transaction.claimed_body().act, Some(Act::Deal { .. }));
        (is_deal && left.wraps.len() > 1 && left.lacking() > 0).then_some((transaction, left))
    };
    let (transaction, left) = rows.iter().find_map(of_deal).expect("a deal of the erased epoch's generation");
    assert_eq!(transaction.check_erased(&left), Ok(()));
    assert_eq!(left.salt, None, "nothing is left that it belongs to");
    let bends: [&dyn Fn(&mut parclose_transaction::ErasedPart); 5] = [
        &|left| left.wraps[0] = LeftWrap::Gone([7; 32]),
        &|left| left.wraps[0] = LeftWrap::Whole(vec![7; 9]),
        &|left| drop(left.wraps.pop()),
        &|left| left.wraps.swap(0, 1),
        &|left| left.salt = Some([0; 32]),
    ];
    for (at, bend) in bends.iter().enumerate() {
        let mut bent = left.clone();
        bend(&mut bent);
        assert!(transaction.check_erased(&bent).is_err(), "{at}");
    }
}

fn regulator() -> UnwrapKey {
    UnwrapKey::from_secret(&secret_from_bytes([21; 32]))
}

/// A grant over some epochs that stands, with all covers that follow.
fn granted(trio: &mut Trio, from: Epoch, to: Epoch) -> TransactionDigest {
    let grant = StandingGrant {
        name: "authority".into(),
        grantee: regulator().public().to_vec(),
        audience: "both".into(),
        class: ClassId(2),
        from,
        to,
        members: Vec::new(),
        alone: false,
    };
    let (verdict, named) = trio.act(0, Act::Grant(Box::new(grant)));
    assert_eq!(verdict, "applied");
    for at in [1, 2] {
        assert_eq!(trio.act(at, Act::Approve { grant: named }).0, "applied");
    }
    trio.upkeep();
    named
}

fn generations_of(trio: &Trio, grant: &TransactionDigest) -> BTreeSet<Generation> {
    let granted = trio.member(1).granted(grant).unwrap();
    granted.iter().map(|(grant, wrap)| grant.terms.unwrap(wrap, &regulator()).unwrap().generation).collect()
}

#[test]
fn era_17_nothing_is_covered_that_reaches_what_is_erased() {
    let mut trio = in_three_epochs();
    let (of, beside, later) = (sealed_in(&trio, 1), sealed_in(&trio, 2), sealed_in(&trio, 3));
    let before = granted(&mut trio, Epoch(0), Epoch(1000));
    assert_eq!(generations_of(&trio, &before), [of.0, later.0].into());
    erase(&mut trio, ErasureTarget::Epoch(of.1));
    let is_cover = |act: &Act| matches!(act, Act::Cover(_));
    assert!(wraps(&trio, 0, is_cover).1 > 0, "view keys that are wrapped to the grantee are gone");
    assert_eq!(generations_of(&trio, &before), [later.0].into(), "they are not handed out any more");
    // Afterwards: one over the erased epoch is owed nothing of its generation, one beside it is.
    let over = granted(&mut trio, Epoch(0), Epoch(1000));
    assert_eq!(generations_of(&trio, &over), [later.0].into());
    assert_eq!(trio.member(0).covers_awaited(&over).unwrap(), 0, "nothing is waited for in vain");
    let beside_it = granted(&mut trio, beside.1, Epoch(1000));
    assert_eq!(generations_of(&trio, &beside_it), [of.0, later.0].into());
    let keys = trio.member(1).granted(&beside_it).unwrap();
    assert!(keys.iter().all(|(grant, _)| grant.terms.scope.from == beside.1));
}
