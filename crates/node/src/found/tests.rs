use parclose_types::Failure;

use super::*;

fn templates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../channels")
}

#[test]
fn hom_03_a_home_is_never_made_over_something() {
    let folder = tempfile::tempdir().unwrap();
    let found = |path: &Path| found_consortium(path, &["ann", "bob"], &mut generator());
    std::fs::write(folder.path().join("note"), "mine").unwrap();
    assert_eq!(found(folder.path()).unwrap_err().rule(), "HOM-03");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing was written");
    let (new, empty) = (folder.path().join("new"), folder.path().join("empty"));
    std::fs::create_dir(&empty).unwrap();
    found(&new).unwrap();
    found(&empty).unwrap();
    let genesis = std::fs::read_to_string(new.join("genesis.json")).unwrap();
    assert_eq!(found(&new).unwrap_err().rule(), "HOM-03");
    assert_eq!(std::fs::read_to_string(new.join("genesis.json")).unwrap(), genesis);
    assert_ne!(std::fs::read_to_string(empty.join("genesis.json")).unwrap(), genesis, "another network");
}

#[test]
fn hom_07_a_template_is_a_folder_of_three_texts() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(read_template(&folder.path().join("absent")).unwrap_err().rule(), "HOM-07");
    let files = ["channel.toml", "policy.cedar", "policy.cedarschema"];
    for (at, file) in files.iter().enumerate() {
        assert_eq!(read_template(folder.path()).unwrap_err().rule(), "HOM-07", "{at} of three");
        std::fs::copy(templates().join("bilateral").join(file), folder.path().join(file)).unwrap();
    }
    let texts = read_template(folder.path()).unwrap();
    Definition::parse("channel.toml", &texts.channel_toml).unwrap();
    std::fs::write(folder.path().join("policy.cedar"), vec![b' '; limits::DEFINITION_BYTES_MAX + 1]).unwrap();
    assert_eq!(read_template(folder.path()).unwrap_err().rule(), "HOM-07", "too large to be one");
}

#[test]
fn a_template_is_found_by_name_or_by_path() {
    let path = templates().join("bilateral");
    assert_eq!(template_folder(&templates(), "bilateral"), path);
    assert_eq!(template_folder(Path::new("elsewhere"), &path.display().to_string()), path);
}
