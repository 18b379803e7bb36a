//! The picture of a transaction's views: a panel for each reader, and below them what the root chain has.
//!
//! The file stands alone: no script, no font, nothing that is fetched. It is drawn from the same views as the
//! table, and the same views give the same bytes.

use parclose_documents::Currency;
use parclose_transaction::{FieldState, FieldValue};
use serde_json::Value;

use super::views::{Kind, Reader, Row, Views};
use crate::svg::Svg;

const MARGIN: usize = 24;
const GAP: usize = 16;
const PANEL: usize = 320;
const PADDING: usize = 20;
const HEADER: usize = 104;
const PANEL_HEAD: usize = 96;
const FOOTER: usize = 104;
const LINE: usize = 19;
const BAR: usize = 12;
const BAR_WIDTHS: (usize, usize) = (36, 140);
/// columns of a value's line, of its monospaced type
const COLUMNS: usize = 35;
const LINES_MAX: usize = 3;
const NAME_COLUMNS: usize = 26;
const LABEL_COLUMNS: usize = 38;

const STYLE: &str = "<style>
text{font-family:ui-sans-serif,system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;fill:#1d2430}
.page{fill:#f4f5f7}.panel{fill:#ffffff;stroke:#d5dae1}.rule{stroke:#e3e7ec}
.title{font-size:21px;font-weight:600}.name{font-size:17px;font-weight:600}
.note{font-size:12.5px;fill:#5a6472}.label{font-size:11.5px;fill:#5a6472}.count{font-size:12.5px;font-weight:600}
.value,.hex{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;font-size:13px}
.hex{font-size:15px}.odd{fill:#b3261e}
.bar{fill:#39424f}.none{stroke:#9aa4b1;stroke-dasharray:3 5;stroke-width:2}
@media (prefers-color-scheme:dark){text{fill:#e6e9ee}.page{fill:#0f1319}.panel{fill:#171c24;stroke:#2d3541}
.rule{stroke:#262d38}.note,.label{fill:#97a2b1}.odd{fill:#ff8a80}.bar{fill:#aab4c2}.none{stroke:#566070}}
</style>";

/// Draws the views.
pub(super) fn draw(views: &Views) -> String {
    let page = Page::of(views);
    let mut svg = Svg::default();
    page.open(&mut svg);
    for (number, reader) in views.readers.iter().enumerate() {
        page.panel(&mut svg, reader, MARGIN + number * (PANEL + GAP));
    }
    page.footer(&mut svg);
    svg.raw("</svg>");
    svg.finish()
}

/// Where things stand: fields stand at one height in all panels.
struct Page<'a> {
    views: &'a Views,
    /// for each row and reader, what the cell says
    cells: Vec<Vec<Cell>>,
    tops: Vec<usize>,
    bottom: usize,
    longest: usize,
}

/// What a reader's panel shows of a field.
enum Cell {
    Lines(Vec<String>),
    Bar(Option<usize>),
    Odd,
    Nothing,
}

impl Cell {
    fn of(state: Option<&FieldState>, row: &Row) -> Self {
        match state {
            Some(FieldState::Opened(value)) => Self::Lines(wrapped(&value_text(value))),
            Some(FieldState::Sealed) => Self::Bar(row.sealed_bytes),
            Some(FieldState::Malformed) => Self::Odd,
            Some(FieldState::Erased) => Self::Lines(vec!["erased".into()]),
            Some(FieldState::Missing) => Self::Lines(vec!["missing here".into()]),
            None => Self::Nothing,
        }
    }

    fn lines(&self) -> usize {
        if let Self::Lines(lines) = self { lines.len() } else { 1 }
    }
}

impl<'a> Page<'a> {
    fn of(views: &'a Views) -> Self {
        let rows = (0..).zip(&views.frame.rows);
        let cells: Vec<Vec<Cell>> = rows
            .map(|(at, row)| views.readers.iter().map(|reader| Cell::of(reader.cell(at), row)).collect())
            .collect();
        let (mut tops, mut bottom) = (Vec::new(), HEADER + PANEL_HEAD);
        for row in &cells {
            tops.push(bottom);
            bottom += 32 + LINE * row.iter().map(Cell::lines).max().unwrap_or(1);
        }
        let longest = views.frame.rows.iter().filter_map(|row| row.sealed_bytes).max().unwrap_or(1);
        Self { views, cells, tops, bottom: bottom + PADDING / 2, longest: longest.max(1) }
    }

    fn width(&self) -> usize {
        let panels = self.views.readers.len();
        // The footer's 64 digits need the width of two panels.
        2 * MARGIN + panels.max(2) * (PANEL + GAP) - GAP
    }

    fn open(&self, svg: &mut Svg) {
        let (width, height) = (self.width(), self.bottom + GAP + FOOTER + MARGIN);
        svg.raw(&format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-labelledby="title description">"#
        ));
        let title = format!("One transaction, as {} see it", readers(self.views.readers.len()));
        svg.named("title", "title", &title);
        svg.named("desc", "description", &self.description());
        svg.raw(STYLE);
        svg.rectangle("page", (0, 0), (width, height));
        svg.text("title", MARGIN, 48, &title);
        svg.text("note", MARGIN, 74, &cut(&self.subtitle(), 45 * self.views.readers.len().max(2)));
    }

    fn subtitle(&self) -> String {
        let frame = &self.views.frame;
        let what = frame.rows.first().map(|row| format!("{} {}", row.action, row.record_type));
        let what = what.unwrap_or_else(|| "no record".into());
        let author = frame.author.as_deref().unwrap_or("somebody");
        format!("{what}, by {author} in the channel {}: {}", self.views.channel, frame.verdict)
    }

    /// For who cannot see the picture: how many fields open for whom.
    fn description(&self) -> String {
        let counts = self.views.readers.iter().map(|reader| format!("{}: {}", reader.name, count(reader)));
        format!("{}. {}.", self.subtitle(), counts.collect::<Vec<_>>().join("; "))
    }

    fn panel(&self, svg: &mut Svg, reader: &Reader, x: usize) {
        svg.rectangle("panel", (x, HEADER), (PANEL, self.bottom - HEADER));
        let x = x + PADDING;
        svg.text("name", x, HEADER + 32, &cut(&reader.name, NAME_COLUMNS));
        svg.text("note", x, HEADER + 53, &looks_with(reader));
        svg.text("count", x, HEADER + 75, &count(reader));
        let column = self.views.readers.iter().position(|other| std::ptr::eq(other, reader)).unwrap_or(0);
        for ((row, cells), top) in self.views.frame.rows.iter().zip(&self.cells).zip(&self.tops) {
            svg.line("rule", (x, *top - 4), PANEL - 2 * PADDING);
            let several = self.views.frame.rows.last().is_some_and(|last| last.operation > 0);
            let label =
                if several { format!("{} {}", row.operation + 1, row.field) } else { row.field.clone() };
            svg.text("label", x, top + 13, &cut(&label.replace('_', " "), LABEL_COLUMNS));
            if let Some(cell) = cells.get(column) {
                self.cell(svg, cell, x, *top);
            }
        }
    }

    fn cell(&self, svg: &mut Svg, cell: &Cell, x: usize, top: usize) {
        let base = top + 32;
        match cell {
            Cell::Lines(lines) => {
                for (number, line) in lines.iter().enumerate() {
                    svg.text("value", x, base + number * LINE, line);
                }
            }
            Cell::Bar(bytes) => {
                let (least, most) = BAR_WIDTHS;
                let width = least + (most - least) * bytes.unwrap_or(0) / self.longest;
                svg.rectangle("bar", (x, base - BAR + 1), (width, BAR));
                let told = bytes.map_or_else(|| "sealed, pruned".into(), |n| format!("sealed, {n} bytes"));
                svg.text("note", x + width + 10, base, &told);
            }
            Cell::Odd => svg.text("value odd", x, base, "in reach, and does not open"),
            Cell::Nothing => svg.line("none", (x, base - 5), PANEL - 2 * PADDING),
        }
    }

    fn footer(&self, svg: &mut Svg) {
        let top = self.bottom + GAP;
        let ordered = &self.views.ordered;
        svg.rectangle("panel", (MARGIN, top), (self.width() - 2 * MARGIN, FOOTER));
        let x = MARGIN + PADDING;
        svg.text("name", x, top + 31, "the root chain");
        svg.text("hex", x, top + 59, &ordered.commitment);
        let beside = format!(
            "32 bytes that hide the batch: no value, no name, no count. Beside them a tag, height {}, and who signed, under pseudonyms.",
            ordered.height.0
        );
        svg.text("note", x, top + 83, &beside);
    }
}

fn looks_with(reader: &Reader) -> String {
    match (&reader.kind, &reader.cells) {
        (Kind::Member, Some(_)) => "a member, with its own directory and key".into(),
        (Kind::Member, None) => "nothing of it is in its directory".into(),
        (Kind::ViewKey { class, from, to }, Some(_)) => format!("a view key: {class}, epochs {from} to {to}"),
        (Kind::ViewKey { .. }, None) => "nothing of it is in its export".into(),
    }
}

fn count(reader: &Reader) -> String {
    let Some(cells) = &reader.cells else { return "no byte of it".into() };
    let opened = cells.iter().filter(|state| matches!(state, FieldState::Opened(_))).count();
    format!("{opened} of {} fields open", cells.len())
}

fn readers(count: usize) -> String {
    match count {
        1 => "one reader".into(),
        2 => "two readers".into(),
        3 => "three readers".into(),
        4 => "four readers".into(),
        more => format!("{more} readers"),
    }
}

/// A value as a person reads it.
fn value_text(value: &FieldValue) -> String {
    match value {
        FieldValue::Amount(minor, code) => {
            let code = String::from_utf8_lossy(code).into_owned();
            let digits = Currency::find(&code).map_or(0, Currency::minor_digits);
            format!("{} {code}", decimal(*minor, digits as usize))
        }
        FieldValue::Text(text) | FieldValue::Date(text) => text.clone(),
        other => words(&other.to_json()),
    }
}

/// Minor units as a decimal number, digits in groups of three.
fn decimal(minor: u64, decimals: usize) -> String {
    let digits = format!("{minor:0>width$}", width = decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if fraction.is_empty() { grouped } else { format!("{grouped}.{fraction}") }
}

fn words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(words).collect::<Vec<_>>().join("; "),
        Value::Object(members) => {
            let told = members.iter().map(|(name, value)| (name.replace('_', " "), words(value)));
            let told = told.filter(|(_, value)| !value.is_empty());
            told.map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

/// Lines of at most [`COLUMNS`] columns, the last one cut where there is more.
fn wrapped(text: &str) -> Vec<String> {
    let (mut lines, mut line, mut used) = (Vec::new(), String::new(), 0);
    for word in text.split_whitespace().flat_map(pieces) {
        let width = columns(&word);
        if used > 0 && used + 1 + width > COLUMNS {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        line.push_str(&word);
        used += width;
    }
    lines.push(line);
    if lines.len() > LINES_MAX {
        lines.truncate(LINES_MAX);
        if let Some(last) = lines.last_mut() {
            last.push_str(&" ".repeat(COLUMNS));
            *last = cut(last, COLUMNS);
        }
    }
    lines
}

/// At most so many columns of a text, with a mark where there was more.
fn cut(text: &str, most: usize) -> String {
    if columns(text) <= most {
        return text.to_owned();
    }
    let mut kept = text.to_owned();
    while columns(&kept) + 2 > most {
        kept.pop();
    }
    format!("{} …", kept.trim_end())
}

/// A word, in pieces that fit a line.
fn pieces(word: &str) -> Vec<String> {
    let (mut pieces, mut piece, mut used) = (Vec::new(), String::new(), 0);
    for character in word.chars() {
        let width = columns(character.encode_utf8(&mut [0; 4]));
        if used + width > COLUMNS {
            pieces.push(std::mem::take(&mut piece));
            used = 0;
        }
        piece.push(character);
        used += width;
    }
    pieces.push(piece);
    pieces
}

/// Columns that a text may take: wide letters have two, and what is not ASCII counts as wide above Latin.
fn columns(text: &str) -> usize {
    text.chars().map(|c| if u32::from(c) < 0x1100 || c == '…' { 1 } else { 2 }).sum()
}

#[cfg(test)]
mod tests;
