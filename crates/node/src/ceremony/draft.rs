//! `consortium.toml`: what the members agree on before there is a network.

use parclose_root::Parameters;
use parclose_types::Digest;
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};

use super::CeremonyError;

/// A draft, in bytes.
pub const DRAFT_BYTES_MAX: usize = 16 << 10;

/// The agreement of a consortium to come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// the consortium's name for its network
    pub name: String,
    /// random, so that two networks of one consortium differ
    pub nonce: Digest,
    /// what holds for the life of the network
    pub parameters: Parameters,
}

impl Draft {
    /// A draft with the usual parameters.
    #[must_use]
    pub fn new(name: &str, rng: &mut impl CryptoRng) -> Self {
        let mut nonce = [0_u8; 32];
        rng.fill_bytes(&mut nonce);
        Self { name: name.into(), nonce: Digest(nonce), parameters: Parameters::default() }
    }

    /// Reads one.
    ///
    /// # Rules
    ///
    /// > CER-08: a consortium.toml is TOML of at most 16 KiB with a name, a nonce, every parameter and nothing else.
    pub fn parse(bytes: &[u8]) -> Result<Self, CeremonyError> {
        let refused = |reason: String| CeremonyError::NotADraft { reason };
        if bytes.len() > DRAFT_BYTES_MAX {
            return Err(refused(format!("larger than {DRAFT_BYTES_MAX} bytes")));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| refused("it is not UTF-8".into()))?;
        toml::from_str(text).map_err(|e| {
            let before = e.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            refused(format!("line {}: {}", before.matches('\n').count() + 1, e.message()))
        })
    }

    /// Its text, with what each line means.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let Parameters { window, anchors_per_tag_and_block, unexpired_per_tag, opens_per_block } =
            self.parameters;
        let name = toml::Value::String(self.name.clone());
        let nonce = self.nonce;
        format!(
            "# What the members of a consortium agree on. Everybody concludes from the same file and the same cards:\n\
             #   parclose consortium genesis --draft consortium.toml --out DIR CARD...\n\
             # and compares the network id. None of this changes in the life of the network.\n\n\
             # the consortium's name for its network\n\
             name = {name}\n\
             # random: two networks of one consortium differ\n\
             nonce = \"{nonce}\"\n\n\
             [parameters]\n\
             # how far ahead the last height may lie in which a batch can be ordered, in heights\n\
             window = {window}\n\
             # batches of one channel in one block\n\
             anchors_per_tag_and_block = {anchors_per_tag_and_block}\n\
             # batches of one channel that are remembered until their last height has passed\n\
             unexpired_per_tag = {unexpired_per_tag}\n\
             # channels opened in one block\n\
             opens_per_block = {opens_per_block}\n"
        )
    }
}
