//! Numbers from a seed, the same in every language (see [`super`]).

use crate::crypto::sha256;

/// The stream of words that a seed gives.
#[derive(Clone, Debug)]
pub struct Stream {
    seed: [u8; 32],
    block: [u8; 32],
    /// Number of the next block.
    next: u64,
    /// Words taken from the block.
    used: usize,
}

const WORDS: usize = 4;

impl Stream {
    /// The stream of `seed`.
    #[must_use]
    pub fn new(seed: [u8; 32]) -> Self {
        Self { seed, block: [0; 32], next: 0, used: WORDS }
    }

    /// The next word.
    pub fn word(&mut self) -> u64 {
        if self.used >= WORDS {
            let mut input = [0; 40];
            let (head, tail) = input.split_at_mut(32);
            head.copy_from_slice(&self.seed);
            tail.copy_from_slice(&self.next.to_be_bytes());
            self.block = sha256(&input);
            self.next = self.next.wrapping_add(1);
            self.used = 0;
        }
        let word = self.block.chunks_exact(8).nth(self.used).and_then(|bytes| bytes.try_into().ok());
        self.used += 1;
        word.map_or(0, u64::from_be_bytes)
    }

    /// A number below `n`, all equally likely; 0 when `n` is 0.
    pub fn below(&mut self, n: u64) -> u64 {
        if n == 0 {
            return 0;
        }
        // 2^64 mod n
        let excess = (u64::MAX % n + 1) % n;
        loop {
            let word = self.word();
            if word <= u64::MAX - excess {
                return word % n;
            }
        }
    }
}
