use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "wrong-view-key",
    tries: "as the holder of a regulator's key: opens a view key that was given to another, and reads with its own one as if it were of another class or audience",
    notices: &[by("GRA-06", "GRANT_INVALID"), by("VIE-01", "SEALED")],
    rooms: &[TRADE],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let held = stage.granted()?;
    let other = UnwrapKey::generate(&mut stage.rng);
    let opener = if hand.is_adverse() { &other } else { &held.key };
    let opened = held.wrapped.open(opener);
    let mut answers = vec![Answer::of("a view key", "the wrap, before it is opened", opened)];
    let bundle = stage.exported(TRADE, BOB)?.verify(stage.chain.root.genesis())?;
    let key = || held.wrapped.open(&held.key);
    let alone = stage.side(TRADE, ANN).config().audience_of(&[stage.pseudonym(TRADE, ANN)]);
    let keys = if hand.is_adverse() {
        let (mut class, mut audience) = (key()?, key()?);
        (class.class, audience.audience) = (ClassId(1), alone);
        vec![("a key that is renamed to another class", class), ("to another audience", audience)]
    } else {
        vec![("the key as it is", key()?)]
    };
    for (what, key) in keys {
        let view = bundle.read(&[key]);
        let notice = (by("VIE-01", "SEALED"), view.opened_fields == 0);
        answers.push(Answer::seen(what, "each field's own key", notice, "no field opens"));
    }
    Ok(answers)
}
