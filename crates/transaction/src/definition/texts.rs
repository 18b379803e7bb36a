//! The three texts of a definition, as a template folder holds them and as the members vote on them.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::hash;
use parclose_types::{DefinitionDigest, labels};

/// The texts of a definition.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct DefinitionTexts {
    /// `channel.toml`
    pub channel_toml: String,
    /// `policy.cedar`
    pub policy: String,
    /// `policy.cedarschema`
    pub policy_schema: String,
}

impl DefinitionTexts {
    /// `H("definition", channel.toml, policy, policy schema)`: two members cannot hold different
    /// definitions of one version.
    #[must_use]
    pub fn digest(&self) -> DefinitionDigest {
        DefinitionDigest(hash(
            labels::DEFINITION,
            &[self.channel_toml.as_bytes(), self.policy.as_bytes(), self.policy_schema.as_bytes()],
        ))
    }
}
