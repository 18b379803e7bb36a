use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "drop-record",
    tries: "with bob's disk and without his key: removes a stored record as if it had never been written",
    notices: &[by("CHA-04", "STATE_TAMPERED")],
    rooms: &[TRADE],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let path = stage.close(TRADE, BOB);
    let (key, value) = record_rows(&path)?.swap_remove(0);
    hazmat::delete_raw(&path, &key)?;
    if !hand.is_adverse() {
        hazmat::put_raw(&path, &key, &value)?;
    }
    let seen = inspected(stage, (TRADE, BOB), &path);
    Ok(vec![Answer::of("bob's node verifies its store against the state root", "bob's node", seen)])
}
