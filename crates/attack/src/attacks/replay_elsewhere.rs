use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "replay-elsewhere",
    tries: "as a member of both rooms: puts a transaction that ann has signed for one room forward in the other",
    notices: &[by("AUT-03", "NOT_AUTHENTIC")],
    rooms: &[TRADE, CASH],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let signed = stage.stated(TRADE, statement(ANN, BOB, 20))?;
    let (room, what) = if hand.is_adverse() { (CASH, "the room of cash") } else { (TRADE, "its own room") };
    Ok(vec![stage.put_forward(room, ANN, (&format!("a statement in {what}"), &signed))?])
}
