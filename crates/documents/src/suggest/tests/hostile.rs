//! Any bytes give a draft that parses, or a reason why not, in bounded time.

use proptest::prelude::*;

use super::*;

/// Whatever it is, a draft parses and an import with it accounts for every row.
fn holds(bytes: &[u8]) -> bool {
    let source = Source { name: "x.csv", bytes };
    let draft = match suggest(&[&source]) {
        Ok(draft) => draft,
        Err(NoDraft::NoMapping(bad)) => panic!("{bad}"),
        Err(_) => return false,
    };
    let mapping =
        Mapping::parse(&draft.text, "draft").unwrap_or_else(|error| panic!("{error}\n{}", draft.text));
    let said = mapping.currency.is_none().then_some("EUR");
    let import = read_documents(&[source], &mapping.in_currency(said, "draft").unwrap());
    assert!(import.is_ok_and(|import| import.report.reconciles()), "{}", draft.text);
    true
}

#[test]
fn headers_that_try_to_be_more_than_names_are_quoted() {
    for name in [
        "\"\"a\"\"",
        "a\nb",
        "]",
        "[x]",
        "'",
        "\\",
        "\\u0000",
        "key = 1",
        "a.b",
        "# x",
        "'''",
        "\"\"\"",
        "{",
        "}",
        "=",
        " ",
        "\u{202e}",
        "𝄞",
        "%d",
        "\u{feff}",
    ] {
        let cell = format!("\"{}\"", name.replace('"', "\"\""));
        let text = format!("{cell},Invoice Number,Amount\nx,1,1.50\ny,2,2.50\n");
        let plain = !name.contains('\n');
        assert_eq!(holds(text.as_bytes()), plain, "{name:?}");
        let amount = format!("{cell},Invoice Number\n1.50,1\n2.50,2\n");
        assert_eq!(holds(amount.as_bytes()), plain && !name.trim().is_empty(), "{name:?}");
    }
}

#[test]
fn many_columns_rows_tokens_and_codes_are_bounded() {
    let header: Vec<String> = (0..2_000).map(|at| format!("Amount {at}")).collect();
    let row = vec!["1.50"; 2_000].join(",");
    assert!(holds(format!("{}\n{row}\n{row}\n", header.join(",")).as_bytes()));
    let rows: String =
        (0..20_000).map(|at| format!("S{at},{at},01/02/2022,1.50,REDACTED {at},£{at}\n")).collect();
    assert!(holds(format!("Supplier ID,Invoice,Date,Amount,Text,Other\n{rows}").as_bytes()));
    let long = "x".repeat(5 << 20);
    assert!(holds(format!("Invoice,Amount,Text\n1,1.50,a\n2,2.50,{long}\n").as_bytes()));
}

#[test]
fn a_table_in_which_no_column_is_text_throughout_gives_no_draft() {
    // Found by a fuzzer: the columns were left out of the key one by one, until there was none.
    let rows = "\u{7f}a;\u{7f}1;1.50\nb;2;\u{7f}\nc;3;2.50\n";
    assert!(!holds(format!("Supplier;Invoice;Amount\n{rows}").as_bytes()));
    assert!(holds(format!("Supplier;Invoice;Amount\n{}", rows.replace(";\u{7f}\n", ";3.50\n")).as_bytes()));
}

proptest! {
    #[test]
    fn any_bytes_give_a_draft_or_a_reason(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        holds(&bytes);
    }

    #[test]
    fn any_table_gives_a_draft_or_a_reason(
        header in proptest::collection::vec("(Amount|Betrag|Date|Due Date|Invoice No|Supplier|Currency|Type|Original Invoice|Debit|Credit|[a-z\"';#= ]{0,6})", 2..7),
        rows in proptest::collection::vec(proptest::collection::vec(
            "(1\\.50|-2|\\(3,00\\)|1\\.234|01/02/2022|31.01.2025|EUR|£5|380|381|N/A|REDACTED|x|[0-9.,' -]{0,8}|)", 2..7), 1..8),
    ) {
        let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
        writer.write_record(&header).unwrap();
        rows.iter().for_each(|row| writer.write_record(row).unwrap());
        holds(&writer.into_inner().unwrap());
    }
}
