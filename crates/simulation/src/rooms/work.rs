//! What members do: they pay, write records, and deal with each other across two channels. One of them may cheat.

use parclose_channel::batch::{Batch, BatchHeader};
use parclose_channel::{Payment, Proposal};
use parclose_exchange::Message;
use parclose_root::{Deal, Leg, OpenDeal, RootTransaction};
use parclose_transaction::draft::{Draft, hazmat};
use parclose_transaction::{DraftMovement, DraftOperation, SignedTransaction};
use parclose_types::{Height, RecordId, Sequence, encode};
use rand_chacha::rand_core::Rng;

use super::ledger::Wish;
use super::plan::{Ill, RoomBug};
use super::{Event, Rooms, add};
use crate::checker::Violation;
use crate::rooms::founding::wrong;

/// Work whose number is this posts an empty batch in each channel.
pub(super) const SWEEP: u64 = u64::MAX;
/// Pairs of channels that deal with each other.
const PAIRS: [[usize; 2]; 2] = [[0, 1], [1, 2]];
/// Heights within which both legs are locked, and then settled.
const ALLOCATE: u64 = 10;
const SETTLE: u64 = 10;

/// A transaction on its way to being signed.
struct Made {
    operations: Vec<DraftOperation>,
    movements: Vec<DraftMovement>,
    wish: Wish,
}

impl Rooms {
    /// The n-th thing that somebody does.
    pub(super) fn work(&mut self, number: u64) -> Result<(), Violation> {
        if number == SWEEP {
            for seat in self.seats.iter_mut().filter(|seat| seat.place == 0) {
                seat.posts_empty = true;
            }
            return Ok(());
        }
        if number.is_multiple_of(2) {
            return self.open_deal(number);
        }
        let at = self.dice.index(self.seats.len());
        let at = match self.plan.ill {
            // Who cheats does so most of the time.
            Some((channel, place, _)) if self.dice.chance(80) => channel * 3 + place,
            _ => at,
        };
        self.pay_or_write(at)
    }

    fn pay_or_write(&mut self, at: usize) -> Result<(), Violation> {
        let now = self.root.head().height;
        let to = self.dice.index(2).saturating_add(1);
        let (writes, amount) = (self.dice.chance(35), self.dice.below(9).saturating_add(1));
        let receiver = |seat: &super::Seat| seat.number * 3 + (seat.place + to) % 3;
        let Some(other) = self.seats.get(at).map(receiver) else { return Ok(()) };
        let to = self
            .seats
            .get(other)
            .and_then(|seat| seat.channel.as_ref())
            .map(parclose_channel::Channel::own_id);
        let Some(seat) = self.seats.get_mut(at) else { return Ok(()) };
        let (Some(channel), Some(to)) = (seat.channel.as_mut(), to) else { return Ok(()) };
        let from = channel.own_id();
        let made = if writes {
            let Ok(operation) = channel.open_account(&mut seat.rng) else { return Ok(()) };
            let wish = Wish {
                channel: seat.number,
                from,
                to: from,
                amount: 0,
                deal: None,
                record: operation.record,
            };
            Made { operations: vec![operation], movements: Vec::new(), wish }
        } else {
            let Some(asset) = self.begun.channels.get(seat.number).map(|channel| channel.asset) else {
                return Ok(());
            };
            let payment = Payment { asset, to, amount, purpose: None };
            let Ok(drafted) = channel.pay(&payment, now, &mut seat.rng) else { return Ok(()) };
            let record = drafted.operations.first().map_or(RecordId([0; 32]), |operation| operation.record);
            let wish = Wish { channel: seat.number, from, to, amount, deal: None, record };
            Made { operations: drafted.operations, movements: drafted.movements, wish }
        };
        self.write(at, made)
    }

    /// Somebody opens a deal between two channels; its legs are locked a little later.
    fn open_deal(&mut self, number: u64) -> Result<(), Violation> {
        let pair =
            PAIRS.get(usize::try_from(number / 2 % 2).unwrap_or_default()).copied().unwrap_or_default();
        let mut nonce = [0; 32];
        self.dice.rng().fill_bytes(&mut nonce);
        let tags: Vec<_> = pair
            .iter()
            .filter_map(|channel| self.logs.get(*channel)?.first().map(|event| event.entry.tag))
            .collect();
        let legs = tags.into_iter().map(|tag| Leg { tag, terms: nonce, approver: None }).collect();
        let allocate_before = Height(self.root.head().height.0.saturating_add(ALLOCATE));
        let settle_before = Height(allocate_before.0.saturating_add(SETTLE));
        let deal = Deal { nonce, allocate_before, settle_before, legs };
        let id = deal.id(self.root.network());
        self.deals.push(id);
        add(&mut self.reached, "a deal is opened");
        // The opening is asked for until it is there.
        for _ in 0..3 {
            self.submit(RootTransaction::OpenDeal(OpenDeal { deal: deal.clone() }));
        }
        for (leg, channel) in (0_u8..).zip(pair) {
            if self.plan.bug == Some(RoomBug::ForgedDecision) && leg == 0 && channel != 1 {
                continue;
            }
            if self.dice.chance(12) && self.plan.bug.is_none() {
                add(&mut self.injected, "member: does not lock its leg");
                continue;
            }
            let when = self.dice.millis(600, 2_500);
            let heights = (allocate_before, settle_before);
            self.queue.after(when, Event::Lock { leg: (id, leg), channel, heights });
        }
        Ok(())
    }

    /// A member locks something for a leg.
    pub(super) fn lock(
        &mut self,
        leg: parclose_channel::LegId,
        channel: usize,
        heights: (Height, Height),
    ) -> Result<(), Violation> {
        let now = self.root.head().height;
        let place = self.dice.index(3);
        let at = channel.saturating_mul(3).saturating_add(place);
        let other = channel.saturating_mul(3).saturating_add((place + 1) % 3);
        let to = self
            .seats
            .get(other)
            .and_then(|seat| seat.channel.as_ref())
            .map(parclose_channel::Channel::own_id);
        let Some(asset) = self.begun.channels.get(channel).map(|channel| channel.asset) else {
            return Ok(());
        };
        let Some(seat) = self.seats.get_mut(at) else { return Ok(()) };
        let (Some(of), Some(to)) = (seat.channel.as_mut(), to) else { return Ok(()) };
        let payment = Payment { asset, to, amount: 10, purpose: None };
        let Ok(drafted) = of.lock(leg, heights, &payment, now, &mut seat.rng) else { return Ok(()) };
        let record = drafted.operations.first().map_or(RecordId([0; 32]), |operation| operation.record);
        let wish = Wish { channel, from: of.own_id(), to, amount: 10, deal: Some(leg.0), record };
        self.write(at, Made { operations: drafted.operations, movements: drafted.movements, wish })
    }

    /// Seals and signs a draft, and puts it into a batch: an honest one, unless its author cheats.
    fn write(&mut self, at: usize, made: Made) -> Result<(), Violation> {
        let next = Height(self.root.head().height.0.saturating_add(1));
        let ill =
            self.plan.ill.filter(|(channel, place, _)| channel * 3 + place == at).map(|(_, _, ill)| ill);
        let Some(seat) = self.seats.get_mut(at) else { return Ok(()) };
        let Some(channel) = seat.channel.as_mut().filter(|channel| channel.head().is_some()) else {
            return Ok(());
        };
        let Made { operations, movements, wish } = made;
        let draft = Draft { operations, movements, expiry: Height(next.0.saturating_add(40)) };
        let Ok(sealed) = draft.seal(&channel.desk(next), &mut seat.rng) else { return Ok(()) };
        let signed = sealed.sign(channel.pseudonym()).map_err(wrong)?;
        if let Some(ill) = ill.filter(|_| seat.flight.is_none()) {
            return self.cheat(at, ill, signed, wish);
        }
        let salt = hazmat::into_parts(signed.clone()).1.salt;
        let digest = signed.digest();
        match channel.advise(&signed, next) {
            Ok(Ok(pooled)) => {
                seat.pool.push(pooled);
                self.books.made(digest, salt, wish)
            }
            Ok(Err(reject)) => {
                self.note(&format!("seat {at} is advised against: {reject}"), &[]);
                Ok(())
            }
            Err(reason) => {
                let org = seat.org;
                self.failed(org, &reason)
            }
        }
    }

    /// A member puts something forward that no honest one would.
    fn cheat(&mut self, at: usize, ill: Ill, signed: SignedTransaction, wish: Wish) -> Result<(), Violation> {
        add(&mut self.injected, ill.name());
        self.note(&format!("seat {at} cheats: {ill:?}"), &[]);
        let honest = signed.clone();
        let mut is_honest = true;
        let Some(seat) = self.seats.get(at) else { return Ok(()) };
        let Some(channel) = &seat.channel else { return Ok(()) };
        let changed = match ill {
            Ill::Mislabelled | Ill::Garbage => {
                is_honest = false;
                let (mut body, mut sealed) = hazmat::into_parts(signed);
                if ill == Ill::Garbage {
                    for field in sealed.fields.iter_mut().flatten() {
                        field.ciphertext.iter_mut().for_each(|byte| *byte ^= 0x11);
                    }
                } else {
                    for entry in body.operations.iter_mut().flat_map(|operation| &mut operation.fields) {
                        entry.audience.0.iter_mut().for_each(|byte| *byte ^= 0x11);
                    }
                }
                hazmat::sign_unchecked(body, sealed, channel.pseudonym())
            }
            _ => signed,
        };
        let mut proposals = vec![self.odd_proposal(at, &changed)?];
        if ill == Ill::TwoBatches {
            proposals.push(self.odd_proposal(at, &changed)?);
        }
        if is_honest {
            let salt = hazmat::into_parts(honest.clone()).1.salt;
            self.books.made(honest.digest(), salt, wish)?;
        }
        self.put_forward(at, ill, proposals)
    }

    fn put_forward(&mut self, at: usize, ill: Ill, proposals: Vec<Proposal>) -> Result<(), Violation> {
        let Some(seat) = self.seats.get_mut(at) else { return Ok(()) };
        let (number, place) = (seat.number, seat.place);
        let Some(tag) = seat.channel.as_ref().map(parclose_channel::Channel::tag) else { return Ok(()) };
        seat.withholds = ill == Ill::Withholds;
        for proposal in proposals {
            let bytes = encode(&proposal);
            if ill == Ill::OtherChannel {
                // To the members of the next channel, under its name, and as if they had asked for it.
                let other = (number + 1) % 3;
                let Some(tag) = self.logs.get(other).and_then(|log| log.first()).map(|event| event.entry.tag)
                else {
                    continue;
                };
                for message in [
                    Message::Propose { tag, proposal: bytes.clone() },
                    Message::Fetched { tag, proposal: bytes.clone() },
                ] {
                    let bytes = message.to_bytes();
                    for to in 0..3 {
                        self.carry(other, ((to + 1) % 3, to), &bytes);
                    }
                }
            }
            let message = Message::Propose { tag, proposal: bytes }.to_bytes();
            for to in (0..3).filter(|to| *to != place) {
                self.carry(number, (place, to), &message);
            }
            if let Some(seat) = self.seats.get_mut(at) {
                seat.fly(proposal);
            }
        }
        Ok(())
    }

    /// A batch of a transaction that nobody has looked at, and that its sponsor does not store.
    fn odd_proposal(&mut self, at: usize, signed: &SignedTransaction) -> Result<Proposal, Violation> {
        let last_height = Height(self.root.head().height.0.saturating_add(12));
        let missing = || wrong("a member who cheats has no channel");
        let seat = self.seats.get_mut(at).ok_or_else(missing)?;
        let channel = seat.channel.as_ref().ok_or_else(missing)?;
        let head = channel.head().ok_or_else(missing)?;
        let config = channel.config();
        let header = BatchHeader {
            network: config.network,
            channel: config.channel,
            generation: config.generation,
            sponsor: channel.pseudonym().public(),
            attested: Sequence(head.next.0.saturating_sub(1)),
            attested_root: head.root,
            transactions: 0,
            permanent_root: [0; 32],
            prunable_root: [0; 32],
        };
        let batch = Batch::assemble(header, vec![signed.encode_parts()], channel.pseudonym());
        let mut blinder = [0; 32];
        seat.rng.fill_bytes(&mut blinder);
        Ok(Proposal { batch, blinder, last_height })
    }
}
