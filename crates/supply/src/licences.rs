//! Licences, judged by the list that `cargo deny` reads.

use serde::Deserialize;
use spdx::{Expression, LicenseReq, Licensee, ParseMode};

use crate::tree::Tree;

/// The list `licenses.allow` of `deny.toml`.
#[derive(Clone, Debug)]
pub struct Licences {
    allowed: Vec<Licensee>,
    /// crates with what is allowed to each beyond that
    exceptions: Vec<(String, Vec<Licensee>)>,
}

/// Why there is no list.
#[derive(Debug, thiserror::Error)]
pub enum NoList {
    /// no TOML, or another form
    #[error("deny.toml cannot be read: {0}")]
    Form(#[from] toml::de::Error),
    /// an entry is no licence
    #[error("`{0}` is no licence that SPDX lists")]
    Unknown(String),
}

#[derive(Deserialize)]
struct Deny {
    licenses: Section,
}

#[derive(Deserialize)]
struct Section {
    allow: Vec<String>,
    #[serde(default)]
    exceptions: Vec<Exception>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    #[serde(rename = "crate")]
    name: String,
    allow: Vec<String>,
}

impl Licences {
    /// Reads the list out of `deny.toml`.
    pub fn parse(deny: &str) -> Result<Self, NoList> {
        let deny: Deny = toml::from_str(deny)?;
        let licence = |name: String| Licensee::parse(&name).map_err(|_| NoList::Unknown(name));
        let all = |names: Vec<String>| names.into_iter().map(licence).collect::<Result<Vec<_>, _>>();
        let exception = |entry: Exception| Ok((entry.name, all(entry.allow)?));
        Ok(Self {
            allowed: all(deny.licenses.allow)?,
            exceptions: deny.licenses.exceptions.into_iter().map(exception).collect::<Result<_, NoList>>()?,
        })
    }

    /// Packages of the tree whose licence is missing, unreadable or not in the list.
    pub fn complaints(&self, tree: &Tree) -> Vec<String> {
        let of = |package: &crate::tree::Package| {
            let Some(text) = package.license.as_deref() else {
                return Some(format!("{} {} names no licence", package.name, package.version));
            };
            (!self.permits(&package.name, text))
                .then(|| format!("{} {} has the licence `{text}`", package.name, package.version))
        };
        tree.packages.values().filter_map(of).collect()
    }

    /// Whether one way to meet the expression is in the list. Older manifests write `/` for `OR`.
    fn permits(&self, name: &str, text: &str) -> bool {
        let expression = Expression::parse_mode(text, ParseMode::LAX);
        expression.is_ok_and(|expression| expression.evaluate(|wanted| self.has(name, wanted)))
    }

    fn has(&self, name: &str, wanted: &LicenseReq) -> bool {
        let own = self.exceptions.iter().filter(|(known, _)| known == name).flat_map(|(_, allowed)| allowed);
        self.allowed.iter().chain(own).any(|allowed| allowed.satisfies(wanted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_met_by_one_of_its_ways() {
        let list = Licences::parse("[licenses]\nallow = [\"MIT\", \"Apache-2.0 WITH LLVM-exception\"]\n")
            .expect("two licences");
        for (text, permitted) in [
            ("MIT", true),
            ("MIT OR GPL-3.0-only", true),
            ("MIT/Apache-2.0", true),
            ("MIT AND GPL-3.0-only", false),
            ("Apache-2.0", false),
            ("Apache-2.0 WITH LLVM-exception", true),
            ("no licence at all", false),
        ] {
            assert_eq!(list.permits("any", text), permitted, "{text}");
        }
    }

    #[test]
    fn an_exception_is_for_one_crate() {
        let list = "[licenses]\nallow = [\"MIT\"]\nexceptions = [{ crate = \"one\", allow = [\"NCSA\"] }]\n";
        let list = Licences::parse(list).expect("two licences");
        assert!(list.permits("one", "MIT AND NCSA"));
        assert!(!list.permits("other", "MIT AND NCSA"));
    }

    #[test]
    fn a_list_with_an_unknown_licence_is_no_list() {
        assert!(Licences::parse("[licenses]\nallow = [\"Mine\"]\n").is_err());
    }
}
