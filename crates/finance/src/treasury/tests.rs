//! The real auctions against sums that another program computed, and tables that are refused.

use super::*;
use crate::fixtures::{number, real, real_auctions};
use crate::netting::Netting;
use crate::synthetic;

/// FNV-1a, 64 bits, over lines that end with a line feed.
fn digest(lines: impl Iterator<Item = String>) -> u64 {
    let bytes = lines.flat_map(|line| format!("{line}\n").into_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn generated() -> String {
    synthetic::auctions(5, 90).csv
}

#[test]
fn fin_32_the_real_auctions_are_9_097_legs_in_order() {
    let Some(bytes) = real_auctions() else { return };
    let (legs, known) = (read(&bytes).unwrap(), real("auctions"));
    let totals = totals(&legs).unwrap();
    let (par, cash_minor) = (64_147_687_512_500, 6_404_350_956_957_410);
    assert_eq!(totals, Totals { legs: 9_097, par, cash_minor });
    assert_eq!((number(&known, "par"), number(&known, "cash_minor")), (par, cash_minor));
    let line = |leg: &Leg| format!("{} {} {}", leg.id(), leg.par, leg.cash_minor);
    assert_eq!(digest(legs.iter().map(line)), number(&known, "order"));
    for part in known["first"].as_array().unwrap() {
        let n = usize::try_from(number(part, "legs")).unwrap();
        let totals = super::totals(first(&legs, n)).unwrap();
        assert_eq!(
            (totals.legs, totals.par, totals.cash_minor),
            (n, number(part, "par"), number(part, "cash_minor"))
        );
    }
    assert_eq!(first(&legs, 9_098), legs.as_slice());
}

#[test]
fn fin_32_the_order_does_not_depend_on_that_of_the_file() {
    let table = generated();
    let mut rows: Vec<&str> = table.lines().collect();
    rows[1..].reverse();
    let (forward, backward) = (read(table.as_bytes()).unwrap(), read(rows.join("\n").as_bytes()).unwrap());
    assert_eq!(forward, backward);
    let key = |leg: &Leg| (leg.settlement, leg.auction, leg.cusip.clone(), leg.class);
    assert!(forward.windows(2).all(|two| key(&two[0]) < key(&two[1])));
    let member = |leg: &Leg| leg.class.member();
    assert_eq!(forward.iter().take(3).map(member).next(), Some("primary-dealers"));
}

#[test]
fn fin_32_a_table_that_is_not_read_whole_is_refused() {
    let table = generated();
    let row: Vec<&str> = table.lines().nth(1).unwrap().split(',').collect();
    let with = |at: usize, cell: &str| {
        let mut row = row.clone();
        row[at] = cell;
        let mut rows: Vec<String> = table.lines().map(str::to_owned).collect();
        rows[1] = row.join(",");
        read(rows.join("\n").as_bytes())
    };
    assert_eq!(with(0, row[0]).map(|legs| legs.len()), read(table.as_bytes()).map(|legs| legs.len()));
    for (at, cell) in [
        (0, "\"PARC00001\""),
        (0, "\"\""),
        (5, "\"2031-02-30T00:00:00\""),
        (6, "\"\""),
        (7, "\"abc\""),
        (8, "\"1.5.0\""),
    ] {
        assert_eq!(with(at, cell), Err(Refused::Auctions), "column {at}: {cell}");
    }
    assert_eq!(read(b""), Err(Refused::Auctions));
    assert_eq!(read(b"a,b\n1,2\n"), Err(Refused::Auctions));
    let twice = format!("{table}{}\n", table.lines().nth(1).unwrap());
    assert_eq!(read(twice.as_bytes()), Err(Refused::Auctions), "a row that stands twice");
}

#[test]
fn fin_33_classes_give_back_all_that_they_took_at_par() {
    let legs = read(generated().as_bytes()).unwrap();
    let redeemed = redemptions(&legs).unwrap();
    assert!(redeemed.windows(2).all(|two| {
        (two[0].date, &two[0].cusip, two[0].class) < (two[1].date, &two[1].cusip, two[1].class)
    }));
    let mut several = 0;
    for redemption in &redeemed {
        let of = |leg: &&Leg| leg.cusip == redemption.cusip && leg.class == redemption.class;
        let taken: Vec<&Leg> = legs.iter().filter(of).collect();
        assert!(taken.iter().all(|leg| leg.maturity == redemption.date));
        assert_eq!(redemption.par, taken.iter().map(|leg| leg.par).sum::<u64>());
        assert_eq!(redemption.cash_minor, redemption.par * 100);
        several += usize::from(taken.len() > 1);
    }
    assert!(several > 10, "securities that were auctioned again are redeemed once");
    assert_eq!(
        redeemed.iter().map(|redemption| redemption.par).sum::<u64>(),
        legs.iter().map(|leg| leg.par).sum::<u64>()
    );
    let mut large = legs[0].clone();
    large.par = i64::MAX.unsigned_abs();
    assert_eq!(redemptions(&[large]), Err(Refused::TooLarge));
}

#[test]
fn fin_33_fin_34_the_real_redemptions_are_what_another_program_computes() {
    let Some(bytes) = real_auctions() else { return };
    let (legs, known) = (read(&bytes).unwrap(), real("auctions"));
    let redeemed = redemptions(&legs).unwrap();
    let count = |n: usize| u64::try_from(n).unwrap();
    assert_eq!(count(redeemed.len()), number(&known, "redemptions"));
    let due = due_by_class(&redeemed).unwrap();
    assert_eq!(count(due.len()), number(&known, "redemption_dates"));
    assert_eq!(
        count(due.values().map(std::collections::BTreeMap::len).sum()),
        number(&known, "redeemed_by_class_and_date")
    );
    let sum = |until: Option<IsoDate>| -> u64 {
        let chosen = due.iter().filter(|(date, _)| until.is_none_or(|until| **date <= until));
        chosen.flat_map(|(_, by_class)| by_class.values()).sum()
    };
    assert_eq!(sum(None), number(&known, "redeemed_minor"));
    let last = legs.last().map(|leg| leg.settlement);
    assert_eq!(sum(last), number(&known, "redeemed_until_last_minor"));
}

#[test]
fn fin_34_one_sum_for_each_class_and_date() {
    let legs = read(generated().as_bytes()).unwrap();
    let redeemed = redemptions(&legs).unwrap();
    let due = due_by_class(&redeemed).unwrap();
    let mut shared = 0;
    for (date, by_class) in &due {
        for (class, cash) in by_class {
            let of = |r: &&Redemption| r.date == *date && r.class == *class;
            let each: Vec<u64> = redeemed.iter().filter(of).map(|r| r.cash_minor).collect();
            assert_eq!(*cash, each.iter().sum::<u64>());
            shared += usize::from(each.len() > 1);
        }
        // The same as the netting of that date's redemptions finds.
        let trades: Vec<Trade> = redeemed.iter().filter(|r| r.date == *date).map(Redemption::trade).collect();
        let netting = Netting::of(*date, &trades).unwrap();
        let cash = &netting.units[0];
        for position in cash.positions.iter().filter(|position| position.member != ISSUER) {
            let class = BuyerClass::ALL.into_iter().find(|class| class.member() == position.member).unwrap();
            assert_eq!(u64::try_from(position.net).unwrap(), by_class[&class]);
        }
    }
    assert!(shared > 5, "several securities mature on one date");
}

#[test]
fn a_leg_is_a_trade_of_its_own() {
    let legs = read(generated().as_bytes()).unwrap();
    let ids: std::collections::BTreeSet<String> = legs.iter().map(Leg::id).collect();
    assert_eq!(ids.len(), legs.len());
    let trade = legs[0].trade();
    assert_eq!((trade.seller.as_str(), trade.buyer.as_str()), (ISSUER, "primary-dealers"));
    assert_eq!((trade.quantity, trade.amount_minor), (legs[0].par, legs[0].cash_minor));
    assert!(trade.instrument.starts_with("USPARC0000"), "{}", trade.instrument);
}
