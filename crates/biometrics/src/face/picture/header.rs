//! Reads as much of a JPEG or PNG file as says how large it is and that it is whole, without decoding.

use super::{PictureError, PictureLimits};

/// A file format that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureFormat {
    /// ISO/IEC 10918-1.
    Jpeg,
    /// ISO/IEC 15948.
    Png,
}

impl std::fmt::Display for PictureFormat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
        })
    }
}

/// What a file's header says.
pub(super) struct Header {
    pub(super) format: PictureFormat,
}

/// A progressive JPEG has about ten scans; each costs a pass over all pixels.
const JPEG_SCANS_MAX: u32 = 64;
/// More chunks or segments than any camera writes.
const PARTS_MAX: u32 = 65_536;

/// Checks format, size and wholeness.
pub(super) fn inspect(bytes: &[u8], limits: &PictureLimits) -> Result<Header, PictureError> {
    if bytes.is_empty() {
        return Err(PictureError::Empty);
    }
    if bytes.len() > limits.bytes_max {
        return Err(PictureError::TooManyBytes { bytes: bytes.len(), bytes_max: limits.bytes_max });
    }
    if bytes.starts_with(b"\xff\xd8\xff") {
        jpeg(bytes, limits)?;
        Ok(Header { format: PictureFormat::Jpeg })
    } else if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        png(bytes, limits)?;
        Ok(Header { format: PictureFormat::Png })
    } else {
        Err(PictureError::UnknownFormat)
    }
}

fn check_size(width: u32, height: u32, limits: &PictureLimits) -> Result<(), PictureError> {
    let (side_max, pixels_max) = (limits.side_max, limits.pixels_max);
    if width > side_max || height > side_max || u64::from(width) * u64::from(height) > pixels_max {
        return Err(PictureError::TooManyPixels { width, height, side_max, pixels_max });
    }
    Ok(())
}

fn be16(bytes: &[u8], at: usize) -> Result<usize, PictureError> {
    let pair = bytes.get(at..at + 2).ok_or(PictureError::Truncated { offset: bytes.len() })?;
    Ok(usize::from(u16::from_be_bytes([pair[0], pair[1]])))
}

fn be32(bytes: &[u8], at: usize) -> Result<u32, PictureError> {
    let four = bytes.get(at..at + 4).ok_or(PictureError::Truncated { offset: bytes.len() })?;
    Ok(u32::from_be_bytes([four[0], four[1], four[2], four[3]]))
}

/// Walks the markers from SOI to EOI (ISO/IEC 10918-1 annex B). Pictures within APPn segments are skipped.
fn jpeg(bytes: &[u8], limits: &PictureLimits) -> Result<(), PictureError> {
    let (mut at, mut scans, mut frames) = (2, 0, 0);
    for _ in 0..PARTS_MAX {
        if *bytes.get(at).ok_or(PictureError::Truncated { offset: at })? != 0xff {
            return Err(PictureError::Broken { offset: at, expected: "a JPEG marker" });
        }
        let fill = bytes[at..].iter().take_while(|b| **b == 0xff).count();
        at += fill;
        let marker = *bytes.get(at).ok_or(PictureError::Truncated { offset: at })?;
        at += 1;
        match marker {
            0xd9 if scans > 0 => return Ok(()),
            0xd9 => return Err(PictureError::Broken { offset: at - 2, expected: "a scan before the end" }),
            0x01 | 0xd0..=0xd7 => continue,
            0x00 | 0xd8 => return Err(PictureError::Broken { offset: at - 1, expected: "a JPEG marker" }),
            _ => {}
        }
        let length = be16(bytes, at)?;
        if length < 2 {
            return Err(PictureError::Broken { offset: at, expected: "a segment length of 2 or more" });
        }
        match marker {
            0xc0..=0xc2 => {
                frames += 1;
                if frames > 1 {
                    return Err(PictureError::Broken { offset: at, expected: "one frame" });
                }
                let (height, width) = (be16(bytes, at + 3)? as u32, be16(bytes, at + 5)? as u32);
                if width == 0 || height == 0 {
                    return Err(PictureError::Broken { offset: at + 3, expected: "a height and width" });
                }
                check_size(width, height, limits)?;
            }
            0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                return Err(PictureError::Unsupported {
                    what: "a lossless, arithmetic or hierarchical JPEG",
                });
            }
            _ => {}
        }
        at += length;
        if marker == 0xda {
            scans += 1;
            if frames == 0 {
                return Err(PictureError::Broken { offset: at, expected: "a frame before its scan" });
            }
            if scans > JPEG_SCANS_MAX {
                return Err(PictureError::Unsupported { what: "a JPEG of very many scans" });
            }
            at = end_of_scan(bytes, at)?;
        }
    }
    Err(PictureError::Unsupported { what: "a JPEG of very many segments" })
}

/// Skips entropy-coded data: everything up to a marker that is neither stuffing nor a restart.
fn end_of_scan(bytes: &[u8], from: usize) -> Result<usize, PictureError> {
    let data = bytes.get(from..).unwrap_or_default();
    data.windows(2)
        .position(|pair| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xd0..=0xd7 | 0xff))
        .map(|found| from + found)
        .ok_or(PictureError::Truncated { offset: bytes.len() })
}

/// Walks the chunks from IHDR to IEND (ISO/IEC 15948 clause 5).
fn png(bytes: &[u8], limits: &PictureLimits) -> Result<(), PictureError> {
    let mut at = 8;
    for part in 0..PARTS_MAX {
        let length = be32(bytes, at)? as usize;
        let kind = bytes.get(at + 4..at + 8).ok_or(PictureError::Truncated { offset: bytes.len() })?;
        if part == 0 {
            if kind != b"IHDR" || length != 13 {
                return Err(PictureError::Broken { offset: at, expected: "IHDR first" });
            }
            let (width, height) = (be32(bytes, at + 8)?, be32(bytes, at + 12)?);
            if width == 0 || height == 0 {
                return Err(PictureError::Broken { offset: at + 8, expected: "a width and height" });
            }
            check_size(width, height, limits)?;
        }
        if kind == b"acTL" {
            return Err(PictureError::Unsupported { what: "an animation" });
        }
        let end = at.checked_add(length).and_then(|n| n.checked_add(12)).unwrap_or(usize::MAX);
        if end > bytes.len() {
            return Err(PictureError::Truncated { offset: bytes.len() });
        }
        if kind == b"IEND" {
            return Ok(());
        }
        at = end;
    }
    Err(PictureError::Unsupported { what: "a PNG of very many chunks" })
}
