//! The software bill of materials of a program, as CycloneDX 1.6.
//!
//! It lists what the program is linked of and what runs while it is built, not what tests take. It holds no time and no
//! serial number: two builds of one lock file have one bill.

use serde_json::{Value, json};

use crate::lock::Lock;
use crate::tree::{Package, Tree};

/// The bill of what the package `name` of this workspace needs.
pub fn of(tree: &Tree, lock: &Lock, name: &str) -> Value {
    let reached = tree.reach(name);
    let is_root = |id: &str| tree.own.contains(id) && tree.packages.get(id).is_some_and(|p| p.name == name);
    let packages = || reached.iter().filter_map(|id| Some((*id, tree.packages.get(*id)?)));
    let sums = lock.checksums();
    let component = |(id, package): (&str, &Package)| -> Value {
        let kind = if is_root(id) { "application" } else { "library" };
        let sum = sums.get(&(package.name.as_str(), package.version.as_str()));
        let mut entry = json!({
            "type": kind,
            "bom-ref": reference(package),
            "name": package.name,
            "version": package.version,
            "purl": reference(package),
        });
        if let Some(licence) = &package.license {
            // CycloneDX asks for an SPDX expression; older manifests write a slash.
            entry["licenses"] = json!([{ "expression": licence.replace('/', " OR ") }]);
        }
        if let Some(sum) = sum {
            entry["hashes"] = json!([{ "alg": "SHA-256", "content": sum }]);
        }
        entry
    };
    let root: Vec<Value> = packages().filter(|(id, _)| is_root(id)).map(component).collect();
    let components: Vec<Value> = packages().filter(|(id, _)| !is_root(id)).map(component).collect();
    let edges: Vec<Value> = packages().map(|(id, package)| edge(tree, id, package)).collect();
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": { "component": root.first() },
        "components": components,
        "dependencies": edges,
    })
}

fn edge(tree: &Tree, id: &str, package: &Package) -> Value {
    let needs = tree.needs.get(id).into_iter().flatten().filter_map(|id| tree.packages.get(id));
    json!({ "ref": reference(package), "dependsOn": needs.map(reference).collect::<Vec<_>>() })
}

/// The package URL; a version's `+` stands for build metadata and is escaped.
fn reference(package: &Package) -> String {
    format!("pkg:cargo/{}@{}", package.name, package.version.replace('+', "%2B"))
}
