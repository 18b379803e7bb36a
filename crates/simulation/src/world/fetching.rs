//! Who is behind asks whoever is further.

use std::time::Duration;

use parclose_consensus::hazmat::{with_blocks, with_signatures};
use parclose_types::{Height, PublicKey};

use super::{Event, World, add};
use crate::checker::Violation;
use crate::traitor::Manner;

/// Blocks that are asked for at a time.
const AT_A_TIME: u64 = 20;
/// How long a reply is waited for.
const REPLY: Duration = Duration::from_secs(5);
/// How long somebody is not asked again who has cheated.
const AVOIDED: Duration = Duration::from_secs(20);

impl World {
    /// Somebody says how far it is.
    pub(super) fn status(&mut self, from: usize, to: usize, head: u64) -> Result<(), Violation> {
        let now = self.queue.now();
        let Some(name) = self.machines.get(from).map(|machine| machine.name) else { return Ok(()) };
        let Some(machine) = self.machines.get_mut(to) else { return Ok(()) };
        let Some(own) = machine.validator.as_ref().map(|validator| validator.head().0) else { return Ok(()) };
        let avoids = machine.avoids.get(&name).is_some_and(|until| *until > now);
        if head <= own || machine.asks_until > now || avoids {
            return Ok(());
        }
        machine.asks_until = now.saturating_add(REPLY);
        let first = own.saturating_add(1);
        self.send(to, from, |from, to| Event::Ask { from, to, first });
        Ok(())
    }

    /// Somebody is asked for blocks.
    pub(super) fn asked(&mut self, from: usize, to: usize, first: u64) -> Result<(), Violation> {
        let last = Height(first.saturating_add(AT_A_TIME));
        let manner = self.machines.get(to).and_then(|machine| machine.manner);
        let Some(validator) = self.machines.get_mut(to).and_then(|machine| machine.validator.as_mut()) else {
            return Ok(());
        };
        let served = match validator.serve(Height(first), last) {
            Ok(served) => served,
            Err(reason) => return self.stopped(to, &reason),
        };
        let bytes = self.forged(manner, served);
        add(&mut self.reached, "blocks are served");
        self.send(to, from, |from, to| Event::Reply { from, to, bytes: bytes.clone() });
        Ok(())
    }

    /// A reply, as somebody who cheats changes it.
    fn forged(&mut self, manner: Option<Manner>, served: Vec<u8>) -> Vec<u8> {
        let forged = match manner {
            Some(how @ Manner::BadCertificates) => {
                add(&mut self.injected, how.name());
                let way = self.dice.below(3);
                with_signatures(&served, |signatures| match way {
                    0 => signatures.truncate(signatures.len() / 2),
                    1 => {
                        // The same signer again and again.
                        let first = signatures.first().copied();
                        signatures.iter_mut().for_each(|one| *one = first.unwrap_or(*one));
                    }
                    _ => signatures.iter_mut().for_each(|(_, signature)| signature.0.reverse()),
                })
            }
            Some(how @ Manner::WrongChain) => {
                add(&mut self.injected, how.name());
                match self.dice.below(3) {
                    0 => {
                        with_blocks(&served, |block| block.iter_mut().take(32).for_each(|byte| *byte ^= 0x5a))
                    }
                    1 => with_blocks(&served, |block| block.truncate(block.len() / 2)),
                    _ => Some(vec![0xff; 40]),
                }
            }
            _ => None,
        };
        forged.unwrap_or(served)
    }

    /// A reply arrives.
    pub(super) fn replied(&mut self, from: usize, to: usize, bytes: &[u8]) -> Result<(), Violation> {
        self.note(&format!("{from}->{to} blocks"), bytes);
        let now = self.queue.now();
        let Some(name) = self.machines.get(from).map(|machine| machine.name) else { return Ok(()) };
        let Some(machine) = self.machines.get_mut(to) else { return Ok(()) };
        machine.asks_until = now;
        let before = machine.validator.as_ref().map(|validator| validator.head());
        self.with(to, |validator| validator.fetched(&name, bytes))?;
        let after = self.machines.get(to).and_then(|machine| machine.validator.as_ref());
        if before.zip(after).is_some_and(|(before, validator)| validator.head() > before) {
            add(&mut self.reached, "a fetched block is taken");
        }
        Ok(())
    }

    /// Somebody has found out whom it fetched from.
    pub(super) fn blame(&mut self, at: usize, peer: PublicKey) -> Result<(), Violation> {
        let until = self.queue.now().saturating_add(AVOIDED);
        add(&mut self.reached, "a forged reply is found out");
        let Some(machine) = self.machines.get_mut(at) else { return Ok(()) };
        machine.avoids.insert(peer, until);
        if machine.is_honest() { self.checker.blamed(&peer) } else { Ok(()) }
    }
}
