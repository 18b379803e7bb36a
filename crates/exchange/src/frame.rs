//! Frames: a message of up to 4 MiB travels in pieces of at most 1 MiB.
//!
//! Layout: `message number u64be | piece u8 | pieces u8 | bytes`. Pieces of one message arrive in order
//! on one connection; anything else drops the message that was being gathered.

use parclose_types::{Malformed, limits};

const HEADER: usize = 10;
const PIECE: usize = limits::FRAME_BYTES_MAX - HEADER;
const PIECES_MAX: usize = 5;

/// Splits a message into frames.
///
/// # Panics
///
/// If the message is longer than five frames; messages are bounded to a batch and its envelope.
#[must_use]
pub fn split(number: u64, message: &[u8]) -> Vec<Vec<u8>> {
    let pieces: Vec<&[u8]> = if message.is_empty() { vec![&[]] } else { message.chunks(PIECE).collect() };
    let count = u8::try_from(pieces.len()).ok().filter(|n| usize::from(*n) <= PIECES_MAX);
    let count = count.expect("messages are bounded to a batch and its envelope");
    let frame = |(at, piece): (u8, &&[u8])| [&number.to_be_bytes()[..], &[at, count], piece].concat();
    (0..).zip(&pieces).map(frame).collect()
}

/// One peer's message in the making.
#[derive(Debug, Default)]
pub struct Gathering {
    number: u64,
    next: u8,
    pieces: u8,
    bytes: Vec<u8>,
}

impl Gathering {
    /// Takes a frame; gives the message when it is whole.
    ///
    /// # Rules
    ///
    /// > WIR-07: a frame is at most 1 MiB, and a message at most five frames, in order.
    pub fn take(&mut self, frame: &[u8]) -> Result<Option<Vec<u8>>, Malformed> {
        let taken = self.gather(frame);
        if taken.is_err() {
            *self = Self { next: u8::MAX, ..Self::default() };
        }
        taken
    }

    /// Whether a message has begun to come and is not whole.
    #[must_use]
    pub fn is_begun(&self) -> bool {
        !self.bytes.is_empty() || (1..self.pieces).contains(&self.next)
    }

    fn gather(&mut self, frame: &[u8]) -> Result<Option<Vec<u8>>, Malformed> {
        let refused = Malformed::Frames;
        if frame.len() > limits::FRAME_BYTES_MAX {
            return Err(refused);
        }
        let (number, rest) = frame.split_first_chunk::<8>().ok_or(refused)?;
        let ([piece, pieces], bytes) = rest.split_first_chunk::<2>().ok_or(refused)?;
        let number = u64::from_be_bytes(*number);
        if *piece == 0 {
            *self = Self { number, next: 0, pieces: *pieces, bytes: Vec::new() };
        }
        // All pieces name the same count: else a piece beyond the end would be a message of its own.
        let same = (number, *piece, *pieces) == (self.number, self.next, self.pieces);
        if !same || piece >= pieces || usize::from(*pieces) > PIECES_MAX {
            return Err(refused);
        }
        self.bytes.extend_from_slice(bytes);
        self.next = self.next.saturating_add(1);
        Ok((self.next == *pieces).then(|| std::mem::take(&mut self.bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wir_07_messages_travel_in_pieces() {
        for length in [0, 1, PIECE, PIECE + 1, 4 * PIECE + 7] {
            let message: Vec<u8> = (0..length).map(|i| u8::try_from(i % 251).unwrap()).collect();
            let mut gathering = Gathering::default();
            let mut whole = None;
            for frame in split(7, &message) {
                assert!(frame.len() <= limits::FRAME_BYTES_MAX);
                whole = gathering.take(&frame).unwrap();
            }
            assert_eq!(whole, Some(message));
        }
    }

    #[test]
    fn wir_07_lost_mixed_and_oversized_frames_are_refused() {
        let frames = split(1, &vec![0; 2 * PIECE]);
        let mut gathering = Gathering::default();
        assert!(gathering.take(&frames[1]).is_err(), "a piece is missing before it");
        assert_eq!(gathering.take(&frames[0]), Ok(None));
        assert!(gathering.take(&split(2, &vec![0; 2 * PIECE])[1]).is_err(), "a piece of another message");
        assert!(gathering.take(&frames[1]).is_err(), "the message it belonged to is dropped");
        assert!(gathering.take(&vec![0; limits::FRAME_BYTES_MAX + 1]).is_err());
        assert!(gathering.take(&[0; 9]).is_err());
        assert!(gathering.take(&[0, 0, 0, 0, 0, 0, 0, 1, 0, 6, 9]).is_err(), "too many pieces");
        assert!(gathering.take(&[0, 0, 0, 0, 0, 0, 0, 1, 0, 0]).is_err(), "no pieces");
    }

    #[test]
    fn wir_07_pieces_of_one_message_agree_on_their_number_and_a_refusal_drops_it() {
        let frame = |piece: u8, pieces: u8| [&9_u64.to_be_bytes()[..], &[piece, pieces, 7]].concat();
        let mut gathering = Gathering::default();
        assert_eq!(gathering.take(&frame(0, 3)), Ok(None));
        assert!(gathering.take(&frame(1, 2)).is_err(), "another number of pieces");
        assert!(gathering.take(&frame(2, 3)).is_err(), "the message is dropped, not handed out cut short");
        assert_eq!(gathering.take(&frame(0, 2)), Ok(None));
        assert!(gathering.take(&[0; 3]).is_err());
        assert!(gathering.take(&frame(1, 2)).is_err(), "a frame that is none drops the message too");
    }
}
