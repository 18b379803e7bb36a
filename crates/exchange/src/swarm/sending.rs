//! Frames on their way out: one of a line at a time, at the pace of the node that hears them.

use libp2p::PeerId;
use tokio::time::Instant;

use super::shared::{Counters, Line};
use super::task::{Pending, Task};
use super::wire::{Ask, Reply};

impl Task {
    pub(super) fn enqueue(&mut self, id: PeerId, line: Line, frame: Vec<u8>) {
        let Some(peer) = self.peers.get_mut(&id).filter(|peer| peer.is_up()) else {
            self.shared.release(&id, frame.len());
            Counters::add(&self.shared.counters.dropped, 1);
            return;
        };
        peer.queues.entry(line).or_default().frames.push_back(frame);
        self.send_next(id, line);
    }

    /// One frame of a line is under way at a time: so they arrive in order.
    fn send_next(&mut self, id: PeerId, line: Line) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let Some(queue) = peer.queues.get_mut(&line) else { return };
        if queue.under_way.is_some() {
            return;
        }
        let Some(frame) = queue.frames.pop_front() else { return };
        if let Err(later) = peer.pace.take(Instant::now(), frame.len()) {
            queue.frames.push_front(frame);
            peer.paced.insert(line);
            peer.paced_until = later;
            return;
        }
        let (bytes, (tag, from, to)) = (frame.len(), line);
        queue.under_way = Some(bytes);
        self.ask(id, Ask::Frame { tag, from, to, frame }, Pending::Frame(line, bytes));
    }

    /// When the first of those lines may go on that wait for their time.
    pub(super) fn paced_until(&self) -> Option<Instant> {
        self.peers.values().filter(|peer| !peer.paced.is_empty()).map(|peer| peer.paced_until).min()
    }

    /// Goes on with lines whose time may have come.
    pub(super) fn go_on(&mut self) {
        let now = Instant::now();
        let due = self.peers.iter_mut().filter(|(_, peer)| peer.paced_until <= now);
        let due: Vec<(PeerId, Line)> = due
            .flat_map(|(id, peer)| std::mem::take(&mut peer.paced).into_iter().map(|line| (*id, line)))
            .collect();
        for (peer, line) in due {
            self.send_next(peer, line);
        }
    }

    pub(super) fn on_taken(&mut self, id: PeerId, line: Line, bytes: usize, reply: &Reply) {
        self.shared.release(&id, bytes);
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let Some(queue) = peer.queues.get_mut(&line) else { return };
        queue.under_way = None;
        match reply {
            Reply::Taken => {
                Counters::add(&self.shared.counters.frames_out, 1);
                Counters::add(&self.shared.counters.bytes_out, bytes);
                if queue.frames.is_empty() {
                    peer.queues.remove(&line);
                } else {
                    self.send_next(id, line);
                }
            }
            _ => self.lose(id, line),
        }
    }

    /// A frame was not taken: those behind it would make no sense, and the way has to be proven anew.
    fn lose(&mut self, id: PeerId, line: Line) {
        let (tag, own, _) = line;
        let mut lost = 1_usize;
        if let Some(peer) = self.peers.get_mut(&id) {
            if let Some(queue) = peer.queues.remove(&line) {
                lost = lost.saturating_add(queue.frames.len());
                self.shared.release(&id, queue.bytes());
            }
            peer.prove_later((tag, own));
        }
        self.shared.state().routes.remove(&line);
        Counters::add(&self.shared.counters.dropped, lost);
    }
}
