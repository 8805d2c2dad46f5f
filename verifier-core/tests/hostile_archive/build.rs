//! Writers that do what they are told, also when it is wrong.

use flate2::Crc;

pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// One side of a zip member's two descriptions.
#[derive(Clone)]
pub(crate) struct Side {
    pub(crate) name: Vec<u8>,
    pub(crate) flags: u16,
    pub(crate) method: u16,
    pub(crate) crc32: u32,
    pub(crate) compressed: u32,
    pub(crate) expanded: u32,
    pub(crate) extra: Vec<u8>,
}

#[derive(Clone)]
pub(crate) struct ZipMember {
    pub(crate) local: Side,
    pub(crate) central: Side,
    pub(crate) attributes: u32,
    pub(crate) comment: Vec<u8>,
    pub(crate) data: Vec<u8>,
    /// Written after the data.
    pub(crate) after: Vec<u8>,
    /// Instead of the real position.
    pub(crate) offset: Option<u32>,
    /// Not written again; the central header points at an earlier member's bytes.
    pub(crate) central_only: bool,
}

impl ZipMember {
    pub(crate) fn stored(name: &str, data: &[u8]) -> Self {
        Self::new(name.as_bytes(), 0, data, data.to_vec())
    }

    pub(crate) fn deflated(name: &str, data: &[u8]) -> Self {
        Self::new(name.as_bytes(), 8, data, super::deflate(data))
    }

    pub(crate) fn new(name: &[u8], method: u16, plain: &[u8], data: Vec<u8>) -> Self {
        let side = Side {
            name: name.to_vec(),
            flags: 0,
            method,
            crc32: crc32(plain),
            compressed: u32::try_from(data.len()).unwrap(),
            expanded: u32::try_from(plain.len()).unwrap(),
            extra: Vec::new(),
        };
        let (attributes, comment, after) = (0, Vec::new(), Vec::new());
        let local = side.clone();
        Self { local, central: side, attributes, comment, data, after, offset: None, central_only: false }
    }

    pub(crate) fn both(mut self, change: impl Fn(&mut Side)) -> Self {
        change(&mut self.local);
        change(&mut self.central);
        self
    }

    pub(crate) fn local(mut self, change: impl Fn(&mut Side)) -> Self {
        change(&mut self.local);
        self
    }

    pub(crate) fn central(mut self, change: impl Fn(&mut Side)) -> Self {
        change(&mut self.central);
        self
    }

    pub(crate) fn with(mut self, change: impl Fn(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

/// The end record of a zip.
#[derive(Default)]
pub(crate) struct ZipEnd {
    pub(crate) count: Option<u16>,
    pub(crate) size: Option<u32>,
    pub(crate) offset: Option<u32>,
    pub(crate) comment: Vec<u8>,
}

pub(crate) fn zip(members: &[ZipMember]) -> Vec<u8> {
    zip_with(members, &ZipEnd::default())
}

pub(crate) fn zip_with(members: &[ZipMember], end: &ZipEnd) -> Vec<u8> {
    let mut out = Vec::new();
    let mut central = Vec::new();
    for member in members {
        let at = member.offset.unwrap_or(u32::try_from(out.len()).unwrap());
        if !member.central_only {
            out.extend(b"PK\x03\x04\x14\0");
            side(&mut out, &member.local);
            out.extend(&member.local.name);
            out.extend(&member.local.extra);
            out.extend(&member.data);
            out.extend(&member.after);
        }
        central.extend(b"PK\x01\x02\x14\x03\x14\0");
        side(&mut central, &member.central);
        u16s(&mut central, &[member.comment.len(), 0, 0]);
        central.extend(member.attributes.to_le_bytes());
        central.extend(at.to_le_bytes());
        central.extend(&member.central.name);
        central.extend(&member.central.extra);
        central.extend(&member.comment);
    }
    let offset = end.offset.unwrap_or(u32::try_from(out.len()).unwrap());
    let size = end.size.unwrap_or(u32::try_from(central.len()).unwrap());
    let count = end.count.unwrap_or(u16::try_from(members.len()).unwrap());
    out.extend(central);
    out.extend(b"PK\x05\x06\0\0\0\0");
    u16s(&mut out, &[count.into(), count.into()]);
    out.extend(size.to_le_bytes());
    out.extend(offset.to_le_bytes());
    u16s(&mut out, &[end.comment.len()]);
    out.extend(&end.comment);
    out
}

fn side(out: &mut Vec<u8>, side: &Side) {
    u16s(out, &[side.flags.into(), side.method.into(), 0, 0x21]);
    out.extend(side.crc32.to_le_bytes());
    out.extend(side.compressed.to_le_bytes());
    out.extend(side.expanded.to_le_bytes());
    u16s(out, &[side.name.len(), side.extra.len()]);
}

fn u16s(out: &mut Vec<u8>, values: &[usize]) {
    for value in values {
        out.extend(u16::try_from(*value).unwrap().to_le_bytes());
    }
}

/// One tar header block with its checksum.
pub(crate) fn tar_header(name: &[u8], kind: u8, size: u64) -> Vec<u8> {
    let mut block = vec![0u8; 512];
    block[..name.len()].copy_from_slice(name);
    block[100..108].copy_from_slice(b"0000644\0");
    block[108..116].copy_from_slice(b"0000000\0");
    block[116..124].copy_from_slice(b"0000000\0");
    if size <= 0o77_777_777_777 {
        block[124..136].copy_from_slice(format!("{size:011o}\0").as_bytes());
    } else {
        block[124] = 0x80;
        block[128..136].copy_from_slice(&size.to_be_bytes());
    }
    block[136..148].copy_from_slice(b"00000000000\0");
    block[156] = kind;
    block[257..265].copy_from_slice(b"ustar\x0000");
    seal(&mut block);
    block
}

pub(crate) fn seal(block: &mut [u8]) {
    block[148..156].copy_from_slice(b"        ");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

pub(crate) fn padded(bytes: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    out.resize(bytes.len().next_multiple_of(512), 0);
    out
}

pub(crate) fn tar_member(name: &str, kind: u8, data: &[u8]) -> Vec<u8> {
    let mut out = tar_header(name.as_bytes(), kind, u64::try_from(data.len()).unwrap());
    out.extend(padded(data));
    out
}

pub(crate) fn tar_file(name: &str, data: &[u8]) -> Vec<u8> {
    tar_member(name, b'0', data)
}

pub(crate) fn tar_link(name: &str, kind: u8, target: &str) -> Vec<u8> {
    let mut out = tar_header(name.as_bytes(), kind, 0);
    out[157..157 + target.len()].copy_from_slice(target.as_bytes());
    seal(&mut out);
    out
}

pub(crate) fn pax(kind: u8, records: &[(&str, &str)]) -> Vec<u8> {
    let mut text = String::new();
    for (key, value) in records {
        let rest = key.len() + value.len() + 3;
        let mut length = rest + 1;
        while length != rest + length.to_string().len() {
            length += 1;
        }
        text.push_str(&format!("{length} {key}={value}\n"));
    }
    tar_member("pax", kind, text.as_bytes())
}

/// Members and the end mark.
pub(crate) fn tar(members: &[Vec<u8>]) -> Vec<u8> {
    let mut out = members.concat();
    out.extend([0; 1024]);
    out
}
