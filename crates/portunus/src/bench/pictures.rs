//! The photographs that both sides are given: the same bytes, at two sizes.

use super::Context;
use crate::house::read_at_most;
use crate::models::Bar;
use anyhow::{Context as _, Result, bail};
use portunus_biometrics::face::geometry::Area;
use portunus_biometrics::face::{FaceEngine, Outcome, Picture, PictureLimits};
use std::path::{Path, PathBuf};

/// Side of a small portrait, as the well-known test pictures have it.
const SMALL_PX: u32 = 250;
/// A camera's frame, and how large the portrait stands in it: the face of someone at a gate's line.
const FRAME_PX: (u32, u32) = (1280, 720);
const STANDING_PX: u32 = 600;
/// A portrait cut from a larger picture is so many times as wide as its face.
const FACES_WIDE: f32 = 2.4;
const JPEG_QUALITY: u8 = 90;
const FILE_BYTES_MAX: usize = 32 << 20;

/// Pictures of one size, as files for the peer and as their bytes for us.
pub(super) struct Set {
    pub(super) name: &'static str,
    pub(super) files: Vec<PathBuf>,
    pub(super) bytes: Vec<Vec<u8>>,
}

/// Where they came from, in words.
pub(super) fn source(context: &Context) -> &'static str {
    match context.faces {
        Some(_) => "pictures spread evenly over the folder given by --faces",
        None => "two photographs of public office holders from the package face_recognition",
    }
}

/// At most `most` pictures in each set, the files in `folder`.
pub(super) fn sets(context: &Context, engine: &FaceEngine, folder: &Path, most: usize) -> Result<[Set; 2]> {
    let found = files(context, most)?;
    if found.is_empty() {
        bail!(
            "no JPEG picture is in the folders of {}",
            context.faces.as_deref().unwrap_or(folder).display()
        );
    }
    let mut small = Set { name: "250x250", files: Vec::new(), bytes: Vec::new() };
    let mut frames = Set { name: "1280x720", files: Vec::new(), bytes: Vec::new() };
    let bar = context.bar(found.len() as u64, "pictures");
    for (n, path) in found.iter().enumerate() {
        let bytes = read(path)?;
        let picture =
            Picture::decode(&bytes, &PictureLimits::default()).with_context(|| path.display().to_string())?;
        let as_is = (picture.width(), picture.height()) == (SMALL_PX, SMALL_PX);
        let portrait = if as_is { picture } else { portrait(engine, picture)? };
        let bytes = if as_is {
            bytes
        } else {
            resized(&portrait, SMALL_PX, SMALL_PX)?.to_jpeg(JPEG_QUALITY)?.to_vec()
        };
        small.add(folder, n, bytes)?;
        frames.add(folder, n, frame(&portrait, n as u64)?.to_jpeg(JPEG_QUALITY)?.to_vec())?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok([small, frames])
}

impl Set {
    fn add(&mut self, folder: &Path, n: usize, bytes: Vec<u8>) -> Result<()> {
        let path = folder.join(format!("{}-{n}.jpg", self.name));
        std::fs::write(&path, &bytes).with_context(|| path.display().to_string())?;
        self.files.push(path);
        self.bytes.push(bytes);
        Ok(())
    }
}

/// One picture each of people spread evenly over the folder, or the demo's.
pub(super) fn files(context: &Context, most: usize) -> Result<Vec<PathBuf>> {
    let Some(faces) = &context.faces else {
        let folder = context.cache.ensure_pictures(&Bar)?;
        return Ok(["biden.jpg", "obama.jpg"].map(|name| folder.join(name)).to_vec());
    };
    let people: Vec<PathBuf> = entries(faces)?.into_iter().filter(|path| path.is_dir()).collect();
    let chosen = most.min(people.len());
    let mut files = Vec::new();
    for n in 0..chosen {
        let is_jpeg = |path: &PathBuf| path.extension().is_some_and(|end| end.eq_ignore_ascii_case("jpg"));
        files.extend(entries(&people[n * people.len() / chosen])?.into_iter().find(is_jpeg));
    }
    Ok(files)
}

/// What is in a folder, in order.
pub(super) fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let listed = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut paths = listed.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

/// Reads a picture's file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>> {
    read_at_most(path, FILE_BYTES_MAX)
}

/// A square around the face; the middle where there is none.
fn portrait(engine: &FaceEngine, picture: Picture) -> Result<Picture> {
    let (width, height) = (picture.width() as f32, picture.height() as f32);
    let (x, y, side) = match engine.analyse_picture(&picture, None)?.outcome {
        Outcome::Subject(subject) => {
            let Area { left, top, width: w, height: h } = subject.area;
            (left + w / 2.0, top + h / 2.0, w.max(h) * FACES_WIDE)
        }
        _ => (width / 2.0, height / 2.0, width.min(height)),
    };
    let side = side.min(width).min(height);
    let left = (x - side / 2.0).clamp(0.0, width - side);
    let top = (y - side / 2.0).clamp(0.0, height - side);
    Ok(picture.crop(Area { left, top, width: side, height: side }))
}

/// The portrait standing in a camera's frame: its edges go on to the frame's, and a sensor's noise lies over all.
fn frame(portrait: &Picture, seed: u64) -> Result<Picture> {
    let standing = resized(portrait, STANDING_PX, STANDING_PX)?;
    let (width, height) = FRAME_PX;
    let (left, top) = ((width - STANDING_PX) / 2, height - STANDING_PX);
    let mut noise = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut rgb = Vec::with_capacity((width * height * 3) as usize);
    for y in 0..height {
        for x in 0..width {
            let within = |at: u32, from: u32| at.saturating_sub(from).min(STANDING_PX - 1) as usize;
            let at = (within(y, top) * STANDING_PX as usize + within(x, left)) * 3;
            for value in &standing.rgb()[at..at + 3] {
                // Xorshift: any noise that a JPEG encoder cannot foresee does.
                noise ^= noise << 13;
                noise ^= noise >> 7;
                noise ^= noise << 17;
                rgb.push(value.saturating_add((noise % 7) as u8).saturating_sub(3));
            }
        }
    }
    Ok(Picture::from_rgb(width, height, rgb)?)
}

/// Each pixel is the mean of as many bilinear samples as source pixels fall on it.
fn resized(picture: &Picture, width: u32, height: u32) -> Result<Picture> {
    let (w, h) = (picture.width() as usize, picture.height() as usize);
    let (step_x, step_y) = (w as f32 / width as f32, h as f32 / height as f32);
    let samples = (step_x.max(step_y).ceil() as usize).clamp(1, 16);
    let mut rgb = Vec::with_capacity((width * height * 3) as usize);
    for y in 0..height {
        for x in 0..width {
            let mut sum = [0.0_f32; 3];
            for part in 0..samples * samples {
                let at = |n: u32, part: usize, step: f32, limit: usize| {
                    let within = (part as f32 + 0.5) / samples as f32;
                    ((n as f32 + within) * step - 0.5).clamp(0.0, (limit - 1) as f32)
                };
                let (sx, sy) = (at(x, part % samples, step_x, w), at(y, part / samples, step_y, h));
                bilinear(picture, sx, sy).iter().zip(&mut sum).for_each(|(value, sum)| *sum += value);
            }
            rgb.extend(sum.map(|value| (value / (samples * samples) as f32).round() as u8));
        }
    }
    Ok(Picture::from_rgb(width, height, rgb)?)
}

fn bilinear(picture: &Picture, x: f32, y: f32) -> [f32; 3] {
    let (w, h) = (picture.width() as usize, picture.height() as usize);
    let (left, top) = (x as usize, y as usize);
    let (right, bottom) = ((left + 1).min(w - 1), (top + 1).min(h - 1));
    let (across, down) = (x.fract(), y.fract());
    std::array::from_fn(|channel| {
        let value = |x: usize, y: usize| f32::from(picture.rgb()[(y * w + x) * 3 + channel]);
        let upper = value(left, top) * (1.0 - across) + value(right, top) * across;
        let lower = value(left, bottom) * (1.0 - across) + value(right, bottom) * across;
        upper * (1.0 - down) + lower * down
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_portrait_stands_in_the_frame_and_its_edges_go_on() {
        // Left half black, right half white.
        let rgb = (0..10 * 10).flat_map(|at| [if at % 10 < 5 { 0 } else { 250 }; 3]).collect();
        let framed = frame(&Picture::from_rgb(10, 10, rgb).unwrap(), 1).unwrap();
        assert_eq!((framed.width(), framed.height()), FRAME_PX);
        let at = |x: usize, y: usize| framed.rgb()[(y * 1280 + x) * 3];
        for y in [0, 300, 719] {
            assert!(at(0, y) < 10 && at(500, y) < 10, "black on the left");
            assert!(at(800, y) > 240 && at(1279, y) > 240, "white on the right");
        }
    }

    #[test]
    fn a_smaller_picture_keeps_the_mean_of_a_larger_one() {
        let rgb: Vec<u8> = (0..40 * 40 * 3_usize).map(|at| (at * 7 % 251) as u8).collect();
        let mean = |rgb: &[u8]| rgb.iter().map(|v| f64::from(*v)).sum::<f64>() / rgb.len() as f64;
        let small = resized(&Picture::from_rgb(40, 40, rgb.clone()).unwrap(), 10, 10).unwrap();
        assert!((mean(small.rgb()) - mean(&rgb)).abs() < 2.0);
    }
}
