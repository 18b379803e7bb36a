#!/usr/bin/env python3
"""Computes the vectors of `key-files/` without any code of the project.

    python3 key_files.py          writes them
    python3 key_files.py --check  recomputes every file and compares

Argon2id, ChaCha20-Poly1305 and Ed25519 come from the package `cryptography` (48.0.0, whose Argon2id is that of
OpenSSL); HChaCha20, HKDF-Expand, the encodings and the text of the file are written out below, from
specs/04-cryptography.md and specs/09-documents.md and not from the Rust code.
"""

import hashlib
import hmac
import json
import pathlib
import struct
import sys

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

FOLDER = pathlib.Path(__file__).parent / "key-files"
KINDS = ["member", "regulator", "validator"]
GIVEN = ["passphrase", "kind", "name", "secret", "memory_kib", "passes", "lanes", "salt", "nonce"]
MADE = ["prk", "key", "com", "public_part", "sealed", "check", "text"]


def enc(label, *fields):
    """u8(len(label)) || label || for each field: u32be(len) || field."""
    name = b"parclose/v1/" + label.encode()
    return bytes([len(name)]) + name + b"".join(struct.pack(">I", len(f)) + f for f in fields)


def kdf(prk, length, label, *fields):
    """HKDF-Expand of RFC 5869, section 2.3, with SHA-256."""
    info, block, out, counter = enc(label, *fields), b"", b"", 1
    while len(out) < length:
        block = hmac.new(prk, block + info + bytes([counter]), hashlib.sha256).digest()
        out, counter = out + block, counter + 1
    return out[:length]


def hchacha20(key, nonce):
    """draft-irtf-cfrg-xchacha-03, section 2.2."""
    words = list(struct.unpack("<4I8I4I", b"expand 32-byte k" + key + nonce))

    def quarter(a, b, c, d):
        for left, right, other, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            words[left] = (words[left] + words[right]) & 0xFFFFFFFF
            mixed = words[other] ^ words[left]
            words[other] = ((mixed << turn) | (mixed >> (32 - turn))) & 0xFFFFFFFF

    for _ in range(10):
        for column in range(4):
            quarter(column, column + 4, column + 8, column + 12)
        for row in range(4):
            quarter(row, (row + 1) % 4 + 4, (row + 2) % 4 + 8, (row + 3) % 4 + 12)
    return struct.pack("<8I", *(words[:4] + words[12:]))


def check_hchacha20():
    """The vector of the draft's section 2.2.1: a mistake above would else make vectors of its own."""
    key, nonce = bytes(range(32)), bytes.fromhex("000000090000004a0000000031415927")
    wanted = "82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc"
    assert hchacha20(key, nonce).hex() == wanted


def xchacha20_poly1305(key, nonce, plaintext, associated):
    return ChaCha20Poly1305(hchacha20(key, nonce[:16])).encrypt(b"\0" * 4 + nonce[16:], plaintext, associated)


def public_of(kind, secret):
    seed = kdf(secret, 32, "identity") if kind == "member" else secret
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def borsh_public_part(kind, name, public):
    named = b"\0" if name is None else b"\1" + struct.pack("<I", len(name.encode())) + name.encode()
    return bytes([KINDS.index(kind)]) + named + struct.pack("<I", len(public)) + public


def derive(given):
    secret, salt, nonce = (bytes.fromhex(given[name]) for name in ("secret", "salt", "nonce"))
    cost = [given[name] for name in ("memory_kib", "passes", "lanes")]
    header = b"PCLK" + bytes([1]) + struct.pack(">3I", *cost) + salt + nonce
    argon2 = Argon2id(salt=salt, length=32, iterations=cost[1], lanes=cost[2], memory_cost=cost[0])
    prk = argon2.derive(given["passphrase"].encode())
    okm = kdf(prk, 64, "keystore", header)
    public = public_of(given["kind"], secret)
    part = borsh_public_part(given["kind"], given["name"], public)
    ciphertext = xchacha20_poly1305(okm[:32], nonce, secret, enc("keystore-place", header, part))
    sealed = header + okm[32:] + ciphertext
    check = hashlib.sha256(enc("key-file", part, sealed)).hexdigest()
    text = {"schema": "parclose.key/2", "kind": given["kind"], "name": given["name"], "public": public.hex(),
            "sealed": sealed.hex(), "check": check}
    text = {name: value for name, value in text.items() if value is not None}
    return {
        "prk": prk.hex(), "key": okm[:32].hex(), "com": okm[32:].hex(), "public_part": part.hex(),
        "sealed": sealed.hex(), "check": check, "text": json.dumps(text, indent=2, ensure_ascii=False) + "\n",
    }


def drawn(case, what, length):
    return hashlib.shake_256(f"{case}/{what}".encode()).hexdigest(length)


def given(case, **chosen):
    made = {what: drawn(case, what, length) for what, length in (("secret", 32), ("salt", 32), ("nonce", 24))}
    made |= chosen
    return {key: made[key] for key in GIVEN}


CASES = {
    # The cost of people's passphrases; four lanes.
    "001-standard": dict(
        passphrase="correct horse battery staple", kind="member", name="bank-1", memory_kib=65536, passes=3, lanes=4,
    ),
    # The lowest cost, no name, and a passphrase outside ASCII.
    "002-floor-without-a-name": dict(
        passphrase="Schlüsselbund – 鍵", kind="validator", name=None, memory_kib=19456, passes=2, lanes=1,
    ),
}


def write():
    for name, chosen in CASES.items():
        start = given(name, **chosen)
        vector = start | derive(start)
        text = json.dumps({key: vector[key] for key in GIVEN + MADE}, indent=1, ensure_ascii=False)
        (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def check():
    for path in sorted(FOLDER.glob("*.json")):
        vector = json.loads(path.read_text(encoding="utf-8"))
        derived = derive({key: vector[key] for key in GIVEN})
        wrong = [key for key, value in derived.items() if vector[key] != value]
        print(f"{path.name}: {'differs in ' + ', '.join(wrong) if wrong else 'agrees'}")
        if wrong:
            sys.exit(1)


if __name__ == "__main__":
    check_hchacha20()
    check() if sys.argv[1:] == ["--check"] else write()
