//! What the suite does to a consortium: decide on another definition, and turn over to it.

use parclose_root::{Certificate, RootTransaction};
use parclose_transaction::{Act, ActDraft, Change, DefinitionTexts, Motion, SignedTransaction};
use parclose_types::{Failure, Height};

use crate::world::Making;

const MADE: &str = "an honest consortium meets no refusal";
/// Heights ahead that a rotation may be ordered.
const WINDOW: u64 = 64;

impl Making {
    /// What the first member hears about a transaction for the next height; the rule if it is refused.
    pub(crate) fn advise(&mut self, signed: &SignedTransaction) -> Result<(), &'static str> {
        let height = self.next();
        match self.members[0].advise(signed, height) {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(reject)) => Err(reject.rule()),
            Err(_) => Err("the store fails"),
        }
    }

    /// The first moves that the channel have these texts, and the second approves.
    pub(crate) fn redefine(&mut self, texts: DefinitionTexts) {
        let motion = Motion { changes: vec![Change::Redefine(Box::new(texts))], blinder: [6; 32] };
        let motion = self.act(0, Act::Move(motion));
        self.act(1, Act::Vote { motion: motion.digest(), approve: true });
    }

    fn act(&mut self, at: usize, act: Act) -> SignedTransaction {
        let height = self.next();
        let draft = ActDraft { act, wraps: Vec::new(), expiry: Height(height.0 + 50) };
        let member = &self.members[at];
        let sealed = draft.seal(&member.desk(height), &mut self.rng);
        let signed = sealed.sign(member.pseudonym()).expect(MADE);
        self.anchored_by(at, std::slice::from_ref(&signed));
        signed
    }

    /// Everybody does what is due until nothing is left, then the rotation is ordered; the height of that.
    pub(crate) fn turn_over(&mut self) -> Height {
        self.rest();
        let head = self.root.head().height;
        let statement = self.members[0].rotation(head, WINDOW).expect("a rotation is decided and dealt");
        let signed: Vec<_> = self
            .members
            .iter()
            .map(|member| member.sign_rotation(&statement, head, WINDOW).expect(MADE))
            .collect();
        let current: Vec<_> = signed.iter().map(|signed| signed.current).collect();
        let next: Vec<_> = signed.iter().filter_map(|signed| signed.next).collect();
        let certificate = Certificate::assemble(self.members[0].endorsers(), &current).expect(MADE);
        let next = Certificate::assemble(&statement.next, &next).expect(MADE);
        let height = self.next();
        self.order(RootTransaction::Rotate(statement.rotate(certificate, next)));
        self.rest();
        self.deal();
        height
    }

    fn rest(&mut self) {
        for _ in 0..8 {
            let mut quiet = true;
            for at in 0..self.members.len() {
                let head = self.root.head().height;
                let due = self.members[at].upkeep(head, &mut self.rng).expect(MADE);
                quiet &= due.is_empty();
                if !due.is_empty() {
                    self.acts(at, due);
                }
            }
            if quiet {
                return;
            }
        }
    }

    /// The first height of the generation in force.
    pub(crate) fn term_start(&self) -> Height {
        self.members[0].terms().last().map_or(Height(0), |term| term.start)
    }
}
