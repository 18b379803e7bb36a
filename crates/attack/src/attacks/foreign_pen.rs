use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "foreign-pen",
    tries: "as a member: puts what ann has sealed for bob and herself forward in its own name, though it is no party to it, and then in her name, though she has named herself to put it forward",
    notices: &[by("SCH-04", "OFF_SCHEMA"), by("STA-08", "NO_VERDICT")],
    rooms: &[TRADE],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let signed = stage.stated(TRADE, statement(ANN, BOB, 20))?;
    if !hand.is_adverse() {
        return Ok(vec![stage.put_forward(TRADE, ANN, ("a statement between ann and bob", &signed))?]);
    }
    let key = stage.side(TRADE, CYD).pseudonym();
    let own = resigned(signed.clone(), key, |body, _| {
        (body.author, body.sponsor) = (key.public(), key.public());
    });
    let own = stage.put_forward(TRADE, CYD, ("a statement between ann and bob, by cyd", &own))?;
    Ok(vec![own, stage.put_forward(TRADE, CYD, ("ann's own, put forward by cyd", &signed))?])
}
