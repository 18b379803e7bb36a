//! A member inside one channel and generation: its pseudonym, and the certificate that binds it to
//! the identity. The certificate travels inside the channel only.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::{NotSigned, Secret, SigningKey, hash, verify, wrap};
use parclose_types::{ChannelId, Generation, PublicKey, SignatureBytes, labels};

/// A pseudonym's signing key.
#[derive(Debug)]
pub struct PseudonymKey(SigningKey);

impl PseudonymKey {
    pub(crate) fn from_seed(seed: &Secret) -> Self {
        Self(SigningKey::from_seed(seed))
    }

    /// The pseudonym.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.0.public()
    }

    /// Signs as this pseudonym.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> SignatureBytes {
        self.0.sign(message)
    }

    /// The key itself, for statements that have a form of their own: an issuer's (chapter 13).
    #[must_use]
    pub fn signing_key(&self) -> &SigningKey {
        &self.0
    }
}

/// Identity, pseudonym and one-time encryption key of a member, bound by both keys' signatures.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct PseudonymCertificate {
    /// the organisation's identity key
    pub identity: PublicKey,
    /// its key in this channel and generation
    pub pseudonym: PublicKey,
    /// one-time X-Wing public key, 1216 bytes
    pub encryption_key: Vec<u8>,
    /// roles, ascending
    pub roles: Vec<String>,
    /// by the identity key
    pub identity_signature: SignatureBytes,
    /// by the pseudonym: nobody can claim another's pseudonym
    pub pseudonym_signature: SignatureBytes,
}

impl PseudonymCertificate {
    /// Certifies a pseudonym.
    #[must_use]
    pub fn issue(
        identity: &SigningKey,
        pseudonym: &PseudonymKey,
        encryption_key: Vec<u8>,
        roles: Vec<String>,
        channel: &ChannelId,
        generation: Generation,
    ) -> Self {
        let mut certificate = Self {
            identity: identity.public(),
            pseudonym: pseudonym.public(),
            encryption_key,
            roles,
            identity_signature: SignatureBytes([0; 64]),
            pseudonym_signature: SignatureBytes([0; 64]),
        };
        let statement = certificate.statement(channel, generation);
        certificate.identity_signature = identity.sign(&statement);
        certificate.pseudonym_signature = pseudonym.sign(&statement);
        certificate
    }

    /// Verifies both signatures, and that secrets can be wrapped to the encryption key: a member with a key
    /// that is none would keep everybody else from dealing.
    ///
    /// # Rules
    ///
    /// > KEY-04: identity and pseudonym both sign their binding, with channel, generation, encryption key and roles.
    /// > KEY-13: a certificate's encryption key is an X-Wing public key.
    pub fn verify(&self, channel: &ChannelId, generation: Generation) -> Result<(), NotSigned> {
        wrap::check_public_key(&self.encryption_key).map_err(|_| NotSigned)?;
        let statement = self.statement(channel, generation);
        verify(&self.identity, &statement, &self.identity_signature)?;
        verify(&self.pseudonym, &statement, &self.pseudonym_signature)
    }

    fn statement(&self, channel: &ChannelId, generation: Generation) -> [u8; 32] {
        hash(
            labels::PSEUDONYM_CERT,
            &[
                self.identity.as_ref(),
                self.pseudonym.as_ref(),
                &self.encryption_key,
                channel.as_ref(),
                &generation.0.to_be_bytes(),
                &parclose_types::encode(&self.roles),
            ],
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::member::hazmat::member_from_bytes;

    fn one_time(seed: u8) -> Vec<u8> {
        let secret = parclose_crypto::secret::hazmat::secret_from_bytes([seed; 32]);
        wrap::UnwrapKey::from_secret(&secret).public().to_vec()
    }

    #[test]
    fn key_13_a_certificate_without_an_encryption_key_does_not_verify() {
        let (member, channel) = (member_from_bytes([1; 32]), ChannelId([1; 32]));
        let pseudonym = member.pseudonym(&channel, Generation(0));
        let with = |key: Vec<u8>| {
            let roles = vec!["bank".into()];
            let signed = PseudonymCertificate::issue(
                &member.identity(),
                &pseudonym,
                key,
                roles,
                &channel,
                Generation(0),
            );
            signed.verify(&channel, Generation(0)).is_ok()
        };
        assert!(with(one_time(7)));
        assert!(!with(Vec::new()) && !with(vec![7; 8]));
        assert!(!with(one_time(7)[1..].to_vec()) && !with([one_time(7), vec![0]].concat()));
        // Coefficients of the lattice part are below the modulus.
        assert!(!with([vec![0xFF; 1184], one_time(7)[1184..].to_vec()].concat()));
    }

    #[test]
    fn key_04_every_part_of_the_binding_is_signed() {
        let (member, channel) = (member_from_bytes([1; 32]), ChannelId([1; 32]));
        let pseudonym = member.pseudonym(&channel, Generation(0));
        let good = PseudonymCertificate::issue(
            &member.identity(),
            &pseudonym,
            one_time(7),
            vec!["bank".into()],
            &channel,
            Generation(0),
        );
        let holds = |c: &PseudonymCertificate| c.verify(&channel, Generation(0)).is_ok();
        assert!(holds(&good));
        assert!(good.verify(&ChannelId([2; 32]), Generation(0)).is_err());
        assert!(good.verify(&channel, Generation(1)).is_err());
        let mallory = member_from_bytes([2; 32]);
        assert!(!holds(&PseudonymCertificate { identity: mallory.identity().public(), ..good.clone() }));
        assert!(!holds(&PseudonymCertificate { pseudonym: mallory.identity().public(), ..good.clone() }));
        assert!(!holds(&PseudonymCertificate { encryption_key: one_time(8), ..good.clone() }));
        assert!(!holds(&PseudonymCertificate { roles: vec!["buyer".into()], ..good.clone() }));
        assert!(!holds(&PseudonymCertificate {
            pseudonym_signature: good.identity_signature,
            ..good.clone()
        }));
        assert!(!holds(&PseudonymCertificate { identity_signature: good.pseudonym_signature, ..good }));
    }
}
