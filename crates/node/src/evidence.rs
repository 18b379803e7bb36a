//! What a member can show of others that have signed what they should not have.

use parclose_audit::{Evidence, Misconduct};
use parclose_channel::{Channel, ChannelError};
use parclose_consensus::RootChain;
use parclose_keys::PseudonymCertificate;
use parclose_root::{Anchor, RootTransaction};
use parclose_types::PublicKey;

use crate::room::Halt;

/// All that a member has against others of a channel. `halt` says why the channel has stopped here, if it has.
///
/// # Rules
///
/// > MIS-13: whoever endorsed the batch that stopped a channel is accused by the rule that stopped it, and of a missing batch only once the channel has stopped for it.
pub fn collect(
    channel: &Channel,
    root: &dyn RootChain,
    halt: Option<&Halt>,
) -> Result<Vec<Evidence>, ChannelError> {
    let mut found = Vec::new();
    for (certificate, said) in channel.misconduct()? {
        let of = (said.header.channel, said.header.generation);
        let misconduct = match channel.contradiction(&said)? {
            Some(other) => Misconduct::Contradiction { first: other, second: said },
            None => Misconduct::FalseState { said },
        };
        found.push(Evidence::against(of, vec![certificate], misconduct));
    }
    found.extend(of_anchor(channel, root, halt)?);
    Ok(found)
}

/// Against the endorsers of the anchor that is next and cannot be executed.
fn of_anchor(
    channel: &Channel,
    root: &dyn RootChain,
    halt: Option<&Halt>,
) -> Result<Option<Evidence>, ChannelError> {
    let Some(rule) = halt.map(|halt| halt.rule) else { return Ok(None) };
    let Some(next) = channel.head().map(|head| head.next) else { return Ok(None) };
    let unreadable = |_| ChannelError::Unknown { what: "event of the root chain" };
    let events = root.events(&channel.tag(), next, 1).map_err(unreadable)?;
    let Some(RootTransaction::Anchor(anchor)) = events.first().map(|event| &event.transaction) else {
        return Ok(None);
    };
    let proof = root.prove(&channel.tag(), next).map_err(unreadable)?;
    let (Some(proof), true) = (proof, anchor.generation == channel.config().generation) else {
        return Ok(None);
    };
    let proof = Box::new(proof);
    let misconduct = match channel.opening_of(&anchor.commitment)? {
        Some(opening) if rule == "CHA-03" => {
            Misconduct::Certified { said: opening.signed, blinder: opening.blinder, anchor: proof }
        }
        None if rule == "CHA-02" => Misconduct::Withheld { anchor: proof },
        _ => return Ok(None),
    };
    let of = (channel.config().channel, channel.config().generation);
    // Proven after the anchor, so that none is missing.
    let changes = root.prove_changes().map_err(unreadable)?;
    Ok(Some(Evidence::against(of, signers(channel, anchor), misconduct).with_changes(changes)))
}

fn signers(channel: &Channel, anchor: &Anchor) -> Vec<PseudonymCertificate> {
    let known = channel.config().pseudonyms();
    let signers =
        anchor.certificate.signatures.iter().filter_map(|(index, _)| known.get(usize::from(*index)));
    let certificate = |signer: &PublicKey| Some(channel.config().member(signer)?.certificate.clone());
    signers.filter_map(certificate).collect()
}
