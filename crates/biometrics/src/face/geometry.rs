//! Places in a picture: pixels, x to the right, y down, (0, 0) the upper left corner.

/// A place in a picture, in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// To the right.
    pub x: f32,
    /// Down.
    pub y: f32,
}

impl Point {
    /// Distance to another place, in pixels.
    pub fn distance(self, other: Self) -> f32 {
        (self.x - other.x).hypot(self.y - other.y)
    }

    /// The place half-way to another.
    pub fn midway(self, other: Self) -> Self {
        Self { x: (self.x + other.x) / 2.0, y: (self.y + other.y) / 2.0 }
    }
}

/// An upright rectangle in a picture, in pixels. It may reach over the picture's edge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    /// Left edge.
    pub left: f32,
    /// Upper edge.
    pub top: f32,
    /// Width; positive.
    pub width: f32,
    /// Height; positive.
    pub height: f32,
}

impl Area {
    /// Its middle.
    pub fn centre(self) -> Point {
        Point { x: self.left + self.width / 2.0, y: self.top + self.height / 2.0 }
    }

    /// Its size in square pixels.
    pub fn size(self) -> f32 {
        self.width * self.height
    }

    /// Intersection over union with another area, 0 to 1.
    pub fn overlap(self, other: Self) -> f32 {
        let width = (self.left + self.width).min(other.left + other.width) - self.left.max(other.left);
        let height = (self.top + self.height).min(other.top + other.height) - self.top.max(other.top);
        let shared = width.max(0.0) * height.max(0.0);
        let all = self.size() + other.size() - shared;
        if all > 0.0 { shared / all } else { 0.0 }
    }

    /// The area in the mirrored picture, which is `picture_width` wide.
    pub(crate) fn mirrored(self, picture_width: f32) -> Self {
        Self { left: picture_width - self.left - self.width, ..self }
    }

    /// The area with a share of its longer side added on every side (0.25 adds a quarter each).
    pub fn widened(self, share: f32) -> Self {
        let by = self.width.max(self.height) * share;
        Self {
            left: self.left - by,
            top: self.top - by,
            width: self.width + 2.0 * by,
            height: self.height + 2.0 * by,
        }
    }
}

/// The eyes' distance over the distance from between the eyes to between the corners of the mouth, of a mean face
/// (`align::ARCFACE_112`).
const EYES_TO_EYE_MOUTH: f32 = 0.866;

/// The five points of a face. Left and right are the picture's, so a camera's view of a person shows the
/// person's right eye as `eyes[0]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Landmarks {
    /// Eye centres, the picture's left one first.
    pub eyes: [Point; 2],
    /// Tip of the nose.
    pub nose: Point,
    /// Corners of the mouth, the picture's left one first.
    pub mouth: [Point; 2],
}

impl Landmarks {
    /// The points in the mirrored picture, which is `picture_width` wide: left stays the picture's left.
    pub(crate) fn mirrored(&self, picture_width: f32) -> Self {
        let flip = |p: Point| Point { x: picture_width - p.x, y: p.y };
        Self {
            eyes: [flip(self.eyes[1]), flip(self.eyes[0])],
            nose: flip(self.nose),
            mouth: [flip(self.mouth[1]), flip(self.mouth[0])],
        }
    }

    /// The points half-way to another set of the same face.
    pub(crate) fn midway(&self, other: &Self) -> Self {
        Self {
            eyes: [self.eyes[0].midway(other.eyes[0]), self.eyes[1].midway(other.eyes[1])],
            nose: self.nose.midway(other.nose),
            mouth: [self.mouth[0].midway(other.mouth[0]), self.mouth[1].midway(other.mouth[1])],
        }
    }

    /// The points in the customary order: eyes, nose, mouth.
    pub fn points(&self) -> [Point; 5] {
        [self.eyes[0], self.eyes[1], self.nose, self.mouth[0], self.mouth[1]]
    }

    /// Distance between the eye centres as it would be seen from the front, in pixels (ISO/IEC 39794-5's inter-eye
    /// distance). A turned head brings the eyes together but not eyes and mouth apart: the larger of the eyes' distance
    /// and what a mean face's proportions make of the distance from eyes to mouth.
    pub fn inter_eye_px(&self) -> f32 {
        let eyes = self.eyes[0].midway(self.eyes[1]);
        let mouth = self.mouth[0].midway(self.mouth[1]);
        self.eyes[0].distance(self.eyes[1]).max(EYES_TO_EYE_MOUTH * eyes.distance(mouth))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirrored_twice_is_as_before_and_left_stays_the_pictures_left() {
        let at = |x: f32, y: f32| Point { x, y };
        let marks = Landmarks {
            eyes: [at(10.0, 5.0), at(30.0, 6.0)],
            nose: at(22.0, 12.0),
            mouth: [at(12.0, 20.0), at(28.0, 21.0)],
        };
        let flipped = marks.mirrored(100.0);
        assert_eq!(flipped.eyes, [at(70.0, 6.0), at(90.0, 5.0)]);
        assert_eq!(flipped.mirrored(100.0), marks);
        assert_eq!(marks.midway(&marks), marks);
        let area = Area { left: 10.0, top: 0.0, width: 30.0, height: 5.0 };
        assert_eq!(area.mirrored(100.0).left, 60.0);
        assert_eq!(area.mirrored(100.0).mirrored(100.0), area);
    }

    #[test]
    fn overlap_is_one_for_the_same_and_nought_for_the_apart() {
        let a = Area { left: 0.0, top: 0.0, width: 10.0, height: 10.0 };
        let half = Area { left: 5.0, ..a };
        assert_eq!(a.overlap(a), 1.0);
        assert!((a.overlap(half) - 1.0 / 3.0).abs() < 1e-6);
        assert_eq!(a.overlap(Area { left: 20.0, ..a }), 0.0);
        assert_eq!(Area { width: 0.0, ..a }.overlap(Area { width: 0.0, ..a }), 0.0);
    }
}
