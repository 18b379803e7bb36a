//! A plan day by day, against sums of another program, and holdings that are bent.

use super::*;
use crate::fixtures::{number, real, real_auctions};
use crate::netting::Unit;
use crate::synthetic;
use crate::treasury::{self, ISSUER, dollars, read};

fn legs() -> Vec<Leg> {
    read(synthetic::auctions(9, 120).csv.as_bytes()).unwrap()
}

fn day(text: &str) -> IsoDate {
    IsoDate::parse(text).unwrap()
}

#[test]
fn fin_50_a_day_redeems_then_delivers_and_nets_both() {
    let legs = legs();
    let plan = Plan::of(&legs).unwrap();
    assert!(plan.days.windows(2).all(|two| two[0].date < two[1].date));
    let mut both = 0;
    for day in &plan.days {
        assert!(!day.redemptions.is_empty() || !day.deals.is_empty());
        assert!(day.redemptions.is_sorted() && day.deals.is_sorted());
        let trades = day.trades();
        assert!(trades.iter().all(|trade| trade.settlement == day.date));
        assert_eq!(day.netting.verify(&trades), Ok(()));
        let kinds: Vec<bool> = trades.iter().map(|trade| trade.buyer == ISSUER).collect();
        assert!(kinds.is_sorted_by(|a, b| a >= b), "redemptions come first");
        both += usize::from(!day.redemptions.is_empty() && !day.deals.is_empty());
    }
    assert!(both > 5, "redemptions meet deals on {both} days");
    assert_eq!(plan.days.iter().map(|day| day.deals.len()).sum::<usize>(), legs.len());
    let mut shuffled = legs.clone();
    shuffled.reverse();
    assert_eq!(Plan::of(&shuffled).unwrap(), plan);
    let mut twice = legs.clone();
    twice.push(legs[0].clone());
    assert_eq!(Plan::of(&twice), Err(Refused::TradeTwice));
}

#[test]
fn fin_51_after_each_day_holdings_are_what_was_taken_and_is_not_due() {
    let legs = legs();
    let mut holdings = Holdings::default();
    for day in Plan::of(&legs).unwrap().days {
        holdings = holdings.after(&day).unwrap();
        let open = |leg: &&Leg| leg.settlement <= day.date && day.date < leg.maturity;
        let par: u64 = legs.iter().filter(open).map(|leg| leg.par).sum();
        assert_eq!(holdings.par().unwrap(), par);
        assert_eq!(holdings.positions().map(|(_, _, par)| par).sum::<u64>(), par);
        for leg in legs.iter().filter(open) {
            let same = |other: &&Leg| other.cusip == leg.cusip;
            let issued: u64 = legs.iter().filter(open).filter(same).map(|leg| leg.par).sum();
            assert_eq!(holdings.issued(&leg.cusip), issued);
            let classes = BuyerClass::ALL.map(|class| holdings.held(&leg.cusip, class));
            assert_eq!(classes.iter().sum::<u64>(), issued);
        }
    }
    assert_eq!(holdings, Holdings::default(), "in the end everything is redeemed");
}

#[test]
fn fin_51_what_is_not_held_is_not_given_back() {
    let plan = Plan::of(&legs()).unwrap();
    let held = |bend: fn(&mut Day)| {
        let mut holdings = Holdings::default();
        for day in &plan.days {
            let mut day = day.clone();
            if !day.redemptions.is_empty() {
                bend(&mut day);
                return holdings.after(&day).map(|_| ());
            }
            holdings = holdings.after(&day).unwrap();
        }
        panic!("no day redeems");
    };
    assert_eq!(held(|_| ()), Ok(()));
    assert_eq!(held(|day| day.redemptions[0].par += 100), Err(Refused::NotHeld));
    assert_eq!(held(|day| day.redemptions.push(day.redemptions[0].clone())), Err(Refused::NotHeld));
    assert_eq!(
        held(|day| day.redemptions[0].cusip = Cusip::make("PARC9999").unwrap()),
        Err(Refused::NotHeld)
    );
}

#[test]
fn fin_51_holdings_that_differ_from_what_is_issued_are_noticed() {
    let plan = Plan::of(&legs()).unwrap();
    let holdings = Holdings::default().after(&plan.days[0]).unwrap();
    assert_eq!(holdings.is_conserved(), Ok(true));
    let bent = |bend: fn(&mut Holdings)| {
        let mut holdings = holdings.clone();
        bend(&mut holdings);
        holdings.is_conserved()
    };
    assert_eq!(bent(|h| *h.issued.values_mut().next().unwrap() += 1), Ok(false));
    assert_eq!(bent(|h| *h.held.values_mut().next().unwrap().values_mut().next().unwrap() -= 1), Ok(false));
    assert_eq!(bent(|h| drop(h.issued.pop_first())), Ok(false));
    let unlike = Holdings { issued: std::collections::BTreeMap::new(), ..holdings };
    assert_eq!(unlike.after(&plan.days[1]), Err(Refused::NotHeld));
}

#[test]
fn fin_50_fin_51_the_real_plan_is_what_another_program_computes() {
    let Some(bytes) = real_auctions() else { return };
    let (legs, known) = (read(&bytes).unwrap(), real("auctions"));
    let plan = Plan::of(&legs).unwrap();
    let count = |n: usize| u64::try_from(n).unwrap();
    let last = day(known["last"].as_str().unwrap());
    assert_eq!(
        (count(plan.days.len()), count(plan.until(last).count())),
        (number(&known, "days"), number(&known, "days_until_last"))
    );
    let cash = |day: &Day| day.netting.unit(&Unit::Cash(dollars())).unwrap().clone();
    let (mut gross, mut net) = (0, 0);
    let mut holdings = Holdings::default();
    let mut looked = 0;
    for day in plan.until(last) {
        assert_eq!(day.netting.verify(&day.trades()), Ok(()));
        let cash = cash(day);
        (gross, net) = (gross + cash.gross, net + cash.net);
        assert_eq!(cash.transfers().iter().map(|transfer| transfer.amount).sum::<u64>(), cash.net);
        if day.date.to_string() == known["day"]["date"] {
            assert_eq!(
                (cash.gross, cash.net),
                (number(&known["day"], "gross"), number(&known["day"], "net"))
            );
            let nets = known["day"]["nets"].as_object().unwrap();
            let found = cash.positions.iter().map(|p| (p.member.as_str(), Some(p.net)));
            assert!(found.eq(nets.iter().map(|(name, net)| (name.as_str(), net.as_i64()))));
            looked += 1;
        }
        for (at, known) in known["holdings"].as_object().unwrap() {
            let next = plan.days.iter().find(|other| other.date > day.date).unwrap();
            if (day.date..next.date).contains(&self::day(at)) {
                compare(holdings.clone().after(day).unwrap(), known);
                looked += 1;
            }
        }
        holdings = holdings.after(day).unwrap();
    }
    assert_eq!(looked, 3, "one day, and two moments");
    assert_eq!(
        (gross, net),
        (number(&known, "gross_until_last_minor"), number(&known, "net_until_last_minor"))
    );
    for day in plan.days.iter().filter(|day| day.date > last) {
        holdings = holdings.after(day).unwrap();
    }
    assert_eq!(holdings, Holdings::default());
}

fn compare(holdings: Holdings, known: &serde_json::Value) {
    let count = |n: usize| u64::try_from(n).unwrap();
    assert_eq!(count(holdings.positions().count()), number(known, "positions"));
    assert_eq!(holdings.par().unwrap(), number(known, "par"));
    for class in BuyerClass::ALL {
        let par: u64 = holdings.positions().filter(|(_, of, _)| *of == class).map(|(_, _, par)| par).sum();
        assert_eq!(par, number(&known["by_class"], class.member()), "{}", class.member());
    }
}

#[test]
fn a_plan_of_the_first_legs_redeems_those_and_no_others() {
    let legs = legs();
    let some = treasury::first(&legs, 50);
    let plan = Plan::of(some).unwrap();
    let delivered: u64 = plan.days.iter().flat_map(|day| &day.deals).map(|leg| leg.par).sum();
    let redeemed: u64 = plan.days.iter().flat_map(|day| &day.redemptions).map(|r| r.par).sum();
    assert_eq!((delivered, redeemed), (treasury::totals(some).unwrap().par, delivered));
}
