#!/usr/bin/env python3
"""Makes the files in finance/: what `crates/finance` must compute, from Python's fractions alone.

    arithmetic.json   drawn cases of discounts, late interest, penalties and shares
    real.json         sums, legs, nets, holdings and receivables of the two real data sets

`--check` computes again and compares; real.json only where the data sets are. They are looked for in
`shared/data` beside the repository or above it; `--data FOLDER` names another place. Shares no code with the project.
"""

import csv
import datetime
import json
import random
import sys
from collections import defaultdict
from fractions import Fraction
from pathlib import Path

HERE = Path(__file__).resolve().parent
OUT = HERE / "finance"
CLASSES = [
    ("primary-dealers", "primaryDealerAccepted"),
    ("direct-bidders", "directBidderAccepted"),
    ("indirect-bidders", "indirectBidderAccepted"),
    ("noncompetitive", "noncompetitiveAccepted"),
    ("foreign-authorities", "fimaNoncompetitiveAccepted"),
    ("open-market-account", "somaAccepted"),
]
EU = {
    "liquid-shares": "1.0", "illiquid-shares": "0.5", "growth-market-instruments": "0.25", "public-debt": "0.10",
    "other-debt": "0.20", "growth-market-debt": "0.15", "other-instruments": "0.5",
}
DIGITS = {"EUR": 2, "JPY": 0, "KWD": 3}


def half_up(number):
    """Of a fraction that is not negative."""
    return (2 * number.numerator + number.denominator) // (2 * number.denominator)


def day(number):
    return (datetime.date(2000, 1, 1) + datetime.timedelta(days=number)).isoformat()


def price(face, method, rate, basis, days):
    part = Fraction(rate) * days / basis
    return half_up(Fraction(face) * (1 - part) if method == "simple-discount" else Fraction(face) / (1 + part))


def largest_remainder(whole, weights):
    total = sum(weights)
    exact = [Fraction(whole * weight, total) for weight in weights]
    pieces = [share.numerator // share.denominator for share in exact]
    order = sorted(range(len(weights)), key=lambda at: (pieces[at] - exact[at], at))
    for at in order[: whole - sum(pieces)]:
        pieces[at] += 1
    return pieces


def discounts(draw):
    cases = []
    for number in range(200):
        method = ("simple-discount", "true-yield")[number % 2]
        basis = draw.choice([360, 365])
        face = draw.choice([draw.randrange(1, 200), draw.randrange(1, 10**9), draw.randrange(10**15, 2**63 - 1)])
        rate = f"{draw.randrange(0, 250_000) / 10**6:.6f}"
        days = draw.choice([0, 1, draw.randrange(2, 400), draw.randrange(400, 1400)])
        start = draw.randrange(0, 10_000)
        found = price(face, method, rate, basis, days)
        if found < 1:
            continue
        cases.append({
            "method": method, "basis": str(basis), "rate": rate, "paid": day(start), "due": day(start + days),
            "face_minor": face, "days": days, "price_minor": found, "discount_minor": face - found,
        })
    # Halves: 1/2 and 3/2 minor units of discount; half up is of the price, not of the discount.
    for face, rate, days, basis in [(100, "0.005", 360, 360), (300, "0.005", 360, 360), (100, "0.015", 365, 365)]:
        found = price(face, "simple-discount", rate, basis, days)
        cases.append({
            "method": "simple-discount", "basis": str(basis), "rate": rate, "paid": day(0), "due": day(days),
            "face_minor": face, "days": days, "price_minor": found, "discount_minor": face - found,
        })
    return cases


def arithmetic():
    draw = random.Random(20221126)
    interest, penalties, splits = [], [], []
    for _ in range(60):
        outstanding, days, basis = draw.randrange(0, 10**12), draw.randrange(0, 500), draw.choice([360, 365])
        rate = f"{draw.randrange(0, 300_000) / 10**6:.6f}"
        interest.append({
            "outstanding_minor": outstanding, "rate": rate, "basis": str(basis), "days": days,
            "interest_minor": half_up(Fraction(outstanding) * Fraction(rate) * days / basis),
        })
    for _ in range(60):
        kind, currency = draw.choice(sorted(EU)), draw.choice(sorted(DIGITS))
        quantity, days = draw.randrange(1, 10**9), draw.randrange(0, 60)
        reference = f"{draw.randrange(1, 10**12) / 10**9:.9f}"
        amount = Fraction(EU[kind]) / 10_000 * Fraction(reference) * quantity * days * 10 ** DIGITS[currency]
        penalties.append({
            "kind": kind, "currency": currency, "quantity": quantity, "reference_price": reference, "days": days,
            "penalty_minor": half_up(amount),
        })
    for _ in range(120):
        weights = [draw.choice([0, 1, 2, draw.randrange(1, 10**6), draw.randrange(1, 2**63)])
                   for _ in range(draw.randrange(1, 12))]
        if sum(weights):
            whole = draw.choice([draw.randrange(0, 100), draw.randrange(0, 10**9), draw.randrange(0, 2**63)])
            splits.append({"whole_minor": whole, "weights": weights, "pieces": largest_remainder(whole, weights)})
    return {"discounts": discounts(draw), "interest": interest, "penalties": penalties, "splits": splits}


def net(flows):
    """(from, to, amount) to nets by member."""
    nets = defaultdict(int)
    for giver, taker, amount in flows:
        nets[giver] -= amount
        nets[taker] += amount
    return dict(sorted(nets.items()))


def digest(lines):
    """FNV-1a, 64 bits, over lines that end with a line feed."""
    found = 0xCBF29CE484222325
    for byte in "".join(line + "\n" for line in lines).encode():
        found = (found ^ byte) * 0x100000001B3 % 2**64
    return found


def auctions(folder):
    legs = []
    for row in csv.DictReader(open(folder / "auctions_2008-04_2022-08.csv", encoding="utf-8")):
        for at, (name, column) in enumerate(CLASSES):
            par = int(row[column] or 0)
            if par:
                cash = half_up(Fraction(row["pricePer100"]) * par)
                legs.append((row["issueDate"][:10], row["auctionDate"][:10], row["cusip"], at, name,
                             row["maturityDate"][:10], par, cash))
    legs.sort()
    redeemed = defaultdict(int)
    for settles, _, cusip, at, name, matures, par, _ in legs:
        redeemed[matures, cusip, at, name] += par
    last = legs[-1][0]
    days = sorted({leg[0] for leg in legs} | {key[0] for key in redeemed})
    until = [date for date in days if date <= last]
    # The holdings at the end of 2015 and on the last settlement date.
    holdings = {}
    for at in ["2015-12-31", last]:
        held = defaultdict(int)
        for settles, _, cusip, _, name, matures, par, _ in legs:
            if settles <= at < matures:
                held[cusip, name] += par
        by_class = defaultdict(int)
        for (_, name), par in held.items():
            by_class[name] += par
        holdings[at] = {"positions": len(held), "par": sum(held.values()), "by_class": dict(sorted(by_class.items()))}
    by_date = defaultdict(list)
    gross = defaultdict(int)
    for settles, _, _, _, name, _, _, cash in legs:
        by_date[settles].append((name, "US-TREASURY", cash))
    for (matures, _, _, name), par in redeemed.items():
        by_date[matures].append(("US-TREASURY", name, par * 100))
    for date, flows in by_date.items():
        gross[date] = sum(amount for _, _, amount in flows)
    net_of = {date: sum(v for v in net(by_date[date]).values() if v > 0) for date in until}
    due = defaultdict(int)
    for (matures, _, at, _), par in redeemed.items():
        due[matures, at] += par * 100
    show = "2020-01-31"
    return {
        "legs": len(legs), "par": sum(leg[6] for leg in legs), "cash_minor": sum(leg[7] for leg in legs),
        "order": digest([f"{a}/{c}/{n} {p} {m}" for _, a, c, _, n, _, p, m in legs]),
        "first": [{"legs": n, "par": sum(l[6] for l in legs[:n]), "cash_minor": sum(l[7] for l in legs[:n])}
                  for n in [1, 6, 100, 1000, 5000]],
        "redemptions": len(redeemed), "redemption_dates": len({key[0] for key in redeemed}),
        "redeemed_by_class_and_date": len(due), "redeemed_minor": sum(due.values()),
        "redeemed_until_last_minor": sum(v for (date, _), v in due.items() if date <= last),
        "days": len(days), "days_until_last": len(until), "last": last,
        "gross_until_last_minor": sum(gross[date] for date in until),
        "net_until_last_minor": sum(net_of.values()),
        "day": {"date": show, "gross": gross[show], "net": net_of.get(show),
                "nets": net(by_date[show])},
        "holdings": holdings,
    }


def gather(shares, least, most):
    """(line, amount) to pieces, by the rule FIN-41."""
    if len(shares) <= most and all(amount >= least for _, amount in shares):
        return [([line], amount) for line, amount in shares]
    large = sorted((-amount, at) for at, (_, amount) in enumerate(shares) if amount >= least)
    alone = {at for _, at in large[: most - 1]}
    kept = [([line], amount) for at, (line, amount) in enumerate(shares) if at in alone]
    others = [share for at, share in enumerate(shares) if at not in alone]
    rest = ([line for line, _ in others], sum(amount for _, amount in others))
    if rest[1] >= least or not kept:
        return kept + [rest]
    at = max(range(len(kept)), key=lambda at: (kept[at][1], -at))
    kept[at] = (sorted(kept[at][0] + rest[0]), kept[at][1] + rest[1])
    return kept


def invoices(folder):
    groups = defaultdict(list)
    for path in sorted(folder.glob("*.csv")):
        for row in csv.DictReader(open(path, encoding="utf-8")):
            groups[row["Supplier ID"], row["Invoice Number"]].append((row["Date"], int(Fraction(row["Net Amount"]) * 100)))
    order = sorted((min(date for date, _ in lines), key) for key, lines in groups.items())
    count, minor, price_minor, tier2, pieces, first = defaultdict(int), defaultdict(int), 0, 0, 0, []
    spread = defaultdict(int)
    for number, (due, key) in enumerate(order):
        lines = groups[key]
        face = sum(amount for _, amount in lines)
        above = [(at, amount) for at, (_, amount) in enumerate(lines) if amount > 0]
        shares = largest_remainder(face, [amount for _, amount in above])
        made = gather([(at, share) for (at, _), share in zip(above, shares)], min(1000, face), 8)
        assert sum(amount for _, amount in made) == face
        pieces += len(made)
        spread[len(made)] += 1
        course = {1: "passed-on", 3: "discounted"}.get(number % 4, "held")
        course = "held" if key[1] == "REDACTED PERSONAL DATA" else course
        count[course] += 1
        minor[course] += face
        if course == "passed-on":
            tier2 += max(amount for _, amount in made)
        if course == "discounted":
            price_minor += price(face, "true-yield", "0.06", 365, 20)
    return {
        "receivables": len(order), "face_minor": sum(minor.values()), "pieces": pieces,
        "pieces_of_receivables": {str(k): v for k, v in sorted(spread.items())},
        "count": dict(sorted(count.items())), "minor": dict(sorted(minor.items())),
        "passed_on_minor": tier2, "price_minor": price_minor,
    }


def main():
    check = "--check" in sys.argv
    if "--data" in sys.argv:
        data = Path(sys.argv[sys.argv.index("--data") + 1])
    else:
        data = next((d for d in (p / "shared/data" for p in HERE.parents) if d.is_dir()), None)
    files = {"arithmetic.json": arithmetic()}
    if data:
        files["real.json"] = {
            "auctions": auctions(data / "trades-us-treasury-auctions"),
            "invoices": invoices(data / "invoices-calderdale"),
        }
    else:
        print("skipped: real.json, the data sets are not here", file=sys.stderr)
    for name, value in files.items():
        text = json.dumps(value, indent=1 if name == "real.json" else None).replace("}, {", "},\n{") + "\n"
        if not check:
            (OUT / name).write_text(text)
        elif (OUT / name).read_text() != text:
            sys.exit(f"{name} differs")


main()
