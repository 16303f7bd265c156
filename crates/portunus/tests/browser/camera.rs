//! The fake camera: a film of one picture, YUV4MPEG2, which Chromium plays over and over as its camera. It is read
//! anew each time the camera starts, so that the next traveller is another file under the same name.

use crate::support::Picture;
use portunus_biometrics::face::{Picture as Pixels, PictureLimits};
use std::path::{Path, PathBuf};

const WIDTH: usize = 1280;
const HEIGHT: usize = 720;

/// A camera's file in a folder of its own.
pub struct Camera {
    folder: tempfile::TempDir,
}

impl Camera {
    /// A camera before which this person stands.
    pub fn seeing(picture: Picture) -> Self {
        Self::seeing_all(&[picture])
    }

    /// A camera before which these people sit, from left to right; before which nobody is, when there are none.
    pub fn seeing_all(pictures: &[Picture]) -> Self {
        let camera = Self { folder: tempfile::tempdir().unwrap() };
        camera.sees_all(pictures);
        camera
    }

    /// Where the film is.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("camera.y4m")
    }

    /// The next person steps before the camera.
    pub fn sees(&self, picture: Picture) {
        self.sees_all(&[picture]);
    }

    /// The next people do.
    pub fn sees_all(&self, pictures: &[Picture]) {
        let mut frame = vec![[128; 3]; WIDTH * HEIGHT];
        let width = WIDTH / pictures.len().max(1);
        for (at, picture) in pictures.iter().enumerate() {
            let pixels = Pixels::decode(&picture.bytes(), &PictureLimits::default()).ok().unwrap();
            letterbox(&mut frame, &pixels, at * width, width);
        }
        let film = film(&frame);
        let unfinished = self.folder.path().join("next");
        std::fs::write(&unfinished, film).unwrap();
        std::fs::rename(unfinished, self.path()).unwrap();
    }
}

/// Puts a picture into a column of the frame; each pixel is the mean of those that it covers.
fn letterbox(frame: &mut [[u8; 3]], pixels: &Pixels, column: usize, column_width: usize) {
    let (width, height) = (pixels.width() as usize, pixels.height() as usize);
    let scale = (column_width as f64 / width as f64).min(HEIGHT as f64 / height as f64);
    let (shown_w, shown_h) = ((width as f64 * scale) as usize, (height as f64 * scale) as usize);
    let (left, top) = (column + (column_width - shown_w) / 2, (HEIGHT - shown_h) / 2);
    let span = |at: usize, shown: usize, of: usize| {
        let from = (at * of / shown).min(of - 1);
        from..((at + 1) * of / shown).clamp(from + 1, of)
    };
    for y in 0..shown_h {
        for x in 0..shown_w {
            let (mut sums, mut count) = ([0_usize; 3], 0);
            for from_y in span(y, shown_h, height) {
                for from_x in span(x, shown_w, width) {
                    let at = (from_y * width + from_x) * 3;
                    for (sum, value) in sums.iter_mut().zip(&pixels.rgb()[at..at + 3]) {
                        *sum += usize::from(*value);
                    }
                    count += 1;
                }
            }
            frame[(top + y) * WIDTH + left + x] = sums.map(|sum| u8::try_from(sum / count).unwrap());
        }
    }
}

/// Two frames of it, 4:2:0, in the range of ITU-R BT.601 (16 to 235).
fn film(frame: &[[u8; 3]]) -> Vec<u8> {
    let mix = |[r, g, b]: [u8; 3], [cr, cg, cb]: [i32; 3], base: i32| {
        let sum = cr * i32::from(r) + cg * i32::from(g) + cb * i32::from(b) + 128;
        u8::try_from((sum >> 8) + base).unwrap()
    };
    let mut planes: Vec<u8> = frame.iter().map(|pixel| mix(*pixel, [66, 129, 25], 16)).collect();
    for weights in [[-38, -74, 112], [112, -94, -18]] {
        for y in (0..HEIGHT).step_by(2) {
            planes.extend((0..WIDTH).step_by(2).map(|x| mix(frame[y * WIDTH + x], weights, 128)));
        }
    }
    let mut film = format!("YUV4MPEG2 W{WIDTH} H{HEIGHT} F10:1 Ip A1:1 C420\n").into_bytes();
    for _ in 0..2 {
        film.extend_from_slice(b"FRAME\n");
        film.extend_from_slice(&planes);
    }
    film
}

/// Whether the pictures are there that the model cache brings; where not, as [`crate::chromium::there`].
pub fn pictures_there() -> bool {
    let there = Path::is_file(&Picture::Obama.path());
    if !there {
        let judged = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
        assert!(!judged, "no pictures of people: `portunus models fetch` brings them");
        eprintln!("SKIPPED: a browser test; no pictures of people: `portunus models fetch` brings them");
    }
    there
}
