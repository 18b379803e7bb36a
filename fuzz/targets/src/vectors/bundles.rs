//! Faults of exports.

use parclose_audit::Bundle;
use parclose_audit::bundle::{AttestedVerdicts, NextGeneration};
use parclose_channel::Verdict;
use parclose_types::{Epoch, Generation, Height, NetworkId, Sequence};

use super::Vector;
use super::wire::set;
use crate::world::WORLD;

pub(super) fn vectors() -> Vec<Vector> {
    [files(), contents()].concat()
}

fn files() -> Vec<Vector> {
    let good = WORLD.bundle.encode();
    let with = |fault, bad| Vector::new("bundle", "BUN-02", fault, &good, bad);
    let length = |from: usize| {
        let bytes = good.get(from + 1..from + 5).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok());
        usize::try_from(u32::from_be_bytes(bytes.unwrap_or_default())).unwrap_or(0)
    };
    let part = |from: usize| from..from + 5 + length(from);
    let (founding, tag) = (part(8), part(part(8).end));
    vec![
        with("another magic", set(&good, 0, b'p')),
        with("version 2", set(&good, 7, 2)),
        with("nothing behind the magic", good[..8].to_vec()),
        with("a kind of part that no bundle has", set(&good, tag.end, 99)),
        with("a part that is cut off", good[..good.len() - 1].to_vec()),
        with("a part that says 4 GiB", [&good[..9], &[0xff; 4], &good[13..]].concat()),
        with(
            "the founding twice",
            [&good[..founding.end], &good[founding.clone()], &good[founding.end..]].concat(),
        ),
        with("two parts change places", {
            [&good[..8], &good[tag.clone()], &good[founding.clone()], &good[tag.end..]].concat()
        }),
        with("no proof of the tag", [&good[..tag.start], &good[tag.end..]].concat()),
        with("a byte follows that begins no part", [good.as_slice(), &[0]].concat()),
        Vector::new("bundle", "WIR-02", "a byte follows in the founding", &good, {
            let longer = u32::try_from(length(8) + 1).unwrap_or(0).to_be_bytes();
            [&good[..9], &longer, &good[13..founding.end], &[0], &good[founding.end..]].concat()
        }),
    ]
}

fn contents() -> Vec<Vector> {
    let good = WORLD.bundle.encode();
    let changed = |rule, fault, change: &dyn Fn(&mut Bundle)| {
        let mut bundle = WORLD.bundle.clone();
        change(&mut bundle);
        Vector::new("bundle", rule, fault, &good, bundle.encode())
    };
    fn attested(bundle: &mut Bundle) -> &mut AttestedVerdicts {
        bundle.attested.as_mut().expect("a state is attested")
    }
    let several =
        |bundle: &Bundle| bundle.batches.iter().position(|batch| batch.permanent.len() > 1).unwrap_or(0);
    vec![
        changed("BUN-03", "founded in another network", &|bundle| {
            bundle.setup.config.network = NetworkId([1; 32])
        }),
        changed("BUN-04", "endorsers change places", &|bundle| bundle.setup.config.members.swap(0, 1)),
        changed("BUN-04", "a threshold of more than all", &|bundle| bundle.setup.config.threshold = 3),
        changed("BUN-05", "the last event is missing", &|bundle| drop(bundle.events.pop())),
        changed("BUN-05", "an event more", &|bundle| bundle.events.push(bundle.events[1].clone())),
        changed("BUN-05", "two events change places", &|bundle| bundle.events.swap(1, 2)),
        changed("BUN-05", "an event at another height", &|bundle| bundle.events[1].height = Height(77)),
        changed("BUN-05", "no event at all", &|bundle| bundle.events.clear()),
        changed("BUN-06", "another blinder", &|bundle| bundle.batches[0].proof.blinder[0] ^= 1),
        changed("BUN-06", "a header that counts others", &|bundle| {
            bundle.batches[0].proof.header.transactions += 1
        }),
        changed("BUN-06", "another blinder of the attesting batch", &|bundle| {
            attested(bundle).by.blinder[0] ^= 1
        }),
        changed("BUN-06", "a bit of the attesting sponsor's signature", &|bundle| {
            attested(bundle).by.signature.0[0] ^= 1;
        }),
        changed("BUN-07", "a batch is missing", &|bundle| drop(bundle.batches.remove(1))),
        changed("BUN-07", "a batch twice", &|bundle| {
            let batch = bundle.batches[0].clone();
            bundle.batches.insert(0, batch);
        }),
        changed("BUN-07", "batches change places", &|bundle| bundle.batches.swap(0, 1)),
        changed("BUN-07", "a batch outside the epochs", &|bundle| bundle.epochs = (Epoch(7), Epoch(9))),
        changed("BUN-08", "a transaction is left out of a batch", &|bundle| {
            let at = several(bundle);
            drop((bundle.batches[at].permanent.pop(), bundle.batches[at].prunable.pop()));
        }),
        changed("BUN-08", "a bit of a sealed part", &|bundle| {
            let at = several(bundle);
            bundle.batches[at].prunable[0][3] ^= 1;
        }),
        changed("BUN-08", "a bit of the sponsor's signature", &|bundle| {
            let at = several(bundle);
            bundle.batches[at].proof.signature.0[0] ^= 1;
        }),
        changed("BUN-09", "no verdicts where there are some", &|bundle| bundle.attested = None),
        changed("BUN-09", "the verdicts of an older state", &|bundle| {
            let older = bundle.batches[0].proof.clone();
            attested(bundle).by = older;
        }),
        changed("BUN-10", "a head of another event", &|bundle| attested(bundle).head.sequence = Sequence(0)),
        changed("BUN-10", "a head that counts others", &|bundle| attested(bundle).head.verdicts += 1),
        changed("BUN-11", "the last verdict is missing", &|bundle| drop(attested(bundle).verdicts.pop())),
        changed("BUN-11", "another verdict", &|bundle| {
            attested(bundle).verdicts[0].verdict = Verdict::Refused("ACC-04".into());
        }),
        changed("BUN-11", "two verdicts change places", &|bundle| attested(bundle).verdicts.swap(0, 1)),
        changed("BUN-13", "a generation that nothing leads to", &|bundle| {
            let config = bundle.setup.config.clone();
            bundle.generations.push(NextGeneration { config, texts: None, blinder: [0; 32] });
        }),
        changed("BUN-14", "an audience of nobody", &|bundle| bundle.audiences[0].1.clear()),
        changed("BUN-14", "an audience of a stranger", &|bundle| bundle.audiences[0].1[0].0[0] ^= 1),
        changed("BUN-14", "an audience out of order", &|bundle| bundle.audiences[0].1.swap(0, 1)),
        changed("BUN-14", "an audience of a generation that is not there", &|bundle| {
            bundle.audiences[0].0 = Generation(7);
        }),
        changed("SET-03", "another policy", &|bundle| bundle.setup.texts.policy.push(' ')),
        changed("SET-04", "another certificate", &|bundle| {
            bundle.setup.config.members[0].certificate.identity_signature.0[0] ^= 1;
        }),
        changed("ROO-45", "another state of the tag", &|bundle| bundle.tag_proof.state.count += 1),
        changed("BUN-03", "a header of another network", &|bundle| {
            bundle.tag_proof.header.network = NetworkId([1; 32]);
        }),
    ]
}
