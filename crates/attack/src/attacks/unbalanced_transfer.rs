use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "unbalanced-transfer",
    tries: "as the owner of a note of 250: commits to 251 in its place, and then takes a note out without one that replaces it",
    notices: &[by("VAL-06", "NOT_PROVEN")],
    rooms: &[CASH],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let notes = stage.purse(BOB)?;
    let payment = stage.paid(BOB, notes, &[(CYD, 200), (BOB, 50)])?;
    if !hand.is_adverse() {
        return Ok(vec![stage.put_forward(CASH, BOB, ("250 into 200 and 50", &payment))?]);
    }
    let one_more = unit(stage)?;
    let key = stage.side(CASH, BOB).pseudonym();
    let bent = |change: &dyn Fn(&mut Transfer)| {
        resigned(payment.clone(), key, |body, _| {
            if let [Movement::Transfer(transfer)] = &mut body.movements[..] {
                change(transfer);
            }
        })
    };
    let more = bent(&|transfer| {
        transfer.outputs[0].commitment = transfer.outputs[0].commitment.plus(&one_more);
    });
    let swapped = bent(&|transfer| {
        let [one, other] = [transfer.outputs[0].commitment, transfer.outputs[1].commitment];
        transfer.outputs[0].commitment = one.plus(&other);
    });
    let more = stage.put_forward(CASH, BOB, ("250 into 201 and 50", &more))?;
    let swapped = stage.put_forward(CASH, BOB, ("250 into 250 and 50", &swapped))?;
    worth(stage, BOB, 250)?;
    Ok(vec![more, swapped])
}

/// A commitment to one unit, which anybody can make.
fn unit(stage: &mut Stage) -> Result<AmountCommitment, Failed> {
    let key = parclose_crypto::Secret::generate(&mut stage.rng);
    Ok(Opening::derive(&GBP, 1, &key).commitment())
}
