//! Everything that can go wrong between a row and its disk.
//!
//! No variant carries a value or a plaintext key. A row is named by its table and the first bytes of
//! its stored key, which in a blinded table is a pseudonym. Texts of RocksDB are passed on only for
//! errors of the operating system, where they name files and never content.

use parclose_types::{Failure, Fault, hex};

/// How many bytes of a stored row key an error shows.
const SHOWN_KEY_BYTES: usize = 8;

/// Why the store did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// STO-01: the value does not open at the place where it stands.
    #[error("the row `{row_key}` of table `{table}` does not open")]
    Tampered {
        /// the table's name, or its number where the name is not known
        table: String,
        /// hex of the first bytes of the stored key
        row_key: String,
    },
    /// STO-02: the row opened, but its key or value is not an encoding of the table's types.
    #[error("the row `{row_key}` of table `{table}` is not in its canonical encoding")]
    Undecodable {
        /// the table's name, or its number where the name is not known
        table: String,
        /// hex of the first bytes of the stored key
        row_key: String,
    },
    /// STO-03: no format row, or one of a version this program does not know.
    #[error("`{path}` has store format {found}, this program reads format {supported}")]
    UnknownFormat {
        /// the directory
        path: String,
        /// version found, `none` if there is no format row
        found: String,
        /// the version of this program
        supported: u32,
    },
    /// STO-04: a store of another kind.
    #[error("`{path}` holds a store of another kind than `{expected}`")]
    WrongKind {
        /// the directory
        path: String,
        /// kind wanted
        expected: &'static str,
    },
    /// STO-05: a store of another channel, network or node key.
    #[error("`{path}` belongs to another owner, or was sealed under another storage key")]
    WrongOwner {
        /// the directory
        path: String,
    },
    /// STO-06: another process, or another handle of this one, has the directory open.
    #[error("`{path}` is in use")]
    InUse {
        /// the directory
        path: String,
    },
    /// STO-07: an earlier write failed, so what the disk holds is unknown.
    #[error("an earlier write to `{path}` failed; the store takes no more until it is opened again")]
    Poisoned {
        /// the directory
        path: String,
    },
    /// STO-08: a write through a handle that was opened for reading only.
    #[error("`{path}` was opened for reading only")]
    ReadOnly {
        /// the directory
        path: String,
    },
    /// STO-09: a batch came back to a database that did not make it.
    #[error("a batch was committed to `{path}`, which did not make it")]
    ForeignBatch {
        /// the directory
        path: String,
    },
    /// STO-10: RocksDB found its own files inconsistent.
    #[error("the files of `{path}` are damaged")]
    Damaged {
        /// the directory
        path: String,
    },
    /// STO-11: the operating system refused an operation that changes nothing.
    #[error("could not {action}: {reason}")]
    Io {
        /// what was attempted
        action: &'static str,
        /// what the operating system said
        reason: String,
    },
    /// STO-12: the operating system refused a write or a sync; the outcome is unknown.
    #[error("a write to `{path}` failed: {reason}")]
    WriteFailed {
        /// the directory
        path: String,
        /// what the operating system said
        reason: String,
    },
    /// STO-19: something is where a checkpoint should go.
    #[error("`{path}` is there already")]
    CheckpointExists {
        /// the directory
        path: String,
    },
    /// STO-13: nothing is stored there.
    #[error("`{path}` holds no store")]
    Absent {
        /// the directory
        path: String,
    },
}

impl StoreError {
    pub(crate) fn tampered(table: &str, row_key: &[u8]) -> Self {
        Self::Tampered { table: table.into(), row_key: key_prefix(row_key) }
    }

    pub(crate) fn undecodable(table: &str, row_key: &[u8]) -> Self {
        Self::Undecodable { table: table.into(), row_key: key_prefix(row_key) }
    }

    pub(crate) fn io(action: &'static str, reason: &impl ToString) -> Self {
        Self::Io { action, reason: reason.to_string() }
    }
}

impl Failure for StoreError {
    fn code(&self) -> &'static str {
        match self {
            Self::Tampered { .. } | Self::Undecodable { .. } => "STORE_TAMPERED",
            Self::UnknownFormat { .. } | Self::WrongKind { .. } => "STORE_FORMAT",
            Self::WrongOwner { .. } => "STORE_WRONG_OWNER",
            Self::InUse { .. } => "STORE_IN_USE",
            Self::Poisoned { .. } => "STORE_POISONED",
            Self::ReadOnly { .. } => "STORE_READ_ONLY",
            Self::ForeignBatch { .. } => "STORE_FOREIGN_BATCH",
            Self::Damaged { .. } => "STORE_DAMAGED",
            Self::Io { .. } | Self::WriteFailed { .. } => "STORE_IO",
            Self::Absent { .. } => "STORE_ABSENT",
            Self::CheckpointExists { .. } => "STORE_CHECKPOINT",
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Tampered { .. } => "STO-01",
            Self::Undecodable { .. } => "STO-02",
            Self::UnknownFormat { .. } => "STO-03",
            Self::WrongKind { .. } => "STO-04",
            Self::WrongOwner { .. } => "STO-05",
            Self::InUse { .. } => "STO-06",
            Self::Poisoned { .. } => "STO-07",
            Self::ReadOnly { .. } => "STO-08",
            Self::ForeignBatch { .. } => "STO-09",
            Self::Damaged { .. } => "STO-10",
            Self::Io { .. } => "STO-11",
            Self::WriteFailed { .. } => "STO-12",
            Self::Absent { .. } => "STO-13",
            Self::CheckpointExists { .. } => "STO-19",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::ReadOnly { .. } | Self::ForeignBatch { .. } => Fault::Bug,
            _ => Fault::Operator,
        }
    }

    /// Only a failed write leaves the outcome open: its bytes may or may not be on the disk.
    fn definite(&self) -> bool {
        !matches!(self, Self::WriteFailed { .. })
    }

    fn fix(&self) -> String {
        match self {
            Self::Tampered { .. } | Self::Undecodable { .. } | Self::Damaged { .. } => {
                "restore this directory from a backup, or remove it and fetch its content from the other members"
            }
            Self::UnknownFormat { .. } => "use the program version that wrote this directory, or a newer one",
            Self::WrongKind { .. } | Self::WrongOwner { .. } => {
                "check which directory and which node keys belong together"
            }
            Self::InUse { .. } => "stop the other process that has this directory open",
            Self::Poisoned { .. } | Self::WriteFailed { .. } => {
                "free space or replace the disk, then start the node again"
            }
            Self::ReadOnly { .. } | Self::ForeignBatch { .. } => "report this as a bug",
            Self::Io { .. } => "check the disk and the rights of the directory",
            Self::Absent { .. } => "check the path",
            Self::CheckpointExists { .. } => "give a path where nothing is",
        }
        .into()
    }
}

/// The first bytes of a stored key, in hex.
pub(crate) fn key_prefix(row_key: &[u8]) -> String {
    hex::encode(row_key.get(..SHOWN_KEY_BYTES).unwrap_or(row_key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_shows_the_table_and_no_more_than_a_prefix_of_the_key() {
        let error = StoreError::tampered("records", &[7; 33]);
        assert_eq!(error.to_string(), "the row `0707070707070707` of table `records` does not open");
        assert_eq!((error.code(), error.rule()), ("STORE_TAMPERED", "STO-01"));
    }

    #[test]
    fn sto_12_only_a_failed_write_is_indefinite() {
        let failed = StoreError::WriteFailed { path: "d".into(), reason: "full".into() };
        assert!(!failed.definite());
        assert!(StoreError::Poisoned { path: "d".into() }.definite());
        assert!(StoreError::io("read a row", &"bad sector").definite());
    }
}
