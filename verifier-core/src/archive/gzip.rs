//! gzip (RFC 1952) as a stream under limits.
//!
//! All concatenated members are read as one stream; zero bytes between or after members are padding, as the
//! reference verifier reads it (spec 02 section 1). Anything else after a member, a wrong checksum or
//! length, and a stream that ends early are errors. The expanded length and the expansion factor are
//! limited while bytes are produced; nothing is allocated by a declared length.
//!
//! Not proven: the name, comment and time in the header are not covered by any signature and are not read.

use std::fmt;
use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

use crate::bytes::{LimitExceeded, Limits, Resource};

use super::error::ReadError;
use super::meter::{Counted, Meter};

/// Members of one stream. Block-compressed files use one member for each 64 KiB, so this is 64 GiB of them.
const MAX_MEMBERS: u64 = 1 << 20;

/// Whether `prefix` starts like a gzip stream with its only compression method.
#[must_use]
pub fn is_gzip(prefix: &[u8]) -> bool {
    prefix.starts_with(&[0x1f, 0x8b, 0x08])
}

/// Decompresses `reader` while it is read. Errors carry [`ReadError`]; see [`super::limit_exceeded`].
#[must_use]
pub fn decompress<'r>(reader: Box<dyn Read + Send + 'r>, limits: &Limits) -> Decompressed<'r> {
    Decompressed { state: State::Start(Counted::new(reader)), members: 0, meter: Meter::new(limits) }
}

/// The expanded bytes of a gzip stream.
pub struct Decompressed<'r> {
    state: State<'r>,
    members: u64,
    meter: Meter,
}

type Input<'r> = Counted<Box<dyn Read + Send + 'r>>;

enum State<'r> {
    Start(Input<'r>),
    Member(Box<GzDecoder<Input<'r>>>),
    Between(Input<'r>),
    End,
    Failed,
}

impl fmt::Debug for Decompressed<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Decompressed(members: {})", self.members)
    }
}

impl Read for Decompressed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            // an error leaves the stream failed for good
            match std::mem::replace(&mut self.state, State::Failed) {
                State::Start(input) => self.start_member(input)?,
                State::Between(input) => self.after_member(input)?,
                State::Member(mut decoder) => {
                    let count = decoder.read(buffer).map_err(named)?;
                    if count > 0 {
                        self.meter.charge(count, decoder.get_ref().consumed()).map_err(ReadError::Limit)?;
                        self.state = State::Member(decoder);
                        return Ok(count);
                    }
                    self.state = State::Between(decoder.into_inner());
                }
                State::End => {
                    self.state = State::End;
                    return Ok(0);
                }
                State::Failed => return Err(ReadError::Damaged("the gzip stream failed before").into()),
            }
        }
    }
}

impl<'r> Decompressed<'r> {
    fn start_member(&mut self, input: Input<'r>) -> Result<(), ReadError> {
        self.members = self.members.saturating_add(1);
        if self.members > MAX_MEMBERS {
            return Err(LimitExceeded { resource: Resource::Entries, limit: MAX_MEMBERS }.into());
        }
        self.state = State::Member(Box::new(GzDecoder::new(input)));
        Ok(())
    }

    fn after_member(&mut self, mut input: Input<'r>) -> io::Result<()> {
        loop {
            let ahead = retry(|| input.fill_buf().map(|ahead| (ahead.len(), padding(ahead))))?;
            match ahead {
                (0, _) => {
                    self.state = State::End;
                    return Ok(());
                }
                (length, zeros) if zeros == length => input.consume(zeros),
                (_, zeros) => {
                    input.consume(zeros);
                    if input.fill_buf()?.first() != Some(&0x1f) {
                        return Err(
                            ReadError::Damaged("bytes that are not gzip follow the gzip stream").into()
                        );
                    }
                    return Ok(self.start_member(input)?);
                }
            }
        }
    }
}

fn padding(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| **byte == 0).count()
}

fn retry<T>(mut read: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match read() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// Gives the decoder's complaints a type; errors of the reader below pass unchanged.
fn named(error: io::Error) -> io::Error {
    if error.get_ref().is_some_and(|inner| inner.is::<ReadError>()) {
        return error;
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof => ReadError::Damaged("the gzip stream ends early").into(),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            ReadError::Damaged("the gzip stream is corrupt").into()
        }
        _ => error,
    }
}
