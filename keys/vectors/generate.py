#!/usr/bin/env python3
"""Computes the vectors of this folder without any code of the project.

    python3 generate.py          writes 002 and following
    python3 generate.py --check  recomputes every file, 001 too, and compares

SHA-256 and HMAC come from the standard library, ChaCha20-Poly1305 from the package `cryptography`.
HKDF-Expand, the encodings, the key tree, the padding and the covers are written out below, from
the specification and not from the Rust code; the cover is found from the root downwards, where
the Rust code walks the interval from its lower end.
"""

import hashlib
import hmac
import json
import pathlib
import sys

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

FOLDER = pathlib.Path(__file__).parent
DEPTH = 32
EPOCHS = 1 << DEPTH


def enc(label, *fields):
    """u8(len(label)) || label || for each field: u32be(len) || field."""
    name = b"parclose/v1/" + label.encode()
    parts = [len(name).to_bytes(1, "big"), name]
    for field in fields:
        parts += [len(field).to_bytes(4, "big"), field]
    return b"".join(parts)


def digest(label, *fields):
    return hashlib.sha256(enc(label, *fields)).digest()


def kdf(prk, length, label, *fields):
    """HKDF-Expand of RFC 5869, section 2.3, with SHA-256."""
    info, block, out, counter = enc(label, *fields), b"", b"", 1
    while len(out) < length:
        block = hmac.new(prk, block + info + bytes([counter]), hashlib.sha256).digest()
        out, counter = out + block, counter + 1
    return out[:length]


def u32(number):
    return number.to_bytes(4, "big")


def u64(number):
    return number.to_bytes(8, "big")


def padded_length(length):
    """The smallest of 32 … 1024 that holds the length prefix and the text, above that Padmé."""
    total = 4 + length
    for size in (32, 64, 128, 256, 512, 1024):
        if total <= size:
            return size
    exponent = total.bit_length() - 1
    free_bits = exponent - exponent.bit_length()
    return -(-total >> free_bits) << free_bits


def pad(plaintext):
    return (u32(len(plaintext)) + plaintext).ljust(padded_length(len(plaintext)), b"\0")


def cover(first, last, depth=0, prefix=0):
    """The highest nodes below (depth, prefix) whose epochs all lie in [first, last]."""
    low = prefix << (DEPTH - depth)
    high = low + (1 << (DEPTH - depth)) - 1
    if high < first or last < low:
        return []
    if first <= low and high <= last:
        return [[depth, prefix]]
    left = cover(first, last, depth + 1, 2 * prefix)
    return left + cover(first, last, depth + 1, 2 * prefix + 1)


def derive(given):
    """Every derived value of a vector, from its inputs."""
    secret, channel, audience, salt, asset = (
        bytes.fromhex(given[name]) for name in ("R", "channel", "audience", "salt", "asset_id")
    )
    generation, epoch, class_id, field = (given[n] for n in ("generation", "epoch", "class", "field_id"))
    plaintext = bytes.fromhex(given["plaintext"])

    scope = (channel, u64(generation), audience)
    class_seed = kdf(secret, 32, "class", *scope, u32(class_id))
    leaf = class_seed
    for level in range(DEPTH):
        leaf = kdf(leaf, 32, "ggm", bytes([epoch >> (DEPTH - 1 - level) & 1]))

    record_key = digest("record-key", *(part.encode() for part in given["record_key"]))
    context = enc(
        "fctx", channel, u64(generation), u32(epoch), audience, u32(class_id),
        record_key, u32(field), digest("salt", salt),
    )
    field_key = kdf(leaf, 32, "field", salt, context)
    sealing = kdf(field_key, 76, "seal", context)
    key, nonce, com = sealing[:32], sealing[32:44], sealing[44:]
    ciphertext = ChaCha20Poly1305(key).encrypt(nonce, pad(plaintext), context)
    leaf_hash = digest("field-leaf", u32(field), com, hashlib.sha256(ciphertext).digest())
    return {
        "root_kcv": kdf(secret, 32, "root-kcv", *scope).hex(),
        "class_seed": class_seed.hex(),
        "leaf": leaf.hex(),
        "leaf_kcv": kdf(leaf, 32, "leaf-kcv", u32(epoch)).hex(),
        "record_key_hash": record_key.hex(),
        "field_key": field_key.hex(),
        "key": key.hex(),
        "nonce": nonce.hex(),
        "com": com.hex(),
        "ciphertext": ciphertext.hex(),
        "field_leaf": leaf_hash.hex(),
        "blind64": kdf(field_key, 64, "blind", asset, given["amount"].to_bytes(8, "little")).hex(),
        "cover": cover(*given["cover_of"]),
    }


INPUTS = [
    "R", "channel", "generation", "audience", "class", "epoch", "salt", "field_id", "record_key", "plaintext",
    "asset_id", "amount", "cover_of",
]
# The order in which a file lists its values; 001 sets it.
ORDER = INPUTS[:10] + [
    "root_kcv", "class_seed", "leaf", "leaf_kcv", "record_key_hash", "field_key", "key", "nonce", "com",
    "ciphertext", "field_leaf", "asset_id", "amount", "blind64", "cover_of", "cover",
]


def inputs(name, **chosen):
    """32-byte inputs are digests of the file's name, so that nothing is hidden in them."""
    drawn = {
        field: hashlib.sha256(f"{name} {field}".encode()).hexdigest()
        for field in ("R", "channel", "audience", "salt", "asset_id")
    }
    return drawn | chosen


def text_of(length):
    """Readable filler of exactly that many bytes."""
    return (b"parclose " * (length // 9 + 1))[:length].hex()


CASES = {
    # The lowest value of every number, and nothing to seal; the cover of one epoch.
    "002-epoch-zero-and-nothing": dict(
        generation=0, epoch=0, field_id=0, record_key=["receivable", ""], plaintext="", amount=0,
        cover_of=[0, 0], **{"class": 0},
    ),
    # The highest of every counter, and the interval whose cover is the largest there is: 62 nodes.
    "003-last-epoch": dict(
        generation=2**64 - 1, epoch=EPOCHS - 1, field_id=2**32 - 1, record_key=["statement", "Müller & Söhne"],
        plaintext=text_of(5), amount=2**64 - 1, cover_of=[1, EPOCHS - 2], **{"class": 2},
    ),
    # 28 bytes and their length fill the smallest size class to the last byte …
    "004-fills-the-smallest-size": dict(
        generation=1, epoch=1 << 31, field_id=1, record_key=["receivable", "INV-28"], plaintext=text_of(28),
        amount=1, cover_of=[0, EPOCHS - 1], **{"class": 1},
    ),
    # … and one byte more needs the next; two epochs on either side of the tree's middle.
    "005-one-byte-more": dict(
        generation=1, epoch=(1 << 31) - 1, field_id=1, record_key=["receivable", "INV-29"], plaintext=text_of(29),
        amount=1, cover_of=[(1 << 31) - 1, 1 << 31], **{"class": 1},
    ),
    # The highest class number, and the first plaintext that the powers of two do not hold.
    "006-large-class": dict(
        generation=3, epoch=2026, field_id=256, record_key=["receivable", "INV-1021"], plaintext=text_of(1021),
        amount=131484877, cover_of=[2026, 2026 + 365], **{"class": 2**32 - 1},
    ),
}


def write():
    for name, chosen in CASES.items():
        given = inputs(name, **chosen)
        vector = given | derive(given)
        assert sorted(vector) == sorted(ORDER)
        text = json.dumps({key: vector[key] for key in ORDER}, indent=1, ensure_ascii=False)
        (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def check():
    for path in sorted(FOLDER.glob("*.json")):
        vector = json.loads(path.read_text(encoding="utf-8"))
        derived = derive({key: vector[key] for key in INPUTS})
        wrong = [key for key, value in derived.items() if vector[key] != value]
        print(f"{path.name}: {'differs in ' + ', '.join(wrong) if wrong else 'agrees'}")
        if wrong:
            sys.exit(1)


if __name__ == "__main__":
    check() if sys.argv[1:] == ["--check"] else write()
