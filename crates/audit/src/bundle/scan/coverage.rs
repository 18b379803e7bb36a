//! Which epochs of a view key's interval an export holds to the end, and why not the others.

use std::collections::BTreeSet;

use parclose_keys::ViewKey;
use parclose_types::{Epoch, Height};

use super::super::VerifiedBundle;
use crate::grant::GrantScope;

/// What an export holds of a view key's interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// what the key opens
    pub scope: GrantScope,
    /// epochs of which nothing that was sealed and applied is left out
    pub held: Option<(Epoch, Epoch)>,
    /// the others, in their order
    pub gaps: Vec<Gap>,
}

/// Epochs of which an export does not show everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// first epoch
    pub from: Epoch,
    /// last epoch
    pub to: Epoch,
    /// why
    pub why: Unheld,
}

/// Why an export does not hold an epoch of a view key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unheld {
    /// the key is of another channel
    OtherChannel,
    /// another generation was in force, or none yet
    OtherGeneration,
    /// the export leaves these epochs out
    NotExported,
    /// the channel had not come to them when it was exported
    NotReached,
    /// what is sealed in them can still be ordered, or its outcome was not attested when it was exported
    StillOpen,
}

impl Unheld {
    /// As it stands in a report.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::OtherChannel => "other-channel",
            Self::OtherGeneration => "other-generation",
            Self::NotExported => "not-exported",
            Self::NotReached => "not-reached",
            Self::StillOpen => "still-open",
        }
    }
}

/// Where the reasons change, as far as one key is concerned.
struct Bounds {
    /// epochs of the key's generation, the last open where it is in force
    generation: Option<(Epoch, Epoch)>,
    exported: (Epoch, Epoch),
    /// the epoch of the export's height
    now: Epoch,
    /// the epoch of the first event whose outcome is not attested
    decided_before: Epoch,
}

impl Coverage {
    /// # Rules
    ///
    /// > SCN-06: a scan claims completeness of those epochs of a view key only that the export holds, in which the key's generation was in force, and for which every batch is decided, those of the epoch after included.
    pub(super) fn of(bundle: &VerifiedBundle, decided_before: Height, key: &ViewKey) -> Self {
        let scope = GrantScope {
            channel: key.channel,
            generation: key.generation,
            audience: key.audience,
            class: key.class,
            from: key.cover.from(),
            to: key.cover.to(),
        };
        if scope.channel != *bundle.channel() {
            let why = Unheld::OtherChannel;
            return Self { scope, held: None, gaps: vec![Gap { from: scope.from, to: scope.to, why }] };
        }
        let eras = bundle.eras();
        let place = eras.iter().position(|era| era.config.generation == scope.generation);
        let generation = place.and_then(|at| {
            let next = at.checked_add(1).and_then(|next| eras.get(next));
            let last = next.map_or(u32::MAX, |next| next.term.first_epoch.0.saturating_sub(1));
            Some((eras.get(at)?.term.first_epoch, Epoch(last)))
        });
        let bounds = Bounds {
            generation,
            exported: bundle.epochs(),
            now: bundle.epoch_at(bundle.height()),
            decided_before: bundle.epoch_at(decided_before),
        };
        bounds.cover(scope)
    }
}

impl Bounds {
    fn cover(&self, scope: GrantScope) -> Coverage {
        let mut coverage = Coverage { scope, held: None, gaps: Vec::new() };
        let starts: Vec<Epoch> = self.starts(&scope).into_iter().collect();
        for (at, from) in starts.iter().enumerate() {
            let next = at.checked_add(1).and_then(|next| starts.get(next));
            let to = next.map_or(scope.to, |next| Epoch(next.0.saturating_sub(1)));
            match (self.why(*from), coverage.gaps.last_mut(), &mut coverage.held) {
                (None, _, Some((_, last))) => *last = to,
                (None, _, held) => *held = Some((*from, to)),
                (Some(why), Some(gap), _) if gap.why == why && gap.to.0.checked_add(1) == Some(from.0) => {
                    gap.to = to;
                }
                (Some(why), ..) => coverage.gaps.push(Gap { from: *from, to, why }),
            }
        }
        coverage
    }

    /// The epochs of a scope at which the reason can be another than before.
    fn starts(&self, scope: &GrantScope) -> BTreeSet<Epoch> {
        let after = |epoch: Epoch| epoch.0.checked_add(1).map(Epoch);
        let (first, last) = self.generation.unwrap_or((Epoch(0), Epoch(u32::MAX)));
        let settled = Epoch(self.decided_before.0.saturating_sub(1));
        let (from, to) = self.exported;
        let changes = [Some(scope.from), Some(first), after(last), Some(from), after(to), after(self.now)];
        let changes = changes.into_iter().flatten().chain([settled]);
        changes.filter(|epoch| (scope.from..=scope.to).contains(epoch)).collect()
    }

    fn why(&self, epoch: Epoch) -> Option<Unheld> {
        let within = |(from, to): (Epoch, Epoch)| (from..=to).contains(&epoch);
        if !self.generation.is_some_and(within) {
            return Some(Unheld::OtherGeneration);
        }
        if epoch > self.now {
            return Some(Unheld::NotReached);
        }
        if !within(self.exported) {
            return Some(Unheld::NotExported);
        }
        // Within the grace a transaction is still ordered in the epoch after that of its sealing.
        let settled = epoch.0.checked_add(1).is_some_and(|next| next < self.decided_before.0);
        (!settled).then_some(Unheld::StillOpen)
    }
}
