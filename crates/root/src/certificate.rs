//! Channel certificates: exactly t signatures of a channel's endorsers under one statement.
//!
//! Exactly t, in index order, so that a set of endorsers cannot pad a certificate and a verifier's work
//! is bounded by the keys it already knows. FROST group keys can replace the list behind this type.

use std::collections::BTreeMap;

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::verify;
use parclose_types::{Failure, Fault, PublicKey, SignatureBytes};

use crate::keys::GenerationKeys;

/// One endorser's signature under a statement.
pub type Endorsement = (PublicKey, SignatureBytes);

/// Why a certificate does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotCertified {
    /// ROO-08: more or fewer signatures than the threshold.
    #[error("a certificate of this channel holds exactly {threshold} signatures, not {got}")]
    Count {
        /// signatures needed
        threshold: u16,
        /// signatures found
        got: usize,
    },
    /// ROO-09: an index twice, or out of order.
    #[error("the signatures are not in strictly ascending order of their endorsers")]
    Unsorted,
    /// ROO-10: no endorser has this index.
    #[error("there is no endorser {index}")]
    UnknownEndorser {
        /// index found
        index: u16,
    },
    /// ROO-11: a signature does not verify under the statement.
    #[error("the signature of endorser {index} does not verify")]
    Signature {
        /// index of the endorser
        index: u16,
    },
}

impl Failure for NotCertified {
    fn code(&self) -> &'static str {
        "NOT_CERTIFIED"
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Count { .. } => "ROO-08",
            Self::Unsorted => "ROO-09",
            Self::UnknownEndorser { .. } => "ROO-10",
            Self::Signature { .. } => "ROO-11",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Sender
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        "assemble the certificate anew from endorsements that verify under the channel's current keys".into()
    }
}

/// Signatures of exactly t endorsers, each with its endorser's index, ascending.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Certificate {
    /// index of the endorser in the generation's keys, and its signature
    pub signatures: Vec<(u16, SignatureBytes)>,
}

impl Certificate {
    /// Makes a certificate of the first t known endorsers, by index; `None` while there are fewer.
    ///
    /// Endorsements are taken as they are: verify each when it arrives, with [`verify_endorsement`].
    #[must_use]
    pub fn assemble(keys: &GenerationKeys, endorsements: &[Endorsement]) -> Option<Self> {
        let known: BTreeMap<u16, SignatureBytes> = endorsements
            .iter()
            .filter_map(|(endorser, signature)| Some((keys.index_of(endorser)?, *signature)))
            .collect();
        let threshold = usize::from(keys.threshold());
        (known.len() >= threshold).then(|| Self { signatures: known.into_iter().take(threshold).collect() })
    }

    /// Verifies this certificate over `signed`, the signing bytes of a statement.
    ///
    /// # Rules
    ///
    /// > ROO-08: a certificate holds exactly as many signatures as the channel's threshold.
    /// > ROO-09: its signatures stand in strictly ascending order of their endorsers' indexes.
    /// > ROO-10: each of its signatures is of an endorser of the channel's current generation.
    /// > ROO-11: each of its signatures verifies, by the strict rule, under exactly the statement's bytes.
    pub fn verify(&self, keys: &GenerationKeys, signed: &[u8]) -> Result<(), NotCertified> {
        let (threshold, got) = (keys.threshold(), self.signatures.len());
        if got != usize::from(threshold) {
            return Err(NotCertified::Count { threshold, got });
        }
        if !self.signatures.is_sorted_by(|(a, _), (b, _)| a < b) {
            return Err(NotCertified::Unsorted);
        }
        self.signatures.iter().try_for_each(|(index, signature)| {
            let endorser = keys.endorser(*index).ok_or(NotCertified::UnknownEndorser { index: *index })?;
            verify(endorser, signed, signature).map_err(|_| NotCertified::Signature { index: *index })
        })
    }
}

/// Verifies one endorsement and returns its endorser's index; `None` if it is a stranger's or does not
/// verify.
#[must_use]
pub fn verify_endorsement(
    keys: &GenerationKeys,
    signed: &[u8],
    (endorser, signature): &Endorsement,
) -> Option<u16> {
    let index = keys.index_of(endorser)?;
    verify(endorser, signed, signature).is_ok().then_some(index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{Members, statement};

    #[test]
    fn a_certificate_is_the_first_t_known_endorsements_in_index_order() {
        let members = Members::new(5, 3);
        let signed = b"statement";
        let mut endorsements = members.endorse_all(signed);
        endorsements.reverse();
        endorsements.push(Members::new(1, 1).endorse(0, signed));
        endorsements.push(endorsements[2]);
        let certificate = Certificate::assemble(members.keys(), &endorsements).unwrap();
        let indexes: Vec<u16> = certificate.signatures.iter().map(|(index, _)| *index).collect();
        assert_eq!(indexes, [0, 1, 2]);
        assert_eq!(certificate.verify(members.keys(), signed), Ok(()));
        assert_eq!(Certificate::assemble(members.keys(), &endorsements[..2]), None);
    }

    #[test]
    fn roo_08_one_signature_more_or_fewer_is_refused() {
        let members = Members::new(5, 3);
        let signed = b"statement";
        let all: Vec<_> = (0..5).map(|i| (i, members.endorse(usize::from(i), signed).1)).collect();
        let mut more = Certificate { signatures: all[..4].to_vec() };
        assert_eq!(more.verify(members.keys(), signed), Err(NotCertified::Count { threshold: 3, got: 4 }));
        more.signatures.truncate(2);
        assert_eq!(more.verify(members.keys(), signed), Err(NotCertified::Count { threshold: 3, got: 2 }));
    }

    #[test]
    fn roo_09_one_endorser_cannot_count_twice() {
        let members = Members::new(3, 2);
        let (first, second) = (members.endorse(0, b"s").1, members.endorse(1, b"s").1);
        let twice = Certificate { signatures: vec![(0, first), (0, first)] };
        assert_eq!(twice.verify(members.keys(), b"s"), Err(NotCertified::Unsorted));
        let swapped = Certificate { signatures: vec![(1, second), (0, first)] };
        assert_eq!(swapped.verify(members.keys(), b"s"), Err(NotCertified::Unsorted));
    }

    #[test]
    fn roo_10_a_strangers_index_is_refused() {
        let members = Members::new(3, 2);
        let certificate = Certificate {
            signatures: vec![(0, members.endorse(0, b"s").1), (3, members.endorse(1, b"s").1)],
        };
        assert_eq!(certificate.verify(members.keys(), b"s"), Err(NotCertified::UnknownEndorser { index: 3 }));
    }

    #[test]
    fn roo_11_a_signature_of_another_key_or_statement_is_refused() {
        let members = Members::new(3, 2);
        let good = members.certify(b"s");
        assert_eq!(good.verify(members.keys(), b"t"), Err(NotCertified::Signature { index: 0 }));
        let mut swapped = good.clone();
        swapped.signatures[1].1 = members.endorse(2, b"s").1;
        assert_eq!(swapped.verify(members.keys(), b"s"), Err(NotCertified::Signature { index: 1 }));
        let mut bent = good;
        bent.signatures[0].1.0[63] ^= 0x40;
        assert_eq!(bent.verify(members.keys(), b"s"), Err(NotCertified::Signature { index: 0 }));
    }

    #[test]
    fn roo_11_every_field_of_a_statement_is_signed() {
        use parclose_types::{ChannelCommitment, Digest, Generation, Height, NetworkId, Sequence, Tag};
        let members = Members::new(3, 2);
        let made = statement(&members);
        let certificate = members.certify(&made.signing_bytes());
        let changed = [
            crate::Statement { network: NetworkId([1; 32]), ..made },
            crate::Statement { tag: Tag([1; 32]), ..made },
            crate::Statement { generation: Generation(1), ..made },
            crate::Statement { commitment: ChannelCommitment(Digest([1; 32])), ..made },
            crate::Statement { attested: Sequence(1), ..made },
            crate::Statement { last_height: Height(8), ..made },
        ];
        assert!(certificate.verify(members.keys(), &made.signing_bytes()).is_ok());
        for other in changed {
            assert!(certificate.verify(members.keys(), &other.signing_bytes()).is_err(), "{other:?}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_certificate_is_told_with_its_rule() {
        let all = [
            (NotCertified::Count { threshold: 3, got: 4 }, "ROO-08"),
            (NotCertified::Unsorted, "ROO-09"),
            (NotCertified::UnknownEndorser { index: 3 }, "ROO-10"),
            (NotCertified::Signature { index: 3 }, "ROO-11"),
        ];
        for (reason, rule) in all {
            assert_eq!((reason.code(), reason.rule()), ("NOT_CERTIFIED", rule));
            assert_eq!((reason.fault(), reason.definite()), (Fault::Sender, true));
            assert!(reason.fix().contains("verify under the channel's current keys"), "{}", reason.fix());
        }
    }

    #[test]
    fn an_endorsement_is_verified_when_it_arrives() {
        let (members, stranger) = (Members::new(3, 2), Members::new(1, 1));
        assert_eq!(verify_endorsement(members.keys(), b"s", &members.endorse(2, b"s")), Some(2));
        assert_eq!(verify_endorsement(members.keys(), b"t", &members.endorse(2, b"s")), None);
        assert_eq!(verify_endorsement(members.keys(), b"s", &stranger.endorse(0, b"s")), None);
    }
}
