//! Drafts from tables of many kinds: each parses, imports what is there, and says what is not.

mod hostile;
mod real;

use super::*;
use crate::Source;
use crate::import::{Import, read_documents};

fn suggest_from(texts: &[&str]) -> Result<Draft, NoDraft> {
    let names: Vec<String> = (1..=texts.len()).map(|at| format!("{at}.csv")).collect();
    let sources: Vec<Source<'_>> =
        names.iter().zip(texts).map(|(name, text)| Source { name, bytes: text.as_bytes() }).collect();
    let origins: Vec<&dyn Origin> = sources.iter().map(|source| source as &dyn Origin).collect();
    suggest(&origins)
}

fn draft(text: &str) -> Draft {
    let draft = suggest_from(&[text]).unwrap();
    Mapping::parse(&draft.text, "draft").unwrap_or_else(|error| panic!("{error}\n{}", draft.text));
    draft
}

/// The import that the draft of a table makes, in a currency if it states none.
fn imported(text: &str, currency: Option<&str>) -> (Import, String) {
    let draft = draft(text).text;
    let mapping = Mapping::parse(&draft, "draft")
        .unwrap()
        .in_currency(currency, "draft")
        .unwrap_or_else(|e| panic!("{e}\n{draft}"));
    (read_documents(&[Source { name: "1.csv", bytes: text.as_bytes() }], &mapping).unwrap(), draft)
}

fn totals(import: &Import) -> Vec<(String, u64, &str)> {
    import.documents.iter().map(|d| (d.key.join(" "), d.total_minor, d.currency.code())).collect()
}

fn has(draft: &Draft, text: &str) -> bool {
    draft.text.contains(text)
}

#[test]
fn a_german_ledger_is_read_as_it_is() {
    let text = "Export vom 31.12.2025\n\
        Lieferantennr.;Lieferantenname;Rechnungsnr.;Fälligkeitsdatum;Betrag;Währung;Buchungstext\n\
        L1;Müller;R-1;31.01.2025;\"1.234,50\";EUR;Guss\n\
        L1;Müller;R-1;31.01.2025;-34,50;EUR;-\n\
        L2;Weiß;R-1;01.02.2025;12,00;EUR;k.A.\n";
    let (import, draft) = imported(text, None);
    assert_eq!(
        totals(&import),
        [("L1 R-1".into(), 120_000, "EUR"), ("L2 R-1".into(), 1_200, "EUR")],
        "{draft}"
    );
    for line in [
        "key = [\"supplier_id\", \"invoice_number\"]",
        "separator = \";\"",
        "skip_rows = 1",
        "missing = [\"-\", \"k.A.\"]",
        "decimal_mark = \",\"",
        "thousands_mark = \".\"",
        "formats = [\"%d.%m.%Y\"]",
    ] {
        assert!(draft.contains(line), "{line}\n{draft}");
    }
    assert_eq!(import.documents[0].dates["due"].day.to_string(), "2025-01-31");
    assert!(draft.contains("parties number on their own"), "{draft}");
}

#[test]
fn an_english_ledger_with_symbols_and_tabs_is_read_as_it_is() {
    let text = "Vendor\tInvoice No\tInvoice Date\tDue Date\tAmount (£)\n\
        Acme\t1\t2025-01-02\t2025-02-01\t£1,000.00\n\
        Acme\t2\t2025-01-03\t2025-02-02\t(£20.00)\n\
        Bell\t1\t2025-01-04\t2025-02-03\t£5.00\n";
    let (import, draft) = imported(text, None);
    assert_eq!(
        totals(&import),
        [("Acme 1".into(), 100_000, "GBP"), ("Bell 1".into(), 500, "GBP")],
        "{draft}"
    );
    assert_eq!(import.report.credit_notes, 1);
    assert!(draft.contains("sign = \"parentheses\"") && draft.contains("symbols = [\"£\"]"), "{draft}");
    assert_eq!(import.documents[0].fields["supplier_name"], "Acme");
    assert_eq!(import.documents[0].dates["issue"].day.to_string(), "2025-01-02");
}

#[test]
fn sug_04_a_date_that_reads_in_two_ways_is_said_to_be_ambiguous_and_not_settled() {
    let table = |second: &str| {
        format!(
            "Supplier ID,Invoice Number,Date,Amount,Currency\nS1,1,01/02/2022,1.50,GBP\nS1,2,{second},2.50,GBP\n"
        )
    };
    let ambiguous = draft(&table("03/04/2022"));
    assert!(
        has(&ambiguous, "formats = [\"%d/%m/%Y\", \"%m/%d/%Y\"]") && has(&ambiguous, "ambiguous"),
        "{}",
        ambiguous.text
    );
    assert!(ambiguous.notes.iter().any(|note| note.contains("`Date` is ambiguous")), "{:?}", ambiguous.notes);
    let (import, _) = imported(&table("03/04/2022"), None);
    assert_eq!((import.documents.len(), import.rejected().count()), (0, 2), "nothing is guessed");
    let clear = draft(&table("13/04/2022"));
    assert!(has(&clear, "formats = [\"%d/%m/%Y\"]") && !has(&clear, "ambiguous"), "{}", clear.text);
}

#[test]
fn sug_04_a_mark_that_reads_in_two_ways_is_said_to_be_ambiguous_and_not_settled() {
    let text = "Supplier ID,Invoice Number,Date,Amount,Currency\nS1,1,2022-01-02,1.234,EUR\nS1,2,2022-01-02,2.345,EUR\n";
    let draft = draft(text);
    assert!(draft.notes.iter().any(|note| note.contains("`Amount` is ambiguous")), "{}", draft.text);
    assert_eq!(imported(text, None).0.documents, [], "nothing is guessed");
}

#[test]
fn sug_03_what_the_files_do_not_say_stands_in_the_draft_as_a_comment() {
    let text = "Invoice Number,Date,Amount\n1,2022-01-02,1.50\n2,2022-01-03,2.50\n";
    let draft = draft(text);
    for line in ["# [currency]", "# [constants]", "# buyer_name = \"\"", "# supplier_id = \"\"", "--currency"]
    {
        assert!(has(&draft, line), "{line}\n{}", draft.text);
    }
    let (import, _) = imported(text, Some("USD"));
    assert_eq!(totals(&import), [("1".into(), 150, "USD"), ("2".into(), 250, "USD")]);
    // A sign that several currencies have is none that says it.
    let dollars = super::tests::draft("Invoice Number,Date,Amount\n1,2022-01-02,$1.50\n");
    assert!(
        has(&dollars, "# [currency]") && has(&dollars, "USD") && has(&dollars, "CAD"),
        "{}",
        dollars.text
    );
}

#[test]
fn sug_03_without_a_date_a_number_or_a_party_there_is_still_a_draft() {
    let no_date = draft("Supplier ID,Invoice Number,Amount,Currency\nS1,1,1.50,GBP\n");
    assert!(!has(&no_date, "month") && has(&no_date, "No column looks like a date"), "{}", no_date.text);
    let no_number = draft("A,B,Amount\nx,1,1.50\nx,2,2.50\n");
    assert!(has(&no_number, "invoice_number = \"B\"") && has(&no_number, "check this"), "{}", no_number.text);
    let (import, _) = imported("A,B,Amount\nx,1,1.50\nx,2,2.50\n", Some("GBP"));
    assert_eq!(import.documents.len(), 2);
}

#[test]
fn credit_notes_are_seen_by_their_codes_and_references() {
    let text = "Supplier ID,Invoice Number,Document Type,Original Invoice,Due Date,Amount,Currency\n\
        S1,1,380,,2025-01-02,100.00,EUR\nS1,2,381,1,2025-01-02,40.00,EUR\nS1,3,380,,2025-01-02,7.00,EUR\n";
    let (import, draft) = imported(text, None);
    assert_eq!(totals(&import), [("S1 1".into(), 6_000, "EUR"), ("S1 3".into(), 700, "EUR")], "{draft}");
    assert!(
        draft.contains("amounts = \"positive\"") && draft.contains("credit_notes = [\"381\"]"),
        "{draft}"
    );
    let signed = text.replace("381,1,2025-01-02,40.00", "381,1,2025-01-02,-40.00");
    assert!(super::tests::draft(&signed).text.contains("amounts = \"negative\""));
}

#[test]
fn debit_and_credit_make_an_amount_where_no_column_has_it() {
    let text = "Creditor No;Document No;Posting Date;Debit;Credit;Currency\nC1;1;2025-01-02;10,50;;EUR\nC1;1;2025-01-02;;0,50;EUR\n";
    let (import, draft) = imported(text, None);
    assert_eq!(totals(&import), [("C1 1".into(), 1_000, "EUR")], "{draft}");
}

#[test]
fn a_file_of_other_encodings_is_seen_to_be_one() {
    let text = "Lieferant;Rechnungsnummer;Datum;Betrag;Währung\nMüller;1;2025-01-31;1,50;EUR\n";
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let western: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    for (bytes, encoding) in [(utf16, "utf-16le"), (western, "windows-1252")] {
        let source = Source { name: "1.csv", bytes: &bytes };
        let draft = suggest(&[&source]).unwrap();
        assert!(has(&draft, &format!("encoding = \"{encoding}\"")), "{}", draft.text);
        let mapping = Mapping::parse(&draft.text, "draft").unwrap();
        let import = read_documents(&[source], &mapping).unwrap();
        assert_eq!(import.documents[0].fields["supplier_name"], "Müller");
    }
}

#[test]
fn sug_01_what_is_no_table_gives_no_draft() {
    for text in ["", "\n\n", "one column\n1\n2\n", "Invoice,Amount\n", "\"", "\0\0\0\0"] {
        let error = suggest_from(&[text]).unwrap_err();
        assert_eq!(error.rule(), "SUG-01", "{text:?}");
        assert!(!error.fix().is_empty() && error.definite());
    }
    assert_eq!(suggest(&[]).unwrap_err().rule(), "SUG-01");
    let twice = suggest_from(&["Amount,Amount\n1.50,2\n"]).unwrap_err();
    assert_eq!(twice.rule(), "IMP-22");
}

#[test]
fn sug_02_a_table_without_amounts_gives_no_draft() {
    for text in [
        "Supplier ID,Invoice Number\nS1,x\n",
        "Invoice,Amount\n1,abc\n",
        "Invoice,Amount\n1,1.50\n2,\"1,50\"\n",
        "Invoice,Amount\n1,REDACTED\n",
    ] {
        assert_eq!(suggest_from(&[text]).unwrap_err().rule(), "SUG-02", "{text}");
    }
}

#[test]
fn a_draft_holds_no_cell_but_known_tokens() {
    let text = "Supplier ID,Supplier Name,Invoice Number,Date,Amount,Text\n\
        SECRET1,SECRET2,SECRET3,01/02/2022,98765.43,REDACTED\nSECRET4,SECRET5,SECRET6,01/02/2022,1.00,n/a\n";
    let draft = draft(text);
    for secret in ["SECRET", "98765", "01/02"] {
        assert!(
            !has(&draft, secret) && draft.notes.iter().all(|note| !note.contains(secret)),
            "{secret}\n{}",
            draft.text
        );
    }
    assert!(has(&draft, "redacted = [\"REDACTED\"]") && has(&draft, "missing = [\"n/a\"]"), "{}", draft.text);
}
