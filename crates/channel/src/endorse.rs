//! Endorsing: "I stored this batch durably, it is well formed, and my state after s is the one it names".
//!
//! An endorsement never vouches for the truth of a transaction; that is decided by execution. What
//! is checked here is form, the attested state and the height window, and whether the batch is on disk.

use parclose_root::Endorsement;
use parclose_store::Durability;
use parclose_transaction::UnverifiedTransaction;
use parclose_types::{
    ChannelCommitment, Failure, Fault, Height, Malformed, Sequence, decode, encode, limits,
};

use crate::batch::Proposal;
use crate::channel::Channel;
use crate::erasure::ErasedBatch;
use crate::error::ChannelError;
use crate::tables::{BATCHES, BatchRow, EVENTS, PERMANENT, PRUNABLE, PartsTable};

/// Why a proposal is not endorsed.
#[derive(Debug, thiserror::Error)]
pub enum EndorseRefused {
    /// END-01, or a rule of decoding
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// END-14: the members have decided to end the channel, or it has ended
    #[error("the channel is coming to its end")]
    Ending,
    /// END-03: for another network, channel or generation, or not by a member
    #[error("the batch is for another channel or generation, or its sponsor is not a member")]
    Scope,
    /// END-05: the state after s is another one here; the sponsor is to blame
    #[error("the batch attests another state after event {attested} than this member has")]
    State {
        /// s
        attested: Sequence,
    },
    /// END-06: s is not executed here yet: ask again
    #[error("event {attested} is not executed here yet")]
    NotYet {
        /// s
        attested: Sequence,
    },
    /// END-07: the last height lies too far ahead, or has passed
    #[error("the last height {last_height} is not within the window after height {head}")]
    Window {
        /// last height of the proposal
        last_height: Height,
        /// head of the root chain
        head: Height,
    },
    /// END-11: parts or signature are not those of the header
    #[error("the parts or the signature are not those of the batch's header")]
    NotTheBatch,
    /// this member's store failed
    #[error(transparent)]
    Broken(#[from] ChannelError),
}

impl Failure for EndorseRefused {
    fn code(&self) -> &'static str {
        match self {
            Self::Broken(e) => e.code(),
            _ => "ENDORSEMENT_REFUSED",
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "END-01",
            Self::Scope => "END-03",
            Self::Ending => "END-14",
            Self::State { .. } => "END-05",
            Self::NotYet { .. } => "END-06",
            Self::Window { .. } => "END-07",
            Self::NotTheBatch => "END-11",
            Self::Broken(e) => e.rule(),
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Broken(e) => e.fault(),
            _ => Fault::Peer,
        }
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        match self {
            Self::Broken(e) => e.fix(),
            Self::NotYet { .. } => "propose again once the member has caught up".into(),
            _ => "look at the sponsor's node".into(),
        }
    }
}

impl Channel {
    /// Checks a proposal, stores it synced, and endorses it.
    ///
    /// # Rules
    ///
    /// > END-03: an endorser signs only for its own channel and generation, and for a sponsor who is a member.
    /// > END-05: an endorser signs only when its own state after s has the root that the batch names.
    /// > END-06: an endorser signs only once it has executed s.
    /// > END-07: an endorser refuses a last height above its head plus the window, or below its head.
    /// > END-14: an endorser signs no batch with transactions while a close that was decided can be ordered, and none after it.
    /// > END-08: an endorser has stored the whole batch durably before it signs.
    pub fn endorse(
        &mut self,
        bytes: &[u8],
        head: Height,
        window: u64,
    ) -> Result<(ChannelCommitment, Endorsement), EndorseRefused> {
        let proposal = Proposal::decode(bytes)?;
        if proposal.last_height.0 > head.0.saturating_add(window) || proposal.last_height < head {
            return Err(EndorseRefused::Window { last_height: proposal.last_height, head });
        }
        self.check_scope(&proposal)?;
        if self.is_ending(head) && proposal.batch.header.transactions > 0 {
            return Err(EndorseRefused::Ending);
        }
        if let Err(refused) = self.check_attested(&proposal) {
            if let EndorseRefused::State { .. } = refused {
                self.keep_misconduct(&proposal)?;
            }
            return Err(refused);
        }
        self.check_batch(&proposal)?;
        self.keep(&proposal, None)?;
        Ok((proposal.commitment(), self.sign_endorsement(&proposal)))
    }

    fn check_scope(&self, proposal: &Proposal) -> Result<(), EndorseRefused> {
        let (header, config) = (&proposal.batch.header, self.config());
        let same = (header.network, header.channel, header.generation)
            == (config.network, config.channel, config.generation);
        if same && self.is_member() && config.member(&header.sponsor).is_some() {
            // A sponsor who has not seen the end yet did nothing wrong.
            let open = self.head.as_ref().is_some_and(|head| !head.closed);
            return if open { Ok(()) } else { Err(EndorseRefused::Ending) };
        }
        // Of a generation that begins with an event that is not executed here: it can be asked again.
        let later = (header.network, header.channel) == (config.network, config.channel)
            && header.generation > config.generation;
        match self.check_attested(proposal) {
            Err(EndorseRefused::NotYet { attested }) if later => Err(EndorseRefused::NotYet { attested }),
            _ => Err(EndorseRefused::Scope),
        }
    }

    fn check_attested(&self, proposal: &Proposal) -> Result<(), EndorseRefused> {
        let (attested, root) = (proposal.batch.header.attested, proposal.batch.header.attested_root);
        let event = self.store.get(&EVENTS, &attested).map_err(ChannelError::from)?;
        match event {
            None => Err(EndorseRefused::NotYet { attested }),
            Some(event) if event.root != root => Err(EndorseRefused::State { attested }),
            Some(_) => Ok(()),
        }
    }

    /// Form of the batch and of each of its transactions, both parts. A transaction that is well
    /// formed but wrong is executed and gets its verdict; one that is no transaction makes the batch void.
    pub(crate) fn check_batch(&self, proposal: &Proposal) -> Result<(), Malformed> {
        proposal.batch.check_form()?;
        for (permanent, prunable) in proposal.batch.permanent.iter().zip(&proposal.batch.prunable) {
            UnverifiedTransaction::decode(permanent)?.check_sealed(prunable)?;
        }
        Ok(())
    }

    /// Stores a batch, synced, unless it is here already.
    pub(crate) fn keep(&mut self, proposal: &Proposal, void: Option<String>) -> Result<(), ChannelError> {
        let commitment = proposal.commitment();
        if self.store.contains(&BATCHES, &commitment)? {
            return Ok(());
        }
        let number = self.next_batch;
        let mut batch = self.store.batch();
        let parts = &proposal.batch;
        if void.is_some() {
            // Its lists are kept whole: nothing else that a void batch says of them can be relied on.
            batch.put(&PERMANENT, &(number, 0), &encode(&parts.permanent));
            batch.put(&PRUNABLE, &(number, 0), &encode(&parts.prunable));
        } else {
            for (index, (permanent, prunable)) in (0_u32..).zip(parts.permanent.iter().zip(&parts.prunable)) {
                batch.put(&PERMANENT, &(number, index), permanent);
                batch.put(&PRUNABLE, &(number, index), prunable);
            }
            self.note_erased(parts, &mut batch)?;
        }
        let row = BatchRow {
            number,
            header: proposal.batch.header.clone(),
            signature: proposal.batch.signature,
            blinder: proposal.blinder,
            void,
        };
        batch.put(&BATCHES, &commitment, &row);
        self.store.commit(batch, Durability::Synced)?;
        self.next_batch += 1;
        Ok(())
    }

    /// Keeps a batch that was anchored without this member: fetched from an endorser, by commitment.
    ///
    /// # Rules
    ///
    /// > END-09: an anchored batch that breaks form or limits is void: it executes as empty and its endorsers are named.
    /// > END-11: a fetched batch is kept only with the parts and the signature of its header, so that nobody on the way can void it.
    pub fn receive_anchored(&mut self, bytes: &[u8]) -> Result<(), EndorseRefused> {
        let proposal = Proposal::decode(bytes)?;
        if !proposal.batch.is_of_its_header() {
            return Err(EndorseRefused::NotTheBatch);
        }
        let void = self.check_batch(&proposal).err().map(|malformed| malformed.rule().to_owned());
        Ok(self.keep(&proposal, void)?)
    }

    /// Whether a batch is stored here.
    pub fn holds(&self, commitment: &ChannelCommitment) -> Result<bool, ChannelError> {
        Ok(self.store.contains(&BATCHES, commitment)?)
    }

    /// A stored batch as it is sent, for a member that misses it; `None` also where something of it is erased
    /// ([`Self::stored_batch`]).
    pub fn stored_proposal(&self, commitment: &ChannelCommitment) -> Result<Option<Proposal>, ChannelError> {
        let Some(row) = self.store.get(&BATCHES, commitment)? else { return Ok(None) };
        let missing = || ChannelError::Inconsistent { what: "a stored batch", sequence: Sequence(0) };
        let list = |table: &PartsTable| -> Result<Vec<Vec<u8>>, ChannelError> {
            let bytes = self.store.get(table, &(row.number, 0))?.ok_or_else(missing)?;
            decode("void batch", &bytes, limits::BATCH_BYTES_MAX).map_err(|_| missing())
        };
        if row.void.is_none() {
            return Ok(self.stored_batch(commitment)?.and_then(ErasedBatch::whole));
        }
        let (permanent, prunable) = (list(&PERMANENT)?, list(&PRUNABLE)?);
        let batch = crate::Batch { header: row.header, signature: row.signature, permanent, prunable };
        Ok(Some(Proposal { batch, blinder: row.blinder, last_height: Height(0) }))
    }

    /// The parts of a stored batch, in order; `None` when one is missing.
    pub(crate) fn stored_parts(
        &self,
        table: &PartsTable,
        row: &BatchRow,
    ) -> Result<Option<Vec<Vec<u8>>>, ChannelError> {
        let wanted = usize::try_from(row.header.transactions).unwrap_or(usize::MAX);
        let rows = self.store.scan(table, &(row.number, 0), wanted)?;
        let whole = rows.len() == wanted && rows.last().is_none_or(|((number, _), _)| *number == row.number);
        Ok(whole.then(|| rows.into_iter().map(|(_, part)| part).collect()))
    }
}

#[cfg(test)]
mod tests;
