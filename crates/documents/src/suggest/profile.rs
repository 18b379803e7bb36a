//! How each column is written, learned from a sample of the rows. Of cells nothing is kept but
//! fingerprints, and the tokens that the dictionary knows.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::ROWS_MAX;
use super::dates::Days;
use super::dictionary::Dictionary;
use super::numbers::Numbers;
use crate::columns::text;
use crate::currency::Currency;
use crate::mapping::Layout;
use crate::record::{Record, Records};
use crate::source::{BadSource, Origin, SourceFault};

/// What the sample showed.
#[derive(Debug)]
pub(super) struct Profile {
    pub(super) files: usize,
    pub(super) rows: u64,
    /// rows that are no records of the header's width
    pub(super) broken: u64,
    /// whether some rows were not looked at
    pub(super) sampled: bool,
    /// files with another header
    pub(super) other_headers: usize,
    pub(super) columns: Vec<Column>,
    /// tokens that stand for nothing, and are no rare exception
    pub(super) missing: BTreeSet<String>,
}

/// One column of the sample.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) filled: u64,
    /// cells with nothing in them, or a token for it
    pub(super) empty: u64,
    /// cells with a token that is too rare to be one: it counts as a value
    pub(super) odd: u64,
    /// values that are not text in the encoding
    pub(super) unreadable: u64,
    /// what may stand for nothing, and how often
    tokens: BTreeMap<String, u64>,
    /// tokens that stand for what was taken out
    pub(super) redacted: BTreeSet<String>,
    pub(super) numbers: Numbers,
    pub(super) days: Days,
    /// values that are no currency
    pub(super) no_currency: u64,
    prints: BTreeSet<u64>,
}

/// Tokens, and values told apart, of one column.
const TOKENS_MAX: usize = 16;
const PRINTS_MAX: usize = 1 << 13;
/// One row in so many has a token that means nothing.
const OFTEN: u64 = 100;

impl Column {
    fn new(name: String, dictionary: &Dictionary) -> Self {
        Self {
            name,
            filled: 0,
            empty: 0,
            odd: 0,
            unreadable: 0,
            tokens: BTreeMap::new(),
            redacted: BTreeSet::new(),
            numbers: Numbers::default(),
            days: Days::new(dictionary),
            no_currency: 0,
            prints: BTreeSet::new(),
        }
    }

    fn see(&mut self, cell: std::borrow::Cow<'_, [u8]>, dictionary: &Dictionary) {
        let Ok(value) = text(cell) else {
            self.unreadable += 1;
            return;
        };
        if value.is_empty() {
            self.empty += 1;
            return;
        }
        if dictionary.is_missing(&value)
            && (self.tokens.len() < TOKENS_MAX || self.tokens.contains_key(value.as_ref()))
        {
            *self.tokens.entry(value.into_owned()).or_default() += 1;
            return;
        }
        self.filled += 1;
        if self.prints.len() < PRINTS_MAX {
            self.prints.insert(print(&value));
        }
        if dictionary.is_redacted(&value) {
            if self.redacted.len() < TOKENS_MAX {
                self.redacted.insert(value.into_owned());
            }
            return;
        }
        let is_symbol = |text: &str| dictionary.signs.contains_key(text) || Currency::find(text).is_some();
        self.numbers.see(&value, is_symbol);
        self.days.see(&value, dictionary);
        self.no_currency += u64::from(Currency::find(&value).is_none());
    }

    /// Counts the tokens: as nothing, or as values where they are too rare to mean that.
    fn settle(&mut self, missing: &BTreeSet<String>) {
        for (token, times) in &self.tokens {
            *(if missing.contains(token) { &mut self.empty } else { &mut self.odd }) += times;
        }
    }

    /// Whether every value looked at is another.
    pub(super) fn is_unique(&self) -> bool {
        let looked_at = self.filled.min(u64::try_from(PRINTS_MAX).unwrap_or(u64::MAX));
        self.filled > 0 && u64::try_from(self.prints.len()).is_ok_and(|prints| prints >= looked_at)
    }
}

/// A number for a value, to tell it from others without keeping it.
pub(super) fn print(value: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

impl Profile {
    pub(super) fn take(
        origins: &[&dyn Origin],
        layout: &Layout,
        dictionary: &Dictionary,
    ) -> Result<Self, BadSource> {
        let mut profile = Self {
            files: origins.len(),
            rows: 0,
            broken: 0,
            sampled: false,
            other_headers: 0,
            columns: Vec::new(),
            missing: BTreeSet::new(),
        };
        let mut header: Option<Vec<String>> = None;
        let mut broken = 0;
        let sampled = each_row(origins, layout, &mut |names, record| {
            let header = header.get_or_insert_with(|| names.to_vec());
            if profile.columns.is_empty() {
                profile.columns = header.iter().map(|name| Column::new(name.clone(), dictionary)).collect();
            }
            let Some(record) = record else {
                profile.other_headers += usize::from(header.as_slice() != names);
                return;
            };
            if header.as_slice() != names || record.width() != header.len() {
                broken += 1;
                return;
            }
            profile.rows += 1;
            for (column, cell) in profile.columns.iter_mut().zip(record.cells()) {
                column.see(cell, dictionary);
            }
        })?;
        (profile.sampled, profile.broken) = (sampled.0, broken + sampled.1);
        profile.settle();
        Ok(profile)
    }

    /// A token means nothing when some column has it often: one invoice of the number `NONE` is an invoice.
    fn settle(&mut self) {
        let often = |times: u64| times * OFTEN >= self.rows;
        let tokens = self.columns.iter().flat_map(|column| &column.tokens);
        self.missing = tokens.filter(|(_, times)| often(**times)).map(|(token, _)| token.clone()).collect();
        self.columns.iter_mut().for_each(|column| column.settle(&self.missing));
    }
}

/// Shows the header of each file, then some of its rows; whether some were not shown, and how many are broken.
pub(super) fn each_row(
    origins: &[&dyn Origin],
    layout: &Layout,
    see: &mut dyn FnMut(&[String], Option<&Record<'_>>),
) -> Result<(bool, u64), BadSource> {
    let share = ROWS_MAX / u64::try_from(origins.len().max(1)).unwrap_or(u64::MAX);
    let (mut sampled, mut broken) = (false, 0);
    for origin in origins {
        let read = rows_of(*origin, layout, share.max(1), see);
        let (more, lost) = read.map_err(|fault| BadSource { source_name: origin.name().into(), fault })?;
        sampled |= more;
        broken += lost;
    }
    Ok((sampled, broken))
}

fn rows_of(
    origin: &dyn Origin,
    layout: &Layout,
    share: u64,
    see: &mut dyn FnMut(&[String], Option<&Record<'_>>),
) -> Result<(bool, u64), SourceFault> {
    let mut records = Records::open(origin, layout, None)?;
    let names = {
        let header = records.next()?.and_then(Result::ok).ok_or(SourceFault::Header)?;
        header_names(&header)?
    };
    see(&names, None);
    let (mut rows, mut broken) = (0, 0);
    while let Some(record) = records.next()? {
        if rows + broken >= share {
            return Ok((true, broken));
        }
        match record {
            Ok(record) => {
                rows += 1;
                see(&names, Some(&record));
            }
            Err(_) => broken += 1,
        }
    }
    Ok((false, broken))
}

fn header_names(header: &Record<'_>) -> Result<Vec<String>, SourceFault> {
    let mut seen = BTreeMap::new();
    let mut names = Vec::new();
    for cell in header.cells() {
        let name = text(cell).map_err(|_| SourceFault::Header)?.into_owned();
        if !name.is_empty() && seen.insert(name.clone(), ()).is_some() {
            return Err(SourceFault::TwiceNamed(name));
        }
        names.push(name);
    }
    Ok(names)
}
