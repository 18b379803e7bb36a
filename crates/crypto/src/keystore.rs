//! A 32-byte secret sealed under a passphrase (specs/04-cryptography.md, keystore).
//!
//! ```text
//!   passphrase --Argon2id(cost, salt)--> PRK --KDF(header)--> key || com --XChaCha20-Poly1305--> ct
//!
//!   sealed key, 153 bytes, integers big-endian
//!   "PCLK" | version u8 | memory KiB u32 | passes u32 | lanes u32 | salt 32 | nonce 24 | com 32 | ct 48
//!   `----------------------------- header, 73 bytes -------------------------------'
//! ```
//!
//! The key commitment `com` is compared before anything is decrypted: a wrong passphrase and a damaged file
//! are told apart, and one file that opens under many passphrases, which would let a guesser try them all
//! at once, cannot be made. What is asked of memory and time stands in the file, so it is bounded on both
//! sides before a byte is allocated.
//!
//! A (key, nonce) pair cannot repeat: salt and nonce are fresh for every sealing, and the key is derived
//! from both.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{Tag, XChaCha20Poly1305, XNonce};
use parclose_types::{Failure, Fault, enc, labels};
use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::kdf::expand;
use crate::locked::LockedPage;
use crate::passphrase::Passphrase;
use crate::secret::Secret;

/// Bytes of a header.
pub const HEADER_BYTES: usize = 73;
/// Bytes of a sealed key.
pub const SEALED_KEY_BYTES: usize = HEADER_BYTES + 32 + CIPHERTEXT_BYTES;
const CIPHERTEXT_BYTES: usize = 32 + 16;
const MAGIC: &[u8; 4] = b"PCLK";
const VERSION: u8 = 1;

/// What one guess of a passphrase costs: parameters of Argon2id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// memory, KiB
    pub memory_kib: u32,
    /// passes over the memory
    pub passes: u32,
    /// lanes; computed one after another here
    pub lanes: u32,
}

impl Cost {
    /// For passphrases of people: RFC 9106 section 4, the second recommended option.
    pub const STANDARD: Self = Self { memory_kib: 64 << 10, passes: 3, lanes: 4 };
    /// The least that is accepted, and what random passphrases get: OWASP Password Storage Cheat Sheet.
    pub const FLOOR: Self = Self { memory_kib: 19 << 10, passes: 2, lanes: 1 };
    /// The most that is accepted: 1 GiB.
    pub const CEILING: Self = Self { memory_kib: 1 << 20, passes: 10, lanes: 16 };

    /// # Rules
    ///
    /// > KST-01: a cost below the floor or above the ceiling is refused before any memory is allocated.
    fn check(self) -> Result<Self, NotUnlocked> {
        let within =
            |value: u32, of: fn(&Self) -> u32| (of(&Self::FLOOR)..=of(&Self::CEILING)).contains(&value);
        let good = within(self.memory_kib, |cost| cost.memory_kib)
            && within(self.passes, |cost| cost.passes)
            && within(self.lanes, |cost| cost.lanes);
        if good { Ok(self) } else { Err(NotUnlocked::Cost(self)) }
    }
}

/// Why a sealed key does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotUnlocked {
    /// KST-01: it asks for too little or too much
    #[error("it asks for {} KiB, {} passes and {} lanes of Argon2id", .0.memory_kib, .0.passes, .0.lanes)]
    Cost(Cost),
    /// KST-03: another passphrase
    #[error("the passphrase is wrong")]
    WrongPassphrase,
    /// KST-04: the passphrase is right, and what it seals is not as it was
    #[error("it was changed after it was sealed")]
    Damaged,
    /// KST-05: not these bytes
    #[error("it is not a sealed key of version {VERSION}")]
    Form,
    /// KST-06: the system does not give the memory that the cost asks for
    #[error("there are no {} KiB of memory for Argon2id", .0.memory_kib)]
    NoMemory(Cost),
}

impl Failure for NotUnlocked {
    fn code(&self) -> &'static str {
        match self {
            Self::Cost(_) => "KEY_COST_REFUSED",
            Self::WrongPassphrase => "KEY_PASSPHRASE_WRONG",
            Self::Damaged => "KEY_FILE_DAMAGED",
            Self::Form => "NOT_A_KEY_FILE",
            Self::NoMemory(_) => "KEY_NO_MEMORY",
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Cost(_) => "KST-01",
            Self::WrongPassphrase => "KST-03",
            Self::Damaged => "KST-04",
            Self::Form => "KST-05",
            Self::NoMemory(_) => "KST-06",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Operator
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        match self {
            Self::Cost(_) | Self::Form => "give a key file made by `parclose key generate`",
            Self::WrongPassphrase => "give the passphrase of this file",
            Self::Damaged => "restore the file from a copy: its passphrase is right, its content is not",
            Self::NoMemory(_) => "free memory, or lift the limit of this process (`ulimit -v`)",
        }
        .into()
    }
}

/// What a sealing begins with: the cost, and fresh salt and nonce.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    cost: Cost,
    salt: [u8; 32],
    nonce: [u8; 24],
}

impl Header {
    /// A header for one sealing.
    ///
    /// # Rules
    ///
    /// > KST-02: salt and nonce are fresh for every sealing; key and key commitment come from one derivation over the whole header.
    pub fn fresh(cost: Cost, rng: &mut impl CryptoRng) -> Result<Self, NotUnlocked> {
        let mut header = Self { cost: cost.check()?, salt: [0; 32], nonce: [0; 24] };
        rng.fill_bytes(&mut header.salt);
        rng.fill_bytes(&mut header.nonce);
        Ok(header)
    }

    /// What it costs to open.
    #[must_use]
    pub fn cost(&self) -> Cost {
        self.cost
    }

    /// The salt of the passphrase.
    #[must_use]
    pub fn salt(&self) -> &[u8; 32] {
        &self.salt
    }

    fn encode(&self) -> Vec<u8> {
        let Cost { memory_kib, passes, lanes } = self.cost;
        let mut bytes = Vec::with_capacity(SEALED_KEY_BYTES);
        bytes.extend_from_slice(MAGIC);
        bytes.push(VERSION);
        for number in [memory_kib, passes, lanes] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        bytes.extend_from_slice(&self.salt);
        bytes.extend_from_slice(&self.nonce);
        bytes
    }
}

/// A passphrase after Argon2id, for the cost and salt it was stretched with.
pub struct Stretched(Secret);

impl Stretched {
    /// Stretches a passphrase: the whole cost of a guess.
    ///
    /// # Rules
    ///
    /// > KST-06: memory that the system does not give is an error, and what was used is wiped.
    pub fn from_passphrase(passphrase: &Passphrase, header: &Header) -> Result<Self, NotUnlocked> {
        let Cost { memory_kib, passes, lanes } = header.cost;
        // Parameters within our bounds are within Argon2's.
        let refused = |_| NotUnlocked::Cost(header.cost);
        let params = Params::new(memory_kib, passes, lanes, Some(32)).map_err(refused)?;
        let mut memory = Zeroizing::new(Vec::<Block>::new());
        memory.try_reserve_exact(params.block_count()).map_err(|_| NotUnlocked::NoMemory(header.cost))?;
        memory.resize(params.block_count(), Block::new());
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut done = Ok(());
        let stretched = Secret::locked(|out| {
            done = passphrase.expose(|bytes| {
                argon2.hash_password_into_with_memory(bytes, &header.salt, out, memory.as_mut_slice())
            });
        });
        done.map_err(refused)?;
        Ok(Self(stretched))
    }
}

impl std::fmt::Debug for Stretched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stretched(..)")
    }
}

/// A secret under a passphrase, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedKey {
    header: Header,
    commitment: [u8; 32],
    ciphertext: [u8; CIPHERTEXT_BYTES],
}

impl SealedKey {
    /// Seals a secret; `public` is what stands beside it in clear.
    ///
    /// # Rules
    ///
    /// > KST-04: header and public part are the associated data of a sealed key, so neither can be exchanged.
    ///
    /// # Panics
    ///
    /// Never: 32 bytes are within the cipher's limits.
    #[must_use]
    pub fn seal(header: Header, stretched: &Stretched, public: &[u8], secret: &Secret) -> Self {
        let keys = Keys::derive(stretched, &header);
        let mut sealed = Secret::locked(|bytes| secret.expose(|secret| bytes.copy_from_slice(secret)));
        let tag = keys
            .cipher()
            .encrypt_inout_detached(
                &nonce(&header),
                &place(&header, public),
                sealed.bytes_mut().as_mut_slice().into(),
            )
            .expect("32 bytes are within the limits");
        let mut ciphertext = [0; CIPHERTEXT_BYTES];
        ciphertext[..32].copy_from_slice(sealed.bytes_mut());
        ciphertext[32..].copy_from_slice(&tag);
        Self { commitment: *keys.commitment(), ciphertext, header }
    }

    /// Opens it with a passphrase that was stretched for its header.
    ///
    /// # Rules
    ///
    /// > KST-03: the key commitment is compared in constant time before anything is decrypted; another one means a wrong passphrase.
    pub fn open(&self, stretched: &Stretched, public: &[u8]) -> Result<Secret, NotUnlocked> {
        let keys = Keys::derive(stretched, &self.header);
        if !bool::from(keys.commitment().ct_eq(&self.commitment)) {
            return Err(NotUnlocked::WrongPassphrase);
        }
        let (sealed, tag) = self.ciphertext.split_at(32);
        let mut secret = Secret::locked(|bytes| bytes.copy_from_slice(sealed));
        let tag = Tag::try_from(tag).map_err(|_| NotUnlocked::Damaged)?;
        let place = place(&self.header, public);
        keys.cipher()
            .decrypt_inout_detached(
                &nonce(&self.header),
                &place,
                secret.bytes_mut().as_mut_slice().into(),
                &tag,
            )
            .map_err(|_| NotUnlocked::Damaged)?;
        Ok(secret)
    }

    /// What it begins with.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Its bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = self.header.encode();
        bytes.extend_from_slice(&self.commitment);
        bytes.extend_from_slice(&self.ciphertext);
        bytes
    }

    /// Reads its bytes; nothing is computed yet.
    ///
    /// # Rules
    ///
    /// > KST-05: a sealed key is 153 bytes with the magic, version 1, and a cost within its bounds.
    pub fn decode(bytes: &[u8]) -> Result<Self, NotUnlocked> {
        let mut rest = bytes;
        if take(&mut rest)? != *MAGIC || take(&mut rest)? != [VERSION] {
            return Err(NotUnlocked::Form);
        }
        let mut number = || take(&mut rest).map(u32::from_be_bytes);
        let cost = Cost { memory_kib: number()?, passes: number()?, lanes: number()? }.check()?;
        let header = Header { cost, salt: take(&mut rest)?, nonce: take(&mut rest)? };
        let sealed = Self { header, commitment: take(&mut rest)?, ciphertext: take(&mut rest)? };
        if rest.is_empty() { Ok(sealed) } else { Err(NotUnlocked::Form) }
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], NotUnlocked> {
    let (taken, left) = rest.split_first_chunk().ok_or(NotUnlocked::Form)?;
    *rest = left;
    Ok(*taken)
}

/// AEAD key and key commitment, side by side in a locked page.
struct Keys(LockedPage);

impl Keys {
    fn derive(stretched: &Stretched, header: &Header) -> Self {
        let mut okm = LockedPage::zeroed();
        let out = &mut okm.bytes_mut()[..64];
        stretched.0.expose(|prk| expand(prk, labels::KEYSTORE, &[&header.encode()], out));
        Self(okm)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new_from_slice(&self.0.bytes()[..32]).expect("32 bytes are a key")
    }

    fn commitment(&self) -> &[u8; 32] {
        self.0.bytes()[32..].first_chunk().expect("a page has 64 bytes")
    }
}

fn nonce(header: &Header) -> XNonce {
    XNonce::from(header.nonce)
}

fn place(header: &Header, public: &[u8]) -> Vec<u8> {
    enc(labels::KEYSTORE_PLACE, &[&header.encode(), public])
}

#[cfg(test)]
mod tests;
