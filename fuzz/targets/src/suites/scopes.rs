//! F13: what view keys open together is the union of their scopes, and not one epoch, class or channel beside it.

use parclose_crypto::seal::DoesNotOpen;
use parclose_keys::audience::hazmat::audience_from_bytes;
use parclose_keys::{ClassSeed, Cover, FieldKey, LeafKey, ViewKey};
use parclose_types::{AudienceId, ChannelId, ClassId, Epoch, Generation};

use super::{Answer, Control, Suite};
use crate::reach::Point;
use crate::script::Script;

static READ: Point = Point::decides("ViewKey::from_bytes");
static LEAF: Point = Point::decides("ViewKey::leaf");
static OPEN: Point = Point::decides("FieldKey::open");
static NARROW: Point = Point::decides("Cover::narrow");

/// The suite.
pub const SUITE: Suite = Suite {
    id: "F13",
    name: "f13_scopes",
    holds: "the fields that a set of view keys opens are those of the union of their scopes; empty and reversed intervals open nothing",
    reach: || vec![&READ, &LEAF, &OPEN, &NARROW],
    run,
    controls: &[
        Control { name: "a cover that is one epoch too wide", run: too_wide },
        Control { name: "a class seed that binds no class", run: without_class },
        Control { name: "a class seed that binds no channel", run: without_channel },
    ],
    script_bytes: 160,
};

/// Everything that a view key is bound to but the epochs. Small numbers, so that scopes meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Scope {
    channel: u8,
    generation: u64,
    audience: u8,
    class: u32,
}

/// A scope and an interval of epochs, as numbers: the model.
#[derive(Clone, Copy, Debug)]
struct Granted {
    scope: Scope,
    from: u32,
    to: u32,
}

impl Granted {
    fn has(&self, scope: &Scope, epoch: u32) -> bool {
        self.scope == *scope && self.from <= epoch && epoch <= self.to
    }
}

/// How keys are derived and cut, so that controls can err.
struct Keys {
    seed: fn(&Scope) -> ClassSeed,
    last: fn(u32) -> u32,
}

const HONEST: Keys = Keys { seed, last: |to| to };

/// One scenario: a few view keys, and fields in and beside their scopes.
pub fn run(bytes: &[u8]) -> Answer {
    hold(bytes, &HONEST)
}

fn too_wide(bytes: &[u8]) -> Answer {
    hold(bytes, &Keys { last: |to| to.saturating_add(1), ..HONEST })
}

fn without_class(bytes: &[u8]) -> Answer {
    hold(bytes, &Keys { seed: |scope| seed(&Scope { class: 0, ..*scope }), ..HONEST })
}

fn without_channel(bytes: &[u8]) -> Answer {
    hold(bytes, &Keys { seed: |scope| seed(&Scope { channel: 0, ..*scope }), ..HONEST })
}

fn hold(bytes: &[u8], keys: &Keys) -> Answer {
    let mut script = Script::new(bytes);
    let granted: Vec<Granted> = (0..1 + script.below(3)).map(|_| granted(&mut script)).collect();
    let held: Vec<ViewKey> = granted.iter().filter_map(|granted| issue(granted, keys, &mut script)).collect();
    let mut answer = Answer::Taken;
    for _ in 0..3 {
        let (scope, epoch) = question(&mut script, &granted);
        let expected = granted.iter().any(|granted| granted.has(&scope, epoch));
        let opened = open_with_all(&held, &scope, epoch, keys);
        assert_eq!(opened, expected, "{scope:?} in epoch {epoch} under {granted:?}");
        answer = Answer::when(opened, "SEA-03");
    }
    answer
}

fn granted(script: &mut Script<'_>) -> Granted {
    let (one, other) = (epoch(script), epoch(script));
    // Mostly an interval; sometimes reversed, which grants nothing.
    let (from, to) = if script.below(8) == 0 { (one, other) } else { (one.min(other), one.max(other)) };
    Granted { scope: scope(script), from, to }
}

fn scope(script: &mut Script<'_>) -> Scope {
    Scope {
        channel: script.any::<u8>() % 2,
        generation: script.any::<u64>() % 2,
        audience: script.any::<u8>() % 2,
        class: script.any::<u32>() % 3,
    }
}

fn epoch(script: &mut Script<'_>) -> u32 {
    match script.below(4) {
        0 => *script.pick(&[0, 1, u32::MAX - 1, u32::MAX, 1 << 31]),
        1 => script.any(),
        _ => u32::from(script.any::<u8>()),
    }
}

/// A scope and an epoch: at an edge of what was granted, or anywhere.
fn question(script: &mut Script<'_>, granted: &[Granted]) -> (Scope, u32) {
    let near = script.pick(granted);
    let edge = *script.pick(&[near.from, near.to]);
    let epoch = match script.below(5) {
        0 => edge,
        1 => edge.saturating_add(1),
        2 => edge.saturating_sub(1),
        3 => u32::midpoint(near.from, near.to),
        _ => epoch(script),
    };
    let mut asked = near.scope;
    match script.below(8) {
        0 => asked.class = asked.class.wrapping_add(1) % 3,
        1 => asked.channel ^= 1,
        2 => asked.generation ^= 1,
        3 => asked.audience ^= 1,
        4 => asked = scope(script),
        _ => {}
    }
    (asked, epoch)
}

fn audience(scope: &Scope) -> AudienceId {
    AudienceId([scope.audience; 32])
}

fn seed(scope: &Scope) -> ClassSeed {
    // One secret for all: what keeps scopes apart is derivation alone.
    let secret = audience_from_bytes([0x5e; 32]);
    let (channel, generation) = (ChannelId([scope.channel; 32]), Generation(scope.generation));
    secret.class(&channel, generation, &audience(scope), ClassId(scope.class))
}

/// The view key as its holder reads it; cut out of a wider one where the script says so.
fn issue(granted: &Granted, keys: &Keys, script: &mut Script<'_>) -> Option<ViewKey> {
    let Granted { scope, from, to } = *granted;
    let (first, last) = (Epoch(from), Epoch((keys.last)(to)));
    let class = (keys.seed)(&scope);
    let cover = if script.flag() {
        let wider = Cover::cut(&class, Epoch(from.saturating_sub(3)), Epoch(last.0.saturating_add(3)));
        let cut = NARROW.ask(|| wider.narrow(first, last).ok_or(()));
        assert_eq!(cut.is_ok(), first <= last, "an interval that is none is cut");
        assert!(
            wider.narrow(first, Epoch(last.0.saturating_add(4))).is_none() || last.0 > u32::MAX - 4,
            "cut beyond"
        );
        cut.ok()?
    } else {
        Cover::cut(&class, first, last)
    };
    let (channel, generation) = (ChannelId([scope.channel; 32]), Generation(scope.generation));
    let key = ViewKey { channel, generation, audience: audience(&scope), class: ClassId(scope.class), cover };
    let read = READ.ask(|| ViewKey::from_bytes(&key.to_bytes()));
    assert_eq!(read.is_ok(), first <= last, "a view key of no epoch");
    read.ok()
}

/// Whether one of the keys opens a field of a place, whatever epoch its holder claims.
fn open_with_all(held: &[ViewKey], scope: &Scope, epoch: u32, keys: &Keys) -> bool {
    let context = b"a field of this place";
    let leaf = (keys.seed)(scope).leaf(Epoch(epoch));
    let sealed = FieldKey::derive(&leaf, &[7; 32], context).seal(context, b"12");
    let opens = |leaf: &LeafKey| -> Result<(), DoesNotOpen> {
        OPEN.ask(|| FieldKey::derive(leaf, &[7; 32], context).open(context, &sealed).map(drop))
    };
    let claimed = [epoch, epoch.saturating_sub(1), epoch.saturating_add(1)];
    let tries = held.iter().flat_map(|key| claimed.map(|claimed| (key, claimed)));
    tries
        .filter(|(key, claimed)| {
            let leaf = LEAF.ask(|| key.leaf(Epoch(*claimed)).ok_or(()));
            leaf.is_ok_and(|leaf| opens(&leaf).is_ok())
        })
        .count()
        > 0
}
