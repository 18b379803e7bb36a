//! The real trade set: 1,657 auctions of the US Treasury, six buyer classes each, read by the shipped
//! mapping as 9,097 documents; and the same as it stands at its origin.

use std::io::Write as _;
use std::path::Path;

use super::*;

const MAPPING: &str = include_str!("../../../../../channels/scf-receivable/mappings/treasury.toml");
const FILE: &str = "../../../shared/data/trades-us-treasury-auctions/auctions_2008-04_2022-08.csv";

/// The file, or `None` where the data set is not beside the repository.
fn file() -> Option<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let read = std::fs::read(&path).ok();
    if read.is_none() {
        // The test harness hides what `eprintln!` writes; this it does not.
        writeln!(std::io::stderr(), "skipped: the trade set is not at {}", path.display()).unwrap();
    }
    read
}

fn import(bytes: &[u8]) -> Import {
    let mapping = Mapping::parse(MAPPING, "treasury.toml").unwrap();
    let import = read_documents(&[Source { name: "auctions.csv", bytes }], &mapping).unwrap();
    check(&import);
    import
}

#[test]
fn the_real_auctions_are_read_whole() {
    let Some(bytes) = file() else { return };
    let import = import(&bytes);
    assert_eq!(import.left_out, []);
    assert_eq!((import.report.rows, import.report.documents, import.report.lines), (1_657, 9_097, 9_097));
    let cash: u128 = import.documents.iter().map(|document| u128::from(document.total_minor)).sum();
    assert_eq!(cash, 6_404_350_956_957_410);
    let par: u128 = import.documents.iter().map(|d| d.lines[0].fields["par"].parse::<u128>().unwrap()).sum();
    assert_eq!(par, 64_147_687_512_500);
    let largest = import.documents.iter().map(|document| document.total_minor).max();
    assert_eq!(largest, Some(6_158_198_266_952));
}

#[test]
fn half_even_differs_in_the_legs_that_the_source_names() {
    let Some(bytes) = file() else { return };
    let other = MAPPING.replace("half-up", "half-even");
    assert_ne!(other, MAPPING);
    let other = read_documents(
        &[Source { name: "auctions.csv", bytes: &bytes }],
        &Mapping::parse(&other, "x").unwrap(),
    );
    let (one, other) = (import(&bytes), other.unwrap());
    let pairs = one.documents.iter().zip(&other.documents);
    assert_eq!(pairs.filter(|(a, b)| a.total_minor != b.total_minor).count(), 49);
}

#[test]
fn the_file_as_it_stands_at_its_origin_is_read_the_same() {
    let Some(bytes) = file() else { return };
    let text = String::from_utf8(bytes.clone()).unwrap();
    let origin = format!("#TYPE System.Management.Automation.PSCustomObject\n{text}").replace('\n', "\r\n");
    let origin: Vec<u8> =
        std::iter::once(0xfeff).chain(origin.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let totals = |import: &Import| -> Vec<(Vec<String>, u64)> {
        import.documents.iter().map(|document| (document.key.clone(), document.total_minor)).collect()
    };
    assert_eq!(totals(&import(&origin)), totals(&import(&bytes)));
}

#[test]
fn the_real_auctions_agree_with_a_second_computation() {
    let Some(bytes) = file() else { return };
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let headers = reader.headers().unwrap().clone();
    let at = |name: &str| headers.iter().position(|header| header == name).unwrap();
    let price = at("pricePer100");
    let classes = [
        "primaryDealerAccepted",
        "directBidderAccepted",
        "indirectBidderAccepted",
        "noncompetitiveAccepted",
        "fimaNoncompetitiveAccepted",
        "somaAccepted",
    ]
    .map(at);
    let mut expected: Vec<u64> = Vec::new();
    for record in reader.records() {
        let record = record.unwrap();
        // Six decimals throughout: without its point the price is one of millionths.
        let millionths: u128 = record[price].replace('.', "").parse().unwrap();
        for par in classes.map(|class| record[class].parse::<u128>().unwrap()) {
            // par x price / 100, in cents: the hundreds cancel, and half a cent is 500,000 millionths.
            expected
                .extend((par > 0).then(|| u64::try_from((par * millionths + 500_000) / 1_000_000).unwrap()));
        }
    }
    let mut found: Vec<u64> = import(&bytes).documents.iter().map(|document| document.total_minor).collect();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
}
