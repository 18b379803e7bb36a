//! Requests and replies on a substream: a length of four bytes, big-endian, then the bytes, bounded.

use std::io;

use async_trait::async_trait;
use borsh::{BorshDeserialize, BorshSerialize};
use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use libp2p::StreamProtocol;
use libp2p::request_response;
use parclose_types::{decode, encode};

/// Canonical encodings of one request and one reply type.
pub(super) struct Canonical<Q, R> {
    ask_max: usize,
    reply_max: usize,
    types: std::marker::PhantomData<fn() -> (Q, R)>,
}

impl<Q, R> Canonical<Q, R> {
    pub(super) fn new(ask_max: usize, reply_max: usize) -> Self {
        Self { ask_max, reply_max, types: std::marker::PhantomData }
    }
}

impl<Q, R> Clone for Canonical<Q, R> {
    fn clone(&self) -> Self {
        Self::new(self.ask_max, self.reply_max)
    }
}

/// # Rules
///
/// > NET-02: what comes in is bounded by its announced length before anything is allocated for it, and is its canonical encoding.
async fn read<T, B>(from: &mut T, limit: usize) -> io::Result<B>
where
    T: AsyncRead + Unpin + Send,
    B: BorshSerialize + BorshDeserialize,
{
    let mut length = [0; 4];
    from.read_exact(&mut length).await?;
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > limit {
        return Err(io::ErrorKind::InvalidData.into());
    }
    // Grows with what arrives: an announced length alone costs nothing.
    let mut bytes = Vec::new();
    from.take(length as u64).read_to_end(&mut bytes).await?;
    if bytes.len() != length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    decode("network message", &bytes, limit).map_err(|_| io::ErrorKind::InvalidData.into())
}

async fn write<T, B>(to: &mut T, value: &B) -> io::Result<()>
where
    T: AsyncWrite + Unpin + Send,
    B: BorshSerialize,
{
    let bytes = encode(value);
    let length = u32::try_from(bytes.len()).map_err(|_| io::ErrorKind::InvalidData)?;
    to.write_all(&length.to_be_bytes()).await?;
    to.write_all(&bytes).await?;
    to.close().await
}

#[async_trait]
impl<Q, R> request_response::Codec for Canonical<Q, R>
where
    Q: BorshSerialize + BorshDeserialize + Send + Sync + 'static,
    R: BorshSerialize + BorshDeserialize + Send + Sync + 'static,
{
    type Protocol = StreamProtocol;
    type Request = Q;
    type Response = R;

    async fn read_request<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Q>
    where
        T: AsyncRead + Unpin + Send,
    {
        read(io, self.ask_max).await
    }

    async fn read_response<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<R>
    where
        T: AsyncRead + Unpin + Send,
    {
        read(io, self.reply_max).await
    }

    async fn write_request<T>(&mut self, _: &StreamProtocol, io: &mut T, ask: Q) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        write(io, &ask).await
    }

    async fn write_response<T>(&mut self, _: &StreamProtocol, io: &mut T, reply: R) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        write(io, &reply).await
    }
}

#[cfg(test)]
mod tests {
    use super::super::wire::{ASK_BYTES_MAX, Ask};
    use super::*;

    fn read_from(bytes: &[u8]) -> io::Result<Ask> {
        let mut from = futures::io::Cursor::new(bytes);
        futures::executor::block_on(read(&mut from, ASK_BYTES_MAX))
    }

    #[test]
    fn net_02_only_whole_canonical_bounded_messages_are_read() {
        let mut written = Vec::new();
        futures::executor::block_on(write(&mut written, &Ask::Nonce)).unwrap();
        assert_eq!(written, [0, 0, 0, 1, 0]);
        assert_eq!(read_from(&written).unwrap(), Ask::Nonce);
        for bytes in
            [&[0, 0, 0, 2, 0][..], &[0, 0, 0, 2, 0, 0], &[0, 0, 0, 1, 9], &[0, 0, 0], &u32::MAX.to_be_bytes()]
        {
            assert!(read_from(bytes).is_err(), "{bytes:?}");
        }
    }
}
