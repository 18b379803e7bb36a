//! With real signatures and a real disk: the life of a channel, restarts, loss of power, foreigners.

use std::path::{Path, PathBuf};

use parclose_root::EventKind;
use parclose_store::{RowKey, StoreError};
use parclose_types::{Failure, encode};
use tempfile::{TempDir, tempdir};

use super::*;
use crate::fixtures::{Channel, change_of, genesis_of, key};
use crate::hazmat::{copy_after_kill, copy_after_power_loss};
use crate::tables::{HEADERS, TAGS, TRANSACTIONS};

mod deals;

fn genesis() -> Genesis {
    genesis_of(&[(200, 1)], 1)
}

fn open_at(path: &Path) -> Result<EmbeddedRoot, RootUnavailable> {
    EmbeddedRoot::open(path, genesis(), key(200), &SharedCache::new(4 << 20))
}

fn a_channel(number: u8) -> Channel {
    Channel::new(genesis().network(), number)
}

/// A directory with an open channel (height 1) and an anchor (height 2).
fn started() -> (TempDir, EmbeddedRoot, Channel) {
    let dir = tempdir().unwrap();
    let root = open_at(&dir.path().join("root")).unwrap();
    let channel = a_channel(0);
    for transaction in [channel.open(), channel.anchor(1, 0, 20)] {
        assert!(root.commit(vec![transaction]).unwrap().outcomes[0].is_ok());
    }
    (dir, root, channel)
}

fn kinds(root: &EmbeddedRoot, tag: &Tag) -> Vec<EventKind> {
    root.events(tag, Sequence(0), 100).unwrap().iter().map(|event| event.entry.kind).collect()
}

/// Proves every event and the state of a tag, and verifies all of it from the genesis alone.
fn verify_all(root: &EmbeddedRoot, tag: &Tag) {
    let events = root.events(tag, Sequence(0), 100).unwrap();
    for (event, sequence) in events.iter().zip(0..) {
        let proof = root.prove(tag, Sequence(sequence)).unwrap().unwrap();
        let verified = proof.verify(&genesis()).unwrap();
        assert_eq!((verified.height(), *verified.entry()), (event.height, event.entry));
        assert_eq!(verified.transaction(), &event.transaction);
    }
    let state = root.prove_tag(tag).unwrap().unwrap().verify(&genesis()).unwrap();
    assert_eq!((state.state().count, state.height()), (events.len() as u64, root.head()));
    assert_eq!(state.state().chain, events.last().unwrap().entry.chain);
    assert_eq!(root.tag_state(tag).unwrap().as_ref(), Some(state.state()));
}

#[test]
fn a_channel_lives_over_a_restart_and_every_event_is_proven_offline() {
    let (dir, root, channel) = started();
    let other = a_channel(100);
    let committed =
        root.commit(vec![channel.anchor(2, 0, 20), other.open(), channel.anchor(3, 1, 20)]).unwrap();
    assert_eq!((committed.height, committed.outcomes.len()), (Height(3), 3));
    verify_all(&root, &channel.tag);
    let before = root.prove(&channel.tag, Sequence(2)).unwrap();
    drop(root);

    let root = open_at(&dir.path().join("root")).unwrap();
    assert_eq!((root.head(), root.network()), (Height(3), genesis().network()));
    assert_eq!(root.prove(&channel.tag, Sequence(2)).unwrap(), before);
    let committed =
        root.commit(vec![channel.anchor(3, 1, 20), channel.anchor(4, 3, 20), channel.close(4)]).unwrap();
    let refused = committed.outcomes[0].as_ref().unwrap_err();
    assert_eq!(refused.rule(), "ROO-18", "a commitment ordered before the restart");
    assert_eq!(committed.outcomes[2].unwrap().unwrap().sequence, Sequence(5));
    verify_all(&root, &channel.tag);
    verify_all(&root, &other.tag);
    let (open, anchor, close) = (EventKind::Open, EventKind::Anchor, EventKind::Close);
    assert_eq!(kinds(&root, &channel.tag), [open, anchor, anchor, anchor, anchor, close]);
}

#[test]
fn outcomes_stand_in_the_order_of_the_candidates() {
    let (_dir, root, channel) = started();
    let strange = a_channel(100);
    let candidates = vec![
        strange.anchor(1, 0, 20),
        channel.anchor(2, 0, 20),
        channel.anchor(2, 0, 20),
        channel.anchor(3, 9, 20),
        channel.anchor(4, 0, 20),
    ];
    let outcomes = root.commit(candidates).unwrap().outcomes;
    let seen: Vec<_> =
        outcomes.iter().map(|o| o.as_ref().map(|e| e.unwrap().sequence.0).map_err(|e| e.rule())).collect();
    assert_eq!(seen, [Err("ROO-13"), Ok(2), Err("ROO-18"), Err("ROO-19"), Ok(3)]);
    let nothing = root.commit(vec![]).unwrap();
    assert_eq!((nothing.height, nothing.outcomes.len()), (Height(4), 0));
}

#[test]
fn events_are_read_in_pages_and_stay_within_their_tag() {
    let (_dir, root, channel) = started();
    let others = [a_channel(50), a_channel(100), a_channel(150)];
    root.commit(others.iter().map(Channel::open).collect()).unwrap();
    root.commit(vec![channel.anchor(2, 0, 20), channel.anchor(3, 0, 20)]).unwrap();
    let page = |from, limit| -> Vec<u64> {
        let events = root.events(&channel.tag, Sequence(from), limit).unwrap();
        events.iter().map(|event| event.entry.sequence.0).collect()
    };
    assert_eq!((page(0, 2), page(2, 2), page(4, 2)), (vec![0, 1], vec![2, 3], vec![]));
    assert_eq!((page(1, 0), page(0, 99)), (vec![], vec![0, 1, 2, 3]));
    let unknown = Tag([0; 32]);
    assert_eq!(root.events(&unknown, Sequence(0), 9), Ok(vec![]));
    assert_eq!(root.prove(&unknown, Sequence(0)), Ok(None));
    assert_eq!(root.prove(&channel.tag, Sequence(4)), Ok(None));
    assert_eq!((root.tag_state(&unknown), root.prove_tag(&unknown)), (Ok(None), Ok(None)));
}

#[test]
fn con_01_a_key_without_two_thirds_of_the_votes_cannot_run_alone() {
    let dir = tempdir().unwrap();
    let open = |powers: &[(u8, u64)], number| {
        let path = dir.path().join(format!("{number}-{}", powers.len()));
        EmbeddedRoot::open(path, genesis_of(powers, 1), key(number), &SharedCache::new(1 << 20)).map(drop)
    };
    assert_eq!(open(&[(200, 1)], 201), Err(RootUnavailable::NotTheValidator));
    assert_eq!(open(&[(200, 2), (201, 1)], 200), Err(RootUnavailable::NotTheValidator));
    assert_eq!(open(&[(200, 5), (201, 1), (202, 1)], 200), Ok(()));
}

#[test]
fn con_01_an_embedded_validator_makes_no_block_once_it_does_not_decide_alone() {
    let (dir, root, _) = started();
    let change = change_of(&root.network(), &root.validators().unwrap(), Height(3), &[200, 201]);
    assert!(root.commit(vec![change]).unwrap().outcomes[0].is_ok());
    assert_eq!(root.advance(Height(4)), Ok(Height(4)), "the block that announces them");
    assert_eq!(root.advance(Height(5)), Err(RootUnavailable::NotTheValidator));
    assert_eq!(root.advance(Height(9)), Err(RootUnavailable::NotTheValidator), "nor several at once");
    assert_eq!(root.commit(Vec::new()), Err(RootUnavailable::NotTheValidator));
    assert_eq!((root.head(), root.prove_changes().unwrap().len()), (Height(4), 1));
    drop(root);
    assert_eq!(open_at(&dir.path().join("root")).unwrap_err(), RootUnavailable::NotTheValidator);
}

#[test]
fn con_02_a_directory_whose_last_block_another_validator_signed_is_refused() {
    let (dir, root, _) = started();
    let mut row = root.ledger.header_row(Height(2)).unwrap();
    let (network, value) = (genesis().network(), row.certificate.value);
    row.certificate = CommitCertificate::of_one(&network, Height(2), value, &key(201));
    drop(root);
    let row_key = [vec![HEADERS.id()], Height(2).to_row_key()].concat();
    parclose_store::hazmat::put_raw(&dir.path().join("root"), &row_key, &encode(&row)).unwrap();
    let refused = open_at(&dir.path().join("root")).unwrap_err();
    assert!(matches!(refused, RootUnavailable::Uncertified { height: Height(2), .. }), "{refused}");
}

#[test]
fn con_03_a_missing_row_is_an_error_and_not_a_missing_event() {
    let (dir, root, channel) = started();
    drop(root);
    let row_key = [vec![TRANSACTIONS.id()], (Height(2), 0_u32).to_row_key()].concat();
    parclose_store::hazmat::delete_raw(&dir.path().join("root"), &row_key).unwrap();
    let root = open_at(&dir.path().join("root")).unwrap();
    let expected = RootUnavailable::Inconsistent { height: Height(2) };
    assert_eq!(root.events(&channel.tag, Sequence(0), 9), Err(expected.clone()));
    assert_eq!(root.prove(&channel.tag, Sequence(1)), Err(expected));
    assert!(root.prove(&channel.tag, Sequence(0)).is_ok());
}

#[test]
fn roo_44_a_changed_row_of_a_tag_is_noticed_at_the_next_start() {
    let (dir, root, channel) = started();
    let mut state = root.tag_state(&channel.tag).unwrap().unwrap();
    drop(root);
    state.recent.clear();
    let row_key = [vec![TAGS.id()], channel.tag.to_row_key()].concat();
    parclose_store::hazmat::put_raw(&dir.path().join("root"), &row_key, &encode(&state)).unwrap();
    assert_eq!(open_at(&dir.path().join("root")).unwrap_err().rule(), "ROO-44");
}

#[test]
fn con_04_after_a_panic_in_the_middle_of_a_block_none_is_made() {
    let (_dir, root, channel) = started();
    let broken = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _state = root.ledger.state().unwrap();
        panic!("in the middle of a block");
    }));
    assert!(broken.is_err());
    assert_eq!(root.commit(vec![]), Err(RootUnavailable::Stopped));
    assert_eq!(root.advance(Height(9)), Err(RootUnavailable::Stopped));
    assert_eq!(root.head(), Height(2));
    assert_eq!(kinds(&root, &channel.tag).len(), 2, "what is final can still be read");
}

/// Copies of one root after a crash: `(after loss of power, after a kill)`, opened.
fn crashed(dir: &TempDir, root: &EmbeddedRoot, name: &str) -> (EmbeddedRoot, EmbeddedRoot) {
    let at = |what: &str| -> PathBuf { dir.path().join(format!("{name}-{what}")) };
    copy_after_power_loss(root, &at("power")).unwrap();
    copy_after_kill(root, &at("kill")).unwrap();
    (open_at(&at("power")).unwrap(), open_at(&at("kill")).unwrap())
}

#[test]
fn con_05_every_acknowledged_block_survives_loss_of_power() {
    let (dir, root, channel) = started();
    for number in 2..8 {
        let committed = root.commit(vec![channel.anchor(number, 0, 20)]).unwrap();
        assert!(committed.outcomes[0].is_ok());
        let (power, kill) = crashed(&dir, &root, &number.to_string());
        for survivor in [power, kill] {
            assert_eq!(survivor.head(), committed.height);
            verify_all(&survivor, &channel.tag);
            assert!(survivor.commit(vec![channel.anchor(number + 1, 1, 20)]).unwrap().outcomes[0].is_ok());
        }
    }
}

/// The control of the test above: were the sync left out, it would fail.
#[test]
fn con_05_a_block_written_without_a_sync_would_be_lost() {
    let (dir, root, channel) = started();
    {
        let mut state = root.ledger.state().unwrap();
        let (prepared, _) = state.prepare([channel.anchor(2, 0, 20)]);
        root.make_final(&mut state, prepared, Durability::Buffered).unwrap();
    }
    assert_eq!(root.head(), Height(3));
    let (power, kill) = crashed(&dir, &root, "unsynced");
    assert_eq!((power.head(), kill.head()), (Height(2), Height(3)));
    assert_eq!(kinds(&power, &channel.tag).len(), 2);
    verify_all(&power, &channel.tag);
}

#[test]
fn con_06_empty_blocks_reach_a_height_and_survive_loss_of_power() {
    let (dir, root, channel) = started();
    assert_eq!(root.advance(Height(1)), Ok(Height(2)), "never backwards");
    assert_eq!(root.advance(Height(3)), Ok(Height(3)));
    assert_eq!(root.advance(Height(1400)), Ok(Height(1400)));
    assert_eq!(root.head(), Height(1400));
    let (power, kill) = crashed(&dir, &root, "advanced");
    for survivor in [power, kill] {
        assert_eq!(survivor.head(), Height(1400));
        let late = survivor.commit(vec![channel.anchor(2, 0, 20), channel.anchor(3, 0, 1500)]).unwrap();
        assert_eq!(late.height, Height(1401));
        assert_eq!(late.outcomes[0].as_ref().unwrap_err().rule(), "ROO-16");
        verify_all(&survivor, &channel.tag);
    }
    for height in 1..=1400 {
        let row = root.ledger.header_row(Height(height)).unwrap();
        assert_eq!(row.certificate.verify(&root.network(), root.genesis().validators()), Ok(()));
        assert_eq!(row.certificate.value, row.header.hash());
    }
}

#[test]
fn a_foreign_genesis_neither_opens_the_directory_nor_verifies_its_proofs() {
    let (dir, root, channel) = started();
    let proof = root.prove(&channel.tag, Sequence(1)).unwrap().unwrap();
    let state = root.prove_tag(&channel.tag).unwrap().unwrap();
    drop(root);
    let same_validator = genesis_of(&[(200, 1)], 2);
    let other_validator = genesis_of(&[(201, 1)], 1);
    for genesis in [&same_validator, &other_validator] {
        assert_eq!(proof.verify(genesis).unwrap_err().rule(), "ROO-39");
        assert_eq!(state.verify(genesis).unwrap_err().rule(), "ROO-39");
    }
    let path = dir.path().join("root");
    let refused =
        EmbeddedRoot::open(&path, same_validator, key(200), &SharedCache::new(1 << 20)).unwrap_err();
    assert!(matches!(refused, RootUnavailable::Store(StoreError::WrongOwner { .. })), "{refused}");
}

#[test]
fn a_second_validator_cannot_sign_a_proof() {
    let (_dir, root, channel) = started();
    let mut proof = root.prove(&channel.tag, Sequence(1)).unwrap().unwrap();
    let (network, value) = (root.network(), proof.certificate.value);
    proof.certificate = CommitCertificate::of_one(&network, Height(2), value, &key(201));
    assert_eq!(proof.verify(&genesis()).unwrap_err().rule(), "ROO-36");
    let own = CommitCertificate::of_one(&network, Height(2), value, &key(200));
    proof.certificate.signatures = vec![(key(200).public(), proof.certificate.signatures[0].1)];
    assert_eq!(proof.verify(&genesis()).unwrap_err().rule(), "ROO-37");
    proof.certificate = own;
    assert!(proof.verify(&genesis()).is_ok());
}
