//! Transcripts (merlin): from what a proof is for, and what it says, to its challenges.
//!
//! Each append stands in a table, in order, and tests take them away one by one. A challenge that does
//! not depend on something the prover chose has broken more than one proof system of others.

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use merlin::Transcript;
use parclose_types::{AssetId, labels};

use crate::asset::{RangeEngine, blinding_base, value_base};
use crate::statement::StatementDigest;

/// One append: its label and its bytes.
pub(crate) type Append = (&'static [u8], Vec<u8>);

/// A transcript of a use, after a table of appends.
pub(crate) fn transcript(label: &'static str, appends: &[Append]) -> Transcript {
    let mut transcript = Transcript::new(label.as_bytes());
    for (label, bytes) in appends {
        transcript.append_message(label, bytes);
    }
    transcript
}

/// What a range proof is for, before the proof system's own protocol.
///
/// That protocol takes in the commitments, but not the bases that they are over: this does.
pub(crate) fn range_appends(
    engine: RangeEngine,
    asset: &AssetId,
    statement: &StatementDigest,
) -> [Append; 4] {
    let encoded = |point: RistrettoPoint| point.compress().to_bytes().to_vec();
    [
        (b"statement", statement.as_bytes().to_vec()),
        (b"engine", vec![engine.byte()]),
        (b"value-base", encoded(value_base(asset))),
        (b"blinding-base", encoded(blinding_base())),
    ]
}

/// The transcript of a range proof, where the proof system takes over.
pub(crate) fn range(engine: RangeEngine, asset: &AssetId, statement: &StatementDigest) -> Transcript {
    transcript(labels::RANGE_PROOF, &range_appends(engine, asset, statement))
}

/// What a balance proof is for, before its nonce.
pub(crate) fn balance_appends(statement: &StatementDigest, excess: &[u8; 32]) -> [Append; 2] {
    [(b"statement", statement.as_bytes().to_vec()), (b"excess", excess.to_vec())]
}

/// The transcript of a balance proof, before its nonce.
pub(crate) fn balance(statement: &StatementDigest, excess: &[u8; 32]) -> Transcript {
    transcript(labels::BALANCE, &balance_appends(statement, excess))
}

/// A challenge: 64 bytes reduced, so that none is likelier than another.
pub(crate) fn challenge(transcript: &mut Transcript, label: &'static [u8]) -> Scalar {
    let mut wide = [0_u8; 64];
    transcript.challenge_bytes(label, &mut wide);
    Scalar::from_bytes_mod_order_wide(&wide)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::ASSET;

    fn first_challenge(label: &'static str, appends: &[Append]) -> Scalar {
        challenge(&mut transcript(label, appends), b"first")
    }

    /// Each append left out, each label changed, each byte of each message changed, each pair exchanged.
    fn changed(appends: &[Append]) -> Vec<Vec<Append>> {
        let mut all = Vec::new();
        for at in 0..appends.len() {
            let mut without = appends.to_vec();
            without.remove(at);
            let mut renamed = appends.to_vec();
            renamed[at].0 = b"another";
            all.extend([without, renamed]);
            for byte in 0..appends[at].1.len() {
                let mut flipped = appends.to_vec();
                flipped[at].1[byte] ^= 1;
                all.push(flipped);
            }
            if at > 0 {
                let mut exchanged = appends.to_vec();
                exchanged.swap(at - 1, at);
                all.push(exchanged);
            }
        }
        all
    }

    fn every_append_matters(label: &'static str, appends: &[Append], names: &[&str]) {
        let found: Vec<_> = appends.iter().map(|(name, _)| std::str::from_utf8(name).unwrap()).collect();
        assert_eq!(found, names, "the appends and their order are as specified");
        let right = first_challenge(label, appends);
        assert!(changed(appends).iter().all(|other| first_challenge(label, other) != right));
        assert_ne!(first_challenge("another", appends), right);
    }

    #[test]
    fn val_05_each_append_of_a_range_transcript_matters() {
        let appends = range_appends(RangeEngine::Bulletproofs, &ASSET, &StatementDigest::arbitrary(1));
        every_append_matters(
            labels::RANGE_PROOF,
            &appends,
            &["statement", "engine", "value-base", "blinding-base"],
        );
        let mut made = range(RangeEngine::Bulletproofs, &ASSET, &StatementDigest::arbitrary(1));
        assert_eq!(challenge(&mut made, b"first"), first_challenge(labels::RANGE_PROOF, &appends));
    }

    #[test]
    fn val_05_each_append_of_a_balance_transcript_matters() {
        let appends = balance_appends(&StatementDigest::arbitrary(1), &[2; 32]);
        every_append_matters(labels::BALANCE, &appends, &["statement", "excess"]);
        let mut made = balance(&StatementDigest::arbitrary(1), &[2; 32]);
        assert_eq!(challenge(&mut made, b"first"), first_challenge(labels::BALANCE, &appends));
    }

    /// The vector on which the implementations in Rust, Go and C agree.
    #[test]
    fn the_transcript_is_merlins() {
        let mut transcript = Transcript::new(b"test protocol");
        transcript.append_message(b"some label", b"some data");
        let mut challenge = [0_u8; 32];
        transcript.challenge_bytes(b"challenge", &mut challenge);
        assert_eq!(
            parclose_types::hex::encode(&challenge),
            "d5a21972d0d5fe320c0d263fac7fffb8145aa640af6e9bca177c03c7efcf0615"
        );
    }
}
