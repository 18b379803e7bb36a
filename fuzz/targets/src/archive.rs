//! Archives of a channel, sealed here by the specification and not by the code that opens them.
//!
//! An archive is never smaller than 1 MiB and looks random, so no file of a corpus holds one. Inputs are
//! either the content, which is sealed here on the way, or places in one honest archive to be changed.

use std::path::Path;
use std::sync::LazyLock;

use parclose_crypto::hash::sha256;
use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_crypto::wrap::{UnwrapKey, wrap};
use parclose_crypto::{Secret, seal};
use parclose_keys::audience::wrap_info;
use parclose_node::backup::{FileEntry, Manifest, extract};
use parclose_types::{
    AudienceId, ChannelId, Failure, Generation, Height, NetworkId, Sequence, StateRoot, Tag, enc, encode,
    labels,
};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::Reached;
use crate::entrances::Rule;

/// Plaintext of a chunk.
pub const CHUNK_BYTES: usize = 1 << 20;
/// Header and wrapped key.
pub const BEFORE_CHUNKS: usize = 8 + parclose_crypto::wrap::ENCAPSULATED_BYTES + 32 + 16;
const HEADER: &[u8; 8] = b"PCLBACK\x01";
/// Content of an input; more chunks would only take longer.
const CONTENT_BYTES_MAX: usize = 2 * CHUNK_BYTES;

/// What archives here are opened with.
pub static KEY: LazyLock<UnwrapKey> =
    LazyLock::new(|| UnwrapKey::from_secret(&secret_from_bytes([0xF5; 32])));

/// The content of an honest archive: a manifest behind its length, and two files.
pub static CONTENT: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let files: [(&str, &[u8]); 2] = [("000007.sst", &[7; 300]), ("CURRENT", b"MANIFEST-000005\n")];
    content_of(&manifest(&files), &files)
});

/// The archive of [`CONTENT`].
pub static ARCHIVE: LazyLock<Vec<u8>> = LazyLock::new(|| seal_content(&CONTENT));

/// A manifest of files.
#[must_use]
pub fn manifest(files: &[(&str, &[u8])]) -> Manifest {
    let entry = |(name, bytes): &(&str, &[u8])| FileEntry {
        name: (*name).into(),
        bytes: bytes.len() as u64,
        hash: sha256(bytes),
    };
    Manifest {
        network: NetworkId([1; 32]),
        channel: ChannelId([2; 32]),
        tag: Tag([3; 32]),
        name: "trade-a".into(),
        template: "bilateral".into(),
        next: Sequence(9),
        height: Height(12),
        root: StateRoot([4; 32]),
        files: files.iter().map(entry).collect(),
    }
}

/// The content of an archive: a manifest behind its length, then bytes of files.
#[must_use]
pub fn content_of(manifest: &Manifest, files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut content = framed(&encode(manifest));
    files.iter().for_each(|(_, bytes)| content.extend_from_slice(bytes));
    content
}

/// Bytes behind their length.
#[must_use]
pub fn framed(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes(), bytes].concat()
}

/// Seals any content in whole chunks, as chapter 09 of the specification says.
///
/// # Panics
///
/// If a key that was just made is none.
#[must_use]
pub fn seal_content(content: &[u8]) -> Vec<u8> {
    let chunks = content.len().div_ceil(CHUNK_BYTES).max(1);
    let mut padded = content.to_vec();
    padded.resize(chunks * CHUNK_BYTES, 0);
    let key: Secret = secret_from_bytes([0xF6; 32]);
    let (channel, audience) = (ChannelId([0; 32]), AudienceId([0; 32]));
    let info = wrap_info("backup", &channel, Generation(0), &audience, KEY.public());
    let place = enc(labels::BACKUP, &[HEADER]);
    let mut rng = ChaCha20Rng::from_seed([0xF7; 32]);
    let wrapped = key.expose(|bytes| wrap(KEY.public(), &info, &place, bytes, &mut rng));
    let mut archive = HEADER.to_vec();
    archive.extend(wrapped.expect("it is a key"));
    for (index, chunk) in (0_u64..).zip(padded.chunks(CHUNK_BYTES)) {
        let last = u8::from(index + 1 == chunks as u64);
        let place = enc(labels::BACKUP_CHUNK, &[HEADER, &index.to_be_bytes(), &[last]]);
        let sealed = seal::seal(&key, labels::BACKUP_SEAL, &place, chunk);
        archive.extend_from_slice(&sealed.commitment);
        archive.extend_from_slice(&sealed.ciphertext);
    }
    archive
}

/// Opens an archive into a folder that is removed again: its content without the zeros at its end.
#[allow(clippy::unwrap_in_result, reason = "a full disk is no outcome of an archive")]
fn opened(archive: &[u8]) -> Result<Vec<u8>, Rule> {
    let folder = tempfile::tempdir().expect("a folder for an archive");
    let (file, database) = (folder.path().join("file"), folder.path().join("db"));
    std::fs::write(&file, archive).expect("an archive can be written");
    let outcome = extract(&file, &KEY, &database);
    let beside = std::fs::read_dir(folder.path()).expect("the folder is there").count();
    assert_eq!(beside, 1 + usize::from(database.exists()), "something is written beside the database");
    let manifest = outcome.map_err(|error| error.rule())?;
    Ok(read_back(&manifest, &database))
}

fn read_back(manifest: &Manifest, database: &Path) -> Vec<u8> {
    let mut content = framed(&encode(manifest));
    for entry in &manifest.files {
        let bytes = std::fs::read(database.join(&entry.name)).expect("a file of the manifest is there");
        assert_eq!(
            (bytes.len() as u64, sha256(&bytes)),
            (entry.bytes, entry.hash),
            "a file of another content"
        );
        content.extend(bytes);
    }
    let files = std::fs::read_dir(database).expect("the database is there").count();
    assert_eq!(files, manifest.files.len(), "a file that the manifest does not name");
    content
}

/// The entrance of contents: sealed here, then opened. What comes out is what was put in.
pub fn content(bytes: &[u8]) -> Result<Vec<u8>, Rule> {
    opened(&seal_content(bytes.get(..CONTENT_BYTES_MAX).unwrap_or(bytes)))
}

/// The entrance of archives.
pub fn sealed(bytes: &[u8]) -> Result<Vec<u8>, Rule> {
    opened(bytes).map(|_| bytes.to_vec())
}

/// A content that is accepted comes out as it was put in, into the folder and nowhere else.
pub fn archive_content(input: &[u8]) -> Reached {
    let shown = &input[..input.len().min(CONTENT_BYTES_MAX)];
    match content(shown) {
        Ok(read) => {
            assert!(shown.starts_with(&read), "another content comes out");
            assert!(shown[read.len()..].iter().all(|byte| *byte == 0), "more than zeros are passed over");
            Reached::Through
        }
        Err("BAK-05" | "BAK-06") => Reached::Door,
        Err(_) => Reached::Inside,
    }
}

/// The honest archive with bytes changed, each `place u32be, xor u8`, and as many cut off as the first four
/// bytes say: whatever differs is refused.
pub fn archive_changed(input: &[u8]) -> Reached {
    let Some((cut, changes)) = input.split_first_chunk::<4>() else { return Reached::Door };
    let mut archive = ARCHIVE.clone();
    for change in changes.as_chunks::<5>().0 {
        let [place @ .., xor] = change;
        let place = u32::from_be_bytes(*place) as usize % archive.len();
        archive[place] ^= xor;
    }
    archive.truncate(archive.len().saturating_sub(u32::from_be_bytes(*cut) as usize));
    let same = archive == *ARCHIVE;
    match opened(&archive) {
        Ok(_) => {
            assert!(same, "a changed archive opens");
            Reached::Through
        }
        Err("BAK-01" | "BAK-02") => Reached::Door,
        Err(_) => {
            assert!(!same, "the honest archive does not open");
            Reached::Inside
        }
    }
}
