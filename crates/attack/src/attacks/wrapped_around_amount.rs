use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "wrap-around",
    tries: "as the owner of a note of 250: makes one of 260 and one of minus ten, as 2^64 - 10 and as the negative in the group",
    notices: &[by("VAL-06", "NOT_PROVEN"), by("VAL-08", "NOT_PROVEN")],
    rooms: &[CASH],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let notes = stage.purse(BOB)?;
    let payment = stage.paid(BOB, notes, &[(CYD, 240), (BOB, 10)])?;
    if !hand.is_adverse() {
        return Ok(vec![stage.put_forward(CASH, BOB, ("250 into 240 and 10", &payment))?]);
    }
    let key = stage.side(CASH, BOB).pseudonym();
    let [large, wrapped] = [(1, 260), (2, u64::MAX - 9)].map(|(byte, value)| {
        let field = parclose_crypto::secret::hazmat::secret_from_bytes([byte; 32]);
        Opening::derive(&GBP, value, &field)
    });
    let wrapping = resigned(payment, key, |body, _| {
        if let [Movement::Transfer(transfer)] = &mut body.movements[..] {
            transfer.outputs[0].commitment = large.commitment();
            transfer.outputs[1].commitment = wrapped.commitment();
        }
    });
    let wrapping = stage.put_forward(CASH, BOB, ("250 into 260 and 2^64 - 10", &wrapping))?;
    // An issue has no balance to hold: only the range proof stands between its issuer and a negative amount.
    let issue = stage.issued(ANN, GBP, (CYD, 10))?;
    let key = stage.side(CASH, ANN).pseudonym();
    let minus = resigned(issue, key, |body, _| {
        let place = body.place();
        if let [Movement::Issue(issue)] = &mut body.movements[..] {
            issue.outputs[0].commitment = AmountCommitment::zero().minus(&issue.outputs[0].commitment);
            issue.signature = key.sign(issue.statement(&place).digest().as_bytes());
        }
    });
    let minus = stage.put_forward(CASH, ANN, ("an issue of minus ten", &minus))?;
    worth(stage, BOB, 250)?;
    Ok(vec![wrapping, minus])
}
