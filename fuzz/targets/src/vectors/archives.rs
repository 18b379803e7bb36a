//! Faults of archives: of the sealed stream, and of what is sealed in it.

use parclose_node::backup::Manifest;
use parclose_types::encode;

use super::Vector;
use super::wire::{flip, set};
use crate::archive::{ARCHIVE, BEFORE_CHUNKS, CHUNK_BYTES, CONTENT, content_of, framed, manifest};

pub(super) fn vectors() -> Vec<Vector> {
    [sealed(), contents()].concat()
}

fn sealed() -> Vec<Vector> {
    let good = &*ARCHIVE;
    let with = |rule, fault, bad| Vector::new("archive", rule, fault, good, bad);
    vec![
        with("BAK-01", "another magic", set(good, 0, b'p')),
        with("BAK-01", "version 2", set(good, 7, 2)),
        with("BAK-01", "nothing", Vec::new()),
        with("BAK-02", "a bit of the wrapped key", flip(good, 100)),
        with("BAK-02", "a bit of the wrap's tag", flip(good, BEFORE_CHUNKS - 1)),
        with("BAK-03", "a bit of a chunk's key commitment", flip(good, BEFORE_CHUNKS)),
        with("BAK-03", "a bit of a chunk", flip(good, BEFORE_CHUNKS + 32 + CHUNK_BYTES / 2)),
        with("BAK-03", "a bit of a chunk's tag", flip(good, good.len() - 1)),
        with("BAK-04", "the last byte is missing", good[..good.len() - 1].to_vec()),
        with("BAK-04", "a byte follows", [good.as_slice(), &[0]].concat()),
        with("BAK-04", "no chunk", good[..BEFORE_CHUNKS].to_vec()),
        with("BAK-04", "cut off in the wrap", good[..60].to_vec()),
        with("BAK-04", "a chunk of zeros follows", {
            let mut longer = good.clone();
            longer.resize(good.len() + CHUNK_BYTES + 48, 0);
            longer
        }),
    ]
}

const FILES: [(&str, &[u8]); 2] = [("000007.sst", &[7; 300]), ("CURRENT", b"MANIFEST-000005\n")];

fn contents() -> Vec<Vector> {
    let good = &*CONTENT;
    let with = |rule, fault, bad| Vector::new("archive_content", rule, fault, good, bad);
    let changed = |rule, fault, change: &dyn Fn(&mut Manifest)| {
        let mut manifest = manifest(&FILES);
        change(&mut manifest);
        with(rule, fault, content_of(&manifest, &FILES))
    };
    let honest = encode(&manifest(&FILES));
    let named = |rule, fault, name: &'static str| {
        changed(rule, fault, &|manifest| manifest.files[0].name = name.into())
    };
    let tail = &good[4 + honest.len()..];
    vec![
        with("BAK-05", "a byte follows in the manifest", {
            [framed(&[honest.as_slice(), &[0]].concat()).as_slice(), tail].concat()
        }),
        with("BAK-05", "the manifest is cut short", {
            [framed(&honest[..honest.len() - 1]).as_slice(), &honest[honest.len() - 1..], tail].concat()
        }),
        with("BAK-05", "no manifest", vec![0; 8]),
        with("BAK-05", "a manifest of 4 GiB", [&[0xff; 4], &good[4..]].concat()),
        named("BAK-06", "a file in the folder above", "../000007.sst"),
        named("BAK-06", "a file of the whole system", "/etc/passwd"),
        named("BAK-06", "a file that no database has", "000007.sh"),
        named("BAK-06", "a file without a name", ""),
        named("BAK-06", "a file that is the folder", "."),
        changed("BAK-06", "a file twice", &|manifest| manifest.files[1] = manifest.files[0].clone()),
        changed("BAK-06", "files change places", &|manifest| manifest.files.swap(0, 1)),
        changed("BAK-06", "no file that says which files count", &|manifest| drop(manifest.files.pop())),
        changed("BAK-06", "a channel that is a path", &|manifest| manifest.name = "../trade-a".into()),
        changed("BAK-06", "a channel without a name", &|manifest| manifest.name.clear()),
        changed("BAK-06", "a template that is a path", &|manifest| manifest.template = "a/b".into()),
        changed("BAK-07", "a file of 2^64 - 1 bytes", &|manifest| manifest.files[0].bytes = u64::MAX),
        changed("BAK-07", "files of more than there is", &|manifest| manifest.files[0].bytes = 1 << 21),
        changed("BAK-07", "something behind the files", &|manifest| {
            manifest.files[1].bytes -= 1;
            manifest.files[1].hash = parclose_crypto::hash::sha256(b"MANIFEST-000005");
        }),
        changed("BAK-08", "a file of another hash", &|manifest| manifest.files[0].hash[0] ^= 1),
        with("BAK-08", "a file of another content", flip(good, good.len() - 1)),
    ]
}
