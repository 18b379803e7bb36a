use crate::fixtures::{Trio, create, record, update};

#[test]
fn an_update_replaces_the_fields_it_names_and_keeps_the_others() {
    let mut trio = Trio::new();
    let made = trio.statement(create(1));
    assert_eq!(trio.decide(&made), "applied");
    let before = trio.member(0).record(&record(1)).unwrap().unwrap();
    let changed = trio.odd(update(1, 2), |body, sealed| {
        // Only the second field.
        body.operations[0].fields = vec![body.operations[0].fields[1]];
        sealed.fields[0] = vec![sealed.fields[0][1].clone()];
    });
    assert_eq!(trio.decide(&changed), "applied");
    let after = trio.member(0).record(&record(1)).unwrap().unwrap();
    assert_eq!((after.version, after.owner, &after.parties), (2, before.owner, &before.parties));
    let written: Vec<_> = after.fields.iter().map(|field| field.state.transaction).collect();
    assert_eq!(written, [made.digest(), changed.digest(), made.digest()]);
    assert_eq!((&after.fields[0], &after.fields[2]), (&before.fields[0], &before.fields[2]));
}

#[test]
fn a_refused_transaction_leaves_no_row() {
    let mut trio = Trio::new();
    let refused = trio.odd(create(1), |body, sealed| {
        let mut second = body.operations[0].clone();
        (second.record, second.version) = (record(2), 7);
        // The same leaves would be refused earlier.
        second.fields = vec![];
        body.operations.push(second);
        sealed.fields.push(vec![]);
    });
    assert_eq!(trio.decide(&refused), "STA-04", "its second operation does not fit");
    assert_eq!(trio.member(0).record(&record(1)).unwrap(), None);
}
