//! Who holds a copy of a batch: asked of the other members, answered to them.

use std::collections::BTreeMap;
use std::sync::mpsc::Sender;

use parclose_channel::{Holding, HoldingQuestion};
use parclose_exchange::Message;
use parclose_types::{ChannelCommitment, PublicKey, decode, encode, limits};
use rand_core::Rng;

use super::Room;

/// A member's answer that counts, with its name.
pub type Held = (String, Holding);

/// Questions that wait for answers; the oldest goes when there are more.
const QUESTIONS_MAX: usize = 256;

/// What this member has asked, and who waits for the answers.
#[derive(Debug, Default)]
pub(super) struct Questions {
    asked: BTreeMap<HoldingQuestion, Sender<Held>>,
}

impl Room {
    /// Asks all other members whether they hold a batch; answers that count go to `to` as they come. Nobody waits here.
    pub(super) fn ask_holders(&mut self, commitment: ChannelCommitment, to: Sender<Held>) {
        let mut nonce = [0; 32];
        self.rng.fill_bytes(&mut nonce);
        let question = HoldingQuestion { commitment, nonce };
        while self.questions.asked.len() >= QUESTIONS_MAX {
            self.questions.asked.pop_first();
        }
        self.questions.asked.insert(question, to);
        self.send_to_others(&Message::AskHolding { tag: self.channel.tag(), commitment, nonce });
    }

    pub(super) fn on_ask_holding(&mut self, from: &PublicKey, question: HoldingQuestion) {
        // A member that has not executed what was ordered may hold a channel of before.
        if self.comes_back() {
            return;
        }
        if let Ok(Some(holding)) = self.channel.attest_holding(question, self.parts.root.head()) {
            let (tag, holding) = (self.channel.tag(), encode(&holding));
            self.send(from, &Message::Holding { tag, holding });
        }
    }

    pub(super) fn on_holding(&mut self, bytes: &[u8]) {
        let Ok(holding) = decode::<Holding>("holding", bytes, limits::ROOT_TRANSACTION_BYTES_MAX) else {
            return;
        };
        let Some(to) = self.questions.asked.get(&holding.question) else { return };
        let counts = matches!(self.channel.check_holding(&holding), Ok(Ok(())));
        let name = self.channel.config().member(&holding.holder).map(|member| member.name.clone());
        if let (true, Some(name)) = (counts, name)
            && to.send((name, holding.clone())).is_err()
        {
            // Whoever asked does not wait any more.
            self.questions.asked.remove(&holding.question);
        }
    }
}
