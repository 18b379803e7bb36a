//! Every member of every statement matters, down to each byte of each list's entries.

use super::*;
use crate::commitment::AmountCommitment;
use crate::note::{OwnerBlind, OwnerCommitment};
use crate::tests::commitment_to;
use parclose_types::{DealId, MemberId, NoteId, PublicKey, TransactionDigest};

/// Other values of a member. The macro asks for them of every member, so a new one cannot go unchanged.
pub(super) trait Others: Sized {
    fn others(&self) -> Vec<Self>;
}

impl Others for u32 {
    fn others(&self) -> Vec<Self> {
        (0..32).map(|bit| self ^ (1 << bit)).collect()
    }
}

impl Others for u64 {
    fn others(&self) -> Vec<Self> {
        (0..64).map(|bit| self ^ (1 << bit)).collect()
    }
}

impl Others for u8 {
    fn others(&self) -> Vec<Self> {
        (0..8).map(|bit| self ^ (1 << bit)).collect()
    }
}

impl Others for [u8; 32] {
    fn others(&self) -> Vec<Self> {
        let change = |at: usize| {
            let mut other = *self;
            other[at] ^= 1;
            other
        };
        (0..32).map(change).collect()
    }
}

macro_rules! others_of_inner {
    ($($type:ident),*) => {
        $(impl Others for $type {
            fn others(&self) -> Vec<Self> {
                self.0.others().into_iter().map(Self).collect()
            }
        })*
    };
}
others_of_inner!(
    ChannelId,
    AssetId,
    DealId,
    Generation,
    Height,
    MemberId,
    NoteId,
    ObligationId,
    PublicKey,
    NetworkId,
    Tag,
    TransactionDigest,
    OwnerBlind,
    OwnerCommitment
);

impl Others for AmountCommitment {
    fn others(&self) -> Vec<Self> {
        vec![Self::zero(), commitment_to(900), commitment_to(901)]
    }
}

macro_rules! others_of_parts {
    ($($type:ident { $($part:ident),* })*) => {
        $(impl Others for $type {
            fn others(&self) -> Vec<Self> {
                // The pattern names every member, so a new one must be added here.
                let Self { $($part),* } = *self;
                let mut all = Vec::new();
                $(all.extend($part.others().into_iter().map(|$part| Self { $part, ..*self }));)*
                all
            }
        })*
    };
}
others_of_parts! {
    Input { note, owner, blind }
    NoteOutput { commitment, owner, leaf }
    RedeemedAmount { commitment, leaf }
    ObligationOutput { payer, payee, note }
    Hold { deal, leg, allocate_before, settle_before, back }
    StatedAmount { transaction, operation, field, leaf, commitment }
}

/// Of one kind, of the others, and each bit of both numbers.
impl Others for Bounds {
    fn others(&self) -> Vec<Self> {
        let Self::Between(least, most) = *self else { panic!("the tests state both") };
        let mut all = vec![Self::AtLeast(least), Self::AtMost(most), Self::AtMost(least)];
        all.extend(least.others().into_iter().map(|least| Self::Between(least, most)));
        all.extend(most.others().into_iter().map(|most| Self::Between(least, most)));
        all
    }
}

impl Others for Purpose {
    fn others(&self) -> Vec<Self> {
        let words = ["", "a loan", "a loan of July 2026 ", "A loan of July 2026", "another"];
        words.iter().filter_map(|words| Self::new(words)).collect()
    }
}

/// Each entry changed, entries exchanged, one left out, one twice.
impl<T: Others + Copy> Others for Vec<T> {
    fn others(&self) -> Vec<Self> {
        let mut all = vec![Self::new(), self[1..].to_vec(), self.iter().rev().copied().collect()];
        all.push(self.iter().chain(self.first()).copied().collect());
        for at in 0..self.len() {
            for other in self[at].others() {
                let mut list = self.clone();
                list[at] = other;
                all.push(list);
            }
        }
        all
    }
}

fn inputs() -> Vec<Input> {
    let input = |byte: u8| Input {
        note: NoteId([byte; 32]),
        owner: PublicKey([byte + 1; 32]),
        blind: OwnerBlind([byte + 2; 32]),
    };
    vec![input(10), input(20)]
}

fn outputs() -> Vec<NoteOutput> {
    let output = |byte: u8| NoteOutput {
        commitment: commitment_to(u64::from(byte)),
        owner: OwnerCommitment([byte + 1; 32]),
        leaf: [byte + 2; 32],
    };
    vec![output(30), output(40)]
}

fn transfer() -> TransferStatement {
    TransferStatement {
        channel: ChannelId([1; 32]),
        generation: Generation(2),
        asset: AssetId([3; 32]),
        inputs: inputs(),
        outputs: outputs(),
        fee: 0,
        salt_digest: [4; 32],
        expiry: Height(5),
        context: [6; 32],
    }
}

fn lock() -> LockStatement {
    let TransferStatement {
        channel, generation, asset, inputs, outputs, salt_digest, expiry, context, ..
    } = transfer();
    let hold = Hold {
        deal: DealId([60; 32]),
        leg: 1,
        allocate_before: Height(61),
        settle_before: Height(62),
        back: OwnerCommitment([63; 32]),
    };
    LockStatement { channel, generation, asset, hold, inputs, outputs, salt_digest, expiry, context }
}

fn owed() -> Vec<ObligationOutput> {
    let one = |payer: u8, note: NoteOutput| ObligationOutput {
        payer: MemberId([payer; 32]),
        payee: MemberId([payer + 1; 32]),
        note,
    };
    outputs().into_iter().zip([70, 80]).map(|(note, payer)| one(payer, note)).collect()
}

fn oblige() -> ObligeStatement {
    let IssueStatement { channel, generation, asset, salt_digest, expiry, context, .. } = issue();
    ObligeStatement { channel, generation, asset, day: 20_000, outputs: owed(), salt_digest, expiry, context }
}

fn net() -> NetStatement {
    let ObligeStatement { channel, generation, asset, day, outputs, salt_digest, expiry, context } = oblige();
    let inputs = vec![ObligationId([90; 32]), ObligationId([91; 32])];
    NetStatement { channel, generation, asset, day, inputs, outputs, salt_digest, expiry, context }
}

fn discharge() -> DischargeStatement {
    let TransferStatement {
        channel, generation, asset, inputs, outputs, salt_digest, expiry, context, ..
    } = transfer();
    let obligation = ObligationId([92; 32]);
    DischargeStatement {
        channel,
        generation,
        asset,
        obligation,
        inputs,
        outputs,
        salt_digest,
        expiry,
        context,
    }
}

fn issue() -> IssueStatement {
    let TransferStatement { channel, generation, asset, outputs, salt_digest, expiry, context, .. } =
        transfer();
    IssueStatement { channel, generation, asset, outputs, salt_digest, expiry, context }
}

fn redemption() -> RedeemStatement {
    let TransferStatement {
        channel, generation, asset, inputs, outputs, salt_digest, expiry, context, ..
    } = transfer();
    let redeemed = RedeemedAmount { commitment: commitment_to(50), leaf: [51; 32] };
    RedeemStatement { channel, generation, asset, inputs, outputs, redeemed, salt_digest, expiry, context }
}

fn amounts() -> AmountStatement {
    let amount = |byte: u8| StatedAmount {
        transaction: TransactionDigest([byte; 32]),
        operation: 1,
        field: 2,
        leaf: [byte + 1; 32],
        commitment: commitment_to(u64::from(byte)),
    };
    AmountStatement {
        network: NetworkId([1; 32]),
        tag: Tag([2; 32]),
        asset: AssetId([3; 32]),
        bounds: Bounds::Between(90, 110),
        amounts: vec![amount(30), amount(40)],
        purpose: Purpose::new("a loan of July 2026").unwrap(),
    }
}

/// Names of changed members whose digest is the same as without the change.
fn unnoticed(digest: &StatementDigest, changed: &[(&'static str, StatementDigest)]) -> Vec<&'static str> {
    changed.iter().filter(|(_, other)| other == digest).map(|(name, _)| *name).collect()
}

macro_rules! each_member {
    ($statement:expr, $label:expr, $members:expr) => {{
        let statement = $statement;
        let changed: Vec<_> = statement.changed();
        let digests: Vec<_> = changed.iter().map(|(name, other)| (*name, other.digest())).collect();
        assert_eq!(unnoticed(&statement.digest(), &digests), Vec::<&str>::new());
        let mut distinct: Vec<_> = digests.iter().map(|(_, digest)| *digest).collect();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), digests.len(), "two changes give two digests");
        let mut names: Vec<_> = digests.iter().map(|(name, _)| *name).collect();
        names.dedup();
        assert_eq!(names, $members, "the members and their order are as specified");
        // Without a part, its changes would go unnoticed, and nothing else would.
        for (at, name) in names.iter().enumerate() {
            let without = |mut parts: Vec<Vec<u8>>| {
                parts.remove(at);
                digest_of($label, &parts)
            };
            let digests: Vec<_> =
                changed.iter().map(|(name, other)| (*name, without(other.parts()))).collect();
            let mut found = unnoticed(&without(statement.parts()), &digests);
            found.dedup();
            assert_eq!(found, [*name]);
        }
    }};
}

#[test]
fn val_05_each_member_of_a_transfer_statement_matters() {
    each_member!(
        transfer(),
        labels::TRANSFER_STATEMENT,
        ["channel", "generation", "asset", "inputs", "outputs", "fee", "salt_digest", "expiry", "context"]
    );
}

#[test]
fn val_05_each_member_of_an_issue_statement_matters() {
    each_member!(
        issue(),
        labels::ISSUE_STATEMENT,
        ["channel", "generation", "asset", "outputs", "salt_digest", "expiry", "context"]
    );
}

#[test]
fn val_05_each_member_of_a_redeem_statement_matters() {
    each_member!(
        redemption(),
        labels::REDEEM_STATEMENT,
        [
            "channel",
            "generation",
            "asset",
            "inputs",
            "outputs",
            "redeemed",
            "salt_digest",
            "expiry",
            "context"
        ]
    );
}

#[test]
fn val_05_val_23_each_member_of_a_lock_statement_matters() {
    each_member!(
        lock(),
        labels::LOCK_STATEMENT,
        ["channel", "generation", "asset", "hold", "inputs", "outputs", "salt_digest", "expiry", "context"]
    );
}

#[test]
fn val_05_each_member_of_an_oblige_statement_matters() {
    each_member!(
        oblige(),
        labels::OBLIGE_STATEMENT,
        ["channel", "generation", "asset", "day", "outputs", "salt_digest", "expiry", "context"]
    );
}

#[test]
fn val_05_each_member_of_a_net_statement_matters() {
    each_member!(
        net(),
        labels::NET_STATEMENT,
        ["channel", "generation", "asset", "day", "inputs", "outputs", "salt_digest", "expiry", "context"]
    );
}

#[test]
fn val_05_each_member_of_a_discharge_statement_matters() {
    each_member!(
        discharge(),
        labels::DISCHARGE_STATEMENT,
        [
            "channel",
            "generation",
            "asset",
            "obligation",
            "inputs",
            "outputs",
            "salt_digest",
            "expiry",
            "context"
        ]
    );
}

#[test]
fn val_35_each_member_of_an_amount_statement_matters() {
    each_member!(
        amounts(),
        labels::DISCLOSURE_STATEMENT,
        ["network", "tag", "asset", "bounds", "amounts", "purpose"]
    );
}

#[test]
fn val_05_the_label_tells_the_kinds_apart() {
    let labels = [
        labels::TRANSFER_STATEMENT,
        labels::ISSUE_STATEMENT,
        labels::REDEEM_STATEMENT,
        labels::LOCK_STATEMENT,
        labels::OBLIGE_STATEMENT,
        labels::NET_STATEMENT,
        labels::DISCHARGE_STATEMENT,
        labels::DISCLOSURE_STATEMENT,
    ];
    let parts = transfer().parts();
    let mut digests = labels.map(|label| digest_of(label, &parts));
    digests.sort_unstable();
    assert!(digests.is_sorted_by(|a, b| a < b));
    assert_eq!(transfer().digest(), digest_of(labels::TRANSFER_STATEMENT, &parts));
}
