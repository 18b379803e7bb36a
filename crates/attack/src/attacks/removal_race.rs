use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "removal-race",
    tries: "as a member about to be removed: has a batch of the old generation ordered in the block of the rotation, before it and after it, and in the block that follows",
    notices: &[by("ROO-15", "GENERATION_STALE"), by("END-03", "ENDORSEMENT_REFUSED")],
    rooms: &[TRADE],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let cyd = stage.id(TRADE, CYD);
    decided(stage, Change::Remove(cyd))?;
    stage.upkeep(TRADE)?;
    let rotation = rotation(stage)?;
    let late = [21, 22, 23].map(|number| -> Result<RootTransaction, Failed> {
        let signed = stage.stated(TRADE, statement(CYD, BOB, number))?;
        let proposal = stage.proposed(TRADE, CYD, &[signed])?;
        Ok(RootTransaction::Anchor(stage.endorsed(TRADE, CYD, &proposal)?))
    });
    let [before, within, after] = late;
    // A rotation takes force at the next height: in its own block the old keys certify to the end, in either order.
    let block = vec![before?, rotation, within?];
    let rejected = stage.block(block)?;
    if let Some((at, why)) = rejected.first() {
        return Err(format!("transaction {at} of the rotation's block: {why}").into());
    }
    stage.settle(TRADE)?;
    let mut answers = Vec::new();
    for number in [21, 22] {
        if stage.side(TRADE, BOB).record(&record(number))?.is_none() {
            return Err("members do not agree on what came before the rotation took force".into());
        }
    }
    if !hand.is_adverse() {
        stage.deal(TRADE)?;
        let signed = stage.stated(TRADE, statement(ANN, BOB, 24))?;
        let proposal = stage.proposed(TRADE, ANN, &[signed])?;
        let anchor = stage.endorsed(TRADE, ANN, &proposal)?;
        let ordered = stage.order(RootTransaction::Anchor(anchor))?;
        return Ok(vec![Answer::of("a batch of who is left, after it", "the root chain", ordered)]);
    }
    answers.push(Answer::of(
        "an anchor of the old generation, one block later",
        "the root chain",
        stage.order(after?)?,
    ));
    // Whoever was removed finds nobody to endorse it any more.
    let mut proposal = stage.proposed(TRADE, ANN, &[])?;
    proposal.batch.header.sponsor = stage.pseudonym(TRADE, CYD);
    proposal.batch.signature =
        stage.side(TRADE, CYD).pseudonym().sign(proposal.batch.header.digest().as_ref());
    let (head, window) = (stage.head(), stage.window());
    let endorsed = stage.side_mut(TRADE, BOB).endorse(&encode(&proposal), head, window);
    answers.push(Answer::of("a batch that cyd puts forward in the new generation", "bob's node", endorsed));
    Ok(answers)
}
