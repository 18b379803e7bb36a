use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "swap-databases",
    tries: "with bob's disk: gives his node the database of his other room in the place of this one's, and then ann's database of this room",
    notices: &[by("STO-05", "STORE_WRONG_OWNER")],
    rooms: &[TRADE, CASH],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let own = stage.close(TRADE, BOB);
    let (other_room, other_member) = (stage.close(CASH, BOB), stage.close(TRADE, ANN));
    if !hand.is_adverse() {
        let seen = inspected(stage, (TRADE, BOB), &own);
        return Ok(vec![Answer::of("bob's node opens its own database", "bob's node", seen)]);
    }
    let tried =
        [("the database of his other room", other_room), ("ann's database of this room", other_member)];
    let open = |(what, path): (&str, std::path::PathBuf)| {
        Answer::of(format!("bob's node opens {what}"), "bob's node", inspected(stage, (TRADE, BOB), &path))
    };
    Ok(tried.into_iter().map(open).collect())
}
