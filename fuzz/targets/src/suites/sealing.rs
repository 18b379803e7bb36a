//! F07: a field opens exactly for who is in its audience, in exactly its place.
//!
//! A reader goes the whole way: its wrap of the audience's secret, the class and the epoch of the place it claims, the
//! field key, the sealing.

use std::sync::LazyLock;

use parclose_crypto::seal::{self, DoesNotOpen};
use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_crypto::wrap::UnwrapKey;
use parclose_keys::audience::{DealScope, audience_id};
use parclose_keys::field::salt_digest;
use parclose_keys::pseudonym::PseudonymKey;
use parclose_keys::{AudienceSecret, Deal, FieldKey, FieldPlace, SealedField};
use parclose_types::{ClassId, Digest, Epoch, FieldId, Generation, PublicKey};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::{Answer, Control, Suite};
use crate::reach::Point;
use crate::script::Script;
use crate::world::WORLD;

static ACCEPT: Point = Point::decides("Deal::accept");
static OPEN: Point = Point::decides("FieldKey::open");
static SWAP: Point = Point::fault("one component of the place");

/// The suite.
pub const SUITE: Suite = Suite {
    id: "F07",
    name: "f07_sealing",
    holds: "a field opens exactly if the reader is in its audience and every component of its place is the one it was sealed in",
    reach: || vec![&ACCEPT, &OPEN, &SWAP],
    run,
    controls: &[
        Control { name: "a context without the field's number", run: without_field },
        Control { name: "a context without record and class", run: without_record },
        Control { name: "a sealing that authenticates no context", run: without_context },
    ],
    script_bytes: 160,
};

/// Readers, of whom every two are an audience of their own.
const READERS: usize = 4;

/// A reader's keys.
struct Reader {
    pseudonym: PublicKey,
    key: UnwrapKey,
}

/// An audience: its deal, its wraps, and its members by their numbers.
struct Audience {
    members: Vec<usize>,
    deal: Deal,
    wraps: Vec<Vec<u8>>,
}

struct Parties {
    readers: Vec<Reader>,
    audiences: Vec<Audience>,
    scope: DealScope,
}

static PARTIES: LazyLock<Parties> = LazyLock::new(parties);

fn parties() -> Parties {
    let setting = &WORLD.setting;
    let scope = DealScope {
        channel: setting.channel,
        generation: setting.generation,
        configuration: Digest([9; 32]),
    };
    // Two readers deal for themselves; the others are names with encryption keys, which is all that a deal needs of them.
    let dealers: [&PseudonymKey; 2] = [&WORLD.pseudonyms[0], &WORLD.pseudonyms[1]];
    let names =
        dealers.iter().map(|dealer| dealer.public()).chain([0xE0, 0xE1].map(|byte| PublicKey([byte; 32])));
    let mut readers: Vec<Reader> = names
        .zip(0x70..)
        .map(|(pseudonym, seed)| Reader {
            pseudonym,
            key: UnwrapKey::from_secret(&secret_from_bytes([seed; 32])),
        })
        .collect();
    readers.sort_by_key(|reader| reader.pseudonym);
    let mut rng = ChaCha20Rng::from_seed([0x77; 32]);
    let mut audiences = Vec::new();
    for members in [vec![0, 1], vec![0, 2], vec![0, 1, 2], vec![1, 3]] {
        let dealer = members
            .iter()
            .find_map(|at| dealers.iter().find(|dealer| dealer.public() == readers[*at].pseudonym));
        let Some(dealer) = dealer else { continue };
        let recipients: Vec<(PublicKey, &[u8])> =
            members.iter().map(|at| (readers[*at].pseudonym, readers[*at].key.public())).collect();
        let (deal, wraps) = Deal::make(&scope, dealer, &recipients, &mut rng).expect("an honest deal");
        audiences.push(Audience { members, deal, wraps });
    }
    Parties { readers, audiences, scope }
}

/// How places become contexts, so that controls can forget a part.
type Context = fn(&FieldPlace) -> Vec<u8>;

/// One scenario: a field sealed in a place, and a reader who claims another place or comes from outside.
pub fn run(bytes: &[u8]) -> Answer {
    hold(bytes, FieldPlace::context, |key, context, sealed| {
        OPEN.ask(|| key.open(context, sealed).map(|plain| plain.to_vec()))
    })
}

fn without_field(bytes: &[u8]) -> Answer {
    let context = |place: &FieldPlace| FieldPlace { field: FieldId(0), ..*place }.context();
    hold(bytes, context, open)
}

fn without_record(bytes: &[u8]) -> Answer {
    let context =
        |place: &FieldPlace| FieldPlace { record_key: [0; 32], class: ClassId(0), ..*place }.context();
    hold(bytes, context, open)
}

fn without_context(bytes: &[u8]) -> Answer {
    hold(bytes, |_| Vec::new(), open)
}

fn open(key: &FieldKey, context: &[u8], sealed: &SealedField) -> Result<Vec<u8>, DoesNotOpen> {
    key.open(context, sealed).map(|plain| plain.to_vec())
}

type Open = fn(&FieldKey, &[u8], &SealedField) -> Result<Vec<u8>, DoesNotOpen>;

fn hold(bytes: &[u8], context: Context, open: Open) -> Answer {
    let mut script = Script::new(bytes);
    let parties = &*PARTIES;
    let audience = script.pick(&parties.audiences);
    let (place, salt) = place(&mut script, audience);
    let plaintext = script.bytes(40);
    let writer = secret_of(audience, audience.members[0]).expect("a member opens its own wrap");
    let sealed = key_of(&writer, &place, &salt, context).seal(&context(&place), &plaintext);

    let (claimed, claimed_salt) = claimed(&mut script, place, salt);
    // Half of the readers are of the audience itself.
    let (of, at) = if script.flag() {
        (audience, *script.pick(&audience.members))
    } else {
        (script.pick(&parties.audiences), script.below(READERS))
    };
    let in_audience = of.deal == audience.deal && of.members.contains(&at);
    let Some(secret) = secret_of(of, at) else { return Answer::Refused("KEY-03") };
    let expected = in_audience && claimed == place;
    // Everything derived from the claimed place; then the right key, and only the context of the claimed place.
    let opened = open(&key_of(&secret, &claimed, &claimed_salt, context), &context(&claimed), &sealed);
    let moved = open(&key_of(&secret, &place, &salt, context), &context(&claimed), &sealed);
    assert_eq!(opened.is_ok(), expected, "opened in another place or by another reader");
    assert_eq!(moved.is_ok(), expected, "a ciphertext was moved");
    assert!(opened.is_err() || opened.as_ref().is_ok_and(|plain| *plain == plaintext), "another plaintext");
    let direct =
        seal::open(&writer_key(&sealed), "seal", &context(&place), &sealed.commitment, &sealed.ciphertext);
    assert!(direct.is_err(), "the key commitment is a key");
    Answer::when(opened.is_ok(), "SEA-03")
}

/// What everybody sees of a sealing, taken for a key.
fn writer_key(sealed: &SealedField) -> parclose_crypto::Secret {
    secret_from_bytes(sealed.commitment)
}

fn secret_of(audience: &Audience, reader: usize) -> Option<AudienceSecret> {
    let parties = &*PARTIES;
    let key = &parties.readers[reader].key;
    let mut accepted = None;
    for (number, wrap) in audience.members.iter().zip(&audience.wraps) {
        let secret = ACCEPT.ask(|| audience.deal.accept(&parties.scope, wrap, key));
        assert_eq!(secret.is_ok(), *number == reader, "a wrap opens for somebody else");
        accepted = accepted.or_else(|| secret.ok());
    }
    accepted
}

fn key_of(secret: &AudienceSecret, place: &FieldPlace, salt: &[u8; 32], context: Context) -> FieldKey {
    let class = secret.class(&place.channel, place.generation, &place.audience, place.class);
    FieldKey::derive(&class.leaf(place.epoch), salt, &context(place))
}

fn place(script: &mut Script<'_>, audience: &Audience) -> (FieldPlace, [u8; 32]) {
    let (scope, salt) = (&PARTIES.scope, script.name());
    let place = FieldPlace {
        channel: scope.channel,
        generation: scope.generation,
        epoch: Epoch(script.any()),
        audience: audience.deal.audience,
        class: ClassId(script.any()),
        record_key: script.name(),
        field: FieldId(script.any()),
        salt_digest: salt_digest(&salt),
    };
    (place, salt)
}

/// The same place, or another in one of its eight components.
fn claimed(script: &mut Script<'_>, mut place: FieldPlace, mut salt: [u8; 32]) -> (FieldPlace, [u8; 32]) {
    let component = script.below(10);
    if component >= 8 {
        return (place, salt);
    }
    let (bit, other) = (script.below(32), script.any::<u8>());
    SWAP.call(|| match component {
        0 => place.channel.0[bit] ^= 1,
        1 => place.generation = Generation(place.generation.0 ^ (1 << bit)),
        2 => place.epoch = Epoch(place.epoch.0 ^ (1 << bit)),
        3 => place.audience = other_audience(other),
        4 => place.class = ClassId(place.class.0 ^ (1 << bit)),
        5 => place.record_key[bit] ^= 0x80,
        6 => place.field = FieldId(place.field.0 ^ (1 << bit)),
        _ => {
            salt[bit] ^= 1;
            place.salt_digest = salt_digest(&salt);
        }
    });
    (place, salt)
}

/// An audience of one that nobody dealt for.
fn other_audience(number: u8) -> parclose_types::AudienceId {
    let scope = &PARTIES.scope;
    audience_id(&scope.channel, scope.generation, &[PublicKey([number; 32])])
}
