//! The text of a source, a block at a time, as UTF-8 without a mark.
//!
//! Each block is fingerprinted before it is decoded. The second reading compares block by block, so
//! that nothing of a file that changed meanwhile is used.
#![warn(clippy::indexing_slicing, clippy::string_slice, reason = "reads untrusted bytes")]

use std::hash::{DefaultHasher, Hasher};
use std::io::Read;

use super::{Encoding, Origin, SourceFault};

/// Bytes that are read, fingerprinted and decoded at a time.
pub(crate) const BLOCK_BYTES: usize = 64 << 10;

/// The fingerprints of a source's blocks: eight bytes for each 64 KiB.
pub(crate) type Prints = Vec<u64>;

/// The text of one source while it is read.
pub(crate) struct Text<'s> {
    from: Box<dyn Read + 's>,
    block: Vec<u8>,
    decoder: Decoder,
    /// the fingerprints of an earlier reading
    known: Option<&'s [u64]>,
    prints: Prints,
    ended: bool,
}

impl<'s> Text<'s> {
    /// Opens a source, for the first time or against the fingerprints of the first time.
    ///
    /// # Rules
    ///
    /// > IMP-25: a source can be opened and read to its end.
    pub(crate) fn open(
        origin: &'s dyn Origin,
        encoding: Encoding,
        known: Option<&'s [u64]>,
    ) -> Result<Self, SourceFault> {
        let from = origin.open().map_err(|error| SourceFault::Unreadable(error.kind()))?;
        let decoder = Decoder { form: Form::Unknown(encoding), byte: None, surrogate: None };
        Ok(Self { from, block: Vec::new(), decoder, known, prints: Prints::new(), ended: false })
    }

    /// Appends the next block as UTF-8; `false` when there is none.
    pub(crate) fn fill(&mut self, out: &mut Vec<u8>) -> Result<bool, SourceFault> {
        if self.ended {
            return Ok(false);
        }
        self.block.clear();
        let limit = u64::try_from(BLOCK_BYTES).unwrap_or(u64::MAX);
        let read = self.from.by_ref().take(limit).read_to_end(&mut self.block);
        read.map_err(|error| SourceFault::Unreadable(error.kind()))?;
        self.print()?;
        self.decoder.decode(&self.block, out)?;
        if self.block.len() < BLOCK_BYTES {
            self.ended = true;
            self.decoder.finish()?;
        }
        Ok(!self.ended || !self.block.is_empty())
    }

    /// Takes the fingerprint of the block that was read.
    ///
    /// # Rules
    ///
    /// > IMP-26: a source is the same in both readings of a run.
    fn print(&mut self) -> Result<(), SourceFault> {
        let mut hasher = DefaultHasher::new();
        hasher.write(&self.block);
        let print = hasher.finish();
        if self.known.is_some_and(|known| known.get(self.prints.len()) != Some(&print)) {
            return Err(SourceFault::Changed);
        }
        self.prints.push(print);
        Ok(())
    }

    /// The fingerprints of what was read.
    pub(crate) fn into_prints(self) -> Prints {
        self.prints
    }
}

/// Turns bytes into UTF-8, across the ends of blocks.
struct Decoder {
    form: Form,
    /// the first half of a code unit whose second half comes next
    byte: Option<u8>,
    /// the first half of a pair
    surrogate: Option<u16>,
}

#[derive(Clone, Copy)]
enum Form {
    Unknown(Encoding),
    Utf8,
    Utf16(fn([u8; 2]) -> u16),
    Windows1252,
}

impl Decoder {
    /// # Rules
    ///
    /// > IMP-20: text in UTF-16 has a byte-order mark or an encoding that names the order, whole code units and paired surrogates.
    fn decode(&mut self, mut block: &[u8], out: &mut Vec<u8>) -> Result<(), SourceFault> {
        if let Form::Unknown(encoding) = self.form {
            (self.form, block) = marked(block, encoding)?;
        }
        match self.form {
            Form::Utf16(order) => self.utf16(block, order, out),
            Form::Windows1252 => {
                block.iter().for_each(|byte| push(out, western(*byte)));
                Ok(())
            }
            Form::Utf8 | Form::Unknown(_) => {
                out.extend_from_slice(block);
                Ok(())
            }
        }
    }

    fn utf16(
        &mut self,
        block: &[u8],
        order: fn([u8; 2]) -> u16,
        out: &mut Vec<u8>,
    ) -> Result<(), SourceFault> {
        let mut rest = block;
        if let (Some(first), [second, behind @ ..]) = (self.byte, rest) {
            self.byte = None;
            rest = behind;
            self.unit(order([first, *second]), out)?;
        }
        let (pairs, odd) = rest.as_chunks::<2>();
        for pair in pairs {
            self.unit(order(*pair), out)?;
        }
        self.byte = odd.first().copied().or(self.byte);
        Ok(())
    }

    fn unit(&mut self, unit: u16, out: &mut Vec<u8>) -> Result<(), SourceFault> {
        let character = match self.surrogate.take() {
            None if (0xd800..0xdc00).contains(&unit) => {
                self.surrogate = Some(unit);
                return Ok(());
            }
            None => char::from_u32(u32::from(unit)),
            Some(high) => char::decode_utf16([high, unit]).next().and_then(Result::ok),
        };
        push(out, character.ok_or(SourceFault::Utf16)?);
        Ok(())
    }

    fn finish(&self) -> Result<(), SourceFault> {
        let whole = self.byte.is_none() && self.surrogate.is_none();
        whole.then_some(()).ok_or(SourceFault::Utf16)
    }
}

/// Which form the text has, and what follows its mark.
fn marked(block: &[u8], encoding: Encoding) -> Result<(Form, &[u8]), SourceFault> {
    Ok(match (block, encoding) {
        ([0xff, 0xfe, rest @ ..], _) => (Form::Utf16(u16::from_le_bytes), rest),
        ([0xfe, 0xff, rest @ ..], _) => (Form::Utf16(u16::from_be_bytes), rest),
        ([0xef, 0xbb, 0xbf, rest @ ..], _) | (rest, Encoding::Utf8) => (Form::Utf8, rest),
        (rest, Encoding::Utf16Le) => (Form::Utf16(u16::from_le_bytes), rest),
        (rest, Encoding::Utf16Be) => (Form::Utf16(u16::from_be_bytes), rest),
        (rest, Encoding::Windows1252) => (Form::Windows1252, rest),
        (_, Encoding::Utf16) => return Err(SourceFault::Utf16),
    })
}

fn push(out: &mut Vec<u8>, character: char) {
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}

/// The characters of the bytes 0x80 to 0x9f; five have none, and stay the controls of Latin-1.
const WESTERN: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}',
    '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

fn western(byte: u8) -> char {
    let at = usize::from(byte).checked_sub(0x80);
    at.and_then(|at| WESTERN.get(at)).copied().unwrap_or_else(|| char::from(byte))
}

#[cfg(test)]
mod tests;
