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
fn imp_02_an_unknown_key_names_the_nearest_that_is_known_there() {
    for (from, to, near) in [
        ("month =", "moth = \"due\"\nmonth =", "did you mean `month`?"),
        ("separator", "seperator", "did you mean `separator`?"),
        ("days_before", "day_before", "did you mean `days_before`?"),
        ("buyer = \"Buyer\"", "buyer = { colum = \"Buyer\" }", "did you mean `column`?"),
        ("[line]", "[credit_note]\n[line]", "did you mean `credit_notes`?"),
        ("[line]", "[split]\nfields = \"x\"\n[line]", "did you mean `field`?"),
    ] {
        let (rule, message) = refused(from, to);
        assert!(rule == "IMP-02" && message.contains(near), "{message}");
    }
    let (_, message) = refused("month =", "colour = 1\nmonth =");
    assert!(!message.contains("did you mean") && message.contains("`must_agree`"), "{message}");
    // Names of the mapping's own are no keys.
    assert!(
        Mapping::parse(&GOOD.replace("buyer = \"Buyer\"", "buyer = \"Buyer\"\nmoth = \"Moth\""), "x").is_ok()
    );
}

#[test]
fn imp_02_a_value_of_another_kind_is_said_to_be_one() {
    for (from, to, expected) in [
        ("buyer = \"Buyer\"", "buyer = 5", "a column's name, or a table"),
        ("sign =", "times = [1.5]\nsign =", "a column's name or a whole number"),
        ("id = \"Ref\"", "id = { join = \"Ref\" }", "sequence"),
        ("[line]", "[duplicates]\nthen = \"twice\"\n[line]", "`twice`"),
    ] {
        let (rule, message) = refused(from, to);
        assert!(rule == "IMP-02" && message.contains(expected), "{message}");
    }
}

#[test]
fn imp_03_names_are_words_and_name_one_thing() {
    assert_eq!(rule("buyer = \"Buyer\"", "Buyer = \"Buyer\""), "IMP-03");
    assert_eq!(rule("buyer = \"Buyer\"", "\"\" = \"Buyer\""), "IMP-03");
    assert_eq!(rule("buyer = \"Buyer\"", "\"bu yer\" = \"Buyer\""), "IMP-03");
    assert_eq!(rule("buyer = \"Buyer\"", &format!("{} = \"Buyer\"", "b".repeat(65))), "IMP-03");
    assert_eq!(rule("id = \"Ref\"", "buyer = \"Ref\""), "IMP-03");
    assert_eq!(rule("id = \"Ref\"", "due = \"Ref\""), "IMP-03");
    for name in ["amount_minor", "currency", "source", "credit_note"] {
        assert_eq!(rule("id =", &format!("{name} =")), "IMP-03", "every line has its own {name}");
    }
}

#[test]
fn imp_04_the_key_is_different_document_columns() {
    assert_eq!(rule("[\"seller\", \"number\"]", "[]"), "IMP-04");
    assert_eq!(rule("\"number\"]", "\"seller\"]"), "IMP-04");
    assert_eq!(rule("\"number\"]", "\"id\"]"), "IMP-04");
    assert_eq!(rule("\"number\"]", "\"due\"]"), "IMP-04");
    // Joined, `a` and `b/c` would be `a/b` and `c`; a stand-in would be everybody.
    assert_eq!(rule("number = \"No\"", "number = { join = [\"No\", \"Buyer\"] }"), "IMP-04");
    assert_eq!(rule("number = \"No\"", "number = { column = \"No\", otherwise = \"none\" }"), "IMP-04");
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

const PRODUCT: &str = "times = [\"Price\", 3]\ndivided_by = [100, \"Units\"]\nrounding = \"half-up\"\nsign =";

#[test]
fn imp_11_a_product_has_factors_from_1_on_and_a_rounding() {
    assert!(Mapping::parse(&GOOD.replace("sign =", PRODUCT), "x").is_ok());
    let refused = |from: &str, to: &str| {
        let product = PRODUCT.replace(from, to);
        assert_ne!(product, PRODUCT);
        rule("sign =", &product)
    };
    assert_eq!(refused("rounding = \"half-up\"\n", ""), "IMP-11");
    assert_eq!(refused("3]", "0]"), "IMP-11");
    assert_eq!(refused("[100,", "[-100,"), "IMP-11");
    assert_eq!(refused("[100,", &format!("[{}", "1,".repeat(9))), "IMP-11");
    assert_eq!(rule("sign =", "rounding = \"half-up\"\nsign ="), "IMP-11");
    let two = "debit = \"D\"\ncredit = \"C\"\nsign = \"debit-credit\"\ntimes = [2]\nrounding = \"exact\"";
    assert_eq!(rule("column = \"Net\"\nsign = \"kept\"", two), "IMP-11");
}

const SPLIT: &str =
    "[split]\nfield = \"class\"\ntext = \"par\"\n[split.columns]\na = \"A\"\nb = \"B\"\n[line]";

/// The good mapping with a split.
fn split() -> String {
    GOOD.replace("column = \"Net\"\n", "")
        .replace("\"number\"]", "\"number\", \"class\"]")
        .replace("[line]", SPLIT)
}

#[test]
fn imp_12_a_split_tells_its_documents_apart() {
    let good = split();
    let mapping = Mapping::parse(&good, "x").unwrap();
    assert!(mapping.document_fields().any(|field| field == "class"));
    for (from, to) in [
        (", \"class\"]", "]"),
        ("b = \"B\"", "b = \"A\""),
        ("a = \"A\"\nb = \"B\"", ""),
        ("b =", "\" \" ="),
        ("b =", "\"b\\n\" ="),
    ] {
        assert!(good.contains(from), "{from}");
        assert_eq!(Mapping::parse(&good.replacen(from, to, 1), "x").unwrap_err().rule(), "IMP-12", "{to}");
    }
    // The columns of the split stand in the place of the amount's.
    let both = good.replace("sign =", "column = \"Net\"\nsign =");
    assert_eq!(Mapping::parse(&both, "x").unwrap_err().rule(), "IMP-06");
    assert_eq!(Mapping::parse(&good.replace("\"par\"", "\"id\""), "x").unwrap_err().rule(), "IMP-03");
}

const NOTES: &str = "[credit_notes]\ntype = \"T\"\ninvoices = [\"380\"]\ncredit_notes = [\"381\"]\namounts = \"positive\"\nreference = \"R\"\nnames = \"number\"\n[line]";

#[test]
fn imp_13_credit_notes_are_told_by_codes_or_by_a_reference_into_the_key() {
    let good = GOOD.replace("[line]", NOTES);
    assert!(Mapping::parse(&good, "x").is_ok());
    assert!(Mapping::parse(&good.replace("reference = \"R\"\nnames = \"number\"\n", ""), "x").is_ok());
    let codes = "type = \"T\"\ninvoices = [\"380\"]\ncredit_notes = [\"381\"]\n";
    assert!(Mapping::parse(&good.replace(codes, ""), "x").is_ok());
    for (from, to) in [
        ("type = \"T\"\n", ""),
        ("[\"380\"]", "[]"),
        ("[\"381\"]", "[]"),
        ("[\"381\"]", "[\" 380 \"]"),
        ("names = \"number\"\n", ""),
        ("reference = \"R\"\n", ""),
        ("names = \"number\"", "names = \"buyer\""),
        ("names = \"number\"", "names = \"due\""),
    ] {
        assert!(good.contains(from), "{from}");
        assert_eq!(
            Mapping::parse(&good.replacen(from, to, 1), "x").unwrap_err().rule(),
            "IMP-13",
            "{from} {to}"
        );
    }
    let neither = good.replace(codes, "").replace("reference = \"R\"\nnames = \"number\"\n", "");
    assert_eq!(Mapping::parse(&neither, "x").unwrap_err().rule(), "IMP-13");
}

#[test]
fn imp_14_a_field_is_a_column_or_several_that_are_joined() {
    for good in [
        "{ column = \"B\" }",
        "{ column = \"B\", otherwise = \"?\" }",
        "{ join = [\"A\", \"B\"], with = \" \" }",
    ] {
        assert!(Mapping::parse(&GOOD.replace("\"Buyer\"", good), "x").is_ok(), "{good}");
    }
    for bad in [
        "{}",
        "{ column = \"A\", join = [\"A\", \"B\"] }",
        "{ join = [\"A\"] }",
        "{ column = \"A\", with = \" \" }",
        "{ join = [\"A\", \"B\"], with = \"\\n\" }",
        "{ column = \"A\", otherwise = \" \" }",
    ] {
        assert_eq!(rule("\"Buyer\"", bad), "IMP-14", "{bad}");
    }
}

#[test]
fn imp_15_symbols_and_prefixes_are_texts_that_can_be_told_apart() {
    for bad in ["", " ", "1", "-", "(", "a-b", ".", ",", "\\n", &"x".repeat(17)] {
        assert_eq!(rule("sign =", &format!("symbols = [\"{bad}\"]\nsign =")), "IMP-15", "{bad}");
    }
    assert!(
        Mapping::parse(&GOOD.replace("sign =", "symbols = [\"£\", \"kr.\", \"US$\"]\nsign ="), "x").is_ok()
    );
    for bad in ["", "a\\nb", &"x".repeat(257)] {
        assert_eq!(
            rule("separator =", &format!("skip_prefixes = [\"{bad}\"]\nseparator =")),
            "IMP-15",
            "{bad}"
        );
    }
}

#[test]
fn imp_16_what_is_required_is_a_field_or_a_date() {
    let required = |name: &str| GOOD.replacen("key =", &format!("required = [\"{name}\"]\nkey ="), 1);
    for name in ["buyer", "due", "issue"] {
        assert!(Mapping::parse(&required(name), "x").is_ok(), "{name}");
    }
    for name in ["payer", "id", ""] {
        assert_eq!(Mapping::parse(&required(name), "x").unwrap_err().rule(), "IMP-16", "{name}");
    }
}

#[test]
fn imp_17_the_currency_is_said_once() {
    let without = Mapping::parse(&GOOD.replace("[currency]\ncode = \"GBP\"", ""), "x").unwrap();
    let rule = |mapping: &Mapping, said| mapping.clone().in_currency(said, "x").unwrap_err().rule();
    assert_eq!(rule(&without, None), "IMP-17");
    assert_eq!(rule(&without, Some("XAU")), "IMP-07");
    let with = without.in_currency(Some("EUR"), "x").unwrap();
    assert_eq!(rule(&with, Some("EUR")), "IMP-17");
    assert_eq!(with.clone().in_currency(None, "x").unwrap(), with);
}

/// Found by fuzzing: a constant went into every document, and no record could hold it.
#[test]
fn imp_18_values_of_the_mapping_fit_a_field() {
    let constant = |value: &str| format!("{GOOD}\n[constants]\nsource_system = \"{value}\"\n");
    let stand_in = |value: &str| {
        GOOD.replace(
            "buyer = \"Buyer\"",
            &format!("buyer = {{ column = \"Buyer\", otherwise = \"{value}\" }}"),
        )
    };
    let (most, more) = ("x".repeat(64 << 10), "x".repeat((64 << 10) + 1));
    for text in [&constant as &dyn Fn(&str) -> String, &stand_in] {
        assert!(Mapping::parse(&text(&most), "x").is_ok());
        assert_eq!(Mapping::parse(&text(&more), "x").unwrap_err().rule(), "IMP-18");
    }
    // Nothing else is right in this one.
    let split =
        |value: &str| format!("{GOOD}\n[split]\nfield = \"class\"\n[split.columns]\n{value} = \"Net\"\n");
    let rule = |value: &str| Mapping::parse(&split(value), "x").unwrap_err().rule();
    assert_eq!((rule(&most), rule(&more)), ("IMP-12", "IMP-18"));
    let told = Mapping::parse(&constant(&more), "x").unwrap_err().to_string();
    assert_eq!(
        told,
        "mapping `x`: the value of `source_system` has more than 65536 bytes, which no field of a record holds"
    );
}

#[test]
fn a_good_mapping_is_read() {
    let mapping = Mapping::parse(GOOD, "some.toml").unwrap();
    assert_eq!(mapping.key(), ["seller", "number"]);
    assert_eq!(mapping.document_fields().collect::<Vec<_>>(), ["buyer", "number", "seller"]);
    assert_eq!(mapping.dates().collect::<Vec<_>>(), ["due", "issue"]);
    let layout = &mapping.layout;
    assert_eq!((layout.separator, layout.skip_rows, layout.encoding), (b';', 0, Encoding::Utf8));
    assert!(mapping.missing.contains("") && mapping.missing.contains("N/A"));
}
