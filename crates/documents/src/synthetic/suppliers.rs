//! Invented suppliers, with shares that fall like one over the rank.

use super::chance::Chance;
use crate::identifiers::Lei;

const FOUNDERS: [&str; 24] = [
    "Müller",
    "Łukasz",
    "Brontë",
    "Çelik",
    "O'Dowd",
    "Novák",
    "Ångström",
    "Søndergaard",
    "Hartwig",
    "Pereira",
    "Ünal",
    "Weiß",
    "Kovács",
    "Dvořák",
    "Lefèvre",
    "Ibáñez",
    "Rossi",
    "Žižka",
    "Baker",
    "Van den Berg",
    "Jørgensen",
    "Μακρής",
    "山田",
    "Ștefan",
];
const TRADES: [&str; 16] = [
    "Stahlbau",
    "Logistics",
    "Elektrotechnik",
    "Papier",
    "Packaging",
    "Hydraulik",
    "Software",
    "Catering",
    "Gebäudereinigung",
    "Chemie",
    "Tools",
    "Energie",
    "Prüftechnik",
    "Transporte",
    "Textiles",
    "Gießerei",
];
const FORMS: [&str; 8] = ["GmbH", "Ltd", "S.A.", "AG", "& Sons, Ltd", "sp. z o.o.", ", Inc.", "KG"];

/// Documents to one supplier on average; the largest get far more.
const DOCUMENTS_PER_SUPPLIER: usize = 9;
const SUPPLIERS_MAX: usize = 5_000;

#[derive(Debug)]
pub(super) struct Supplier {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) lei: Lei,
    style: u32,
}

impl Supplier {
    /// Different for every count; suppliers number in different ways, and so may coincide.
    pub(super) fn invoice_number(&self, count: u32) -> String {
        match self.style {
            0 => format!("INV-{count:06}"),
            1 => format!("2025/{count:05}"),
            2 => format!("R{count}"),
            3 => format!("01JAN-28JAN {count}"),
            _ => format!("{}", 40_000 + u64::from(count)),
        }
    }
}

#[derive(Debug)]
pub(super) struct Suppliers {
    list: Vec<Supplier>,
    /// running sums of the shares; ends with their total
    shares: Vec<u64>,
}

impl Suppliers {
    pub(super) fn draw(chance: &mut Chance, documents: usize) -> Self {
        let number = (documents / DOCUMENTS_PER_SUPPLIER).clamp(8, SUPPLIERS_MAX);
        let list = (1..=number).map(|rank| supplier(chance, rank)).collect();
        let share = |sum: &mut u64, rank: u64| {
            *sum += 1_000_000_000 / rank;
            Some(*sum)
        };
        Self { list, shares: (1..).take(number).scan(0, share).collect() }
    }

    pub(super) const fn len(&self) -> usize {
        self.list.len()
    }

    pub(super) fn get(&self, at: usize) -> &Supplier {
        &self.list[at]
    }

    /// The index of a supplier, by share.
    pub(super) fn pick(&self, chance: &mut Chance) -> usize {
        let total = self.shares.last().copied().expect("at least eight suppliers");
        let drawn = chance.below_u64(total);
        self.shares.partition_point(|sum| *sum <= drawn)
    }
}

fn supplier(chance: &mut Chance, rank: usize) -> Supplier {
    let (founder, trade, form) = (chance.one_of(&FOUNDERS), chance.one_of(&TRADES), chance.one_of(&FORMS));
    let gap = if form.starts_with(',') { "" } else { " " };
    Supplier {
        id: format!("V{:05}", 10_000 + rank),
        name: format!("{founder} {trade}{gap}{form}"),
        lei: Lei::make(&format!("00PARCLOSE{rank:08}")).expect("18 characters of `A-Z0-9`"),
        style: chance.below(5),
    }
}
