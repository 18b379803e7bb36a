use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "forged-anchor",
    tries: "as one member: puts a batch of its own under the certificate of another, carries a room's certificate over to the other room, and has an anchor ordered twice",
    notices: &[by("ROO-11", "NOT_CERTIFIED"), by("ROO-18", "ANCHOR_ALREADY_ORDERED")],
    rooms: &[TRADE, CASH],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let proposal = stage.proposed(TRADE, ANN, &[])?;
    let honest = stage.endorsed(TRADE, ANN, &proposal)?;
    if !hand.is_adverse() {
        let ordered = stage.order(RootTransaction::Anchor(honest))?;
        return Ok(vec![Answer::of("an anchor that two members have endorsed", "the root chain", ordered)]);
    }
    let own = stage.proposed(TRADE, CYD, &[])?;
    let swapped = Anchor { commitment: own.commitment(), ..honest.clone() };
    let carried = Anchor { tag: stage.side(CASH, ANN).tag(), ..honest.clone() };
    let mut answers = Vec::new();
    for (what, anchor) in
        [("cyd's batch under ann's certificate", swapped), ("it in the other room", carried)]
    {
        answers.push(Answer::of(what, "the root chain", stage.order(RootTransaction::Anchor(anchor))?));
    }
    stage.order(RootTransaction::Anchor(honest.clone()))??;
    let twice = stage.order(RootTransaction::Anchor(honest))?;
    answers.push(Answer::of("the same anchor again", "the root chain", twice));
    Ok(answers)
}
