use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "swap-records",
    tries: "with bob's disk and without his key: exchanges two stored records, each of which is valid where it was",
    notices: &[by("STO-01", "STORE_TAMPERED")],
    rooms: &[TRADE],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let path = stage.close(TRADE, BOB);
    let rows = record_rows(&path)?;
    let (one, other) = (&rows[0].0, &rows[1].0);
    hazmat::swap_values(&path, one, other)?;
    if !hand.is_adverse() {
        hazmat::swap_values(&path, one, other)?;
    }
    let seen = inspected(stage, (TRADE, BOB), &path);
    Ok(vec![Answer::of("bob's node reads both records", "bob's node", seen)])
}
