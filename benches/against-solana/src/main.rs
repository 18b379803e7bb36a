//! What it costs to verify a confidential transfer: here, and in `solana-zk-sdk`.
//!
//! Both sides are whole. There: the three proofs that a confidential transfer without a fee shows to the token program,
//! equality of ciphertext and commitment, validity of the grouped ciphertexts for sender, receiver and auditor, and the
//! batched range proof of 128 bits; each read from its bytes and verified alone, as a validator does. Here: a transfer
//! of two notes into two, each amount of 64 bits: notes, owners' signatures, balance, range; alone, and many at once
//! as in a channel's batch.
//!
//! Rounds of both sides take turns, one thread, processor time, and the median round of each counts: ratios of one run are what to compare.

#[path = "../../../crates/amounts/tests/world/mod.rs"]
mod world;

mod solana;

use std::hint::black_box;

use parclose_amounts::{Transfer, verify_all};
use rustix::time::{ClockId, clock_gettime};
use world::{PLACE, World};

const ROUNDS: usize = 15;
const ALONE: usize = 16;
const BATCHES: [usize; 3] = [16, 64, 256];

/// Transfers of two notes into two, all of one state.
fn transfers(count: usize) -> (World, Vec<Transfer>) {
    let mut world = World::with(&vec![500; 2 * count]);
    let notes = world.notes();
    let transfer = |pair: &[_]| {
        let made = world.new_purses(&[400, 600]);
        world.transfer(pair, &made)
    };
    let transfers = notes.chunks(2).map(transfer).collect();
    (world, transfers)
}

/// Microseconds of this thread's processor time.
fn micros() -> f64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    now.tv_sec as f64 * 1e6 + now.tv_nsec as f64 / 1e3
}

/// Microseconds for each transfer.
fn each(count: usize, work: impl FnOnce()) -> f64 {
    let started = micros();
    work();
    (micros() - started) / count as f64
}

fn together(world: &World, transfers: &[Transfer]) {
    let transfers = black_box(transfers).iter();
    let checked =
        transfers.map(|transfer| transfer.check(&PLACE, &world.book).expect("it is valid")).collect();
    assert!(verify_all(checked).iter().all(Result::is_ok));
}

fn median(rounds: &mut [f64]) -> f64 {
    rounds.sort_by(f64::total_cmp);
    rounds[rounds.len() / 2]
}

fn main() {
    let (world, transfers) = transfers(256);
    let theirs: Vec<_> = (0..ALONE as u64).map(solana::Transfer::new).collect();
    // What is measured verifies, and what is changed does not.
    theirs.iter().for_each(|transfer| assert!(transfer.verify()));
    assert!(!solana::Transfer::broken(0).verify());
    let mut other = transfers[0].clone();
    other.outputs[0] = transfers[1].outputs[0].clone();
    assert!(other.verify(&PLACE, &world.book).is_err());

    let mut solana = Vec::new();
    let mut alone = Vec::new();
    let mut batches = BATCHES.map(|_| Vec::new());
    for _ in 0..ROUNDS {
        solana.push(each(ALONE, || {
            theirs.iter().for_each(|transfer| assert!(black_box(transfer).verify()));
        }));
        alone.push(each(ALONE, || {
            for transfer in &transfers[..ALONE] {
                assert!(black_box(transfer).verify(&PLACE, &world.book).is_ok());
            }
        }));
        for (batch, rounds) in BATCHES.into_iter().zip(&mut batches) {
            rounds.push(each(batch, || together(&world, &transfers[..batch])));
        }
    }
    let solana = median(&mut solana);
    println!("solana-zk-sdk 8.1.0, one transfer       {solana:>8.1} us");
    let line = |what: &str, micros: f64| println!("{what:<39} {micros:>8.1} us   {:>5.2} x", solana / micros);
    line("parclose, one transfer", median(&mut alone));
    for (batch, mut rounds) in BATCHES.into_iter().zip(batches) {
        line(&format!("parclose, one of {batch} at once"), median(&mut rounds));
    }
}
