use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "widened-view-key",
    tries: "as the holder of a view key of epochs 0 to 9: changes its file, its signed terms, the grant, and asks its seeds for the epoch after",
    notices: &[
        by("GRA-11", "GRANT_INVALID"),
        by("GRA-07", "GRANT_INVALID"),
        by("GRA-05", "GRANT_INVALID"),
        by("GRA-19", "GRANT_INVALID"),
        by("KEY-14", "NO_SEED"),
    ],
    rooms: &[TRADE],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let held = stage.granted()?;
    let to = Epoch(if hand.is_adverse() { 99 } else { 9 });
    let bundle = stage.exported(TRADE, BOB)?.verify(stage.chain.root.genesis())?;
    let text = held.wrapped.to_json().replacen("\"to\": 9", &format!("\"to\": {}", to.0), 1);
    let mut wrapped = held.wrapped.clone();
    wrapped.grant.terms.scope.to = to;
    let view_key = held.wrapped.open(&held.key)?;
    let grant = &held.wrapped.grant;
    let holder = held.key.public();
    let narrowed = NarrowedViewKey::cut(&view_key, grant, (Epoch(0), to), holder, &mut stage.rng);
    let after = if hand.is_adverse() { Epoch(10) } else { Epoch(9) };
    let notice = (by("KEY-14", "NO_SEED"), view_key.leaf(after).is_none());
    Ok(vec![
        Answer::of("its file", "whoever reads the file", WrappedViewKey::from_json(&text)),
        Answer::of("the terms that it is wrapped with", "the wrap", wrapped.open(&held.key)),
        Answer::of("the grant", "whoever has an export of the room", bundle.accept(&wrapped.grant)),
        Answer::of("a part for a delegate", "the program that cuts it", narrowed),
        Answer::seen(
            format!("the seed of epoch {}", after.0),
            "the tree of seeds",
            notice,
            "no seed above it is known",
        ),
    ])
}
