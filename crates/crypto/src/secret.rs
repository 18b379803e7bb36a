//! 32 secret bytes: boxed, wiped on drop, never printed, compared in constant time.
//!
//! Not `Clone`, not serialisable, no `Display`; `Debug` prints the name only. Opened by
//! [`Secret::expose`], so that every use is visible in a search.

use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// 32 secret bytes on the heap.
pub struct Secret(Box<Zeroizing<[u8; 32]>>);

impl Secret {
    /// Takes bytes that are wiped by their owner.
    #[must_use]
    pub fn from_zeroizing(bytes: &Zeroizing<[u8; 32]>) -> Self {
        Self(Box::new(bytes.clone()))
    }

    /// Draws a fresh secret.
    #[must_use]
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut bytes = Box::new(Zeroizing::new([0_u8; 32]));
        rng.fill_bytes(bytes.as_mut().as_mut());
        Self(bytes)
    }

    /// Lends the bytes to `use_bytes`.
    pub fn expose<T>(&self, use_bytes: impl FnOnce(&[u8; 32]) -> T) -> T {
        use_bytes(&self.0)
    }

    /// A second holder of the same secret, spelled out so that it can be searched for.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self(self.0.clone())
    }

    /// Compares in constant time.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        self.0.as_slice().ct_eq(other.0.as_slice()).into()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Makes secrets from raw bytes: for key files, unwrapped keys and vectors only.
pub mod hazmat {
    use super::Secret;
    use zeroize::Zeroizing;

    /// A secret from bytes that came from outside.
    #[must_use]
    pub fn secret_from_bytes(bytes: [u8; 32]) -> Secret {
        Secret::from_zeroizing(&Zeroizing::new(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_prints_its_name_only() {
        let secret = hazmat::secret_from_bytes([0xAB; 32]);
        assert_eq!(format!("{secret:?}"), "Secret(..)");
        assert!(secret.same_as(&secret.duplicate()));
        assert!(!secret.same_as(&hazmat::secret_from_bytes([0xAC; 32])));
    }
}
