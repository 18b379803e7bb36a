//! Every operation in `keys/vectors/amounts/`, which a program without project code has made: its parts are
//! derived again, its proofs and signatures verified, its bytes decoded.
//!
//! And what others have published: RFC 9496 for the group.
#![allow(clippy::unwrap_used, reason = "a vector that cannot be read fails its test")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use parclose_amounts::{
    AmountCommitment, AmountStatement, AssetTerms, Bounds, Discharge, Issue, Ledger, Movement, Net,
    NoteOutput, Obligation, ObligationOutput, Oblige, Opening, OwnerBlind, OwnerCommitment, Place, Purpose,
    RangeEngine, RangeProof, Redemption, StatedAmount, StatementDigest, Transfer, UnspentNote,
};
use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_crypto::{Secret, SigningKey};
use parclose_types::limits::TRANSACTION_BYTES_MAX;
use parclose_types::{
    AssetId, ChannelId, Generation, Height, MemberId, NetworkId, NoteId, ObligationId, PublicKey, Tag,
    TransactionDigest, decode, encode, hex,
};
use serde_json::Value;

fn bytes<const N: usize>(value: &Value) -> [u8; N] {
    hex::decode_array(value.as_str().unwrap()).unwrap()
}

fn secret(value: &Value) -> Secret {
    secret_from_bytes(bytes(value))
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap()
}

fn index(value: &Value) -> u32 {
    u32::try_from(value.as_u64().unwrap()).unwrap()
}

/// Each id of a list, in hexadecimal digits.
fn texts(value: &Value) -> Vec<&str> {
    list(value).iter().map(|id| id.as_str().unwrap()).collect()
}

/// The asset of a vector, the notes that there are, and what is owed.
struct State {
    asset: AssetId,
    issuer: PublicKey,
    notes: BTreeMap<NoteId, UnspentNote>,
    owed: BTreeMap<ObligationId, Obligation>,
}

impl Ledger for State {
    fn unspent(&self, note: &NoteId) -> Option<UnspentNote> {
        self.notes.get(note).copied()
    }

    fn terms(&self, asset: &AssetId) -> Option<AssetTerms> {
        let terms = AssetTerms { issuer: Some(self.issuer), engine: RangeEngine::Bulletproofs };
        (*asset == self.asset).then_some(terms)
    }

    fn obligation(&self, obligation: &ObligationId) -> Option<Obligation> {
        self.owed.get(obligation).copied()
    }
}

/// Derives a note from its secrets, compares each part, and returns what the ledger keeps.
fn note(asset: AssetId, vector: &Value) -> UnspentNote {
    let key = secret(&vector["field_key"]);
    let value = vector["value"].as_u64().unwrap();
    let commitment = Opening::derive(&asset, value, &key).commitment();
    assert_eq!(commitment.as_bytes(), &bytes(&vector["commitment"]));
    assert_eq!(commitment.check_opening(&asset, value, &key), Ok(()));
    let owner = SigningKey::from_seed(&secret(&vector["owner_seed"])).public();
    assert_eq!(owner.0, bytes(&vector["owner"]));
    let blind = OwnerBlind::derive(&key);
    assert_eq!(blind.0, bytes(&vector["blind"]));
    let owner = OwnerCommitment::new(&owner, &blind);
    assert_eq!(owner.0, bytes(&vector["owner_commitment"]));
    UnspentNote { asset, commitment, owner }
}

/// Derives an obligation from its secrets, and compares each part.
fn obligation(asset: AssetId, day: &Value, vector: &Value) -> Obligation {
    let UnspentNote { commitment, owner, .. } = note(asset, vector);
    let note = NoteOutput { commitment, owner, leaf: bytes(&vector["leaf"]) };
    let (payer, payee) = (MemberId(bytes(&vector["payer"])), MemberId(bytes(&vector["payee"])));
    Obligation { asset, day: index(day), output: ObligationOutput { payer, payee, note } }
}

/// What is owed before the operation, under the ids that it was given when it was made.
fn owed(vector: &Value, channel: &ChannelId, asset: AssetId) -> BTreeMap<ObligationId, Obligation> {
    let taken = match vector["kind"].as_str().unwrap() {
        "net" => list(&vector["inputs"]).as_slice(),
        "discharge" => std::slice::from_ref(&vector["obligation"]),
        _ => &[],
    };
    let one = |one: &Value| {
        let owed = obligation(asset, &vector["day"], one);
        let id = owed.id(channel, &TransactionDigest(bytes(&one["transaction"])), index(&one["index"]));
        assert_eq!(id.0, bytes(&one["id"]));
        (id, owed)
    };
    taken.iter().map(one).collect()
}

/// An operation from its bytes, its number among the movements, its statement, and its bytes once more.
fn read(vector: &Value, place: &Place) -> (Movement, u8, StatementDigest, Vec<u8>) {
    let wire = hex::decode(vector["wire"].as_str().unwrap()).unwrap();
    match vector["kind"].as_str().unwrap() {
        "issue" => {
            let operation = Issue::decode(&wire).unwrap();
            let (digest, again) = (operation.statement(place).digest(), encode(&operation));
            (Movement::Issue(operation), 0, digest, again)
        }
        "transfer" => {
            let operation = Transfer::decode(&wire).unwrap();
            let (digest, again) = (operation.statement(place).digest(), encode(&operation));
            (Movement::Transfer(operation), 1, digest, again)
        }
        "redemption" => {
            let operation = Redemption::decode(&wire).unwrap();
            let (digest, again) = (operation.statement(place).digest(), encode(&operation));
            (Movement::Redeem(Box::new(operation)), 2, digest, again)
        }
        "oblige" => {
            let operation: Oblige = decode("obligations", &wire, TRANSACTION_BYTES_MAX).unwrap();
            let (digest, again) = (operation.statement(place).digest(), encode(&operation));
            (Movement::Oblige(Box::new(operation)), 4, digest, again)
        }
        "net" => {
            let operation: Net = decode("netting", &wire, TRANSACTION_BYTES_MAX).unwrap();
            let (digest, again) = (operation.statement(place).digest(), encode(&operation));
            (Movement::Net(Box::new(operation)), 5, digest, again)
        }
        "discharge" => {
            let operation: Discharge = decode("payment", &wire, TRANSACTION_BYTES_MAX).unwrap();
            let (digest, again) = (operation.statement(place).digest(), encode(&operation));
            (Movement::Discharge(Box::new(operation)), 6, digest, again)
        }
        other => panic!("`{other}` is no kind of operation"),
    }
}

fn check(vector: &Value) {
    let place = Place {
        channel: ChannelId(bytes(&vector["channel"])),
        generation: Generation(vector["generation"].as_u64().unwrap()),
        salt_digest: bytes(&vector["salt_digest"]),
        expiry: Height(vector["expiry"].as_u64().unwrap()),
        context: bytes(&vector["context"]),
    };
    let asset = AssetId(bytes(&vector["asset"]));
    let debts = matches!(vector["kind"].as_str().unwrap(), "oblige" | "net");
    let (nothing, outputs) = (Vec::new(), list(&vector["outputs"]));
    let inputs = if debts { &nothing } else { list(&vector["inputs"]) };
    let notes = inputs.iter().map(|one| (NoteId(bytes(&one["note"])), note(asset, one))).collect();
    let issuer = vector.get("issuer_seed").map(|seed| SigningKey::from_seed(&secret(seed)).public());
    if let Some(issuer) = issuer {
        assert_eq!(issuer.0, bytes(&vector["issuer"]));
    }
    let owed = owed(vector, &place.channel, asset);
    let state = State { asset, issuer: issuer.unwrap_or(PublicKey([0; 32])), notes, owed };
    let (movement, number, statement, again) = read(vector, &place);
    assert_eq!(statement.as_bytes(), &bytes(&vector["statement"]));
    assert_eq!(hex::encode(&again), vector["wire"].as_str().unwrap());
    assert_eq!(encode(&movement), [&[number], again.as_slice()].concat());
    movement.check_shape().unwrap();
    let effects = movement.check(&place, &state).unwrap().verify().unwrap();
    assert_eq!(effects.spent(), inputs.iter().map(|one| NoteId(bytes(&one["note"]))).collect::<Vec<_>>());
    assert!(effects.ended().iter().eq(state.owed.keys()));
    let transaction = TransactionDigest(bytes(&vector["transaction"]));
    let owed: Vec<_> = effects.obligations(&place.channel, &transaction, 0).collect();
    if debts {
        assert!(effects.made().is_empty());
        let ids: Vec<_> = owed.iter().map(|(id, _)| hex::encode(&id.0)).collect();
        assert_eq!(ids, texts(&vector["obligations"]));
        let expected = outputs.iter().map(|one| obligation(asset, &vector["day"], one));
        assert!(owed.into_iter().map(|(_, owed)| owed).eq(expected));
    } else {
        assert!(owed.is_empty());
        assert_eq!(effects.made().len(), outputs.len());
        for (made, output) in effects.made().iter().zip(outputs) {
            let expected = note(asset, output);
            assert_eq!((made.commitment, made.owner), (expected.commitment, expected.owner));
            assert_eq!(made.leaf, bytes(&output["leaf"]));
        }
        let ids: Vec<_> =
            effects.notes(&place.channel, &transaction, 0).map(|(id, _)| hex::encode(&id.0)).collect();
        assert_eq!(ids, texts(&vector["notes"]));
    }
    // The same bytes somewhere else are nothing.
    let elsewhere = Place { expiry: Height(place.expiry.0 ^ 1), ..place };
    assert!(movement.check(&elsewhere, &state).and_then(|checked| checked.verify()).is_err());
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64()
}

/// What is said of amounts: derived from their secrets, and proven by another prover.
fn check_statement(vector: &Value) {
    let asset = AssetId(bytes(&vector["asset"]));
    let amount = |one: &Value| {
        let commitment =
            Opening::derive(&asset, number(&one["value"]).unwrap(), &secret(&one["field_key"])).commitment();
        assert_eq!(commitment.as_bytes(), &bytes(&one["commitment"]));
        StatedAmount {
            transaction: TransactionDigest(bytes(&one["transaction"])),
            operation: index(&one["operation"]),
            field: index(&one["field"]),
            leaf: bytes(&one["leaf"]),
            commitment,
        }
    };
    let bounds = match (number(&vector["bounds"]["least"]), number(&vector["bounds"]["most"])) {
        (Some(least), None) => Bounds::AtLeast(least),
        (None, Some(most)) => Bounds::AtMost(most),
        (least, most) => Bounds::Between(least.unwrap(), most.unwrap()),
    };
    let statement = AmountStatement {
        network: NetworkId(bytes(&vector["network"])),
        tag: Tag(bytes(&vector["tag"])),
        asset,
        bounds,
        amounts: list(&vector["amounts"]).iter().map(amount).collect(),
        purpose: Purpose::new(vector["purpose"].as_str().unwrap()).unwrap(),
    };
    assert_eq!(statement.digest().as_bytes(), &bytes(&vector["statement"]));
    let proof = RangeProof(hex::decode(vector["proof"].as_str().unwrap()).unwrap());
    assert_eq!(statement.verify(RangeEngine::OF_FORMAT_1, &proof), Ok(()));
    let elsewhere = AmountStatement { tag: Tag([0; 32]), ..statement };
    assert!(elsewhere.verify(RangeEngine::OF_FORMAT_1, &proof).is_err());
}

#[test]
fn operations_made_without_project_code_verify() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../keys/vectors/amounts");
    let mut kinds = BTreeMap::new();
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let vector: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        if vector.get("kind").is_none() {
            continue; // the frozen proofs of the prover's crate, which a test of the batch verifier reads
        }
        match vector["kind"].as_str().unwrap() {
            "statement" => check_statement(&vector),
            _ => check(&vector),
        }
        *kinds.entry(vector["kind"].as_str().unwrap().to_owned()).or_insert(0) += 1;
    }
    let ran: Vec<_> = kinds.iter().map(|(kind, count)| (kind.as_str(), *count)).collect();
    assert_eq!(
        ran,
        [
            ("discharge", 1),
            ("issue", 1),
            ("net", 2),
            ("oblige", 1),
            ("redemption", 1),
            ("statement", 3),
            ("transfer", 2)
        ]
    );
}

#[test]
fn the_first_vector_continues_that_of_the_key_family() {
    // keys/vectors/001-design.json ends with the wide blinding of the same key, asset and amount.
    let wide = "9a06349313d9c5ac1ecb6b40a660a37d2e75f8cfcbbef71756d12e7e1fabb3d2\
                a64620d6e0af85e8e16eb9591ba9ac1c9a0d65f570d98a2ad529493bb2435e43";
    let wide: [u8; 64] = hex::decode_array(wide).unwrap();
    let blinding = curve25519_dalek::Scalar::from_bytes_mod_order_wide(&wide);
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../keys/vectors/amounts");
    let text = std::fs::read_to_string(folder.join("001-one-note.json")).unwrap();
    let vector: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(blinding.to_bytes(), bytes(&vector["inputs"][0]["blinding"]));
}

/// RFC 9496, appendix A.1: multiples of the generator.
const MULTIPLES: [&str; 16] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76",
    "6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919",
    "94741f5d5d52755ece4f23f044ee27d5d1ea1e2bd196b462166b16152a9d0259",
    "da80862773358b466ffadfe0b3293ab3d9fd53c5ea6c955358f568322daf6a57",
    "e882b131016b52c1d3337080187cf768423efccbb517bb495ab812c4160ff44e",
    "f64746d3c92b13050ed8d80236a7f0007c3b3f962f5ba793d19a601ebb1df403",
    "44f53520926ec81fbd5a387845beb7df85a96a24ece18738bdcfa6a7822a176d",
    "903293d8f2287ebe10e2374dc1a53e0bc887e592699f02d077d5263cdd55601c",
    "02622ace8f7303a31cafc63f8fc48fdc16e1c8c8d234b2f0d6685282a9076031",
    "20706fd788b2720a1ed2a5dad4952b01f413bcf0e7564de8cdc816689e2db95f",
    "bce83f8ba5dd2fa572864c24ba1810f9522bc6004afe95877ac73241cafdab42",
    "e4549ee16b9aa03099ca208c67adafcafa4c3f3e4e5303de6026e3ca8ff84460",
    "aa52e000df2e16f55fb1032fc33bc42742dad6bd5a8fc0be0167436c5948501f",
    "46376b80f409b29dc2b5f6f0c52591990896e5716f41477cd30085ab7f10301e",
    "e0c418f7c8d9c4cdd7395b93ea124f3ad99021bb681dfc3302a9d99a2e53e64e",
];

/// RFC 9496, appendix A.2: encodings that are refused.
const REFUSED: [&str; 29] = [
    "00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ed57ffd8c914fb201471d1c3d245ce3c746fcbe63a3679d51b6a516ebebe0e20",
    "c34c4e1826e5d403b78e246e88aa051c36ccf0aafebffe137d148a2bf9104562",
    "c940e5a4404157cfb1628b108db051a8d439e1a421394ec4ebccb9ec92a8ac78",
    "47cfc5497c53dc8e61c91d17fd626ffb1c49e2bca94eed052281b510b1117a24",
    "f1c6165d33367351b0da8f6e4511010c68174a03b6581212c71c0e1d026c3c72",
    "87260f7a2f12495118360f02c26a470f450dadf34a413d21042b43b9d93e1309",
    "26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371",
    "4eac077a713c57b4f4397629a4145982c661f48044dd3f96427d40b147d9742f",
    "de6a7b00deadc788eb6b6c8d20c0ae96c2f2019078fa604fee5b87d6e989ad7b",
    "bcab477be20861e01e4a0e295284146a510150d9817763caf1a6f4b422d67042",
    "2a292df7e32cababbd9de088d1d1abec9fc0440f637ed2fba145094dc14bea08",
    "f4a9e534fc0d216c44b218fa0c42d99635a0127ee2e53c712f70609649fdff22",
    "8268436f8c4126196cf64b3c7ddbda90746a378625f9813dd9b8457077256731",
    "2810e5cbc2cc4d4eece54f61c6f69758e289aa7ab440b3cbeaa21995c2f4232b",
    "3eb858e78f5a7254d8c9731174a94f76755fd3941c0ac93735c07ba14579630e",
    "a45fdc55c76448c049a1ab33f17023edfb2be3581e9c7aade8a6125215e04220",
    "d483fe813c6ba647ebbfd3ec41adca1c6130c2beeee9d9bf065c8d151c5f396e",
    "8a2e1d30050198c65a54483123960ccc38aef6848e1ec8f5f780e8523769ba32",
    "32888462f8b486c68ad7dd9610be5192bbeaf3b443951ac1a8118419d9fa097b",
    "227142501b9d4355ccba290404bde41575b037693cef1f438c47f8fbf35d1165",
    "5c37cc491da847cfeb9281d407efc41e15144c876e0170b499a96a22ed31e01e",
    "445425117cb8c90edcbc7c1cc0e74f747f2c1efa5630a967c64f287792a48a4b",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

/// RFC 9496, appendix A.3: from uniform bytes to elements.
const UNIFORM: [(&str, &str); 7] = [
    (
        "5d1be09e3d0c82fc538112490e35701979d99e06ca3e2b5b54bffe8b4dc772c14d98b696a1bbfb5ca32c436cc61c16563790306c79eaca7705668b47dffe5bb6",
        "3066f82a1a747d45120d1740f14358531a8f04bbffe6a819f86dfe50f44a0a46",
    ),
    (
        "f116b34b8f17ceb56e8732a60d913dd10cce47a6d53bee9204be8b44f6678b270102a56902e2488c46120e9276cfe54638286b9e4b3cdb470b542d46c2068d38",
        "f26e5b6f7d362d2d2a94c5d0e7602cb4773c95a2e5c31a64f133189fa76ed61b",
    ),
    (
        "8422e1bbdaab52938b81fd602effb6f89110e1e57208ad12d9ad767e2e25510c27140775f9337088b982d83d7fcf0b2fa1edffe51952cbe7365e95c86eaf325c",
        "006ccd2a9e6867e6a2c5cea83d3302cc9de128dd2a9a57dd8ee7b9d7ffe02826",
    ),
    (
        "ac22415129b61427bf464e17baee8db65940c233b98afce8d17c57beeb7876c2150d15af1cb1fb824bbd14955f2b57d08d388aab431a391cfc33d5bafb5dbbaf",
        "f8f0c87cf237953c5890aec3998169005dae3eca1fbb04548c635953c817f92a",
    ),
    (
        "165d697a1ef3d5cf3c38565beefcf88c0f282b8e7dbd28544c483432f1cec7675debea8ebb4e5fe7d6f6e5db15f15587ac4d4d4a1de7191e0c1ca6664abcc413",
        "ae81e7dedf20a497e10c304a765c1767a42d6e06029758d2d7e8ef7cc4c41179",
    ),
    (
        "a836e6c9a9ca9f1e8d486273ad56a78c70cf18f0ce10abb1c7172ddd605d7fd2979854f47ae1ccf204a33102095b4200e5befc0465accc263175485f0e17ea5c",
        "e2705652ff9f5e44d3e841bf1c251cf7dddb77d140870d1ab2ed64f1a9ce8628",
    ),
    (
        "2cdc11eaeb95daf01189417cdddbf95952993aa9cb9c640eb5058d09702c74622c9965a697a3b345ec24ee56335b556e677b30e6f90ac77d781064f866a3c982",
        "80bd07262511cdde4863f8a7434cef696750681cb9510eea557088f76d9e5065",
    ),
];

#[test]
fn the_group_is_that_of_rfc_9496() {
    let encoding = |text: &str| CompressedRistretto(hex::decode_array(text).unwrap());
    let mut multiple = RistrettoPoint::default();
    for text in MULTIPLES {
        assert_eq!(multiple.compress(), encoding(text));
        assert_eq!(encoding(text).decompress(), Some(multiple));
        multiple += curve25519_dalek::constants::RISTRETTO_BASEPOINT_POINT;
    }
    for (at, text) in REFUSED.iter().enumerate() {
        let bytes = hex::decode_array(text).unwrap();
        assert!(AmountCommitment::from_bytes(&bytes).is_err(), "{at}: {text}");
    }
    for (wide, element) in UNIFORM {
        let point = RistrettoPoint::from_uniform_bytes(&hex::decode_array(wide).unwrap());
        assert_eq!(point.compress(), encoding(element));
    }
}
