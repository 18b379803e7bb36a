//! The report as a page that stands by itself: no script, nothing that is loaded, everything read is text.

mod answers;

use std::collections::BTreeMap;
use std::fmt::Write;

use parclose_audit::bundle::Reading;
use parclose_audit::{AuditView, AuditedAsset, VerifiedBundle};
use parclose_documents::Currency;
use parclose_transaction::FieldState;
use parclose_types::{AssetId, Epoch};
use serde_json::Value;

use super::figures::{Figures, Measure, Report, Sum};
use crate::asset::units;
use crate::svg::{Svg, escaped};
use crate::transaction::state_json;

/// Rows of records on a page; all of them are in the table that `--csv` writes.
const ROWS_MAX: usize = 500;
/// Bars of a plot.
const BARS_MAX: usize = 12;
/// Columns of a plot: epochs are put together until they fit.
const COLUMNS_MAX: usize = 48;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;color:#1b2733;max-width:68rem;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.5rem;margin:0}h2{font-size:1.1rem;margin:2.2rem 0 .5rem}p{margin:.4rem 0}.sub{color:#5a6b7b}\
.cards{display:flex;flex-wrap:wrap;gap:.8rem;margin:1.2rem 0}.card{border:1px solid #d6dee6;border-radius:.5rem;padding:.6rem 1rem;min-width:8rem}\
.card b{display:block;font-size:1.25rem;font-variant-numeric:tabular-nums}.bad{border-color:#c0392b;color:#c0392b}\
table{border-collapse:collapse;width:100%;font-size:13px}th{text-align:left;color:#5a6b7b;font-weight:600;border-bottom:1px solid #b8c4d0;padding:.3rem .5rem}\
td{border-bottom:1px solid #e6ecf1;padding:.25rem .5rem;vertical-align:top}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}td.n{white-space:nowrap}\
code{font:12px ui-monospace,monospace;color:#40566b}svg{max-width:100%;height:auto}.bar{fill:#2f6f9f}.axis{stroke:#b8c4d0}\
.q{border:1px solid #d6dee6;border-left:4px solid #2f6f9f;border-radius:.4rem;padding:.7rem 1rem;margin:.8rem 0}\
.q h3{font-size:1rem;margin:0 0 .3rem}.q.no{border-left-color:#b8c4d0}.q.part{border-left-color:#c98a1b}.tag{float:right;font-size:12px;color:#5a6b7b}\
text{font:12px system-ui,sans-serif;fill:#1b2733}.light{fill:#5a6b7b}.end{text-anchor:end}.mid{text-anchor:middle}";

/// A report's page.
pub(super) fn page(bundle: &VerifiedBundle, reading: &Reading<'_>, report: &Value) -> String {
    let Reading { view, assets, .. } = reading;
    let mut page = Page::default();
    page.raw("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">");
    page.raw(&format!("<title>Audit report</title><style>{STYLE}</style></head><body>"));
    page.head(bundle, report);
    page.counts(view);
    answers::write(&mut page, report);
    let figures = Report::of(bundle, view);
    for (measure, of) in &figures.figures {
        page.measure(
            measure,
            of,
            figures.unopened.get(&(measure.record_type.clone(), measure.field.clone())),
        );
    }
    page.assets(assets);
    page.malformed(report);
    page.records(view);
    page.raw("</body></html>");
    page.0
}

#[derive(Default)]
struct Page(String);

impl Page {
    fn raw(&mut self, markup: &str) {
        self.0.push_str(markup);
        self.0.push('\n');
    }

    fn heading(&mut self, text: &str) {
        let _ = writeln!(self.0, "<h2>{}</h2>", escaped(text));
    }

    fn line(&mut self, class: &str, text: &str) {
        let _ = writeln!(self.0, "<p class=\"{class}\">{}</p>", escaped(text));
    }

    fn head(&mut self, bundle: &VerifiedBundle, report: &Value) {
        self.raw("<h1>Audit report</h1>");
        let definition = bundle.definition();
        let (from, to) = bundle.epochs();
        let epochs = if to == Epoch(u32::MAX) {
            "all epochs".into()
        } else {
            format!("epochs {} to {}", from.0, to.0)
        };
        self.line("sub", &format!("{} · {epochs} · root height {}", definition.title, bundle.height().0));
        let _ = writeln!(self.0, "<p class=\"sub\">Channel <code>{}</code></p>", bundle.tag());
        let left =
            ["void", "not_shown", "not_exported"].map(|name| report[name].as_array().map_or(0, Vec::len));
        let why = [
            "broke form and had no effect",
            "are not shown, and had no effect",
            "lie outside the epochs of this export",
        ];
        let left = left.iter().zip(why).filter(|(count, _)| **count > 0);
        let left: Vec<String> = left.map(|(count, why)| format!("{count} batches {why}")).collect();
        let shown = if left.is_empty() { "every batch of them is shown".to_owned() } else { left.join(", ") };
        if let Some(narrowed) = report["narrowed_to_text"].as_str() {
            self.line(
                "part",
                &format!("Shown is a part: {narrowed}. What is complete is told of the whole."),
            );
        }
        self.line(
            "",
            &format!(
                "Complete: the root chain has ordered {} events of this channel, and no more; {shown}.",
                bundle.events()
            ),
        );
    }

    fn counts(&mut self, view: &AuditView) {
        self.raw("<div class=\"cards\">");
        let malformed = if view.malformed.is_empty() { "card" } else { "card bad" };
        for (class, number, what) in [
            ("card", view.records.len() as u64, "records"),
            ("card", view.opened_fields, "fields opened"),
            ("card", view.sealed_fields, "fields outside the view keys"),
            (malformed, view.malformed.len() as u64, "fields that do not open"),
        ] {
            let _ = writeln!(
                self.0,
                "<div class=\"{class}\"><b>{}</b>{what}</div>",
                grouped(&number.to_string())
            );
        }
        self.raw("</div>");
    }

    fn measure(&mut self, measure: &Measure, of: &Figures, unopened: Option<&u64>) {
        let Measure { record_type, field, currency } = measure;
        self.heading(&format!("{record_type}: {field}, {currency}"));
        let rest = unopened.map_or_else(String::new, |count| {
            format!("; {count} more are outside the view keys or do not open")
        });
        let count = grouped(&of.total.count.to_string());
        self.line("", &format!("{} {currency} in {count} records{rest}.", money(of.total, currency)));
        let (one, several): (Vec<_>, Vec<_>) =
            of.by_party.iter().partition(|(_, members)| members.len() == 1);
        let one =
            one.iter().filter_map(|(slot, members)| Some(format!("{slot}: {}", members.keys().next()?)));
        let one: Vec<String> = one.collect();
        if !one.is_empty() {
            self.line("sub", &format!("All with {}.", one.join(", ")));
        }
        for (slot, members) in several {
            self.line("sub", &format!("By {slot}"));
            self.raw(&bars(members, currency));
        }
        self.line("sub", "By size, in units of the currency");
        self.raw(&bars(&of.by_size, currency));
        if of.by_epoch.len() > 1 {
            self.line("sub", "By epoch of the newest version");
            self.raw(&columns(&of.by_epoch, currency));
        }
    }

    fn assets(&mut self, assets: &BTreeMap<AssetId, AuditedAsset>) {
        if assets.is_empty() {
            return;
        }
        self.heading("Value");
        self.line("sub", "Smallest units; recomputed from openings and public commitments, without any proof. “–” where not everything opened.");
        self.raw("<table><tr><th>Asset</th><th class=\"n\">Supply</th><th class=\"n\">Held</th><th class=\"n\">Notes</th><th>Agrees</th></tr>");
        for (asset, audited) in assets {
            let shown = |units: Option<u128>| {
                units.map_or_else(|| "–".to_owned(), |units| grouped(&units.to_string()))
            };
            let agrees = match audited.agrees() {
                Some(true) => "yes",
                Some(false) => "NO",
                None => "–",
            };
            let _ = writeln!(
                self.0,
                "<tr><td><code>{asset}</code></td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td>{agrees}</td></tr>",
                shown(audited.supply),
                shown(audited.unspent.known()),
                audited.notes,
            );
        }
        self.raw("</table>");
    }

    fn malformed(&mut self, report: &Value) {
        let rows = report["malformed"].as_array().map_or(&[][..], Vec::as_slice);
        if rows.is_empty() {
            return;
        }
        self.heading("Fields that do not open");
        self.raw("<table><tr><th>Author</th><th>Signed by it</th><th>Record</th><th>Field</th><th>Transaction</th></tr>");
        for row in rows {
            let text = |name: &str| escaped(row[name].as_str().unwrap_or_default());
            let _ = writeln!(
                self.0,
                "<tr><td>{}</td><td>{}</td><td><code>{}</code></td><td>{}</td><td><code>{}</code></td></tr>",
                text("author"),
                if row["signed_by_author"] == true { "yes" } else { "NO" },
                text("record"),
                row["field"],
                text("tx"),
            );
        }
        self.raw("</table>");
    }

    /// Each row names the transaction that proves it.
    fn records(&mut self, view: &AuditView) {
        self.heading("Records");
        if view.records.len() > ROWS_MAX {
            self.line("sub", &format!("The first {ROWS_MAX} of {}; --csv writes all.", view.records.len()));
        }
        self.raw("<table><tr><th>Type</th><th class=\"n\">Version</th><th>Fields</th><th>Record, and the transaction that wrote it</th></tr>");
        for record in view.records.iter().take(ROWS_MAX) {
            let sealed = record.fields.iter().filter(|(_, state)| *state == FieldState::Sealed).count();
            let shown = record.fields.iter().filter(|(_, state)| *state != FieldState::Sealed);
            let mut fields: Vec<String> = shown
                .map(|(name, state)| {
                    let (word, value) = state_json(state);
                    let shown = match (&value, value.as_str()) {
                        (Value::Null, _) => word.to_owned(),
                        (_, Some(text)) => text.to_owned(),
                        (Value::Object(amount), _) if amount.contains_key("currency") => written(&value),
                        _ => value.to_string(),
                    };
                    format!("{}: {}", escaped(name), escaped(&shown))
                })
                .collect();
            if sealed > 0 {
                fields.push(format!("<span class=\"sub\">{sealed} sealed</span>"));
            }
            let _ = writeln!(
                self.0,
                "<tr><td>{}</td><td class=\"n\">{}</td><td>{}</td><td><code>{}<br>{}</code></td></tr>",
                escaped(&record.record_type),
                record.version,
                fields.join("<br>"),
                record.record,
                record.transaction,
            );
        }
        self.raw("</table>");
    }
}

/// What sums are by, as bars, the largest first; the rest together.
fn bars(by: &BTreeMap<String, Sum>, currency: &str) -> String {
    let told =
        |sum: &Sum| format!("{} {currency} in {}", money(*sum, currency), grouped(&sum.count.to_string()));
    bars_in(by, &[], told)
}

/// The same in an order of their own, each with what is told of it.
fn bars_in(by: &BTreeMap<String, Sum>, order: &[&str], told: impl Fn(&Sum) -> String) -> String {
    let place = |name: &str| order.iter().position(|of| *of == name);
    let mut rows: Vec<(&str, Sum)> = by.iter().map(|(name, sum)| (name.as_str(), *sum)).collect();
    rows.sort_by(|(a, left), (b, right)| {
        place(a).cmp(&place(b)).then(right.minor.cmp(&left.minor)).then(a.cmp(b))
    });
    let rest = rows.split_off(rows.len().min(BARS_MAX));
    if !rest.is_empty() {
        let sum = rest.iter().fold(Sum::default(), |sum, (_, of)| Sum {
            count: sum.count.saturating_add(of.count),
            minor: sum.minor.saturating_add(of.minor),
        });
        rows.push(("all others", sum));
    }
    let largest = rows.iter().map(|(_, sum)| sum.minor).max().unwrap_or_default();
    let height = rows.len() * 26 + 6;
    let mut svg = Svg::default();
    svg.raw(&format!(r#"<svg viewBox="0 0 900 {height}" role="img" aria-label="sums as bars">"#));
    for (at, (name, sum)) in rows.iter().enumerate() {
        let (y, width) = (at * 26 + 4, scaled(sum.minor, largest, 480));
        svg.text("end", 190, y + 15, &shortened(name));
        svg.rectangle("bar", (200, y), (width, 20));
        svg.text("light", 210 + width, y + 15, &told(sum));
    }
    svg.raw("</svg>");
    svg.finish()
}

/// Sums by epoch, some epochs to a column where there are many.
fn columns(by_epoch: &BTreeMap<Epoch, Sum>, currency: &str) -> String {
    let (first, last) = match (by_epoch.first_key_value(), by_epoch.last_key_value()) {
        (Some((first, _)), Some((last, _))) => (first.0, last.0),
        _ => return String::new(),
    };
    let span = usize::try_from(last - first).unwrap_or(usize::MAX).saturating_add(1);
    let each = span.div_ceil(COLUMNS_MAX);
    let mut sums = vec![Sum::default(); span.div_ceil(each)];
    for (epoch, sum) in by_epoch {
        let at = usize::try_from(epoch.0 - first).unwrap_or_default() / each;
        if let Some(column) = sums.get_mut(at) {
            column.count = column.count.saturating_add(sum.count);
            column.minor = column.minor.saturating_add(sum.minor);
        }
    }
    let largest = sums.iter().map(|sum| sum.minor).max().unwrap_or_default();
    let width = 840 / sums.len().max(1);
    let mut svg = Svg::default();
    svg.raw(r#"<svg viewBox="0 0 900 190" role="img" aria-label="amounts by epoch">"#);
    svg.line("axis", (30, 160), 840);
    for (at, sum) in sums.iter().enumerate() {
        let height = scaled(sum.minor, largest, 130);
        svg.rectangle("bar", (30 + at * width, 160 - height), (width.saturating_sub(2).max(1), height));
    }
    svg.text("light", 30, 180, &format!("epoch {first}"));
    svg.text("light end", 870, 180, &format!("epoch {last}"));
    let most = Sum { count: 0, minor: largest };
    svg.text("light", 30, 20, &format!("highest column: {} {currency}", money(most, currency)));
    svg.raw("</svg>");
    svg.finish()
}

/// A part of a length.
fn scaled(part: u128, whole: u128, length: usize) -> usize {
    let length_wide = length as u128;
    let parts = match part.checked_mul(length_wide) {
        Some(product) => product.checked_div(whole),
        None => whole.checked_div(length_wide).and_then(|unit| part.checked_div(unit)),
    };
    let parts = parts.unwrap_or_default();
    usize::try_from(parts).unwrap_or(length).clamp(1, length)
}

fn shortened(name: &str) -> String {
    let mut short: String = name.chars().take(24).collect();
    if short.len() < name.len() {
        short.push('…');
    }
    short
}

fn money(sum: Sum, currency: &str) -> String {
    let decimals = Currency::find(currency).map_or(0, Currency::minor_digits);
    grouped(&units::write(sum.minor, usize::try_from(decimals).unwrap_or_default()))
}

/// An amount as it stands in a report.
fn written(amount: &Value) -> String {
    let currency = amount["currency"].as_str().unwrap_or_default();
    let minor = amount["amount_minor"].as_str().and_then(|text| text.parse().ok());
    minor.map_or_else(String::new, |minor| format!("{} {currency}", money(Sum { count: 1, minor }, currency)))
}

/// Thousands apart.
fn grouped(number: &str) -> String {
    let (whole, rest) = number.split_once('.').map_or((number, None), |(whole, rest)| (whole, Some(rest)));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if let Some(rest) = rest {
        grouped.push('.');
        grouped.push_str(rest);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (number, shown) in
            [("0", "0"), ("999", "999"), ("1000", "1,000"), ("64147687512500.00", "64,147,687,512,500.00")]
        {
            assert_eq!(grouped(number), shown);
        }
    }

    #[test]
    fn a_bar_is_a_part_of_the_longest_and_never_nothing() {
        assert_eq!([0, 1, 50, 100].map(|part| scaled(part, 100, 480)), [1, 4, 240, 480]);
        assert_eq!(scaled(u128::MAX, u128::MAX, 480), 480, "no sum is too large");
        assert_eq!(scaled(0, 0, 480), 1);
    }

    #[test]
    fn many_members_and_many_epochs_fit_on_a_plot() {
        let sum = |minor| Sum { count: 1, minor };
        let members: BTreeMap<String, Sum> = (0..40).map(|at| (format!("<member {at}>"), sum(at))).collect();
        let plot = bars(&members, "GBP");
        assert_eq!(plot.matches("<rect").count(), BARS_MAX + 1);
        assert!(
            plot.contains("all others") && plot.contains("&lt;member 39&gt;") && !plot.contains("<member")
        );
        let epochs: BTreeMap<Epoch, Sum> = (0..1000).map(|at| (Epoch(at * 7), sum(u128::from(at)))).collect();
        assert!(columns(&epochs, "GBP").matches("<rect").count() <= COLUMNS_MAX);
    }
}
