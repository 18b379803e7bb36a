//! What arrives from a peer below the ledger: padding, frames, messages; and view keys.

use parclose_crypto::padding;
use parclose_exchange::{Gathering, Message, split};
use parclose_keys::ViewKey;
use parclose_types::Epoch;
use parclose_types::limits::FIELD_BYTES_MAX;

use crate::Reached;

/// Padding has one form for each plaintext, and what was padded comes out again.
pub fn unpad(input: &[u8]) -> Reached {
    if input.len() <= FIELD_BYTES_MAX {
        assert_eq!(padding::unpad(&padding::pad(input)), Some(input), "padding loses its plaintext");
    }
    let Some(plaintext) = padding::unpad(input) else { return Reached::Door };
    assert_eq!(padding::pad(plaintext).as_slice(), input, "two paddings of one plaintext");
    Reached::Through
}

/// A view key has one wire form; it opens its interval and nothing beside it.
pub fn view_key(input: &[u8]) -> Reached {
    let Ok(key) = ViewKey::from_bytes(input) else { return Reached::Door };
    assert_eq!(key.to_bytes().as_slice(), input, "two wire forms of one view key");
    let (from, to) = (key.cover.from(), key.cover.to());
    assert!(from <= to, "a view key of no epoch");
    assert!(key.leaf(from).is_some() && key.leaf(to).is_some(), "an epoch in scope does not open");
    let outside = [from.0.checked_sub(1), to.0.checked_add(1)];
    let opens = |epoch: u32| key.leaf(Epoch(epoch)).is_some();
    assert!(!outside.into_iter().flatten().any(opens), "an epoch outside the scope opens");
    Reached::Through
}

/// A message has one encoding, and survives its frames.
pub fn decode_message(input: &[u8]) -> Reached {
    let Ok(message) = Message::from_bytes(input) else { return Reached::Door };
    assert_eq!(message.to_bytes(), input, "two encodings of one message");
    let mut gathering = Gathering::default();
    let frames = split(7, input);
    let whole = frames.iter().map(|frame| gathering.take(frame)).collect::<Result<Vec<_>, _>>();
    let whole = whole.expect("a split message is gathered");
    assert_eq!(whole.last(), Some(&Some(input.to_vec())), "frames change a message");
    Reached::Through
}

/// Frames of one peer, each behind its length as `u16be`: what is gathered is what was sent in order.
pub fn frames(input: &[u8]) -> Reached {
    let mut gathering = Gathering::default();
    let mut sent: Vec<(u64, u8, &[u8])> = Vec::new();
    let mut reached = Reached::Door;
    for frame in lengths(input) {
        let Ok(message) = gathering.take(frame) else {
            sent.clear();
            continue;
        };
        let (number, rest) = frame.split_first_chunk::<8>().expect("a frame that was taken has a header");
        let ([piece, pieces], bytes) = rest.split_first_chunk::<2>().expect("as before");
        if *piece == 0 {
            sent.clear();
        }
        sent.push((u64::from_be_bytes(*number), *piece, bytes));
        reached = reached.max(Reached::Inside);
        if let Some(message) = message {
            check_gathered(&sent, *pieces, &message);
            sent.clear();
            reached = Reached::Through;
        }
    }
    reached
}

/// The reference: every piece from 0 on, of one number, in order, none twice.
fn check_gathered(sent: &[(u64, u8, &[u8])], pieces: u8, message: &[u8]) {
    assert_eq!(sent.len(), usize::from(pieces), "a message of other pieces than its last frame says");
    assert!((0..).zip(sent).all(|(at, (_, piece, _))| *piece == at), "pieces out of order");
    assert!(sent.iter().all(|(number, ..)| *number == sent[0].0), "pieces of two messages");
    let bytes: Vec<u8> = sent.iter().flat_map(|(_, _, bytes)| bytes.iter().copied()).collect();
    assert_eq!(bytes, message, "a gathered message is not what was sent");
}

/// Cuts `u16be length, bytes` pieces; stops at one that is cut short.
fn lengths(mut input: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = input.split_first_chunk::<2>()?;
        let (frame, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        input = rest;
        Some(frame)
    })
}
