//! Prices against another program, at their edges, and as they are stored.

use super::*;
use crate::amount::AMOUNT_MAX;
use crate::fixtures::{cases, number, text};
use parclose_types::Failure;
use proptest::prelude::*;

fn currency(code: &str) -> Currency {
    Currency::find(code).unwrap()
}

fn day(text: &str) -> IsoDate {
    IsoDate::parse(text).unwrap()
}

fn terms(method: Method, rate: &str, paid: &str, due: &str) -> Terms {
    Terms {
        currency: currency("GBP"),
        method,
        rate: rate.parse().unwrap(),
        basis: Basis::Days365,
        rounding: Rounding::HalfUp,
        paid: day(paid),
        due: day(due),
    }
}

const BOTH: [Method; 2] = [Method::SimpleDiscount, Method::TrueYield];

#[test]
fn fin_02_the_basis_is_that_of_the_currency_or_stated() {
    assert_eq!(Basis::of(currency("GBP")), Ok(Basis::Days365));
    assert_eq!(Basis::of(currency("USD")), Ok(Basis::Days360));
    assert_eq!(Basis::of(currency("EUR")), Ok(Basis::Days360));
    let refused = Basis::of(currency("JPY")).unwrap_err();
    assert_eq!((refused, refused.rule()), (Refused::NoBasis { currency: "JPY" }, "FIN-02"));
    let by_convention = |code| {
        let rate = "0.06".parse().unwrap();
        Terms::by_convention(currency(code), Method::TrueYield, rate, day("2022-01-01"), day("2022-02-01"))
    };
    assert_eq!(by_convention("JPY"), Err(refused));
    assert_eq!(
        by_convention("USD").map(|terms| (terms.basis, terms.rounding)),
        Ok((Basis::Days360, Rounding::HalfUp))
    );
}

#[test]
fn fin_03_days_run_from_payment_to_the_due_day_and_not_back() {
    let days = |paid, due| terms(Method::TrueYield, "0.06", paid, due).days();
    assert_eq!(days("2024-02-28", "2024-03-01"), Ok(2));
    assert_eq!(days("2023-02-28", "2023-03-01"), Ok(1));
    assert_eq!(days("2023-12-31", "2024-12-31"), Ok(366));
    assert_eq!(days("2022-08-31", "2022-08-30"), Err(Refused::Backwards));
    for method in BOTH {
        let same_day = terms(method, "0.99", "2022-08-31", "2022-08-31").quote(12_345).unwrap();
        assert_eq!((same_day.days(), same_day.price_minor(), same_day.discount_minor()), (0, 12_345, 0));
    }
}

/// The cases of one method, each as quote and case.
fn computed(method: Method) -> usize {
    let mut seen = 0;
    for case in cases("discounts") {
        let of: Method = serde_json::from_value(case["method"].clone()).unwrap();
        if of != method {
            continue;
        }
        let mut terms = terms(method, text(&case, "rate"), text(&case, "paid"), text(&case, "due"));
        terms.basis = serde_json::from_value(case["basis"].clone()).unwrap();
        let quote = terms.quote(number(&case, "face_minor")).unwrap();
        assert_eq!(quote.price_minor(), number(&case, "price_minor"), "{case}");
        assert_eq!(quote.discount_minor(), number(&case, "discount_minor"), "{case}");
        assert_eq!(u64::from(quote.days()), number(&case, "days"), "{case}");
        seen += 1;
    }
    seen
}

#[test]
fn fin_04_simple_discounts_are_what_another_program_computes() {
    assert!(computed(Method::SimpleDiscount) > 50);
    // 1.00 at 0.5 % for a year: 99.5 pence, half up.
    let quote = terms(Method::SimpleDiscount, "0.005", "2022-01-01", "2023-01-01").quote(100).unwrap();
    assert_eq!(quote.price_minor(), 100);
}

#[test]
fn fin_05_true_yields_are_what_another_program_computes() {
    assert!(computed(Method::TrueYield) > 50);
    // 1,060.00 in a year at 6 %: 1,000.00.
    let quote = terms(Method::TrueYield, "0.06", "2022-01-01", "2023-01-01").quote(106_000).unwrap();
    assert_eq!((quote.price_minor(), quote.discount_minor()), (100_000, 6_000));
}

#[test]
fn fin_06_nothing_is_not_discounted_and_not_paid() {
    let year = |rate: &str| terms(Method::SimpleDiscount, rate, "2022-01-01", "2023-01-01");
    assert_eq!(year("1").quote(100), Err(Refused::NoPrice), "all of it");
    assert_eq!(year("1.000001").quote(100), Err(Refused::NoPrice), "more than all of it");
    assert_eq!(year("0.996").quote(100), Err(Refused::NoPrice), "rounded to nothing");
    assert_eq!(year("0.995").quote(100).unwrap().price_minor(), 1, "half a penny is one");
    for method in BOTH {
        assert_eq!(terms(method, "0.06", "2022-01-01", "2022-02-01").quote(0), Err(Refused::NoPrice));
    }
}

#[test]
fn fin_07_the_largest_amounts_are_exact_and_larger_ones_refused() {
    for method in BOTH {
        let none = terms(method, "0", "2022-01-01", "2023-01-01");
        assert_eq!(none.quote(AMOUNT_MAX).unwrap().price_minor(), AMOUNT_MAX);
        assert_eq!(none.quote(AMOUNT_MAX + 1), Err(Refused::TooLarge));
        let exact = Terms { rounding: Rounding::Exact, ..terms(method, "0.07", "2022-01-01", "2022-01-08") };
        assert_eq!(exact.quote(101), Err(Refused::TooLarge), "it does not come out even");
    }
}

#[test]
fn fin_08_a_stored_quote_is_computed_again() {
    let quote = terms(Method::TrueYield, "0.06", "2022-01-01", "2022-01-21").quote(1_000_000).unwrap();
    let stored = serde_json::to_value(quote).unwrap();
    let text = serde_json::to_string(&stored["terms"]).unwrap();
    for word in ["\"true-yield\"", "\"365\"", "\"half-up\"", "\"0.06\"", "\"2022-01-21\"", "\"GBP\""] {
        assert!(text.contains(word), "{text} has no {word}");
    }
    assert_eq!(serde_json::from_value::<Quote>(stored.clone()).unwrap(), quote);
    for name in ["face_minor", "days", "price_minor", "discount_minor"] {
        let mut bent = stored.clone();
        bent[name] = (bent[name].as_u64().unwrap() + 1).into();
        let refused = serde_json::from_value::<Quote>(bent).unwrap_err().to_string();
        assert_eq!(refused, Refused::OtherQuote.to_string(), "{name}");
    }
    for (name, value) in
        [("rate", "0.07"), ("basis", "360"), ("method", "simple-discount"), ("paid", "2022-01-02")]
    {
        let mut bent = stored.clone();
        bent["terms"][name] = value.into();
        assert!(serde_json::from_value::<Quote>(bent).is_err(), "{name}");
    }
    let mut more = stored;
    more["terms"]["fee"] = 1.into();
    assert!(serde_json::from_value::<Quote>(more).is_err());
}

proptest! {
    #[test]
    fn fin_04_fin_05_a_price_is_never_above_its_face_and_yields_cost_less_than_discounts(
        face in 1..=AMOUNT_MAX, millionths in 0_u64..300_000, days in 0_u32..1_000,
    ) {
        let due = day("2022-01-01").days_after(days).unwrap();
        let price = |method| {
            let terms = Terms { rate: Rate::of_millionths(millionths).unwrap(), due, ..terms(method, "0", "2022-01-01", "2022-01-01") };
            terms.quote(face).map(|quote| quote.price_minor())
        };
        if let (Ok(discount), Ok(price_by_yield)) = (price(Method::SimpleDiscount), price(Method::TrueYield)) {
            prop_assert!(discount <= price_by_yield && price_by_yield <= face);
        }
    }

    #[test]
    fn fin_08_quotes_read_back(face in 1..=AMOUNT_MAX, millionths in 0_u64..300_000, days in 0_u32..1_000) {
        let due = day("2022-01-01").days_after(days).unwrap();
        let rate = Rate::of_millionths(millionths).unwrap();
        let terms = Terms { rate, due, ..terms(Method::TrueYield, "0", "2022-01-01", "2022-01-01") };
        if let Ok(quote) = terms.quote(face) {
            let text = serde_json::to_string(&quote).unwrap();
            prop_assert_eq!(serde_json::from_str::<Quote>(&text).unwrap(), quote);
        }
    }
}
