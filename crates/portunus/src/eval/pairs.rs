//! Lists of pairs for comparisons one to one, as LFW has them.
//!
//! A line is `name i j` (one person), `name i name j` (two), where `i` is the number in `name_000i.jpg`, or
//! `path path` under the folder of faces, whose first folders are the people. Between the fields are tabs; spaces do where
//! no tab is. A first line of one or two numbers, LFW's count of folds and pairs, is skipped.

use anyhow::{Context as _, Result, bail};
use std::path::{Component, Path, PathBuf};

/// Two pictures, each with the name of who it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pair(pub(crate) [(String, PathBuf); 2]);

/// Reads a list and checks that its pictures are there.
pub(crate) fn read(list: &Path, faces: &Path) -> Result<Vec<Pair>> {
    parse(&super::protocol::text(list)?, faces).with_context(|| list.display().to_string())
}

fn parse(text: &str, faces: &Path) -> Result<Vec<Pair>> {
    let (mut pairs, mut missing) = (Vec::new(), Vec::new());
    for (at, text) in text.lines().enumerate().filter(|(_, text)| !text.trim().is_empty()) {
        let line = at + 1;
        let fields: Vec<&str> =
            if text.contains('\t') { text.split('\t').collect() } else { text.split_whitespace().collect() };
        let numbers = fields.len() <= 2 && fields.iter().all(|field| field.trim().parse::<u32>().is_ok());
        if line == 1 && numbers {
            continue;
        }
        let two = match fields[..] {
            [name, i, j] => [numbered(faces, name, i), numbered(faces, name, j)],
            [one, i, other, j] => [numbered(faces, one, i), numbered(faces, other, j)],
            [one, other] => [by_path(faces, one), by_path(faces, other)],
            _ => bail!(
                "line {line}: expected `name i j`, `name i name j` or two paths, found {} fields",
                fields.len()
            ),
        };
        let [one, other] = two.map(|picture| picture.with_context(|| format!("line {line}")));
        let pair = [one?, other?];
        if pair[0].1 == pair[1].1 {
            bail!("line {line}: a picture is compared with itself");
        }
        missing.extend(pair.iter().filter(|(_, path)| !path.is_file()).map(|(_, path)| (line, path.clone())));
        pairs.push(Pair(pair));
    }
    if let Some((line, path)) = missing.first() {
        bail!("line {line}: {} is not there ({} pictures are missing)", path.display(), missing.len());
    }
    if pairs.is_empty() {
        bail!("line 1: the list of pairs is empty");
    }
    Ok(pairs)
}

fn numbered(faces: &Path, name: &str, number: &str) -> Result<(String, PathBuf)> {
    let number: u32 =
        number.trim().parse().with_context(|| format!("{number:?} is no number of a picture"))?;
    if !matches!(Path::new(name).components().collect::<Vec<_>>()[..], [Component::Normal(_)]) {
        bail!("expected a person's name, found a path or nothing");
    }
    let path = |ending: &str| faces.join(name).join(format!("{name}_{number:04}.{ending}"));
    let found = ["jpg", "png", "jpeg"].map(path).into_iter().find(|path| path.is_file());
    Ok((name.to_owned(), found.unwrap_or_else(|| path("jpg"))))
}

fn by_path(faces: &Path, path: &str) -> Result<(String, PathBuf)> {
    let parts: Vec<Component<'_>> = Path::new(path).components().collect();
    let inside = parts.iter().all(|part| matches!(part, Component::Normal(_)));
    let [Component::Normal(person), _, ..] = parts[..] else { bail!("expected a path `person/file`") };
    if !inside {
        bail!("expected a path inside the folder of faces");
    }
    Ok((person.to_string_lossy().into_owned(), faces.join(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Pair>> {
        let dir = tempfile::tempdir().unwrap();
        for path in ["ann/ann_0001.jpg", "ann/ann_0002.png", "bo/bo_0001.jpg"] {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        parse(text, dir.path())
    }

    #[test]
    fn all_forms_are_read() {
        let pairs = read("10\t300\nann\t1\t2\r\nann 1 bo 1\nann/ann_0001.jpg\tbo/bo_0001.jpg\n").unwrap();
        let people: Vec<[&str; 2]> =
            pairs.iter().map(|pair| [pair.0[0].0.as_str(), pair.0[1].0.as_str()]).collect();
        assert_eq!(people, [["ann", "ann"], ["ann", "bo"], ["ann", "bo"]]);
        assert!(pairs[0].0[1].1.ends_with("ann/ann_0002.png"));
        assert_eq!(pairs[1], pairs[2]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (text, words) in [
            ("", "line 1: the list of pairs is empty"),
            ("10\n", "empty"),
            ("ann\t1\t2\nann\t1\t3\n", "line 2"),
            ("ann\t1\tx\n", "line 1: \"x\" is no number"),
            ("ann\t1\t1\n", "line 1: a picture is compared with itself"),
            ("ann\t1\t2\t3\t4\n", "5 fields"),
            ("../ann\t1\t2\n", "a path or nothing"),
            ("ann/../../x\tbo/bo_0001.jpg\n", "inside"),
        ] {
            let error = format!("{:#}", read(text).unwrap_err());
            assert!(error.contains(words), "{words:?} is not in: {error}");
        }
    }
}
