//! What erasures reach of a sealed part: fields by their record, epoch or generation, and the wraps of their keys.

use std::collections::{BTreeMap, BTreeSet};

use parclose_types::{Digest, Epoch, Generation, RecordId, TransactionDigest};

use super::ErasedPart;
use crate::act::{Act, ErasureTarget, SharedScope};
use crate::body::Body;

/// A generation with the epochs of its term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GenerationSpan {
    /// which
    pub generation: Generation,
    /// digest of its configuration
    pub configuration: Digest,
    /// its first epoch
    pub first: Epoch,
    /// its last epoch
    pub last: Epoch,
}

/// What is erased, with what there is to know of where that lies.
#[derive(Clone, Debug)]
pub struct Reach<'t> {
    targets: &'t BTreeSet<ErasureTarget>,
    spans: BTreeMap<Digest, GenerationSpan>,
    grants: BTreeMap<TransactionDigest, (Epoch, Epoch)>,
}

impl<'t> Reach<'t> {
    /// What some targets reach, among these generations.
    #[must_use]
    pub fn new(
        targets: &'t BTreeSet<ErasureTarget>,
        spans: impl IntoIterator<Item = GenerationSpan>,
    ) -> Self {
        let spans = spans.into_iter().map(|span| (span.configuration, span)).collect();
        Self { targets, spans, grants: BTreeMap::new() }
    }

    /// With the epochs that grants give: covers for a grant that is not known here count as giving all.
    #[must_use]
    pub fn among(mut self, grants: impl IntoIterator<Item = (TransactionDigest, (Epoch, Epoch))>) -> Self {
        self.grants.extend(grants);
        self
    }

    /// The targets among these that would reach the fields of a record in a transaction.
    pub fn of_fields(&self, body: &Body, record: &RecordId) -> impl Iterator<Item = ErasureTarget> + use<'t> {
        let targets = self.targets;
        let of = [
            ErasureTarget::Record(*record),
            ErasureTarget::Epoch(body.epoch),
            ErasureTarget::Generation(body.generation),
        ];
        of.into_iter().filter(|target| targets.contains(target))
    }

    /// Whether the fields of a record in a transaction are erased.
    #[must_use]
    pub fn has_fields(&self, body: &Body, record: &RecordId) -> bool {
        self.of_fields(body, record).next().is_some()
    }

    /// The targets among these that reach a wrap of an act, by its place.
    #[must_use]
    pub fn of_wrap(&self, act: &Act, place: usize) -> Vec<ErasureTarget> {
        let all = (Epoch(0), Epoch(u32::MAX));
        let of_configuration = |configuration: &Digest, (from, to): (Epoch, Epoch)| {
            self.spans.get(configuration).map(|span| (*span, span.first.max(from), span.last.min(to)))
        };
        let of_scope = |scope: &SharedScope| {
            let span = self.spans.values().find(|span| span.generation == scope.generation)?;
            Some((*span, span.first.max(scope.from), span.last.min(scope.to)))
        };
        let reached = match act {
            Act::Deal { configuration, .. } | Act::Rewrap { configuration, .. } => {
                of_configuration(configuration, all)
            }
            Act::Share(share) => share.scopes.get(place).and_then(of_scope),
            Act::Cover(covers) => covers.covers.get(place).and_then(|cover| {
                let given = self.grants.get(&covers.grant).copied().unwrap_or(all);
                of_configuration(&cover.configuration, given)
            }),
            _ => None,
        };
        let Some((span, from, to)) = reached else { return Vec::new() };
        let whole = ErasureTarget::Generation(span.generation);
        let epochs = self.targets.range(ErasureTarget::Epoch(from)..).copied();
        let epochs = epochs.take_while(|target| *target <= ErasureTarget::Epoch(to)).filter(|_| from <= to);
        self.targets.contains(&whole).then_some(whole).into_iter().chain(epochs).collect()
    }

    /// Whether a wrap of an act is erased, by its place.
    #[must_use]
    pub fn has_wrap(&self, act: &Act, place: usize) -> bool {
        !self.of_wrap(act, place).is_empty()
    }

    /// The targets among these that reach something of a transaction.
    #[must_use]
    pub fn targets_of(&self, body: &Body) -> BTreeSet<ErasureTarget> {
        let records = body.operations.iter().filter(|operation| !operation.fields.is_empty());
        let fields = records.flat_map(|operation| self.of_fields(body, &operation.record));
        let wraps = body
            .act
            .iter()
            .flat_map(|act| (0..wraps_of(act)).flat_map(move |place| self.of_wrap(act, place)));
        fields.chain(wraps).collect()
    }

    /// Whether something of a transaction is erased.
    #[must_use]
    pub fn touches(&self, body: &Body) -> bool {
        !self.targets_of(body).is_empty()
    }

    /// The targets among these that explain what a part lacks; `None` if something of it is explained by none.
    #[must_use]
    pub fn explains(&self, part: &ErasedPart, body: &Body) -> Option<BTreeSet<ErasureTarget>> {
        let mut by = BTreeSet::new();
        for record in part.records(body) {
            let mut reached = self.of_fields(body, record).peekable();
            reached.peek()?;
            by.extend(reached);
        }
        for place in part.gone_wraps() {
            let reached = self.of_wrap(body.act.as_ref()?, place);
            if reached.is_empty() {
                return None;
            }
            by.extend(reached);
        }
        Some(by)
    }

    /// Whether nothing of an interval of epochs of a generation is erased.
    #[must_use]
    pub fn spares(&self, generation: Generation, from: Epoch, to: Epoch) -> bool {
        self.left_of(generation, from, to) == [(from, to)]
    }

    /// The epochs of a generation that are erased each by itself, ascending.
    fn epochs_of(&self, generation: Generation) -> Vec<Epoch> {
        let span = self.spans.values().find(|span| span.generation == generation);
        let Some(GenerationSpan { first, last, .. }) = span else { return Vec::new() };
        let epoch = |target: &ErasureTarget| match target {
            ErasureTarget::Epoch(epoch) => Some(*epoch),
            _ => None,
        };
        self.targets.iter().filter_map(epoch).filter(|epoch| (*first..=*last).contains(epoch)).collect()
    }

    /// The generations of which an epoch, or all, is erased.
    pub fn generations(&self) -> impl Iterator<Item = Generation> + '_ {
        let touched = |span: &GenerationSpan| {
            self.targets.contains(&ErasureTarget::Generation(span.generation))
                || !self.epochs_of(span.generation).is_empty()
        };
        self.spans.values().filter(move |span| touched(span)).map(|span| span.generation)
    }

    /// What is left of an interval of epochs of a generation, in pieces, ascending.
    #[must_use]
    pub fn left_of(&self, generation: Generation, from: Epoch, to: Epoch) -> Vec<(Epoch, Epoch)> {
        if self.targets.contains(&ErasureTarget::Generation(generation)) {
            return Vec::new();
        }
        let (mut pieces, mut next) = (Vec::new(), Some(from));
        for gone in self.epochs_of(generation).into_iter().filter(|epoch| (from..=to).contains(epoch)) {
            if let Some(begin) = next
                && begin < gone
            {
                pieces.push((begin, Epoch(gone.0.saturating_sub(1))));
            }
            next = gone.0.checked_add(1).map(Epoch);
        }
        pieces.extend(next.filter(|begin| *begin <= to).map(|begin| (begin, to)));
        pieces
    }
}

/// Places of wraps in an act that differ in what they open: the wraps of one deal all hold the same secret.
fn wraps_of(act: &Act) -> usize {
    match act {
        Act::Deal { .. } | Act::Rewrap { .. } => 1,
        Act::Share(share) => share.scopes.len(),
        Act::Cover(covers) => covers.covers.len(),
        _ => 0,
    }
}
