use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "tamper-value",
    tries: "with bob's disk and without his key: flips one bit of a stored record, through the database, so that its own checksums stay right",
    notices: &[by("STO-01", "STORE_TAMPERED")],
    rooms: &[TRADE],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let path = stage.close(TRADE, BOB);
    let (key, mut value) = record_rows(&path)?.swap_remove(0);
    if hand.is_adverse() {
        let middle = value.len() / 2;
        value[middle] ^= 1;
    }
    hazmat::put_raw(&path, &key, &value)?;
    let seen = inspected(stage, (TRADE, BOB), &path);
    Ok(vec![Answer::of("bob's node reads the record", "bob's node", seen)])
}
