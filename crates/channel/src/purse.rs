//! What this member can spend, and where members are paid, kept at hand: to find it out again for each payment would mean
//! to open every note and every account.
//!
//! Nothing here decides anything: a note that is gone by now is refused when its payment is executed (VAL-13). What
//! was read is forgotten whenever keys or accounts have changed.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use parclose_transaction::NoteState;
use parclose_types::{AssetId, NoteId, RecordId};

use crate::channel::Channel;
use crate::error::ChannelError;
use crate::holdings::{Account, NoteView, OwnNote};
use crate::value::{NoteRow, ValueWritten};

/// A note of this member's, without what it takes to spend it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Coin {
    pub(crate) row: NoteRow,
    pub(crate) value: u64,
    pub(crate) account: RecordId,
}

impl std::fmt::Debug for Coin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Coin({}, ..)", self.row.id)
    }
}

/// What is at hand.
#[derive(Debug, Default)]
pub(crate) struct Purse {
    /// `None` until somebody asks
    coins: Option<BTreeMap<NoteId, Coin>>,
    /// notes that are new since then, and not looked at yet
    fresh: Vec<NoteRow>,
    accounts: Option<Vec<Account>>,
}

impl Purse {
    /// Takes over what an event has done to notes.
    pub(crate) fn follow(&mut self, written: &ValueWritten) {
        let Some(coins) = &mut self.coins else { return };
        for (id, row) in &written.notes {
            match row {
                Some(row) => self.fresh.push(*row),
                None => {
                    coins.remove(id);
                    self.fresh.retain(|fresh| fresh.id != *id);
                }
            }
        }
    }

    /// Keys or accounts have changed: what was out of reach may not be so any more.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }
}

impl Channel {
    fn purse(&self) -> std::sync::MutexGuard<'_, Purse> {
        self.purse.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keys are gone: what was read with them is forgotten.
    pub(crate) fn forget_purse(&mut self) {
        self.purse.get_mut().unwrap_or_else(PoisonError::into_inner).forget();
    }

    /// The notes of an asset that this member can spend.
    pub(crate) fn coins(&self, asset: &AssetId) -> Result<Vec<Coin>, ChannelError> {
        let fresh = {
            let mut purse = self.purse();
            purse.coins.is_some().then(|| std::mem::take(&mut purse.fresh))
        };
        let found = match fresh {
            Some(fresh) if fresh.is_empty() => Vec::new(),
            Some(fresh) => self.own_among(fresh)?,
            None => {
                let mut rows = Vec::new();
                self.store.for_each(&crate::value::NOTES, |_, row| rows.push(row))?;
                self.own_among(rows)?
            }
        };
        let mut purse = self.purse();
        let coins = purse.coins.get_or_insert_with(BTreeMap::new);
        coins.extend(found.into_iter().map(|coin| (coin.row.id, coin)));
        Ok(coins.values().filter(|coin| coin.row.note.asset == *asset).copied().collect())
    }

    fn own_among(&self, rows: Vec<NoteRow>) -> Result<Vec<Coin>, ChannelError> {
        let accounts = self.own_accounts()?;
        let mut last = None;
        let mut own = Vec::new();
        for row in rows {
            let state = self.view_note(self.keys(), &row, &mut last)?;
            if let (Some(account), NoteState::Opened(opened)) = (accounts.paid(&row, &state), &state) {
                own.push(Coin { row, value: opened.value, account });
            }
        }
        Ok(own)
    }

    /// Opens a coin to spend it; `None` if it does not open any more.
    pub(crate) fn open_coin(&self, coin: &Coin) -> Result<Option<OwnNote>, ChannelError> {
        let state = self.view_note(self.keys(), &coin.row, &mut None)?;
        let NoteView { row, state } = NoteView { row: coin.row, state };
        Ok(match state {
            NoteState::Opened(opened) => Some(OwnNote { row, opened, account: coin.account }),
            _ => None,
        })
    }

    /// Where members are paid, read once.
    pub(crate) fn known_accounts(
        &self,
        read: impl FnOnce() -> Result<Vec<Account>, ChannelError>,
    ) -> Result<Vec<Account>, ChannelError> {
        if let Some(known) = &self.purse().accounts {
            return Ok(known.clone());
        }
        let accounts = read()?;
        self.purse().accounts = Some(accounts.clone());
        Ok(accounts)
    }
}

#[cfg(test)]
mod tests;
