use std::path::Path;

use parclose_crypto::SigningKey;
use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_documents::Lei;
use parclose_types::{Failure, NetworkId, PublicKey};
use serde_json::{Value, json};

use super::*;
use crate::address_book::{AddressBook, BOOK_BYTES_MAX};
use crate::home::Home;
use crate::node_home;
use crate::node_key::NodeKey;
use crate::randomness::generator;

const PORT: u16 = 20_000;

/// Claims of a member, different from those of any other number.
fn claims(number: u16) -> Claims {
    let address = |port: u16| format!("/ip4/127.0.0.1/tcp/{port}").parse().unwrap();
    Claims {
        serial: 0,
        member: format!("member-{number}"),
        lei: Lei::make(&format!("PCLD00{number:012}")).unwrap().as_str().into(),
        identity: key(number, 1).public(),
        node: node(number).public(),
        validator: Some(key(number, 3).public()),
        consensus: address(PORT + 2 * number),
        exchange: address(PORT + 2 * number + 1),
    }
}

fn seed(number: u16, of: u8) -> parclose_crypto::Secret {
    let [high, low] = number.to_be_bytes();
    let mut bytes = [of; 32];
    (bytes[0], bytes[1]) = (high, low);
    secret_from_bytes(bytes)
}

fn key(number: u16, of: u8) -> SigningKey {
    SigningKey::from_seed(&seed(number, of))
}

fn node(number: u16) -> NodeKey {
    NodeKey::from_secret(seed(number, 2))
}

fn signed(number: u16, claims: Claims) -> Result<NodeCard, CeremonyError> {
    let validator = claims.validator.map(|_| key(number, 3));
    NodeCard::sign(claims, &key(number, 1), &node(number), validator.as_ref())
}

fn card(number: u16) -> NodeCard {
    signed(number, claims(number)).unwrap()
}

fn observer(number: u16) -> NodeCard {
    signed(number, Claims { validator: None, ..claims(number) }).unwrap()
}

fn parsed(value: &Value) -> Result<NodeCard, CeremonyError> {
    NodeCard::parse(value.to_string().as_bytes())
}

fn json_of(card: &NodeCard) -> Value {
    serde_json::from_str(&card.to_json()).unwrap()
}

fn draft() -> Draft {
    Draft::new("consortium", &mut generator())
}

fn rule<T>(result: Result<T, CeremonyError>) -> &'static str {
    result.map_or_else(|e| e.rule(), |_| "none")
}

#[test]
fn cer_01_a_member_is_named_as_a_folder_may_be() {
    let named = |name: &str| rule(signed(1, Claims { member: name.into(), ..claims(1) }));
    for name in ["a", "bank-1", &"x".repeat(64)] {
        assert_eq!(named(name), "none", "{name}");
    }
    for name in ["", "..", "a/b", "A", "a b", "käse", &"x".repeat(65)] {
        assert_eq!(named(name), "CER-01", "{name}");
    }
}

#[test]
fn cer_02_a_card_is_its_schema_and_nothing_else() {
    let good = json_of(&card(1));
    assert_eq!(parsed(&good).unwrap(), card(1));
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut value = good.clone();
        change(&mut value);
        rule(parsed(&value))
    };
    assert_eq!(changed(&|v| v["note"] = json!("hello")), "CER-02");
    assert_eq!(changed(&|v| v["schema"] = json!("parclose.node-card/2")), "CER-02");
    assert_eq!(changed(&|v| drop(v.as_object_mut().unwrap().remove("lei"))), "CER-02");
    assert_eq!(changed(&|v| v["signatures"]["other"] = json!("")), "CER-02");
    assert_eq!(changed(&|v| v["signatures"]["node"] = json!("00")), "CER-02");
    assert_eq!(changed(&|v| v["identity"] = json!("00")), "CER-02");
    let padded = card(1).to_json() + &" ".repeat(CARD_BYTES_MAX);
    assert_eq!(rule(NodeCard::parse(padded.as_bytes())), "CER-02");
    assert_eq!(rule(NodeCard::parse(&[0xff])), "CER-02");
}

#[test]
fn cer_03_every_member_of_a_card_is_signed() {
    let (good, other) = (json_of(&card(1)), json_of(&card(2)));
    let members = ["member", "serial", "lei", "identity", "node", "validator", "consensus", "exchange"];
    for member in members {
        let mut value = good.clone();
        value[member] = if member == "serial" { json!(7) } else { other[member].clone() };
        assert_eq!(rule(parsed(&value)), "CER-03", "{member}");
    }
    let claimed = good.as_object().unwrap().len() - 2;
    assert_eq!(claimed, members.len(), "beside schema and signatures there is nothing that is not tried");
}

#[test]
fn cer_03_every_key_of_a_card_signs_it_and_no_other() {
    let (good, other) = (json_of(&card(1)), json_of(&card(2)));
    for key in ["identity", "node", "validator"] {
        let mut value = good.clone();
        value["signatures"][key] = other["signatures"][key].clone();
        assert_eq!(rule(parsed(&value)), "CER-03", "{key}");
    }
    // A validator key that its owner does not show, and a signature of a key that is not named.
    let mut unshown = good.clone();
    unshown["signatures"].as_object_mut().unwrap().remove("validator");
    assert_eq!(rule(parsed(&unshown)), "CER-03");
    let mut unnamed = json_of(&observer(1));
    assert_eq!(rule(parsed(&unnamed)), "none");
    unnamed["signatures"]["validator"] = good["signatures"]["validator"].clone();
    assert_eq!(rule(parsed(&unnamed)), "CER-03");
}

#[test]
fn cer_03_nobody_makes_a_card_with_keys_of_somebody_else() {
    let stolen = key(2, 3).public();
    assert_eq!(rule(signed(1, Claims { validator: Some(stolen), ..claims(1) })), "CER-03");
    assert_eq!(rule(signed(1, Claims { node: node(2).public(), ..claims(1) })), "CER-03");
    assert_eq!(rule(signed(1, Claims { identity: PublicKey([0; 32]), ..claims(1) })), "CER-03");
}

#[test]
fn cer_04_an_lei_has_its_check_digits() {
    let with = |lei: &str| rule(signed(1, Claims { lei: lei.into(), ..claims(1) }));
    let good = claims(1).lei;
    assert_eq!(with(&good), "none");
    let swapped = format!("CP{}", &good[2..]);
    for wrong in ["", &good[..19], &good.to_lowercase(), &swapped] {
        assert_eq!(with(wrong), "CER-04", "{wrong}");
    }
}

#[test]
fn cer_05_an_address_is_a_host_and_a_port_that_others_can_dial() {
    let good = ["/ip4/192.0.2.1/tcp/1", "/ip6/2001:db8::1/tcp/65535", "/dns/node.example/tcp/27001"];
    for text in good {
        let endpoint: Endpoint = text.parse().unwrap();
        assert_eq!(endpoint.to_string(), text);
    }
    let long = format!("/dns/{}/tcp/1", "x".repeat(300));
    for text in [
        "",
        "192.0.2.1:1",
        "/ip4/192.0.2.1",
        "/ip4/192.0.2.1/tcp/0",
        "/ip4/0.0.0.0/tcp/1",
        "/ip6/::/tcp/1",
        "/ip4/192.0.2.1/udp/1",
        "/ip4/192.0.2.1/tcp/01",
        "/ip4/192.0.2.1/tcp/1/http",
        "/ip4/192.0.2.1/tcp/65536",
        "/memory/1",
        &long,
    ] {
        assert_eq!(rule(text.parse::<Endpoint>()), "CER-05", "{text}");
    }
}

#[test]
fn a_node_listens_where_it_is_dialled_or_on_that_port() {
    let listens = |text: &str| text.parse::<Endpoint>().unwrap().listen_address().to_string();
    assert_eq!(listens("/ip4/192.0.2.1/tcp/5"), "/ip4/192.0.2.1/tcp/5");
    assert_eq!(listens("/dns/node.example/tcp/5"), "/ip4/0.0.0.0/tcp/5");
    let address: ListenAddress = "/ip4/0.0.0.0/tcp/0".parse().unwrap();
    assert_eq!(address.socket(), Some(([0, 0, 0, 0], 0).into()));
    assert_eq!(rule("/dns/node.example/tcp/5".parse::<ListenAddress>()), "CER-05");
}

#[test]
fn cer_06_nothing_stands_twice_in_a_consortium() {
    let concluded = |cards: Vec<NodeCard>| conclude(&draft(), cards).map(|_| ());
    assert_eq!(rule(concluded(vec![card(1), card(2)])), "none");
    let what = |changed: Claims, by: u16| match concluded(vec![card(1), signed(by, changed).unwrap()]) {
        Err(CeremonyError::Twice { what, .. }) => what,
        other => panic!("{other:?}"),
    };
    let (one, two) = (claims(1), claims(2));
    assert_eq!(what(Claims { member: one.member, ..two.clone() }, 2), "name");
    assert_eq!(what(Claims { lei: one.lei, ..two.clone() }, 2), "LEI");
    assert_eq!(what(Claims { consensus: one.exchange.clone(), ..two.clone() }, 2), "address");
    assert_eq!(what(Claims { exchange: one.exchange, ..two.clone() }, 2), "address");
    let copied = Claims { member: two.member.clone(), lei: two.lei.clone(), ..claims(1) };
    assert_eq!(
        what(Claims { consensus: two.consensus.clone(), exchange: two.exchange.clone(), ..copied }, 1),
        "key"
    );
    assert_eq!(rule(concluded(vec![card(1), card(1)])), "CER-06");
    let own = Claims { exchange: two.consensus.clone(), ..two };
    assert_eq!(rule(concluded(vec![signed(2, own).unwrap()])), "CER-06", "within one card");
}

#[test]
fn cer_07_a_consortium_has_a_validator() {
    let count = |validators: u16, observers: u16| {
        let cards = (0..validators).map(card).chain((validators..validators + observers).map(observer));
        rule(conclude(&draft(), cards.collect()))
    };
    assert_eq!(count(0, 3), "CER-07");
    assert_eq!(count(0, 0), "CER-07");
    assert_eq!(count(1, 0), "none");
    assert_eq!(count(256, 1), "none");
    assert_eq!(count(257, 0), "CER-07");
    assert_eq!(count(1, 512), "CER-07");
}

#[test]
fn fewer_than_four_validators_are_warned_of() {
    let warnings =
        |validators: u16| conclude(&draft(), (0..validators).map(card).collect()).unwrap().warnings().len();
    assert_eq!([1, 3, 4, 5].map(warnings), [1, 1, 0, 0]);
}

#[test]
fn cer_08_a_draft_is_read_as_it_is_written_and_strictly() {
    let draft = Draft { name: "a \"quoted\" name".into(), ..draft() };
    let text = draft.to_toml();
    assert_eq!(Draft::parse(text.as_bytes()).unwrap(), draft);
    for wrong in [
        text.replace("window", "windows"),
        text.clone() + "more = 1\n",
        text.replace("opens_per_block =", "# "),
        text.replace("nonce = \"", "nonce = \"x"),
        text.clone() + &"#".repeat(DRAFT_BYTES_MAX),
    ] {
        assert_eq!(rule(Draft::parse(wrong.as_bytes())), "CER-08", "{wrong}");
    }
    let late = Draft::parse((text + "more = 1\n").as_bytes()).unwrap_err().to_string();
    assert!(late.contains("line 19"), "{late}");
}

#[test]
fn cer_09_an_address_book_is_of_one_genesis() {
    let concluded = conclude(&draft(), vec![card(1), card(2), observer(3)]).unwrap();
    let good: Value = serde_json::from_str(&concluded.book.to_json()).unwrap();
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut value = good.clone();
        change(&mut value);
        let book = AddressBook::parse(value.to_string().as_bytes());
        rule(book.and_then(|book| book.check_against(&concluded.genesis)))
    };
    assert_eq!(changed(&|_| ()), "none");
    assert_eq!(changed(&|v| v["network"] = json!(NetworkId([1; 32]).to_string())), "CER-09");
    assert_eq!(changed(&|v| v["cards"].as_array_mut().unwrap().reverse()), "CER-09");
    assert_eq!(changed(&|v| drop(v["cards"].as_array_mut().unwrap().remove(0))), "CER-09");
    assert_eq!(
        changed(&|v| v["cards"][2] = json_of(&card(3))),
        "none",
        "a key without a vote in the genesis may get one later"
    );
    assert_eq!(changed(&|v| v["cards"][1] = json_of(&observer(4))), "CER-09", "who has one is listed");
    assert_eq!(changed(&|v| v["schema"] = json!("parclose.consortium/2")), "CER-09");
    assert_eq!(changed(&|v| v["note"] = json!(1)), "CER-09");
    assert_eq!(
        changed(&|v| v["cards"][0]["lei"] = v["cards"][1]["lei"].clone()),
        "CER-03",
        "cards are checked"
    );
    assert_eq!(changed(&|v| v["cards"][1] = v["cards"][0].clone()), "CER-06");
    // An observer does not count for the genesis, and may come later.
    assert_eq!(changed(&|v| drop(v["cards"].as_array_mut().unwrap().remove(2))), "none");
    assert_eq!(rule(AddressBook::parse(&vec![b' '; BOOK_BYTES_MAX + 1])), "CER-09");
}

#[test]
fn cer_12_a_member_that_comes_later_is_admitted_once() {
    let concluded = conclude(&draft(), vec![card(1), card(3)]).unwrap();
    let book = concluded.book.admit(card(2)).unwrap();
    assert_eq!(rule(book.check_against(&concluded.genesis)), "none");
    let names: Vec<_> = book.cards().iter().map(|card| card.claims().member.clone()).collect();
    assert!(names.is_sorted() && names.len() == 3);
    assert_eq!(AddressBook::parse(book.to_json().as_bytes()).unwrap(), book);
    assert_eq!(rule(book.clone().admit(card(2))), "CER-12");
    assert_eq!(rule(book.admit(observer(2))), "CER-13", "no other card takes its place");
}

#[test]
fn cer_13_a_later_card_of_the_same_keys_takes_the_place_of_the_one_before() {
    let concluded = conclude(&draft(), vec![card(1), card(2)]).unwrap();
    let to = |serial, address: &str, of: u16| {
        let consensus = address.parse().unwrap();
        signed(of, Claims { serial, consensus, ..claims(of) }).unwrap()
    };
    let moved = to(1, "/ip4/192.0.2.77/tcp/9", 2);
    let book = concluded.book.admit(moved.clone()).unwrap();
    assert_eq!(book.card("member-2"), Some(&moved));
    assert_eq!(book.cards().len(), 2);
    assert_eq!(rule(book.check_against(&concluded.genesis)), "none", "the genesis knows no addresses");
    assert_eq!(rule(book.clone().admit(card(2))), "CER-13", "the old one does not come back");
    assert_eq!(rule(book.clone().admit(to(1, "/ip4/192.0.2.78/tcp/9", 2))), "CER-13", "one serial, one card");
    let other_key = signed(2, Claims { serial: 2, validator: None, ..claims(2) }).unwrap();
    assert_eq!(rule(book.clone().admit(other_key)), "CER-13", "keys stay");
    let taken = claims(1).consensus.to_string();
    assert_eq!(rule(book.clone().admit(to(2, &taken, 2))), "CER-06", "an address is one node's");
    assert_eq!(rule(book.admit(to(2, "/ip4/192.0.2.79/tcp/9", 2))), "none");
}

#[test]
fn cer_13_a_home_makes_its_next_card_and_knows_it() {
    let folder = tempfile::tempdir().unwrap();
    let ((home, own), (other_home, other)) = (joined(folder.path(), 1), joined(folder.path(), 2));
    let concluded = conclude(&draft(), vec![own, other.clone()]).unwrap();
    for home in [&home, &other_home] {
        accept(home, &concluded.genesis, &concluded.book).unwrap();
    }
    let at = |text: &str| text.parse::<Endpoint>().unwrap();
    let moved = readdress(&home, at("/ip4/192.0.2.9/tcp/9"), at("/ip4/192.0.2.9/tcp/10")).unwrap();
    assert_eq!(moved.claims().serial, 1);
    assert_eq!(own_card(home.path()).unwrap(), moved);
    assert_eq!(node_home::read_address_book(home.path()).unwrap().card("member-1"), Some(&moved));
    let book = admit(&other_home, moved.clone()).unwrap();
    assert_eq!((book.card("member-1"), book.card("member-2")), (Some(&moved), Some(&other)));
}

#[test]
fn cer_11_whoever_concludes_gets_the_same_bytes() {
    let draft = draft();
    let cards = [card(3), card(1), observer(2)];
    let made = |order: [usize; 3]| {
        let concluded = conclude(&draft, order.map(|at| cards[at].clone()).to_vec()).unwrap();
        (concluded.genesis.to_json(), concluded.book.to_json())
    };
    let first = made([0, 1, 2]);
    assert!([[0, 2, 1], [1, 0, 2], [2, 1, 0]].into_iter().all(|order| made(order) == first));
    let other = conclude(&self::draft(), cards.to_vec()).unwrap();
    assert_ne!(other.genesis.to_json(), first.0, "another nonce is another network");
}

fn joining(number: u16) -> Joining {
    let Claims { member, lei, consensus, exchange, .. } = claims(number);
    Joining { member, lei, validator: true, consensus, exchange }
}

fn joined(folder: &Path, number: u16) -> (Home, NodeCard) {
    let path = folder.join(format!("home-{number}"));
    let card = join_for_development(&path, &joining(number), &mut generator()).unwrap();
    (Home::open(&path).unwrap(), card)
}

#[test]
fn cer_10_a_home_takes_over_the_genesis_that_its_own_card_is_in() {
    let folder = tempfile::tempdir().unwrap();
    let ((home, own), (_, other)) = (joined(folder.path(), 1), joined(folder.path(), 2));
    assert!(home.genesis().is_err(), "there is none before");
    // The same member with another address: somebody changed the card and has its keys, or it was made anew.
    let claims = Claims { consensus: "/ip4/192.0.2.9/tcp/9".parse().unwrap(), ..own.claims().clone() };
    let member =
        crate::key_file::member(&home.member_directory("member-1").unwrap().key_file(), home.unlock());
    let node = crate::key_file::node(&node_home::node_key(home.path()), home.unlock()).unwrap();
    let vote = crate::key_file::validator(&node_home::validator_key(home.path()), home.unlock()).unwrap();
    let altered = NodeCard::sign(claims, &member.unwrap().identity(), &node, Some(&vote)).unwrap();
    let draft = draft();
    let accepted = |cards: &[&NodeCard]| {
        let concluded = conclude(&draft, cards.iter().map(|card| (*card).clone()).collect()).unwrap();
        accept(&home, &concluded.genesis, &concluded.book)
    };
    assert_eq!(rule(accepted(&[&other])), "CER-10", "without it");
    assert_eq!(rule(accepted(&[&other, &altered])), "CER-10", "with another in its place");
    assert!(home.genesis().is_err(), "nothing was taken over");
    accepted(&[&own, &other]).unwrap();
    accepted(&[&other, &own]).unwrap();
    assert_eq!(rule(accepted(&[&own])), "CER-10", "another network after it");
    let book = node_home::read_address_book(home.path()).unwrap();
    assert_eq!(home.genesis().unwrap().network(), book.network());
    book.check_against(&home.genesis().unwrap()).unwrap();
}

#[test]
fn a_node_home_holds_one_member_and_is_never_made_over_something() {
    let folder = tempfile::tempdir().unwrap();
    let (home, card) = joined(folder.path(), 1);
    assert_eq!(home.members().len(), 1);
    assert_eq!(home.member("member-1").unwrap().identity, card.claims().identity.to_string());
    assert_eq!(node_home::read_card(home.path()).unwrap(), card);
    assert!(home.member_directory("member-1").unwrap().channels().unwrap().is_empty());
    let again = join_for_development(home.path(), &joining(1), &mut generator());
    assert_eq!(rule(again), "HOM-03");
    let wrong = Joining { member: "../up".into(), ..joining(2) };
    assert_eq!(rule(join_for_development(&folder.path().join("w"), &wrong, &mut generator())), "CER-01");
    assert!(!folder.path().join("up").exists());
}
