//! Zstandard (RFC 8878) as a stream under limits.
//!
//! Concatenated frames are one stream and skippable frames are passed over. The decoder allocates the window
//! that a frame declares, so a frame that needs more than `Limits::document_bytes` is refused; 8 MiB, which
//! the RFC recommends every decoder to support, are always allowed.
//!
//! Not proven: frames need not carry a checksum, so damage can pass unnoticed here.

use std::io::{self, Read};

use ::zstd::stream::read::Decoder;

use crate::bytes::Limits;

use super::error::ReadError;
use super::meter::{Counted, Meter};

const MIN_WINDOW_LOG: u32 = 23;
const MAX_WINDOW_LOG: u32 = 27;

/// Whether `prefix` starts with a Zstandard frame.
pub(super) fn is_zstd(prefix: &[u8]) -> bool {
    prefix.starts_with(&[0x28, 0xb5, 0x2f, 0xfd])
}

/// Decompresses `reader` while it is read.
pub(super) fn decompress<R: Read>(reader: R, limits: &Limits) -> io::Result<Decompressed<R>> {
    let mut decoder = Decoder::with_buffer(Counted::new(reader))?;
    let window = limits.document_bytes.max(1).ilog2();
    decoder.window_log_max(window.clamp(MIN_WINDOW_LOG, MAX_WINDOW_LOG))?;
    Ok(Decompressed { decoder, meter: Meter::new(limits) })
}

/// The expanded bytes of a Zstandard stream.
pub(super) struct Decompressed<R: Read> {
    decoder: Decoder<'static, Counted<R>>,
    meter: Meter,
}

impl<R: Read> Read for Decompressed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.decoder.read(buffer).map_err(named)?;
        self.meter.charge(count, self.decoder.get_ref().consumed()).map_err(ReadError::Limit)?;
        Ok(count)
    }
}

/// Gives the decoder's complaints a type; errors of the reader below pass unchanged.
fn named(error: io::Error) -> io::Error {
    let ours = error.get_ref().is_some_and(|inner| inner.is::<ReadError>());
    if ours || error.raw_os_error().is_some() || error.kind() == io::ErrorKind::Interrupted {
        return error;
    }
    ReadError::Damaged("the Zstandard stream is corrupt, ends early or needs too large a window").into()
}
