//! The search for canaries: all forms of all of them at once, also inside compressed members.
//!
//! The engine is the leak scan's ([`Needles`]): a window of each form in a filter, and a hit is a match of the whole
//! form. What is added here is who may know what is found, and in which form it stood.

use std::collections::BTreeMap;

use parclose_crypto::hash::sha256;
use parclose_findings::Item;
use parclose_node::leak_scan::{Kind, Needles};

use crate::canary::Canaries;
use crate::encodings::{Encoding, forms};
use crate::members::{DEPTH_MAX, each_member};
use crate::surface::{Holder, Piece, Surface};

/// A canary that was found somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// which of all canaries
    pub canary: usize,
    /// in which form
    pub encoding: Encoding,
}

/// All canaries, ready to be searched for.
#[derive(Debug)]
pub struct Search {
    canaries: Canaries,
    needles: Needles,
    hits: BTreeMap<[u8; 32], Hit>,
}

impl Search {
    /// Prepares the search.
    pub fn new(canaries: Canaries) -> Self {
        let (mut needles, mut hits) = (Needles::default(), BTreeMap::new());
        for (at, canary) in canaries.all().iter().enumerate() {
            for (encoding, form) in forms(&canary.value) {
                hits.insert(sha256(&form), Hit { canary: at, encoding });
                needles.add(canary.audience, Kind::Value, &form);
            }
        }
        needles.prepare();
        Self { canaries, needles, hits }
    }

    /// What is searched for.
    pub fn canaries(&self) -> &Canaries {
        &self.canaries
    }

    /// Forms that are searched for.
    pub fn forms(&self) -> usize {
        self.needles.len()
    }

    /// Tells every canary in some bytes, and in what is compressed inside of them.
    pub fn find(&self, bytes: &[u8], found: &mut dyn FnMut(Hit)) {
        self.find_within(bytes, DEPTH_MAX, found);
    }

    fn find_within(&self, bytes: &[u8], depth: usize, found: &mut dyn FnMut(Hit)) {
        self.needles.search(bytes, &mut |index| {
            let hit = self.needles.digest(index).and_then(|digest| self.hits.get(&digest));
            hit.into_iter().for_each(|hit| found(*hit));
        });
        if depth > 0 {
            each_member(bytes, |_, opened| self.find_within(opened, depth - 1, found));
        }
    }

    /// The canaries at a place that its reader may not know.
    pub fn leaks(&self, piece: &Piece<'_>) -> Vec<Hit> {
        let mut leaks = Vec::new();
        self.find(piece.bytes, &mut |hit| {
            if !self.may_know(hit, piece.holder) {
                leaks.push(hit);
            }
        });
        leaks.sort_unstable();
        leaks.dedup();
        leaks
    }

    fn may_know(&self, hit: Hit, holder: &Holder) -> bool {
        let audience = self.canaries.all().get(hit.canary).map(|canary| canary.audience);
        match holder {
            Holder::Anybody => false,
            Holder::Member(name) => audience.is_some_and(|of| self.canaries.may_know(of, name)),
        }
    }

    /// A hit in words, without the secret.
    pub fn told(&self, hit: Hit) -> String {
        let what = self.canaries.all().get(hit.canary).map_or("a canary", |canary| canary.what);
        format!("{what} as {:?}", hit.encoding)
    }
}

/// A search that counts where it has looked, and writes down what it has found.
pub struct Watch<'a> {
    search: &'a Search,
    replay: String,
    bytes: BTreeMap<Surface, u64>,
    leaks: Vec<(Surface, String, Hit)>,
    at_home: u64,
}

impl std::fmt::Debug for Watch<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Watch({} leaks)", self.leaks.len())
    }
}

/// So many leaks are told one by one.
const TOLD_MAX: usize = 20;

impl<'a> Watch<'a> {
    /// A watch that has seen nothing yet; `replay` brings back what it sees.
    pub fn new(search: &'a Search, replay: &str) -> Self {
        Self { search, replay: replay.into(), bytes: BTreeMap::new(), leaks: Vec::new(), at_home: 0 }
    }

    /// Looks at a piece.
    pub fn look(&mut self, piece: &Piece<'_>) {
        let bytes = u64::try_from(piece.bytes.len()).unwrap_or(u64::MAX);
        let seen = self.bytes.entry(piece.surface).or_default();
        *seen = seen.saturating_add(bytes);
        let (mut leaks, mut known) = (Vec::new(), 0_u64);
        self.search.find(piece.bytes, &mut |hit| {
            if self.search.may_know(hit, piece.holder) {
                known = known.saturating_add(1);
            } else {
                leaks.push((piece.surface, piece.place.to_owned(), hit));
            }
        });
        self.at_home = self.at_home.saturating_add(known);
        self.leaks.extend(leaks);
    }

    /// Canaries that were seen where they may be.
    pub fn at_home(&self) -> u64 {
        self.at_home
    }

    /// How many leaks it has seen.
    pub fn leaks(&self) -> usize {
        self.leaks.len()
    }

    /// Leaks by class.
    pub fn leaks_at(&self, surface: Surface) -> usize {
        self.leaks.iter().filter(|(at, _, _)| *at == surface).count()
    }

    /// Writes into a report which surfaces were searched, in bytes, and what was found.
    pub fn report(&self, item: &mut Item) {
        for (surface, bytes) in &self.bytes {
            let total = item.reached.entry(format!("bytes of {}", surface.name())).or_default();
            *total = total.saturating_add(*bytes);
        }
        for (surface, place, hit) in self.leaks.iter().take(TOLD_MAX) {
            item.find(format!("{} in {}: {place}", self.search.told(*hit), surface.name()), &self.replay);
        }
        if self.leaks.len() > TOLD_MAX {
            item.find(format!("and {} leaks more", self.leaks.len() - TOLD_MAX), &self.replay);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canary::{Value, amount, awkward_text};
    use crate::members::{FORMS, compress};
    use crate::random::rng;

    fn search() -> Search {
        let mut canaries = Canaries::default();
        let (all, one) = (canaries.audience(["buyer", "bank"]), canaries.audience(["buyer"]));
        let mut rng = rng(1, "search");
        for audience in [all, one] {
            canaries.register("text", Value::Text(awkward_text(&mut rng)), audience);
            canaries.register("amount", Value::Amount(amount(&mut rng)), audience);
            canaries.register("key", Value::Key([audience.to_le_bytes()[0].wrapping_add(7); 32]), audience);
        }
        Search::new(canaries)
    }

    fn piece<'a>(holder: &'a Holder, bytes: &'a [u8]) -> Piece<'a> {
        Piece { surface: Surface::Files, holder, place: "here", bytes }
    }

    #[test]
    fn every_form_of_every_canary_is_found_raw_and_compressed_in_each_way() {
        let search = search();
        for (at, canary) in search.canaries().all().iter().enumerate() {
            for (encoding, form) in forms(&canary.value) {
                let haystack = [b"before ".as_slice(), &form, b" after"].concat();
                let mut holding = vec![haystack.clone()];
                for (way, _) in FORMS {
                    let packed = compress(way, &haystack.repeat(20)).expect("memory takes all");
                    holding.push([b"..", packed.as_slice()].concat());
                    // A member in a member: an archive of compressed logs.
                    holding.push(compress(FORMS[0].0, &packed).expect("memory takes all"));
                }
                for bytes in holding {
                    let hits = search.leaks(&piece(&Holder::Anybody, &bytes));
                    assert!(hits.iter().any(|hit| hit.canary == at), "{canary:?} {encoding:?}");
                }
            }
        }
    }

    #[test]
    fn who_is_of_the_audience_may_find_it_and_nobody_else() {
        let search = search();
        let Value::Text(shared) = &search.canaries().all()[0].value else { panic!("a text") };
        let Value::Text(own) = &search.canaries().all()[3].value else { panic!("a text") };
        let count =
            |who: &str, text: &str| search.leaks(&piece(&Holder::Member(who.into()), text.as_bytes())).len();
        assert_eq!((count("buyer", shared), count("bank", shared), count("supplier", shared)), (0, 0, 1));
        assert_eq!((count("buyer", own), count("bank", own)), (0, 1));
        assert_eq!(search.leaks(&piece(&Holder::Anybody, own.as_bytes())).len(), 1);
        assert_eq!(
            search.leaks(&piece(&Holder::Anybody, &own.as_bytes()[..20])).len(),
            0,
            "whole forms only"
        );
    }

    #[test]
    fn a_report_has_what_was_searched_and_each_leak_without_the_secret() {
        let search = search();
        let Value::Text(own) = &search.canaries().all()[3].value else { panic!("a text") };
        let mut watch = Watch::new(&search, "seed 1");
        watch.look(&piece(&Holder::Anybody, own.as_bytes()));
        watch.look(&piece(&Holder::Member("buyer".into()), own.as_bytes()));
        let mut item = Item::new("leak-oracle", "nothing leaks", "make");
        watch.report(&mut item);
        assert_eq!((watch.leaks(), watch.at_home()), (1, 1));
        assert_eq!(item.reached["bytes of files"], 2 * u64::try_from(own.len()).expect("a few"));
        assert_eq!(item.findings[0].what, "text as Raw in files: here");
    }
}
