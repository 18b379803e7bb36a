//! Elements of an SVG file. Text comes in escaped, and in no other way.

use std::fmt::Write;

/// A file that grows.
#[derive(Debug, Default)]
pub(crate) struct Svg(String);

impl Svg {
    /// Adds markup of our own; nothing that was read goes through here.
    pub(crate) fn raw(&mut self, markup: &str) {
        self.0.push_str(markup);
        self.0.push('\n');
    }

    /// A line of text.
    pub(crate) fn text(&mut self, class: &str, x: usize, y: usize, text: &str) {
        let text = escaped(text);
        let _ = writeln!(self.0, r#"<text class="{class}" x="{x}" y="{y}">{text}</text>"#);
    }

    /// A rectangle with round corners.
    pub(crate) fn rectangle(&mut self, class: &str, (x, y): (usize, usize), (width, height): (usize, usize)) {
        let radius = height.min(24) / 4;
        let _ = writeln!(
            self.0,
            r#"<rect class="{class}" x="{x}" y="{y}" width="{width}" height="{height}" rx="{radius}"/>"#
        );
    }

    /// A level line.
    pub(crate) fn line(&mut self, class: &str, (x, y): (usize, usize), width: usize) {
        let to = x + width;
        let _ = writeln!(self.0, r#"<line class="{class}" x1="{x}" y1="{y}" x2="{to}" y2="{y}"/>"#);
    }

    /// A line that bends from one point to another and ends in an arrow.
    pub(crate) fn arrow(&mut self, class: &str, (x, y): (usize, usize), (to_x, to_y): (usize, usize)) {
        let bend = if to_x > x { (to_x - x) / 2 } else { 48 };
        let (out, into) = (x + bend, to_x.saturating_sub(bend));
        let _ = writeln!(
            self.0,
            r#"<path class="{class}" d="M{x} {y}C{out} {y} {into} {to_y} {to_x} {to_y}" marker-end="url(#arrow)"/>"#
        );
    }

    /// An element with text and an id.
    pub(crate) fn named(&mut self, element: &str, id: &str, text: &str) {
        let _ = writeln!(self.0, r#"<{element} id="{id}">{}</{element}>"#, escaped(text));
    }

    /// The file.
    pub(crate) fn finish(self) -> String {
        self.0
    }
}

/// Text that stays text.
///
/// # Rules
///
/// > TXV-03: what was read stands in a picture as text only, without characters that XML forbids or that turn the direction of writing.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\n' | '\t' | '\r' => escaped.push(' '),
            _ if is_unfit(character) => escaped.push('\u{fffd}'),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// Controls, non-characters, and marks that turn the direction of the text around them.
fn is_unfit(character: char) -> bool {
    character.is_control()
        || u32::from(character) & 0xfffe == 0xfffe
        || matches!(character, '\u{fdd0}'..='\u{fdef}')
        || matches!(character, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
