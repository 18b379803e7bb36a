//! Deals and claims on the disk: decisions are events without a transaction, and some blocks have the opposite.

use parclose_root::{Deal, DealOutcome, DealState, Leg, OpenDeal, RootState, Trust};
use parclose_types::DealId;

use super::*;
use crate::tables::{CLAIMS, DEALS};

const HELD: [u8; 32] = [7; 32];

fn id(deal: &Deal) -> DealId {
    deal.id(&genesis().network())
}

/// At height 4: two channels, the first of which holds a claim, and a deal between them that settles before 10.
fn dealt() -> (TempDir, EmbeddedRoot, [Channel; 2], Deal) {
    let (dir, root, channel) = started();
    let other = a_channel(100);
    let committed = root.commit(vec![other.open(), channel.claim(HELD)]).unwrap();
    assert!(committed.outcomes.iter().all(|outcome| matches!(outcome, Ok(Some(_)))));
    let leg = |channel: &Channel| Leg { tag: channel.tag, terms: [1; 32], approver: None };
    let deal = Deal {
        nonce: [2; 32],
        allocate_before: Height(6),
        settle_before: Height(10),
        legs: vec![leg(&channel), leg(&other)],
    };
    let open = RootTransaction::OpenDeal(OpenDeal { deal: deal.clone() });
    let committed = root.commit(vec![other.anchor(1, 0, 20), open, channel.anchor(2, 0, 20)]).unwrap();
    let places: Vec<_> = committed.outcomes.iter().map(|o| o.unwrap().map(|e| e.sequence.0)).collect();
    assert_eq!(places, [Some(1), None, Some(3)], "what enters no log has no entry");
    (dir, root, [channel, other], deal)
}

fn outcome(root: &EmbeddedRoot, deal: &Deal) -> Option<DealOutcome> {
    let proof = root.prove_deal(&id(deal)).unwrap()?;
    let verified = proof.verify_under(&Trust::of(&genesis())).unwrap();
    assert_eq!((verified.state().cloned(), verified.height()), (root.deal(&id(deal)).unwrap(), root.head()));
    verified.state().and_then(DealState::outcome)
}

/// The decisions in a tag's log, and where they stand.
fn decisions(root: &EmbeddedRoot, tag: &Tag) -> Vec<(u64, u64, DealOutcome)> {
    let events = root.events(tag, Sequence(0), 100).unwrap();
    events
        .iter()
        .filter_map(|event| match &event.transaction {
            RootTransaction::Decision(decision) => {
                Some((event.height.0, event.entry.sequence.0, decision.outcome))
            }
            _ => None,
        })
        .collect()
}

#[test]
fn roo_80_a_commit_is_on_the_disk_and_proven_offline_over_a_restart() {
    let (dir, root, [one, other], deal) = dealt();
    assert_eq!(outcome(&root, &deal), None);
    root.commit(vec![one.prepare(id(&deal), 0)]).unwrap();
    // Three events of two transactions, and two of those are of none.
    root.commit(vec![other.prepare(id(&deal), 1), one.anchor(3, 0, 20)]).unwrap();
    let seen = |root: &EmbeddedRoot| {
        assert_eq!(outcome(root, &deal), Some(DealOutcome::Commit));
        assert_eq!(decisions(root, &one.tag), [(6, 5, DealOutcome::Commit)]);
        assert_eq!(decisions(root, &other.tag), [(6, 3, DealOutcome::Commit)]);
        verify_all(root, &one.tag);
        verify_all(root, &other.tag);
        assert_eq!(root.claim(&HELD), Ok(Some(one.tag)));
        let claim = root.prove_claim(&HELD).unwrap().unwrap().verify_under(&Trust::of(&genesis()));
        assert_eq!(claim.unwrap().holder(), Some(&one.tag));
    };
    seen(&root);
    let (power, kill) = crashed(&dir, &root, "decided");
    drop(root);
    for root in [open_at(&dir.path().join("root")).unwrap(), power, kill] {
        seen(&root);
        root.commit(vec![one.anchor(4, 0, 20), one.release(HELD)]).unwrap();
        verify_all(&root, &one.tag);
        assert_eq!(root.claim(&HELD), Ok(None));
    }
}

#[test]
fn roo_80_an_abort_by_time_is_an_event_of_a_block_without_transactions() {
    for steps in [vec![9, 10], vec![1200]] {
        let (dir, root, [one, other], deal) = dealt();
        root.commit(vec![one.prepare(id(&deal), 0)]).unwrap();
        for step in &steps {
            root.advance(Height(*step)).unwrap();
        }
        let seen = |root: &EmbeddedRoot| {
            assert_eq!(decisions(root, &one.tag), [(10, 5, DealOutcome::Abort)]);
            assert_eq!(decisions(root, &other.tag), [], "it has prepared nothing");
            assert_eq!(outcome(root, &deal), root.head().0.lt(&1034).then_some(DealOutcome::Abort));
            verify_all(root, &one.tag);
        };
        seen(&root);
        drop(root);
        seen(&open_at(&dir.path().join("root")).unwrap());
    }
}

#[test]
fn roo_29_whoever_applies_the_blocks_anew_comes_to_the_same() {
    let (_dir, root, [one, other], deal) = dealt();
    root.commit(vec![other.prepare(id(&deal), 1)]).unwrap();
    root.advance(Height(12)).unwrap();
    root.commit(vec![one.anchor(3, 0, 20)]).unwrap();
    let mut elsewhere = RootState::new(genesis());
    for height in 1..=root.head().0 {
        let (block, _) = root.ledger.block(Height(height)).unwrap().unwrap();
        let applied = elsewhere.apply(&block).unwrap();
        let entries: Vec<_> = applied.entries().copied().collect();
        assert_eq!(root.ledger.entries(Height(height)), Ok(entries), "height {height}");
    }
    assert_eq!(elsewhere.head(), &root.ledger.header_row(root.head()).unwrap().header);
    assert_eq!(elsewhere.deal(&id(&deal)).and_then(DealState::outcome), Some(DealOutcome::Abort));
}

#[test]
fn roo_44_a_changed_row_of_a_deal_or_a_claim_is_noticed_at_the_next_start() {
    type Change = fn(&Deal) -> (Vec<u8>, Vec<u8>);
    let changes: [Change; 2] = [
        |deal| {
            let state = DealState::Decided {
                outcome: DealOutcome::Commit,
                at: Height(4),
                settle_before: deal.settle_before,
            };
            ([vec![DEALS.id()], id(deal).to_row_key()].concat(), encode(&state))
        },
        |_| ([vec![CLAIMS.id()], HELD.to_row_key()].concat(), encode(&Tag([9; 32]))),
    ];
    for change in changes {
        let (dir, root, _, deal) = dealt();
        drop(root);
        let (key, row) = change(&deal);
        parclose_store::hazmat::put_raw(&dir.path().join("root"), &key, &row).unwrap();
        assert_eq!(open_at(&dir.path().join("root")).unwrap_err().rule(), "ROO-44");
    }
}

#[test]
fn nothing_is_proven_at_height_0_which_nobody_signs() {
    let dir = tempdir().unwrap();
    let root = open_at(&dir.path().join("root")).unwrap();
    assert_eq!(root.prove_deal(&DealId([0; 32])), Ok(None));
    assert_eq!(root.prove_claim(&HELD), Ok(None));
    root.advance(Height(1)).unwrap();
    let absent = root.prove_deal(&DealId([0; 32])).unwrap().unwrap();
    assert_eq!(absent.verify_under(&Trust::of(&genesis())).unwrap().state(), None);
}
