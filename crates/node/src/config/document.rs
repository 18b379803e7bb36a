//! `node.toml` as it is written for a new node: every key, commented out at its default.

use super::keys::KEYS;

/// The text of a configuration in which some keys are set.
#[must_use]
pub fn document(set: &[(&str, String)]) -> String {
    let mut text = String::from(
        "# Configuration of a node. What is commented out shows the default.\n\
         # A variable PARCLOSE_SECTION_KEY goes before this file, --set section.key=VALUE before both.\n",
    );
    let mut section = "";
    for key in KEYS {
        let (own, name) = key.name.split_once('.').unwrap_or(("", key.name));
        if own != section {
            text += &format!("\n[{own}]\n");
            section = own;
        }
        let (mark, value) = match set.iter().find(|(set, _)| *set == key.name) {
            Some((_, value)) => ("", value.as_str()),
            None => ("# ", key.default),
        };
        let value =
            if key.kind.is_text() { toml::Value::String(value.into()).to_string() } else { value.into() };
        text += &format!("# {}\n# {}\n{mark}{name} = {value}\n", key.meaning, key.allowed());
    }
    text
}
