//! Streaming one zip member.
//!
//! The reader delivers exactly the declared number of bytes and checks the CRC-32; a compressed stream that
//! ends before its stored bytes do is an error too, because another reader may find more there.

use std::io::{self, Read};

use flate2::Crc;
use flate2::bufread::DeflateDecoder;

use crate::bytes::Limits;

use super::super::entry::{Backing, BackingReader, Packed};
use super::super::error::ReadError;
use super::super::meter::{Counted, Meter};

/// Where a member lies and what its content must be.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) data: Backing,
    pub(super) deflated: bool,
    pub(super) size: u64,
    pub(super) crc32: u32,
}

impl Packed for Member {
    fn open(&self, limits: &Limits) -> Result<Box<dyn Read + Send + '_>, ReadError> {
        let input = Counted::new(self.data.reader()?);
        let decoder = if self.deflated {
            Decoder::Deflate(Box::new(DeflateDecoder::new(input)))
        } else {
            Decoder::Plain(input)
        };
        let meter = Meter::new(limits);
        Ok(Box::new(MemberReader { member: self, decoder, meter, crc: Crc::new(), produced: 0 }))
    }
}

enum Decoder {
    Plain(Counted<BackingReader>),
    Deflate(Box<DeflateDecoder<Counted<BackingReader>>>),
}

struct MemberReader<'a> {
    member: &'a Member,
    decoder: Decoder,
    meter: Meter,
    crc: Crc,
    produced: u64,
}

impl Read for MemberReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let (count, consumed) = match &mut self.decoder {
            Decoder::Plain(input) => (input.read(buffer)?, input.consumed()),
            Decoder::Deflate(decoder) => (decoder.read(buffer).map_err(named)?, decoder.get_ref().consumed()),
        };
        if count == 0 {
            self.check_end(consumed)?;
            return Ok(0);
        }
        self.meter.charge(count, consumed).map_err(ReadError::Limit)?;
        self.crc.update(buffer.get(..count).unwrap_or_default());
        self.produced = self.produced.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        if self.produced > self.member.size {
            return Err(ReadError::Damaged("the member is longer than declared").into());
        }
        Ok(count)
    }
}

impl MemberReader<'_> {
    fn check_end(&self, consumed: u64) -> Result<(), ReadError> {
        if self.produced != self.member.size {
            return Err(ReadError::Damaged("the member is shorter than declared"));
        }
        if consumed != self.member.data.length() {
            return Err(ReadError::Damaged("the compressed stream ends before its stored bytes"));
        }
        if self.crc.sum() != self.member.crc32 {
            return Err(ReadError::Damaged("the checksum of the member is wrong"));
        }
        Ok(())
    }
}

/// Gives the decoder's complaints a type; errors of the reader below pass unchanged.
fn named(error: io::Error) -> io::Error {
    let ours = error.get_ref().is_some_and(|inner| inner.is::<ReadError>());
    if ours || error.raw_os_error().is_some() || error.kind() == io::ErrorKind::Interrupted {
        return error;
    }
    ReadError::Damaged("the compressed data of the member is corrupt").into()
}
