use crate::bytes::base64;

/// Blocks of one file.
const BLOCKS: usize = 256;

/// Why a text is not PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PemError {
    /// Line (from 1) that stands outside a block, or a block without end.
    Line(usize),
    /// A block with another label than allowed.
    Label(String),
    /// The base64 of the block that begins at this line is malformed.
    Base64(usize),
    /// More blocks than are read.
    TooMany,
}

impl std::fmt::Display for PemError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Line(line) => write!(formatter, "line {line} is no part of a PEM block"),
            Self::Label(label) => write!(formatter, "unexpected PEM block {label:?}"),
            Self::Base64(line) => write!(formatter, "the PEM block at line {line} is not base64"),
            Self::TooMany => write!(formatter, "more than {BLOCKS} PEM blocks"),
        }
    }
}

impl std::error::Error for PemError {}

/// Reads the blocks of a PEM text (RFC 7468, strict form) that all carry one of `labels`; each with its label.
/// Lines outside blocks are allowed only when they are empty or begin with `#`.
///
/// # Errors
/// [`PemError`] for anything else.
pub fn read_pem<'l>(text: &str, labels: &[&'l str]) -> Result<Vec<(&'l str, Vec<u8>)>, PemError> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().zip(1..);
    while let Some((line, number)) = lines.next() {
        let line = line.trim_end();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let label = line.strip_prefix("-----BEGIN ").and_then(|rest| rest.strip_suffix("-----"));
        let label = label.ok_or(PemError::Line(number))?;
        let known = labels.iter().find(|known| **known == label);
        let known = known.ok_or_else(|| PemError::Label(label.chars().take(64).collect()))?;
        let mut body = String::new();
        loop {
            let (line, _) = lines.next().ok_or(PemError::Line(number))?;
            let line = line.trim_end();
            if let Some(end) = line.strip_prefix("-----END ") {
                if end.strip_suffix("-----") != Some(label) {
                    return Err(PemError::Line(number));
                }
                break;
            }
            body.push_str(line);
        }
        if blocks.len() >= BLOCKS {
            return Err(PemError::TooMany);
        }
        blocks.push((*known, base64::decode(&body).ok_or(PemError::Base64(number))?));
    }
    Ok(blocks)
}
