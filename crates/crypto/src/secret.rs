//! 32 secret bytes: boxed, wiped on drop, never printed, compared in constant time.
//!
//! Not `Clone`, not serialisable, no `Display`; `Debug` prints the name only. Opened by
//! [`Secret::expose`], so that every use is visible in a search. The bytes lie on the heap from the
//! start, so moving a secret copies a pointer; what opens everything else lies in a [`LockedPage`].

use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::locked::LockedPage;

/// 32 secret bytes on the heap.
pub struct Secret(Held);

enum Held {
    Boxed(Box<Zeroizing<[u8; 32]>>),
    Locked(LockedPage),
}

impl Secret {
    /// Takes bytes that are wiped by their owner.
    #[must_use]
    pub fn from_zeroizing(bytes: &Zeroizing<[u8; 32]>) -> Self {
        Self::boxed(|mine| mine.copy_from_slice(bytes.as_slice()))
    }

    /// Draws a fresh secret.
    #[must_use]
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self::boxed(|mine| rng.fill_bytes(mine))
    }

    /// A secret in a locked page, filled in place: for masters and for what opens them.
    #[must_use]
    pub fn locked(fill: impl FnOnce(&mut [u8; 32])) -> Self {
        let mut secret = Self(Held::Locked(LockedPage::zeroed()));
        fill(secret.bytes_mut());
        secret
    }

    fn boxed(fill: impl FnOnce(&mut [u8; 32])) -> Self {
        let mut secret = Self(Held::Boxed(Box::new(Zeroizing::new([0; 32]))));
        fill(secret.bytes_mut());
        secret
    }

    /// Lends the bytes to `use_bytes`.
    pub fn expose<T>(&self, use_bytes: impl FnOnce(&[u8; 32]) -> T) -> T {
        use_bytes(self.bytes())
    }

    /// A second holder of the same secret, spelled out so that it can be searched for.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        let copy = |mine: &mut [u8; 32]| mine.copy_from_slice(self.bytes());
        match &self.0 {
            Held::Boxed(_) => Self::boxed(copy),
            Held::Locked(_) => Self::locked(copy),
        }
    }

    /// Compares in constant time.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        self.bytes().ct_eq(other.bytes()).into()
    }

    fn bytes(&self) -> &[u8; 32] {
        match &self.0 {
            Held::Boxed(bytes) => bytes,
            Held::Locked(page) => page.bytes().first_chunk().expect("a page has 32 bytes"),
        }
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8; 32] {
        match &mut self.0 {
            Held::Boxed(bytes) => bytes,
            Held::Locked(page) => page.bytes_mut().first_chunk_mut().expect("a page has 32 bytes"),
        }
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

    #[test]
    fn a_locked_secret_is_a_secret_like_others() {
        let locked = Secret::locked(|bytes| bytes.fill(0xAB));
        assert_eq!(format!("{locked:?}"), "Secret(..)");
        assert!(locked.same_as(&hazmat::secret_from_bytes([0xAB; 32])));
        assert!(locked.duplicate().same_as(&locked));
        assert!(matches!(locked.duplicate().0, Held::Locked(_)), "a copy is no less protected");
        assert_eq!(locked.expose(|bytes| bytes[31]), 0xAB);
    }
}
