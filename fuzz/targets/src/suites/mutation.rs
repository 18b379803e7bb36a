//! F03: nothing that was signed can change by a bit or a field, and what is refused leaves the state as it was.

use parclose_root::{RootState, RootTransaction};
use parclose_transaction::{Body, UnverifiedTransaction};
use parclose_types::{
    ChannelId, Epoch, Generation, Height, MemberId, NetworkId, PublicKey, RecordId, encode,
};

use super::{Answer, Control, Suite};
use crate::entrances::{Rule, entrance};
use crate::ledger::join_parts;
use crate::reach::Point;
use crate::script::Script;
use crate::world::WORLD;

static AUTHENTICATE: Point = Point::decides("UnverifiedTransaction::authenticate");
static ORDER: Point = Point::decides("RootState::build");
static BIT: Point = Point::fault("one bit");
static FIELD: Point = Point::fault("one field");

/// The suite.
pub const SUITE: Suite = Suite {
    id: "F03",
    name: "f03_mutation",
    holds: "a signed record with one bit or one field changed is refused, and a refusal leaves the state as it was",
    reach: || vec![&AUTHENTICATE, &ORDER, &BIT, &FIELD],
    run,
    controls: &[
        Control { name: "a record that is taken without its signature", run: unsigned },
        Control { name: "a root transaction that is taken without its certificate", run: uncertified },
    ],
    script_bytes: 64,
};

/// What takes records, so that controls can take them otherwise.
struct Takes {
    record: fn(&[u8]) -> Result<(), Rule>,
    root: fn(&[u8]) -> Result<(), Rule>,
}

const HONEST: Takes = Takes {
    record: |bytes| AUTHENTICATE.ask(|| take("transaction", bytes)),
    root: |bytes| ORDER.ask(|| take("root_transaction", bytes)),
};

fn take(name: &str, bytes: &[u8]) -> Result<(), Rule> {
    entrance(name).map_or(Err("no entrance"), |entrance| (entrance.take)(bytes))
}

/// The form alone.
fn decode(name: &str, bytes: &[u8]) -> Result<(), Rule> {
    entrance(name).map_or(Err("no entrance"), |entrance| (entrance.decode)(bytes).map(drop))
}

/// One scenario: a record of the honest world, changed at one place.
pub fn run(bytes: &[u8]) -> Answer {
    hold(bytes, &HONEST)
}

fn unsigned(bytes: &[u8]) -> Answer {
    hold(bytes, &Takes { record: |bytes| decode("transaction", bytes), ..HONEST })
}

fn uncertified(bytes: &[u8]) -> Answer {
    hold(bytes, &Takes { root: |bytes| decode("root_transaction", bytes), ..HONEST })
}

fn hold(bytes: &[u8], takes: &Takes) -> Answer {
    let mut script = Script::new(bytes);
    if script.below(3) == 0 { root(&mut script, takes) } else { record(&mut script, takes) }
}

fn record(script: &mut Script<'_>, takes: &Takes) -> Answer {
    let signed = script.pick(&WORLD.transactions);
    let (permanent, prunable) = signed.encode_parts();
    let honest = join_parts(&permanent, &prunable);
    let other = match script.below(3) {
        0 => with_field(&permanent, &prunable, script),
        1 => with_other_sealed(&permanent, script),
        _ => with_bit(&honest, script),
    };
    let answer = (takes.record)(&other);
    // An act's transaction is authentic in its own epoch; what is honest is taken or not, what is changed never is.
    assert!(other == honest || answer.is_err(), "a changed record is authentic");
    answer.into()
}

fn with_bit(bytes: &[u8], script: &mut Script<'_>) -> Vec<u8> {
    let (mut other, at, bit) = (bytes.to_vec(), script.below(bytes.len()), script.below(9));
    if bit < 8 {
        BIT.call(|| other[at] ^= 1 << bit);
    }
    other
}

fn with_other_sealed(permanent: &[u8], script: &mut Script<'_>) -> Vec<u8> {
    let other = script.pick(&WORLD.transactions);
    join_parts(permanent, &other.encode_parts().1)
}

fn with_field(permanent: &[u8], prunable: &[u8], script: &mut Script<'_>) -> Vec<u8> {
    let decoded = UnverifiedTransaction::decode(permanent).expect("an honest record");
    let body = decoded.claimed_body();
    let signature = &permanent[encode(body).len()..];
    let changed = FIELD.call(|| changed(body.clone(), script));
    join_parts(&[&encode(&changed), signature].concat(), prunable)
}

fn changed(mut body: Body, script: &mut Script<'_>) -> Body {
    let operation = body.operations.first_mut();
    match (script.below(13), operation) {
        (0, _) => body.network = NetworkId(script.name()),
        (1, _) => body.channel = ChannelId(script.name()),
        (2, _) => body.generation = Generation(script.any()),
        (3, _) => body.definition_version = script.any(),
        (4, _) => body.sponsor = PublicKey(script.name()),
        (5, _) => body.author = PublicKey(script.name()),
        (6, _) => body.expiry = Height(script.any()),
        (7, _) => body.epoch = Epoch(script.any()),
        (8, _) => body.salt_digest = script.name(),
        (9, Some(operation)) => operation.action = "update".into(),
        (10, Some(operation)) => operation.record = RecordId(script.name()),
        (11, Some(operation)) => operation.version = script.any(),
        (12, Some(operation)) => {
            operation.parties.iter_mut().for_each(|(_, member)| *member = MemberId(script.name()));
        }
        _ => body.expiry = Height(body.expiry.0.wrapping_add(1)),
    }
    body
}

fn root(script: &mut Script<'_>, takes: &Takes) -> Answer {
    let honest = script.pick(&WORLD.root_transactions).encode();
    let other = with_bit(&honest, script);
    let answer = (takes.root)(&other);
    assert!(other == honest || answer.is_err(), "a changed root transaction is ordered");
    if let Some(transaction) = RootTransaction::decode(&other).ok().filter(|_| answer.is_err()) {
        is_unchanged(&WORLD.opened, transaction);
    }
    answer.into()
}

/// What is refused leaves the same state as if it had not come.
fn is_unchanged(before: &RootState, transaction: RootTransaction) {
    let ((with, rejected), (without, _)) = (before.build([transaction]), before.build([]));
    assert!(rejected.is_empty() || with == without, "a refused transaction changes the next block");
}
