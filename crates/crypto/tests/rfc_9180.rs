//! HPKE against RFC 9180 appendix A.2, base mode.
//!
//! DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305: our key wraps have another KEM, but the
//! same key schedule and the same AEAD, and this is the vector that was published with the RFC.

use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, Kem, OpModeR, Serializable, setup_receiver};
use parclose_types::hex::decode;

/// Appendix A.2.1.
const INFO: &[u8] = b"Ode on a Grecian Urn";
const IKM_R: &str = "1ac01f181fdf9f352797655161c58b75c656a6cc2716dcb66372da835542e1df";
const SK_R: &str = "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb";
const PK_R: &str = "4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a";
const ENC: &str = "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a";

/// Appendix A.2.1.1, sequence numbers 0 to 2; the associated data is `Count-` and the number.
const PLAINTEXT: &[u8] = b"Beauty is truth, truth beauty";
const CIPHERTEXTS: [&str; 3] = [
    "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28",
    "6b53c051e4199c518de79594e1c4ab18b96f081549d45ce015be002090bb119e85285337cc95ba5f59992dc98c",
    "71146bd6795ccc9c49ce25dda112a48f202ad220559502cef1f34271e0cb4b02b4f10ecac6f48c32f878fae86b",
];

/// Appendix A.2.1.2: exporter context and value.
const EXPORTS: [(&[u8], &str); 3] = [
    (b"", "4bbd6243b8bb54cec311fac9df81841b6fd61f56538a775e7c80a9f40160606e"),
    (b"\0", "8c1df14732580e5501b00f82b10a1647b40713191b7c1240ac80e2b68808ba69"),
    (b"TestContext", "5acb09211139c43b3090489a9da433e8a30ee7188ba8b0a9a1ccf0c229283e53"),
];

#[test]
fn appendix_a_2_keys_ciphertexts_and_exports() {
    let (private, public) = X25519HkdfSha256::derive_keypair(&decode(IKM_R).unwrap());
    // Section 7.1.2 clamps when a private key is written and when it is read; the published one is not.
    let published = <X25519HkdfSha256 as Kem>::PrivateKey::from_bytes(&decode(SK_R).unwrap()).unwrap();
    assert_eq!(private.to_bytes(), published.to_bytes());
    assert_eq!(public.to_bytes().as_slice(), decode(PK_R).unwrap());

    let encapsulated = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(&decode(ENC).unwrap()).unwrap();
    let mut context = setup_receiver::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
        &OpModeR::Base,
        &published,
        &encapsulated,
        INFO,
    )
    .unwrap();
    for (number, ciphertext) in CIPHERTEXTS.iter().enumerate() {
        let ciphertext = decode(ciphertext).unwrap();
        assert!(context.open(&ciphertext, b"Count-9").is_err(), "sequence number {number}");
        let opened = context.open(&ciphertext, format!("Count-{number}").as_bytes());
        assert_eq!(opened.unwrap(), PLAINTEXT, "sequence number {number}");
    }
    for (exporter_context, value) in EXPORTS {
        let mut exported = [0; 32];
        context.export(exporter_context, &mut exported).unwrap();
        assert_eq!(exported.as_slice(), decode(value).unwrap());
    }
}
