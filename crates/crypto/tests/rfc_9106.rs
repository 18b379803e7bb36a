//! RFC 9106: Argon2id, the vector of section 5.3.

use argon2::{Algorithm, Argon2, AssociatedData, Block, ParamsBuilder, Version};
use parclose_types::hex;

#[test]
fn argon2id_5_3() {
    let params = ParamsBuilder::new()
        .m_cost(32)
        .t_cost(3)
        .p_cost(4)
        .data(AssociatedData::new(&[4; 12]).unwrap())
        .output_len(32)
        .build()
        .unwrap();
    let mut memory = vec![Block::new(); params.block_count()];
    let argon2 = Argon2::new_with_secret(&[3; 8], Algorithm::Argon2id, Version::V0x13, params).unwrap();
    let mut tag = [0; 32];
    argon2.hash_password_into_with_memory(&[1; 32], &[2; 16], &mut tag, &mut memory[..]).unwrap();
    assert_eq!(hex::encode(&tag), "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659");
    let mut other = [0; 32];
    argon2.hash_password_into_with_memory(&[1; 31], &[2; 16], &mut other, &mut memory[..]).unwrap();
    assert_ne!(other, tag);
}
