//! Compressed members inside other bytes: found by their magic, and opened.
//!
//! Whatever opens is searched like the rest. A magic that stands there by chance opens to nothing.

use std::io::Read;

/// A way to compress.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// RFC 1952
    Gzip,
    /// RFC 8878
    Zstd,
    /// the framed form
    Snappy,
    /// the frame of LZ4
    Lz4,
}

/// All of them, with what they begin with.
pub const FORMS: [(Form, &[u8]); 4] = [
    (Form::Gzip, &[0x1F, 0x8B, 0x08]),
    (Form::Zstd, &[0x28, 0xB5, 0x2F, 0xFD]),
    (Form::Snappy, b"\xFF\x06\x00\x00sNaPpY"),
    (Form::Lz4, &[0x04, 0x22, 0x4D, 0x18]),
];

/// Nothing that a node writes is larger; a bomb is cut off here.
const MEMBER_BYTES_MAX: u64 = 64 << 20;
/// A member in a member, and one more.
pub const DEPTH_MAX: usize = 3;

/// Opens every member of `bytes`.
pub fn each_member(bytes: &[u8], mut see: impl FnMut(Form, &[u8])) {
    for (form, magic) in FORMS {
        let [first, ..] = magic else { continue };
        let mut from = 0;
        while let Some(rest) = bytes.get(from..)
            && let Some(at) = rest.iter().position(|byte| byte == first)
        {
            from += at;
            if let Some(member) = bytes.get(from..).filter(|rest| rest.starts_with(magic)) {
                let opened = opened(form, member);
                if !opened.is_empty() {
                    see(form, &opened);
                }
            }
            from += 1;
        }
    }
}

/// What a member holds, as far as it can be read: what stands after it is somebody else's.
fn opened(form: Form, member: &[u8]) -> Vec<u8> {
    match form {
        Form::Gzip => all_of(flate2::read::GzDecoder::new(member)),
        Form::Zstd => ruzstd::decoding::StreamingDecoder::new(member).map(all_of).unwrap_or_default(),
        Form::Snappy => all_of(snap::read::FrameDecoder::new(member)),
        Form::Lz4 => all_of(lz4_flex::frame::FrameDecoder::new(member)),
    }
}

/// In pieces: what was read before a fault counts.
fn all_of(from: impl Read) -> Vec<u8> {
    let (mut from, mut bytes, mut piece) = (from.take(MEMBER_BYTES_MAX), Vec::new(), [0; 4096]);
    while let Ok(n @ 1..) = from.read(&mut piece) {
        bytes.extend_from_slice(piece.get(..n).unwrap_or_default());
    }
    bytes
}

/// Compresses, so that a planted leak can be hidden in each form.
pub fn compress(form: Form, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    use std::io::Write;
    match form {
        Form::Gzip => {
            let mut to = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            to.write_all(bytes)?;
            to.finish()
        }
        Form::Zstd => {
            Ok(ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest))
        }
        Form::Snappy => {
            let mut to = snap::write::FrameEncoder::new(Vec::new());
            to.write_all(bytes)?;
            to.into_inner().map_err(|failed| std::io::Error::other(failed.to_string()))
        }
        Form::Lz4 => {
            let mut to = lz4_flex::frame::FrameEncoder::new(Vec::new());
            to.write_all(bytes)?;
            to.finish().map_err(std::io::Error::other)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that compress, so that nothing stands in the clear inside.
    fn text() -> Vec<u8> {
        (0..400).flat_map(|at: u32| format!("line {} of a secret;", at % 7).into_bytes()).collect()
    }

    #[test]
    fn a_member_of_each_form_opens_in_the_middle_of_other_bytes() {
        for (form, _) in FORMS {
            let packed = compress(form, &text()).expect("memory takes all");
            assert!(packed.len() < text().len() || form == Form::Zstd, "{form:?}");
            let whole = [&[9; 33][..], &packed, &[8; 21]].concat();
            let mut seen = Vec::new();
            each_member(&whole, |of, opened| seen.push((of, opened.to_vec())));
            assert_eq!(seen, [(form, text())], "{form:?}");
        }
    }

    #[test]
    fn a_magic_by_chance_and_a_member_cut_short_do_no_harm() {
        for (form, magic) in FORMS {
            let mut seen = 0;
            each_member(&[magic, &[0xEE; 100]].concat(), |_, opened| seen += opened.len());
            assert!(seen < 100, "{form:?}");
            let packed = compress(form, &text()).expect("memory takes all");
            each_member(&packed[..packed.len() / 2], |_, _| {});
        }
    }
}
