use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "forged-range-proof",
    tries: "as an issuer with its key: changes the range proof of an issue, and puts that of another issue in its place",
    notices: &[by("VAL-08", "NOT_PROVEN")],
    rooms: &[CASH],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let (one, other) = (stage.issued(ANN, GBP, (BOB, 70))?, stage.issued(ANN, GBP, (BOB, 80))?);
    if !hand.is_adverse() {
        return Ok(vec![stage.put_forward(CASH, ANN, ("an issue of 70", &one))?]);
    }
    let [Movement::Issue(lent)] = &other.body().movements[..] else {
        return Err("an issue is one movement".into());
    };
    let lent = lent.range.clone();
    let key = stage.side(CASH, ANN).pseudonym();
    let bent = |change: &dyn Fn(&mut Issue)| {
        resigned(one.clone(), key, |body, _| {
            if let [Movement::Issue(issue)] = &mut body.movements[..] {
                change(issue);
            }
        })
    };
    let flipped = bent(&|issue| issue.range.0[200] ^= 1);
    let swapped = bent(&|issue| issue.range = lent.clone());
    let flipped = stage.put_forward(CASH, ANN, ("a range proof with one bit flipped", &flipped))?;
    let swapped = stage.put_forward(CASH, ANN, ("the range proof of another issue", &swapped))?;
    worth(stage, BOB, 250)?;
    Ok(vec![flipped, swapped])
}
