//! Replies to whoever is behind, as a validator that cheats would write them.

use bytes::Bytes;
use malachite_app::app::types::codec::Codec;
use malachite_app::app::types::sync::Response;
use parclose_types::{PublicKey, SignatureBytes};

use crate::engine::{Address, EngineCodec, RootContext};

fn changed(
    response: &[u8],
    change: impl FnOnce(&mut malachite_sync::ValueResponse<RootContext>),
) -> Option<Vec<u8>> {
    let Response::ValueResponse(mut inside) = EngineCodec.decode(Bytes::copy_from_slice(response)).ok()?;
    change(&mut inside);
    EngineCodec.encode(&Response::ValueResponse(inside)).ok().map(|bytes| bytes.to_vec())
}

/// A reply whose certificates have other signatures; `None` if it is none.
pub fn with_signatures(
    response: &[u8],
    mut change: impl FnMut(&mut Vec<(PublicKey, SignatureBytes)>),
) -> Option<Vec<u8>> {
    changed(response, |inside| {
        for value in &mut inside.values {
            let signed = &mut value.certificate.commit_signatures;
            let mut signatures: Vec<_> = signed.iter().map(|one| (one.address.0, one.signature)).collect();
            change(&mut signatures);
            let made = |(key, signature)| malachite_core::ExtendedCommitSignature {
                address: Address(key),
                signature,
                extension: None,
            };
            *signed = signatures.into_iter().map(made).collect();
        }
    })
}

/// A reply whose blocks have other bytes; `None` if it is none.
pub fn with_blocks(response: &[u8], mut change: impl FnMut(&mut Vec<u8>)) -> Option<Vec<u8>> {
    changed(response, |inside| {
        for value in &mut inside.values {
            let mut block = value.value_bytes.to_vec();
            change(&mut block);
            value.value_bytes = block.into();
        }
    })
}
