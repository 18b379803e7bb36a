//! How members are removed, for attacks around it.

use parclose_transaction::Motion;
use rand_chacha::rand_core::Rng;

use super::*;

/// Ann moves a change, and bob approves.
pub(super) fn decided(stage: &mut Stage, change: Change) -> Result<(), Failed> {
    let mut blinder = [0; 32];
    stage.rng.fill_bytes(&mut blinder);
    let motion = stage.act(TRADE, ANN, Act::Move(Motion { changes: vec![change], blinder }))?.digest();
    stage.act(TRADE, BOB, Act::Vote { motion, approve: true }).map(drop)
}

/// The rotation that was decided, signed by all members.
pub(super) fn rotation(stage: &mut Stage) -> Result<RootTransaction, Failed> {
    let (head, window, of) = (stage.head(), stage.window(), stage.in_room(TRADE));
    let first = stage.side(TRADE, of[0]);
    let statement = first.rotation(head, window).ok_or("a rotation is decided and dealt")?;
    let (mut current, mut next) = (Vec::new(), Vec::new());
    for at in &of {
        let signed = stage.side(TRADE, *at).sign_rotation(&statement, head, window)?;
        current.push(signed.current);
        next.extend(signed.next);
    }
    let certificate = Certificate::assemble(first.endorsers(), &current).ok_or("enough members sign")?;
    let next = Certificate::assemble(&statement.next, &next).ok_or("enough members of the next sign")?;
    Ok(RootTransaction::Rotate(statement.rotate(certificate, next)))
}

/// What is due for a decided rotation is done, then it is ordered and executed.
pub(super) fn rotated(stage: &mut Stage) -> Result<(), Failed> {
    stage.upkeep(TRADE)?;
    let rotation = rotation(stage)?;
    stage.order(rotation)??;
    stage.settle(TRADE)?;
    stage.upkeep(TRADE)
}
