use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "steal-note",
    tries: "as the issuer, who can read the note that it paid to bob: spends bob's note, under its own key and then under bob's with its own signature",
    notices: &[by("VAL-15", "NOTE_NOT_SPENDABLE"), by("VAL-06", "NOT_PROVEN")],
    rooms: &[CASH],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    if !hand.is_adverse() {
        let notes = stage.purse(BOB)?;
        let payment = stage.paid(BOB, notes, &[(ANN, 250)])?;
        return Ok(vec![stage.put_forward(CASH, BOB, ("bob pays with his note", &payment))?]);
    }
    let (account, owner) = (stage.account(ANN)?.record, stage.account(BOB)?.key);
    let side = stage.side(CASH, ANN);
    let bobs = stage.purse(BOB)?.remove(0).row.id;
    let view = side.notes(side.keys())?.into_iter().find(|view| view.row.id == bobs);
    let Some(NoteView { row, state: NoteState::Opened(opened) }) = view else {
        return Err("who paid a note can read it".into());
    };
    let theft = stage.paid(ANN, vec![OwnNote { row, opened, account }], &[(ANN, 250)])?;
    let under_own = stage.put_forward(CASH, ANN, ("bob's note under ann's key", &theft))?;
    let renamed = resigned(theft, stage.side(CASH, ANN).pseudonym(), |body, _| {
        if let [Movement::Transfer(transfer)] = &mut body.movements[..] {
            transfer.inputs[0].owner = owner;
        }
    });
    let under_his = stage.put_forward(CASH, ANN, ("bob's note under bob's key", &renamed))?;
    worth(stage, BOB, 250)?;
    Ok(vec![under_own, under_his])
}
