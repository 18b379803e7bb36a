//! How a column writes days, learned from all of its values.
//!
//! A format counts as long as it reads every value. Two formats that do, and once read two different
//! days, are a question that only a person can answer.

use chrono::NaiveDate;

use super::dictionary::Dictionary;
use crate::date;

/// What a column's days look like.
#[derive(Debug, Clone)]
pub(super) struct Days {
    /// formats that read every value so far, by their place in the dictionary
    alive: Vec<usize>,
    /// for each pair of formats, whether they read a value as two different days
    differ: Vec<u64>,
    seen: u64,
}

/// What is known about the format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Format {
    /// this one reads every value, and others that do read the same days
    One(String),
    /// each of these reads every value, and they read different days
    Several(Vec<String>),
}

impl Days {
    pub(super) fn new(dictionary: &Dictionary) -> Self {
        let formats = dictionary.dates.formats.len();
        Self { alive: (0..formats).collect(), differ: vec![0; formats], seen: 0 }
    }

    pub(super) fn see(&mut self, value: &str, dictionary: &Dictionary) {
        self.seen += 1;
        if self.alive.is_empty() {
            return;
        }
        let days: Vec<(usize, NaiveDate)> = self
            .alive
            .iter()
            .filter_map(|at| Some((*at, date::read_one(value, dictionary.dates.formats.get(*at)?)?)))
            .collect();
        for (one, day) in &days {
            for (other, _) in days.iter().filter(|(_, other)| other != day) {
                if let Some(differ) = self.differ.get_mut(*one) {
                    *differ |= 1 << other;
                }
            }
        }
        self.alive = days.into_iter().map(|(at, _)| at).collect();
    }

    /// The format of the column; `None` when none reads all of it.
    ///
    /// # Rules
    ///
    /// > SUG-04: what can be read in two ways, a day or a mark, is said to be so and not settled.
    pub(super) fn format(&self, dictionary: &Dictionary) -> Option<Format> {
        if self.seen == 0 {
            return None;
        }
        let name = |at: &usize| dictionary.dates.formats.get(*at).cloned();
        let first = self.alive.first()?;
        let against = |at: &&usize| self.differ.get(*first).is_some_and(|differ| differ & (1 << **at) != 0);
        let others: Vec<String> = self.alive.iter().filter(against).filter_map(name).collect();
        let first = name(first)?;
        Some(if others.is_empty() {
            Format::One(first)
        } else {
            Format::Several([vec![first], others].concat())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(values: &[&str]) -> Option<Format> {
        let dictionary = Dictionary::get();
        let mut days = Days::new(dictionary);
        values.iter().for_each(|value| days.see(value, dictionary));
        days.format(dictionary)
    }

    fn one(format: &str) -> Option<Format> {
        Some(Format::One(format.into()))
    }

    #[test]
    fn sug_04_a_day_that_may_be_a_month_is_a_question() {
        let both = |a: &str, b: &str| Some(Format::Several(vec![a.into(), b.into()]));
        assert_eq!(format(&["01/02/2022"]), both("%d/%m/%Y", "%m/%d/%Y"));
        assert_eq!(format(&["03.04.2022", "05.06.2022"]), both("%d.%m.%Y", "%m.%d.%Y"));
        // One value that only one reading fits settles all.
        assert_eq!(format(&["01/02/2022", "31/01/2022"]), one("%d/%m/%Y"));
        assert_eq!(format(&["01/02/2022", "01/31/2022"]), one("%m/%d/%Y"));
        // Where both read the same days, it does not matter.
        assert_eq!(format(&["02/02/2022"]), one("%d/%m/%Y"));
    }

    #[test]
    fn formats_are_found() {
        for (value, found) in [
            ("2022-03-04", "%Y-%m-%d"),
            ("2022-03-04T00:00:00", "%Y-%m-%dT%H:%M:%S"),
            ("20220314", "%Y%m%d"),
            ("14 Mar 2022", "%d %b %Y"),
            ("14-Mar-22", "%d-%b-%y"),
            ("March 14, 2022", "%B %d, %Y"),
            ("2022年03月14日", "%Y年%m月%d日"),
        ] {
            assert_eq!(format(&[value]), one(found), "{value}");
        }
        for values in [
            &["2022-03-04", "04/03/2022"][..],
            &["x"],
            &["1"],
            &["12.50"],
            &["2022"],
            &["30835857"],
            &[""],
            &[],
        ] {
            assert_eq!(format(values), None, "{values:?}");
        }
    }

    #[test]
    fn the_formats_fit_the_set_of_pairs() {
        assert!(Dictionary::get().dates.formats.len() <= 64);
    }
}
