use super::*;

fn parse(text: &str) -> Result<Contexts, ContextRefused> {
    Contexts::parse(text, Path::new("contexts.toml"))
}

fn line(text: &str) -> usize {
    match parse(text) {
        Err(ContextRefused::File { line, path, reason }) => {
            assert!(path == "contexts.toml" && !reason.is_empty());
            line
        }
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn ctx_01_any_other_key_is_an_error_that_names_its_line() {
    let whole = "current = \"a\"\n\n[contexts.a]\nhome = \"/h\"\nchannel = \"c\"\nas = \"m\"\n";
    assert_eq!(parse(whole).unwrap().contexts["a"].member.as_deref(), Some("m"));
    assert_eq!(parse("").unwrap(), Contexts::default());
    assert_eq!(line(&format!("{whole}passphrase = \"hunter2\"\n")), 7);
    assert_eq!(line("secret = 1\n"), 1);
    assert_eq!(line("current = \"a\"\n[contexts.a]\nhome = 7\n"), 3);
    assert_eq!(line("\n\ncurrent = \n"), 3);
    assert_eq!(line("[contexts.a]\n[contexts.\"a b\"]\n"), 2);
    assert_eq!(line("[contexts.a]\nhome = \"x\"\nhome = \"y\"\n"), 3);
    let folder = tempfile::tempdir().unwrap();
    let large = folder.path().join("contexts.toml");
    std::fs::write(&large, "#".repeat(65 << 10)).unwrap();
    assert!(matches!(Contexts::read(&large), Err(ContextRefused::File { .. })));
}

#[test]
fn ctx_02_a_context_has_a_plain_name() {
    let mut contexts = Contexts::default();
    for name in ["", "a b", "a/b", "$(id)", "ä", "-\n", &"n".repeat(65)] {
        let refused = contexts.add(name, Context::default()).unwrap_err();
        assert_eq!(refused.rule(), "CTX-02", "{name}");
    }
    for name in ["a", "buyer.trade-a_2", &"n".repeat(64)] {
        contexts.add(name, Context::default()).unwrap();
    }
}

#[test]
fn ctx_05_a_name_is_taken_once() {
    let mut contexts = Contexts::default();
    let first = Context { channel: Some("c".into()), ..Context::default() };
    contexts.add("a", first.clone()).unwrap();
    assert_eq!(contexts.add("a", Context::default()).unwrap_err().rule(), "CTX-05");
    assert_eq!(contexts.named("a").unwrap(), &first);
}

#[test]
fn ctx_03_what_is_not_there_is_not_replaced_by_another() {
    let mut contexts = Contexts::default();
    contexts.add("a", Context::default()).unwrap();
    contexts.current = Some("a".into());
    assert_eq!(contexts.named("b").unwrap_err().rule(), "CTX-03");
    assert_eq!(contexts.remove("b").unwrap_err().rule(), "CTX-03");
    contexts.remove("a").unwrap();
    assert_eq!(contexts, Contexts::default(), "nothing is current any more");
}

#[test]
fn ctx_06_a_file_that_cannot_be_written_or_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("below/contexts.toml");
    assert_eq!(Contexts::read(&path).unwrap(), Contexts::default());
    let mut contexts = Contexts::default();
    contexts.add("a", Context { home: Some("a \"quoted\" \\ home".into()), ..Context::default() }).unwrap();
    contexts.write(&path).unwrap();
    contexts.write(&path).unwrap();
    assert_eq!(Contexts::read(&path).unwrap(), contexts);
    assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing is left beside it");
    let refused = contexts.write(&path.join("below-a-file")).unwrap_err();
    assert!(refused.rule() == "CTX-06" && refused.to_string().contains("below-a-file"));
    assert_eq!(Contexts::read(folder.path()).unwrap_err().rule(), "CTX-06");
}

#[test]
fn the_file_is_where_the_variables_say() {
    let with = |set: &[(&str, &str)]| {
        let set: BTreeMap<String, OsString> =
            set.iter().map(|(name, value)| ((*name).to_owned(), OsString::from(value))).collect();
        place(move |name| set.get(name).cloned()).map(|path| path.display().to_string())
    };
    let home = ("HOME", "/home/me");
    assert_eq!(with(&[home]).unwrap(), "/home/me/.config/parclose/contexts.toml");
    assert_eq!(with(&[home, ("XDG_CONFIG_HOME", "/x")]).unwrap(), "/x/parclose/contexts.toml");
    assert_eq!(with(&[home, ("XDG_CONFIG_HOME", "x")]).unwrap(), "/home/me/.config/parclose/contexts.toml");
    assert_eq!(with(&[home, (VARIABLE, "mine.toml")]).unwrap(), "mine.toml");
    assert_eq!(with(&[(VARIABLE, "")]), None);
}
