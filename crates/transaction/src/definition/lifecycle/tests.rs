use super::*;
use crate::definition::Definition;

const TEMPLATE: &str = r#"
format = 1
template = "test"
version = 1
title = "a test"
[parameters]
epoch_length = 64
grace = 16
expiry_max = 256
attest_after = 8
missing_batch_after = 512
endorse_lag_max = 64
history = "all"
[[role]]
name = "member"
description = "anybody"
[[class]]
id = 1
name = "plain"
description = "all"
[[audience]]
name = "everybody"
roles = ["member"]
[[record]]
id = 1
name = "day"
value = "calendar"
[[record.field]]
id = 1
name = "date"
class = "plain"
audience = "everybody"
type = "date"
required = true
[[record]]
id = 2
name = "claim"
value = "asset"
issuer = "debtor"
[record.lifecycle]
due = { field = "due_date", bucket_days = 7 }
states = [
  { name = "pending" },
  { name = "live", transfers = "until-due" },
  { name = "over" },
]
steps = [
  { name = "create", to = "pending" },
  { name = "accept", from = ["pending"], to = "live", issues = true, before_due = true },
  { name = "end", from = ["live"], to = "over", redeems = true, outstanding = "none" },
  { name = "end", from = ["pending"], to = "over", after_due = 3, writes = ["due_date"] },
]
[[record.slot]]
name = "debtor"
role = "member"
[[record.field]]
id = 1
name = "due_date"
class = "plain"
audience = "everybody"
type = "date"
required = true
[[record]]
id = 3
name = "offer"
[record.lifecycle]
states = [{ name = "open" }, { name = "closed" }]
steps = [
  { name = "create", to = "open" },
  { name = "award", from = ["open"], to = "closed", with = "bid.win" },
]
[[record.field]]
id = 1
name = "text"
class = "plain"
audience = "everybody"
type = "text"
[[record]]
id = 4
name = "bid"
[record.lifecycle]
states = [{ name = "placed" }, { name = "won" }]
steps = [
  { name = "create", to = "placed" },
  { name = "win", from = ["placed"], to = "won", with = "offer.award" },
]
[[record.field]]
id = 1
name = "text"
class = "plain"
audience = "everybody"
type = "text"
"#;

fn parse(text: &str) -> Result<Definition, String> {
    Definition::parse("channel.toml", text)
        .map_err(|error| format!("{} {error}", parclose_types::Failure::rule(&error)))
}

fn changed(from: &str, to: &str) -> String {
    assert!(TEMPLATE.contains(from), "{from}");
    TEMPLATE.replacen(from, to, 1)
}

#[test]
fn a_step_is_found_by_its_name_and_the_state_that_it_leads_from() {
    let definition = parse(TEMPLATE).unwrap();
    let claim = definition.record_named("claim").unwrap();
    let life = claim.lifecycle.as_ref().unwrap();
    let to = |name, from| life.step(name, from).map(|step| step.to.as_str());
    assert_eq!((to("create", None), to("accept", Some("pending"))), (Some("pending"), Some("live")));
    assert_eq!((to("accept", None), to("accept", Some("live")), to("nothing", None)), (None, None, None));
    assert_eq!(life.step("end", Some("pending")).unwrap().due_guard(), Some(DueGuard::Passed(3)));
    assert_eq!(life.step("end", Some("live")).unwrap().due_guard(), None);
    assert_eq!(life.state("live").unwrap().transfers, Transfers::UntilDue);
    assert_eq!((claim.issuer_slot(), definition.calendar().unwrap().id), ("debtor", 1));
    let award = definition.record_named("offer").unwrap().lifecycle.as_ref().unwrap();
    assert_eq!(award.step("award", Some("open")).unwrap().partner(), Some(("bid", "win")));
}

#[test]
fn def_17_a_life_cycle_hangs_together() {
    let odd = [
        ("a state twice", changed("{ name = \"over\" }", "{ name = \"live\" }, { name = \"over\" }")),
        ("no name", changed("name = \"accept\"", "name = \"Accept!\"")),
        ("to no state", changed("to = \"live\"", "to = \"alive\"")),
        ("from no state", changed("from = [\"live\"]", "from = [\"alive\"]")),
        (
            "two ways",
            changed("from = [\"live\"], to = \"over\"", "from = [\"live\", \"pending\"], to = \"over\""),
        ),
        (
            "made in two ways",
            changed("{ name = \"accept\"", "{ name = \"create\", to = \"live\" }, { name = \"accept\""),
        ),
        (
            "not reached",
            changed("{ name = \"create\", to = \"pending\" }", "{ name = \"create\", to = \"over\" }"),
        ),
        ("two guards", changed("before_due = true", "before_due = true, on_or_after_due = true")),
        ("no due day", changed("due = { field = \"due_date\", bucket_days = 7 }", "")),
        ("no due field", changed("field = \"due_date\"", "field = \"due\"")),
        ("no bucket", changed("bucket_days = 7", "bucket_days = 0")),
        ("no calendar", changed("value = \"calendar\"", "")),
        ("due day may be left out", changed("required = true\n[[record]]\nid = 3", "[[record]]\nid = 3")),
        ("notes of no asset", changed("value = \"asset\"\nissuer = \"debtor\"", "")),
        ("a field of others", changed("writes = [\"due_date\"]", "writes = [\"text\"]")),
        ("no partner", changed("with = \"bid.win\"", "with = \"bid.lose\"")),
        ("a partner that does not know", changed(", with = \"offer.award\"", "")),
    ];
    for (what, text) in odd {
        let told = parse(&text).unwrap_err();
        assert!(told.starts_with("DEF-17 life cycle of `"), "{what}: {told}");
    }
    assert!(
        parse(&changed("transfers = \"until-due\"", "transfers = \"never\""))
            .unwrap_err()
            .starts_with("DEF-01")
    );
    assert!(parse(&changed("before_due = true", "before = true")).unwrap_err().starts_with("DEF-01"));
    assert!(parse(&changed("{ name = \"pending\" },", "")).is_err());
    let none = TEMPLATE.replacen("states = [{ name = \"open\" }, { name = \"closed\" }]", "states = []", 1);
    assert!(parse(&none).unwrap_err().starts_with("DEF-04"));
}

#[test]
fn def_15_there_is_one_calendar_and_it_has_a_date() {
    for odd in [
        changed("name = \"bid\"\n", "name = \"bid\"\nvalue = \"calendar\"\n"),
        changed("name = \"date\"", "name = \"when\""),
        changed("issuer = \"debtor\"", "issuer = \"owner\""),
        changed("name = \"bid\"\n", "name = \"bid\"\nissuer = \"debtor\"\n"),
        changed("issuer = \"debtor\"", ""),
    ] {
        let told = parse(&odd).unwrap_err();
        assert!(told.starts_with("DEF-15 "), "{told}");
    }
    let two = format!(
        "{TEMPLATE}[[record]]\nid = 5\nname = \"second\"\nvalue = \"calendar\"\n[[record.field]]\nid = 1\nname = \"date\"\nclass = \"plain\"\naudience = \"everybody\"\ntype = \"date\"\nrequired = true\n"
    );
    assert!(parse(&two).unwrap_err().starts_with("DEF-15 "));
}

/// The template with a claim that has a keyed tag, and a key for it.
fn tagged() -> String {
    let key = "[[record]]\nid = 5\nname = \"key\"\nvalue = \"tag-key\"\n[[record.field]]\nid = 1\nname = \"key\"\nclass = \"plain\"\naudience = \"everybody\"\ntype = \"text\"\nrequired = true\n";
    let number = "required = true\n[[record.field]]\nid = 2\nname = \"number\"\nclass = \"plain\"\naudience = \"everybody\"\ntype = \"text\"\nrequired = true\n[[record]]\nid = 3";
    let text = changed("required = true\n[[record]]\nid = 3", number);
    let due = "due = { field = \"due_date\", bucket_days = 7 }\n";
    let tag = "tag = { slots = [\"debtor\"], fields = [\"number\"] }\n";
    let text = text.replacen(due, &format!("{due}{tag}"), 1);
    let text = text.replacen("issues = true", "issues = true, tags = true", 1);
    let text = text.replacen("outstanding = \"none\"", "outstanding = \"none\", frees = true", 1);
    format!("{text}{key}")
}

#[test]
fn def_17_a_keyed_tag_is_made_of_what_there_is_and_claimed_whenever_notes_are_issued() {
    let whole = tagged();
    parse(&whole).unwrap();
    for (what, from, to) in [
        ("a slot that is none", "slots = [\"debtor\"]", "slots = [\"creditor\"]"),
        ("no slot", "slots = [\"debtor\"]", "slots = []"),
        ("no text", "fields = [\"number\"]", "fields = []"),
        ("no such text", "fields = [\"number\"]", "fields = [\"numbers\"]"),
        ("a date", "fields = [\"number\"]", "fields = [\"due_date\"]"),
        (
            "a text that may be left out",
            "type = \"text\"\nrequired = true\n[[record]]\nid = 3",
            "type = \"text\"\n[[record]]\nid = 3",
        ),
        ("no key", "value = \"tag-key\"\n", ""),
        ("an issue without", ", tags = true", ""),
        ("both at once", "tags = true", "tags = true, frees = true"),
        ("no tag to claim", "tag = { slots = [\"debtor\"], fields = [\"number\"] }\n", ""),
        (
            "of one name, and not",
            "from = [\"live\"], to = \"over\"",
            "from = [\"live\"], to = \"over\", tags = true",
        ),
    ] {
        assert!(whole.contains(from), "{what}");
        let told = parse(&whole.replacen(from, to, 1)).unwrap_err();
        assert!(
            told.starts_with("DEF-17 life cycle of `claim`") && told.contains("keyed tag"),
            "{what}: {told}"
        );
    }
    let of_no_asset = changed(
        "states = [{ name = \"open\" }",
        "tag = { slots = [], fields = [\"text\"] }\nstates = [{ name = \"open\" }",
    );
    assert!(parse(&of_no_asset).unwrap_err().starts_with("DEF-17 life cycle of `offer`"));
}

#[test]
fn def_15_there_is_one_tag_key_and_it_has_a_key() {
    let whole = tagged();
    let no_text = whole.replacen("name = \"key\"\nclass", "name = \"lock\"\nclass", 1);
    assert!(parse(&no_text).unwrap_err().starts_with("DEF-15 "));
    let (rest, key) = whole.split_once("[[record]]\nid = 5\n").unwrap();
    let second = key.replacen("name = \"key\"", "name = \"second\"", 1);
    let two = format!("{rest}[[record]]\nid = 5\n{key}[[record]]\nid = 6\n{second}");
    assert!(parse(&two).unwrap_err().starts_with("DEF-15 "));
}

#[test]
fn def_18_a_keyed_tag_stays_as_it_is() {
    let (without, with) = (parse(TEMPLATE).unwrap(), parse(&tagged()).unwrap());
    let next = |text: &str, before: &Definition| {
        let after = Definition { version: 2, ..parse(text).unwrap() };
        after.may_follow(before, &[]).map_err(|error| parclose_types::Failure::rule(&error))
    };
    assert_eq!(next(&tagged(), &with), Ok(()));
    let other = tagged().replacen("fields = [\"number\"]", "fields = [\"number\", \"number\"]", 1);
    assert_eq!(next(&other, &with), Err("DEF-18"));
    let gone = tagged().replacen("tag = { slots = [\"debtor\"], fields = [\"number\"] }\n", "", 1);
    let gone = gone.replacen(", tags = true", "", 1).replacen(", frees = true", "", 1);
    assert_eq!(next(&gone, &with), Err("DEF-18"));
    // A record type gets one, if its texts were required before.
    let was = tagged().replacen("tag = { slots = [\"debtor\"], fields = [\"number\"] }\n", "", 1);
    let was = parse(&was.replacen(", tags = true", "", 1).replacen(", frees = true", "", 1)).unwrap();
    assert_eq!(next(&tagged(), &was), Ok(()));
    assert!(without.tag_key().is_none());
}

#[test]
fn def_18_states_and_due_day_stay() {
    let before = parse(TEMPLATE).unwrap();
    let next = |from: &str, to: &str| {
        let text = changed(from, to).replacen("version = 1", "version = 2", 1);
        parse(&text).unwrap().may_follow(&before, &[]).map_err(|error| parclose_types::Failure::rule(&error))
    };
    assert_eq!(next("title = \"a test\"", "title = \"another\""), Ok(()));
    assert_eq!(next("after_due = 3", "after_due = 5"), Ok(()), "a guard may change");
    assert_eq!(next("bucket_days = 7", "bucket_days = 14"), Err("DEF-18"));
    // A state that a record may be in is gone; so is a whole life; and a record without one gets one.
    let renamed = TEMPLATE.replace("\"won\"", "\"taken\"").replacen("version = 1", "version = 2", 1);
    let told = parse(&renamed).unwrap().may_follow(&before, &[]).unwrap_err().to_string();
    assert_eq!(told, "record type `bid` had the state `won` in version 1, and would not have it");
    let life = "[record.lifecycle]\nstates = [{ name = \"placed\" }, { name = \"won\" }]\nsteps = [\n  \
                { name = \"create\", to = \"placed\" },\n  \
                { name = \"win\", from = [\"placed\"], to = \"won\", with = \"offer.award\" },\n]\n";
    let without = changed(life, "").replacen(", with = \"bid.win\"", "", 1);
    let (with, without) = (parse(TEMPLATE).unwrap(), parse(&without).unwrap());
    let second = |definition: &Definition| Definition { version: 2, ..definition.clone() };
    let rule = |error: crate::definition::succession::CannotFollow| parclose_types::Failure::rule(&error);
    assert_eq!(second(&without).may_follow(&with, &[]).map_err(rule), Err("DEF-18"));
    assert_eq!(second(&with).may_follow(&without, &[]).map_err(rule), Err("DEF-18"));
}

#[test]
fn a_comparison_of_definitions_tells_steps_and_states() {
    let before = parse(TEMPLATE).unwrap();
    let after = parse(&changed("after_due = 3", "after_due = 5")).unwrap();
    let edits = before.changes(&after).edits;
    assert_eq!(edits.len(), 1);
    assert_eq!(edits[0].what, "record.claim.step.end from pending");
    assert_eq!(
        edits[0].after.as_deref(),
        Some("to over; more than 5 days after the due day; writes due_date")
    );
}
