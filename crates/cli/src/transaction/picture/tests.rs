use parclose_types::{Digest, Height, Sequence, Tag, TransactionDigest};

use super::super::views::{Frame, Ordered};
use super::*;
use crate::svg::escaped;

fn views(values: &[FieldState]) -> Views {
    let row = |at: usize| Row {
        operation: 0,
        action: "create".into(),
        record_type: "receivable".into(),
        field: format!("field_{at}"),
        class: "amount".into(),
        sealed_bytes: Some(128 * (at + 1)),
    };
    let reader = |name: &str, cells| Reader { name: name.into(), kind: Kind::Member, cells };
    Views {
        transaction: TransactionDigest([1; 32]),
        channel: "market".into(),
        ordered: Ordered {
            tag: Tag([2; 32]),
            sequence: Sequence(4),
            height: Height(9),
            commitment: Digest([0xab; 32]).to_string(),
        },
        frame: Frame {
            verdict: "applied".into(),
            author: Some("supplier-a".into()),
            rows: (0..values.len()).map(row).collect(),
        },
        readers: vec![
            reader("buyer", Some(values.to_vec())),
            reader("bank-2", Some(vec![FieldState::Sealed; values.len()])),
            reader("bank-3", None),
        ],
    }
}

fn opened(text: &str) -> FieldState {
    FieldState::Opened(FieldValue::Text(text.into()))
}

/// Reads the file as XML: element names and texts. It knows what the picture uses, and refuses all else.
fn parsed(xml: &str) -> Result<Vec<(String, String)>, String> {
    let (mut open, mut found): (Vec<String>, Vec<(String, String)>) = (Vec::new(), Vec::new());
    let mut rest = xml.trim();
    while !rest.is_empty() {
        let Some(inside) = rest.strip_prefix('<') else {
            let end = rest.find('<').unwrap_or(rest.len());
            let text = &rest[..end];
            for entity in text.split('&').skip(1) {
                let known = ["amp;", "lt;", "gt;", "quot;", "apos;"];
                known.iter().find(|known| entity.starts_with(*known)).ok_or("an unknown entity")?;
            }
            if let (Some(element), false) = (open.last(), text.trim().is_empty()) {
                found.push((element.clone(), text.to_owned()));
            }
            rest = &rest[end..];
            continue;
        };
        let end = inside.find('>').ok_or("an open tag")?;
        let tag = &inside[..end];
        rest = &inside[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            let opened = open.pop().ok_or("closed without being open")?;
            (opened == name).then_some(()).ok_or_else(|| format!("`{name}` closes `{opened}`"))?;
        } else {
            let name = tag.split([' ', '/']).next().unwrap_or_default();
            let ours = ["svg", "title", "desc", "style", "text", "rect", "line"];
            ours.contains(&name).then_some(()).ok_or_else(|| format!("a foreign element `{name}`"))?;
            if !tag.ends_with('/') {
                open.push(name.to_owned());
            }
        }
    }
    if open.is_empty() { Ok(found) } else { Err(format!("left open: {open:?}")) }
}

#[test]
fn the_reader_of_this_test_notices_markup() {
    assert!(parsed("<svg><text>a</text></svg>").is_ok());
    for broken in [
        "<svg><script>a</script></svg>",
        "<svg><text>a</svg>",
        "<svg><text>&nbsp;</text></svg>",
        "<svg><text>a</text>",
    ] {
        assert!(parsed(broken).is_err(), "{broken}");
    }
}

#[test]
fn txv_03_hostile_text_stays_text() {
    let hostile = [
        "</text><script>alert(1)</script>",
        "\"><image href='http://x.example/'/>",
        "]]><!-- & &amp; <![CDATA[",
        "a\u{0}b\u{b}c\u{85}\u{fffe}\u{1ffff}",
        "paid \u{202e}100\u{2066} \u{200f}",
        "line\nline\ttab",
        &"W".repeat(5000),
        "",
    ];
    let mut views = views(&hostile.map(opened));
    views.channel = hostile[0].into();
    views.frame.author = Some(hostile[1].into());
    views.frame.verdict = hostile[2].into();
    for reader in &mut views.readers {
        reader.name = hostile[4].into();
    }
    for (row, name) in views.frame.rows.iter_mut().zip(hostile) {
        row.field = name.into();
        row.action = name.into();
    }
    let drawn = draw(&views);
    let found = parsed(&drawn).expect("well-formed");
    assert!(found.iter().any(|(_, text)| text.contains("&lt;script&gt;")), "the text is there, as text");
    assert!(found.iter().all(|(element, _)| ["title", "desc", "style", "text"].contains(&element.as_str())));
    let bad =
        |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{2069}').contains(&c) || c == '\u{fffe}';
    assert!(!drawn.contains(bad));
    assert!(!drawn.contains("href") || !drawn.contains("<image"));
    assert_eq!(escaped("<a b='c' d=\"e\">&"), "&lt;a b=&apos;c&apos; d=&quot;e&quot;&gt;&amp;");
}

#[test]
fn the_same_views_draw_the_same_bytes_and_other_views_others() {
    let values = [opened("INV-1"), FieldState::Sealed, FieldState::Malformed];
    assert_eq!(draw(&views(&values)), draw(&views(&values)));
    assert_ne!(
        draw(&views(&values)),
        draw(&views(&[opened("INV-2"), FieldState::Sealed, FieldState::Malformed]))
    );
}

#[test]
fn a_panel_shows_what_its_reader_has_and_nothing_else() {
    let drawn = draw(&views(&[opened("SECRET-1"), FieldState::Sealed, FieldState::Malformed]));
    let panels: Vec<&str> = drawn.split(r#"<rect class="panel""#).skip(1).collect();
    let [buyer, bank, stranger, root] = panels.as_slice() else { panic!("three panels and the root chain") };
    assert!(
        buyer.contains("SECRET-1") && buyer.contains("sealed, 256 bytes") && buyer.contains("does not open")
    );
    assert!(buyer.contains("1 of 3 fields open"));
    assert!(bank.matches(r#"class="bar""#).count() == 3 && bank.contains("sealed, 128 bytes"));
    assert!(stranger.contains("no byte of it") && !stranger.contains("bytes"), "not even a length");
    assert!(root.contains(&"ab".repeat(32)));
    assert_eq!(drawn.matches("SECRET-1").count(), 1, "in one panel, and nowhere else");
}

#[test]
fn long_values_are_cut_at_three_lines_of_a_panel() {
    for text in ["word ".repeat(200), "x".repeat(1000), "漢".repeat(300)] {
        let lines = wrapped(&text);
        assert!(lines.len() == LINES_MAX && lines.iter().all(|line| columns(line) <= COLUMNS), "{lines:?}");
        assert!(lines.last().unwrap().ends_with('…'));
    }
    assert_eq!(wrapped("short"), ["short"]);
}

#[test]
fn amounts_have_the_decimals_of_their_currency() {
    let text = |minor, code: &[u8; 3]| value_text(&FieldValue::Amount(minor, *code));
    assert_eq!(text(123_456_789, b"GBP"), "1,234,567.89 GBP");
    assert_eq!(text(5, b"EUR"), "0.05 EUR");
    assert_eq!(text(1000, b"JPY"), "1,000 JPY");
}
