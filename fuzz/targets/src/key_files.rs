//! Key files, which are carried from machine to machine, and the sealed keys in them.

use std::sync::LazyLock;

use parclose_crypto::keystore::{Cost, Header, NotUnlocked, SealedKey, Stretched};
use parclose_crypto::{Passphrase, Secret};
use parclose_node::key_file::form::{KeyFile, PublicPart};
use parclose_node::key_file::{KeyKind, Unusable};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::Reached;

/// One key that its owner sealed, with the stretched passphrase: stretching it takes a fuzzer's time.
pub struct Honest {
    /// its file
    pub file: KeyFile,
    stretched: Stretched,
    secret: Secret,
}

impl std::fmt::Debug for Honest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Honest(..)")
    }
}

/// A member's and a regulator's key.
pub static HONEST: LazyLock<[Honest; 2]> = LazyLock::new(|| {
    [(KeyKind::Member, Some("bank-1"), 32, 1), (KeyKind::Regulator, None, 1216, 2)].map(seal)
});

impl Honest {
    /// Opens a sealed key with this owner's passphrase, as the key of its public part.
    pub(crate) fn open(&self, sealed: &SealedKey) -> Result<(), NotUnlocked> {
        sealed.open(&self.stretched, &self.file.public.bytes()).map(drop)
    }
}

fn seal((kind, name, public_bytes, seed): (KeyKind, Option<&str>, usize, u8)) -> Honest {
    let passphrase = Passphrase::read(&mut &b"correct horse"[..]).expect("it is a passphrase");
    let header =
        Header::fresh(Cost::FLOOR, &mut ChaCha20Rng::from_seed([seed; 32])).expect("the floor is enough");
    let stretched = Stretched::from_passphrase(&passphrase, &header).expect("there is memory");
    let public = PublicPart { kind, name: name.map(str::to_owned), public: vec![seed; public_bytes] };
    let secret = Secret::locked(|bytes| bytes.fill(seed));
    let sealed = SealedKey::seal(header, &stretched, &public.bytes(), &secret);
    Honest { file: KeyFile { public, sealed }, stretched, secret }
}

/// A key file has one text; what opens is what its owner sealed, with the public part it was sealed with.
pub fn key_file(input: &[u8]) -> Reached {
    let file = match KeyFile::parse(input) {
        Ok(file) => file,
        Err(Unusable::NotAKeyFile(_) | Unusable::ClearText) => return Reached::Door,
        Err(_) => return Reached::Inside,
    };
    assert_eq!(file.to_text().as_bytes(), input, "a key file with two texts");
    let opened = HONEST.iter().filter(|honest| opens(honest, &file.sealed, &file.public.bytes()));
    let mut reached = Reached::Inside;
    for honest in opened {
        assert_eq!(file, honest.file, "a key file opens that nobody sealed");
        reached = Reached::Through;
    }
    reached
}

/// A sealed key has one encoding; under the owner's stretched passphrase only the owner's opens.
pub fn sealed_key(input: &[u8]) -> Reached {
    let Ok(sealed) = SealedKey::decode(input) else { return Reached::Door };
    assert_eq!(sealed.encode(), input, "a sealed key with two encodings");
    let opened = HONEST.iter().filter(|honest| opens(honest, &sealed, &honest.file.public.bytes()));
    let mut reached = Reached::Inside;
    for honest in opened {
        assert_eq!(sealed, honest.file.sealed, "a sealed key opens that nobody sealed");
        reached = Reached::Through;
    }
    reached
}

fn opens(honest: &Honest, sealed: &SealedKey, public: &[u8]) -> bool {
    let opened = sealed.open(&honest.stretched, public);
    assert!(
        opened.as_ref().is_ok_and(|secret| secret.same_as(&honest.secret)) || opened.is_err(),
        "another secret"
    );
    opened.is_ok()
}
