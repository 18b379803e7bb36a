//! Faults of what the root chain is handed of deals and claims.

use parclose_root::{ClaimAct, Deal, DealOutcome, Decision, PrepareStatement, RootTransaction};
use parclose_types::limits::ROOT_TRANSACTION_BYTES_MAX;
use parclose_types::{DealId, Generation, Height, NetworkId, Sequence, SignatureBytes, Tag};

use super::Vector;
use super::wire::{form, set};
use crate::dealing::{DEALING, claim, open, prepare, prepare_statement, refuse};
use crate::world::WORLD;

const ENTRANCE: &str = "root_deal";

pub(super) fn vectors() -> Vec<Vector> {
    [openings(), prepares(), refusals(), claims()].concat()
}

fn id(deal: &Deal) -> DealId {
    deal.id(&WORLD.genesis.network())
}

fn openings() -> Vec<Vector> {
    let RootTransaction::OpenDeal(honest) = &DEALING.honest[0] else { return Vec::new() };
    let good = DEALING.honest[0].encode();
    let with = |rule, fault, bad: &RootTransaction| Vector::new(ENTRANCE, rule, fault, &good, bad.encode());
    let changed = |rule, fault, change: &dyn Fn(&mut Deal)| {
        let mut deal = honest.deal.clone();
        change(&mut deal);
        with(rule, fault, &open(&deal))
    };
    let mut vectors = form(ENTRANCE, &good, ROOT_TRANSACTION_BYTES_MAX);
    vectors.extend([
        changed("ROO-65", "one leg", &|deal| deal.legs.truncate(1)),
        changed("ROO-65", "no leg", &|deal| deal.legs.clear()),
        changed("ROO-65", "nine legs", &|deal| deal.legs.resize(9, deal.legs[0])),
        changed("ROO-66", "three heights to settle", &|deal| deal.settle_before.0 = 103),
        changed("ROO-66", "settled before it is allocated", &|deal| deal.settle_before.0 = 99),
        changed("ROO-66", "settled at the end of all heights", &|deal| deal.settle_before.0 = u64::MAX),
        changed("ROO-67", "allocated before this height", &|deal| {
            (deal.allocate_before, deal.settle_before) = (Height(8), Height(20));
        }),
        changed("ROO-67", "allocated too far ahead", &|deal| {
            (deal.allocate_before, deal.settle_before) = (Height(8 + 4097), Height(8 + 5000));
        }),
        with("ROO-68", "a deal that is open already", &open(&DEALING.open)),
        with("ROO-68", "a deal that is decided", &open(&DEALING.refused)),
        with("ROO-82", "a decision", &{
            RootTransaction::Decision(Decision { deal: id(&DEALING.open), outcome: DealOutcome::Commit })
        }),
        Vector::new(ENTRANCE, "WIR-02", "it says that it has 2^32 - 1 legs", &good, {
            let legs = 1 + 32 + 8 + 8;
            [&good[..legs], &[0xff; 4], &good[legs + 4..]].concat()
        }),
        Vector::new(ENTRANCE, "WIR-02", "a variant that no root transaction has", &good, set(&good, 0, 11)),
    ]);
    vectors
}

fn prepares() -> Vec<Vector> {
    let good = DEALING.honest[1].encode();
    let window = WORLD.genesis.parameters().window;
    let with = |rule, fault, bad: &RootTransaction| Vector::new(ENTRANCE, rule, fault, &good, bad.encode());
    let signed = |rule, fault, change: &dyn Fn(&mut PrepareStatement)| {
        let mut statement = prepare_statement(DEALING.tag, id(&DEALING.open), 0);
        change(&mut statement);
        with(rule, fault, &prepare(&statement, true))
    };
    let approved = |rule, fault, change: &dyn Fn(&mut Option<SignatureBytes>)| {
        let mut transaction = DEALING.honest[1].clone();
        if let RootTransaction::Prepare(prepare) = &mut transaction {
            change(&mut prepare.approval);
        }
        with(rule, fault, &transaction)
    };
    let mut vectors = form(ENTRANCE, &good, ROOT_TRANSACTION_BYTES_MAX);
    vectors.extend([
        signed("ROO-13", "a tag that nobody opened", &|made| made.tag = Tag([7; 32])),
        signed("ROO-15", "another generation", &|made| made.generation = Generation(1)),
        signed("ROO-16", "a last height that has passed", &|made| made.last_height = Height(7)),
        signed("ROO-17", "a last height beyond the window", &|made| made.last_height = Height(9 + window)),
        signed("ROO-72", "a deal that nobody opened", &|made| made.deal = DealId([1; 32])),
        signed("ROO-73", "a deal that was refused", &|made| made.deal = id(&DEALING.refused)),
        signed("ROO-74", "a deal whose time is over", &|made| made.deal = id(&DEALING.late)),
        signed("ROO-75", "a leg of another tag", &|made| made.leg = 3),
        signed("ROO-75", "a leg that is not there", &|made| made.leg = u8::MAX),
        signed("ROO-76", "a leg that is prepared", &|made| made.leg = 1),
        signed("ROO-77", "a lock that is not in the log", &|made| made.lock = Sequence(5)),
        signed("ROO-77", "the last of all sequences", &|made| made.lock = Sequence(u64::MAX)),
        signed("ROO-78", "an approval that the leg does not ask for", &|made| made.leg = 2),
        signed("ROO-11", "signed for another network", &|made| made.network = NetworkId([1; 32])),
        approved("ROO-78", "no approval", &|approval| *approval = None),
        approved("ROO-78", "a bit of the approval", &|approval| {
            approval.iter_mut().for_each(|signature| signature.0[0] ^= 1);
        }),
        approved("ROO-78", "an approval of another outcome", &|approval| {
            let made = prepare_statement(DEALING.tag, id(&DEALING.open), 0);
            let other = PrepareStatement { outcome: [1; 32], ..made };
            *approval = Some(other.approve(&crate::dealing::approver()));
        }),
    ]);
    vectors
}

fn refusals() -> Vec<Vector> {
    let good = DEALING.honest[3].encode();
    let signed = |rule, fault, change: &dyn Fn(&mut PrepareStatement)| {
        let mut statement = prepare_statement(DEALING.tag, id(&DEALING.open), 2);
        change(&mut statement);
        Vector::new(ENTRANCE, rule, fault, &good, refuse(&statement).encode())
    };
    let mut vectors = form(ENTRANCE, &good, ROOT_TRANSACTION_BYTES_MAX);
    vectors.extend([
        signed("ROO-72", "a deal that nobody opened", &|made| made.deal = DealId([1; 32])),
        signed("ROO-73", "a deal that was refused", &|made| made.deal = id(&DEALING.refused)),
        signed("ROO-74", "a deal whose time is over", &|made| made.deal = id(&DEALING.late)),
        signed("ROO-75", "a leg of another tag", &|made| made.leg = 3),
        signed("ROO-76", "a leg that is prepared", &|made| made.leg = 1),
        signed("ROO-11", "signed for another network", &|made| made.network = NetworkId([1; 32])),
    ]);
    vectors
}

fn claims() -> Vec<Vector> {
    let (tag, held) = (DEALING.tag, DEALING.held);
    let (taken, given) = (DEALING.honest[4].encode(), DEALING.honest[5].encode());
    let with = |good: &[u8], rule, fault, bad: &RootTransaction| {
        Vector::new(ENTRANCE, rule, fault, good, bad.encode())
    };
    let bent = |good: &RootTransaction| {
        let mut bad = good.clone();
        match &mut bad {
            RootTransaction::ClaimTag(claim) => claim.claim[0] ^= 1,
            RootTransaction::ReleaseTag(release) => release.last_height.0 += 1,
            _ => {}
        }
        bad
    };
    let limit = ROOT_TRANSACTION_BYTES_MAX;
    let mut vectors = [form(ENTRANCE, &taken, limit), form(ENTRANCE, &given, limit)].concat();
    vectors.extend([
        with(&taken, "ROO-84", "what is held already", &claim(ClaimAct::Claim, tag, held)),
        with(&taken, "ROO-13", "a tag that nobody opened", &{
            claim(ClaimAct::Claim, Tag([7; 32]), [10; 32])
        }),
        with(&taken, "ROO-11", "another claim than the one that was signed", &bent(&DEALING.honest[4])),
        with(&given, "ROO-85", "what it does not hold", &claim(ClaimAct::Release, tag, [10; 32])),
        with(&given, "ROO-11", "another last height than the one that was signed", &bent(&DEALING.honest[5])),
    ]);
    vectors
}
