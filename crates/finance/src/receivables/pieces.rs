//! The pieces of one invoice: its own lines.

use std::cmp::Reverse;

use parclose_documents::Document;
use serde::Serialize;

use crate::amount;
use crate::refused::Refused;
use crate::split::{SplitLimits, by_parts, shares};

/// A part of the face, and the lines that it is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Piece {
    /// indexes into the lines of the document, ascending; those of credits are in no piece
    pub lines: Vec<usize>,
    /// minor units, at least 1
    pub amount_minor: u64,
}

/// Splits the total of a document over its lines.
///
/// A credit inside an invoice names no line that it corrects, so that it lowers all of them alike.
///
/// # Rules
///
/// > FIN-41: the face is shared by the lines above zero, so that lines below zero lower every piece in proportion; if there are more than the policy allows, or smaller ones, the largest shares that it allows stand alone, of equal ones the first, and all others are one last piece, which joins the largest where it is too small itself.
pub(super) fn of(document: &Document, limits: SplitLimits) -> Result<Vec<Piece>, Refused> {
    let above: Vec<(usize, u64)> = document
        .lines
        .iter()
        .enumerate()
        .filter_map(|(at, line)| Some((at, u64::try_from(line.amount_minor).ok().filter(|it| *it > 0)?)))
        .collect();
    let weights: Vec<u64> = above.iter().map(|(_, weight)| *weight).collect();
    let shares = shares(document.total_minor, &weights)?;
    let lines = above.into_iter().map(|(at, _)| at);
    let single: Vec<Piece> =
        lines.zip(shares).map(|(at, amount_minor)| Piece { lines: vec![at], amount_minor }).collect();
    // An invoice below the least piece is one piece all the same.
    let limits = SplitLimits {
        piece_minor_min: limits.piece_minor_min.clamp(1, document.total_minor.max(1)),
        pieces_max: limits.pieces_max.max(1),
    };
    let pieces = gather(single, limits)?;
    let parts: Vec<u64> = pieces.iter().map(|piece| piece.amount_minor).collect();
    by_parts(document.total_minor, &parts, limits)?;
    Ok(pieces)
}

/// Brings pieces within limits.
fn gather(single: Vec<Piece>, limits: SplitLimits) -> Result<Vec<Piece>, Refused> {
    let is_large = |piece: &Piece| piece.amount_minor >= limits.piece_minor_min;
    if single.len() <= limits.pieces_max && single.iter().all(is_large) {
        return Ok(single);
    }
    let mut order: Vec<usize> = (0..single.len()).collect();
    order.sort_by_key(|at| single.get(*at).map(|piece| (Reverse(piece.amount_minor), *at)));
    let large = order.into_iter().filter(|at| single.get(*at).is_some_and(is_large));
    let alone: Vec<usize> = large.take(limits.pieces_max.saturating_sub(1)).collect();
    let (mut kept, mut others) = (Vec::new(), Vec::new());
    for (at, piece) in single.into_iter().enumerate() {
        if alone.contains(&at) { kept.push(piece) } else { others.push(piece) }
    }
    let rest = join(others)?;
    if is_large(&rest) {
        kept.push(rest);
        return Ok(kept);
    }
    // The first of the largest; with none, the rest is all there is.
    let largest = kept.iter().map(|piece| piece.amount_minor).max();
    match kept.iter_mut().find(|piece| Some(piece.amount_minor) == largest) {
        Some(piece) => *piece = join(vec![piece.clone(), rest])?,
        None => kept.push(rest),
    }
    Ok(kept)
}

/// Several pieces as one.
fn join(pieces: Vec<Piece>) -> Result<Piece, Refused> {
    let amount_minor = amount::sum(pieces.iter().map(|piece| piece.amount_minor))?;
    let mut lines: Vec<usize> = pieces.into_iter().flat_map(|piece| piece.lines).collect();
    lines.sort_unstable();
    Ok(Piece { lines, amount_minor })
}
