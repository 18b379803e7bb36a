//! The form of archives: each rule broken alone, and arbitrary bytes.

use parclose_crypto::hash::sha256;
use parclose_crypto::wrap::UnwrapKey;
use parclose_types::limits::{BACKUP_FILES_MAX, BACKUP_MANIFEST_BYTES_MAX};
use parclose_types::{ChannelId, Failure, Height, Sequence, StateRoot, Tag, encode};
use proptest::prelude::*;

use super::extract::extract_from;
use super::*;
use crate::key_file::{self, KeyKind};
use crate::passphrase_file::write_development;
use crate::randomness::generator;
use crate::sealed::{CHUNK_BYTES, CHUNK_OVERHEAD, WRAP_BYTES};
use crate::unlock::Unlock;

const SEALED_CHUNK: usize = CHUNK_BYTES + CHUNK_OVERHEAD;
const BEFORE_CHUNKS: usize = HEADER.len() + WRAP_BYTES;

/// An archive of two files that fill three chunks, with what opens it.
struct Example {
    key: UnwrapKey,
    manifest: Manifest,
    contents: Vec<Vec<u8>>,
}

impl Example {
    fn new() -> Self {
        let contents = vec![b"MANIFEST-000001\n".to_vec(), vec![7; 2 * CHUNK_BYTES]];
        let entry = |(name, bytes): (&str, &Vec<u8>)| FileEntry {
            name: name.into(),
            bytes: bytes.len() as u64,
            hash: sha256(bytes),
        };
        let manifest = Manifest {
            network: NetworkId([1; 32]),
            channel: ChannelId([2; 32]),
            tag: Tag([3; 32]),
            name: "a-room-of-canaries".into(),
            template: "bilateral".into(),
            next: Sequence(9),
            height: Height(12),
            root: StateRoot([4; 32]),
            files: ["000001.sst", "CURRENT"].into_iter().zip(contents.iter().rev()).map(entry).collect(),
        };
        Self { key: UnwrapKey::generate(&mut generator()), manifest, contents }
    }

    fn content(&self) -> Vec<u8> {
        let [current, sorted] = [&self.contents[0], &self.contents[1]];
        [self.manifest.framed().as_slice(), sorted, current].concat()
    }

    fn sealed(&self) -> Vec<u8> {
        self.seal(&self.content())
    }

    /// Any content, sealed as it should be.
    fn seal(&self, content: &[u8]) -> Vec<u8> {
        let (to, path) = (Vec::new(), Path::new("memory"));
        let mut sealer = Sealer::new((to, path), form(), self.key.public(), &mut generator()).unwrap();
        sealer.put(content).unwrap();
        sealer.finish().unwrap()
    }

    fn extract(&self, bytes: &[u8]) -> Result<Manifest, BackupError> {
        let folder = tempfile::tempdir().map_err(|e| BackupError::io(Path::new("folder"), &e))?;
        let database = folder.path().join("db");
        let manifest = extract_from(bytes, bytes.len() as u64, &self.key, &database)?;
        for entry in &manifest.files {
            let written = std::fs::read(database.join(&entry.name)).map(|bytes| sha256(&bytes));
            assert_eq!(written.ok(), Some(entry.hash));
        }
        Ok(manifest)
    }

    fn refused(&self, bytes: &[u8]) -> &'static str {
        let refused = self.extract(bytes).unwrap_err();
        assert!(refused.definite() && !refused.fix().is_empty());
        refused.rule()
    }

    /// The rule that a changed manifest breaks, all else being right.
    fn with_manifest(mut self, change: impl FnOnce(&mut Manifest)) -> &'static str {
        change(&mut self.manifest);
        self.refused(&self.sealed())
    }
}

fn chunk(archive: &[u8], index: usize) -> &[u8] {
    &archive[BEFORE_CHUNKS + index * SEALED_CHUNK..][..SEALED_CHUNK]
}

#[test]
fn what_was_put_in_comes_out_and_only_the_form_is_in_clear() {
    let example = Example::new();
    let archive = example.sealed();
    assert_eq!(example.extract(&archive).unwrap(), example.manifest);
    assert_eq!(archive.len(), BEFORE_CHUNKS + 3 * SEALED_CHUNK, "whole chunks");
    assert_eq!(&archive[..HEADER.len()], b"PCLBACK\x01");
    let in_clear = |word: &[u8]| archive.windows(word.len()).any(|window| window == word);
    assert!(in_clear(b"PCLBACK"), "a scan that finds nothing shows nothing");
    assert!(!in_clear(b"canaries") && !in_clear(&[3; 32]) && !in_clear(&[7; 32]) && !in_clear(&[1; 32]));
    assert_ne!(chunk(&archive, 1), chunk(&example.sealed(), 1), "every archive has a key of its own");
}

#[test]
fn bak_01_another_form_or_version_is_refused() {
    let example = Example::new();
    let mut archive = example.sealed();
    archive[HEADER.len() - 1] = 2;
    let refused = example.extract(&archive).unwrap_err();
    assert!(matches!(refused, BackupError::Version { found: 2, supported: 1 }));
    assert_eq!(refused.rule(), "BAK-01");
    archive[0] ^= 1;
    assert_eq!(example.refused(&archive), "BAK-01");
    assert_eq!(example.refused(b""), "BAK-01");
}

#[test]
fn bak_02_another_key_opens_nothing() {
    let (example, other) = (Example::new(), Example::new());
    let mut archive = example.sealed();
    assert_eq!(other.refused(&archive), "BAK-02");
    for at in [HEADER.len(), BEFORE_CHUNKS - 1] {
        archive[at] ^= 1;
        assert_eq!(example.refused(&archive), "BAK-02", "byte {at} of the wrap");
        archive[at] ^= 1;
    }
    example.extract(&archive).unwrap();
}

#[test]
fn bak_03_a_chunk_opens_as_it_was_sealed_and_in_its_place_only() {
    let example = Example::new();
    let archive = example.sealed();
    let with_chunks = |order: &[&[u8]]| [&archive[..BEFORE_CHUNKS], &order.concat()].concat();
    let [first, second, last] = [0, 1, 2].map(|index| chunk(&archive, index));
    assert_eq!(with_chunks(&[first, second, last]), archive);
    assert_eq!(example.refused(&with_chunks(&[second, first, last])), "BAK-03", "reordered");
    assert_eq!(example.refused(&with_chunks(&[first, first, second, last])), "BAK-03", "doubled");
    assert_eq!(example.refused(&with_chunks(&[first, last])), "BAK-03", "one left out");
    let other = example.sealed();
    assert_eq!(example.refused(&with_chunks(&[first, chunk(&other, 1), last])), "BAK-03", "of another");
    for at in [0, 31, 32, SEALED_CHUNK - 1] {
        let mut damaged = archive.clone();
        damaged[BEFORE_CHUNKS + SEALED_CHUNK + at] ^= 0x80;
        let refused = example.extract(&damaged).unwrap_err();
        assert!(matches!(refused, BackupError::Chunk { index: 1 }), "byte {at}: {refused}");
        assert_eq!((refused.rule(), refused.code()), ("BAK-03", "BACKUP_DAMAGED"));
    }
}

#[test]
fn bak_04_an_archive_ends_with_its_last_chunk() {
    let example = Example::new();
    let archive = example.sealed();
    for length in [BEFORE_CHUNKS - 1, BEFORE_CHUNKS, archive.len() - 1, archive.len() - SEALED_CHUNK] {
        assert_eq!(example.refused(&archive[..length]), "BAK-04", "cut to {length}");
    }
    assert_eq!(example.refused(&[archive.as_slice(), &[0]].concat()), "BAK-04");
    let longer = [archive.as_slice(), chunk(&archive, 2)].concat();
    assert_eq!(example.refused(&longer), "BAK-04", "a whole chunk follows");
    // A file that shrinks while it is read.
    let folder = tempfile::tempdir().unwrap();
    let (cut, bytes) = (&archive[..archive.len() - 1], archive.len() as u64);
    let shrunk = extract_from(cut, bytes, &example.key, &folder.path().join("db")).unwrap_err();
    assert_eq!(shrunk.rule(), "BAK-04");
}

#[test]
fn bak_05_a_manifest_is_canonical_and_within_its_limits() {
    let example = Example::new();
    let bytes = [encode(&example.manifest), vec![0]].concat();
    let longer = [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes.as_slice()].concat();
    assert_eq!(example.refused(&example.seal(&longer)), "BAK-05", "bytes after it");
    assert_eq!(example.refused(&example.seal(&u32::MAX.to_be_bytes())), "BAK-05", "its length");
    let most = u32::try_from(BACKUP_MANIFEST_BYTES_MAX + 1).unwrap();
    assert_eq!(example.refused(&example.seal(&most.to_be_bytes())), "BAK-05", "one byte more");
    let many = |manifest: &mut Manifest| {
        let numbers = 0..=BACKUP_FILES_MAX - 1;
        let empty = |n| FileEntry { name: format!("{n:06}.log"), bytes: 0, hash: sha256(b"") };
        manifest.files.splice(0..1, numbers.map(empty));
    };
    assert_eq!(Example::new().with_manifest(many), "BAK-05", "more files than there may be");
}

#[test]
fn bak_06_a_manifest_names_the_files_of_a_database_and_nothing_else() {
    let renamed = |name: &'static str| Example::new().with_manifest(|m| m.files[0].name = name.into());
    for name in [
        "../000001.sst",
        "/etc/passwd",
        "a/000001.sst",
        "..",
        "",
        "LOCK",
        "OPTIONS-000005",
        "channel.json",
        "000001.sst/",
        "000001.sst\0",
        "000001.SST",
        ".sst",
        "000001-sst",
        "000001.sst.sst",
    ] {
        assert_eq!(renamed(name), "BAK-06", "{name:?}");
    }
    assert_eq!(Example::new().with_manifest(|m| m.files[0] = m.files[1].clone()), "BAK-06", "twice");
    assert_eq!(Example::new().with_manifest(|m| m.files.reverse()), "BAK-06", "out of order");
    assert_eq!(Example::new().with_manifest(|m| drop(m.files.pop())), "BAK-06", "no `CURRENT`");
    for name in ["../elsewhere", "", "a/b", "."] {
        assert_eq!(Example::new().with_manifest(|m| m.name = name.into()), "BAK-06", "channel {name:?}");
        assert_eq!(Example::new().with_manifest(|m| m.template = name.into()), "BAK-06", "{name:?}");
    }
}

#[test]
fn bak_07_sizes_fill_the_archive_up_to_its_zeros() {
    let sized = |bytes: u64| Example::new().with_manifest(|m| m.files[0].bytes = bytes);
    assert_eq!(sized(u64::MAX), "BAK-07", "nothing is written for it");
    assert_eq!(sized(3 * CHUNK_BYTES as u64), "BAK-07", "more than there is");
    assert_eq!(sized(16), "BAK-07", "less");
    let example = Example::new();
    let content = [example.content(), vec![0, 0, 1]].concat();
    assert_eq!(example.refused(&example.seal(&content)), "BAK-07", "not only zeros follow");
}

#[test]
fn bak_08_a_file_has_the_hash_of_the_manifest() {
    assert_eq!(Example::new().with_manifest(|m| m.files[0].hash[0] ^= 1), "BAK-08");
    let mut example = Example::new();
    example.contents[0][0] ^= 1;
    assert_eq!(example.refused(&example.sealed()), "BAK-08");
}

#[test]
fn bak_13_an_archive_is_sealed_to_an_x_wing_key() {
    let no_key = Sealer::new((Vec::new(), Path::new("memory")), form(), &[9; 32], &mut generator());
    let no_key = BackupError::from(no_key.err().unwrap());
    assert_eq!(no_key.rule(), "BAK-13");
    let folder = tempfile::tempdir().unwrap();
    write_development(folder.path(), &mut generator()).unwrap();
    let unlock = Unlock::of_home(folder.path());
    let file = |name: &str, kind| {
        let path = folder.path().join(name);
        key_file::generate(&path, kind, None, &unlock, &mut generator()).unwrap();
        path
    };
    let regulator = file("regulator.key", KeyKind::Regulator);
    let public = recipient(&regulator, &Unlock::none()).unwrap();
    assert_eq!(public, opening_key(&regulator, &unlock).unwrap().public(), "without a passphrase");
    let hexed = folder.path().join("public");
    std::fs::write(&hexed, parclose_types::hex::encode(&public) + "\n").unwrap();
    assert_eq!(recipient(&hexed, &Unlock::none()).unwrap(), public);
    let member = file("member.key", KeyKind::Member);
    assert_eq!(recipient(&member, &Unlock::none()).unwrap_err().rule(), "KEF-05");
    let own = opening_key(&member, &unlock).unwrap();
    assert_eq!(recipient(&member, &unlock).unwrap(), own.public());
    let validator = file("validator.key", KeyKind::Validator);
    assert_eq!(recipient(&validator, &unlock).unwrap_err().rule(), "KEF-03");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Whatever stands in a file or under a right seal ends in an error or in what was meant.
    #[test]
    fn arbitrary_bytes_panic_nowhere(bytes in proptest::collection::vec(any::<u8>(), 0..4096), at in any::<prop::sample::Index>()) {
        let example = Example::new();
        prop_assert!(example.extract(&bytes).is_err());
        prop_assert!(example.extract(&[&HEADER, bytes.as_slice()].concat()).is_err());
        prop_assert!(example.extract(&example.seal(&bytes)).is_err());
        let framed = [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes.as_slice()].concat();
        prop_assert!(example.extract(&example.seal(&framed)).is_err());
        // One byte of a good manifest is another.
        let (mut content, manifest) = (example.content(), example.manifest.framed().len());
        content[at.index(manifest)] ^= bytes.first().copied().unwrap_or(1) | 1;
        if let Ok(read) = example.extract(&example.seal(&content)) {
            prop_assert_ne!(read, example.manifest);
        }
    }
}
