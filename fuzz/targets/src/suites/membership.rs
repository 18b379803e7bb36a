//! F21: who has left opens nothing that is written afterwards, and who has come nothing from before but what was granted.

use parclose_crypto::wrap::UnwrapKey;
use parclose_keys::audience::DealScope;
use parclose_keys::member::hazmat::member_from_bytes;
use parclose_keys::pseudonym::PseudonymKey;
use parclose_keys::{AudienceSecret, Cover, Deal, FieldKey, SealedField, ViewKey};
use parclose_types::{AudienceId, ChannelId, ClassId, Digest, Epoch, Generation, PublicKey};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use std::sync::LazyLock;

use super::{Answer, Control, Suite};
use crate::reach::Point;
use crate::script::Script;

static ROTATE: Point = Point::returns("Deal::make");
static ACCEPT: Point = Point::decides("Deal::accept");
static OPEN: Point = Point::decides("FieldKey::open");
static LEFT: Point = Point::fault("a member that leaves");
static CAME: Point = Point::fault("a member that comes");

/// The suite.
pub const SUITE: Suite = Suite {
    id: "F21",
    name: "f21_membership",
    holds: "a member opens what was sealed while it was one, and what it was granted of other times, and nothing else",
    reach: || vec![&ROTATE, &ACCEPT, &OPEN, &LEFT, &CAME],
    run,
    controls: &[
        Control { name: "a rotation that keeps the secret", run: keeps },
        Control { name: "a newcomer who is dealt the secrets of before", run: hands_over },
        Control { name: "a grant that is one epoch too wide", run: too_wide },
    ],
    script_bytes: 96,
};

const CHANNEL: ChannelId = ChannelId([0x21; 32]);
const MEMBERS: usize = 4;
const ROTATIONS_MAX: usize = 3;
const CLASS: ClassId = ClassId(2);
/// Epochs of one generation: no epoch lies in two.
const EPOCHS: u32 = 4;

/// How a channel errs on purpose.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quirk {
    None,
    Keeps,
    HandsOver,
    TooWide,
}

/// The members' keys in each generation.
static KEYS: LazyLock<Vec<Vec<(PseudonymKey, UnwrapKey)>>> = LazyLock::new(|| {
    let of = |generation: u64| {
        (0_u8..).take(MEMBERS).map(move |number| {
            let member = member_from_bytes([0x60 + number; 32]);
            let one_time = [0x60 + number, 7, 7, 7, u8::try_from(generation).unwrap_or(0)].repeat(7);
            let seed: [u8; 32] = one_time[..32].try_into().expect("35 bytes");
            let key = UnwrapKey::from_secret(&parclose_crypto::secret::hazmat::secret_from_bytes(seed));
            (member.pseudonym(&CHANNEL, Generation(generation)), key)
        })
    };
    (0_u64..).take(ROTATIONS_MAX + 1).map(|generation| of(generation).collect()).collect()
});

/// One generation: who is a member, what was dealt, and what was sealed in it.
struct Term {
    members: Vec<usize>,
    scope: DealScope,
    deal: Deal,
    wraps: Vec<Vec<u8>>,
    written: Vec<(Epoch, SealedField)>,
}

/// What a member was granted of another generation.
struct Grant {
    to: usize,
    generation: usize,
    from: u32,
    until: u32,
    key: ViewKey,
}

/// One scenario: members come and go, everybody writes, and everybody tries to read everything.
pub fn run(bytes: &[u8]) -> Answer {
    hold(bytes, Quirk::None)
}

fn keeps(bytes: &[u8]) -> Answer {
    hold(bytes, Quirk::Keeps)
}

fn hands_over(bytes: &[u8]) -> Answer {
    hold(bytes, Quirk::HandsOver)
}

fn too_wide(bytes: &[u8]) -> Answer {
    hold(bytes, Quirk::TooWide)
}

fn hold(bytes: &[u8], quirk: Quirk) -> Answer {
    let mut script = Script::new(bytes);
    let mut rng = ChaCha20Rng::from_seed(script.name());
    let mut members = vec![0, 1];
    let mut terms: Vec<Term> = vec![term(0, &members, &mut rng)];
    for generation in 1..=1 + script.below(ROTATIONS_MAX) {
        members = change(&members, &mut script);
        terms.push(term(generation, &members, &mut rng));
    }
    let secrets: Vec<AudienceSecret> =
        terms.iter().map(|term| accepted(term, term.members[0]).expect("its member")).collect();
    write(&mut terms, &secrets, &mut script, quirk);
    let grants: Vec<Grant> =
        (0..script.below(4)).map(|_| grant(&terms, &secrets, &mut script, quirk)).collect();
    let held: Vec<Vec<AudienceSecret>> = (0..MEMBERS).map(|reader| held(reader, &terms, quirk)).collect();
    let mut handed = false;
    for (generation, term) in terms.iter().enumerate() {
        for (reader, held) in held.iter().enumerate() {
            for (epoch, sealed) in &term.written {
                let granted = grants.iter().any(|grant| {
                    grant.to == reader
                        && grant.generation == generation
                        && (grant.from..=grant.until).contains(&epoch.0)
                });
                let expected = term.members.contains(&reader) || granted;
                let opened = reads((reader, held), &terms, &grants, *epoch, sealed);
                assert_eq!(opened, expected, "member {reader}, generation {generation}, {epoch:?}");
                handed |= opened && !term.members.contains(&reader);
            }
        }
    }
    Answer::when(handed, "SEA-03")
}

/// One leaves, or one comes, or both.
fn change(members: &[usize], script: &mut Script<'_>) -> Vec<usize> {
    let mut next = members.to_vec();
    if script.below(3) > 0 && next.len() > 1 {
        let at = script.below(next.len());
        LEFT.call(|| next.remove(at));
    }
    let comer = script.below(MEMBERS);
    if !next.contains(&comer) {
        CAME.call(|| next.push(comer));
    }
    next.sort_unstable();
    next
}

fn scope(generation: usize) -> DealScope {
    let number = u8::try_from(generation).unwrap_or(u8::MAX);
    DealScope { channel: CHANNEL, generation: Generation(number.into()), configuration: Digest([number; 32]) }
}

fn term(generation: usize, members: &[usize], rng: &mut ChaCha20Rng) -> Term {
    let (keys, scope) = (&KEYS[generation], scope(generation));
    let mut members = members.to_vec();
    members.sort_by_key(|member| keys[*member].0.public());
    let recipients: Vec<(PublicKey, &[u8])> =
        members.iter().map(|member| (keys[*member].0.public(), keys[*member].1.public())).collect();
    let made = ROTATE.call(|| Deal::make(&scope, &keys[members[0]].0, &recipients, rng));
    let (deal, wraps) = made.expect("an honest deal");
    assert!(deal.verify(&scope, &wraps).is_ok(), "an honest deal does not verify");
    Term { members, scope, deal, wraps, written: Vec::new() }
}

/// The secret that a member has of a generation: from its own wrap, if there is one.
fn accepted(term: &Term, member: usize) -> Option<AudienceSecret> {
    let generation = usize::try_from(term.scope.generation.0).unwrap_or(0);
    let key = &KEYS[generation][member].1;
    let tries = term.wraps.iter().map(|wrap| ACCEPT.ask(|| term.deal.accept(&term.scope, wrap, key)));
    let opened: Vec<AudienceSecret> = tries.filter_map(Result::ok).collect();
    assert_eq!(opened.len(), usize::from(term.members.contains(&member)), "a wrap opens for somebody else");
    opened.into_iter().next()
}

fn write(terms: &mut [Term], secrets: &[AudienceSecret], script: &mut Script<'_>, quirk: Quirk) {
    for generation in 0..terms.len() {
        let first = u32::try_from(generation).unwrap_or(0) * EPOCHS;
        let secret = if quirk == Quirk::Keeps { &secrets[0] } else { &secrets[generation] };
        // A rotation that keeps the secret goes on in the scope of before as well: that is how a secret is kept.
        let of = if quirk == Quirk::Keeps { &terms[0] } else { &terms[generation] };
        let (scope, audience) = (of.scope, of.deal.audience);
        for _ in 0..1 + script.below(2) {
            let epoch = Epoch(first + script.any::<u32>() % EPOCHS);
            let sealed = key_of(secret, &scope, &audience, epoch).seal(CONTEXT, b"41");
            terms[generation].written.push((epoch, sealed));
        }
    }
}

const CONTEXT: &[u8] = b"one field of this channel";

fn key_of(secret: &AudienceSecret, scope: &DealScope, audience: &AudienceId, epoch: Epoch) -> FieldKey {
    let class = secret.class(&scope.channel, scope.generation, audience, CLASS);
    FieldKey::derive(&class.leaf(epoch), &[1; 32], CONTEXT)
}

/// A view key over some epochs of a generation, for anybody.
fn grant(terms: &[Term], secrets: &[AudienceSecret], script: &mut Script<'_>, quirk: Quirk) -> Grant {
    let generation = script.below(terms.len());
    let first = u32::try_from(generation).unwrap_or(0) * EPOCHS;
    let (one, other) = (first + script.any::<u32>() % EPOCHS, first + script.any::<u32>() % EPOCHS);
    let (from, until) = (one.min(other), one.max(other));
    let (scope, audience) = (&terms[generation].scope, terms[generation].deal.audience);
    let class = secrets[generation].class(&scope.channel, scope.generation, &audience, CLASS);
    let wider = if quirk == Quirk::TooWide { until + 1 } else { until };
    let cover = Cover::cut(&class, Epoch(from), Epoch(wider));
    let key = ViewKey { channel: CHANNEL, generation: scope.generation, audience, class: CLASS, cover };
    Grant { to: script.below(MEMBERS), generation, from, until, key }
}

/// Every secret that a member was ever dealt.
fn held(reader: usize, terms: &[Term], quirk: Quirk) -> Vec<AudienceSecret> {
    let mut held: Vec<AudienceSecret> = terms.iter().filter_map(|term| accepted(term, reader)).collect();
    if quirk == Quirk::HandsOver && !held.is_empty() {
        held.extend(accepted(&terms[0], terms[0].members[0]));
    }
    held
}

/// Whether a member opens a field with any secret of its own, in any scope, or with any grant.
fn reads(
    (reader, held): (usize, &[AudienceSecret]),
    terms: &[Term],
    grants: &[Grant],
    epoch: Epoch,
    sealed: &SealedField,
) -> bool {
    let opens = |key: FieldKey| OPEN.ask(|| key.open(CONTEXT, sealed)).is_ok();
    let by_secret = held.iter().any(|secret| {
        terms.iter().any(|term| opens(key_of(secret, &term.scope, &term.deal.audience, epoch)))
    });
    let mut granted = grants.iter().filter(|grant| grant.to == reader);
    by_secret
        || granted.any(|grant| {
            grant.key.leaf(epoch).is_some_and(|leaf| opens(FieldKey::derive(&leaf, &[1; 32], CONTEXT)))
        })
}
