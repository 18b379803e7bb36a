//! The desk: who opens what it hands out, what it takes, and how often.

use std::time::{Duration, Instant};

use axum::http::{Method, Uri};
use parclose_crypto::wrap::UnwrapKey;
use parclose_types::Failure;

use super::open::open_into;
use super::serve::asked;
use super::*;
use crate::sealed::{CHUNK_BYTES, CHUNK_OVERHEAD, HEADER_BYTES, WRAP_BYTES};

const SEALED_CHUNK: usize = CHUNK_BYTES + CHUNK_OVERHEAD;
const BEFORE_CHUNKS: usize = HEADER_BYTES + WRAP_BYTES;
const TAG: Tag = Tag([1; 32]);
const GRANT: TransactionDigest = TransactionDigest([2; 32]);

fn key() -> UnwrapKey {
    UnwrapKey::generate(&mut generator())
}

fn sealed_for(key: &UnwrapKey, exported: &[u8]) -> Vec<u8> {
    seal(Vec::new(), exported, (TAG, GRANT), key.public(), &mut generator()).unwrap()
}

fn opened(key: &UnwrapKey, of: (Tag, TransactionDigest), sealed: &[u8]) -> Result<Vec<u8>, &'static str> {
    let from = (sealed, sealed.len() as u64);
    let out = open_into(from, key, of, (Vec::new(), Path::new("memory")));
    out.map_err(|refused| {
        assert!(refused.definite() && !refused.fix().is_empty());
        refused.rule()
    })
}

/// Fills two chunks and a piece of a third.
fn exported() -> Vec<u8> {
    (0..2 * CHUNK_BYTES + 5).map(|at| u8::try_from(at % 251).unwrap()).collect()
}

#[test]
fn dsk_07_a_sealed_export_opens_for_its_grantee_its_tag_and_its_grant_alone() {
    let grantee = key();
    for exported in [Vec::new(), vec![7; CHUNK_BYTES - 8], vec![7; CHUNK_BYTES - 7], exported()] {
        let sealed = sealed_for(&grantee, &exported);
        assert_eq!((sealed.len() - BEFORE_CHUNKS) % SEALED_CHUNK, 0, "it shows its size in MiB only");
        assert_eq!(opened(&grantee, (TAG, GRANT), &sealed), Ok(exported));
    }
    let sealed = sealed_for(&grantee, b"an export");
    assert!(!sealed.windows(9).any(|part| part == b"an export"));
    assert_eq!(opened(&key(), (TAG, GRANT), &sealed), Err("DSK-07"), "somebody else's key");
    assert_eq!(opened(&grantee, (Tag([9; 32]), GRANT), &sealed), Err("DSK-07"), "another tag");
    assert_eq!(opened(&grantee, (TAG, TransactionDigest([9; 32])), &sealed), Err("DSK-07"), "another grant");
}

#[test]
fn dsk_08_a_sealed_export_that_was_cut_bent_or_put_together_is_refused() {
    let grantee = key();
    let sealed = sealed_for(&grantee, &exported());
    let other = sealed_for(&grantee, &exported());
    let refused = |bytes: &[u8]| opened(&grantee, (TAG, GRANT), bytes).unwrap_err();
    let chunk = |at: usize| BEFORE_CHUNKS + at * SEALED_CHUNK;
    for length in [0, 7, 8, BEFORE_CHUNKS - 1, BEFORE_CHUNKS, chunk(1) - 1, chunk(1), chunk(2), chunk(3) - 1]
    {
        assert_eq!(refused(&sealed[..length]), "DSK-08", "{length} bytes");
    }
    for (at, rule) in [
        (0, "DSK-08"),
        (7, "DSK-08"),
        (8, "DSK-07"),
        (BEFORE_CHUNKS - 1, "DSK-07"),
        (BEFORE_CHUNKS, "DSK-08"),
        (chunk(0) + 40, "DSK-08"),
        (chunk(1) + 9, "DSK-08"),
        (chunk(3) - 1, "DSK-08"),
    ] {
        let mut bent = sealed.clone();
        bent[at] ^= 1;
        assert_eq!(refused(&bent), rule, "byte {at}");
    }
    let mut swapped = sealed.clone();
    swapped[chunk(0)..chunk(2)].rotate_left(SEALED_CHUNK);
    assert_eq!(refused(&swapped), "DSK-08", "chunks swapped");
    let of_two = [&sealed[..chunk(1)], &other[chunk(1)..]].concat();
    assert_eq!(refused(&of_two), "DSK-08", "chunks of another answer");
    let longer = [sealed.as_slice(), &sealed[chunk(2)..]].concat();
    assert_eq!(refused(&longer), "DSK-08", "a chunk more");
    assert_eq!(refused(&[sealed.as_slice(), b"x"].concat()), "DSK-08", "a byte more");
}

#[test]
fn what_does_not_open_leaves_no_file_and_nothing_is_written_over() {
    let (grantee, folder) = (key(), tempfile::tempdir().unwrap());
    let (sealed, out) = (folder.path().join("sealed"), folder.path().join("export"));
    let whole = sealed_for(&grantee, &exported());
    std::fs::write(&sealed, &whole[..whole.len() - 1]).unwrap();
    open(&sealed, &grantee, (TAG, GRANT), &out).unwrap_err();
    std::fs::write(&sealed, &whole[..BEFORE_CHUNKS + 2 * SEALED_CHUNK]).unwrap();
    open(&sealed, &grantee, (TAG, GRANT), &out).unwrap_err();
    assert!(!out.exists());
    std::fs::write(&sealed, &whole).unwrap();
    open(&sealed, &grantee, (TAG, GRANT), &out).unwrap();
    assert_eq!(std::fs::read(&out).unwrap(), exported());
    assert!(matches!(open(&sealed, &grantee, (TAG, GRANT), &out), Err(SealedExportError::Io { .. })));
    assert_eq!(std::fs::read(&out).unwrap(), exported(), "and it is still there");
}

#[test]
fn dsk_02_a_tag_and_a_grant_are_taken_and_nothing_else() {
    let path = format!("/export/{TAG}/{GRANT}");
    let asks = |method: Method, path: &str| asked(&method, &path.parse::<Uri>().unwrap());
    assert_eq!(asks(Method::GET, &path), Some((TAG, GRANT)));
    for odd in [
        format!("{path}?view-key=00"),
        format!("{path}?"),
        format!("{path}/"),
        format!("{path}/00"),
        format!("/export/{TAG}"),
        format!("/export/{TAG}/{}", "0".repeat(63)),
        format!("/export/{TAG}/{}", "g".repeat(64)),
        format!("/{TAG}/{GRANT}"),
        "/".into(),
    ] {
        assert_eq!(asks(Method::GET, &odd), None, "{odd}");
    }
    for method in [Method::POST, Method::PUT, Method::HEAD, Method::DELETE] {
        assert_eq!(asks(method, &path), None);
    }
}

#[test]
fn dsk_06_a_channel_has_one_turn_at_a_time_and_a_grant_one_in_each_pause() {
    let turns = Turns::new(Duration::from_secs(60));
    let start: Instant = turns::now();
    let at = |seconds: u64| start + Duration::from_secs(seconds);
    let other = TransactionDigest([3; 32]);
    let first = turns.take(TAG, GRANT, at(0)).unwrap();
    assert_eq!(turns.take(TAG, other, at(1)).unwrap_err(), DeskRefused::NotNow, "one of a channel");
    let elsewhere = turns.take(Tag([9; 32]), other, at(1)).unwrap();
    drop((first, elsewhere));
    assert_eq!(turns.take(TAG, GRANT, at(59)).unwrap_err(), DeskRefused::TooSoon { seconds: 2 });
    drop(turns.take(TAG, GRANT, at(60)).unwrap());
    assert_eq!(
        turns.take(TAG, GRANT, at(61)).unwrap_err(),
        DeskRefused::TooSoon { seconds: 60 },
        "it begins anew"
    );
}

#[test]
fn the_labels_of_a_sealed_export_are_its_own() {
    let form = seal::form((TAG, GRANT));
    assert_eq!(form.header, *b"PCLDESK\x01");
    let labels = [form.wrap, form.seal, form.chunk];
    assert_eq!(
        labels.map(|label| label.strip_prefix("parclose/v1/").unwrap()),
        ["audit-desk", "audit-desk-seal", "audit-desk-chunk"]
    );
}
