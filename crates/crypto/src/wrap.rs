//! Key wraps: HPKE (RFC 9180) base mode, X-Wing + HKDF-SHA256 + ChaCha20Poly1305.
//!
//! Suite (0x647a, 0x0001, 0x0003). Everything stored for years is wrapped with a hybrid KEM:
//! secure while either X25519 or ML-KEM-768 holds. Base mode authenticates nobody; who dealt a
//! secret is shown by a signature over its check value (KEY-03).

use curve25519_dalek::MontgomeryPoint;
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::XWing;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::seal::DoesNotOpen;
use crate::secret::Secret;

/// Suite identifiers as they stand in every wrap: KEM, KDF, AEAD.
pub const SUITE: [u16; 3] = [0x647a, 0x0001, 0x0003];
/// Bytes of an X-Wing public key.
pub const PUBLIC_KEY_BYTES: usize = 1216;
/// Bytes of an encapsulated key.
pub const ENCAPSULATED_BYTES: usize = 1120;

/// Wraps `plaintext` to an X-Wing public key: 1120 encapsulated bytes, then ciphertext and tag.
pub fn wrap(
    recipient: &[u8],
    info: &[u8],
    aad: &[u8],
    plaintext: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, NotAKey> {
    let recipient = public_key(recipient)?;
    let (encapsulated, ciphertext) = hpke::single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, XWing>(
        &OpModeS::Base,
        &recipient,
        info,
        plaintext,
        aad,
        rng,
    )
    .map_err(|_| NotAKey)?;
    let mut wrap = encapsulated.to_bytes().to_vec();
    wrap.extend_from_slice(&ciphertext);
    Ok(wrap)
}

/// Whether bytes are a public key that [`wrap`] takes.
pub fn check_public_key(recipient: &[u8]) -> Result<(), NotAKey> {
    public_key(recipient).map(drop)
}

/// # Rules
///
/// > KEY-15: an X-Wing key whose X25519 part has a low order is wrapped to by nobody, and an encapsulated key with such a part opens for nobody.
fn public_key(bytes: &[u8]) -> Result<<XWing as Kem>::PublicKey, NotAKey> {
    if has_low_order(bytes) {
        return Err(NotAKey);
    }
    <XWing as Kem>::PublicKey::from_bytes(bytes).map_err(|_| NotAKey)
}

/// Whether the X25519 part of a public or an encapsulated key, its last 32 bytes, makes the exchange give zero whoever the
/// other is. X-Wing would rest on its other half then; RFC 7748 section 6.1 lets both sides refuse.
fn has_low_order(key: &[u8]) -> bool {
    // A clamped scalar is a multiple of the cofactor.
    key.last_chunk().is_none_or(|point| MontgomeryPoint(*point).mul_clamped([0; 32]).0 == [0; 32])
}

/// The bytes are not an X-Wing public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an X-Wing public key")]
pub struct NotAKey;

/// A one-time X-Wing key pair: opens one generation's wraps, then goes.
pub struct UnwrapKey {
    private: Box<<XWing as Kem>::PrivateKey>,
    public: Vec<u8>,
}

impl UnwrapKey {
    /// Draws a fresh key pair.
    #[must_use]
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let (private, public) = XWing::gen_keypair_with_rng(rng);
        Self { private: Box::new(private), public: public.to_bytes().to_vec() }
    }

    /// The key pair of a stored 32-byte private key.
    #[must_use]
    pub fn from_secret(secret: &Secret) -> Self {
        let private = secret
            .expose(|bytes| <XWing as Kem>::PrivateKey::from_bytes(bytes).map(Box::new))
            .expect("every 32 bytes are an X-Wing seed");
        let public = XWing::sk_to_pk(&private).to_bytes().to_vec();
        Self { private, public }
    }

    /// The private key as 32 bytes, for the sealed store.
    #[must_use]
    pub fn to_secret(&self) -> Secret {
        let mut bytes = Zeroizing::new([0_u8; 32]);
        bytes.copy_from_slice(&self.private.to_bytes());
        Secret::from_zeroizing(&bytes)
    }

    /// The public half, 1216 bytes.
    #[must_use]
    pub fn public(&self) -> &[u8] {
        &self.public
    }

    /// Opens a wrap made for this key, info and associated data.
    pub fn unwrap_with(
        &self,
        info: &[u8],
        aad: &[u8],
        wrap: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, DoesNotOpen> {
        let (encapsulated, ciphertext) = wrap.split_at_checked(ENCAPSULATED_BYTES).ok_or(DoesNotOpen)?;
        if has_low_order(encapsulated) {
            return Err(DoesNotOpen);
        }
        let encapsulated = <XWing as Kem>::EncappedKey::from_bytes(encapsulated).map_err(|_| DoesNotOpen)?;
        hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, XWing>(
            &OpModeR::Base,
            &self.private,
            &encapsulated,
            info,
            ciphertext,
            aad,
        )
        .map(Zeroizing::new)
        .map_err(|_| DoesNotOpen)
    }
}

impl std::fmt::Debug for UnwrapKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UnwrapKey(..)")
    }
}
