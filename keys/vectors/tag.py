#!/usr/bin/env python3
"""Prints the keyed tag and the check value that `crates/transaction/src/tag.rs` must compute, from Python's hmac alone.

Shares no code with the project.
"""

import hashlib
import hmac


def enc(label, *fields):
    """specs/01: a length and the label, then each field after its length."""
    out = bytes([len(label)]) + label.encode()
    return out + b"".join(len(field).to_bytes(4, "big") + field for field in fields)


def kdf(key, label, *fields):
    """HKDF-Expand-SHA-256 (RFC 5869, 2.3), 32 bytes: one block."""
    return hmac.new(key, enc(label, *fields) + b"\x01", hashlib.sha256).digest()


KEY = bytes([7]) * 32
BUYER, SUPPLIER = bytes([1]) * 32, bytes([2]) * 32
print("tag  ", kdf(KEY, "parclose/v1/keyed-tag", BUYER, SUPPLIER, b"S1", b"INV00427").hex())
print("check", kdf(KEY, "parclose/v1/tag-key-check")[:8].hex())
