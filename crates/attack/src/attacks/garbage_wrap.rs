use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "garbage-wrap",
    tries: "as a member that deals a secret, and as an issuer of a view key: wraps garbage, another secret, or seeds of another scope for one reader, with all its signatures right",
    notices: &[
        by("KEY-03", "NOT_DEALT"),
        by("GRA-08", "GRANT_INVALID"),
        by("GRA-09", "GRANT_INVALID"),
        by("GRA-07", "GRANT_INVALID"),
    ],
    rooms: &[TRADE],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let mut answers = dealt(stage, hand)?;
    answers.extend(granted(stage, hand)?);
    Ok(answers)
}

/// A deal to ann and bob by ann, whose wrap for bob is hers to choose.
fn dealt(stage: &mut Stage, hand: Hand) -> Answers {
    let (one, other) = (UnwrapKey::generate(&mut stage.rng), UnwrapKey::generate(&mut stage.rng));
    let mut readers = [(stage.pseudonym(TRADE, ANN), &one), (stage.pseudonym(TRADE, BOB), &other)];
    readers.sort_by_key(|(member, _)| *member);
    let victim =
        readers.iter().position(|(_, key)| key.public() == other.public()).ok_or("bob is dealt to")?;
    let recipients = readers.map(|(member, key)| (member, key.public()));
    let mut rng = stage.rng.clone();
    let side = stage.side(TRADE, ANN);
    let scope = side.governance().latest().scope();
    let key = side.pseudonym();
    let (deal, wraps) = Deal::make(&scope, key, &recipients, &mut rng)?;
    let (_, of_another) = Deal::make(&scope, key, &recipients, &mut rng)?;
    let tried = if hand.is_adverse() {
        let mut garbage = wraps[victim].clone();
        garbage[40] ^= 1;
        vec![("garbage", garbage), ("the wrap of another secret", of_another[victim].clone())]
    } else {
        vec![("the wrap as it is", wraps[victim].clone())]
    };
    let mut answers = Vec::new();
    for (what, wrap) in tried {
        let (mut deal, mut wraps) = (deal.clone(), wraps.clone());
        wraps[victim] = wrap;
        deal.wraps_root = parclose_crypto::merkle::root(&wraps);
        parclose_keys::audience::hazmat::sign_deal(&mut deal, &scope, key);
        // Whoever is not its reader finds nothing wrong with it.
        deal.verify(&scope, &wraps)?;
        let is_refused = deal.accept(&scope, &wraps[victim], &other).is_err();
        let detail =
            "it does not open to the secret of the check value: bob complains, and gets it from another";
        answers.push(Answer::seen(what, "bob's node", (by("KEY-03", "NOT_DEALT"), is_refused), detail));
    }
    Ok(answers)
}

/// A view key for a regulator, whose wrap is its issuer's to choose.
fn granted(stage: &mut Stage, hand: Hand) -> Answers {
    let held = stage.granted()?;
    let (terms, judge) = (&held.wrapped.grant.terms, "the regulator, before it reads anything");
    let good = held.wrapped.open(&held.key)?.to_bytes().to_vec();
    let narrow = GrantScope { to: Epoch(8), ..terms.scope };
    let narrow = narrow.cut(stage.side(TRADE, ANN).keys())?.to_bytes().to_vec();
    let mut wrong = good.clone();
    if let Some(last) = wrong.last_mut() {
        *last ^= 1;
    }
    let GrantScope { channel, generation, audience, .. } = terms.scope;
    let info = wrap_info("grant", &channel, generation, &audience, held.key.public());
    let tried: &[(&str, &[u8])] = if hand.is_adverse() {
        &[("epochs 0 to 8 in the place of 0 to 9", &narrow), ("one wrong seed", &wrong)]
    } else {
        &[("the seeds as they are", &good)]
    };
    let mut answers = Vec::new();
    for (what, plain) in tried {
        let wrap = parclose_crypto::wrap::wrap(
            held.key.public(),
            &info,
            &terms.signing_bytes(),
            plain,
            &mut stage.rng,
        )?;
        let wrapped = WrappedViewKey { wrap, ..held.wrapped.clone() };
        answers.push(Answer::of(*what, judge, wrapped.open(&held.key)));
    }
    if hand.is_adverse() {
        let mut garbage = held.wrapped.clone();
        garbage.wrap[1150] ^= 1;
        answers.push(Answer::of("garbage", judge, garbage.open(&held.key)));
    }
    Ok(answers)
}
