//! Forgeries by whoever has all keys and writes an own prover: everything holds but the range proof.

use parclose_crypto::SigningKey;
use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_types::{ChannelId, Generation, Height, SignatureBytes, TransactionDigest};

use crate::asset::{RangeEngine, value_base};
use crate::balance::BalanceProof;
use crate::commitment::AmountCommitment;
use crate::ledger::Book;
use crate::note::RedeemedAmount;
use crate::redemption::Redemption;
use crate::statement::Place;
use crate::supply::SupplyChange;
use crate::tests::{ASSET, opening, rng};
use crate::transfer::Transfer;

use super::*;

const ENGINE: RangeEngine = RangeEngine::Bulletproofs;
const PLACE: Place = Place {
    channel: ChannelId([0xC0; 32]),
    generation: Generation(7),
    salt_digest: [0x5B; 32],
    expiry: Height(9),
    context: [0xC7; 32],
};

/// A channel with one note of 5, its owner, and its issuer.
struct World {
    book: Book,
    input: Input,
    owner: OwnerKey,
    issuer: SigningKey,
}

fn world() -> World {
    let issuer = SigningKey::from_seed(&secret_from_bytes([0x99; 32]));
    let owner = OwnerKey::derive(&secret_from_bytes([1; 32]), &PLACE.channel, &[0; 32]);
    let blind = OwnerBlind([2; 32]);
    let note = output(opening(5, 1).commitment(), OwnerCommitment::new(&owner.public(), &blind));
    let mut book = Book::default();
    book.add_asset(ASSET, AssetTerms { issuer: Some(issuer.public()), engine: ENGINE });
    let issued = SupplyChange::Issued(note.commitment);
    let effects = Effects { made: vec![note], supply: issued, ..Effects::nothing(ASSET) };
    let transaction = TransactionDigest([3; 32]);
    book.apply(&effects, &PLACE.channel, &transaction, 0).unwrap();
    let input = Input { note: note.id(&PLACE.channel, &transaction, 0), owner: owner.public(), blind };
    World { book, input, owner, issuer }
}

fn output(commitment: AmountCommitment, owner: OwnerCommitment) -> NoteOutput {
    NoteOutput { commitment, owner, leaf: [4; 32] }
}

/// A commitment to `value` less than what an opening says, with its blinding.
fn lowered(opening: &Opening, value: u64) -> AmountCommitment {
    let scalar = curve25519_dalek::Scalar::from(value);
    AmountCommitment::of_point(opening.commitment().point() - value_base(&ASSET) * scalar)
}

/// The transfer of a note of 5 into notes of 10 and of `5 - 10`.
fn forged_transfer(world: &World) -> Transfer {
    let (spent, much, less) = (opening(5, 1), opening(10, 2), opening(0, 3));
    let owner = OwnerCommitment([6; 32]);
    let mut transfer = Transfer {
        asset: ASSET,
        inputs: vec![world.input],
        outputs: vec![output(much.commitment(), owner), output(lowered(&less, 5), owner)],
        range: RangeProof(vec![]),
        balance: BalanceProof([0; 64]),
        signatures: vec![],
    };
    let statement = transfer.statement(&PLACE).digest();
    transfer.balance = BalanceProof::prove(&statement, &[&spent], &[&much, &less], &mut rng(1));
    transfer.range = RangeProof::prove(ENGINE, &ASSET, &statement, &[&much, &less], &mut rng(2)).unwrap();
    transfer.signatures = vec![world.owner.sign(&statement)];
    transfer
}

#[test]
fn val_08_a_negative_note_passes_everything_but_the_range_proof() {
    let world = world();
    let transfer = forged_transfer(&world);
    assert!(transfer.check(&PLACE, &world.book).is_ok(), "the balance alone stops nobody");
    assert_eq!(transfer.verify(&PLACE, &world.book), Err(NotProven::Range.into()));
}

#[test]
fn val_08_the_same_prover_makes_honest_transfers() {
    let world = world();
    let mut transfer = forged_transfer(&world);
    let (spent, one, rest) = (opening(5, 1), opening(2, 2), opening(3, 3));
    transfer.outputs[0].commitment = one.commitment();
    transfer.outputs[1].commitment = rest.commitment();
    let statement = transfer.statement(&PLACE).digest();
    transfer.balance = BalanceProof::prove(&statement, &[&spent], &[&one, &rest], &mut rng(1));
    transfer.range = RangeProof::prove(ENGINE, &ASSET, &statement, &[&one, &rest], &mut rng(2)).unwrap();
    transfer.signatures = vec![world.owner.sign(&statement)];
    assert!(transfer.verify(&PLACE, &world.book).is_ok(), "so the forgery failed for its amounts only");
}

#[test]
fn val_08_a_negative_redemption_passes_everything_but_the_range_proof() {
    // 5 go in, a note of 10 comes out, -5 are redeemed; the issuer signs what it does not read.
    let world = world();
    let (spent, much, less) = (opening(5, 1), opening(10, 2), opening(0, 3));
    let mut redemption = Redemption {
        asset: ASSET,
        inputs: vec![world.input],
        outputs: vec![output(much.commitment(), OwnerCommitment([6; 32]))],
        redeemed: RedeemedAmount { commitment: lowered(&less, 5), leaf: [5; 32] },
        range: RangeProof(vec![]),
        balance: BalanceProof([0; 64]),
        signatures: vec![],
        issuer_signature: SignatureBytes([0; 64]),
    };
    let statement = redemption.statement(&PLACE).digest();
    redemption.balance = BalanceProof::prove(&statement, &[&spent], &[&much, &less], &mut rng(1));
    redemption.range = RangeProof::prove(ENGINE, &ASSET, &statement, &[&much, &less], &mut rng(2)).unwrap();
    redemption.signatures = vec![world.owner.sign(&statement)];
    redemption.issuer_signature = sign_as_issuer(&world.issuer, &statement);
    assert!(redemption.check(&PLACE, &world.book).is_ok(), "issuer, owner and balance stop nobody");
    assert_eq!(redemption.verify(&PLACE, &world.book), Err(NotProven::Range.into()));
}

#[test]
fn val_06_a_note_made_of_nothing_passes_everything_but_the_balance_proof() {
    let world = world();
    let mut transfer = forged_transfer(&world);
    let (spent, much) = (opening(5, 1), opening(1_000_000, 2));
    transfer.outputs = vec![output(much.commitment(), OwnerCommitment([6; 32]))];
    let statement = transfer.statement(&PLACE).digest();
    transfer.balance = BalanceProof::prove(&statement, &[&spent], &[&much], &mut rng(1));
    transfer.range = RangeProof::prove(ENGINE, &ASSET, &statement, &[&much], &mut rng(2)).unwrap();
    transfer.signatures = vec![world.owner.sign(&statement)];
    assert_eq!(transfer.verify(&PLACE, &world.book), Err(NotProven::Balance.into()));
    let claim =
        RangeClaim { engine: ENGINE, asset: ASSET, statement, part: 0, commitments: vec![much.commitment()] };
    assert_eq!(verify_ranges(&[(claim, &transfer.range)]), [Ok(())]);
    assert_eq!(check_owners(&statement, &transfer.inputs, &transfer.signatures), Ok(()));
}
