//! What the transactions of an event will ask for and the state before it does not have.
//!
//! Nearly every transaction is new: its digest, its salt and the records that it creates stand in no
//! row. Asked for together, a filter of the store is fetched once for many keys, not for each of them.
//! Only absence is taken from here, and only within the event; what is there, or was not foreseen, is
//! read from the state when a stage asks for it.

use std::collections::BTreeSet;

use parclose_store::Database;
use parclose_transaction::UnverifiedTransaction;
use parclose_types::{Epoch, RecordId, TransactionDigest};

use crate::error::ChannelError;
use crate::tables::{RECORDS, SALTS, TRANSACTIONS};

/// What the state before an event is known to lack.
#[derive(Debug, Default)]
pub(crate) struct Absent {
    pub(crate) records: BTreeSet<RecordId>,
    pub(crate) transactions: BTreeSet<TransactionDigest>,
    pub(crate) salts: BTreeSet<(Epoch, [u8; 32])>,
}

impl Absent {
    /// Looks up what some transactions will ask for, of records those that they say are new.
    pub(crate) fn among<'t>(
        transactions: impl Iterator<Item = &'t UnverifiedTransaction> + Clone,
        store: &Database,
    ) -> Result<Self, ChannelError> {
        let bodies = transactions.clone().map(UnverifiedTransaction::claimed_body);
        let created = bodies.clone().flat_map(|body| &body.operations).filter(|made| made.version == 1);
        Ok(Self {
            records: store.absent(&RECORDS, created.map(|operation| operation.record))?,
            transactions: store.absent(&TRANSACTIONS, transactions.map(UnverifiedTransaction::digest))?,
            salts: store.absent(&SALTS, bodies.map(|body| (body.epoch, body.salt_digest)))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use parclose_transaction::SignedTransaction;

    use super::*;
    use crate::fixtures::{Trio, create, record};

    #[test]
    fn what_was_executed_is_not_absent_and_what_was_not_is() {
        let mut trio = Trio::new();
        let (done, new) = (trio.statement(create(1)), trio.statement(create(2)));
        assert_eq!(trio.decide(&done), "applied");
        let decoded =
            [&done, &new].map(|signed| UnverifiedTransaction::decode(&signed.encode_parts().0).unwrap());
        let absent = Absent::among(decoded.iter(), &trio.member(0).store).unwrap();
        let salt = |signed: &SignedTransaction| (signed.body().epoch, signed.body().salt_digest);
        assert_eq!(absent.records, [record(2)].into());
        assert_eq!(absent.transactions, [new.digest()].into());
        assert_eq!(absent.salts, [salt(&new)].into());
    }
}
