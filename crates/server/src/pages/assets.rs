//! The static files, embedded in the binary.

use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// A static file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asset {
    /// Its media type.
    pub content_type: &'static str,
    /// Its bytes.
    pub bytes: &'static [u8],
    /// A strong entity tag over the bytes, in its quotes.
    pub etag: &'static str,
}

const STYLE: &str = "text/css; charset=utf-8";
const MODULE: &str = "text/javascript; charset=utf-8";
const JSON: &str = "application/json";
const SVG: &str = "image/svg+xml";

macro_rules! files {
    ($($name:literal $kind:ident),* $(,)?) => {
        &[$(($name, $kind, include_bytes!(concat!("../../assets/", $name)))),*]
    };
}

/// Name, media type, bytes.
type File = (&'static str, &'static str, &'static [u8]);

static FILES: &[File] = files![
    "admin.css" STYLE,
    "base.css" STYLE,
    "console.css" STYLE,
    "door.css" STYLE,
    "gate.css" STYLE,
    "lane.css" STYLE,
    "mrz.css" STYLE,
    "oversight.css" STYLE,
    "receipt.css" STYLE,
    "records.css" STYLE,
    "report.css" STYLE,
    "second-look.css" STYLE,
    "supervisor.css" STYLE,
    "admin.js" MODULE,
    "records.js" MODULE,
    "redress.js" MODULE,
    "lookouts.js" MODULE,
    "board.js" MODULE,
    "camera.js" MODULE,
    "console.js" MODULE,
    "device.js" MODULE,
    "device-page.js" MODULE,
    "find.js" MODULE,
    "forms.js" MODULE,
    "gate.js" MODULE,
    "gate-link.js" MODULE,
    "lane.js" MODULE,
    "photo.js" MODULE,
    "tablet.js" MODULE,
    "i18n.js" MODULE,
    "lock.js" MODULE,
    "mrz.js" MODULE,
    "people.js" MODULE,
    "proof.js" MODULE,
    "receipt.js" MODULE,
    "rulings.js" MODULE,
    "screens.js" MODULE,
    "second-look.js" MODULE,
    "setup.js" MODULE,
    "signing.js" MODULE,
    "stays.js" MODULE,
    "supervisor.js" MODULE,
    "decline.json" JSON,
    "i18n.json" JSON,
    "receipt.json" JSON,
    "mark.svg" SVG,
];

static TAGS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let tag = |bytes: &[u8]| {
        let digest = Sha256::digest(bytes);
        let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        format!("\"{hex}\"")
    };
    FILES.iter().map(|(_, _, bytes)| tag(bytes)).collect()
});

/// The file of this name under `/assets/`.
pub fn asset(name: &str) -> Option<Asset> {
    let tags: &'static [String] = &TAGS;
    let found = FILES.iter().zip(tags).find(|((file, _, _), _)| *file == name);
    found.map(|((_, content_type, bytes), etag)| Asset { content_type, bytes, etag })
}

/// The names of all files.
pub fn names() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(name, _, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_found_by_its_name_alone() {
        let style = asset("base.css").unwrap();
        assert_eq!(style.content_type, "text/css; charset=utf-8");
        assert!(style.etag.len() == 34 && style.etag.starts_with('"') && style.etag.ends_with('"'));
        assert_eq!(asset("../Cargo.toml"), None);
        assert_eq!(asset(""), None);
    }

    #[test]
    fn two_files_have_two_tags() {
        let mut tags: Vec<_> = names().filter_map(asset).map(|a| a.etag).collect();
        let files = tags.len();
        tags.sort_unstable();
        tags.dedup();
        assert_eq!(tags.len(), files);
    }

    #[test]
    fn every_file_in_the_folder_is_embedded() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
        let mut missing = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if asset(&name).is_none() {
                missing.push(name);
            }
        }
        assert_eq!(missing, Vec::<String>::new());
    }

    #[test]
    fn a_module_imports_only_modules_that_are_here() {
        for name in names().filter(|n| n.ends_with(".js")) {
            let text = std::str::from_utf8(asset(name).unwrap().bytes).unwrap();
            for line in text.lines().filter(|l| l.starts_with("import ") || l.starts_with("} from ")) {
                let path = line.split('"').nth(1);
                if let Some(path) = path {
                    let file = path.strip_prefix("./").unwrap_or(path);
                    assert!(asset(file).is_some(), "{name} imports {path}");
                }
            }
        }
    }
}
