use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "planted-miss",
    tries: "planted: with bob's disk, appends a line to the text log of his database, which no part of the product reads or claims to protect",
    notices: &[by("STO-01", "STORE_TAMPERED")],
    rooms: &[TRADE],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let path = stage.close(TRADE, BOB);
    if hand.is_adverse() {
        let log = path.join("LOG");
        let mut text = std::fs::read(&log)?;
        text.extend_from_slice(b"all is well\n");
        std::fs::write(&log, text)?;
    }
    let seen = inspected(stage, (TRADE, BOB), &path);
    Ok(vec![Answer::of("bob's node opens and verifies the store", "bob's node", seen)])
}
