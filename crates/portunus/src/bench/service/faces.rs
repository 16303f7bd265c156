//! The pictures: of whom there are some, and a picture placed into frames as a gate's camera takes them.

use crate::bench::Context;
use crate::bench::pictures::entries;
use crate::models::Bar;
use anyhow::{Result, bail};
use portunus_biometrics::face::{Picture, PictureLimits};
use std::path::PathBuf;

const FRAME_WIDTH: usize = 1280;
const FRAME_HEIGHT: usize = 720;
/// How high the photograph stands in the frame: a face in it is some 200 to 300 pixels wide, as before a kiosk.
const STANDS: usize = 600;
const FRAME_JPEG_QUALITY: u8 = 85;
/// A head does not stand still from frame to frame.
const SWAY: [(usize, usize); 3] = [(0, 0), (7, 3), (13, 1)];

/// The pictures of each person, at least one, in order of names; and where they are from, in words.
pub(super) fn people(context: &Context) -> Result<(Vec<Vec<PathBuf>>, String)> {
    let Some(faces) = &context.faces else {
        let pictures = context.cache.ensure_pictures(&Bar)?;
        let of = |names: &[&str]| names.iter().map(|name| pictures.join(name)).collect();
        let people = vec![of(&["obama.jpg", "obama2.jpg", "obama3.jpg"]), of(&["biden.jpg"])];
        return Ok((people, "the demo's pictures of two people".to_owned()));
    };
    let mut people = Vec::new();
    for person in entries(faces)?.into_iter().filter(|path| path.is_dir()) {
        let mut pictures = entries(&person)?;
        pictures.retain(|path| path.extension().is_some_and(|end| end.eq_ignore_ascii_case("jpg")));
        if !pictures.is_empty() {
            people.push(pictures);
        }
    }
    if people.is_empty() {
        bail!("{} holds no person/*.jpg", faces.display());
    }
    let said = format!("photographs of {} people given by --faces", people.len());
    Ok((people, said))
}

/// The picture file encoded anew: the `n`th time by another quality and cut by other pixels, so that the work is
/// the same and the bytes are not.
pub(super) fn encoded_anew(bytes: &[u8], n: usize) -> Result<Vec<u8>> {
    let picture = Picture::decode(bytes, &PictureLimits::default())?;
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let cut = (n / 30 % 16).min(width.min(height) - 1);
    let rgb =
        picture.rgb().chunks_exact(width * 3).skip(cut).flat_map(|row| &row[cut * 3..]).copied().collect();
    let cut = Picture::from_rgb((width - cut) as u32, (height - cut) as u32, rgb)?;
    Ok(cut.to_jpeg(65 + (n % 30) as u8)?.to_vec())
}

/// Three frames of 1280x720 pixels with the picture in the middle, before a wall with a camera's noise.
pub(super) fn frames(bytes: &[u8]) -> Result<Vec<Vec<u8>>> {
    let picture = Picture::decode(bytes, &PictureLimits::default())?;
    let (wide, high) = (picture.width() as usize, picture.height() as usize);
    let width = (wide * STANDS / high).clamp(1, FRAME_WIDTH - 40);
    let scaled = scaled(picture.rgb(), (wide, high), (width, STANDS));
    let mut noise = 0x2545_f491_4f6c_dd1d_u64;
    let mut frames = Vec::with_capacity(SWAY.len());
    for (right, down) in SWAY {
        let mut rgb = vec![0; FRAME_WIDTH * FRAME_HEIGHT * 3];
        for (at, pixel) in rgb.chunks_exact_mut(3).enumerate() {
            noise ^= noise << 13;
            noise ^= noise >> 7;
            noise ^= noise << 17;
            let wall = 120 + at / FRAME_WIDTH / 12 + (noise & 7) as usize;
            pixel.fill(wall.min(255) as u8);
        }
        let left = (FRAME_WIDTH - width) / 2 + right - SWAY[2].0 / 2;
        for (y, row) in scaled.chunks_exact(width * 3).enumerate() {
            let start = ((FRAME_HEIGHT - STANDS + down + y - 10) * FRAME_WIDTH + left) * 3;
            rgb[start..start + row.len()].copy_from_slice(row);
        }
        let frame = Picture::from_rgb(FRAME_WIDTH as u32, FRAME_HEIGHT as u32, rgb)?;
        frames.push(frame.to_jpeg(FRAME_JPEG_QUALITY)?.to_vec());
    }
    Ok(frames)
}

/// Pixels of another size, each mixed of the four next to it.
fn scaled(rgb: &[u8], (wide, high): (usize, usize), (width, height): (usize, usize)) -> Vec<u8> {
    let mut out = Vec::with_capacity(width * height * 3);
    let place = |at: usize, to: usize, from: usize| {
        let place = ((at as f32 + 0.5) * from as f32 / to as f32 - 0.5).clamp(0.0, (from - 1) as f32);
        (place as usize, (place as usize + 1).min(from - 1), place.fract())
    };
    for y in 0..height {
        let (above, below, v) = place(y, height, high);
        for x in 0..width {
            let (left, right, u) = place(x, width, wide);
            for channel in 0..3 {
                let value = |x: usize, y: usize| f32::from(rgb[(y * wide + x) * 3 + channel]);
                let top = value(left, above) * (1.0 - u) + value(right, above) * u;
                let bottom = value(left, below) * (1.0 - u) + value(right, below) * u;
                out.push((top * (1.0 - v) + bottom * v).round() as u8);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(width: u32, height: u32, value: u8) -> Vec<u8> {
        let rgb = vec![value; (width * height * 3) as usize];
        Picture::from_rgb(width, height, rgb).unwrap().to_jpeg(90).unwrap().to_vec()
    }

    #[test]
    fn three_frames_of_720p_hold_the_picture_in_the_middle() {
        // Wider than the frame, of one column, and of a photograph's form.
        for (width, height) in [(900, 100), (1, 50), (250, 250)] {
            let frames = frames(&flat(width, height, 20)).unwrap();
            assert_eq!(frames.len(), 3);
            for frame in &frames {
                let frame = Picture::decode(frame, &PictureLimits::default()).unwrap();
                assert_eq!((frame.width(), frame.height()), (1280, 720));
                let pixel = |x: usize, y: usize| frame.rgb()[(y * 1280 + x) * 3];
                assert!(pixel(20, 20) > 100, "the wall");
                assert!(width == 1 || pixel(640, 400) < 40, "the picture");
            }
            assert!(frames[0] != frames[1] && frames[1] != frames[2]);
        }
    }

    #[test]
    fn a_picture_encoded_anew_is_another_file_each_time() {
        let picture = flat(64, 80, 90);
        let files: std::collections::HashSet<Vec<u8>> =
            (0..420).map(|n| encoded_anew(&picture, n).unwrap()).collect();
        assert!(files.len() > 300, "{}", files.len());
    }
}
