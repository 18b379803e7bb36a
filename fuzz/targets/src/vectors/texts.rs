//! Faults of what people write: definitions, policies, contexts, invitations, cards, homes.

use parclose_node::joining::{CARD, Card, INVITATION, Invitation};
use parclose_transaction::MemberEntry;
use parclose_types::limits::{DEFINITION_BYTES_MAX, POLICY_BYTES_MAX};
use parclose_types::{Generation, encode, hex};

use super::{Vector, replaced};
use crate::world::{CHANNEL_TOML, POLICY, SCHEMA, WORLD};

pub(super) fn vectors() -> Vec<Vector> {
    [definitions(), policies(), contexts(), invitations(), cards(), homes()].concat()
}

fn definitions() -> Vec<Vector> {
    let with = |rule, fault, from: &str, to: &str| {
        Vector::new("definition", rule, fault, CHANNEL_TOML.as_bytes(), replaced(CHANNEL_TOML, from, to))
    };
    let of = |rule, fault, bad: Vec<u8>| Vector::new("definition", rule, fault, CHANNEL_TOML.as_bytes(), bad);
    let many_roles: String =
        (0..65).map(|at| format!("[[role]]\nname = \"r{at}\"\ndescription = \"x\"\n")).collect();
    vec![
        with("DEF-01", "no TOML", "[parameters]", "[parameters"),
        with("DEF-01", "a key that no definition has", "[parameters]", "[parameters]\nmore = 1"),
        with("DEF-01", "a key twice", "grace = 16", "grace = 16\ngrace = 16"),
        with("DEF-01", "a key less", "grace = 16\n", ""),
        with("DEF-01", "a value of another kind", "grace = 16", "grace = \"16\""),
        with("DEF-01", "a number below zero", "grace = 16", "grace = -1"),
        with("DEF-01", "a type that no field has", "type = \"text\"", "type = \"image\""),
        of("DEF-01", "brackets without end", format!("format = {}", "[".repeat(100_000)).into_bytes()),
        of("DEF-01", "what is not UTF-8", vec![0xff; 9]),
        with("DEF-02", "a name that is none", "name = \"both\"", "name = \"Both!\""),
        with(
            "DEF-02",
            "a name of 65 bytes",
            "template = \"bilateral\"",
            &format!("template = \"{}\"", "b".repeat(65)),
        ),
        with("DEF-02", "a field twice", "name = \"documents\"", "name = \"month\""),
        with("DEF-02", "a number twice", "id = 2\nname = \"documents\"", "id = 1\nname = \"documents\""),
        with(
            "DEF-02",
            "two names that a policy cannot tell apart",
            "name = \"counter_documents\"",
            "name = \"counter-total\"",
        ),
        with("DEF-02", "a record type that is the channel", "name = \"statement\"", "name = \"channel\""),
        with("DEF-15", "a quantity where no note is", "type = \"integer\"", "type = \"quantity\""),
        with(
            "DEF-15",
            "a note without a quantity",
            "name = \"statement\"",
            "name = \"statement\"\nvalue = \"note\"",
        ),
        with(
            "DEF-17",
            "a state that nothing leads to",
            "name = \"statement\"",
            "name = \"statement\"\n[record.lifecycle]\nstates = [{ name = \"open\" }, { name = \"shut\" }]\nsteps = [{ name = \"create\", to = \"open\" }]",
        ),
        with(
            "DEF-17",
            "a step to nowhere",
            "name = \"statement\"",
            "name = \"statement\"\n[record.lifecycle]\nstates = [{ name = \"open\" }]\nsteps = [{ name = \"create\", to = \"closed\" }]",
        ),
        with("DEF-03", "a class that is not there", "class = \"reference\"", "class = \"secret\""),
        with("DEF-03", "an audience that is not there", "audience = \"both\"", "audience = \"all\""),
        with("DEF-03", "a slot that is not there", "\"counterparty\"]", "\"witness\"]"),
        with("DEF-03", "a role that is not there", "role = \"member\"", "role = \"king\""),
        with("DEF-04", "epochs of no length", "epoch_length = 64", "epoch_length = 0"),
        with("DEF-04", "a grace of more than an epoch", "grace = 16", "grace = 65"),
        with("DEF-04", "expiries without limit", "expiry_max = 256", "expiry_max = 9223372036854775807"),
        with("DEF-04", "65 roles", "[[role]]", &format!("{many_roles}[[role]]")),
        of(
            "DEF-04",
            "over its limit",
            format!("{CHANNEL_TOML}#{}", "x".repeat(DEFINITION_BYTES_MAX)).into_bytes(),
        ),
        with("DEF-05", "an audience of nobody", "slots = [\"preparer\", \"counterparty\"]", ""),
        with("DEF-14", "a format that comes later", "format = 1", "format = 2"),
        with("DEF-14", "a format before the first", "format = 1", "format = 0"),
        of("DEF-14", "a format that comes later, with what it would bring", {
            let later = CHANNEL_TOML.replacen("format = 1", "format = 2\n[rules]\nproofs = true", 1);
            later.into_bytes()
        }),
    ]
}

fn policies() -> Vec<Vector> {
    let good = format!("{POLICY}\0{SCHEMA}");
    let of = |rule, fault, policy: &str, schema: &str| {
        Vector::new("policy", rule, fault, good.as_bytes(), format!("{policy}\0{schema}").into_bytes())
    };
    let with = |rule, fault, from: &str, to: &str| {
        Vector::new("policy", rule, fault, good.as_bytes(), replaced(&good, from, to))
    };
    let actions: Vec<String> = (0..129).map(|at| format!("a{at}")).collect();
    vec![
        of("ACC-11", "a policy over its limit", &" ".repeat(POLICY_BYTES_MAX + 1), SCHEMA),
        of("ACC-11", "a schema over its limit", POLICY, &" ".repeat(POLICY_BYTES_MAX + 1)),
        with(
            "ACC-12",
            "33 brackets in each other",
            "when { resource.preparer == resource.counterparty }",
            &{ format!("when {{ {}true{} }}", "(".repeat(32), ")".repeat(32)) },
        ),
        with(
            "ACC-12",
            "a statement of 257 tokens and more",
            "when { resource.preparer == resource.counterparty }",
            &{ format!("when {{ {} }}", vec!["true"; 200].join(" && ")) },
        ),
        of("ACC-12", "brackets without end", &"[".repeat(POLICY_BYTES_MAX), SCHEMA),
        of("ACC-12", "a schema of brackets", POLICY, &{
            format!("entity Member {{ roles: {}String{} }};", "Set<".repeat(40_000), ">".repeat(40_000))
        }),
        with(
            "ACC-12",
            "139 pairs of an action and a record type",
            "action create, update appliesTo {\n  principal: [Member],\n  resource: [Statement],",
            &format!(
                "action {} appliesTo {{\n  principal: [Member],\n  resource: [Statement, Channel],",
                actions[..65].join(", ")
            ),
        ),
        with(
            "ACC-22",
            "138 actions",
            "action create, update appliesTo",
            &format!("action {} appliesTo", actions.join(", ")),
        ),
        of(
            "ACC-22",
            "an action of 8192 letters, and another that is meant",
            &format!("@id(\"a\") permit (principal, action == Action::\"{}\", resource);", "a".repeat(8192)),
            &format!("{SCHEMA}\naction \"{}\";", "b".repeat(8192)),
        ),
        with(
            "ACC-22",
            "an attribute of 65 letters",
            "resource.preparer",
            &format!("resource.{}", "a".repeat(65)),
        ),
        with(
            "ACC-22",
            "a text of 65 letters",
            "resource.preparer == resource.counterparty",
            &format!("principal.roles.contains(\"{}\")", "a".repeat(65)),
        ),
        with(
            "ACC-22",
            "35 slots of a record type",
            "counterparty: Member",
            &(0..33).map(|at| format!("s{at}: Member")).collect::<Vec<_>>().join(", "),
        ),
        of("ACC-13", "no Cedar", "allow everything;", SCHEMA),
        of(
            "ACC-13",
            "a statement that does not end",
            "@id(\"a\") permit (principal, action, resource)",
            SCHEMA,
        ),
        of("ACC-13", "a string that does not end", "\"", SCHEMA),
        of("ACC-14", "no schema", "", ""),
        with("ACC-14", "roles of another kind", "roles: Set<String>", "roles: Set<Long>"),
        with("ACC-14", "a slot that is no member", "counterparty: Member", "counterparty: Long"),
        with(
            "ACC-15",
            "an attribute that is not there",
            "resource.owner == principal",
            "resource.nobody == principal",
        ),
        with("ACC-15", "an action that is not there", "Action::\"update\"", "Action::\"erase\""),
        with(
            "ACC-16",
            "a slot to fill",
            "  principal,\n  action == Action::\"create\"",
            "  principal == ?principal,\n  action == Action::\"create\"",
        ),
        with("ACC-17", "two statements of one id", "@id(\"no-self-agreement\")", "@id(\"preparer-creates\")"),
        with("ACC-17", "a statement without an id", "@id(\"no-self-agreement\")\n", ""),
        with("ACC-17", "an id that is none", "@id(\"no-self-agreement\")", "@id(\"No Self\")"),
        with(
            "ACC-18",
            "a statement about one record",
            "resource is Statement\n)\nwhen { resource.preparer",
            "resource == Statement::\"17\"\n)\nwhen { resource.preparer",
        ),
        with(
            "ACC-18",
            "a member by a name",
            "resource.owner == principal",
            "resource.owner == Member::\"ann\"",
        ),
    ]
}

fn contexts() -> Vec<Vector> {
    let good =
        "current = \"shop\"\n\n[contexts.shop]\nhome = \"/h\"\nchannel = \"trade-a\"\nas = \"buyer\"\n";
    let with = |rule, fault, from: &str, to: &str| {
        Vector::new("contexts", rule, fault, good.as_bytes(), replaced(good, from, to))
    };
    let of = |rule, fault, bad: Vec<u8>| Vector::new("contexts", rule, fault, good.as_bytes(), bad);
    vec![
        with("CTX-01", "a key that no context has", "as =", "passphrase = \"x\"\nas ="),
        with("CTX-01", "a key twice", "home = \"/h\"", "home = \"/h\"\nhome = \"/h\""),
        with("CTX-01", "a value of another kind", "home = \"/h\"", "home = 7"),
        with("CTX-01", "no TOML", "[contexts.shop]", "[contexts.shop"),
        with(
            "CTX-01",
            "a context without a plain name",
            "[contexts.shop]",
            "[contexts.shop]\n[contexts.\"$(id)\"]",
        ),
        of("CTX-01", "over its limit", format!("{good}#{}", "x".repeat(64 << 10)).into_bytes()),
        of("CTX-01", "what is not UTF-8", vec![0xff; 9]),
        of("CTX-01", "brackets without end", format!("current = {}", "[".repeat(60_000)).into_bytes()),
        with("CTX-03", "a current context that is not there", "current = \"shop\"", "current = \"other\""),
    ]
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value).expect("names and numbers have a JSON form")
}

fn invitations() -> Vec<Vector> {
    let invitation = Invitation {
        schema: INVITATION.into(),
        name: "trade-a".into(),
        template: "bilateral".into(),
        network: WORLD.genesis.network(),
        channel: WORLD.setup.config.channel,
        tag: WORLD.setup.tag,
        generation: Generation(1),
        roles: vec!["member".into()],
        members: vec!["ann".into(), "bob".into()],
    };
    let good = json(&invitation);
    let with = |rule, fault, from: &str, to: &str| {
        Vector::new("invitation", rule, fault, good.as_bytes(), replaced(&good, from, to))
    };
    let network = hex::encode(&WORLD.genesis.network().0);
    vec![
        with("HOM-04", "a member more", "{", "{ \"more\": 1,"),
        with("HOM-04", "a member twice", "\"name\"", "\"name\": \"x\", \"name\""),
        with("HOM-04", "a member less", "  \"template\": \"bilateral\",\n", ""),
        with("HOM-04", "digits in upper case", &network, &network.to_uppercase()),
        with("HOM-04", "no JSON", "{", "["),
        Vector::new(
            "invitation",
            "HOM-04",
            "over its limit",
            good.as_bytes(),
            vec![b' '; DEFINITION_BYTES_MAX + 1],
        ),
        with("HOM-08", "another schema", INVITATION, CARD),
        with("HOM-08", "another network", &network, &"00".repeat(32)),
        with("HOM-10", "a channel that is a path", "\"trade-a\"", "\"../trade-a\""),
        with("HOM-10", "a channel without a name", "\"trade-a\"", "\"\""),
    ]
}

fn cards() -> Vec<Vector> {
    let entry: &MemberEntry = &WORLD.setup.config.members[0];
    let good = json(&Card::of(entry, Generation(1), WORLD.setup.tag));
    let with = |rule, fault, from: &str, to: &str| {
        Vector::new("card", rule, fault, good.as_bytes(), replaced(&good, from, to))
    };
    let bytes = hex::encode(&encode(entry));
    vec![
        with("HOM-04", "a member more", "{", "{ \"more\": 1,"),
        with("HOM-04", "a member less", &format!("  \"name\": \"{}\",\n", entry.name), ""),
        with("HOM-04", "no JSON", "{", "["),
        Vector::new(
            "card",
            "HOM-04",
            "over its limit",
            good.as_bytes(),
            vec![b'['; DEFINITION_BYTES_MAX + 1],
        ),
        with("HOM-09", "another schema", CARD, INVITATION),
        with("HOM-09", "it says another name than its entry", &format!("\"{}\"", entry.name), "\"eve\""),
        with("HOM-09", "it says another role than its entry", "\"member\"", "\"king\""),
        with("HOM-09", "a byte follows its entry", &bytes, &format!("{bytes}00")),
        with("HOM-09", "its entry is cut short", &bytes, &bytes[..bytes.len() - 2]),
        with("HOM-09", "half a digit", &bytes, &bytes[1..]),
        with("HOM-09", "digits in upper case", &bytes, &bytes.to_uppercase()),
    ]
}

fn homes() -> Vec<Vector> {
    let good = format!(
        "{{\n  \"schema\": \"parclose.home/1\",\n  \"members\": [\n    {{ \"name\": \"ann\", \"lei\": \"{}\", \"identity\": \"{}\" }}\n  ],\n  \"regulator\": \"regulator\"\n}}\n",
        "5493001KJTIIGC8Y1R17",
        "0a".repeat(32)
    );
    let with = |fault, from: &str, to: &str| {
        Vector::new("home", "HOM-04", fault, good.as_bytes(), replaced(&good, from, to))
    };
    vec![
        with("another schema", "parclose.home/1", "parclose.home/2"),
        with("a member more", "{", "{ \"more\": 1,"),
        with("a member twice", "\"regulator\":", "\"regulator\": \"x\", \"regulator\":"),
        with("a member less", "\"lei\": \"5493001KJTIIGC8Y1R17\", ", ""),
        with("no JSON", "[", "{"),
        Vector::new("home", "HOM-04", "over its limit", good.as_bytes(), vec![b' '; (1 << 20) + 1]),
        Vector::new("home", "HOM-04", "brackets without end", good.as_bytes(), vec![b'['; 100_000]),
    ]
}
