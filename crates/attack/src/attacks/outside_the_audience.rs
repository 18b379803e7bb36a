use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "outside-audience",
    tries: "as a member of the room with every key that it was ever given: opens every field of what ann and bob state to each other",
    notices: &[by("VIE-01", "SEALED")],
    rooms: &[TRADE],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let reader = if hand.is_adverse() { CYD } else { BOB };
    let signed = stage.stated(TRADE, statement(ANN, reader, 20))?;
    stage.applied(TRADE, ANN, &signed)?;
    let side = stage.side(TRADE, reader);
    let mut answers = Vec::new();
    for number in 1..=3 {
        let view = side.view_record(side.keys(), &record(number))?.ok_or("the record was written")?;
        let is_sealed = view.fields.iter().all(|field| field.state == FieldState::Sealed);
        let notice = (by("VIE-01", "SEALED"), is_sealed);
        let (what, by) = (format!("{} reads record {number}", MEMBERS[reader]), "the audience's own secret");
        answers.push(Answer::seen(
            what,
            by,
            notice,
            "none of its keys reaches a field; every field stays sealed",
        ));
    }
    // Its keys are good: what is stated to it, it reads.
    let own = side.view_record(side.keys(), &record(20))?.ok_or("the record was written")?;
    if own.fields.iter().any(|field| !matches!(field.state, FieldState::Opened(_))) {
        return Err("a reader does not open what is its own".into());
    }
    Ok(answers)
}
