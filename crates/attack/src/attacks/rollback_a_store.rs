use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "rollback-store",
    tries: "with bob's disk: puts an old copy of his database back, and has his node endorse a batch that rests on what the copy does not know",
    notices: &[by("END-06", "ENDORSEMENT_REFUSED")],
    rooms: &[TRADE],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let (old, path) = (stage.folder.join("old"), stage.close(TRADE, BOB));
    copy_folder(&path, &old)?;
    stage.reopen(TRADE, BOB)?;
    let signed = stage.stated(TRADE, statement(ANN, CYD, 20))?;
    stage.anchored(TRADE, ANN, &[signed])?;
    let path = stage.close(TRADE, BOB);
    let mut side = stage.open_at(TRADE, BOB, if hand.is_adverse() { &old } else { &path })?;
    // The copy is whole, and shows nothing by itself: it is only old.
    stage.verify_side(&side)?;
    let signed = stage.stated(TRADE, statement(ANN, CYD, 21))?;
    let proposal = stage.proposed(TRADE, ANN, &[signed])?;
    let endorsed = side.endorse(&parclose_types::encode(&proposal), stage.head(), stage.window());
    Ok(vec![Answer::of("bob's node is asked to endorse a batch", "bob's node", endorsed)])
}
