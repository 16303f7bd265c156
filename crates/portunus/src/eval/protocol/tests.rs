use super::*;

const LIST: &str =
    "trial\trole\tperson\tfile\n0\treference\tann\t1.jpg\n0\tmated\tann\t2.jpg\n0\tnonmated\tbo\t1.jpg\n";

/// `ann/{1,2}.jpg` and `bo/{1,2}.jpg`.
fn faces() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for person in ["ann", "bo"] {
        std::fs::create_dir(dir.path().join(person)).unwrap();
        for picture in ["1.jpg", "2.jpg"] {
            std::fs::write(dir.path().join(person).join(picture), "").unwrap();
        }
    }
    dir
}

fn read(text: &str) -> Result<Protocol> {
    parse("test".to_owned(), text, faces().path())
}

#[track_caller]
fn refused(text: &str, words: &[&str]) {
    let error = format!("{:#}", read(text).unwrap_err());
    words.iter().for_each(|word| assert!(error.contains(word), "{word:?} is not in: {error}"));
}

#[test]
fn a_list_is_read_whatever_ends_its_lines() {
    let faces = faces();
    let read = |text: &str| parse("test".to_owned(), text, faces.path()).unwrap();
    let protocol = read(LIST);
    assert_eq!((protocol.gallery(), protocol.references(), protocol.pictures().len()), (1, 1, 3));
    assert_eq!(protocol.people, ["ann", "bo"]);
    assert_eq!(protocol.trials[0].probes[1].kind, Kind::NonMated);
    assert_eq!(read(&LIST.replace('\n', "\r\n")), protocol);
    assert_eq!(read(&format!("{LIST}\n\n")), protocol);
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    refused("", &["line 1", "empty", "trial role person file"]);
    refused("trial\trole\tperson\tfile\n", &["line 2", "empty"]);
    refused(LIST.split_once('\n').unwrap().1, &["line 1", "header"]);
    refused(&LIST.replace("nonmated", "stranger"), &["line 4", "stranger", "reference, mated or nonmated"]);
    refused(&LIST.replace("2.jpg", "3.jpg"), &["line 3", "3.jpg", "1 pictures are missing"]);
    refused(&LIST.replace("\tbo\t", "\tcy\t"), &["line 4", "cy"]);
    refused(&LIST.replace("0\tmated", "1\tmated"), &["line 3", "no reference in trial 1"]);
    refused(
        &LIST
            .replace("nonmated\tbo\t1", "nonmated\tann\t3")
            .replace("3", "2")
            .replace("mated\tann\t2.jpg\n0", "mated\tbo\t2.jpg\n0"),
        &["line 3", "no reference"],
    );
    refused(&format!("{LIST}0\treference\tbo\t2.jpg\n"), &["line 4", "nonmated", "has a reference"]);
    refused(&format!("{LIST}0\treference\tann\t1.jpg\n"), &["line 5", "line 2"]);
    refused(&LIST.replace("2.jpg", "1.jpg"), &["line 3", "line 2"]);
    refused(&LIST.replace("\tann\t2.jpg", "\tann"), &["line 3", "3 fields"]);
    refused(&LIST.replace("2.jpg", "../bo/2.jpg"), &["line 3", "not a path"]);
    refused(&LIST.replace("2.jpg", ""), &["line 3", "empty"]);
    refused(&LIST[..LIST.len() - "0\tnonmated\tbo\t1.jpg\n".len()], &["line 3", "nonmated"]);
}

fn crowd(pictures: &[usize]) -> BTreeMap<String, Vec<PathBuf>> {
    let own = |at: usize, count| (0..count).map(|picture| PathBuf::from(format!("{at}/{picture}"))).collect();
    pictures.iter().enumerate().map(|(at, count)| (format!("{at:03}"), own(at, *count))).collect()
}

const DRAWING: Drawing = Drawing { gallery: 4, references: 2, trials: 3, seed: 1 };

#[test]
fn galleries_are_drawn_the_same_again_and_nobody_is_on_both_sides() {
    let people = crowd(&[3, 5, 3, 4, 2, 2, 1, 1]);
    let protocol = draw(&people, DRAWING).unwrap();
    assert_eq!(protocol, draw(&people, DRAWING).unwrap());
    assert_ne!(protocol, draw(&people, Drawing { seed: 2, ..DRAWING }).unwrap());
    assert_eq!(protocol.trials.len(), 3);
    for trial in &protocol.trials {
        assert_eq!(trial.references.len(), 4);
        assert_eq!(trial.probes.len(), 8, "each person is searched once");
        for probe in &trial.probes {
            let own = trial.references.get(&probe.person);
            assert_eq!(own.is_some(), probe.kind == Kind::Mated);
            assert!(own.is_none_or(|own| own.len() == 2 && !own.contains(&probe.picture)));
        }
    }
}

#[test]
fn a_gallery_larger_than_those_who_can_be_searched_is_filled_with_others() {
    let protocol = draw(&crowd(&[3, 2, 2, 2, 1]), DRAWING).unwrap();
    let trial = &protocol.trials[0];
    assert_eq!((trial.references.len(), trial.probes.len()), (4, 2));
}

#[test]
fn too_few_people_are_said_to_be_too_few() {
    let said = |pictures: &[usize]| draw(&crowd(pictures), DRAWING).unwrap_err().to_string();
    assert!(said(&[3, 3, 3, 1]).contains("of 4 people 3 have 2 pictures or more"), "{}", said(&[3, 3, 3, 1]));
    assert!(said(&[3, 3, 3, 3]).contains("somebody outside"));
    assert!(said(&[2; 9]).contains("nobody has 3 pictures"));
    assert!(said(&[]).contains("nobody"));
}
