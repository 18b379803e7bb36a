use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "removed-member-reads",
    tries: "as a member that was removed, with every key that it ever held and a copy of another's later records: opens what was written after",
    notices: &[by("VIE-01", "SEALED")],
    rooms: &[TRADE],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let earlier = stage.stated(TRADE, statement(ANN, CYD, 20))?;
    stage.applied(TRADE, ANN, &earlier)?;
    let change = if hand.is_adverse() { Change::Remove(stage.id(TRADE, CYD)) } else { Change::Rekey };
    decided(stage, change)?;
    rotated(stage)?;
    // Who is left writes on; with an honest hand cyd is left, and what is written is for her.
    stage.deal(TRADE)?;
    let reader = if hand.is_adverse() { BOB } else { CYD };
    let later = stage.stated(TRADE, statement(ANN, reader, 30))?;
    stage.applied(TRADE, ANN, &later)?;
    // The bytes lie in ann's store; the keys are all that cyd has.
    let (side, keys) = (stage.side(TRADE, ANN), stage.side(TRADE, CYD).keys());
    let view = side.view_record(keys, &record(30))?.ok_or("the record was written")?;
    let is_sealed = view.fields.iter().all(|field| field.state == FieldState::Sealed);
    let before = side.view_record(keys, &record(20))?.ok_or("the record was written")?;
    if before.fields.iter().any(|field| !matches!(field.state, FieldState::Opened(_))) {
        return Err("what a member has received stays readable".into());
    }
    let detail = "the new generation has secrets of its own, which were never wrapped to her";
    let notice = (by("VIE-01", "SEALED"), is_sealed);
    Ok(vec![Answer::seen("cyd reads what was written after", "the new generation's keys", notice, detail)])
}
