use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "forged-author",
    tries: "as a member: changes what ann has sealed and signs it in her name with its own key; and as somebody who belongs to no room, in its own name",
    notices: &[by("AUT-01", "NOT_AUTHENTIC"), by("AUT-07", "NOT_AUTHENTIC")],
    rooms: &[TRADE],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let signed = stage.stated(TRADE, statement(ANN, BOB, 20))?;
    if !hand.is_adverse() {
        let again = resigned(signed, stage.side(TRADE, ANN).pseudonym(), |body, _| body.expiry.0 -= 1);
        return Ok(vec![stage.put_forward(TRADE, ANN, ("ann's own signature", &again))?]);
    }
    let cyd = stage.side(TRADE, CYD).pseudonym();
    let forged = resigned(signed.clone(), cyd, |body, _| body.sponsor = cyd.public());
    let outsider = parclose_keys::MemberSecret::generate(&mut stage.rng);
    let config = stage.side(TRADE, ANN).config();
    let key = outsider.pseudonym(&config.channel, config.generation);
    let own = resigned(signed, &key, |body, _| {
        (body.author, body.sponsor) = (key.public(), key.public());
    });
    let forged = stage.put_forward(TRADE, CYD, ("cyd's signature in ann's name", &forged))?;
    Ok(vec![forged, stage.put_forward(TRADE, CYD, ("an outsider's signature in its own name", &own))?])
}
