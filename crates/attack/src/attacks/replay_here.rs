use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "replay-here",
    tries: "as a member: has a transaction that was applied ordered again, and signs another one over its salt",
    notices: &[by("STA-03", "NO_VERDICT"), by("STA-07", "VERDICT")],
    rooms: &[TRADE],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let first = stage.stated(TRADE, statement(ANN, BOB, 20))?;
    if !hand.is_adverse() {
        return Ok(vec![stage.put_forward(TRADE, ANN, ("a new statement", &first))?]);
    }
    stage.applied(TRADE, ANN, &first)?;
    let seen = |stage: &Stage| -> Result<_, Failed> {
        let side = stage.side(TRADE, CYD);
        Ok((side.record(&record(20))?, side.verdicts(0, usize::MAX)?.len()))
    };
    let before = seen(stage)?;
    stage.anchored(TRADE, ANN, std::slice::from_ref(&first))?;
    let is_ignored = seen(stage)? == before;
    let (notice, by) = ((by("STA-03", "NO_VERDICT"), is_ignored), "every member, when it executes the batch");
    let again = Answer::seen(
        "the same transaction again",
        by,
        notice,
        "its first verdict stands, and nothing changes",
    );
    let author = stage.side(TRADE, ANN).pseudonym();
    let salted = resigned(first, author, |body, _| body.operations[0].record = record(21));
    Ok(vec![again, stage.put_forward(TRADE, ANN, ("another record under the same salt", &salted))?])
}
