use parclose_documents::Lei;
use parclose_types::{ChannelId, Digest, Failure, Generation, NetworkId, Tag};

use super::*;
use crate::ceremony::{Draft, Joining, accept, conclude, join_for_development};
use crate::consortium::tests::TEMPLATE;
use crate::found::read_template;
use crate::joining::{INVITATION, Invitation};

const NAMES: [&str; 3] = ["ann", "bob", "cat"];
const NAME: &str = "trade";

/// Three members of a consortium, each in a home of its own; a fourth belongs to none of their channels.
struct Members {
    folder: tempfile::TempDir,
    cache: SharedCache,
}

impl Members {
    fn new() -> Self {
        let members = Self { folder: tempfile::tempdir().unwrap(), cache: crate::shared_cache(1 << 20) };
        let address = |port: usize| format!("/ip4/127.0.0.1/tcp/{port}").parse().unwrap();
        let joined = NAMES.iter().chain(&["dan"]).enumerate().map(|(number, name)| {
            let joining = Joining {
                member: (*name).into(),
                lei: Lei::make(&format!("PCLD00{number:012}")).unwrap().as_str().to_owned(),
                validator: true,
                consensus: address(20_000 + 2 * number),
                exchange: address(20_001 + 2 * number),
            };
            join_for_development(&members.path(name), &joining, &mut generator()).unwrap()
        });
        let cards = joined.collect();
        let concluded = conclude(&Draft::new("consortium", &mut generator()), cards).unwrap();
        for name in NAMES.iter().chain(&["dan"]) {
            accept(&members.home(name), &concluded.genesis, &concluded.book).unwrap();
        }
        members
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn home(&self, name: &str) -> Home {
        Home::open(&self.path(name)).unwrap()
    }

    fn draft(&self) -> ChannelDraft {
        self.draft_of(NAME, &NAMES).unwrap()
    }

    fn draft_of(&self, name: &str, founders: &[&str]) -> Result<ChannelDraft, FoundingRefused> {
        let founders: Vec<_> =
            founders.iter().map(|founder| ((*founder).to_owned(), vec!["member".to_owned()])).collect();
        draft(&self.path("ann"), name, read_template(Path::new(TEMPLATE))?, &founders)
    }

    fn enter(&self, name: &str, draft: &ChannelDraft) -> Result<Part, FoundingRefused> {
        enter(&self.home(name), name, draft, &self.cache)
    }

    fn enter_all(&self, draft: &ChannelDraft) -> Vec<Part> {
        NAMES.iter().map(|name| self.enter(name, draft).unwrap()).collect()
    }

    fn sign(&self, name: &str, parts: &[Part]) -> Result<Signed, FoundingRefused> {
        sign(&self.home(name), name, NAME, parts, &self.cache)
    }

    fn setup(&self, name: &str) -> Setup {
        let directory = self.home(name).member_directory(name).unwrap();
        let card = directory.channel(NAME).unwrap();
        crate::consortium::open_channel(&directory, &card, &self.cache).unwrap().setup().clone()
    }
}

fn rule<T: std::fmt::Debug>(result: Result<T, FoundingRefused>) -> &'static str {
    result.unwrap_err().rule()
}

#[test]
fn founders_conclude_one_channel_each_from_its_own_home() {
    let members = Members::new();
    let parts = members.enter_all(&members.draft());
    let others = |own: usize| -> Vec<Part> {
        let others = parts.iter().enumerate().filter(|(at, _)| *at != own);
        others.rev().map(|(_, part)| part.clone()).collect()
    };
    let signed: Vec<Signed> = vec![
        members.sign("ann", &parts).unwrap(),
        members.sign("bob", &others(1)).unwrap(),
        members.sign("cat", &others(2)).unwrap(),
    ];
    assert!(signed.iter().all(|other| other.card == signed[0].card));
    assert_eq!(members.setup("ann"), members.setup("bob"));
    assert_eq!(members.setup("ann"), members.setup("cat"));
    let signatures = Signatures::from(signed.iter().rev().map(|s| s.signature.clone()).collect::<Vec<_>>());
    let open = opening(&members.setup("bob"), &signatures).unwrap();
    assert_eq!(open.body.tag(&members.draft().network), signed[0].card.tag);
    // The root chain takes it: its signatures stand in the order of the endorsers.
    let genesis = members.home("ann").genesis().unwrap();
    let state = parclose_root::RootState::new(genesis);
    let transaction = parclose_root::RootTransaction::OpenChannel(open);
    assert!(state.build(vec![transaction]).1.is_empty());
    // Whoever asks again gets the same.
    assert_eq!(members.enter("ann", &members.enter_draft("ann")).unwrap(), parts[0]);
    assert_eq!(members.sign("ann", &parts).unwrap().signature, signed[0].signature);
}

impl Members {
    fn enter_draft(&self, name: &str) -> ChannelDraft {
        let directory = self.home(name).member_directory(name).unwrap();
        Entered::read(&directory, NAME).unwrap().unwrap().draft
    }
}

#[test]
fn fou_01_a_draft_is_of_this_network_and_of_members_by_their_identities() {
    let members = Members::new();
    let sound = members.draft();
    members.enter("bob", &sound).unwrap();
    let changes: [fn(&mut ChannelDraft); 8] = [
        |draft| draft.network = NetworkId([9; 32]),
        |draft| draft.founders.truncate(1),
        |draft| draft.founders.swap(0, 1),
        |draft| draft.founders[1] = draft.founders[0].clone(),
        |draft| draft.founders[1].identity = draft.founders[0].identity,
        |draft| draft.founders[1].name = "eve".into(),
        |draft| draft.founders[1].roles.clear(),
        |draft| draft.founders[1].roles = vec!["owner".into()],
    ];
    for (at, change) in changes.into_iter().enumerate() {
        let mut draft = sound.clone();
        change(&mut draft);
        assert_eq!(rule(members.enter("cat", &draft)), "FOU-01", "{at}");
    }
    assert_eq!(rule(members.enter("dan", &sound)), "FOU-01", "it is not one of them");
    assert_eq!(rule(members.draft_of(NAME, &["ann"])), "FOU-01");
    assert_eq!(rule(members.draft_of(NAME, &["ann", "eve"])), "HOM-05");
    assert_eq!(rule(members.draft_of("no name", &NAMES)), "HOM-10");
    members.enter("cat", &sound).unwrap();
}

#[test]
fn fou_01_a_draft_file_has_its_form_and_no_more() {
    let members = Members::new();
    let path = members.folder.path().join("draft.json");
    let text = serde_json::to_string(&members.draft()).unwrap();
    let reading = |text: &str| {
        std::fs::write(&path, text).unwrap();
        read::<ChannelDraft>(&path, DRAFT_BYTES_MAX)
    };
    assert_eq!(reading(&text).unwrap().digest(), reading(&text).unwrap().digest());
    assert_eq!(rule(reading(&text.replacen('{', "{\"more\": 1, ", 1))), "HOM-04");
    assert_eq!(rule(reading(&text[1..])), "HOM-04");
    assert_eq!(rule(reading(&(text.clone() + &" ".repeat(DRAFT_BYTES_MAX)))), "HOM-04");
    let other = reading(&text.replacen("channel-draft/1", "channel-draft/2", 1)).unwrap();
    assert_eq!(rule(members.enter("bob", &other)), "FOU-01");
}

#[test]
fn every_part_of_a_draft_is_in_its_digest() {
    let sound = Members::new().draft();
    let changes: [fn(&mut ChannelDraft); 6] = [
        |draft| draft.name.push('x'),
        |draft| draft.network = NetworkId([9; 32]),
        |draft| draft.channel = ChannelId([9; 32]),
        |draft| draft.blinder = Digest([9; 32]),
        |draft| draft.founders[2].roles.clear(),
        |draft| drop(draft.founders.pop()),
    ];
    for change in changes {
        let mut draft = sound.clone();
        change(&mut draft);
        assert_ne!(draft.digest(), sound.digest());
    }
    let bytes = parclose_types::encode(&sound);
    let label = parclose_types::labels::CHANNEL_DRAFT;
    assert_eq!(sound.digest().0, parclose_crypto::hash(label, &[&bytes]));
}

#[test]
fn fou_02_a_name_and_an_id_are_entered_once() {
    let members = Members::new();
    let first = members.draft();
    members.enter("bob", &first).unwrap();
    assert_eq!(rule(members.enter("bob", &members.draft())), "FOU-02", "another draft of the name");
    let mut same_id = members.draft_of("other", &NAMES).unwrap();
    same_id.channel = first.channel;
    assert_eq!(rule(members.enter("bob", &same_id)), "FOU-02", "another name for the id");
    members.enter("cat", &same_id).unwrap();
    members.enter("bob", &members.draft_of("other", &NAMES).unwrap()).unwrap();
    // Nor does an invitation come in under the name of what is being founded.
    let invitation = Invitation {
        schema: INVITATION.into(),
        name: NAME.into(),
        template: "bilateral".into(),
        network: first.network,
        channel: ChannelId([9; 32]),
        tag: Tag([9; 32]),
        generation: Generation(1),
        roles: vec!["member".into()],
        members: vec!["ann".into()],
    };
    let directory = members.home("bob").member_directory("bob").unwrap();
    let accepted = |name: &str| {
        let invitation = Invitation { name: name.into(), ..invitation.clone() };
        invitation.accept(first.network, "bob", &directory, vec!["member".into()], &members.cache)
    };
    assert_eq!(accepted(NAME).unwrap_err().rule(), "HOM-08");
    accepted("third").unwrap();
}

#[test]
fn fou_03_a_part_is_of_its_founder_and_of_the_draft() {
    let members = Members::new();
    let parts = members.enter_all(&members.draft());
    let elsewhere = Members::new();
    let foreign = elsewhere.enter_all(&elsewhere.draft());
    let with = |part: Part| members.sign("ann", &[parts[1].clone(), part]);
    assert_eq!(rule(with(foreign[2].clone())), "FOU-03", "a part of another draft");
    let json = serde_json::to_value(&parts[2]).unwrap();
    let changed = |key: &str, value: serde_json::Value| {
        let mut json = json.clone();
        json[key] = value;
        serde_json::from_value::<Part>(json).unwrap()
    };
    assert_eq!(
        rule(with(changed("entry", serde_json::to_value(&parts[1]).unwrap()["entry"].clone()))),
        "FOU-03"
    );
    assert_eq!(
        rule(with(changed("entry", serde_json::to_value(&foreign[2]).unwrap()["entry"].clone()))),
        "FOU-03"
    );
    assert_eq!(rule(with(changed("entry", "00".into()))), "FOU-03");
    assert_eq!(rule(with(changed("entry", "no hex".into()))), "FOU-03");
    assert_eq!(rule(with(changed("name", "dan".into()))), "FOU-03");
    assert_eq!(rule(with(changed("schema", "another".into()))), "FOU-03");
    // A byte of the certificate: of the pseudonym, of the one-time key, of each signature.
    let entry = parclose_types::hex::decode(json["entry"].as_str().unwrap()).unwrap();
    for at in [40, 100, entry.len() - 100, entry.len() - 1] {
        let mut entry = entry.clone();
        entry[at] ^= 1;
        assert_eq!(
            rule(with(changed("entry", parclose_types::hex::encode(&entry).into()))),
            "FOU-03",
            "{at}"
        );
    }
    members.sign("ann", &parts).unwrap();
}

#[test]
fn fou_04_every_founder_has_one_part() {
    let members = Members::new();
    let draft = members.draft();
    let parts = members.enter_all(&draft);
    match members.sign("ann", &parts[1..2]) {
        Err(FoundingRefused::PartsMissing { missing }) => assert_eq!(missing, ["cat"]),
        other => panic!("{other:?}"),
    }
    let again = another_part(&members, "cat", &draft);
    assert_ne!(again, parts[2], "with another one-time key");
    let two = [parts[1].clone(), parts[2].clone(), again];
    assert_eq!(rule(members.sign("ann", &two)), "FOU-04");
    assert_eq!(members.sign("ann", &parts[1..]).unwrap().card.name, NAME);
}

/// What a member makes that has forgotten its part, or would have two.
fn another_part(members: &Members, name: &str, draft: &ChannelDraft) -> Part {
    let folder = members.path(name).join("members").join(name).join("channels").join(NAME);
    std::fs::rename(&folder, folder.with_extension("kept")).unwrap();
    let part = members.enter(name, draft).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    std::fs::rename(folder.with_extension("kept"), &folder).unwrap();
    part
}

#[test]
fn fou_05_a_founder_signs_one_conclusion() {
    let members = Members::new();
    let draft = members.draft();
    let parts = members.enter_all(&draft);
    let again = another_part(&members, "cat", &draft);
    let signed = members.sign("ann", &parts).unwrap();
    let other = [parts[1].clone(), again];
    match members.sign("ann", &other) {
        Err(FoundingRefused::SignedAnother { tag }) => assert_eq!(tag, signed.card.tag),
        other => panic!("{other:?}"),
    }
    // Who has not signed yet takes either; the two do not fit together.
    let bob = members.sign("bob", &[parts[0].clone(), other[1].clone()]).unwrap();
    assert_ne!(bob.card.tag, signed.card.tag);
}

#[test]
fn fou_06_an_opening_has_every_signature_under_the_own_setup() {
    let members = Members::new();
    let parts = members.enter_all(&members.draft());
    let made: Vec<FounderSignature> =
        NAMES.iter().map(|name| members.sign(name, &parts).unwrap().signature).collect();
    let setup = members.setup("ann");
    let of = |signatures: &[FounderSignature]| opening(&setup, &Signatures::from(signatures.to_vec()));
    of(&made).unwrap();
    match of(&made[..2]) {
        Err(FoundingRefused::NotSigned { missing }) => assert_eq!(missing, ["cat"]),
        other => panic!("{other:?}"),
    }
    let changed = |key: &str, value: serde_json::Value| {
        let mut json = serde_json::to_value(&made[2]).unwrap();
        json[key] = value;
        [made[0].clone(), made[1].clone(), serde_json::from_value(json).unwrap()]
    };
    let foreign = serde_json::to_value(&made[1]).unwrap()["signature"].clone();
    assert!(
        matches!(of(&changed("signature", foreign)), Err(FoundingRefused::WrongSignature { name }) if name == "cat")
    );
    for (key, value) in [("signature", "00"), ("name", "bob"), ("schema", "another")] {
        assert_eq!(rule(of(&changed(key, value.into()))), "FOU-06", "{key}");
    }
    let tag = serde_json::to_value(Tag([9; 32])).unwrap();
    assert_eq!(rule(of(&changed("tag", tag))), "FOU-06");
}

#[test]
fn fou_07_a_home_of_a_whole_consortium_founds_otherwise() {
    let members = Members::new();
    let path = members.path("whole");
    crate::found::found_consortium(&path, &NAMES, &mut generator()).unwrap();
    let home = Home::open(&path).unwrap();
    assert_eq!(rule(enter(&home, "ann", &members.draft(), &members.cache)), "FOU-07");
    assert_eq!(rule(draft(&path, NAME, members.draft().texts(), &[])), "FOU-07");
    assert_eq!(rule(members.sign("ann", &[])), "HOM-06", "nothing was entered");
}
