//! What a picture's name and path say.

use portunus_core::document::{DocumentKey, DocumentKind, State};

use super::{Bounds, ItemProblem};

const PATH_BYTES_MAX: usize = 1024;

/// Left by operating systems in folders and zips; nobody meant it to be imported.
pub(super) fn is_litter(path: &str) -> bool {
    let left = ["__MACOSX", "Thumbs.db", "desktop.ini"];
    path.split('/').any(|part| {
        let hidden = part.starts_with('.') && part != "." && part != "..";
        hidden || left.iter().any(|name| part.eq_ignore_ascii_case(name))
    })
}

/// A path from a list or a zip, made plain: parts joined by `/`, none of them `.` or `..`, not absolute.
pub(super) fn inside(path: &str, bounds: &Bounds) -> Result<String, ItemProblem> {
    let path = path.replace('\\', "/");
    if path.len() > PATH_BYTES_MAX {
        return Err(ItemProblem::Path(bounds.depth_max));
    }
    let drive = path.as_bytes().get(1) == Some(&b':');
    if path.starts_with('/') || drive || path.split('/').any(|part| part == "..") || path.contains('\0') {
        return Err(ItemProblem::Outside);
    }
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    match parts.len() {
        0 => Err(ItemProblem::NoFile),
        n if n > bounds.depth_max + 1 => Err(ItemProblem::Path(bounds.depth_max)),
        _ => Ok(parts.join("/")),
    }
}

/// Whose picture it is: `ISSUER-KIND-NUMBER[-n].ext` or the same with underscores, in any folder.
///
/// Hyphens inside a document's number are left out in a name; they are no part of it anyway.
pub(super) fn document(path: &str) -> Result<DocumentKey, ItemProblem> {
    let file = path.rsplit('/').next().unwrap_or(path);
    let (stem, extension) = file.rsplit_once('.').ok_or(ItemProblem::NotAPicture)?;
    if !["jpg", "jpeg", "png"].iter().any(|e| extension.eq_ignore_ascii_case(e)) {
        return Err(ItemProblem::NotAPicture);
    }
    let parts: Vec<&str> = stem.split(['-', '_']).collect();
    let counts = |n: &str| (1..=3).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit());
    match parts[..] {
        [issuer, kind, number] => key(issuer, kind, number),
        [issuer, kind, number, n] if counts(n) => key(issuer, kind, number),
        _ => Err(ItemProblem::Name),
    }
}

/// A document's key from its three parts.
pub(super) fn key(issuer: &str, kind: &str, number: &str) -> Result<DocumentKey, ItemProblem> {
    let wrong = |part| move |problem| ItemProblem::Document { part, problem };
    let issuer = State::new(issuer).map_err(wrong("issuer"))?;
    let kind = DocumentKind::new(kind).map_err(wrong("kind"))?;
    DocumentKey::new(issuer, kind, number).map_err(wrong("number"))
}
