use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "replay-here",
    tries: "as a member: has a transaction that was applied ordered again, and signs another one over its salt",
    notices: &[by("STA-03", "ALREADY_DECIDED"), by("STA-07", "STALE")],
    rooms: &[TRADE],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let first = stage.stated(TRADE, statement(ANN, BOB, 20))?;
    if !hand.is_adverse() {
        return Ok(vec![stage.put_forward(TRADE, ANN, ("a new statement", &first))?]);
    }
    stage.applied(TRADE, ANN, &first)?;
    let height = stage.next();
    let advised = stage.side_mut(TRADE, CYD).advise(&first, height)?;
    let again = Answer::of("the same transaction again", "every member", advised);
    let before = stage.side(TRADE, CYD).record(&record(20))?;
    stage.anchored(TRADE, ANN, std::slice::from_ref(&first))?;
    if stage.side(TRADE, CYD).record(&record(20))? != before {
        return Ok(vec![Answer::let_through("the same transaction again")]);
    }
    let author = stage.side(TRADE, ANN).pseudonym();
    let salted = resigned(first, author, |body, _| body.operations[0].record = record(21));
    Ok(vec![again, stage.put_forward(TRADE, ANN, ("another record under the same salt", &salted))?])
}
