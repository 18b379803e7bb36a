//! View keys: a cover with its scope, as a file or inside a wrap.
//!
//! Wire form, all big-endian: `ver u8 | channel 32 | gen u64 | audience 32 | class u32 | lo u32 |
//! hi u32 | n u8 | n × (depth u8, prefix u32, seed 32)`. Nodes are the canonical cover of
//! `[lo, hi]`, else it is refused (KEY-11). A view key reads; it can sign and spend nothing.

use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_types::{AudienceId, ChannelId, ClassId, Epoch, Failure, Fault, Generation};
use zeroize::Zeroizing;

use crate::cover::{Cover, canonical};
use crate::tree::LeafKey;

const VERSION: u8 = 1;
const HEADER: usize = 1 + 32 + 8 + 32 + 4 + 4 + 4 + 1;
const NODE: usize = 1 + 4 + 32;

/// The power to open one (channel, generation, audience, class) over an epoch interval.
#[derive(Debug)]
pub struct ViewKey {
    /// channel
    pub channel: ChannelId,
    /// generation
    pub generation: Generation,
    /// concrete audience
    pub audience: AudienceId,
    /// class of fields
    pub class: ClassId,
    /// the epochs
    pub cover: Cover,
}

/// Why bytes are not a view key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ViewKeyInvalid {
    /// unknown version, or cut short, or trailing bytes
    #[error("not a view key of a known version")]
    Shape,
    /// nodes are not the canonical cover of the interval
    #[error("the nodes are not the canonical cover of the interval")]
    Cover,
}

impl Failure for ViewKeyInvalid {
    fn code(&self) -> &'static str {
        "VIEW_KEY_INVALID"
    }
    fn rule(&self) -> &'static str {
        "KEY-11"
    }
    fn fault(&self) -> Fault {
        Fault::Sender
    }
    fn definite(&self) -> bool {
        true
    }
    fn fix(&self) -> String {
        "ask the issuer for the view key again".into()
    }
}

impl ViewKey {
    /// The leaf key of an epoch in scope; `None` outside.
    #[must_use]
    pub fn leaf(&self, epoch: Epoch) -> Option<LeafKey> {
        self.cover.leaf(epoch)
    }

    /// The wire form; wiped on drop.
    ///
    /// # Panics
    ///
    /// Never: a canonical cover has at most 62 nodes.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let count = u8::try_from(self.cover.nodes().count()).expect("at most 62 nodes");
        let mut out = Zeroizing::new(Vec::with_capacity(HEADER + usize::from(count) * NODE));
        out.push(VERSION);
        out.extend_from_slice(self.channel.as_ref());
        out.extend_from_slice(&self.generation.0.to_be_bytes());
        out.extend_from_slice(self.audience.as_ref());
        out.extend_from_slice(&self.class.0.to_be_bytes());
        out.extend_from_slice(&self.cover.from().0.to_be_bytes());
        out.extend_from_slice(&self.cover.to().0.to_be_bytes());
        out.push(count);
        for (node, seed) in self.cover.nodes() {
            out.push(node.depth);
            out.extend_from_slice(&node.prefix.to_be_bytes());
            seed.expose(|bytes| out.extend_from_slice(bytes));
        }
        out
    }

    /// Reads the wire form.
    ///
    /// # Rules
    ///
    /// > KEY-11: a view key holds exactly the canonical cover of its interval, sorted, and nothing else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ViewKeyInvalid> {
        let mut input = Input(bytes);
        if input.take::<1>()? != [VERSION] {
            return Err(ViewKeyInvalid::Shape);
        }
        let channel = ChannelId(input.take()?);
        let generation = Generation(u64::from_be_bytes(input.take()?));
        let audience = AudienceId(input.take()?);
        let class = ClassId(u32::from_be_bytes(input.take()?));
        let from = Epoch(u32::from_be_bytes(input.take()?));
        let to = Epoch(u32::from_be_bytes(input.take()?));
        let nodes = canonical(from, to);
        if usize::from(input.take::<1>()?[0]) != nodes.len() {
            return Err(ViewKeyInvalid::Cover);
        }
        let mut seeds = Vec::with_capacity(nodes.len());
        for node in &nodes {
            let here = (input.take::<1>()?[0], u32::from_be_bytes(input.take()?));
            if here != (node.depth, node.prefix) {
                return Err(ViewKeyInvalid::Cover);
            }
            seeds.push(secret_from_bytes(input.take()?));
        }
        if !input.0.is_empty() {
            return Err(ViewKeyInvalid::Shape);
        }
        let cover = Cover::from_seeds(from, to, seeds).ok_or(ViewKeyInvalid::Cover)?;
        Ok(Self { channel, generation, audience, class, cover })
    }
}

struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], ViewKeyInvalid> {
        let (head, rest) = self.0.split_first_chunk::<N>().ok_or(ViewKeyInvalid::Shape)?;
        self.0 = rest;
        Ok(*head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audience::hazmat::audience_from_bytes;
    use proptest::prelude::*;

    fn view_key(from: u32, to: u32) -> ViewKey {
        let (channel, generation, audience, class) =
            (ChannelId([1; 32]), Generation(2), AudienceId([3; 32]), ClassId(4));
        let seed = audience_from_bytes([5; 32]).class(&channel, generation, &audience, class);
        let cover = Cover::cut(&seed, Epoch(from), Epoch(to));
        ViewKey { channel, generation, audience, class, cover }
    }

    #[test]
    fn key_11_round_trip_and_size() {
        let bytes = view_key(1, u32::MAX - 1).to_bytes();
        assert_eq!(bytes.len(), 2380);
        assert_eq!(bytes.capacity(), 2380, "a buffer that grew leaves seeds behind that nobody wipes");
        let again = ViewKey::from_bytes(&bytes).unwrap();
        assert_eq!(again.to_bytes(), bytes);
        assert!(again.leaf(Epoch(0)).is_none());
    }

    #[test]
    fn key_11_a_view_key_opens_each_epoch_of_its_interval_and_no_other() {
        let (all, some) = (view_key(0, u32::MAX), view_key(10, 20));
        let leaf = |key: &ViewKey, epoch| key.leaf(Epoch(epoch)).map(|leaf| leaf.expose(|bytes| *bytes));
        for epoch in [10, 15, 20] {
            assert_eq!(leaf(&some, epoch), leaf(&all, epoch));
            assert!(leaf(&some, epoch).is_some());
        }
        assert_eq!((leaf(&some, 9), leaf(&some, 21)), (None, None));
    }

    #[test]
    fn key_11_reversed_and_widened_intervals_are_refused() {
        let good = view_key(10, 20).to_bytes();
        let with = |at: usize, value: u32| {
            let mut bytes = good.to_vec();
            bytes[at..at + 4].copy_from_slice(&value.to_be_bytes());
            ViewKey::from_bytes(&bytes).map(|_| ())
        };
        assert_eq!(with(77, 10), Ok(()));
        assert_eq!(with(77, 9), Err(ViewKeyInvalid::Cover));
        assert_eq!(with(81, 21), Err(ViewKeyInvalid::Cover));
        assert_eq!(with(81, 9), Err(ViewKeyInvalid::Cover));
        let mut trailing = good.to_vec();
        trailing.push(0);
        assert_eq!(ViewKey::from_bytes(&trailing).map(|_| ()), Err(ViewKeyInvalid::Shape));
        assert_eq!(ViewKey::from_bytes(&good[..40]).map(|_| ()), Err(ViewKeyInvalid::Shape));
    }

    #[test]
    fn key_11_what_is_no_view_key_is_told_with_the_rule() {
        for reason in [ViewKeyInvalid::Shape, ViewKeyInvalid::Cover] {
            assert_eq!((reason.code(), reason.rule()), ("VIEW_KEY_INVALID", "KEY-11"));
            assert_eq!((reason.fault(), reason.definite()), (Fault::Sender, true));
            assert!(reason.fix().contains("ask the issuer"), "{}", reason.fix());
        }
    }

    proptest! {
        #[test]
        fn key_11_arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = ViewKey::from_bytes(&bytes);
        }
    }
}
