//! A passphrase: bytes that a person or a file gave, in a page of their own, never printed.
//!
//! It is read straight into that page, so that no buffer on the way keeps a copy. Bytes are taken as they
//! are: no character set, no normal form, so the same words typed on two systems may be two passphrases.

use std::io::Read;

use parclose_types::limits::PASSPHRASE_BYTES_MAX;
use subtle::ConstantTimeEq;

use crate::locked::LockedPage;

/// A passphrase of 1 to [`PASSPHRASE_BYTES_MAX`] bytes.
pub struct Passphrase {
    page: LockedPage,
    length: usize,
}

/// Why what was read is no passphrase. Without a word of what it was.
#[derive(Debug, thiserror::Error)]
pub enum NotAPassphrase {
    /// PAS-01: nothing, or a line feed only
    #[error("the passphrase is empty")]
    Empty,
    /// PAS-01: more than the limit
    #[error("the passphrase is longer than {PASSPHRASE_BYTES_MAX} bytes")]
    TooLong,
    /// it cannot be read
    #[error("the passphrase cannot be read: {0}")]
    Unreadable(std::io::Error),
}

impl Passphrase {
    /// Reads to the end.
    ///
    /// # Rules
    ///
    /// > PAS-01: a passphrase is 1 to 1024 bytes, read to the end, of which exactly one last line feed does not count.
    pub fn read(source: &mut impl Read) -> Result<Self, NotAPassphrase> {
        let mut page = LockedPage::zeroed();
        // One more byte than may be there shows that there is more.
        let room = &mut page.bytes_mut()[..PASSPHRASE_BYTES_MAX + 2];
        let mut length = 0;
        while length < room.len() {
            match source.read(room.get_mut(length..).unwrap_or_default()) {
                Ok(0) => break,
                Ok(read) => length += read,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => return Err(NotAPassphrase::Unreadable(e)),
            }
        }
        if room.get(..length).is_some_and(|read| read.ends_with(b"\n")) {
            length -= 1;
        }
        match length {
            0 => Err(NotAPassphrase::Empty),
            1..=PASSPHRASE_BYTES_MAX => Ok(Self { page, length }),
            _ => Err(NotAPassphrase::TooLong),
        }
    }

    /// Lends the bytes to `use_bytes`.
    pub fn expose<T>(&self, use_bytes: impl FnOnce(&[u8]) -> T) -> T {
        use_bytes(self.page.bytes().get(..self.length).unwrap_or_default())
    }

    /// Compares in constant time; lengths are no secret.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        self.expose(|mine| other.expose(|theirs| mine.ct_eq(theirs).into()))
    }
}

impl std::fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Passphrase, NotAPassphrase> {
        Passphrase::read(&mut &bytes[..])
    }

    fn kept(bytes: &[u8]) -> Vec<u8> {
        read(bytes).unwrap().expose(<[u8]>::to_vec)
    }

    #[test]
    fn pas_01_exactly_one_line_feed_does_not_count() {
        assert_eq!(kept(b"correct horse\n"), b"correct horse");
        assert_eq!(kept(b"correct horse"), b"correct horse");
        assert_eq!(kept(b"correct horse\n\n"), b"correct horse\n");
        assert_eq!(kept(b"\ncorrect horse\r\n"), b"\ncorrect horse\r", "nothing else is taken away");
        assert_eq!(kept(b" \0\xFF"), b" \0\xFF", "bytes, not characters");
    }

    #[test]
    fn pas_01_nothing_is_no_passphrase() {
        for empty in [&b""[..], b"\n"] {
            assert!(matches!(read(empty), Err(NotAPassphrase::Empty)));
        }
        assert_eq!(kept(b"\n\n"), b"\n");
    }

    #[test]
    fn pas_01_it_is_bounded_with_and_without_a_line_feed() {
        let longest = vec![b'x'; PASSPHRASE_BYTES_MAX];
        assert_eq!(kept(&longest), longest);
        assert_eq!(kept(&[&longest[..], b"\n"].concat()), longest);
        for more in [&b"x"[..], b"x\n", b"\n\n", &[b'x'; 10_000]] {
            let refused = read(&[&longest[..], more].concat());
            assert!(matches!(refused, Err(NotAPassphrase::TooLong)));
        }
    }

    /// Gives one byte at a time and is interrupted before each.
    struct Slow<'a>(&'a [u8], bool);

    impl Read for Slow<'_> {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            self.1 = !self.1;
            if self.1 { Err(std::io::ErrorKind::Interrupted.into()) } else { self.0.read(&mut into[..1]) }
        }
    }

    #[test]
    fn pas_01_it_is_read_to_the_end_from_a_slow_source() {
        let read = Passphrase::read(&mut Slow(b"correct horse\n", false)).unwrap();
        assert!(read.same_as(&Passphrase::read(&mut &b"correct horse"[..]).unwrap()));
        assert!(!read.same_as(&Passphrase::read(&mut &b"correct hors"[..]).unwrap()));
    }

    #[test]
    fn a_passphrase_prints_its_name_only() {
        assert_eq!(format!("{:?}", read(b"correct horse").unwrap()), "Passphrase(..)");
        assert_eq!(format!("{:?}", read(&[b'x'; 2000])), "Err(TooLong)");
    }
}
