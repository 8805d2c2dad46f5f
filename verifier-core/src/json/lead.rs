//! What stands between the values of a record, remembered from the record before.
//!
//! The records of one export mostly have the same members in the same order and spacing. A byte comparison with
//! the last record then replaces reading the comma, the name and the colon; what differs is read as always, so
//! the result is the same either way.

/// Longest text that is remembered for one member.
const LEAD_BYTES: usize = 32;
/// Members of a record that are remembered.
const LEADS: usize = 64;

/// The text before one member's value: comma, blanks, name, colon.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lead {
    /// The text, filled up with zeros.
    words: [u64; LEAD_BYTES / 8],
    /// Which bits of a text to compare.
    masks: [u64; LEAD_BYTES / 8],
    length: usize,
    /// Where the name with its quotes begins and ends.
    pub(super) name: (usize, usize),
    /// Number of the name among those whose members are marked, from 1; 0 for another name.
    pub(super) number: u8,
}

impl Lead {
    fn new(text: &[u8], name: (usize, usize), number: u8) -> Option<Self> {
        let (mut bytes, mut mask) = ([0; LEAD_BYTES], [0; LEAD_BYTES]);
        bytes.get_mut(..text.len())?.copy_from_slice(text);
        mask.get_mut(..text.len())?.fill(u8::MAX);
        Some(Self { words: words(&bytes), masks: words(&mask), length: text.len(), name, number })
    }

    /// Its length when `rest` begins with it.
    #[inline]
    pub(super) fn length_in(&self, rest: &[u8]) -> Option<usize> {
        let found = match rest.first_chunk::<LEAD_BYTES>() {
            Some(chunk) => words(chunk),
            // Zeros are no part of any lead.
            None => {
                let mut bytes = [0; LEAD_BYTES];
                bytes.get_mut(..rest.len())?.copy_from_slice(rest);
                words(&bytes)
            }
        };
        let mut differing = 0;
        for ((found, mask), word) in found.iter().zip(&self.masks).zip(&self.words) {
            differing |= (found & mask) ^ word;
        }
        (differing == 0).then_some(self.length)
    }
}

#[inline]
fn words(bytes: &[u8; LEAD_BYTES]) -> [u64; LEAD_BYTES / 8] {
    let mut words = [0; LEAD_BYTES / 8];
    for (word, chunk) in words.iter_mut().zip(bytes.as_chunks::<8>().0) {
        *word = u64::from_le_bytes(*chunk);
    }
    words
}

/// The leads of the last record, by position of the member.
#[derive(Debug, Default)]
pub(super) struct Leads {
    known: Vec<Lead>,
    /// Position of the member to come.
    next: usize,
    /// The names of the last record are all different.
    distinct: bool,
}

impl Leads {
    /// Begins a record.
    pub(super) fn restart(&mut self) {
        self.next = 0;
    }

    /// The lead that stood at this position in the last record.
    #[inline]
    pub(super) fn expected(&self) -> Option<&Lead> {
        self.known.get(self.next)
    }

    /// The member began as expected.
    #[inline]
    pub(super) fn advance(&mut self) {
        self.next += 1;
    }

    /// The member began with `lead`, which was read; `name` is a range in it.
    pub(super) fn learn(&mut self, lead: &[u8], name: (usize, usize), number: u8) {
        self.distinct = false;
        self.known.truncate(self.next);
        if self.next == self.known.len()
            && self.next < LEADS
            && !lead.is_empty()
            && let Some(lead) = Lead::new(lead, name, number)
        {
            self.known.push(lead);
        }
        self.next += 1;
    }

    /// Whether the record that ends here has the names of the last one, which are all different.
    pub(super) fn known_distinct(&self) -> bool {
        self.distinct && self.next == self.known.len()
    }

    /// Ends a record.
    pub(super) fn finish(&mut self, distinct: bool) {
        self.distinct = distinct && self.next == self.known.len();
    }
}
