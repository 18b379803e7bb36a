//! The picture of a record's life: its states from left to right, the one that it is in, and the steps that lead on.
//!
//! The file stands alone, as that of `tx views` does, and shows what every member of the channel sees: no field.

use std::collections::{BTreeMap, BTreeSet};

use parclose_transaction::definition::Lifecycle;

use super::Seen;
use crate::svg::Svg;

const MARGIN: usize = 32;
const HEADER: usize = 96;
const BOX: (usize, usize) = (132, 40);
const GAP: (usize, usize) = (72, 22);
const LINE: usize = 21;

const STYLE: &str = "<style>
text{font-family:ui-sans-serif,system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;fill:#1d2430}
.page{fill:#f4f5f7}.state{fill:#ffffff;stroke:#b6bfca}.now{fill:#1f5fbf;stroke:#1f5fbf}.over{fill:#e6e9ee;stroke:#b6bfca}
.title{font-size:21px;font-weight:600}.note{font-size:13px;fill:#5a6472}.label{font-size:14px;text-anchor:middle}
.here{font-size:14px;font-weight:600;text-anchor:middle;fill:#ffffff}.step{font-size:13.5px}
.way{fill:none;stroke:#c3cad3;stroke-width:1.3}.next{fill:none;stroke:#1f5fbf;stroke-width:2}
@media (prefers-color-scheme:dark){text{fill:#e6e9ee}.page{fill:#0f1319}.state{fill:#171c24;stroke:#3a4450}
.over{fill:#222a34;stroke:#3a4450}.note{fill:#97a2b1}.way{stroke:#3d4753}.now{fill:#4c8df0;stroke:#4c8df0}.next{stroke:#4c8df0}}
</style>
<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"#8a95a3\"/></marker></defs>";

/// A life cycle, and where a record stands in it.
pub(super) struct Picture {
    life: Lifecycle,
    what: String,
    now: String,
    version: u64,
}

/// Where a state's box stands.
type Places = BTreeMap<String, (usize, usize)>;

impl Picture {
    /// Of a record with a life.
    pub(super) fn of(seen: &Seen) -> Option<Self> {
        let life = seen.record_type.lifecycle.clone()?;
        let now = seen.row.status.clone()?;
        Some(Self { life, what: seen.record_type.name.clone(), now, version: seen.row.version })
    }

    /// The file.
    pub(super) fn draw(&self) -> String {
        let (places, (width, bottom)) = self.places();
        let steps: Vec<String> = self.next_steps();
        let height = bottom + LINE * (steps.len() + 2) + MARGIN;
        let mut svg = Svg::default();
        svg.raw(&format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-labelledby="title description">"#
        ));
        let title = format!("A {}, {}", self.what, self.now);
        svg.named("title", "title", &title);
        svg.named("desc", "description", &format!("{title}. {}", steps.join("; ")));
        svg.raw(STYLE);
        svg.rectangle("page", (0, 0), (width, height));
        svg.text("title", MARGIN, 46, &title);
        let told = format!("version {}; the states of its life, and the steps between them", self.version);
        svg.text("note", MARGIN, 70, &told);
        self.ways(&mut svg, &places);
        for (state, place) in &places {
            let is_over = self.life.steps_from(Some(state)).next().is_none();
            let class = if *state == self.now {
                "now"
            } else if is_over {
                "over"
            } else {
                "state"
            };
            svg.rectangle(class, *place, BOX);
            let label = if *state == self.now { "here" } else { "label" };
            svg.text(label, place.0 + BOX.0 / 2, place.1 + BOX.1 / 2 + 5, state);
        }
        let heading = if steps.is_empty() { "no step leads on" } else { "steps that lead on" };
        svg.text("note", MARGIN, bottom + LINE, heading);
        for (number, step) in (2..).zip(&steps) {
            svg.text("step", MARGIN, bottom + LINE * number, step);
        }
        svg.raw("</svg>");
        svg.finish()
    }

    /// States stand as far to the right as the fewest steps that lead to them.
    fn places(&self) -> (Places, (usize, usize)) {
        let mut places = Places::new();
        let mut column: BTreeSet<&str> = self.life.steps_from(None).map(|step| step.to.as_str()).collect();
        let (mut x, mut bottom) = (MARGIN, HEADER);
        while !column.is_empty() {
            let states = self.life.states.iter().filter(|state| column.contains(state.name.as_str()));
            for (row, state) in states.enumerate() {
                let y = HEADER + row * (BOX.1 + GAP.1);
                places.insert(state.name.clone(), (x, y));
                bottom = bottom.max(y + BOX.1);
            }
            let next =
                self.life.steps.iter().filter(|step| step.from.iter().any(|from| places.contains_key(from)));
            column = next.map(|step| step.to.as_str()).filter(|to| !places.contains_key(*to)).collect();
            x += BOX.0 + GAP.0;
        }
        (places, ((x - GAP.0 + MARGIN).max(560), bottom + GAP.1))
    }

    fn ways(&self, svg: &mut Svg, places: &Places) {
        let pairs: BTreeSet<(&String, &String)> = self
            .life
            .steps
            .iter()
            .flat_map(|step| step.from.iter().map(move |from| (from, &step.to)))
            .filter(|(from, to)| from != to)
            .collect();
        let (next, others): (Vec<_>, Vec<_>) = pairs.into_iter().partition(|(from, _)| **from == self.now);
        for (class, pairs) in [("way", others), ("next", next)] {
            for (from, to) in pairs {
                if let (Some(from), Some(to)) = (places.get(from), places.get(to)) {
                    let middle = BOX.1 / 2;
                    svg.arrow(class, (from.0 + BOX.0, from.1 + middle), (to.0, to.1 + middle));
                }
            }
        }
    }

    fn next_steps(&self) -> Vec<String> {
        let words = |step: &parclose_transaction::definition::Step| {
            let conditions = step.conditions();
            let needs =
                if conditions.is_empty() { String::new() } else { format!(" ({})", conditions.join("; ")) };
            format!("{} to {}{needs}", step.name, step.to)
        };
        self.life.steps_from(Some(&self.now)).map(words).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parclose_transaction::Definition;

    fn picture(now: &str) -> Picture {
        let text = include_str!("../../../../channels/scf-receivable/channel.toml");
        let definition = Definition::parse("channel.toml", text).unwrap();
        let life = definition.record_named("receivable").unwrap().lifecycle.clone().unwrap();
        Picture { life, what: "receivable".into(), now: now.into(), version: 2 }
    }

    #[test]
    fn every_state_stands_once_and_the_one_that_it_is_in_is_marked() {
        let live = picture("live");
        let drawn = live.draw();
        for state in &live.life.states {
            assert_eq!(drawn.matches(&format!(">{}</text>", state.name)).count(), 1, "{}", state.name);
        }
        assert_eq!(drawn.matches(r#"<rect class="now""#).count(), 1);
        assert!(drawn.contains("settle to settled (redeems notes; no note is left)"), "{drawn}");
        assert!(drawn.contains(r#"<path class="next""#));
        let places = live.places().0;
        assert!(places["pending"].0 < places["reserved"].0 && places["reserved"].0 < places["disputed"].0);
        let spots: BTreeSet<_> = places.values().collect();
        assert_eq!(spots.len(), places.len(), "no box stands on another");
    }

    #[test]
    fn a_life_that_is_over_leads_nowhere() {
        let drawn = picture("settled").draw();
        assert!(drawn.contains("no step leads on") && !drawn.contains(r#"class="next" d"#));
    }
}
