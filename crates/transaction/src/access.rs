//! Accesses: what a member has handed out of its channel, noted at once and shown to the others after a while.
//!
//! A regulator may have reasons that its questions are not known at once. So a note says only that something was handed
//! out; what, and to whom, is revealed once the definition's delay has passed. The blinder hides it until then.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::hash;
use parclose_types::{Digest, Epoch, RecordId, encode, labels};

/// Records of one access.
pub const ACCESS_RECORDS_MAX: usize = 1024;

/// What was handed out.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Access {
    /// what it was
    pub what: Handed,
    /// to whom, for people: at most 64 bytes
    pub to: String,
    /// SHA-256 of the file
    pub file: Digest,
}

/// What is handed out of a channel.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Handed {
    /// an export of the log, with the batches of these epochs, or of all
    Export(Option<(Epoch, Epoch)>),
    /// the view keys of a grant, named by its transaction
    ViewKeys(parclose_types::TransactionDigest),
    /// a field of a record
    Field {
        /// the record
        record: RecordId,
        /// the field's name, at most 64 bytes
        field: String,
    },
    /// bounds of the sum of an amount over records
    Bounds {
        /// the records, at most 1,024
        records: Vec<RecordId>,
        /// the field's name, at most 64 bytes
        field: String,
    },
}

impl Access {
    /// `H("access-note", blinder, borsh(access))`.
    ///
    /// # Rules
    ///
    /// > TRA-01: a note commits to what was handed out, to whom, and to the file's digest, and a fresh blinder hides it.
    #[must_use]
    pub fn commitment(&self, blinder: &[u8; 32]) -> Digest {
        Digest(hash(labels::ACCESS_NOTE, &[blinder, &encode(self)]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tra_01_a_note_commits_to_everything_of_an_access_under_its_blinder() {
        let access = Access {
            what: Handed::Export(Some((Epoch(1), Epoch(9)))),
            to: "authority".into(),
            file: Digest([3; 32]),
        };
        let noted = access.commitment(&[7; 32]);
        let others = [
            Access { what: Handed::Export(None), ..access.clone() },
            Access { to: "another".into(), ..access.clone() },
            Access { file: Digest([4; 32]), ..access.clone() },
        ];
        assert!(others.iter().all(|other| other.commitment(&[7; 32]) != noted));
        assert_ne!(access.commitment(&[8; 32]), noted);
        assert_ne!(hash(labels::CONFIG, &[&[7; 32], &encode(&access)]), noted.0, "under a label of its own");
    }
}
