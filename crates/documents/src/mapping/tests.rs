//! One case per way to write a mapping wrongly, then the mappings that are right.

use parclose_types::Failure;

use super::*;

const GOOD: &str = r#"
key = ["seller", "number"]
month = "due"
must_agree = ["buyer"]

[file]
separator = ";"

[tokens]
missing = ["N/A"]
redacted = ["REDACTED"]

[currency]
code = "GBP"

[amount]
column = "Net"
sign = "kept"
decimal_mark = "."
thousands_mark = ","

[dates.due]
column = "Date"
formats = ["%Y-%m-%d"]

[dates.issue]
derived_from = "due"
days_before = 30

[document]
seller = "Seller"
number = "No"
buyer = "Buyer"

[line]
id = "Ref"
"#;

/// The fault of the good mapping with one piece replaced.
fn refused(from: &str, to: &str) -> (&'static str, String) {
    assert!(GOOD.contains(from), "{from}");
    let error = Mapping::parse(&GOOD.replacen(from, to, 1), "some.toml").unwrap_err();
    assert!(!error.fix().is_empty() && error.definite());
    (error.rule(), error.to_string())
}

fn rule(from: &str, to: &str) -> &'static str {
    refused(from, to).0
}

#[test]
fn imp_01_a_mapping_is_toml_of_bounded_size() {
    assert_eq!(rule("[file]", "[file"), "IMP-01");
    assert_eq!(rule("month = \"due\"", "month = \"due\"\nmonth = \"due\""), "IMP-01");
    let long = format!("{GOOD}\n#{}", "x".repeat(DEFINITION_BYTES_MAX));
    assert_eq!(Mapping::parse(&long, "x").unwrap_err().rule(), "IMP-01");
    let deep = format!("key = {}", "[".repeat(100_000));
    assert_eq!(Mapping::parse(&deep, "x").unwrap_err().rule(), "IMP-01");
}

#[test]
fn imp_02_unknown_and_missing_keys_are_named() {
    for (from, to, named) in [
        ("month =", "moth = \"due\"\nmonth =", "`moth`"),
        ("separator", "seperator", "`seperator`"),
        ("missing =", "mising =", "`mising`"),
        ("code =", "kode =", "`kode`"),
        ("decimal_mark", "decimal", "`decimal`"),
        ("days_before", "days", "`days`"),
        ("[line]", "[lines]", "`lines`"),
        ("month = \"due\"", "", "`month`"),
        ("decimal_mark = \".\"", "", "`decimal_mark`"),
        ("\"kept\"", "\"guess\"", "`guess`"),
    ] {
        let (rule, message) = refused(from, to);
        assert_eq!(rule, "IMP-02", "{from}");
        assert!(message.contains(named) && message.contains("`some.toml`: line "), "{message}");
    }
    assert_eq!(Mapping::parse("", "x").unwrap_err().rule(), "IMP-02");
    assert!(refused("code =", "kode =").1.contains("line 14"));
}

#[test]
fn imp_03_names_are_words_and_name_one_thing() {
    assert_eq!(rule("buyer = \"Buyer\"", "Buyer = \"Buyer\""), "IMP-03");
    assert_eq!(rule("buyer = \"Buyer\"", "\"\" = \"Buyer\""), "IMP-03");
    assert_eq!(rule("buyer = \"Buyer\"", "\"bu yer\" = \"Buyer\""), "IMP-03");
    assert_eq!(rule("buyer = \"Buyer\"", &format!("{} = \"Buyer\"", "b".repeat(65))), "IMP-03");
    assert_eq!(rule("id = \"Ref\"", "buyer = \"Ref\""), "IMP-03");
    assert_eq!(rule("id = \"Ref\"", "due = \"Ref\""), "IMP-03");
}

#[test]
fn imp_04_the_key_is_different_document_columns() {
    assert_eq!(rule("[\"seller\", \"number\"]", "[]"), "IMP-04");
    assert_eq!(rule("\"number\"]", "\"seller\"]"), "IMP-04");
    assert_eq!(rule("\"number\"]", "\"id\"]"), "IMP-04");
    assert_eq!(rule("\"number\"]", "\"due\"]"), "IMP-04");
}

#[test]
fn imp_05_marks_are_single_characters_that_can_be_told_apart() {
    for bad in ["", ",,", "\\\"", "\\n", "a", "é"] {
        assert_eq!(rule("separator = \";\"", &format!("separator = \"{bad}\"")), "IMP-05", "{bad}");
    }
    for bad in ["", "..", "0", "-", "(", "e", ",\"\nthousands_mark = \","] {
        let from = "decimal_mark = \".\"\nthousands_mark = \",\"";
        assert_eq!(rule(from, &format!("decimal_mark = \"{bad}\"")), "IMP-05", "{bad}");
    }
}

#[test]
fn imp_06_the_sign_rule_and_the_columns_fit() {
    assert_eq!(rule("column = \"Net\"", ""), "IMP-06");
    assert_eq!(rule("\"kept\"", "\"debit-credit\""), "IMP-06");
    assert_eq!(rule("column = \"Net\"", "column = \"Net\"\ndebit = \"D\""), "IMP-06");
    let two = "debit = \"D\"\ncredit = \"C\"";
    assert_eq!(rule("column = \"Net\"", two), "IMP-06");
    assert_eq!(
        rule("column = \"Net\"\nsign = \"kept\"", "debit = \"D\"\ncredit = \"D\"\nsign = \"debit-credit\""),
        "IMP-06"
    );
    let good = GOOD.replace("column = \"Net\"", two).replace("\"kept\"", "\"debit-credit\"");
    assert!(Mapping::parse(&good, "x").is_ok());
}

#[test]
fn imp_07_the_currency_is_a_known_code_or_a_column() {
    assert_eq!(rule("code = \"GBP\"", ""), "IMP-07");
    assert_eq!(rule("code = \"GBP\"", "code = \"GBP\"\ncolumn = \"Ccy\""), "IMP-07");
    assert_eq!(rule("GBP", "XAU"), "IMP-07");
    assert_eq!(rule("GBP", "gbp"), "IMP-07");
    assert!(Mapping::parse(&GOOD.replace("code = \"GBP\"", "column = \"Ccy\""), "x").is_ok());
}

#[test]
fn imp_08_a_date_is_read_or_derived() {
    assert_eq!(rule("formats = [\"%Y-%m-%d\"]", ""), "IMP-08");
    assert_eq!(rule("[\"%Y-%m-%d\"]", "[]"), "IMP-08");
    assert_eq!(rule("%Y-%m-%d", "%Y-%m"), "IMP-08");
    assert_eq!(rule("days_before = 30", ""), "IMP-08");
    assert_eq!(rule("days_before = 30", "days_before = 30\ncolumn = \"Issue\""), "IMP-08");
    assert_eq!(rule("derived_from = \"due\"", "derived_from = \"issue\""), "IMP-08");
    assert_eq!(rule("derived_from = \"due\"", "derived_from = \"paid\""), "IMP-08");
}

#[test]
fn imp_09_names_in_must_agree_and_month_are_read_from_columns() {
    assert_eq!(rule("must_agree = [\"buyer\"]", "must_agree = [\"payer\"]"), "IMP-09");
    assert_eq!(rule("must_agree = [\"buyer\"]", "must_agree = [\"issue\"]"), "IMP-09");
    assert_eq!(rule("month = \"due\"", "month = \"issue\""), "IMP-09");
    assert_eq!(rule("month = \"due\"", "month = \"buyer\""), "IMP-09");
}

#[test]
fn imp_10_a_token_has_one_meaning() {
    assert_eq!(rule("\"REDACTED\"", "\" N/A\""), "IMP-10");
    assert_eq!(rule("\"REDACTED\"", "\"\""), "IMP-10");
}

#[test]
fn a_good_mapping_is_read() {
    let mapping = Mapping::parse(GOOD, "some.toml").unwrap();
    assert_eq!(mapping.key(), ["seller", "number"]);
    assert_eq!(mapping.document_fields().collect::<Vec<_>>(), ["buyer", "number", "seller"]);
    assert_eq!(mapping.dates().collect::<Vec<_>>(), ["due", "issue"]);
    assert_eq!((mapping.separator, mapping.skip_rows, mapping.encoding), (b';', 0, Encoding::Utf8));
    assert!(mapping.missing.contains("") && mapping.missing.contains("N/A"));
}
