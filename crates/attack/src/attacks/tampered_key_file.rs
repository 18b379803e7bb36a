use parclose_crypto::Passphrase;
use parclose_node::Unlock;
use parclose_node::found::found_consortium;
use parclose_node::key_file::{self, form::KeyFile};
use parclose_types::hex;
use serde_json::Value;

use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "tampered-key-file",
    tries: "as whoever gets at a member's key file: tries another passphrase, flips a bit of the sealed key, lowers its cost, names another key in it, and carries it into another home",
    notices: &[
        by("KST-03", "KEY_PASSPHRASE_WRONG"),
        by("KEF-06", "KEY_FILE_DAMAGED"),
        by("KST-01", "KEY_COST_REFUSED"),
        by("KST-04", "KEY_FILE_DAMAGED"),
        by("KEF-05", "KEY_LOCKED"),
    ],
    rooms: &[],
    act,
};

/// Where a sealed key says what stretching its passphrase costs.
const COST: std::ops::Range<usize> = 5..17;

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let home = stage.folder.join("home");
    found_consortium(&home, &["ann", "bob"], &mut stage.rng)?;
    let member = |name: &str| home.join("members").join(name).join("member.key");
    let (path, unlock) = (member("ann"), Unlock::of_home(&home));
    let judge = "the program that opens it";
    if !hand.is_adverse() {
        let opened = key_file::member(&path, &unlock);
        return Ok(vec![Answer::of("the key file with its passphrase", judge, opened)]);
    }
    let text = std::fs::read_to_string(&path)?;
    let other = std::fs::read_to_string(member("bob"))?;
    let opens = |what: &str, text: &str| -> Result<Answer, Failed> {
        std::fs::write(&path, text)?;
        Ok(Answer::of(what, judge, key_file::member(&path, &unlock)))
    };
    let guessed = Unlock::with(Passphrase::read(&mut &b"correct horse"[..])?, "a guess");
    let guess = Answer::of("a guessed passphrase", judge, key_file::member(&path, &guessed));
    let mut careless: Value = serde_json::from_str(&bent(&text, |_, sealed| flip_last(sealed))?)?;
    careless["check"] = serde_json::from_str::<Value>(&text)?["check"].clone();
    Ok(vec![
        guess,
        opens("a file whose check value is forgotten", &(serde_json::to_string_pretty(&careless)? + "\n"))?,
        opens("one bit of the sealed key", &bent(&text, |_, sealed| flip_last(sealed))?)?,
        opens("a cost that costs nothing", &bent(&text, |_, sealed| cheapen(sealed))?)?,
        opens("bob's public key in it", &bent(&text, |file, _| file["public"] = public_of(&other))?)?,
        carried(stage, &text)?,
    ])
}

fn flip_last(sealed: &mut [u8]) {
    if let Some(last) = sealed.last_mut() {
        *last ^= 1;
    }
}

/// Sets the cost in the header to nothing.
fn cheapen(sealed: &mut [u8]) {
    sealed[COST].fill(0);
}

fn public_of(text: &str) -> Value {
    serde_json::from_str::<Value>(text).map(|file| file["public"].clone()).unwrap_or_default()
}

/// The file with something changed, and the check value over it, which anybody can make.
fn bent(text: &str, bend: impl FnOnce(&mut Value, &mut [u8])) -> Result<String, Failed> {
    let mut file: Value = serde_json::from_str(text)?;
    let mut sealed = hex::decode(file["sealed"].as_str().unwrap_or_default())?;
    bend(&mut file, &mut sealed);
    let mut public = KeyFile::parse(text.as_bytes()).map_err(|_| "a key file is read")?.public;
    public.public = hex::decode(file["public"].as_str().unwrap_or_default())?;
    let check = parclose_crypto::hash(parclose_types::labels::KEY_FILE, &[&public.bytes(), &sealed]);
    (file["sealed"], file["check"]) = (hex::encode(&sealed).into(), hex::encode(&check).into());
    Ok(serde_json::to_string_pretty(&file)? + "\n")
}

/// The file in another home: that home's passphrase is for its own key files.
fn carried(stage: &mut Stage, text: &str) -> Result<Answer, Failed> {
    let other = stage.folder.join("other");
    found_consortium(&other, &["eve"], &mut stage.rng)?;
    let outside = stage.folder.join("carried.key");
    std::fs::write(&outside, text)?;
    let opened = key_file::member(&outside, &Unlock::of_home(&other));
    Ok(Answer::of(
        "the file outside its home, with another home's passphrase",
        "the program that opens it",
        opened,
    ))
}
