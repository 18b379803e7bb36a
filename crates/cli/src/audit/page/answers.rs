//! The questions of a supervisor on the page: each with its answer first, and what it rests on below.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Map, Value};

use super::{Page, Sum, bars_in, grouped, money};
use crate::svg::escaped;

/// Rows of one answer; all of them are in the report's JSON.
const ROWS_MAX: usize = 24;

/// All questions of a report.
pub(super) fn write(page: &mut Page, report: &Value) {
    let questions = report["questions"].as_array().map_or(&[][..], Vec::as_slice);
    if questions.is_empty() {
        return;
    }
    page.heading("What a supervisor asks");
    for question in questions {
        answer(page, question);
    }
    names(page, report);
}

fn answer(page: &mut Page, question: &Value) {
    let text = |name: &str| escaped(question[name].as_str().unwrap_or_default());
    let class = match question["answered"].as_str() {
        Some("yes") => "q",
        Some("in part") => "q part",
        _ => "q no",
    };
    let answered = if question["answered"] == "no" { "cannot be answered".into() } else { text("answered") };
    let _ = writeln!(
        page.0,
        "<div class=\"{class}\"><span class=\"tag\">{answered}</span><h3>{}. {}</h3>",
        question["number"],
        text("question")
    );
    if !text("summary").is_empty() {
        let _ = writeln!(page.0, "<p>{}.</p>", text("summary"));
    }
    if question["because"].is_string() {
        let _ = writeln!(page.0, "<p class=\"sub\">{}.</p>", text("because"));
    }
    let rows: Vec<_> =
        question["answer"].as_array().into_iter().flatten().filter_map(Value::as_object).collect();
    table(page, &rows);
    if question["number"] == 3 {
        ages(page, &rows);
    }
    plots(page, question["number"].as_u64(), &rows);
    page.raw("</div>");
}

/// What is owed by debtor and by age, one plot for each currency; what failed, by participant.
fn plots(page: &mut Page, number: Option<u64>, rows: &[&Map<String, Value>]) {
    let text =
        |row: &Map<String, Value>, name: &str| row.get(name).and_then(Value::as_str).map(str::to_owned);
    let minor =
        |value: Option<&Value>| value.and_then(Value::as_str).and_then(|text| text.parse::<u128>().ok());
    let (mut debtors, mut ages, mut fails) = (Plots::new(), Plots::new(), BTreeMap::new());
    for row in rows {
        let currency = text(row, "currency").unwrap_or_default();
        match number {
            Some(3) => {
                if let Some(minor) = minor(row.get("outstanding_minor")).filter(|minor| *minor > 0) {
                    let open = row.get("open").and_then(Value::as_u64).unwrap_or_default();
                    let buyer = text(row, "buyer").unwrap_or_default();
                    put(&mut debtors, &currency, buyer, Sum { count: open, minor });
                }
                for (name, title) in AGES {
                    let ageing = row.get("ageing").and_then(|ages| ages.get(name));
                    if let Some(minor) = minor(ageing) {
                        put(&mut ages, &currency, title.to_owned(), Sum { count: 1, minor });
                    }
                }
            }
            Some(6) => {
                let count = row.get("count").and_then(Value::as_u64).unwrap_or_default();
                let failed = text(row, "participant").zip(text(row, "what"));
                let title = failed.map(|(who, what)| format!("{who}: {what}")).unwrap_or_default();
                fails.insert(title, Sum { count, minor: count.into() });
            }
            _ => {}
        }
    }
    for (title, plots) in [("Exposure by debtor", debtors), ("Ageing", ages)] {
        for (currency, sums) in plots {
            page.line("sub", &format!("{title}, {currency}"));
            let order: Vec<&str> =
                if title == "Ageing" { AGES.map(|(_, title)| title).to_vec() } else { Vec::new() };
            page.raw(&bars_in(&sums, &order, |sum| format!("{} {currency}", money(*sum, &currency))));
        }
    }
    if !fails.is_empty() {
        page.line("sub", "Fails");
        page.raw(&bars_in(&fails, &[], |sum| grouped(&sum.count.to_string())));
    }
}

/// Sums of one currency by what they are of.
type Plots = BTreeMap<String, BTreeMap<String, Sum>>;

/// Steps of an ageing in their order, as a report names them and as people do.
const AGES: [(&str, &str); 5] = [
    ("not_due_minor", "not due"),
    ("days_1_to_30_minor", "1 to 30 days"),
    ("days_31_to_60_minor", "31 to 60 days"),
    ("days_61_to_90_minor", "61 to 90 days"),
    ("days_over_90_minor", "over 90 days"),
];

fn put(plots: &mut Plots, currency: &str, name: String, add: Sum) {
    let sum = plots.entry(currency.to_owned()).or_default().entry(name).or_default();
    sum.count = sum.count.saturating_add(add.count);
    sum.minor = sum.minor.saturating_add(add.minor);
}

/// The ageing of each buyer beside the others', where there are several: what it comes to in all is in the plot.
fn ages(page: &mut Page, rows: &[&Map<String, Value>]) {
    if rows.len() < 2 {
        return;
    }
    page.line("sub", "Ageing by buyer");
    page.raw("<table><tr><th>buyer</th><th>currency</th>");
    for (_, title) in AGES {
        let _ = write!(page.0, "<th class=\"n\">{title}</th>");
    }
    page.raw("</tr>");
    for row in rows {
        page.raw("<tr>");
        for column in ["buyer", "currency"] {
            let _ = write!(page.0, "<td>{}</td>", cell(row, column, row.get(column).unwrap_or(&Value::Null)));
        }
        for (name, _) in AGES {
            let owed = row.get("ageing").and_then(|ages| ages.get(name)).unwrap_or(&Value::Null);
            let _ = write!(page.0, "<td class=\"n\">{}</td>", cell(row, name, owed));
        }
        page.raw("</tr>");
    }
    page.raw("</table>");
}

fn table(page: &mut Page, rows: &[&Map<String, Value>]) {
    let Some(first) = rows.first() else { return };
    let columns: Vec<&String> = columns(first).collect();
    page.raw("<table><tr>");
    for column in &columns {
        let title = title(first, column);
        let _ = write!(page.0, "<th class=\"{}\">{}</th>", side(&first[*column], column), escaped(&title));
    }
    page.raw("</tr>");
    for row in rows.iter().take(ROWS_MAX) {
        page.raw("<tr>");
        for column in &columns {
            let value = row.get(*column).unwrap_or(&Value::Null);
            let _ = write!(page.0, "<td class=\"{}\">{}</td>", side(value, column), cell(row, column, value));
        }
        page.raw("</tr>");
    }
    page.raw("</table>");
    if rows.len() > ROWS_MAX {
        page.line("sub", &format!("The first {ROWS_MAX} of {}; the report as JSON has all.", rows.len()));
    }
}

/// A count and an amount of the same are told apart by their titles, too.
fn title(row: &Map<String, Value>, column: &str) -> String {
    let name = column.trim_end_matches("_minor");
    let amount = name.len() < column.len() && row.contains_key(name);
    format!("{}{}", name.replace('_', " "), if amount { ", amount" } else { "" })
}

/// What proves a row is a transaction, which has the last column; what it is about comes first.
fn columns(row: &Map<String, Value>) -> impl Iterator<Item = &String> {
    const ORDER: [&str; 9] =
        ["party", "role", "buyer", "participant", "receivable", "instruction", "step", "what", "currency"];
    let place =
        |name: &str| ORDER.iter().position(|of| *of == name).unwrap_or(if name == "tx" { 99 } else { 50 });
    // What is itself several values has a table or a plot of its own.
    let flat = row.iter().filter(|(_, value)| !value.is_object());
    let mut names: Vec<&String> = flat.map(|(name, _)| name).collect();
    names.sort_by_key(|name| place(name));
    names.into_iter()
}

fn side(value: &Value, column: &str) -> &'static str {
    if value.is_number() || column.ends_with("_minor") { "n" } else { "" }
}

fn cell(row: &Map<String, Value>, column: &str, value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) if column.ends_with("_minor") => escaped(&amount(row, text)),
        Value::String(text) if is_id(text) => format!("<code title=\"{text}\">{}…</code>", &text[..12]),
        Value::String(text) => escaped(text),
        Value::Number(number) => grouped(&number.to_string()),
        Value::Array(items) => {
            let between = if items.iter().all(Value::is_string) { ", " } else { "<br>" };
            items.iter().map(item).collect::<Vec<_>>().join(between)
        }
        Value::Object(_) => String::new(),
        Value::Bool(is) => is.to_string(),
    }
}

/// A field under its number and name in a regulator's table, or plain text.
fn item(item: &Value) -> String {
    match (item["number"].as_str(), item["name"].as_str(), item["value"].as_str()) {
        (Some(number), Some(name), Some(value)) => {
            format!("<span class=\"sub\">{} {}:</span> {}", escaped(number), escaped(name), escaped(value))
        }
        _ => escaped(item.as_str().unwrap_or_default()),
    }
}

fn amount(row: &Map<String, Value>, text: &str) -> String {
    let currency = row.get("currency").and_then(Value::as_str).unwrap_or_default();
    match text.parse() {
        Ok(minor) => money(Sum { count: 1, minor }, currency),
        Err(_) => text.to_owned(),
    }
}

/// Ids and digests are too long to be read.
fn is_id(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The names of this channel's fields in regulators' tables.
fn names(page: &mut Page, report: &Value) {
    let rows: Vec<_> =
        report["field_names"].as_array().into_iter().flatten().filter_map(Value::as_object).collect();
    if rows.is_empty() {
        return;
    }
    page.heading("Names of fields");
    page.line("sub", "What this channel calls a field, and what a regulator calls it.");
    table(page, &rows);
}
