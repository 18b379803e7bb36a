//! The supply chain as one item of the reviewer's report.

use std::path::Path;

use parclose_findings::{Budget, Item};

use crate::complaints::{ALLOWED, ALLOWED_OF_LIBFUZZER, LIBFUZZER, Rules, Unjudged, lock};
use crate::lock::Lock;
use crate::tree::{Package, Tree, Unreadable};
use crate::{locked, tools};

const REPLAY: &str = "parclose-review supply-chain";

/// Judges a checkout, and a planted crate of each bad kind.
pub fn run(checkout: &Path, budget: &Budget) -> Item {
    let mut item = Item::new(
        "supply-chain",
        "No unreviewed code runs when somebody builds, no version with a known hole is locked, every licence is in the list",
        REPLAY,
    );
    item.must_reach(&["packages", "scripts"]);
    if let Err(error) = judge(checkout, &mut item) {
        item.find(error.to_string(), REPLAY);
    }
    tools::ask(checkout, &mut item);
    item.seconds = budget.used().as_secs_f64();
    item
}

fn judge(checkout: &Path, item: &mut Item) -> Result<(), Unjudged> {
    let (rules, tree, lock) = (Rules::read(checkout, ALLOWED)?, Tree::read(checkout)?, lock(checkout)?);
    look(item, "packages", &rules, &tree, &lock);
    let scripts = locked::complaints(checkout).map_err(|error| Unjudged::File("a script".into(), error))?;
    item.reach("scripts");
    for complaint in scripts {
        item.find(complaint, REPLAY);
    }
    for (name, plant) in PLANTED {
        item.control(name, is_noticed(&rules, &tree, &lock, plant));
    }
    judge_libfuzzer(checkout, &tree, item)
}

/// The workspace of libFuzzer: its lock file, and what it is built of beyond the main workspace. Nobody who builds the program has
/// its packages: where they cannot be had, they are not looked at.
fn judge_libfuzzer(checkout: &Path, main: &Tree, item: &mut Item) -> Result<(), Unjudged> {
    let folder = checkout.join(LIBFUZZER);
    let (rules, lock) = (Rules::read(checkout, ALLOWED_OF_LIBFUZZER)?, lock(&folder)?);
    let tree = match Tree::read(&folder) {
        Ok(tree) => tree.beyond(main),
        Err(away @ Unreadable::Away { .. }) => {
            item.not_run("packages of libFuzzer", away.to_string());
            for complaint in lock.complaints() {
                item.find(complaint, REPLAY);
            }
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    look(item, "packages of libFuzzer", &rules, &tree, &lock);
    for (name, plant) in PLANTED {
        item.control(&format!("{name} beside libFuzzer"), is_noticed(&rules, &tree, &lock, plant));
    }
    Ok(())
}

fn look(item: &mut Item, what: &str, rules: &Rules, tree: &Tree, lock: &Lock) {
    item.must_reach(&[what]);
    for _ in tree.foreign() {
        item.reach(what);
        item.executions = item.executions.saturating_add(1);
    }
    for complaint in rules.complaints(tree, lock) {
        item.find(complaint, REPLAY);
    }
}

type Plant = fn(&mut Package);

/// One crate of each bad kind, that is in every other way as good as can be.
const PLANTED: &[(&str, Plant)] = &[
    ("a crate with a build script", |package| package.has_build_script = true),
    ("a procedural macro", |package| package.is_proc_macro = true),
    ("a crate under another licence", |package| package.license = Some("GPL-3.0-only".into())),
    ("a crate without a licence", |package| package.license = None),
];

/// Whether the rules complain of exactly one thing more once the crate is in the tree, and of nothing when it is a good one.
fn is_noticed(rules: &Rules, tree: &Tree, lock: &Lock, plant: &Plant) -> bool {
    let before = rules.complaints(tree, lock).len();
    let with = |package: Package| {
        let mut tree = tree.clone();
        tree.packages.insert("planted".into(), package);
        rules.complaints(&tree, lock).len()
    };
    let mut bad = good();
    plant(&mut bad);
    with(good()) == before && with(bad) == before.saturating_add(1)
}

fn good() -> Package {
    Package {
        name: "planted".into(),
        version: "1.0.0".into(),
        license: Some("MIT".into()),
        source: None,
        has_build_script: false,
        is_proc_macro: false,
    }
}
