use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "certified-lie",
    tries: "as two of three members: certify a state that is not the one that executing gives, and have it ordered",
    notices: &[by("CHA-03", "STATE_DIVERGED")],
    rooms: &[TRADE],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let truth = stage.proposed(TRADE, ANN, &[])?;
    let proposal = if hand.is_adverse() { of_another_state(stage, ANN, &truth) } else { truth };
    stage.side_mut(TRADE, CYD).receive_anchored(&encode(&proposal))?;
    let statement = proposal.statement(stage.side(TRADE, ANN).tag());
    let certificate = stage.certified(TRADE, &[ANN, BOB], &statement.signing_bytes())?;
    stage.order(RootTransaction::Anchor(statement.anchor(certificate)))??;
    let executed = stage.catch_up(TRADE, CYD);
    Ok(vec![Answer::of("cyd executes what two of three have certified", "cyd's node", executed)])
}
