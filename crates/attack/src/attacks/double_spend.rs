use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "double-spend",
    tries: "as the owner of a note: pays cyd with it, and then ann with the same note",
    notices: &[by("VAL-13", "NOTE_NOT_SPENDABLE")],
    rooms: &[CASH],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let (once, twice) = (stage.purse(BOB)?, stage.purse(BOB)?);
    let second = stage.paid(BOB, twice, &[(ANN, 250)])?;
    if hand.is_adverse() {
        let first = stage.paid(BOB, once, &[(CYD, 250)])?;
        stage.applied(CASH, BOB, &first)?;
    }
    let answer = stage.put_forward(CASH, BOB, ("a payment of 250 to ann", &second))?;
    worth(stage, ANN, if hand.is_adverse() { 1000 } else { 1250 })?;
    Ok(vec![answer])
}
