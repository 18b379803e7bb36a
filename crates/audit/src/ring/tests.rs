//! Whatever is granted, what opens is what set algebra says: no more alone, and no more together.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use parclose_transaction::FieldState;
use parclose_types::{AudienceId, ChannelId, ClassId, Epoch, Generation};
use proptest::prelude::*;

use super::*;
use crate::Bundle;
use crate::bundle::VerifiedBundle;
use crate::fixtures::Consortium;

const EPOCHS: u32 = 6;
const EPOCH_LENGTH: u64 = 64;
const CLASSES: [u32; 2] = [1, 2];

/// A record of each epoch, named after it; what was sealed for both members, by their keys.
struct World {
    bundle: VerifiedBundle,
    consortium: std::sync::Mutex<Consortium>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let mut consortium = Consortium::new();
    for epoch in 0..EPOCHS {
        let statement = consortium.statement(0, u8::try_from(epoch).unwrap(), 1, u64::from(epoch));
        assert_eq!(statement.body().epoch, Epoch(epoch));
        consortium.anchored(&[statement]);
        consortium.wait(EPOCH_LENGTH);
    }
    consortium.anchored(&[]);
    let bundle =
        Bundle::export(&consortium.members[1], consortium.events(), consortium.tag_proof(), None).unwrap();
    let bundle = bundle.verify(consortium.genesis()).unwrap();
    World { bundle, consortium: std::sync::Mutex::new(consortium) }
});

/// Class, first and last epoch.
type Granted = (u32, u32, u32);
/// Epoch and name of a field.
type Field = (u8, String);

fn class_of(field: &str) -> u32 {
    if field == "month" { 1 } else { 2 }
}

fn key((class, from, to): Granted) -> ViewKey {
    WORLD.consortium.lock().unwrap().view_key(class, from, to)
}

/// What keys open; nothing in their reach is malformed.
fn opened(keys: &[ViewKey]) -> BTreeSet<Field> {
    let view = WORLD.bundle.read(keys);
    assert_eq!(view.malformed, []);
    let fields = view.records.iter().flat_map(|record| {
        let opened = record.fields.iter().filter(|(_, state)| matches!(state, FieldState::Opened(_)));
        opened.map(|(name, _)| (record.record.0[0], name.clone()))
    });
    let fields: BTreeSet<Field> = fields.collect();
    assert_eq!(view.opened_fields, fields.len() as u64);
    fields
}

/// What grants should open: the union of what each says.
fn model(granted: &[Granted]) -> BTreeSet<Field> {
    let all = (0..EPOCHS).flat_map(|epoch| {
        ["month", "documents", "total"].map(|name| (u8::try_from(epoch).unwrap(), name.to_owned()))
    });
    let covered = |(epoch, name): &Field| {
        granted
            .iter()
            .any(|(class, from, to)| *class == class_of(name) && (*from..=*to).contains(&u32::from(*epoch)))
    };
    all.filter(covered).collect()
}

fn granted() -> impl Strategy<Value = Granted> {
    let epoch = || prop_oneof![0..EPOCHS + 2, Just(u32::MAX)];
    (prop_oneof![Just(1_u32), Just(2), Just(3)], epoch(), epoch())
        .prop_map(|(class, a, b)| (class, a.min(b), a.max(b)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn vie_01_grants_open_what_set_algebra_says(granted in proptest::collection::vec(granted(), 0..6)) {
        let keys: Vec<ViewKey> = granted.iter().copied().map(key).collect();
        prop_assert_eq!(opened(&keys), model(&granted));
    }

    #[test]
    fn vie_01_two_who_collude_open_the_union_of_theirs_and_nothing_more(one in granted(), other in granted()) {
        let (first, second) = (opened(&[key(one)]), opened(&[key(other)]));
        let both = opened(&[key(one), key(other)]);
        prop_assert_eq!(&both, &first.union(&second).cloned().collect::<BTreeSet<Field>>());
        prop_assert_eq!(both, model(&[one, other]));
    }
}

#[test]
fn vie_01_a_scope_that_is_off_by_one_opens_nothing() {
    let good = || key((2, 0, EPOCHS));
    let changed = |change: fn(&mut ViewKey)| {
        let mut key = good();
        change(&mut key);
        WORLD.bundle.read(&[key])
    };
    assert_eq!(opened(&[good()]), model(&[(2, 0, EPOCHS)]));
    let other: [fn(&mut ViewKey); 3] = [
        |key| key.channel = ChannelId([key.channel.0[0] ^ 1; 32]),
        |key| key.generation = Generation(key.generation.0 + 1),
        |key| key.audience = AudienceId([key.audience.0[0] ^ 1; 32]),
    ];
    for change in other {
        let view = changed(change);
        assert_eq!((view.opened_fields, view.malformed.len()), (0, 0));
    }
    // Told to be of another class, it reaches that class's fields and opens none.
    let view = changed(|key| key.class = ClassId(1));
    assert_eq!((view.opened_fields, view.malformed.len()), (0, EPOCHS as usize));
    for epoch in 1..EPOCHS {
        assert_eq!(opened(&[key((1, epoch, epoch))]), model(&[(1, epoch, epoch)]), "{epoch}");
    }
    assert_eq!(CLASSES.map(|class| opened(&[key((class, EPOCHS, u32::MAX))]).len()), [0, 0]);
}

#[test]
fn a_key_that_somebody_made_up_hides_nothing() {
    let (right, wrong) = (
        || key((2, 0, EPOCHS)),
        || {
            let mut wrong = key((1, 0, EPOCHS));
            wrong.class = ClassId(2);
            wrong
        },
    );
    let alone = WORLD.bundle.read(&[wrong()]);
    assert_eq!((alone.opened_fields, alone.malformed.len()), (0, 2 * EPOCHS as usize));
    for keys in [[right(), wrong()], [wrong(), right()]] {
        assert_eq!(opened(&keys), model(&[(2, 0, EPOCHS)]));
    }
}
