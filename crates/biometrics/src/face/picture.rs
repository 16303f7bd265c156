//! A picture of a person: bytes in, pixels out, nothing trusted on the way.
//!
//! Caps are checked on the file's own headers before a decoder sees it (`header`), orientation is applied,
//! and everything becomes 8-bit RGB. Colour profiles are ignored: cameras and passport systems send sRGB.

mod header;
mod orient;

use crate::face::geometry::Area;
use image::codecs::{jpeg::JpegDecoder, jpeg::JpegEncoder, png::PngDecoder};
use image::{ColorType, ImageDecoder, ImageError, Limits};
use std::io::Cursor;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

pub use header::PictureFormat;

/// How large a picture may be, checked before decoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PictureLimits {
    /// Largest file, in bytes.
    pub bytes_max: usize,
    /// Longest side, in pixels.
    pub side_max: u32,
    /// Most pixels. Decoding takes at most about 12 bytes for each.
    pub pixels_max: u64,
}

impl Default for PictureLimits {
    /// 10 MiB, 8192 pixels a side, 16.8 million pixels (any phone's 12-megapixel photograph passes).
    fn default() -> Self {
        Self { bytes_max: 10 << 20, side_max: 8192, pixels_max: 1 << 24 }
    }
}

/// Why bytes are not a picture that we take. Says nothing of what the picture shows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// No bytes.
    #[error("the picture is empty: send a JPEG or PNG file")]
    Empty,
    /// The file is too large.
    #[error("the picture has {bytes} bytes, the most taken is {bytes_max}: send a smaller one")]
    TooManyBytes {
        /// Its size.
        bytes: usize,
        /// The cap.
        bytes_max: usize,
    },
    /// Neither JPEG nor PNG.
    #[error("the picture is neither JPEG nor PNG (by its first bytes): send one of these")]
    UnknownFormat,
    /// The pixels would be too many.
    #[error(
        "the picture says it is {width} x {height}; the most taken is {side_max} a side and {pixels_max} \
         pixels: send a smaller one"
    )]
    TooManyPixels {
        /// Width, by its header.
        width: u32,
        /// Height, by its header.
        height: u32,
        /// The cap on a side.
        side_max: u32,
        /// The cap on pixels.
        pixels_max: u64,
    },
    /// The file ends before the picture does.
    #[error("the picture ends too early, at byte {offset}: send it again")]
    Truncated {
        /// Where bytes were expected and none came.
        offset: usize,
    },
    /// The file's structure is broken.
    #[error("the picture is broken at byte {offset}: {expected} was expected")]
    Broken {
        /// Where.
        offset: usize,
        /// What should have been there.
        expected: &'static str,
    },
    /// A kind of JPEG or PNG that is not taken.
    #[error("the picture is {what}, which is not taken: send a plain JPEG or PNG photograph")]
    Unsupported {
        /// Which kind.
        what: &'static str,
    },
    /// The decoder refused the picture's data.
    #[error("the picture's {format} data cannot be decoded: send it again or take another")]
    Undecodable {
        /// JPEG or PNG.
        format: PictureFormat,
    },
}

/// Pixels of a picture, 8-bit RGB, rows top to bottom. Biometric data: no `Debug`, zeroised when dropped.
///
/// Working buffers inside the decoders are freed without being zeroised; what this crate holds is.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Picture {
    width: u32,
    height: u32,
    rgb: Vec<u8>,
}

impl Picture {
    /// Decodes a JPEG or PNG picture and turns it upright by its EXIF orientation.
    ///
    /// # Errors
    /// [`PictureError`] for everything that is not a whole, still picture within `limits`. Never panics on
    /// hostile bytes; memory is bounded by `limits.pixels_max`.
    pub fn decode(bytes: &[u8], limits: &PictureLimits) -> Result<Self, PictureError> {
        let header = header::inspect(bytes, limits)?;
        let undecodable = |error: ImageError| match error {
            ImageError::Unsupported(_) => PictureError::Unsupported { what: "an unusual kind" },
            _ => PictureError::Undecodable { format: header.format },
        };
        let mut caps = Limits::default();
        caps.max_image_width = Some(limits.side_max);
        caps.max_image_height = Some(limits.side_max);
        caps.max_alloc = Some(limits.pixels_max.saturating_mul(12));
        let cursor = Cursor::new(bytes);
        let (raw, colour, size, orientation) = match header.format {
            PictureFormat::Jpeg => {
                let mut decoder = JpegDecoder::new(cursor).map_err(undecodable)?;
                decoder.set_limits(caps).map_err(undecodable)?;
                read(decoder, limits).map_err(undecodable)?
            }
            PictureFormat::Png => read(PngDecoder::with_limits(cursor, caps).map_err(undecodable)?, limits)
                .map_err(undecodable)?,
        };
        let rgb =
            to_rgb(raw, colour).ok_or(PictureError::Unsupported { what: "of an unusual colour type" })?;
        let upright = orient::upright(Self { width: size.0, height: size.1, rgb }, orientation);
        Ok(upright)
    }

    /// Takes pixels as they are.
    ///
    /// # Errors
    /// [`PictureError::Broken`] when `rgb` is not `3 * width * height` bytes long or a side is zero.
    pub fn from_rgb(width: u32, height: u32, rgb: Vec<u8>) -> Result<Self, PictureError> {
        let expected = (width as usize).checked_mul(height as usize).and_then(|n| n.checked_mul(3));
        if width == 0 || height == 0 || expected != Some(rgb.len()) {
            return Err(PictureError::Broken { offset: rgb.len(), expected: "3 x width x height bytes" });
        }
        Ok(Self { width, height, rgb })
    }

    /// Width in pixels; never zero.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels; never zero.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The pixels: `3 * width * height` bytes, red first.
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// The picture as a mirror shows it.
    pub(crate) fn mirrored(&self) -> Self {
        let mut rgb = Vec::with_capacity(self.rgb.len());
        for y in 0..self.height {
            self.row(y as usize).rchunks_exact(3).for_each(|pixel| rgb.extend_from_slice(pixel));
        }
        Self { width: self.width, height: self.height, rgb }
    }

    /// One row's pixels. `y` is held within the picture.
    pub(crate) fn row(&self, y: usize) -> &[u8] {
        let stride = self.width as usize * 3;
        let y = y.min(self.height as usize - 1);
        &self.rgb[y * stride..(y + 1) * stride]
    }

    /// The part of the picture within `area`, which is held within the picture and gives at least one pixel.
    pub fn crop(&self, area: Area) -> Self {
        let (left, width) = span(area.left, area.width, self.width);
        let (top, height) = span(area.top, area.height, self.height);
        let mut rgb = Vec::with_capacity(width * height * 3);
        for y in top..top + height {
            rgb.extend_from_slice(&self.row(y)[left * 3..(left + width) * 3]);
        }
        Self { width: width as u32, height: height as u32, rgb }
    }

    /// Paints `area` in one colour, except where `spared` lies. Both are held within the picture.
    pub(crate) fn paint(&mut self, area: Area, spared: Area, colour: [u8; 3]) {
        let edges = |a: Area| (a.left, a.top, a.left + a.width, a.top + a.height);
        let within = |x: f32, y: f32, (l, t, r, b): (f32, f32, f32, f32)| x >= l && y >= t && x < r && y < b;
        let (area, spared) = (edges(area), edges(spared));
        let width = self.width as usize;
        for (at, pixel) in self.rgb.chunks_exact_mut(3).enumerate() {
            let (x, y) = ((at % width) as f32, (at / width) as f32);
            if within(x, y, area) && !within(x, y, spared) {
                pixel.copy_from_slice(&colour);
            }
        }
    }

    /// The picture as a JPEG file, for a screen or for sealing. `quality` is 1 to 100.
    ///
    /// # Errors
    /// [`PictureError::Unsupported`] when a side is over 65,535 pixels.
    pub fn to_jpeg(&self, quality: u8) -> Result<Zeroizing<Vec<u8>>, PictureError> {
        // Reserved ahead so that growing leaves no unzeroised copies behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(self.rgb.len() / 2 + 4096));
        JpegEncoder::new_with_quality(&mut *bytes, quality.clamp(1, 100))
            .encode(&self.rgb, self.width, self.height, image::ExtendedColorType::Rgb8)
            .map_err(|_| PictureError::Unsupported { what: "too large for JPEG" })?;
        Ok(bytes)
    }
}

impl Clone for Picture {
    fn clone(&self) -> Self {
        Self { width: self.width, height: self.height, rgb: self.rgb.clone() }
    }
}

fn span(start: f32, length: f32, limit: u32) -> (usize, usize) {
    // `as` saturates: NaN and negatives become 0, infinities the limit.
    let from = (start.round() as u32).min(limit - 1);
    let to = ((start + length).round() as u32).clamp(from + 1, limit.max(from + 1)).min(limit);
    (from as usize, (to - from) as usize)
}

type Raw = (Zeroizing<Vec<u8>>, ColorType, (u32, u32), image::metadata::Orientation);

fn read(mut decoder: impl ImageDecoder, limits: &PictureLimits) -> Result<Raw, ImageError> {
    let too_large = || {
        ImageError::Limits(image::error::LimitError::from_kind(image::error::LimitErrorKind::DimensionError))
    };
    let size = decoder.dimensions();
    let colour = decoder.color_type();
    // The decoder's own idea of the size must not exceed what the header check allowed.
    if u64::from(size.0) * u64::from(size.1) > limits.pixels_max || size.0 == 0 || size.1 == 0 {
        return Err(too_large());
    }
    let orientation = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
    let total = usize::try_from(decoder.total_bytes()).map_err(|_| too_large())?;
    let mut raw = Zeroizing::new(vec![0; total]);
    decoder.read_image(&mut raw)?;
    Ok((raw, colour, size, orientation))
}

/// Turns a decoder's pixels into RGB: grey is spread, 16 bits lose the lower 8, alpha is laid on white.
fn to_rgb(mut raw: Zeroizing<Vec<u8>>, colour: ColorType) -> Option<Vec<u8>> {
    let deep = matches!(colour, ColorType::L16 | ColorType::La16 | ColorType::Rgb16 | ColorType::Rgba16);
    if deep {
        // Sixteen-bit samples come in the machine's byte order.
        for i in 0..raw.len() / 2 {
            raw[i] = (u16::from_ne_bytes([raw[2 * i], raw[2 * i + 1]]) >> 8) as u8;
        }
        let half = raw.len() / 2;
        raw[half..].zeroize();
        raw.truncate(half);
    }
    let on_white = |value: u8, alpha: u8| {
        ((u32::from(value) * u32::from(alpha) + 255 * (255 - u32::from(alpha)) + 127) / 255) as u8
    };
    let mut rgb = Vec::new();
    match colour.channel_count() {
        3 => rgb = std::mem::take(&mut *raw),
        1 => {
            rgb.reserve_exact(raw.len() * 3);
            rgb.extend(raw.iter().flat_map(|&v| [v; 3]));
        }
        2 => {
            rgb.reserve_exact(raw.len() / 2 * 3);
            rgb.extend(raw.chunks_exact(2).flat_map(|p| [on_white(p[0], p[1]); 3]));
        }
        4 => {
            rgb.reserve_exact(raw.len() / 4 * 3);
            rgb.extend(raw.chunks_exact(4).flat_map(|p| [0, 1, 2].map(|c| on_white(p[c], p[3]))));
        }
        _ => return None,
    }
    Some(rgb)
}

#[cfg(test)]
mod tests;
