//! Reading the ledger: records and transactions, as a reader's keys show them.

use parclose_keys::SealedField;
use parclose_transaction::decode::UnverifiedTransaction;
use parclose_transaction::definition::RecordType;
use parclose_transaction::view::{FieldView, Provenance, open_field};
use parclose_transaction::{
    Body, Definition, DefinitionTexts, ErasureTarget, FieldState, Perspective, SealedPart,
};
use parclose_types::{
    ChannelCommitment, Epoch, Generation, Height, MemberId, PublicKey, RecordId, Sequence, TransactionDigest,
};

use crate::channel::Channel;
use crate::erasure::ERASED_PARTS;
use crate::error::ChannelError;
use crate::governance::{DealRow, GenerationRow, MotionRow, Past};
use crate::tables::{
    BATCHES, EVENTS, EventOutcome, EventRow, MOTIONS, PERMANENT, PRUNABLE, RECORDS, RecordField, RecordRow,
    TRANSACTIONS, TransactionRow, VerdictRow,
};

/// A record as a reader sees it.
#[derive(Clone, Debug)]
pub struct RecordView {
    /// its public part
    pub row: RecordRow,
    /// its fields, in order
    pub fields: Vec<FieldView>,
}

/// A transaction with its verdict.
#[derive(Clone, Debug)]
pub struct StoredTransaction {
    /// its digest
    pub digest: TransactionDigest,
    /// what it says
    pub body: Body,
    /// pseudonyms of the readers whose words it has that they have opened it, ascending
    pub openers: Vec<PublicKey>,
    /// where it stands
    pub place: TransactionRow,
    /// what became of it
    pub verdict: VerdictRow,
    /// height of its block
    pub height: Height,
    /// its permanent bytes
    pub permanent: Vec<u8>,
    /// its sealed part, or what is left of it: none of the fields that were erased
    pub sealed: Option<SealedPart>,
}

/// The sealed part that was read last, by batch number and index: fields of one record often share it.
pub(crate) type LastPart = Option<((u64, u32), SealedPart)>;

impl Channel {
    /// Shows every record to `see`, as `reader` sees it. The order means nothing.
    pub fn view_records(
        &self,
        reader: &dyn Perspective,
        mut see: impl FnMut(RecordView),
    ) -> Result<(), ChannelError> {
        let mut rows = Vec::new();
        self.store.for_each(&RECORDS, |_, row| rows.push(row))?;
        let mut last = None;
        rows.sort_by_key(|row| row.fields.first().map(|field| field.place));
        for row in rows {
            let fields = row
                .fields
                .iter()
                .map(|field| self.view_field(reader, &row, field, &mut last))
                .collect::<Result<_, _>>()?;
            see(RecordView { row, fields });
        }
        Ok(())
    }

    /// One record, as `reader` sees it.
    pub fn view_record(
        &self,
        reader: &dyn Perspective,
        record: &RecordId,
    ) -> Result<Option<RecordView>, ChannelError> {
        let Some(row) = self.store.get(&RECORDS, record)? else { return Ok(None) };
        let mut last = None;
        let fields = row
            .fields
            .iter()
            .map(|field| self.view_field(reader, &row, field, &mut last))
            .collect::<Result<_, _>>()?;
        Ok(Some(RecordView { row, fields }))
    }

    /// The current public part of a record.
    pub fn record(&self, record: &RecordId) -> Result<Option<RecordRow>, ChannelError> {
        Ok(self.store.get(&RECORDS, record)?)
    }

    fn view_field(
        &self,
        reader: &dyn Perspective,
        row: &RecordRow,
        field: &RecordField,
        last: &mut LastPart,
    ) -> Result<FieldView, ChannelError> {
        let entry = &field.state.entry;
        let view = self.with_sealed(row, field, last, |record_type, from, sealed| {
            open_field(reader, record_type, from, entry, sealed)
        });
        let (batch, index, operation, _) = field.place;
        let sealed_in = (field.state.generation, field.state.epoch);
        let lost = || self.lost((batch, index), operation.into(), &row.record, sealed_in);
        view?.map_or_else(|| Ok(FieldView { field: entry.field, state: lost()? }), Ok)
    }

    /// What is to be said of a field whose sealed form is not here: it was erased, or handed out as erased though it is not, or
    /// its writer has sealed nothing that fits.
    fn lost(
        &self,
        place: (u64, u32),
        operation: usize,
        record: &RecordId,
        (generation, epoch): (Generation, Epoch),
    ) -> Result<FieldState, ChannelError> {
        let part = self.store.get(&ERASED_PARTS, &place)?;
        if !part.is_some_and(|part| part.has_erased(operation)) {
            return Ok(FieldState::Malformed);
        }
        let by = [
            ErasureTarget::Record(*record),
            ErasureTarget::Epoch(epoch),
            ErasureTarget::Generation(generation),
        ];
        let erased = by.iter().any(|target| self.is_erased(target));
        Ok(if erased { FieldState::Erased } else { FieldState::Missing })
    }

    /// Lends a field's sealed form, with what its record type was when it was written; `None` where there is
    /// no such form.
    pub(crate) fn with_sealed<T>(
        &self,
        row: &RecordRow,
        field: &RecordField,
        last: &mut LastPart,
        open: impl FnOnce(&RecordType, &Provenance<'_>, &SealedField) -> T,
    ) -> Result<Option<T>, ChannelError> {
        let (batch, index, operation, position) = field.place;
        if last.as_ref().is_none_or(|(place, _)| *place != (batch, index)) {
            *last = self.sealed_part(batch, index)?.map(|sealed| ((batch, index), sealed));
        }
        // What it means is what the definition said when it was written.
        let written_in = self.generation(field.state.generation)?;
        let record_type = written_in.definition.record(row.record_type);
        let (Some((_, sealed)), Some(record_type)) = (last.as_ref(), record_type) else {
            return Ok(None);
        };
        let from = Provenance {
            channel: self.setup.config.channel,
            generation: field.state.generation,
            epoch: field.state.epoch,
            salt: &sealed.salt,
            record: row.record,
        };
        let sealed_field =
            sealed.fields.get(usize::from(operation)).and_then(|fields| fields.get(usize::from(position)));
        Ok(sealed_field.map(|sealed| open(record_type, &from, sealed)))
    }

    fn sealed_part(&self, batch: u64, index: u32) -> Result<Option<SealedPart>, ChannelError> {
        let bytes = self.store.get(&PRUNABLE, &(batch, index))?;
        if bytes.is_none() {
            return Ok(self.store.get(&ERASED_PARTS, &(batch, index))?.and_then(|part| part.rest()));
        }
        Ok(bytes.and_then(|bytes| parclose_types::decode("sealed part", &bytes, bytes.len()).ok()))
    }

    /// A transaction with its verdict; `None` when it has none here.
    pub fn transaction(&self, digest: &TransactionDigest) -> Result<Option<StoredTransaction>, ChannelError> {
        let Some(place) = self.store.get(&TRANSACTIONS, digest)? else { return Ok(None) };
        let inconsistent = || ChannelError::Inconsistent { what: "a transaction", sequence: place.sequence };
        let permanent = self.store.get(&PERMANENT, &(place.batch, place.index))?.ok_or_else(inconsistent)?;
        let decoded = UnverifiedTransaction::decode(&permanent).map_err(|_| inconsistent())?;
        let verdict = self.verdict(place.verdict)?.ok_or_else(inconsistent)?;
        let event = self.store.get(&EVENTS, &place.sequence)?.ok_or_else(inconsistent)?;
        Ok(Some(StoredTransaction {
            digest: *digest,
            body: decoded.claimed_body().clone(),
            openers: decoded.claimed_openers().iter().map(|opener| opener.reader).collect(),
            place,
            verdict,
            height: event.height,
            permanent,
            sealed: self.sealed_part(place.batch, place.index)?,
        }))
    }

    /// A transaction's fields as `reader` sees them, by operation.
    pub fn view_transaction(
        &self,
        reader: &dyn Perspective,
        stored: &StoredTransaction,
    ) -> Result<Vec<Vec<FieldView>>, ChannelError> {
        let written_in = self.generation(stored.body.generation)?;
        let place = (stored.place.batch, stored.place.index);
        let view = |(at, operation): (usize, &parclose_transaction::Operation)| {
            let sealed_in = (stored.body.generation, stored.body.epoch);
            let lost = self.lost(place, at, &operation.record, sealed_in)?;
            let sealed =
                stored.sealed.as_ref().and_then(|sealed| Some((sealed.salt, sealed.fields.get(at)?)));
            let record_type = written_in.definition.record(operation.record_type);
            let field = |(position, entry): (usize, &parclose_transaction::FieldEntry)| {
                let malformed = FieldView { field: entry.field, state: lost.clone() };
                let Some(((salt, fields), record_type)) = sealed.zip(record_type) else { return malformed };
                let from = Provenance {
                    channel: self.setup.config.channel,
                    generation: stored.body.generation,
                    epoch: stored.body.epoch,
                    salt: &salt,
                    record: operation.record,
                };
                fields
                    .get(position)
                    .map_or(malformed, |sealed| open_field(reader, record_type, &from, entry, sealed))
            };
            Ok(operation.fields.iter().enumerate().map(field).collect())
        };
        stored.body.operations.iter().enumerate().map(view).collect()
    }

    /// An executed event.
    pub fn event(&self, sequence: Sequence) -> Result<Option<EventRow>, ChannelError> {
        Ok(self.store.get(&EVENTS, &sequence)?)
    }

    /// Executed events from a sequence on, ascending.
    pub fn events(&self, from: Sequence, limit: usize) -> Result<Vec<(Sequence, EventRow)>, ChannelError> {
        Ok(self.store.scan(&EVENTS, &from, limit)?)
    }

    /// The name of a member by its pseudonym of a generation.
    pub fn name_in(
        &self,
        generation: Generation,
        pseudonym: &PublicKey,
    ) -> Result<Option<String>, ChannelError> {
        Ok(self.generation(generation)?.config.member(pseudonym).map(|member| member.name.clone()))
    }

    /// The name of a member of whatever generation, the newest first.
    pub fn name_of(&self, member: &MemberId) -> Result<Option<String>, ChannelError> {
        for term in self.terms.iter().rev() {
            if let Some(entry) = self.generation(term.generation)?.config.by_id(member) {
                return Ok(Some(entry.name.clone()));
            }
        }
        Ok(None)
    }

    /// What is kept of a generation: its row, its definition and its deals.
    pub fn kept_of(
        &self,
        generation: Generation,
    ) -> Result<(GenerationRow, DefinitionTexts, Vec<DealRow>), ChannelError> {
        let in_force = self.generation(generation)?;
        let deals = Past::deals(&self.store, in_force.configuration)?;
        Ok((in_force.row(), in_force.texts.clone(), deals))
    }

    /// A motion, open or closed.
    pub fn motion(&self, transaction: &TransactionDigest) -> Result<Option<MotionRow>, ChannelError> {
        Ok(self.store.get(&MOTIONS, transaction)?)
    }

    /// All motions, the oldest first.
    pub fn motions(&self) -> Result<Vec<MotionRow>, ChannelError> {
        let mut rows = Vec::new();
        self.store.for_each(&MOTIONS, |_, row| rows.push(row))?;
        rows.sort_by_key(|row: &MotionRow| (row.moved_at, row.transaction));
        Ok(rows)
    }

    /// The definition that was in force in a generation: what was written then means what it says.
    pub fn definition_in(&self, generation: Generation) -> Result<Definition, ChannelError> {
        Ok(self.generation(generation)?.definition.clone())
    }

    /// The event of an executed batch, by commitment.
    pub fn event_of(&self, commitment: &ChannelCommitment) -> Result<Option<Sequence>, ChannelError> {
        let events = self.events(Sequence(0), usize::MAX)?;
        let of = |outcome: &EventOutcome| match outcome {
            EventOutcome::Executed { commitment, .. } | EventOutcome::Void { commitment, .. } => {
                Some(*commitment)
            }
            _ => None,
        };
        Ok(events
            .iter()
            .find(|(_, row)| of(&row.outcome) == Some(*commitment))
            .map(|(sequence, _)| *sequence))
    }

    /// The stored batch of an executed event.
    pub(crate) fn batch_of(&self, event: &EventRow) -> Result<Option<crate::tables::BatchRow>, ChannelError> {
        match &event.outcome {
            EventOutcome::Executed { commitment, .. } | EventOutcome::Void { commitment, .. } => {
                Ok(self.store.get(&BATCHES, commitment)?)
            }
            _ => Ok(None),
        }
    }
}
