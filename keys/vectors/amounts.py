#!/usr/bin/env python3
"""Writes keys/vectors/amounts/*.json: notes and operations with all their proofs. `--check` compares instead.

Shares no code with the project: Ristretto (RFC 9496), STROBE-128 and merlin, HKDF, Pedersen commitments,
Schnorr and Bulletproofs (prover and verifier) are written out below; only Ed25519 comes from the package
`cryptography`. What a prover draws at random is derived from the vector's name, so that files can be
made again. Slow, in constant time nowhere: for vectors only.
"""

import hashlib
import hmac
import json
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

FOLDER = Path(__file__).resolve().parent / "amounts"

# --- the field and the curve -------------------------------------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def odd(x):
    return x % P & 1


def absolute(x):
    return (-x if odd(x) else x) % P


def sqrt_ratio(u, v):
    """Whether u/v is a square, and the non-negative root of u/v or of i·u/v (RFC 9496, 4.2)."""
    r = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    check = v * r * r % P
    if check in (-u % P, -u * ROOT % P):
        r = r * ROOT % P
    return check in (u % P, -u % P), absolute(r)


INV_ROOT_A_D = sqrt_ratio(1, (-1 - D) % P)[1]
ROOT_AD_1 = next(r for r in [sqrt_ratio(-D - 1, 1)[1]] for r in [r, -r % P] if odd(r))


class Point:
    """An element of Ristretto, as a point (X : Y : Z : T) of the curve."""

    def __init__(self, x, y, z, t):
        self.c = (x % P, y % P, z % P, t % P)

    def __add__(self, other):
        (x1, y1, z1, t1), (x2, y2, z2, t2) = self.c, other.c
        a, b = (y1 - x1) * (y2 - x2), (y1 + x1) * (y2 + x2)
        c, d = 2 * t1 * D * t2, 2 * z1 * z2
        e, f, g, h = b - a, d - c, d + c, b + a
        return Point(e * f, g * h, f * g, e * h)

    def __neg__(self):
        x, y, z, t = self.c
        return Point(-x, y, z, -t)

    def __sub__(self, other):
        return self + -other

    def __mul__(self, scalar):
        scalar %= L
        total, step = IDENTITY, self
        while scalar:
            if scalar & 1:
                total = total + step
            step, scalar = step + step, scalar >> 1
        return total

    def encode(self):
        x, y, z, t = self.c
        u1, u2 = (z + y) * (z - y) % P, x * y % P
        inverse = sqrt_ratio(1, u1 * u2 * u2 % P)[1]
        d1, d2 = inverse * u1 % P, inverse * u2 % P
        z_inverse = d1 * d2 * t % P
        d_inverse = d2
        if odd(t * z_inverse):
            x, y, d_inverse = y * ROOT % P, x * ROOT % P, d1 * INV_ROOT_A_D % P
        if odd(x * z_inverse):
            y = -y % P
        return absolute(d_inverse * (z - y)).to_bytes(32, "little")


IDENTITY = Point(0, 1, 1, 0)


def decode(encoded):
    s = int.from_bytes(encoded, "little")
    assert s < P and not odd(s), "canonical"
    ss = s * s % P
    u1, u2 = (1 - ss) % P, (1 + ss) % P
    v = (-D * u1 * u1 - u2 * u2) % P
    square, inverse = sqrt_ratio(1, v * u2 * u2 % P)
    dx, dy = inverse * u2 % P, 0
    dy = inverse * dx * v % P
    x, y = absolute(2 * s * dx), u1 * dy % P
    assert square and not odd(x * y) and y, "an element"
    return Point(x, y, 1, x * y)


def elligator(half):
    t = int.from_bytes(half, "little") % 2**255 % P
    r = ROOT * t * t % P
    u, v = (r + 1) * (1 - D * D) % P, (-1 - r * D) * (r + D) % P
    square, s = sqrt_ratio(u, v)
    c = -1
    if not square:
        s, c = -absolute(s * t) % P, r
    n = (c * (r - 1) * (D - 1) ** 2 - v) % P
    w0, w1, w2, w3 = 2 * s * v, n * ROOT_AD_1, 1 - s * s, 1 + s * s
    return Point(w0 * w3, w2 * w1, w1 * w3, w0 * w2)


def from_uniform(wide):
    return elligator(wide[:32]) + elligator(wide[32:])


BASEPOINT = decode(bytes.fromhex("e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76"))


def scalar_of(wide):
    return int.from_bytes(wide, "little") % L


def scalar_bytes(scalar):
    return (scalar % L).to_bytes(32, "little")


# --- merlin over STROBE-128 --------------------------------------------------------------------------

ROUND_CONSTANTS, _lfsr = [], 1
for _ in range(24):
    _constant = 0
    for _j in range(7):
        if _lfsr & 1:
            _constant ^= 1 << ((1 << _j) - 1)
        _lfsr = (_lfsr << 1) ^ (0x171 if _lfsr & 0x80 else 0)
    ROUND_CONSTANTS.append(_constant)


def rotate(lane, by):
    by %= 64
    return (lane << by | lane >> (64 - by)) & (2**64 - 1)


def keccak(state):
    lanes = [[int.from_bytes(state[8 * (x + 5 * y) :][:8], "little") for y in range(5)] for x in range(5)]
    for constant in ROUND_CONSTANTS:
        c = [lanes[x][0] ^ lanes[x][1] ^ lanes[x][2] ^ lanes[x][3] ^ lanes[x][4] for x in range(5)]
        d = [c[x - 1] ^ rotate(c[(x + 1) % 5], 1) for x in range(5)]
        lanes = [[lanes[x][y] ^ d[x] for y in range(5)] for x in range(5)]
        x, y, current = 1, 0, lanes[1][0]
        for t in range(24):
            x, y = y, (2 * x + 3 * y) % 5
            current, lanes[x][y] = lanes[x][y], rotate(current, (t + 1) * (t + 2) // 2)
        for y in range(5):
            row = [lanes[x][y] for x in range(5)]
            for x in range(5):
                lanes[x][y] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5])
        lanes[0][0] ^= constant
    return bytearray(b"".join(lanes[x][y].to_bytes(8, "little") for y in range(5) for x in range(5)))


class Transcript:
    RATE = 166

    def __init__(self, label):
        self.state = keccak(bytes([1, self.RATE + 2, 1, 0, 1, 96]) + b"STROBEv1.0.2" + bytes(182))
        self.position, self.begin = 0, 0
        self.meta(b"Merlin v1.0", False)
        self.append(b"dom-sep", label)

    def run(self):
        self.state[self.position] ^= self.begin
        self.state[self.position + 1] ^= 4
        self.state[self.RATE + 1] ^= 0x80
        self.state = keccak(self.state)
        self.position = self.begin = 0

    def absorb(self, data):
        for byte in data:
            self.state[self.position] ^= byte
            self.position += 1
            if self.position == self.RATE:
                self.run()

    def operation(self, flags):
        old, self.begin = self.begin, self.position + 1
        self.absorb(bytes([old, flags]))
        if flags & 0x24 and self.position:
            self.run()

    def meta(self, data, more):
        if not more:
            self.operation(0x12)
        self.absorb(data)

    def append(self, label, message):
        self.meta(label, False)
        self.meta(len(message).to_bytes(4, "little"), True)
        self.operation(0x02)
        self.absorb(message)

    def challenge_bytes(self, label, count):
        self.meta(label, False)
        self.meta(count.to_bytes(4, "little"), True)
        self.operation(0x07)
        out = bytearray()
        for _ in range(count):
            out.append(self.state[self.position])
            self.state[self.position] = 0
            self.position += 1
            if self.position == self.RATE:
                self.run()
        return bytes(out)

    def challenge(self, label):
        return scalar_of(self.challenge_bytes(label, 64))


# --- the project's encodings -------------------------------------------------------------------------


def enc(label, *fields):
    label = b"parclose/v1/" + label.encode()
    return bytes([len(label)]) + label + b"".join(len(f).to_bytes(4, "big") + f for f in fields)


def h(label, *fields):
    return hashlib.sha256(enc(label, *fields)).digest()


def kdf(key, length, label, *fields):
    info, out, block, number = enc(label, *fields), b"", b"", 1
    while len(out) < length:
        block = hmac.new(key, block + info + bytes([number]), hashlib.sha256).digest()
        out, number = out + block, number + 1
    return out[:length]


def u32(number):
    return number.to_bytes(4, "big")


def u64(number):
    return number.to_bytes(8, "big")


def vec(*entries):
    """A list in borsh, of entries that are encoded already."""
    return len(entries).to_bytes(4, "little") + b"".join(entries)


def sized(data):
    """A list of bytes in borsh."""
    return len(data).to_bytes(4, "little") + data


H_B = from_uniform(hashlib.sha3_512(BASEPOINT.encode()).digest())


def value_base(asset):
    return from_uniform(hashlib.sha512(enc("asset", asset)).digest())


def blinding(asset, value, field_key):
    return scalar_of(kdf(field_key, 64, "blind", asset, value.to_bytes(8, "little")))


# --- proofs ------------------------------------------------------------------------------------------

BITS = 64


def draws(name):
    """Scalars that only this vector uses."""
    number = 0
    while True:
        yield scalar_of(hashlib.sha512(f"{name}/{number}".encode()).digest())
        number += 1


def chain(letter, party):
    wide = hashlib.shake_256(b"GeneratorsChain" + letter + party.to_bytes(4, "little")).digest(64 * BITS)
    return [from_uniform(wide[64 * i :][:64]) for i in range(BITS)]


def generators(letter, amounts, cache={}):
    for party in range(amounts):
        if (letter, party) not in cache:
            cache[letter, party] = chain(letter, party)
    return [point for party in range(amounts) for point in cache[letter, party]]


def combine(scalars, points):
    """The sum of the multiples; all of them double together."""
    terms, total = [(scalar % L, point) for scalar, point in zip(scalars, points, strict=True)], IDENTITY
    for bit in reversed(range(max(scalar.bit_length() for scalar, _ in terms))):
        total = total + total
        for scalar, point in terms:
            if scalar >> bit & 1:
                total = total + point
    return total


def inner(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True)) % L


def range_transcript(asset, statement):
    transcript = Transcript(b"parclose/v1/rangeproof")
    transcript.append(b"statement", statement)
    transcript.append(b"engine", bytes([1]))
    transcript.append(b"value-base", value_base(asset).encode())
    transcript.append(b"blinding-base", H_B.encode())
    return transcript


def prove_range(transcript, base, values, blindings, draw):
    """An aggregated Bulletproof (section 4.2 of the paper) in the transcript of the crate `bulletproofs`."""
    m, n = len(values), len(values) * BITS
    g, hs = generators(b"G", m), generators(b"H", m)
    transcript.append(b"dom-sep", b"rangeproof v1")
    transcript.append(b"n", BITS.to_bytes(8, "little"))
    transcript.append(b"m", m.to_bytes(8, "little"))
    for value, r in zip(values, blindings):
        transcript.append(b"V", (base * value + H_B * r).encode())
    bits = [value >> i & 1 for value in values for i in range(BITS)]
    a_l, a_r = bits, [(bit - 1) % L for bit in bits]
    alpha, rho = next(draw), next(draw)
    s_l, s_r = [next(draw) for _ in range(n)], [next(draw) for _ in range(n)]
    point_a = H_B * alpha + combine(a_l, g) + combine(a_r, hs)
    point_s = H_B * rho + combine(s_l, g) + combine(s_r, hs)
    transcript.append(b"A", point_a.encode())
    transcript.append(b"S", point_s.encode())
    y, z = transcript.challenge(b"y"), transcript.challenge(b"z")
    y_powers = [pow(y, i, L) for i in range(n)]
    weights = [pow(z, 2 + i // BITS, L) * 2 ** (i % BITS) % L for i in range(n)]
    l0, l1 = [(x - z) % L for x in a_l], s_l
    r0 = [(yi * (x + z) + w) % L for yi, x, w in zip(y_powers, a_r, weights)]
    r1 = [yi * x % L for yi, x in zip(y_powers, s_r)]
    t1, t2 = (inner(l0, r1) + inner(l1, r0)) % L, inner(l1, r1)
    tau1, tau2 = next(draw), next(draw)
    points_t = [base * t1 + H_B * tau1, base * t2 + H_B * tau2]
    transcript.append(b"T_1", points_t[0].encode())
    transcript.append(b"T_2", points_t[1].encode())
    x = transcript.challenge(b"x")
    l = [(a + b * x) % L for a, b in zip(l0, l1)]
    r = [(a + b * x) % L for a, b in zip(r0, r1)]
    t = inner(l, r)
    t_blinding = (tau2 * x * x + tau1 * x + sum(pow(z, 2 + j, L) * b for j, b in enumerate(blindings))) % L
    e_blinding = (alpha + rho * x) % L
    for label, scalar in [(b"t_x", t), (b"t_x_blinding", t_blinding), (b"e_blinding", e_blinding)]:
        transcript.append(label, scalar_bytes(scalar))
    w = transcript.challenge(b"w")
    q = base * w
    hs = [point * pow(y, -i, L) for i, point in enumerate(hs)]
    transcript.append(b"dom-sep", b"ipp v1")
    transcript.append(b"n", n.to_bytes(8, "little"))
    rounds = []
    while len(l) > 1:
        half = len(l) // 2
        (l_1, l_2), (r_1, r_2) = (l[:half], l[half:]), (r[:half], r[half:])
        (g_1, g_2), (h_1, h_2) = (g[:half], g[half:]), (hs[:half], hs[half:])
        left = combine(l_1, g_2) + combine(r_2, h_1) + q * inner(l_1, r_2)
        right = combine(l_2, g_1) + combine(r_1, h_2) + q * inner(l_2, r_1)
        transcript.append(b"L", left.encode())
        transcript.append(b"R", right.encode())
        u = transcript.challenge(b"u")
        inverse = pow(u, -1, L)
        rounds += [left, right]
        l = [(a * u + b * inverse) % L for a, b in zip(l_1, l_2)]
        r = [(a * inverse + b * u) % L for a, b in zip(r_1, r_2)]
        g = [combine([inverse, u], pair) for pair in zip(g_1, g_2)]
        hs = [combine([u, inverse], pair) for pair in zip(h_1, h_2)]
    parts = [point_a, point_s, *points_t]
    middle = [scalar_bytes(s) for s in (t, t_blinding, e_blinding)]
    return b"".join([p.encode() for p in parts] + middle + [p.encode() for p in rounds] + [scalar_bytes(l[0]), scalar_bytes(r[0])])


def prove_amounts(asset, statement, made, draw):
    """One range proof over all of them, filled up to a power of two."""
    pad = [0] * ((1 << (len(made) - 1).bit_length()) - len(made))
    values, blindings = ([one[name] for one in made] + pad for name in ("value", "r"))
    return prove_range(range_transcript(asset, statement), value_base(asset), values, blindings, draw)


def prove_balance(statement, rho, draw):
    transcript = Transcript(b"parclose/v1/balance")
    transcript.append(b"statement", statement)
    transcript.append(b"excess", (H_B * rho).encode())
    k = next(draw)
    nonce = (H_B * k).encode()
    transcript.append(b"nonce", nonce)
    return nonce + scalar_bytes(k + transcript.challenge(b"challenge") * rho)


# --- vectors -----------------------------------------------------------------------------------------


def self_test():
    """Published answers for what is written out above."""
    assert (BASEPOINT + BASEPOINT).encode().hex() == "6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919"
    t = Transcript(b"test protocol")
    t.append(b"some label", b"some data")
    assert t.challenge_bytes(b"challenge", 32).hex() == "d5a21972d0d5fe320c0d263fac7fffb8145aa640af6e9bca177c03c7efcf0615"
    wide = bytes.fromhex(
        "5d1be09e3d0c82fc538112490e35701979d99e06ca3e2b5b54bffe8b4dc772c1"
        "4d98b696a1bbfb5ca32c436cc61c16563790306c79eaca7705668b47dffe5bb6"
    )
    assert from_uniform(wide).encode().hex() == "3066f82a1a747d45120d1740f14358531a8f04bbffe6a819f86dfe50f44a0a46"


def note(asset, given):
    field_key, owner_seed = bytes.fromhex(given["field_key"]), bytes.fromhex(given["owner_seed"])
    signer = Ed25519PrivateKey.from_private_bytes(owner_seed)
    owner = signer.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    r = blinding(asset, given["value"], field_key)
    blind = kdf(field_key, 32, "owner-blind")
    commitment = (value_base(asset) * given["value"] + H_B * r).encode()
    made = {"signer": signer, "r": r, "value": given["value"], "owner": owner, "blind": blind}
    return made | {"commitment": commitment, "owner_commitment": h("owner", owner, blind)}


def public(note, given):
    names = ["owner", "blind", "commitment", "owner_commitment"]
    return given | {"blinding": scalar_bytes(note["r"]).hex()} | {name: note[name].hex() for name in names}


def note_output(note, given):
    return note["commitment"] + note["owner_commitment"] + bytes.fromhex(given["leaf"])


def obligation_output(note, given):
    return bytes.fromhex(given["payer"]) + bytes.fromhex(given["payee"]) + note_output(note, given)


def obligation_id(given, made, note):
    """The id of an obligation in the transaction, and at the place, of which `made` tells."""
    channel, transaction, asset = (bytes.fromhex(given[name]) for name in ("channel", "transaction", "asset"))
    parties = [bytes.fromhex(made[name]) for name in ("payer", "payee")]
    transaction = bytes.fromhex(made.get("transaction", given["transaction"]))
    return h("obligation", channel, transaction, u32(made["index"]), asset, u32(given["day"]), *parties, note["commitment"], note["owner_commitment"])


def ends(given):
    """The fields that stand first, and those that stand last, in the statement of every operation."""
    channel, asset, salt, context = (bytes.fromhex(given[name]) for name in ("channel", "asset", "salt_digest", "context"))
    return [channel, u64(given["generation"]), asset], [salt, u64(given["expiry"]), context]


def operation(name, given):
    channel, asset = bytes.fromhex(given["channel"]), bytes.fromhex(given["asset"])
    draw = draws(name)
    spent = [note(asset, one) for one in given["inputs"]]
    made = [note(asset, one) for one in given["outputs"]]
    inputs = [bytes.fromhex(one["note"]) + n["owner"] + n["blind"] for one, n in zip(given["inputs"], spent)]
    outputs = [note_output(n, one) for one, n in zip(given["outputs"], made)]
    (begin, end), lists = ends(given), [b"".join(inputs), b"".join(outputs)]
    proven = list(made)
    kind = given["kind"]
    out = dict(given)
    if kind == "transfer":
        parts = [*begin, *lists, u64(0), *end]
    elif kind == "issue":
        parts = [*begin, lists[1], *end]
    elif kind == "discharge":
        debt = given["obligation"]
        owed = note(asset, debt)
        paid = obligation_id(given, debt, owed)
        assert note_output(owed, debt) == outputs[0], "the first note is the one that was owed"
        parts = [*begin, paid, *lists, *end]
        out["obligation"] = public(owed, debt) | {"id": paid.hex()}
    else:
        leaving = given["redeemed"]
        redeemed = note(asset, leaving | {"owner_seed": "00" * 32})
        parts = [*begin, *lists, redeemed["commitment"] + bytes.fromhex(leaving["leaf"]), *end]
        proven.append(redeemed)
        out["redeemed"] = leaving | {"commitment": redeemed["commitment"].hex()}
    label = {"transfer": "transfer-stmt", "issue": "issue-stmt", "redemption": "redeem-stmt", "discharge": "discharge-stmt"}[kind]
    statement = h(label, *parts)
    out["inputs"] = [public(n, one) for n, one in zip(spent, given["inputs"])]
    out["outputs"] = [public(n, one) for n, one in zip(made, given["outputs"])]
    out["value_base"], out["blinding_base"] = value_base(asset).encode().hex(), H_B.encode().hex()
    out["statement"] = statement.hex()
    range_proof = prove_amounts(asset, statement, proven, draw)
    out["range"] = range_proof.hex()
    wire = asset
    if kind != "issue":
        wire += vec(*inputs)
    wire += vec(*outputs)
    if kind == "redemption":
        wire += redeemed["commitment"] + bytes.fromhex(leaving["leaf"])
    wire += sized(range_proof)
    if kind != "issue":
        rho = sum(n["r"] for n in spent) - sum(n["r"] for n in proven)
        assert sum(n["value"] for n in spent) == sum(n["value"] for n in proven)
        balance = prove_balance(statement, rho % L, draw)
        signatures = [n["signer"].sign(statement) for n in spent]
        out["balance"], out["signatures"] = balance.hex(), [s.hex() for s in signatures]
        wire += balance + vec(*signatures)
    if kind in ("issue", "redemption"):
        issuer = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(given["issuer_seed"]))
        out["issuer"] = issuer.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
        out["issuer_signature"] = issuer.sign(statement).hex()
        wire += issuer.sign(statement)
    if kind == "discharge":
        wire = paid + wire
    out["wire"] = wire.hex()
    transaction = bytes.fromhex(given["transaction"])
    ids = [h("note", channel, transaction, u32(i), n["commitment"], n["owner_commitment"]) for i, n in enumerate(made)]
    out["notes"] = [one.hex() for one in ids]
    return out


def net_of(member, entries):
    """Of one number of each obligation: the sum of what is owed to the member, less that of what it owes."""
    return sum(number * ((one["payee"] == member) - (one["payer"] == member)) for one, number in entries)


def debts(name, given):
    """What makes obligations: of nothing, or of others that it takes."""
    asset, draw, netting = bytes.fromhex(given["asset"]), draws(name), given["kind"] == "net"
    taken = [(one, note(asset, one)) for one in given.get("inputs", [])]
    taken = sorted([(obligation_id(given, one, n), one, n) for one, n in taken], key=lambda entry: entry[0])
    made = [(one, note(asset, one)) for one in given["outputs"]]
    ids, outputs = [entry[0] for entry in taken], [obligation_output(n, one) for one, n in made]
    begin, end = ends(given)
    lists = [b"".join(ids), b"".join(outputs)] if netting else [b"".join(outputs)]
    statement = h("net-stmt" if netting else "oblige-stmt", *begin, u32(given["day"]), *lists, *end)
    out = dict(given)
    if netting:
        out["inputs"] = [public(n, one) | {"id": one_id.hex()} for one_id, one, n in taken]
    out["outputs"] = [public(n, one) for one, n in made]
    out["value_base"], out["blinding_base"] = value_base(asset).encode().hex(), H_B.encode().hex()
    out["statement"] = statement.hex()
    chunks = [[n for _, n in made[i : i + 8]] for i in range(0, len(made), 8)]
    ranges = [prove_amounts(asset, statement, chunk, draw) for chunk in chunks]
    wire = asset + given["day"].to_bytes(4, "little")
    if netting:
        out["ranges"], out["balances"], balances = [one.hex() for one in ranges], {}, []
        everything = [(one, n, 1) for _, one, n in taken] + [(one, n, -1) for one, n in made]
        for member in sorted({one[party] for one, _, _ in everything for party in ("payer", "payee")}):
            assert net_of(member, [(one, sign * n["value"]) for one, n, sign in everything]) == 0
            rho = net_of(member, [(one, sign * n["r"]) for one, n, sign in everything])
            balances.append(prove_balance(statement, rho % L, draw))
            out["balances"][member] = balances[-1].hex()
        wire += vec(*ids) + vec(*outputs) + vec(*map(sized, ranges)) + vec(*balances)
    else:
        out["range"] = ranges[0].hex()
        wire += vec(*outputs) + sized(ranges[0])
    out["wire"] = wire.hex()
    out["obligations"] = [obligation_id(given, one | {"index": i}, n).hex() for i, (one, n) in enumerate(made)]
    return out


def sum_between(name, given):
    """What is said of a sum of amounts, and its proof: what it is above the one bound, then what it is below the other."""
    asset, draw, bounds = bytes.fromhex(given["asset"]), draws(name), given["bounds"]
    opened = [(one["value"], blinding(asset, one["value"], bytes.fromhex(one["field_key"]))) for one in given["amounts"]]
    out, entries = dict(given), []
    out["amounts"] = []
    for one, (value, r) in zip(given["amounts"], opened):
        commitment = (value_base(asset) * value + H_B * r).encode()
        entries.append(bytes.fromhex(one["transaction"]) + u32(one["operation"]) + u32(one["field"]) + bytes.fromhex(one["leaf"]) + commitment)
        out["amounts"].append(one | {"commitment": commitment.hex()})
    least, most = bounds.get("least"), bounds.get("most")
    kind = 2 if least is not None and most is not None else 1 if least is None else 0
    said = bytes([kind]) + u64(least or 0) + u64(most or 0)
    network, tag = bytes.fromhex(given["network"]), bytes.fromhex(given["tag"])
    statement = h("disclose-stmt", network, tag, asset, said, b"".join(entries), given["purpose"].encode())
    total, r = sum(value for value, _ in opened), sum(r for _, r in opened) % L
    shown = [{"value": total - least, "r": r}] if least is not None else []
    shown += [{"value": most - total, "r": -r % L}] if most is not None else []
    assert all(0 <= one["value"] < 2**64 for one in shown)
    out["statement"], out["proof"] = statement.hex(), prove_amounts(asset, statement, shown, draw).hex()
    return out


def given():
    def new(value, key, owner, leaf):
        return {"value": value, "field_key": key, "owner_seed": f"{owner:02x}" * 32, "leaf": f"{leaf:02x}" * 32}

    def old(value, key, owner, name):
        return {"value": value, "field_key": key, "owner_seed": f"{owner:02x}" * 32, "note": f"{name:02x}" * 32}

    def owes(payer, payee, value, key, owner, leaf):
        return {"payer": members[payer], "payee": members[payee]} | new(value, key * 32, owner, leaf)

    def owed(transaction, index, *obligation):
        return owes(*obligation) | {"transaction": transaction * 32, "index": index}

    # In ascending order c, a, b, d; read from the other end it would be d, b, a, c.
    members = {"a": "20" + "ee" * 30 + "03", "b": "a0" + "ee" * 30 + "02", "c": "01" + "ee" * 30 + "04", "d": "ff" + "ee" * 30 + "01"}
    # The field key and the amount of the design's vector, 001-design.json.
    design = "00fe3fba5df3dbc7c977347b48dcbacfa5bd9e7875d1dfe6dfc204cd91c94604"
    common = {"channel": "c0" * 32, "generation": 7, "asset": "11" * 32, "salt_digest": "5b" * 32, "expiry": 4096, "context": "c7" * 32, "transaction": "d1" * 32}
    top = 2**64 - 1
    stated = {"kind": "statement", "network": "4e" * 32, "tag": "7a" * 32, "asset": "11" * 32}

    def amount(transaction, operation, value, key):
        return {"transaction": transaction * 32, "operation": operation, "field": 1, "leaf": key * 32, "value": value, "field_key": key * 32}

    return {
        "001-one-note": common | {"kind": "transfer", "inputs": [old(1000, design, 1, 0xA1)], "outputs": [new(1000, "61" * 32, 2, 0xF1)]},
        "002-two-in-three-out": common | {
            "kind": "transfer", "generation": top, "expiry": 0,
            "inputs": [old(top, "31" * 32, 1, 0xA1), old(1, "32" * 32, 2, 0xA2)],
            "outputs": [new(top, "41" * 32, 3, 0xF1), new(0, "42" * 32, 4, 0xF2), new(1, "43" * 32, 5, 0xF3)],
        },
        "003-issue": common | {"kind": "issue", "inputs": [], "issuer_seed": "99" * 32, "outputs": [new(500, "51" * 32, 1, 0xF1), new(700, "52" * 32, 2, 0xF2)]},
        "004-redemption": common | {
            "kind": "redemption", "issuer_seed": "99" * 32, "inputs": [old(500, "51" * 32, 1, 0xA1)],
            "outputs": [new(200, "71" * 32, 3, 0xF1)], "redeemed": {"value": 300, "field_key": "72" * 32, "leaf": "f2" * 32},
        },
        "005-oblige": common | {
            "kind": "oblige", "day": 20454,
            "outputs": [owes("a", "b", top, "81", 2, 0xF1), owes("a", "c", 0, "82", 3, 0xF2), owes("a", "b", 1, "83", 2, 0xF3)],
        },
        # a owes 2^64 + 7 in sum, c is owed as much, b nothing either way.
        "006-net": common | {
            "kind": "net", "day": 2**32 - 1,
            "inputs": [
                owed("d1", 0, "a", "b", top, "81", 2, 0xE1), owed("d1", 1, "a", "b", 10, "82", 2, 0xE2), owed("d2", 0, "b", "c", top, "83", 3, 0xE3),
                owed("d2", 1, "b", "c", 10, "84", 3, 0xE4), owed("d3", 2**32 - 1, "c", "a", 2, "85", 1, 0xE5),
            ],
            "outputs": [owes("a", "c", top, "91", 3, 0xF1), owes("a", "c", 8, "92", 3, 0xF2)],
        },
        "007-discharge": common | {
            "kind": "discharge", "day": 0, "obligation": owed("d4", 3, "a", "b", 900, "a1", 2, 0xF1),
            "inputs": [old(600, "a2" * 32, 1, 0xA1), old(400, "a3" * 32, 4, 0xA2)],
            "outputs": [new(900, "a1" * 32, 2, 0xF1), new(100, "a4" * 32, 5, 0xF2)],
        },
        # Eight and two in two proofs; d is in nothing that is taken, and so is owed nothing.
        "008-net-in-two-proofs": common | {
            "kind": "net", "day": 0, "inputs": [owed("d5", 0, "a", "b", 28, "b1", 2, 0xE1), owed("d5", 1, "a", "c", 8, "b2", 3, 0xE2)],
            "outputs": [owes("a", "b", i, f"c{i}", 2, 0xF0 + i) for i in range(8)] + [owes("a", "c", 8, "c8", 3, 0xF8), owes("a", "d", 0, "c9", 4, 0xF9)],
        },
        "009-at-least": stated | {"bounds": {"least": 2**64 - 1}, "purpose": "", "amounts": [amount("d1", 0, top, "31")]},
        "010-at-most": stated | {"bounds": {"most": 0}, "purpose": "nothing is left", "amounts": [amount("d1", 1, 0, "42")]},
        "011-between": stated | {
            "bounds": {"least": 1000, "most": top}, "purpose": "a loan of July 2026, für Müller & Söhne",
            "amounts": [amount("d1", 0, 700, "52"), amount("d1", 3, 500, "51"), amount("d2", 0, 300, "72")],
        },
    }


def main():
    self_test()
    wrong = 0
    for name, inputs in given().items():
        made = {"oblige": debts, "net": debts, "statement": sum_between}.get(inputs["kind"], operation)
        text = json.dumps(made(name, inputs), indent=1) + "\n"
        path = FOLDER / f"{name}.json"
        if "--check" not in sys.argv:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            print(f"{path.name}: differs", file=sys.stderr)
            wrong = 1
    sys.exit(wrong)


if __name__ == "__main__":
    main()
