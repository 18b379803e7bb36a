use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "late-transaction",
    tries: "as the node that puts transactions forward: keeps one back, and has it ordered after the last height that its author has signed",
    notices: &[by("AUT-04", "TRANSACTION_EXPIRED")],
    rooms: &[TRADE],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let signed = stage.stated(TRADE, statement(ANN, BOB, 20))?;
    if hand.is_adverse() {
        stage.pass_to(signed.body().expiry)?;
    }
    Ok(vec![stage.put_forward(TRADE, ANN, ("a statement that was signed before", &signed))?])
}
