//! All suites of one run, as JSON and as a page for people.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::item::{Fault, Item};

/// The schema of the JSON form.
pub const SCHEMA: &str = "parclose.review/1";

/// One run of the reviewer's kit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA`]
    pub schema: String,
    /// what was reviewed: a commit, with `-dirty` when the checkout differs from it
    pub of: String,
    /// the seed that every suite's own is derived from
    pub seed: u64,
    /// the suites, in the order of their running
    pub items: Vec<Item>,
}

impl Report {
    /// An empty report.
    pub fn new(of: &str, seed: u64) -> Self {
        Self { schema: SCHEMA.into(), of: of.into(), seed, items: Vec::new() }
    }

    /// Takes in a suite's report; a second one of the same id is refused, because it would hide the first.
    pub fn take(&mut self, item: Item) -> Result<(), String> {
        if self.items.iter().any(|known| known.id == item.id) {
            return Err(item.id);
        }
        self.items.push(item);
        Ok(())
    }

    /// Suites of `expected` that are missing.
    pub fn missing<'a>(&self, expected: &[&'a str]) -> Vec<&'a str> {
        let here: BTreeSet<&str> = self.items.iter().map(|item| item.id.as_str()).collect();
        expected.iter().filter(|id| !here.contains(**id)).copied().collect()
    }

    /// Whether every suite has passed, and there is one at all.
    pub fn has_passed(&self) -> bool {
        !self.items.is_empty() && self.items.iter().all(|item| item.faults().is_empty())
    }

    /// The JSON form: the report, and for each item its verdict and `controls_caught`.
    pub fn to_json(&self) -> serde_json::Result<String> {
        let mut value = serde_json::to_value(self)?;
        value["passed"] = self.has_passed().into();
        for (entry, item) in value["items"].as_array_mut().into_iter().flatten().zip(&self.items) {
            let (caught, planted) = item.caught();
            entry["controls_caught"] = serde_json::json!({ "caught": caught, "planted": planted });
            entry["faults"] = item.faults().iter().map(fault_line).collect();
        }
        serde_json::to_string_pretty(&value)
    }

    /// A page for people, complete in itself.
    pub fn to_html(&self) -> String {
        let mut page = String::from(HEAD);
        let verdict = if self.has_passed() { "passed" } else { "FAILED" };
        put(
            &mut page,
            &format!(
                "<h1>Review: {verdict}</h1><p>Of {}, seed {}. Each suite says what it reached, which faults it injected, and \
                 which planted faults it caught; what was never reached, injected or caught fails as a finding does.</p>",
                escape(&self.of),
                self.seed
            ),
        );
        page.push_str(
            "<table><tr><th>suite</th><th>executions</th><th>reached</th><th>injected</th><th>controls</th>\
             <th>findings</th><th>seconds</th></tr>",
        );
        for item in &self.items {
            page.push_str(&row(item));
        }
        page.push_str("</table>");
        for item in &self.items {
            page.push_str(&section(item));
        }
        page.push_str("</body></html>\n");
        page
    }
}

const HEAD: &str = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Parclose review</title><style>\
body{font:15px/1.45 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b}\
table{border-collapse:collapse;margin:1rem 0}td,th{border-bottom:1px solid #ccc;padding:.25rem .7rem;text-align:left}\
td.n{text-align:right;font-variant-numeric:tabular-nums}.bad{color:#a40000;font-weight:600}\
code{background:#f3f3f3;padding:.1rem .3rem}h2{margin-top:2rem}</style></head><body>";

fn row(item: &Item) -> String {
    let (caught, planted) = item.caught();
    let class = if item.faults().is_empty() { "" } else { " class=\"bad\"" };
    let of = |counts: &std::collections::BTreeMap<String, u64>| {
        format!("{} of {}", counts.values().filter(|n| **n > 0).count(), counts.len())
    };
    format!(
        "<tr><td{class}><a href=\"#{id}\">{id}</a></td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>\
         <td class=\"n\">{caught} of {planted}</td><td class=\"n\">{}</td><td class=\"n\">{:.0}</td></tr>",
        item.executions,
        of(&item.reached),
        of(&item.injected),
        item.findings.len(),
        item.seconds,
        id = escape(&item.id),
    )
}

fn section(item: &Item) -> String {
    let mut text = format!("<h2 id=\"{id}\">{id}</h2><p>{}.</p>", escape(&item.holds), id = escape(&item.id));
    for fault in item.faults() {
        put(&mut text, &format!("<p class=\"bad\">{}</p>", escape(&fault_line(&fault))));
    }
    for (title, counts) in [("reached", &item.reached), ("injected", &item.injected)] {
        let list: Vec<String> = counts.iter().map(|(name, n)| format!("{} {n}", escape(name))).collect();
        if !list.is_empty() {
            put(&mut text, &format!("<p>{title}: {}</p>", list.join(", ")));
        }
    }
    let controls: Vec<String> = item
        .controls
        .iter()
        .map(|(name, caught)| format!("{} ({})", escape(name), if *caught { "caught" } else { "missed" }))
        .collect();
    if !controls.is_empty() {
        put(&mut text, &format!("<p>planted: {}</p>", controls.join(", ")));
    }
    for (what, why) in &item.not_run {
        put(&mut text, &format!("<p><b>not run</b>: {}: {}</p>", escape(what), escape(why)));
    }
    put(&mut text, &format!("<p>again: <code>{}</code></p>", escape(&item.replay)));
    text
}

/// One line for one reason to fail.
pub fn fault_line(fault: &Fault) -> String {
    match fault {
        Fault::NothingRun => "nothing was run".into(),
        Fault::NeverReached(name) => format!("never reached: {name}"),
        Fault::NeverInjected(name) => format!("never injected: {name}"),
        Fault::ControlMissed(name) => format!("planted and not caught: {name}"),
        Fault::Found(finding) => format!("{} (again: {})", finding.what, finding.replay),
    }
}

fn put(text: &mut String, line: &str) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{line}");
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let mut report = Report::new("0a1b", 7);
        let mut item = Item::new("F01", "one encoding of each <value>", "make fuzz TARGET=F01");
        item.executions = 5;
        item.reach("decode");
        item.control("planted", true);
        item.not_run("libFuzzer", "no toolchain with it");
        report.take(item).expect("the first of its id");
        report
    }

    #[test]
    fn a_report_passes_when_all_its_suites_do_and_an_empty_one_never() {
        assert!(report().has_passed());
        assert!(!Report::new("0a1b", 7).has_passed());
        let mut failed = report();
        failed.items[0].find("broken", "seed 1");
        assert!(!failed.has_passed());
    }

    #[test]
    fn a_suite_stands_once_and_a_missing_one_is_named() {
        let mut report = report();
        let again = report.items[0].clone();
        assert_eq!(report.take(again), Err("F01".into()));
        assert_eq!(report.missing(&["F01", "F02"]), ["F02"]);
    }

    #[test]
    fn json_says_per_item_what_was_reached_and_caught_and_reads_back() {
        let text = report().to_json().expect("plain data");
        let value: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        assert_eq!(value["items"][0]["controls_caught"], serde_json::json!({ "caught": 1, "planted": 1 }));
        assert_eq!(value["items"][0]["reached"]["decode"], 1);
        assert_eq!(value["passed"], true);
        assert_eq!(serde_json::from_str::<Report>(&text).expect("members of its own"), report());
    }

    #[test]
    fn the_page_names_every_fault_and_what_was_not_run_and_escapes_texts() {
        let mut failed = report();
        failed.items[0].must_inject(&["torn write"]);
        let page = failed.to_html();
        for part in
            ["FAILED", "never injected: torn write", "not run", "&lt;value&gt;", "make fuzz TARGET=F01"]
        {
            assert!(page.contains(part), "{part}");
        }
        assert!(report().to_html().contains("Review: passed"));
    }
}
