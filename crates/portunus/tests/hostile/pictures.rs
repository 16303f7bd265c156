//! Pictures that mean harm, and pictures of too many.

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};
use portunus_biometrics::face::{Picture, PictureLimits};
use std::io::Write as _;

fn chunk(out: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    out.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
    let mut crc = Crc::new();
    crc.update(kind);
    crc.update(data);
    out.extend(kind);
    out.extend(data);
    out.extend(crc.sum().to_be_bytes());
}

/// `bytes` zeros, packed by zlib.
pub fn packed_zeros(bytes: u64) -> Vec<u8> {
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
    let zeros = vec![0; 1 << 20];
    let mut left = bytes;
    while left > 0 {
        let now = left.min(zeros.len() as u64);
        packed.write_all(&zeros[..usize::try_from(now).unwrap()]).unwrap();
        left -= now;
    }
    packed.finish().unwrap()
}

/// A PNG that says it is this large, with these further chunks and this image data.
/// `depth` and `colour` as in ISO/IEC 15948 clause 11.2.2.
pub fn png(side: u32, (depth, colour): (u8, u8), further: &[(&[u8; 4], &[u8])], data: &[u8]) -> Vec<u8> {
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = Vec::new();
    header.extend(side.to_be_bytes());
    header.extend(side.to_be_bytes());
    header.extend([depth, colour, 0, 0, 0]);
    chunk(&mut out, b"IHDR", &header);
    for (kind, data) in further {
        chunk(&mut out, kind, data);
    }
    chunk(&mut out, b"IDAT", data);
    chunk(&mut out, b"IEND", b"");
    out
}

/// Bytes of one side-by-side picture in a PNG: each row has its filter byte.
pub fn png_bytes(side: u64, bits_per_pixel: u64) -> u64 {
    side * (1 + side * bits_per_pixel / 8)
}

/// The JPEG with its frame header saying another size.
pub fn resized(jpeg: &[u8], side: u16) -> Vec<u8> {
    let mut out = jpeg.to_vec();
    let mut at = 2;
    while !(0xc0..=0xc2).contains(&out[at + 1]) {
        at += 2 + usize::from(u16::from_be_bytes([out[at + 2], out[at + 3]]));
    }
    out[at + 5..at + 7].copy_from_slice(&side.to_be_bytes());
    out[at + 7..at + 9].copy_from_slice(&side.to_be_bytes());
    out
}

/// The JPEG with this application segment right after its start.
pub fn with_exif(jpeg: &[u8], exif: &[u8]) -> Vec<u8> {
    let mut out = jpeg[..2].to_vec();
    out.extend([0xff, 0xe1]);
    out.extend(u16::try_from(exif.len() + 8).unwrap().to_be_bytes());
    out.extend(b"Exif\0\0");
    out.extend(exif);
    out.extend(&jpeg[2..]);
    out
}

/// The picture's head and shoulders, `count` x `count` times.
pub fn crowd(jpeg: &[u8], count: u32, tile: u32) -> Vec<u8> {
    let one = Picture::decode(jpeg, &PictureLimits::default()).ok().unwrap();
    let side = count * tile;
    let mut rgb = Vec::with_capacity((side * side * 3) as usize);
    let square = one.width().min(one.height());
    let left = (one.width() - square) / 2;
    for y in 0..side {
        for x in 0..side {
            let (u, v) = (left + x % tile * square / tile, y % tile * square / tile);
            let at = ((v * one.width() + u) * 3) as usize;
            rgb.extend(&one.rgb()[at..at + 3]);
        }
    }
    Picture::from_rgb(side, side, rgb).ok().unwrap().to_jpeg(90).ok().unwrap().to_vec()
}
