//! A source: a file's name, and the way from its bytes to UTF-8.
//!
//! A byte-order mark decides the encoding; without one the mapping does. Cells that are no text are
//! refused row by row, later. A source that cannot be read at all fails the whole run: documents
//! span files, so that leaving a file out would make wrong totals.
//!
//! A run reads each source twice, a block at a time: once to learn where each document ends, once to
//! make the documents. So a source is something that can be opened again; that it was
//! the same both times is checked block by block.

pub(crate) mod text;

use std::io::{self, Read};

use parclose_types::{Failure, Fault};
use serde::Deserialize;

/// What can be opened again: a file, or bytes in memory.
pub trait Origin {
    /// The name that lines and rejections refer to.
    fn name(&self) -> &str;
    /// Begins at the first byte.
    fn open(&self) -> io::Result<Box<dyn Read + '_>>;
}

/// A source in memory.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// the name that lines and rejections refer to
    pub name: &'a str,
    /// the whole file
    pub bytes: &'a [u8],
}

impl Origin for Source<'_> {
    fn name(&self) -> &str {
        self.name
    }

    fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(self.bytes))
    }
}

/// What a source without a byte-order mark holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Encoding {
    /// UTF-8
    #[serde(rename = "utf-8")]
    Utf8,
    /// UTF-16: refused without a mark, because nothing says which byte comes first
    #[serde(rename = "utf-16")]
    Utf16,
    /// UTF-16, low byte first
    #[serde(rename = "utf-16le")]
    Utf16Le,
    /// UTF-16, high byte first
    #[serde(rename = "utf-16be")]
    Utf16Be,
    /// the Western code page, which holds Latin-1
    #[serde(rename = "windows-1252")]
    Windows1252,
}

/// Why a source cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("source `{source_name}`: {fault}")]
pub struct BadSource {
    /// the name of the source
    pub source_name: String,
    /// the broken rule
    pub fault: SourceFault,
}

/// The rule that a source breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceFault {
    /// IMP-20: not text in the encoding it claims.
    #[error("the bytes are not UTF-16, or nothing says which byte comes first")]
    Utf16,
    /// IMP-21: no header row, or one that is not a record of text.
    #[error("there is no readable header row after the skipped rows")]
    Header,
    /// IMP-22: two columns of one name.
    #[error("the header names the column `{0}` twice")]
    TwiceNamed(String),
    /// IMP-23: a column of the mapping is not in the header.
    #[error("the header has no column `{0}`, which the mapping names")]
    MissingColumn(String),
    /// IMP-24: two sources of one name.
    #[error("another source has the same name")]
    SameName,
    /// IMP-25: it cannot be opened, or not read to its end.
    #[error("it cannot be read to its end: {0}")]
    Unreadable(io::ErrorKind),
    /// IMP-26: other bytes the second time.
    #[error("it changed while it was read")]
    Changed,
}

impl Failure for BadSource {
    fn code(&self) -> &'static str {
        "SOURCE_REFUSED"
    }

    fn rule(&self) -> &'static str {
        match self.fault {
            SourceFault::Utf16 => "IMP-20",
            SourceFault::Header => "IMP-21",
            SourceFault::TwiceNamed(_) => "IMP-22",
            SourceFault::MissingColumn(_) => "IMP-23",
            SourceFault::SameName => "IMP-24",
            SourceFault::Unreadable(_) => "IMP-25",
            SourceFault::Changed => "IMP-26",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Sender
    }

    /// A fault of the second reading comes when documents were made already.
    fn definite(&self) -> bool {
        !matches!(self.fault, SourceFault::Unreadable(_) | SourceFault::Changed)
    }

    fn fix(&self) -> String {
        match &self.fault {
            SourceFault::Utf16 => "save the file as UTF-8, or name its `encoding` in the mapping".into(),
            SourceFault::Header => {
                "check `skip_rows` and `separator` of the mapping, and that the file is whole".into()
            }
            SourceFault::TwiceNamed(column) => format!("rename one of the columns `{column}`"),
            SourceFault::MissingColumn(column) => {
                format!(
                    "name the column that holds what `{column}` held, in the mapping, or check its `separator`"
                )
            }
            SourceFault::SameName => "give each file once, under its own name".into(),
            SourceFault::Unreadable(_) => "check the file and its permissions".into(),
            SourceFault::Changed => {
                "import a copy that nobody writes to; what was imported so far is recognised".into()
            }
        }
    }
}
