//! Faces: bytes of a picture in, a template out.
pub mod align;
pub mod detect;
pub mod geometry;
pub mod net;
pub mod picture;
mod resample;
pub mod template;

pub(crate) use net::Net;

pub use detect::Detection;
pub use net::NetError;
pub use picture::{Picture, PictureError, PictureLimits};
use portunus_core::biometric::PackId;
use std::path::Path;
pub use template::{Template, similarity};

/// thin
pub struct FaceEngine {
    detector: Net,
    recogniser: Net,
}
impl FaceEngine {
    /// thin
    pub fn load(lib: &Path, dir: &Path, n: usize) -> Result<Self, NetError> {
        Ok(Self {
            detector: Net::load(lib, &dir.join("detector.onnx"), n)?,
            recogniser: Net::load(lib, &dir.join("recogniser.onnx"), n)?,
        })
    }
    /// thin
    pub fn faces(&self, p: &Picture) -> Result<Vec<Detection>, NetError> {
        detect::detect(&self.detector, p)
    }
    /// thin
    pub fn template(&self, p: &Picture, d: &Detection) -> Result<Option<Template>, NetError> {
        let Some(chip) = align::chip(p, &d.landmarks, &align::ARCFACE_112, 112) else { return Ok(None) };
        let mut planes = vec![0.0; 3 * 112 * 112];
        for (i, px) in chip.rgb().chunks_exact(3).enumerate() {
            for c in 0..3 {
                planes[c * 112 * 112 + i] = f32::from(px[c]);
            }
        }
        let out = self.recogniser.run(&planes, 112, 112, &[""])?;
        Ok(Template::new(PackId("x".into()), &out[0]).ok())
    }
}
