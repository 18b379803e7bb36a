//! What a suite is there for, and how often it came there.
//!
//! A suite that never asks the function it is about would pass for ever. So it names its functions as
//! [`Point`]s and asks them through these: a count is raised when the function has answered, and at no other
//! place. A function that decides counts its two answers apart, and both have to occur.
//!
//! ```text
//!   VERIFY.ask(|| verify(..)) --> "verify: accepted" + 1   or   "verify: refused" + 1
//! ```

use std::cell::RefCell;
use std::collections::BTreeMap;

use parclose_findings::Item;

thread_local! {
    static COUNTS: RefCell<BTreeMap<String, u64>> = const { RefCell::new(BTreeMap::new()) };
}

/// How a point is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// by its two answers
    Decides,
    /// by its return
    Returns,
    /// by its injection: a fault that the suite puts in, not a function that it asks
    Fault,
}

/// A function that a suite must ask, or a fault that it must put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    name: &'static str,
    kind: Kind,
}

impl Point {
    /// A function that accepts or refuses; a suite has to see it do both.
    #[must_use]
    pub const fn decides(name: &'static str) -> Self {
        Self { name, kind: Kind::Decides }
    }

    /// A function with one kind of answer.
    #[must_use]
    pub const fn returns(name: &'static str) -> Self {
        Self { name, kind: Kind::Returns }
    }

    /// A fault that a suite puts in.
    #[must_use]
    pub const fn fault(name: &'static str) -> Self {
        Self { name, kind: Kind::Fault }
    }

    /// Asks a function that decides, and counts its answer.
    ///
    /// # Errors
    ///
    /// What the function says.
    pub fn ask<T, E>(&self, call: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let answer = call();
        raise(if answer.is_ok() { self.accepted() } else { self.refused() });
        answer
    }

    /// Calls a function that does not decide, and counts its return.
    pub fn call<T>(&self, call: impl FnOnce() -> T) -> T {
        let value = call();
        raise(self.name.to_owned());
        value
    }

    fn accepted(&self) -> String {
        format!("{}: accepted", self.name)
    }

    fn refused(&self) -> String {
        format!("{}: refused", self.name)
    }
}

fn raise(name: String) {
    COUNTS.with_borrow_mut(|counts| {
        let count = counts.entry(name).or_default();
        *count = count.saturating_add(1);
    });
}

/// Forgets what this thread has counted.
pub fn start() {
    COUNTS.take();
}

/// Moves what this thread has counted into a report. Every declared point stands there, also one that was not reached.
pub fn report(points: &[&Point], item: &mut Item) {
    let counts = COUNTS.take();
    let count = |name: &str| counts.get(name).copied().unwrap_or_default();
    for point in points {
        match point.kind {
            Kind::Decides => {
                for name in [point.accepted(), point.refused()] {
                    item.reached.insert(name.clone(), count(&name));
                }
            }
            Kind::Returns => {
                item.reached.insert(point.name.to_owned(), count(point.name));
            }
            Kind::Fault => {
                item.injected.insert(point.name.to_owned(), count(point.name));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use parclose_findings::Fault;

    use super::*;

    static OPEN: Point = Point::decides("open");
    static HASH: Point = Point::returns("hash");
    static CRASH: Point = Point::fault("crash");

    fn reported() -> Item {
        let mut item = Item::new("F00", "nothing", "nothing");
        report(&[&OPEN, &HASH, &CRASH], &mut item);
        item.executions = 1;
        item
    }

    #[test]
    fn both_answers_of_a_function_that_decides_are_counted_apart() {
        start();
        let _ = OPEN.ask(|| Ok::<(), ()>(()));
        let _ = OPEN.ask(|| Err::<(), ()>(()));
        let _ = OPEN.ask(|| Err::<(), ()>(()));
        HASH.call(|| ());
        CRASH.call(|| ());
        let item = reported();
        assert_eq!(item.reached["open: accepted"], 1);
        assert_eq!(item.reached["open: refused"], 2);
        assert_eq!(item.injected["crash"], 1);
        assert_eq!(item.faults(), []);
    }

    #[test]
    fn what_is_declared_and_never_asked_fails_the_report() {
        start();
        let _ = OPEN.ask(|| Ok::<(), ()>(()));
        let faults = reported().faults();
        let expected = [
            Fault::NeverReached("hash".into()),
            Fault::NeverReached("open: refused".into()),
            Fault::NeverInjected("crash".into()),
        ];
        assert_eq!(faults, expected);
    }

    #[test]
    fn a_function_that_panics_has_not_answered() {
        start();
        let caught = std::panic::catch_unwind(|| HASH.call(|| panic!("before the answer")));
        assert!(caught.is_err());
        assert_eq!(reported().reached["hash"], 0);
    }
}
