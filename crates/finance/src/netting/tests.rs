//! Nets that somebody has bent, and nets against a recomputation that shares no line with the code.

use super::*;
use parclose_types::Failure;
use proptest::prelude::*;

fn day(text: &str) -> IsoDate {
    IsoDate::parse(text).unwrap()
}

fn today() -> IsoDate {
    day("2022-08-15")
}

fn trade(id: &str, seller: &str, buyer: &str, quantity: u64, amount_minor: u64) -> Trade {
    Trade {
        id: id.into(),
        settlement: today(),
        seller: seller.into(),
        buyer: buyer.into(),
        instrument: "US91282CFE66".into(),
        quantity,
        amount_minor,
        currency: Currency::find("USD").unwrap(),
    }
}

/// A ring: A sells to B, B to C, C to A.
fn ring() -> Vec<Trade> {
    vec![trade("1", "A", "B", 100, 9_900), trade("2", "B", "C", 70, 7_000), trade("3", "C", "A", 60, 6_100)]
}

fn nets(nets: &UnitNets) -> Vec<(&str, i64)> {
    nets.positions.iter().map(|position| (position.member.as_str(), position.net)).collect()
}

fn usd() -> Unit {
    Unit::Cash(Currency::find("USD").unwrap())
}

fn refused(trades: &[Trade]) -> Refused {
    Netting::of(today(), trades).unwrap_err()
}

/// A change of one trade.
type Change = fn(&mut Trade);

#[test]
fn fin_20_trades_that_do_not_belong_together_are_refused() {
    let cases: [Change; 4] = [
        |trade| trade.settlement = day("2022-08-16"),
        |trade| trade.buyer.clone_from(&trade.seller),
        |trade| trade.quantity = 0,
        |trade| trade.amount_minor = 0,
    ];
    for change in cases {
        let mut trades = ring();
        change(&mut trades[1]);
        assert_eq!(refused(&trades), Refused::BadTrade);
    }
    let mut twice = ring();
    twice[2].id = "1".into();
    assert_eq!((refused(&twice), refused(&twice).rule()), (Refused::TradeTwice, "FIN-20"));
    let large = [trade("1", "A", "B", 1, i64::MAX.unsigned_abs()), trade("2", "A", "B", 1, 1)];
    assert_eq!(refused(&large), Refused::TooLarge);
    assert_eq!(refused(&[trade("1", "A", "B", u64::MAX, 1)]), Refused::TooLarge);
}

#[test]
fn fin_21_a_net_is_what_comes_in_less_what_goes_out() {
    let netting = Netting::of(today(), &ring()).unwrap();
    let cash = netting.unit(&usd()).unwrap();
    assert_eq!(nets(cash), [("A", 9_900 - 6_100), ("B", 7_000 - 9_900), ("C", 6_100 - 7_000)]);
    assert_eq!((cash.gross, cash.net), (23_000, 3_800));
    let bonds = netting.unit(&Unit::Instrument("US91282CFE66".into())).unwrap();
    assert_eq!(nets(bonds), [("A", -40), ("B", 30), ("C", 10)]);
    assert_eq!(netting.unit(&Unit::Instrument("US0378331005".into())), None);
    let none = Netting::of(today(), &[]).unwrap();
    assert_eq!((none.units.len(), none.verify(&[])), (0, Ok(())));
}

#[test]
fn fin_22_a_netting_of_other_trades_or_with_other_nets_is_refused() {
    let trades = ring();
    let good = Netting::of(today(), &trades).unwrap();
    assert_eq!(good.verify(&trades), Ok(()));
    let mut otherwise = trades.clone();
    otherwise.reverse();
    assert_eq!(good.verify(&otherwise), Ok(()), "the order of the trades does not matter");
    assert_eq!(good.verify(&trades[..2]), Err(Refused::OtherTrades), "one is left out");
    let verify = |change: fn(&mut Netting)| {
        let mut bent = good.clone();
        change(&mut bent);
        bent.verify(&trades)
    };
    assert_eq!(verify(|n| n.trade_ids[2] = "2".into()), Err(Refused::OtherTrades), "one twice");
    assert_eq!(verify(|n| n.trade_ids.reverse()), Err(Refused::OtherTrades));
    assert_eq!(verify(|n| n.units[0].positions[0].net += 1), Err(Refused::NotZero));
    let shifted = verify(|n| {
        n.units[0].positions[0].net += 1;
        n.units[0].positions[1].net -= 1;
    });
    assert_eq!(shifted, Err(Refused::OtherNets), "from one to another");
    assert_eq!(verify(|n| n.units[0].gross += 1), Err(Refused::OtherNets));
    assert_eq!(verify(|n| n.units[0].net -= 1), Err(Refused::OtherNets));
    assert_eq!(verify(|n| drop(n.units.pop())), Err(Refused::OtherNets), "an instrument is left out");
    assert_eq!(verify(|n| n.settlement = day("2022-08-16")), Err(Refused::BadTrade));
    let mut changed = trades.clone();
    changed[0].amount_minor += 1;
    assert_eq!(good.verify(&changed), Err(Refused::OtherNets));
}

#[test]
fn a_netting_is_read_back_from_json() {
    let good = Netting::of(today(), &ring()).unwrap();
    let text = serde_json::to_string(&good).unwrap();
    assert_eq!(serde_json::from_str::<Netting>(&text).unwrap(), good);
    assert!(text.contains(r#"{"unit":{"cash":"USD"},"gross":23000,"net":3800,"#), "{text}");
}

#[test]
fn fin_23_efficiency_is_an_exact_fraction() {
    let netting = Netting::of(today(), &ring()).unwrap();
    assert_eq!(
        netting.unit(&usd()).unwrap().efficiency(),
        Fraction { over: 96, under: 115 },
        "19,200 / 23,000"
    );
    let one = Netting::of(today(), &[trade("1", "A", "B", 1, 5)]).unwrap();
    assert_eq!(one.units[0].efficiency(), Fraction { over: 0, under: 1 });
    let back = [trade("1", "A", "B", 1, 5), trade("2", "B", "A", 1, 5)];
    assert_eq!(Netting::of(today(), &back).unwrap().units[0].efficiency(), Fraction { over: 1, under: 1 });
    let nothing = UnitNets { unit: usd(), gross: 0, net: 0, positions: Vec::new() };
    assert_eq!(nothing.efficiency(), Fraction { over: 0, under: 1 });
}

#[test]
fn fin_24_the_largest_debtor_pays_the_largest_creditor() {
    let position = |(member, net): &(&str, i64)| Position { member: (*member).into(), net: *net };
    let settle = |nets: &[(&str, i64)]| {
        let positions: Vec<Position> = nets.iter().map(position).collect();
        let list = transfers::settle(&positions);
        list.into_iter().map(|t| (t.from, t.to, t.amount)).collect::<Vec<_>>()
    };
    let of = |from: &str, to: &str, amount| (from.to_owned(), to.to_owned(), amount);
    assert_eq!(settle(&[("A", 3_800), ("B", -2_900), ("C", -900)]), [of("B", "A", 2_900), of("C", "A", 900)]);
    // Equal ones by name; whoever has nothing neither pays nor is paid.
    assert_eq!(
        settle(&[("A", -5), ("B", 5), ("C", 0), ("D", -5), ("E", 5)]),
        [of("A", "B", 5), of("D", "E", 5)]
    );
    // After its first payment A owes 4, less than B, so that B is next.
    assert_eq!(
        settle(&[("A", -10), ("B", -5), ("C", 6), ("D", 5), ("E", 4)]),
        [of("A", "C", 6), of("B", "D", 5), of("A", "E", 4)]
    );
    assert_eq!(settle(&[]), []);
}

fn some_trades() -> impl Strategy<Value = Vec<Trade>> {
    let one = (0..6_u8, 1..6_u8, 0..3_u8, 1..1_000_u64, 1..1_000_000_u64, any::<bool>());
    prop::collection::vec(one, 0..40).prop_map(|drawn| {
        let name = |member: u8| char::from(b'A' + member % 6).to_string();
        let made =
            drawn.into_iter().enumerate().map(|(at, (seller, step, instrument, quantity, amount, usd))| {
                let mut one = trade(&at.to_string(), &name(seller), &name(seller + step), quantity, amount);
                one.instrument = format!("I{instrument}");
                one.currency = Currency::find(if usd { "USD" } else { "EUR" }).unwrap();
                one
            });
        made.collect()
    })
}

/// The net of a member by going through the trades for it alone.
fn brute(trades: &[Trade], unit: &Unit, member: &str) -> i128 {
    let mut net = 0;
    for trade in trades {
        let (amount, gives, takes) = match unit {
            Unit::Cash(currency) if trade.currency == *currency => {
                (trade.amount_minor, &trade.buyer, &trade.seller)
            }
            Unit::Instrument(instrument) if trade.instrument == *instrument => {
                (trade.quantity, &trade.seller, &trade.buyer)
            }
            _ => continue,
        };
        if gives == member {
            net -= i128::from(amount);
        }
        if takes == member {
            net += i128::from(amount);
        }
    }
    net
}

proptest! {
    #[test]
    fn fin_21_nets_are_those_of_a_recomputation_and_sum_to_zero(trades in some_trades()) {
        let netting = Netting::of(today(), &trades).unwrap();
        prop_assert_eq!(netting.verify(&trades), Ok(()));
        let units: BTreeSet<Unit> = trades
            .iter()
            .flat_map(|t| [Unit::Cash(t.currency), Unit::Instrument(t.instrument.clone())])
            .collect();
        prop_assert!(netting.units.iter().map(|nets| &nets.unit).eq(units.iter()));
        for nets in &netting.units {
            let net_of = |name: &str| nets.positions.iter().find(|p| p.member == name).map_or(0, |p| p.net);
            let mut sum = 0;
            for name in ["A", "B", "C", "D", "E", "F"] {
                prop_assert_eq!(i128::from(net_of(name)), brute(&trades, &nets.unit, name));
                sum += i128::from(net_of(name));
            }
            prop_assert_eq!(sum, 0);
            prop_assert!(nets.net <= nets.gross);
        }
    }

    #[test]
    fn fin_24_transfers_settle_every_net_in_fewer_steps_than_members(trades in some_trades()) {
        for nets in Netting::of(today(), &trades).unwrap().units {
            let mut left: BTreeMap<&str, i64> = nets.positions.iter().map(|p| (p.member.as_str(), p.net)).collect();
            let moving = left.values().filter(|net| **net != 0).count();
            let transfers = nets.transfers();
            prop_assert!(transfers.len() <= moving.saturating_sub(1));
            prop_assert_eq!(transfers.iter().map(|t| t.amount).sum::<u64>(), nets.net);
            for transfer in &transfers {
                prop_assert!(transfer.amount > 0);
                *left.get_mut(transfer.from.as_str()).unwrap() += i64::try_from(transfer.amount).unwrap();
                *left.get_mut(transfer.to.as_str()).unwrap() -= i64::try_from(transfer.amount).unwrap();
            }
            prop_assert!(left.values().all(|net| *net == 0));
        }
    }

    #[test]
    fn fin_22_no_single_change_of_a_net_passes(trades in some_trades(), at in any::<prop::sample::Index>(), by in 1_i64..100) {
        prop_assume!(!trades.is_empty());
        let mut netting = Netting::of(today(), &trades).unwrap();
        let unit = at.index(netting.units.len());
        let position = at.index(netting.units[unit].positions.len());
        netting.units[unit].positions[position].net += by;
        prop_assert_eq!(netting.verify(&trades), Err(Refused::NotZero));
    }
}
