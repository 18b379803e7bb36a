//! Random lives of a receivable beside a model in memory: a state, a day, and who holds how much.
//!
//! The model is written from the description of the life cycle (README of the template) and not from its text, and
//! knows nothing of steps, guards or notes as the definition says them.

use parclose_transaction::Day;
use parclose_types::RecordId;
use proptest::prelude::*;

use crate::fixtures::{BANK, BUYER, SUPPLIER, Trio};

/// What somebody tries.
#[derive(Clone, Copy, Debug)]
enum Try {
    /// by which step
    Accept(&'static str),
    Plain(&'static str, usize),
    /// all slices of the first go to the second, in two pieces if they can
    Pass(usize, usize),
    /// the buyer redeems its smallest slice
    Pay(&'static str),
    /// with a slice of the member's, or all of them
    Declare(&'static str, usize),
    Days(u32),
}

#[derive(Debug)]
struct Model {
    state: &'static str,
    /// days since the due day, as everybody sees it
    since_due: i64,
    /// slices by member
    held: [Vec<u64>; 3],
}

const OPEN: [&str; 4] = ["live", "reserved", "bound", "part-paid"];
const OWED: [&str; 6] = ["live", "reserved", "bound", "part-paid", "overdue", "defaulted"];
const ACCEPTING: [&str; 3] = ["accept", "accept-reserved", "accept-bound"];

impl Model {
    fn left(&self) -> usize {
        self.held.iter().map(Vec::len).sum()
    }

    /// Whether slices move to whomever, to the debtor alone, or not.
    fn moves(&self) -> (bool, bool) {
        let free = matches!(self.state, "live" | "reserved") && self.since_due < 0;
        (free, OWED.contains(&self.state) || self.state == "disputed")
    }

    /// What becomes of it: `None` where it cannot be tried.
    fn tried(&mut self, what: Try) -> Option<&'static str> {
        Some(match what {
            Try::Accept(_) if self.state != "pending" => "LIF-01",
            Try::Accept(step) => {
                self.state = match step {
                    "accept-reserved" => "reserved",
                    "accept-bound" => "bound",
                    _ => "live",
                };
                self.held[SUPPLIER].push(1000);
                "applied"
            }
            Try::Days(days) => {
                self.since_due += i64::from(days);
                "applied"
            }
            Try::Plain(step, by) => self.plain(step, by),
            Try::Pass(from, to) => {
                if self.held[from].is_empty() {
                    return None;
                }
                let (free, back) = self.moves();
                if !(free || back && (to == BUYER || to == from)) {
                    return Some("LIF-07");
                }
                let sum: u64 = self.held[from].drain(..).sum();
                self.held[to].extend(pieces(sum));
                "applied"
            }
            Try::Pay(step) => {
                if self.held[BUYER].is_empty() {
                    return None;
                }
                self.pay(step)
            }
            Try::Declare(step, by) => {
                if self.held[by].is_empty() {
                    return None;
                }
                self.declare(step, by)
            }
        })
    }

    fn plain(&mut self, step: &'static str, by: usize) -> &'static str {
        let permitted = match step {
            "withdraw" => by == SUPPLIER,
            "reject" | "dispute" | "drop-dispute" => by == BUYER,
            "dismiss" | "uphold" => by == BANK,
            _ => true,
        };
        if !permitted {
            return "ACC-04";
        }
        let to = match (step, self.state) {
            ("withdraw" | "reject", "pending") => "void",
            ("dispute", "reserved") => "disputed",
            ("drop-dispute" | "dismiss", "disputed") => "live",
            ("uphold", "disputed") => "void",
            ("overdue", state) if OPEN.contains(&state) => {
                if self.since_due <= 10 {
                    return "LIF-05";
                }
                if self.left() == 0 {
                    return "LIF-08";
                }
                "overdue"
            }
            _ => return "LIF-01",
        };
        self.state = to;
        "applied"
    }

    fn pay(&mut self, step: &'static str) -> &'static str {
        let leaves_some = self.left() > 1;
        let to = match (step, self.state) {
            ("prepay", state @ ("live" | "reserved" | "bound")) => {
                if self.since_due >= 0 {
                    return "LIF-05";
                }
                state
            }
            ("pay", state) if OPEN.contains(&state) => {
                if self.since_due < 0 {
                    return "LIF-05";
                }
                "part-paid"
            }
            ("pay", state @ ("overdue" | "defaulted")) | ("reduce", state @ "disputed") => state,
            ("settle", "defaulted") => "recovered",
            ("settle", state) if OPEN.contains(&state) || state == "overdue" => "settled",
            ("cancel", "disputed") => "void",
            _ => return "LIF-01",
        };
        if leaves_some == matches!(step, "settle" | "cancel") {
            return "LIF-08";
        }
        self.held[BUYER].sort_unstable();
        self.held[BUYER].remove(0);
        self.state = to;
        "applied"
    }

    fn declare(&mut self, step: &'static str, by: usize) -> &'static str {
        let to = match (step, self.state) {
            ("default", "overdue") => {
                if self.since_due <= 30 {
                    return "LIF-05";
                }
                "defaulted"
            }
            ("write-off", "defaulted") => {
                if self.held[by].len() != self.left() {
                    return "LIF-09";
                }
                "written-off"
            }
            _ => return "LIF-01",
        };
        let sum: u64 = self.held[by].drain(..).sum();
        self.held[by].push(sum);
        self.state = to;
        "applied"
    }
}

fn pieces(sum: u64) -> Vec<u64> {
    if sum > 1 { vec![sum / 2, sum - sum / 2] } else { vec![sum] }
}

fn tries() -> impl Strategy<Value = Vec<Try>> {
    let who = 0..3_usize;
    let plain = proptest::sample::select(vec![
        "withdraw",
        "reject",
        "dispute",
        "drop-dispute",
        "dismiss",
        "uphold",
        "overdue",
        "overdue",
    ]);
    let pay = proptest::sample::select(vec!["prepay", "pay", "pay", "settle", "settle", "reduce", "cancel"]);
    let one = prop_oneof![
        2 => proptest::sample::select(ACCEPTING.to_vec()).prop_map(Try::Accept),
        5 => (plain, who.clone()).prop_map(|(step, by)| Try::Plain(step, by)),
        4 => (who.clone(), who.clone()).prop_map(|(from, to)| Try::Pass(from, to)),
        3 => who.clone().prop_map(|from| Try::Pass(from, BUYER)),
        5 => pay.prop_map(Try::Pay),
        3 => (proptest::sample::select(vec!["default", "write-off"]), who).prop_map(|(step, by)| Try::Declare(step, by)),
        3 => (1..25_u32).prop_map(Try::Days),
    ];
    let accepting = proptest::sample::select(ACCEPTING.to_vec());
    (accepting, proptest::collection::vec(one, 6..16)).prop_map(|(step, mut tries)| {
        // Mostly of what is accepted early: a life that never begins has no more to show.
        tries.insert(1, Try::Accept(step));
        tries
    })
}

/// Tries it in the channel.
fn done(
    trio: &mut Trio,
    record: &parclose_types::RecordId,
    day: &mut parclose_transaction::Day,
    what: Try,
) -> String {
    match what {
        Try::Accept(step) => trio.accept(record, step, 1000),
        Try::Days(days) => {
            *day = day.after(days);
            trio.say_day(&day.to_string())
        }
        Try::Plain(step, by) => trio.take(by, record, step),
        Try::Pass(from, to) => {
            let slices = trio.slices_of(from, record);
            let sum = slices.iter().map(|note| note.opened.value).sum();
            let to: Vec<(usize, u64)> = pieces(sum).into_iter().map(|amount| (to, amount)).collect();
            trio.pass_on(from, record, slices, &to, None)
        }
        Try::Pay(step) => {
            let mut slices = trio.slices_of(BUYER, record);
            slices.truncate(1);
            let amount = slices[0].opened.value;
            trio.pay_off(record, step, slices, (amount, &[]))
        }
        Try::Declare(step, by) => {
            let slices = trio.slices_of(by, record);
            let sum = slices.iter().map(|note| note.opened.value).sum();
            trio.pass_on(by, record, slices, &[(by, sum)], Some(step))
        }
    }
}

/// The business day, and the one on which a claim is due.
fn days(trio: &Trio, record: &RecordId) -> (Day, Day) {
    let today = trio.member(BANK).business_day().unwrap().unwrap();
    (today, trio.member(BANK).record(record).unwrap().unwrap().day.unwrap())
}

fn agrees(tries: &[Try], seen: &mut std::collections::BTreeMap<String, usize>) -> Result<(), TestCaseError> {
    let mut trio = Trio::claims();
    let record = trio.receivable("2026-01-29");
    let (mut day, due) = days(&trio, &record);
    let since_due = i64::from(day.0) - i64::from(due.0);
    let mut model = Model { state: "pending", since_due, held: Default::default() };
    for what in tries {
        let before = format!("{model:?}");
        let Some(expected) = model.tried(*what) else { continue };
        let verdict = done(&mut trio, &record, &mut day, *what);
        prop_assert_eq!(&verdict, expected, "{:?} after {}", what, before);
        *seen.entry(format!("{} {}", model.state, verdict)).or_default() += 1;
        let left = model.left() as u64;
        prop_assert_eq!(trio.life(&record), (model.state.to_owned(), left), "{:?} after {}", what, before);
        for at in [BUYER, SUPPLIER, BANK] {
            model.held[at].sort_unstable();
            let held: Vec<u64> = trio.slices_of(at, &record).iter().map(|note| note.opened.value).collect();
            prop_assert_eq!(&held, &model.held[at], "{:?} after {}", what, before);
        }
    }
    Ok(())
}

#[test]
fn lif_01_random_lives_equal_their_model() {
    let seen = std::cell::RefCell::new(std::collections::BTreeMap::new());
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 24,
        max_shrink_iters: 40,
        ..ProptestConfig::default()
    });
    // Two lives that everybody should have seen, whatever chance brings.
    let told = [
        Try::Plain("withdraw", BUYER),
        Try::Accept("accept"),
        Try::Accept("accept"),
        Try::Plain("overdue", BANK),
        Try::Pass(SUPPLIER, BANK),
        Try::Days(24),
        Try::Pass(BANK, SUPPLIER),
        Try::Pass(BANK, BUYER),
        Try::Pay("settle"),
        Try::Pay("pay"),
    ];
    agrees(&told, &mut seen.borrow_mut()).unwrap();
    agrees(&[Try::Accept("accept-reserved"), Try::Plain("dispute", BUYER)], &mut seen.borrow_mut()).unwrap();
    // What is bound stays with the supplier, is paid in parts before and after it is due, and can be overdue.
    let bound = [
        Try::Accept("accept-bound"),
        Try::Pass(SUPPLIER, BANK),
        Try::Pass(SUPPLIER, SUPPLIER),
        Try::Pass(SUPPLIER, BUYER),
        Try::Pay("prepay"),
        Try::Plain("dispute", BUYER),
        Try::Days(24),
        Try::Plain("overdue", BANK),
        Try::Pass(BUYER, BUYER),
        Try::Pay("pay"),
        Try::Pay("settle"),
    ];
    agrees(&bound, &mut seen.borrow_mut()).unwrap();
    let late = [Try::Accept("accept-bound"), Try::Days(20), Try::Days(20), Try::Plain("overdue", BANK)];
    agrees(&late, &mut seen.borrow_mut()).unwrap();
    runner.run(&tries(), |tries| agrees(&tries, &mut seen.borrow_mut())).unwrap();
    // The sample means something: lives went somewhere, and were stopped by every kind of reason.
    let seen = seen.into_inner();
    let told = |part: &str| seen.keys().any(|key| key.contains(part));
    for part in [
        "live applied",
        "reserved applied",
        "bound applied",
        "bound LIF-07",
        "LIF-01",
        "LIF-05",
        "LIF-07",
        "LIF-08",
        "ACC-04",
        "part-paid",
    ] {
        assert!(told(part), "{part}: {seen:?}");
    }
}
