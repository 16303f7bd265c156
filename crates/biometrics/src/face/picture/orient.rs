//! Turns a picture upright by its EXIF orientation (JEITA CP-3451 tag 0112).

use super::Picture;
use image::metadata::Orientation;

/// The picture as it should be looked at.
pub(super) fn upright(picture: Picture, orientation: Orientation) -> Picture {
    let (w, h) = (picture.width as usize, picture.height as usize);
    // Where in the stored picture the upright picture's pixel (x, y) lies.
    let from: &dyn Fn(usize, usize) -> (usize, usize) = match orientation {
        Orientation::NoTransforms => return picture,
        Orientation::FlipHorizontal => &|x, y| (w - 1 - x, y),
        Orientation::Rotate180 => &|x, y| (w - 1 - x, h - 1 - y),
        Orientation::FlipVertical => &|x, y| (x, h - 1 - y),
        Orientation::Rotate90FlipH => &|x, y| (y, x),
        Orientation::Rotate90 => &|x, y| (y, h - 1 - x),
        Orientation::Rotate270FlipH => &|x, y| (w - 1 - y, h - 1 - x),
        Orientation::Rotate270 => &|x, y| (w - 1 - y, x),
    };
    let turned = matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    );
    let (width, height) = if turned { (h, w) } else { (w, h) };
    let mut rgb = Vec::with_capacity(picture.rgb.len());
    for y in 0..height {
        for x in 0..width {
            let (sx, sy) = from(x, y);
            let at = (sy * w + sx) * 3;
            rgb.extend_from_slice(&picture.rgb[at..at + 3]);
        }
    }
    Picture { width: width as u32, height: height as u32, rgb }
}
