//! QR codes (ISO/IEC 18004), as one path of an SVG.

use maud::{Markup, html};
use qrcodegen::{QrCode, QrCodeEcc};
use serde::Serialize;
use std::fmt::Write as _;

/// The quiet zone around it, in modules (ISO/IEC 18004, 9.1).
const QUIET: i32 = 4;

/// A QR code as it is drawn: `path` in a square of `size` modules, the quiet zone included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Qr {
    /// Modules on a side.
    size: i32,
    /// The dark modules, as SVG path data.
    path: String,
}

impl Qr {
    /// Of a text; `None` for one that is too long.
    pub fn of(text: &str) -> Option<Self> {
        let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
        let mut path = String::new();
        for y in 0..code.size() {
            let mut x = 0;
            while x < code.size() {
                let run = (x..code.size()).take_while(|x| code.get_module(*x, y)).count() as i32;
                if run > 0 {
                    // Runs of dark modules, row by row.
                    let _ = write!(path, "M{} {}h{run}v1h-{run}z", x + QUIET, y + QUIET);
                }
                x += run.max(1);
            }
        }
        Some(Self { size: code.size() + 2 * QUIET, path })
    }

    /// Drawn, dark on light whatever the page's colours are: readers need it so.
    pub(super) fn picture(&self, label: &str) -> Markup {
        let side = format!("0 0 {0} {0}", self.size);
        html! {
            svg .qr viewBox=(side) width="180" height="180" role="img" aria-label=(label) shape-rendering="crispEdges" {
                rect width=(self.size) height=(self.size) fill="#fff" {}
                path d=(self.path) fill="#000" {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_with_a_code_is_drawn_with_its_quiet_zone() {
        let address = format!("https://border.example:8443/receipt#{}", "0123456789abcdef".repeat(2));
        let qr = Qr::of(&address).unwrap();
        assert!(
            qr.size > 21 + 8 && qr.path.starts_with("M4 4h7v1h-7z"),
            "the first finder pattern: {}",
            qr.path
        );
        assert_eq!(Qr::of(&"x".repeat(5000)), None);
    }
}
