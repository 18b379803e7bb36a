//! One node hands in openings as fast as it can: everybody else still finds room.

use parclose_root::deals::{DEAL_KEPT, DEALS_MAX, DEALS_PER_BLOCK};
use parclose_root::{Deal, Leg, OpenDeal, RootState};
use parclose_types::{Digest, Tag};

use super::super::pool::{NotPooled, ORIGIN_OPENINGS_MAX, Pool};
use super::*;

const SETTLE: u64 = 500;

/// A deal that can be opened, unlike all others.
fn opening(number: u64, settle_before: u64) -> RootTransaction {
    let mut nonce = [0; 32];
    nonce[..8].copy_from_slice(&number.to_be_bytes());
    let leg = |tag| Leg { tag: Tag([tag; 32]), terms: [1; 32], approver: None };
    let (allocate_before, settle_before) = (Height(settle_before - 100), Height(settle_before));
    RootTransaction::OpenDeal(OpenDeal {
        deal: Deal { nonce, allocate_before, settle_before, legs: vec![leg(1), leg(2)] },
    })
}

fn offer(pool: &mut Pool, transaction: &RootTransaction, from: &str, hop: Hop) -> Result<(), NotPooled> {
    pool.add(transaction.clone(), transaction.digest(), 300, (Some(from.into()), hop))
}

/// The next block of whoever has this pool; what it opens is final for all pools.
fn block_of(state: &mut RootState, proposer: usize, pools: &mut [Pool]) -> Vec<Digest> {
    let candidates = pools[proposer].candidates(4096, 1 << 20);
    let (block, _) = state.build(candidates.into_iter().map(|(_, transaction)| transaction));
    let opened: Vec<Digest> = block.transactions.iter().map(RootTransaction::digest).collect();
    state.apply(&block).unwrap();
    for pool in pools {
        opened.iter().for_each(|digest| pool.ordered(digest));
    }
    opened
}

#[test]
fn mem_04_who_floods_waits_behind_whoever_comes_later_with_one() {
    let genesis = genesis_of(&[(200, 1)], 7);
    let channel = Channel::new(genesis.network(), 0);
    let mut pools = [Pool::default()];
    for number in 0..ORIGIN_OPENINGS_MAX as u64 {
        // Of as many heights as it takes.
        let flood = opening(number, SETTLE + number % 16);
        assert_eq!(offer(&mut pools[0], &flood, "flooder", Hop::Spread), Ok(()));
    }
    let anchor = channel.anchor(1, 0, 9);
    assert_eq!(offer(&mut pools[0], &anchor, "honest", Hop::Spread), Ok(()));
    let honest = [opening(900, SETTLE), opening(901, SETTLE + 1)];
    for one in &honest {
        assert_eq!(offer(&mut pools[0], one, "honest", Hop::Spread), Ok(()));
    }
    let order: Vec<Digest> = pools[0].candidates(4096, 1 << 20).into_iter().map(|(of, _)| of).collect();
    let place = |of: &RootTransaction| order.iter().position(|digest| *digest == of.digest()).unwrap();
    assert_eq!([place(&honest[0]), place(&honest[1])], [1, 3], "in turn with the flood");
    assert_eq!(place(&anchor), ORIGIN_OPENINGS_MAX, "what is no opening keeps its place");
    assert_eq!(order.len(), ORIGIN_OPENINGS_MAX + 3, "everything is there once");
    let mut state = RootState::new(genesis);
    let opened = block_of(&mut state, 0, &mut pools);
    assert_eq!(opened.len(), DEALS_PER_BLOCK as usize);
    assert!(honest.iter().all(|one| opened.contains(&one.digest())));
}

#[test]
fn mem_05_one_node_takes_no_height_and_no_state_from_the_others() {
    let mut pool = Pool::default();
    pool.share_among(4);
    let offered = |pool: &mut Pool, number: u64, settle: u64, from: &str, hop: Hop| {
        offer(pool, &opening(number, settle), from, hop)
    };
    // A quarter of what one height can have.
    for number in 0..8 {
        assert_eq!(offered(&mut pool, number, SETTLE, "flooder", Hop::HandedIn), Ok(()));
    }
    assert_eq!(offered(&mut pool, 8, SETTLE, "flooder", Hop::HandedIn), Err(NotPooled::Full));
    assert_eq!(offered(&mut pool, 8, SETTLE, "honest", Hop::HandedIn), Ok(()));
    assert_eq!(offered(&mut pool, 9, SETTLE + 1, "flooder", Hop::HandedIn), Ok(()));
    // What is opened counts on; what is given up does not.
    pool.ordered(&opening(0, SETTLE).digest());
    assert_eq!(offered(&mut pool, 10, SETTLE, "flooder", Hop::HandedIn), Err(NotPooled::Full));
    pool.remove(&opening(1, SETTLE).digest());
    assert_eq!(offered(&mut pool, 10, SETTLE, "flooder", Hop::HandedIn), Ok(()));

    // Of all that the state can hold: a sixteenth from one node, and four times that passed on by one.
    let mut pool = Pool::default();
    pool.share_among(4);
    let mut number = 1000;
    let mut fill = |pool: &mut Pool, hop: Hop| {
        let mut taken = 0;
        for settle in 0.. {
            for _ in 0..8 {
                number += 1;
                if offered(pool, number, SETTLE + settle, "flooder", hop) != Ok(()) {
                    return taken;
                }
                pool.ordered(&opening(number, SETTLE + settle).digest());
                taken += 1;
            }
        }
        taken
    };
    assert_eq!(fill(&mut pool, Hop::HandedIn), DEALS_MAX / 16);
    assert_eq!(fill(&mut pool, Hop::Spread), DEALS_MAX / 4);
    assert_eq!(fill(&mut pool, Hop::HandedIn), 0);
    assert_eq!(offered(&mut pool, 1, SETTLE, "honest", Hop::HandedIn), Ok(()));
    pool.forget_deals(Height(SETTLE + DEAL_KEPT - 1));
    assert_eq!(fill(&mut pool, Hop::HandedIn), 0, "it stands as long as the state knows it");
    pool.forget_deals(Height(SETTLE + DEAL_KEPT));
    assert_eq!(fill(&mut pool, Hop::HandedIn), 8, "those of one height are forgotten");
}

#[test]
fn mem_04_mem_05_a_flood_through_all_validators_leaves_room_for_an_honest_deal() {
    const FLOODER: usize = 0;
    let mut state = RootState::new(genesis_of(&[(200, 1), (201, 1), (202, 1), (203, 1)], 7));
    let mut pools: [Pool; 4] = std::array::from_fn(|_| Pool::default());
    pools.iter_mut().for_each(|pool| pool.share_among(4));
    let mut number = 0;
    // Handed in to one, and passed on by it.
    let hand_in = |pools: &mut [Pool; 4], to: usize, from: usize, transaction: &RootTransaction| {
        let taken = offer(&mut pools[to], transaction, &from.to_string(), Hop::HandedIn).is_ok();
        for other in (0..4).filter(|other| taken && ![to, FLOODER].contains(other)) {
            let _ = offer(&mut pools[other], transaction, &to.to_string(), Hop::Spread);
        }
        taken
    };
    let mut flood = |pools: &mut [Pool; 4]| {
        for to in [1, 2, 3] {
            for _ in 0..64 {
                number += 1;
                hand_in(pools, to, FLOODER, &opening(number, SETTLE));
            }
        }
    };
    // The height is what it is after: it floods until no more is taken.
    for proposer in [1, 2, 3, 1, 2, 3] {
        flood(&mut pools);
        block_of(&mut state, proposer, &mut pools);
    }
    let honest = opening(1_000_000, SETTLE);
    flood(&mut pools);
    assert!(hand_in(&mut pools, 2, 1, &honest));
    flood(&mut pools);
    let opened = block_of(&mut state, 3, &mut pools);
    assert!(
        opened.contains(&honest.digest()),
        "in the very next block, of a validator that it was passed on to"
    );
}
