use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "mislabelled-class",
    tries: "as a writer: seals figures as if they were of the class that no regulator was granted, and then for another audience than the schema's",
    notices: &[by("VIE-02", "MALFORMED"), by("SCH-03", "OFF_SCHEMA")],
    rooms: &[TRADE],
    act,
};

/// The field `total`, by its place among a statement's.
const TOTAL: usize = 2;

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let held = stage.granted()?;
    let signed = stage.stated(TRADE, statement(ANN, BOB, 20))?;
    let written = if hand.is_adverse() { of_another_class(stage.side(TRADE, ANN), signed)? } else { signed };
    stage.applied(TRADE, ANN, &written)?;
    stage.anchored(TRADE, BOB, &[])?;
    // The class is the schema's: whoever can read the field's class notices, the regulator, too, and is told who has signed it.
    let side = stage.side(TRADE, BOB);
    let view = side.view_record(side.keys(), &record(20))?.ok_or("the record was written")?;
    let is_malformed = view.fields.iter().any(|field| field.state == FieldState::Malformed);
    let bundle = stage.exported(TRADE, BOB)?.verify(stage.chain.root.genesis())?;
    let keys = [held.wrapped.open(&held.key)?];
    let audited = bundle.read(&keys);
    let ann = stage.pseudonym(TRADE, ANN);
    let named: Vec<_> =
        audited.malformed.iter().map(|field| (field.author, field.record, field.signed)).collect();
    let by_regulator = named == [(ann, record(20), true)];
    let notice = by("VIE-02", "MALFORMED");
    let (bobs, regulators) =
        ("bob is shown no value", "the regulator is shown no value, and that ann has signed it");
    let mut answers = vec![
        Answer::seen("figures under another class's key", "bob's node", (notice, is_malformed), bobs),
        Answer::seen(
            "the same, as the regulator has it",
            "the regulator",
            (notice, by_regulator),
            regulators,
        ),
    ];
    if hand.is_adverse() {
        answers.push(for_another_audience(stage)?);
    }
    Ok(answers)
}

fn of_another_class(side: &Channel, signed: SignedTransaction) -> Result<SignedTransaction, Failed> {
    let key = side.pseudonym();
    let (mut body, mut sealed) = parclose_transaction::draft::hazmat::into_parts(signed);
    let (place, entry) = place_of(side, &body, (0, TOTAL))?;
    let other = FieldPlace { class: ClassId(1), ..place };
    let context = other.context();
    let field = side.keys().field_key(&other, &sealed.salt, &context).ok_or("ann reads every class")?;
    let value = FieldValue::Amount(2000, *b"GBP").to_bytes();
    sealed.fields[0][TOTAL] = field.seal(&context, &value);
    body.operations[0].fields[TOTAL].leaf = field_leaf(entry.field, &sealed.fields[0][TOTAL]);
    Ok(parclose_transaction::draft::hazmat::sign_unchecked(body, sealed, key))
}

fn for_another_audience(stage: &mut Stage) -> Result<Answer, Failed> {
    let signed = stage.stated(TRADE, statement(ANN, BOB, 21))?;
    let mut both = vec![stage.pseudonym(TRADE, ANN), stage.pseudonym(TRADE, CYD)];
    both.sort_unstable();
    let other = stage.side(TRADE, ANN).config().audience_of(&both);
    let key = stage.side(TRADE, ANN).pseudonym();
    let signed = resigned(signed, key, |body, _| body.operations[0].fields[TOTAL].audience = other);
    stage.put_forward(TRADE, ANN, ("figures for ann and cyd in the place of ann and bob", &signed))
}
