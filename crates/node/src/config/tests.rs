use std::path::{Path, PathBuf};

use parclose_types::Failure;

use super::keys::KEYS;
use super::*;

fn pair(name: &str, value: &str) -> (String, String) {
    (name.into(), value.into())
}

fn file(text: &str) -> Sources {
    Sources { file: Some((PathBuf::from("node.toml"), text.into())), ..Sources::default() }
}

fn refused(sources: &Sources) -> (&'static str, String) {
    resolve(sources).map_or_else(|e| (e.rule(), e.to_string()), |_| ("none", String::new()))
}

fn shown(sources: &Sources, key: &str) -> (String, String) {
    let settings = resolve(sources).unwrap();
    let setting = settings.explain(key).unwrap();
    (setting.value.to_string(), setting.origin.to_string())
}

#[test]
fn cfg_01_a_configuration_is_toml_of_a_bounded_size() {
    assert_eq!(refused(&file("")).0, "none");
    let (rule, told) = refused(&file("[log]\nlevel = \"info\"\nformat = \n"));
    assert_eq!(rule, "CFG-01");
    assert!(told.starts_with("node.toml:3: "), "{told}");
    assert_eq!(refused(&file(&"#".repeat(CONFIG_BYTES_MAX))).0, "none");
    assert_eq!(refused(&file(&"#".repeat(CONFIG_BYTES_MAX + 1))).0, "CFG-01");
}

#[test]
fn cfg_02_an_unknown_key_is_told_with_its_place_and_the_nearest() {
    for (text, line, name, near) in [
        ("[log]\nlevle = \"info\"\n", 2, "log.levle", Some("log.level")),
        ("\n\n[consensus]\nheartbeat = 1\n", 4, "consensus.heartbeat", Some("consensus.heartbeat_ms")),
        ("log.colour-scheme-of-lines = 1\n", 1, "log.colour-scheme-of-lines", None),
        ("[logs]\nlevel = \"info\"\n", 1, "logs", None),
        ("level = \"info\"\n", 1, "level", Some("log.level")),
    ] {
        let error = resolve(&file(text)).unwrap_err();
        assert_eq!(error.origin, Origin::File { path: "node.toml".into(), line }, "{text}");
        assert_eq!(error.cause, Refused::UnknownKey { name: name.into(), near }, "{text}");
    }
    let variable = Sources { variables: vec![pair("PARCLOSE_LOG_LEVLE", "info")], ..Sources::default() };
    let (rule, told) = refused(&variable);
    assert_eq!(rule, "CFG-02");
    assert!(told.contains("PARCLOSE_LOG_LEVLE") && told.contains("did you mean `log.level`"), "{told}");
    let option = Sources { options: vec![pair("log.levle", "info")], ..Sources::default() };
    assert_eq!(refused(&option).0, "CFG-02");
    let of_desk = |name, value| Sources { variables: vec![pair(name, value)], ..Sources::default() };
    assert_eq!(shown(&of_desk("PARCLOSE_AUDIT_DESK_PAUSE_S", "7"), "audit_desk.pause_s").0, "7");
    assert_eq!(refused(&of_desk("PARCLOSE_AUDIT_DESK_LISTN", "off")).0, "CFG-02", "a section of two words");
}

#[test]
fn variables_of_other_purposes_are_left_alone() {
    let variables =
        ["PARCLOSE_HOME", "PARCLOSE_PASSPHRASE_FILE", "PARCLOSE_CONTEXT", "PARCLOSE_CONFIG", "PATH"];
    let variables = variables.map(|name| pair(name, "x")).to_vec();
    assert_eq!(refused(&Sources { variables, ..Sources::default() }).0, "none");
}

#[test]
fn cfg_03_a_value_has_its_type_and_its_range() {
    for (text, good) in [
        ("admin.listen = \"127.0.0.1:9\"", true),
        ("admin.listen = \"off\"", true),
        ("admin.listen = \"localhost:9\"", false),
        ("admin.listen = 9", false),
        ("channels.awake_max = 1", true),
        ("channels.awake_max = 4096", true),
        ("channels.awake_max = 0", false),
        ("channels.awake_max = 4097", false),
        ("channels.awake_max = \"5\"", false),
        ("channels.awake_max = 0x10", false),
        ("channels.awake_max = -1", false),
        ("channels.awake_max = 1.5", false),
        ("log.format = \"json\"", true),
        ("log.format = \"JSON\"", false),
        ("log.format = [\"json\"]", false),
        ("log.level = \"info,libp2p=debug\"", true),
        ("log.level = \"inof\"", false),
        ("log.level = \"\"", false),
        ("consensus.listen = \"/ip4/0.0.0.0/tcp/0\"", true),
        ("consensus.listen = \"/dns/x/tcp/1\"", false),
        ("client.socket = \"off\"", true),
        ("storage.root = \"\"", false),
    ] {
        let (rule, told) = refused(&file(text));
        assert_eq!(rule, if good { "none" } else { "CFG-03" }, "{text}: {told}");
        assert!(good || told.starts_with("node.toml:1: `"), "{told}");
    }
    let option = Sources { options: vec![pair("channels.awake_max", "many")], ..Sources::default() };
    assert_eq!(refused(&option).0, "CFG-03");
}

#[test]
fn cfg_04_the_command_line_goes_before_variable_file_and_default() {
    let key = "channels.awake_max";
    let mut sources = Sources::default();
    assert_eq!(shown(&sources, key), ("16".into(), "default".into()));
    sources = file("[channels]\n# few\nawake_max = 3\n");
    assert_eq!(shown(&sources, key), ("3".into(), "node.toml:3".into()));
    sources.variables.push(pair("PARCLOSE_CHANNELS_AWAKE_MAX", "4"));
    assert_eq!(shown(&sources, key), ("4".into(), "PARCLOSE_CHANNELS_AWAKE_MAX".into()));
    sources.options.push(pair(key, "5"));
    assert_eq!(shown(&sources, key), ("5".into(), "--set".into()));
    assert_eq!(shown(&sources, "log.level"), ("info".into(), "default".into()), "other keys are not touched");
}

#[test]
fn cfg_05_a_key_is_set_once_on_a_command_line() {
    let options = vec![pair("log.level", "info"), pair("log.level", "debug")];
    assert_eq!(refused(&Sources { options, ..Sources::default() }).0, "CFG-05");
}

#[test]
fn the_table_is_sorted_and_every_default_is_a_value() {
    assert!(KEYS.is_sorted_by(|a, b| a.name < b.name));
    assert!(KEYS.iter().all(|key| key.name.split('.').count() == 2 && !key.meaning.ends_with('.')));
    let config = NodeConfig::of(&resolve(&Sources::default()).unwrap(), Path::new("/home"));
    assert_eq!(config.root_directory, Path::new("/home/root"));
    assert_eq!(config.client_socket.as_deref(), Some(Path::new("/home/client.sock")));
    assert!(config.admin_listen.is_some_and(|address| address.ip().is_loopback()), "{config:?}");
    assert_eq!(config.log_format, LogFormat::Pretty);
}

#[test]
fn every_key_reaches_the_node() {
    let desk = "audit_desk.listen = \"127.0.0.1:8\"\n";
    let settings = |text: &str| {
        // What a desk is run with shows where there is one.
        let text =
            if text.starts_with("audit_desk.listen") { text.to_owned() } else { format!("{desk}{text}") };
        NodeConfig::of(&resolve(&file(&text)).unwrap(), Path::new("/home"))
    };
    let base = format!("{:?}", settings(""));
    for key in KEYS {
        let other = match key.name {
            "log.format" => "\"json\"",
            "log.level" => "\"warn\"",
            name if name.ends_with("_ms") || name.ends_with("_max") || name.ends_with("_s") => "777",
            name if name.starts_with("admin") || name.starts_with("audit_desk") => "\"127.0.0.1:7\"",
            name if name.ends_with("listen") => "\"/ip4/127.0.0.1/tcp/7\"",
            _ => "\"/else\"",
        };
        assert_ne!(format!("{:?}", settings(&format!("{} = {other}", key.name))), base, "{}", key.name);
    }
}

#[test]
fn a_new_file_says_every_key_and_sets_only_what_it_should() {
    let text = document(&[("log.level", "debug".into())]);
    assert_eq!(shown(&file(&text), "log.level").0, "debug");
    let set = resolve(&file(&text)).unwrap();
    assert_eq!(set.all().iter().filter(|setting| setting.origin != Origin::Default).count(), 1);
    let is_default = |line: &str| line.starts_with("# ") && line.contains(" = ");
    let all: String = document(&[])
        .lines()
        .map(|line| format!("{}\n", if is_default(line) { line.trim_start_matches("# ") } else { line }))
        .collect();
    let all = resolve(&file(&all)).unwrap();
    assert!(all.all().iter().all(|setting| setting.origin != Origin::Default));
    assert!(all.all().iter().all(|setting| setting.value.to_string() == setting.key.default));
}

#[test]
fn the_chapter_explains_the_keys_that_there_are() {
    let chapter = include_str!("../../../../specs/12-node.md");
    let rows: Vec<&str> =
        chapter.lines().filter(|line| line.starts_with("| `") && line.contains('.')).collect();
    for key in KEYS {
        let row = format!("| `{}` | `{}` | {} | {} |", key.name, key.default, key.allowed(), key.meaning);
        assert!(rows.contains(&row.as_str()), "{row}");
    }
    let named =
        rows.iter().filter(|row| row.split('`').nth(1).is_some_and(|name| keys::find(name).is_some()));
    assert_eq!(named.count(), KEYS.len());
}
