//! Faults of messages, frames, keys and their files.

use parclose_crypto::padding::pad;
use parclose_exchange::split;
use parclose_types::limits::{FRAME_BYTES_MAX, KEY_FILE_BYTES_MAX, PASSPHRASE_BYTES_MAX};
use parclose_types::{hex, labels};

use super::{Vector, replaced};
use crate::key_files::HONEST;
use crate::seeds::messages;
use crate::world::WORLD;

pub(super) fn vectors() -> Vec<Vector> {
    [message(), frames(), padding(), view_key(), sealed_key(), key_file(), passphrase()].concat()
}

/// Bytes behind a good value, and bytes that are too many for any.
pub(super) fn form(entrance: &'static str, good: &[u8], limit: usize) -> Vec<Vector> {
    let with = |rule, fault, bad| Vector::new(entrance, rule, fault, good, bad);
    vec![
        with("WIR-02", "a byte follows the value", [good, &[0]].concat()),
        with("WIR-02", "the last byte is missing", good[..good.len() - 1].to_vec()),
        with("WIR-03", "zeros follow up to one byte over the limit", {
            let mut long = good.to_vec();
            long.resize(limit + 1, 0);
            long
        }),
    ]
}

/// A good value with one byte set.
pub(super) fn set(good: &[u8], at: usize, to: u8) -> Vec<u8> {
    let mut bad = good.to_vec();
    bad[at] = to;
    bad
}

/// A good value with one bit changed.
pub(super) fn flip(good: &[u8], at: usize) -> Vec<u8> {
    set(good, at, good[at] ^ 1)
}

fn message() -> Vec<Vector> {
    let good = messages()[2].to_bytes();
    let mut vectors = form("message", &good, (4 << 20) + 4096);
    vectors.push(Vector::new("message", "WIR-02", "a variant that no message has", &good, set(&good, 0, 9)));
    let length = good.len() - "END-05".len() - 4;
    let lie = [&good[..length], &u32::MAX.to_le_bytes(), b"END-05"].concat();
    vectors.push(Vector::new("message", "WIR-02", "a text says that it has 4 GiB", &good, lie));
    vectors
}

fn frames() -> Vec<Vector> {
    let frame =
        |number: u64, piece: u8, pieces: u8| [&number.to_be_bytes()[..], &[piece, pieces], b"part"].concat();
    let sent = |frames: &[Vec<u8>]| -> Vec<u8> {
        let length = |frame: &[u8]| u32::try_from(frame.len()).unwrap_or(u32::MAX).to_be_bytes();
        frames.iter().flat_map(|frame| [&length(frame)[..], frame].concat()).collect()
    };
    let [first, second, third] = [frame(9, 0, 3), frame(9, 1, 3), frame(9, 2, 3)];
    let good = sent(&[first.clone(), second.clone(), third.clone()]);
    let refused = |fault, frames: &[Vec<u8>]| Vector::new("frames", "WIR-07", fault, &good, sent(frames));
    let long = split(9, &vec![0; FRAME_BYTES_MAX - 10]).concat();
    let mut longer = long.clone();
    longer.push(0);
    vec![
        refused("a piece is missing", &[first.clone(), third.clone()]),
        refused("a piece comes twice", &[first.clone(), second.clone(), second.clone(), third.clone()]),
        refused("two pieces change places", &[second.clone(), first.clone(), third.clone()]),
        refused("a piece of another message", &[first.clone(), frame(8, 1, 3), third.clone()]),
        refused("a piece says another number of pieces", &[first.clone(), frame(9, 1, 2), third.clone()]),
        refused("the last piece is missing", &[first, second.clone()]),
        refused("six pieces", &[frame(9, 0, 6), second, third]),
        refused("no pieces", &[frame(9, 0, 0)]),
        refused("a frame without a header", &[vec![0; 9]]),
        Vector::new("frames", "WIR-07", "a frame of 1 MiB and a byte", &sent(&[long]), sent(&[longer])),
    ]
}

fn padding() -> Vec<Vector> {
    let good = pad(&[0x61; 5]).to_vec();
    let with = |fault, bad| Vector::new("padding", "SEA-04", fault, &good, bad);
    vec![
        with("a byte of the padding is not zero", set(&good, 31, 1)),
        with("the next size class", [good.as_slice(), &[0; 32]].concat()),
        with("no size class", [good.as_slice(), &[0]].concat()),
        with("a length beyond the end", set(&good, 0, 0xff)),
        with("no length", good[..3].to_vec()),
    ]
}

fn view_key() -> Vec<Vector> {
    let good = &WORLD.view_key;
    let with = |fault, bad| Vector::new("view_key", "KEY-11", fault, good, bad);
    let header = 1 + 32 + 8 + 32 + 4 + 4 + 4;
    let (node, nodes) = (37, usize::from(good[header]));
    let swapped = [
        &good[..=header],
        &good[header + 1 + node..header + 1 + 2 * node],
        &good[header + 1..header + 1 + node],
        &good[header + 1 + 2 * node..],
    ];
    vec![
        with("version 2", set(good, 0, 2)),
        with("a byte follows", [good.as_slice(), &[0]].concat()),
        with("the last seed is cut short", good[..good.len() - 1].to_vec()),
        with("an epoch more than its cover", flip(good, header - 1)),
        with("the interval ends before it begins", set(good, header - 8, 0xff)),
        with("a node less than its cover", {
            let fewer = set(good, header, u8::try_from(nodes - 1).unwrap_or(0));
            fewer[..good.len() - node].to_vec()
        }),
        with("255 nodes, which are not there", set(good, header, 0xff)),
        with("two nodes change places", swapped.concat()),
        with("a node of another depth", flip(good, header + 1)),
    ]
}

fn sealed_key() -> Vec<Vector> {
    let good = HONEST[0].file.sealed.encode();
    let with = |rule, fault, bad| Vector::new("sealed_key", rule, fault, &good, bad);
    vec![
        with("KST-05", "another magic", set(&good, 0, b'p')),
        with("KST-05", "version 2", set(&good, 4, 2)),
        with("KST-05", "a byte follows", [good.as_slice(), &[0]].concat()),
        with("KST-05", "the last byte is missing", good[..good.len() - 1].to_vec()),
        with("KST-01", "4 TiB of memory", set(&good, 5, 0xff)),
        with("KST-01", "a KiB of memory", [&good[..5], &1_u32.to_be_bytes(), &good[9..]].concat()),
        with("KST-01", "2^32 passes or so", set(&good, 9, 0xff)),
        with("KST-01", "no lane", set(&good, 16, 0)),
        with("KST-03", "another key commitment", flip(&good, good.len() - 49)),
        with("KST-03", "another salt", flip(&good, 17)),
        with("KST-04", "another byte of ciphertext", flip(&good, good.len() - 20)),
        with("KST-04", "another tag", flip(&good, good.len() - 1)),
    ]
}

fn key_file() -> Vec<Vector> {
    let good = HONEST[0].file.to_text();
    let with = |rule, fault, bad| Vector::new("key_file", rule, fault, good.as_bytes(), bad);
    let mut long = good.clone().into_bytes();
    long.resize(KEY_FILE_BYTES_MAX + 1, b' ');
    vec![
        with("KEF-02", "another schema", replaced(&good, "parclose.key/2", "parclose.card/2")),
        with("KEF-02", "no JSON at all", b"\x7fELF".to_vec()),
        with("KEF-06", "a member that no key file has", replaced(&good, "{\n", "{\n  \"more\": 1,\n")),
        with(
            "KEF-06",
            "a member twice",
            replaced(&good, "  \"kind\"", "  \"kind\": \"member\",\n  \"kind\""),
        ),
        with("KEF-06", "another name under the check value", replaced(&good, "bank-1", "bank-2")),
        with("KEF-06", "another kind under the check value", replaced(&good, "\"member\"", "\"validator\"")),
        with("KEF-06", "another line feed", replaced(&good, "\n", "\n\n")),
        with("KEF-06", "more than 4 KiB", long),
        with("KEF-06", "cut off", good.as_bytes()[..good.len() / 2].to_vec()),
        with("KEF-07", "a key in clear text", b"{\n  \"schema\": \"parclose.key/1\"\n}\n".to_vec()),
        with("KST-05", "version 2 of the sealed key, with its check value", resealed(5 * 2 - 1, "2")),
        with("KST-01", "4 TiB of memory, with its check value", resealed(5 * 2, "ff")),
    ]
}

/// The honest key file with hex digits of its sealed key replaced, and the check value that fits.
fn resealed(at: usize, digits: &str) -> Vec<u8> {
    let file = &HONEST[0].file;
    let sealed = hex::encode(&file.sealed.encode());
    let mut changed = sealed.clone();
    changed.replace_range(at..at + digits.len(), digits);
    let bytes = hex::decode(&changed).unwrap_or_default();
    let check = |sealed: &[u8]| {
        hex::encode(&parclose_crypto::hash(labels::KEY_FILE, &[&file.public.bytes(), sealed]))
    };
    let text = file.to_text().replace(&sealed, &changed);
    text.replace(&check(&file.sealed.encode()), &check(&bytes)).into_bytes()
}

fn passphrase() -> Vec<Vector> {
    let good = b"correct horse\n";
    let with = |fault, bad| Vector::new("passphrase", "PAS-01", fault, good, bad);
    vec![
        with("nothing", Vec::new()),
        with("a line feed alone", b"\n".to_vec()),
        with("one byte too many", vec![b'a'; PASSPHRASE_BYTES_MAX + 1]),
        with("without end", vec![b'a'; 1 << 20]),
    ]
}
