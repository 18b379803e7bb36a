use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "one-sided-settle",
    tries: "as one side of a deal: takes its due without giving: has its leg certified without a lock, with a smaller one, and lets the deal lapse after the other side has locked",
    notices: &[by("LOC-08", "ENDORSEMENT_REFUSED"), by("LOC-09", "LEG_MISMATCH"), by("ROO-80", "ABORTED")],
    rooms: &[CASH],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let dealt = Dealt::open(stage)?;
    dealt.lock(stage, 0)?;
    dealt.prepare(stage, 0)?;
    if !hand.is_adverse() {
        dealt.lock(stage, 1)?;
        dealt.prepare(stage, 1)?;
        worth(stage, BOB, 650)?;
        let paid = stage.side(CASH, ANN).own_notes()?.iter().any(|note| note.row.note.asset == BOND);
        return if paid {
            Ok(vec![Answer::let_through("both legs, together")])
        } else {
            Err("one leg alone".into())
        };
    }
    let mut answers = vec![dealt.without_a_lock(stage)?, dealt.with_a_smaller_one(stage)?];
    // Ann gets back what she has locked, and bob gets nothing.
    stage.pass_to(dealt.settle_before)?;
    stage.settle(CASH)?;
    let is_aborted = stage.balance(ANN)? == 1000 && stage.balance(BOB)? == 250;
    let detail = "the root chain aborts at its height: the note that ann has locked is hers again";
    let notice = (by("ROO-80", "ABORTED"), is_aborted);
    answers.push(Answer::seen(
        "the deal is left to lapse",
        "the root chain, and every member's execution",
        notice,
        detail,
    ));
    Ok(answers)
}
