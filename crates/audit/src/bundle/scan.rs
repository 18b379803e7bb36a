//! Scans: an export read from end to end with view keys, however long it is, a batch at a time.
//!
//! ```text
//!   file --Scannable::prove--> the log is whole, its verdicts are the attested ones      nothing is opened yet
//!        --Scannable::scan---> Scan --step--> ... --finish--> ScanReport
//!                                |  one anchor after the other: its batch, its verdicts, what opens of it
//!                                +- progress --> a file from which another run takes up
//! ```
//!
//! Three readers walk the file side by side: events, batches, verdicts. What is held is one batch, one part of
//! verdicts, sums by asset and epoch, and the notes that are not spent; what was found wrong is kept, too, for
//! it is all told in the end. No proof of any movement is looked at: amounts are compared with their commitments.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_channel::Verdict;
use parclose_channel::outcome::OrderedIn;
use parclose_crypto::hash::Sha256Stream;
use parclose_crypto::merkle::Frontier;
use parclose_keys::ViewKey;
use parclose_root::{Anchor, RootTransaction, TagProof, Trust};
use parclose_transaction::ErasedPart;
use parclose_types::{Digest, Epoch, Height, Sequence, Tag, encode};

use super::amounts::Amounts;
use super::eras::Eras;
use super::erasures::{self, Erasures};
use super::log::{Log, LogWalk, Verdicts};
use super::parts::{Attested, Founding, Kind, Parts};
use super::value::ValueAudit;
use super::{
    AttestedVerdicts, AuditView, Bundle, BundleInvalid, Era, ExportedBatch, MalformedField, OrderedEvent,
    Remains, Standing, VerifiedBundle, in_export,
};
use crate::grant::{Grant, GrantInvalid};
use crate::ring::{self, Keys};

mod coverage;
mod invalid;
mod progress;
mod report;
mod verdicts;

pub use coverage::{Coverage, Gap, Unheld};
pub use invalid::ScanInvalid;
pub use report::{Run, Runs, ScanReport, Standings};

use progress::Binding;
use verdicts::VerdictReader;

/// Where the bytes of a bundle file come from: read more than once, from several places.
pub trait Source {
    /// bytes from a place on
    type Input: Read;
    /// The file from a byte on.
    fn open(&self, offset: u64) -> std::io::Result<Self::Input>;
}

impl<'a> Source for &'a [u8] {
    type Input = &'a [u8];
    fn open(&self, offset: u64) -> std::io::Result<Self::Input> {
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        Ok(self.get(from..).unwrap_or_default())
    }
}

/// An export whose log is proven to be whole. Its batches have not been read: a [`Scan`] does.
#[derive(Debug)]
pub struct Scannable<S> {
    source: S,
    digest: Digest,
    /// everything but the batches
    frame: VerifiedBundle,
    start: Height,
    /// height of the first event without an attested outcome, or of the export where there is none
    decided_before: Height,
    /// what is left of sealed parts of which something is erased, by the event of their batch
    remains: BTreeMap<Sequence, Vec<(u32, ErasedPart)>>,
    places: Places,
}

/// Where in the file a reader of each kind stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
struct Places {
    events: u64,
    batches: u64,
    verdicts: u64,
    /// verdicts of the part there that were used
    used: u64,
}

/// What a scan has found so far, and where it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
struct State {
    /// the next event
    next: u64,
    places: Places,
    anchors: u64,
    batches: u64,
    standings: Standings,
    opened_fields: u64,
    sealed_fields: u64,
    erased_fields: u64,
    /// batches of which something is erased
    erased_batches: u64,
    malformed: Vec<MalformedField>,
    void: Runs,
    not_shown: Runs,
    not_exported: Runs,
    value: ValueAudit,
}

/// A scan under way.
#[derive(Debug)]
pub struct Scan<'a, S: Source> {
    of: &'a Scannable<S>,
    keys: &'a [ViewKey],
    binding: Binding,
    /// the frame, and the batch that is being read
    bundle: VerifiedBundle,
    events: Parts<S::Input>,
    batches: Parts<S::Input>,
    verdicts: VerdictReader<S::Input>,
    state: State,
}

fn open<S: Source>(source: &S, offset: u64) -> Result<Parts<S::Input>, BundleInvalid> {
    let input = source.open(offset).map_err(|e| BundleInvalid::Read { kind: e.kind() })?;
    Parts::resume(input, offset)
}

fn digest<S: Source>(source: &S) -> Result<Digest, BundleInvalid> {
    let read = |e: std::io::Error| BundleInvalid::Read { kind: e.kind() };
    let (mut input, mut hash) = (source.open(0).map_err(read)?, Sha256Stream::default());
    let mut buffer = vec![0; 64 << 10];
    loop {
        match input.read(&mut buffer) {
            Ok(0) => return Ok(Digest(hash.finish())),
            Ok(length) => hash.update(buffer.get(..length).unwrap_or_default()),
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(read(e)),
        }
    }
}

impl<S: Source> Scannable<S> {
    /// Proves, from the genesis or from a checkpoint, that the log of an export is whole and its verdicts are
    /// those of the newest attested state (BUN-02 to BUN-05, BUN-09 to BUN-11, BUN-13, BUN-14), in one pass.
    pub fn prove(source: S, trust: impl Into<Trust>) -> Result<Self, ScanInvalid> {
        let digest = digest(&source)?;
        let input = source.open(0).map_err(|e| BundleInvalid::Read { kind: e.kind() })?;
        let mut parts = Parts::start(input)?;
        let Founding { epochs, setup } = parts.one(Kind::Founding)?;
        let tag_proof: TagProof = parts.one(Kind::Tag)?;
        let events = parts.offset();
        let (log, undecided) = walk(&mut parts, &tag_proof)?;
        let batches = parts.offset();
        parts.pass_over(Kind::Batch)?;
        let attested = parts.take::<Attested>(Kind::Attested)?;
        let places = Places { events, batches, verdicts: parts.offset(), used: 0 };
        let list = if attested.is_some() { verdict_list(&mut parts)? } else { Frontier::default() };
        let (generations, audiences) = (parts.all(Kind::Generation)?, parts.all(Kind::Audience)?);
        let changes = parts.all(Kind::Change)?;
        let erased: Vec<Remains> = parts.all(Kind::Remains)?;
        let erasures: Vec<OrderedIn> = parts.all(Kind::Erasure)?;
        let () = parts.one(Kind::End)?;
        if !parts.is_over() {
            return Err(BundleInvalid::File { reason: "its parts are not in their order" }.into());
        }
        let attested = attested.map(|Attested { by, head, head_proof }| AttestedVerdicts {
            by,
            head,
            head_proof,
            verdicts: Vec::new(),
        });
        let (events, batches) = (Vec::new(), Vec::new());
        let bundle = Bundle {
            setup,
            generations,
            audiences,
            epochs,
            tag_proof,
            events,
            batches,
            attested,
            erased,
            erasures,
            changes,
        };
        let (definition, tag) = bundle.founded(trust.into())?;
        let (start, rotations) = (tag.state().opened_at, log.finish(&tag)?);
        let eras = Eras::verify(&bundle.setup, definition, start, &rotations, &bundle.generations)?;
        let audiences = eras.audiences(&bundle.audiences)?;
        let newest = bundle.newest_attested(&tag)?;
        if let Some(verdicts) = &bundle.attested {
            let anchor = anchor_at(&source, places.events, verdicts.by.sequence)?;
            verdicts.check_head(&Log::of_some(start, anchor), bundle.scope())?;
            verdicts.check_list(list.len(), list.root())?;
        }
        let erasures = erasures_of(&source, places, start, &bundle)?;
        let frame = VerifiedBundle {
            erasures,
            setup: bundle.setup,
            eras,
            deals: Vec::new(),
            audiences,
            height: tag.height(),
            epochs,
            events: tag.state().count,
            attested: newest,
            batches: Vec::new(),
            void: Vec::new(),
            not_shown: Vec::new(),
            not_exported: Vec::new(),
        };
        let decided_before = undecided.unwrap_or_else(|| tag.height());
        let remains = Remains::by_event(bundle.erased);
        Ok(Self { source, digest, frame, start, decided_before, remains, places })
    }

    /// Checks that a view key was granted by members of this channel who can open its scope.
    pub fn accept(&self, grant: &Grant) -> Result<(), GrantInvalid> {
        self.frame.accept(grant)
    }

    /// The channel, as the root chain knows it.
    #[must_use]
    pub fn tag(&self) -> &Tag {
        self.frame.tag()
    }

    /// All generations, from the first on.
    #[must_use]
    pub fn eras(&self) -> &[Era] {
        self.frame.eras()
    }

    /// Root height up to which the export is complete.
    #[must_use]
    pub fn height(&self) -> Height {
        self.frame.height()
    }

    /// First and last exported epoch.
    #[must_use]
    pub fn epochs(&self) -> (Epoch, Epoch) {
        self.frame.epochs()
    }

    /// Events of the log.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.frame.events()
    }

    /// The event after which the newest attested state stands.
    #[must_use]
    pub fn attested(&self) -> Option<Sequence> {
        self.frame.attested()
    }

    /// Begins a scan, or takes one up where its progress was written.
    pub fn scan<'a>(
        &'a self,
        keys: &'a [ViewKey],
        progress: Option<&[u8]>,
    ) -> Result<Scan<'a, S>, ScanInvalid> {
        let binding = Binding::of(self.digest, *self.tag(), keys);
        let state = match progress {
            Some(bytes) => progress::read(bytes, &binding)?,
            None => State { places: self.places, ..State::default() },
        };
        let Places { events, batches, verdicts, used } = state.places;
        Ok(Scan {
            of: self,
            keys,
            binding,
            bundle: self.frame.clone(),
            events: open(&self.source, events)?,
            batches: open(&self.source, batches)?,
            verdicts: VerdictReader::resume(open(&self.source, verdicts)?, used)?,
            state,
        })
    }
}

/// The log, and the height of its first anchor whose outcome the proof of the tag has nobody attest.
fn walk<R: Read>(
    parts: &mut Parts<R>,
    tag_proof: &TagProof,
) -> Result<(LogWalk, Option<Height>), BundleInvalid> {
    let (mut log, mut undecided) = (LogWalk::new(&tag_proof.tag), None);
    let attested = tag_proof.state.attested;
    while let Some(event) = parts.take::<OrderedEvent>(Kind::Event)? {
        if let Some((sequence, RootTransaction::Anchor(_))) = log.take(&event, tag_proof.state.count)?
            && attested.is_none_or(|attested| attested < sequence)
        {
            undecided.get_or_insert(event.height);
        }
    }
    Ok((log, undecided))
}

fn verdict_list<R: Read>(parts: &mut Parts<R>) -> Result<Frontier, BundleInvalid> {
    let mut list = Frontier::default();
    while let Some(rows) = parts.verdicts()? {
        rows.iter().for_each(|row| list.push(&encode(row)));
    }
    Ok(list)
}

/// The erasures of an export: each act in its batch, with its verdict. Of log and verdicts only those of such batches are held.
fn erasures_of<S: Source>(
    source: &S,
    places: Places,
    start: Height,
    bundle: &Bundle,
) -> Result<Erasures, ScanInvalid> {
    let wanted: BTreeSet<Sequence> = bundle.erasures.iter().map(|act| act.batch.sequence).collect();
    if wanted.is_empty() {
        return Ok(Erasures::new());
    }
    let (mut parts, mut sequence, mut anchors) = (open(source, places.events)?, Sequence(0), Vec::new());
    while let Some(event) = parts.take::<OrderedEvent>(Kind::Event)? {
        if wanted.contains(&sequence)
            && let RootTransaction::Anchor(anchor) =
                RootTransaction::decode(&event.transaction).map_err(BundleInvalid::from)?
        {
            anchors.push((sequence, event.height, anchor));
        }
        sequence.0 = sequence.0.saturating_add(1);
    }
    let (mut parts, mut verdicts) = (open(source, places.verdicts)?, Verdicts::new());
    while let Some(rows) = parts.verdicts()? {
        let of_wanted = rows.into_iter().filter(|row| wanted.contains(&row.sequence));
        verdicts.extend(of_wanted.map(|row| ((row.sequence, row.index), row)));
    }
    let log = Log::of_some(start, anchors);
    Ok(erasures::verify(&bundle.erasures, &log, bundle.scope(), &verdicts)?)
}

type Anchored = (Sequence, Height, Anchor);

fn anchor_at<S: Source>(
    source: &S,
    events: u64,
    wanted: Sequence,
) -> Result<Option<Anchored>, BundleInvalid> {
    let (mut parts, mut sequence) = (open(source, events)?, Sequence(0));
    while let Some(event) = parts.take::<OrderedEvent>(Kind::Event)? {
        if sequence == wanted {
            let anchor = RootTransaction::decode(&event.transaction)?;
            return Ok(match anchor {
                RootTransaction::Anchor(anchor) => Some((sequence, event.height, anchor)),
                _ => None,
            });
        }
        sequence.0 = sequence.0.saturating_add(1);
    }
    Ok(None)
}

impl<S: Source> Scan<'_, S> {
    /// Reads what the next anchor of the log has ordered; `false` when there is no more.
    pub fn step(&mut self) -> Result<bool, ScanInvalid> {
        while let Some(event) = self.events.take::<OrderedEvent>(Kind::Event)? {
            let sequence = Sequence(self.state.next);
            self.state.next = self.state.next.saturating_add(1);
            let decoded = RootTransaction::decode(&event.transaction).map_err(BundleInvalid::from)?;
            if let RootTransaction::Anchor(anchor) = decoded {
                self.anchor((sequence, event.height, anchor))?;
                self.mark();
                return Ok(true);
            }
        }
        self.mark();
        Ok(false)
    }

    /// Reads what is left, and tells what the whole scan has found.
    ///
    /// # Rules
    ///
    /// > SCN-01: a scan takes the batch of every anchor of the exported epochs in the order of the log, and tells nothing before batches and verdicts are used up.
    /// > SCN-07: the file is the same, byte for byte, when a scan ends as when it began.
    pub fn finish(mut self) -> Result<ScanReport, ScanInvalid> {
        while self.step()? {}
        if let Some(batch) = self.batches.take::<ExportedBatch>(Kind::Batch)? {
            return Err(BundleInvalid::OtherBatches { sequence: batch.proof.sequence }.into());
        }
        self.verdicts.finish()?;
        // What is left of parts of which no batch is here proves nothing, and does not belong here.
        if let Some(sequence) =
            self.of.remains.keys().nth(usize::try_from(self.state.erased_batches).unwrap_or(usize::MAX))
        {
            return Err(BundleInvalid::NotErased { sequence: *sequence }.into());
        }
        if digest(&self.of.source)? != self.of.digest {
            return Err(ScanInvalid::Changed);
        }
        Ok(self.report())
    }

    /// Events of the log that were taken.
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.state.next
    }

    fn mark(&mut self) {
        let (verdicts, used) = self.verdicts.place();
        self.state.places =
            Places { events: self.events.offset(), batches: self.batches.offset(), verdicts, used };
    }

    fn anchor(&mut self, anchored: Anchored) -> Result<(), ScanInvalid> {
        let (sequence, height, _) = anchored;
        let verdicts = self.verdicts.of(sequence, self.bundle.attested)?;
        self.state.anchors = self.state.anchors.saturating_add(1);
        if !in_export(self.bundle.eras.all().iter().map(|era| &era.term), self.bundle.epochs, height) {
            self.state.not_exported.take(sequence, self.state.anchors);
            return Ok(());
        }
        let batch = self.batches.take::<ExportedBatch>(Kind::Batch)?;
        let batch = batch.filter(|batch| batch.proof.sequence == sequence);
        let batch = batch.ok_or(BundleInvalid::OtherBatches { sequence })?;
        let erased = self.of.remains.get(&sequence).cloned().unwrap_or_default();
        self.state.erased_batches = self.state.erased_batches.saturating_add(u64::from(!erased.is_empty()));
        self.bundle.take_batch((batch, erased), &Log::of_some(self.of.start, [anchored]), &verdicts)?;
        self.state.batches = self.state.batches.saturating_add(1);
        for void in self.bundle.void.drain(..) {
            self.state.void.take(void, self.state.anchors);
        }
        for not_shown in self.bundle.not_shown.drain(..) {
            self.state.not_shown.take(not_shown, self.state.anchors);
        }
        self.read();
        self.bundle.batches.clear();
        Ok(())
    }

    /// Opens every field in scope of the batch, and every amount.
    fn read(&mut self) {
        let (bundle, state) = (&self.bundle, &mut self.state);
        let transactions = bundle.batches.iter().flat_map(|batch| &batch.transactions);
        transactions.for_each(|transaction| state.standings.count(&transaction.standing));
        let (applied, reader) = (bundle.applied(), (bundle.channel(), Keys::Views(self.keys)));
        let opened = ring::each(reader, &applied, |ring, part| {
            part.iter().map(|transaction| bundle.states(ring, transaction)).collect()
        });
        let mut view = AuditView::default();
        for (transaction, operations) in applied.iter().zip(opened) {
            for (operation, states) in transaction.body.operations.iter().zip(operations) {
                view.count(transaction, operation, &states.unwrap_or_default());
            }
        }
        state.opened_fields = state.opened_fields.saturating_add(view.opened_fields);
        state.sealed_fields = state.sealed_fields.saturating_add(view.sealed_fields);
        state.erased_fields = state.erased_fields.saturating_add(view.erased_fields);
        state.malformed.extend(view.malformed);
        let amounts = ring::each(reader, &applied, |ring, part| Amounts::of(bundle, ring, part));
        for (transaction, found) in applied.iter().zip(amounts) {
            state.value.transaction(bundle.channel(), transaction, found);
        }
    }

    fn report(self) -> ScanReport {
        let Self { state, bundle, keys, of, .. } = self;
        let whole = state.not_shown.is_empty() && state.not_exported.is_empty();
        ScanReport {
            batches: state.batches,
            standings: state.standings,
            opened_fields: state.opened_fields,
            sealed_fields: state.sealed_fields,
            erased_fields: state.erased_fields,
            malformed: state.malformed,
            void: state.void,
            not_shown: state.not_shown,
            not_exported: state.not_exported,
            assets: state.value.finish(whole),
            coverage: keys.iter().map(|key| Coverage::of(&bundle, of.decided_before, key)).collect(),
        }
    }
}

impl Standings {
    fn count(&mut self, standing: &Standing) {
        let count = match standing {
            Standing::Decided(Verdict::Applied) => &mut self.applied,
            Standing::Decided(_) => &mut self.refused,
            Standing::PassedOver => &mut self.passed_over,
            Standing::Open => &mut self.open,
        };
        *count = count.saturating_add(1);
    }
}

#[cfg(test)]
mod tests;
