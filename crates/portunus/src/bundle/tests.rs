use std::io::Write;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use tempfile::TempDir;

use super::*;

/// A file as a zip says it is, which need not be as it is.
struct Member {
    name: Vec<u8>,
    data: Vec<u8>,
    method: u16,
    flags: u16,
    size: u32,
    checksum: u32,
    mode: u32,
}

fn stored(name: &str, bytes: &[u8]) -> Member {
    Member {
        name: name.into(),
        data: bytes.to_vec(),
        method: 0,
        flags: 0,
        size: u32::try_from(bytes.len()).unwrap(),
        checksum: rawzip::crc32(bytes),
        mode: 0o100_644,
    }
}

fn deflated(name: &str, bytes: &[u8]) -> Member {
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::best());
    packed.write_all(bytes).unwrap();
    Member { data: packed.finish().unwrap(), method: 8, ..stored(name, bytes) }
}

/// A zip (APPNOTE 4.3.7, 4.3.12, 4.3.16) of members that lie as they like.
fn zip(members: &[Member]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    let len = |bytes: &[u8]| u16::try_from(bytes.len()).unwrap().to_le_bytes();
    let long = |n: usize| u32::try_from(n).unwrap().to_le_bytes();
    for m in members {
        let mut shared = Vec::new();
        shared.extend(20u16.to_le_bytes());
        shared.extend(m.flags.to_le_bytes());
        shared.extend(m.method.to_le_bytes());
        shared.extend([0; 4]);
        shared.extend(m.checksum.to_le_bytes());
        shared.extend(long(m.data.len()));
        shared.extend(m.size.to_le_bytes());
        shared.extend(len(&m.name));
        shared.extend([0; 2]);
        directory.extend(b"PK\x01\x02\x1e\x03");
        directory.extend(&shared);
        directory.extend([0; 6]);
        directory.extend((m.mode << 16).to_le_bytes());
        directory.extend(long(out.len()));
        directory.extend(&m.name);
        out.extend(b"PK\x03\x04");
        out.extend(&shared);
        out.extend(&m.name);
        out.extend(&m.data);
    }
    let (start, count) = (out.len(), u16::try_from(members.len()).unwrap().to_le_bytes());
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count);
    out.extend(count);
    out.extend(long(directory.len()));
    out.extend(long(start));
    out.extend([0; 2]);
    out
}

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    dir
}

/// What came of each item: `source: ISSUER KIND NUMBER = bytes`, or `source: problem`.
fn read(path: &Path, bounds: Bounds) -> Vec<String> {
    let bundle = open_within(path, bounds).unwrap_or_else(|e| panic!("{e}"));
    let all = bundle.len();
    let told: Vec<String> = bundle
        .map(|Item { source, result }| match result {
            Ok((key, picture)) => format!(
                "{source}: {} {} {} = {}",
                key.issuer,
                key.kind.as_str(),
                key.number(),
                String::from_utf8_lossy(&picture)
            ),
            Err(problem) => format!("{source}: {problem}"),
        })
        .collect();
    assert_eq!(all, told.len(), "the progress bar ends where the items do");
    told
}

fn of_folder(files: &[(&str, &[u8])]) -> Vec<String> {
    read(folder(files).path(), BOUNDS)
}

fn file(name: &str, bytes: &[u8]) -> (TempDir, PathBuf) {
    let dir = folder(&[(name, bytes)]);
    let path = dir.path().join(name);
    (dir, path)
}

fn of_zip(members: &[Member]) -> Vec<String> {
    let (_dir, path) = file("portraits.zip", &zip(members));
    read(&path, BOUNDS)
}

fn refusal(name: &str, bytes: &[u8]) -> String {
    let (_dir, path) = file(name, bytes);
    open(&path).err().expect("refused").to_string()
}

const SMALL: Bounds =
    Bounds { items_max: 4, picture_bytes_max: 10, total_bytes_max: 15, list_bytes_max: 200, depth_max: 2 };

#[test]
fn a_folder_s_pictures_are_known_by_their_names() {
    let told = of_folder(&[
        ("FRA-P-12AB34567.jpg", b"one"),
        ("D-P-C01X00T47-2.png", b"two"),
        ("ships/USA_V_0042.JPEG", b"three"),
        (".DS_Store", b""),
        ("__MACOSX/FRA-P-1.jpg", b""),
        ("Thumbs.db", b""),
    ]);
    assert_eq!(
        told,
        [
            "D-P-C01X00T47-2.png: D P C01X00T47 = two",
            "FRA-P-12AB34567.jpg: FRA P 12AB34567 = one",
            "ships/USA_V_0042.JPEG: USA V 0042 = three"
        ]
    );
}

#[test]
fn a_name_that_says_no_document_stops_nothing_else() {
    let told = of_folder(&[
        ("FRA-P-1.jpg", b"good"),
        ("U5A-P-1.jpg", b""),
        ("FRA-PPP-1.jpg", b""),
        ("FRA-P-.jpg", b""),
        ("FRA-P-1-0042.jpg", b""),
        ("holiday.jpg", b""),
        ("FRA-P-1.gif", b""),
        ("README", b""),
    ]);
    let of = |name: &str| told.iter().find_map(|t| t.strip_prefix(&format!("{name}: "))).unwrap();
    assert_eq!(told.len(), 8);
    assert!(of("FRA-P-1.jpg").ends_with("= good"));
    assert!(of("U5A-P-1.jpg").starts_with("the issuer is not one: expected three letters"));
    assert!(of("FRA-PPP-1.jpg").starts_with("the kind is not one"));
    assert!(of("FRA-P-.jpg").starts_with("the number is not one"));
    assert!(of("FRA-P-1-0042.jpg").starts_with("not a document by its name: expected ISSUER-KIND-NUMBER"));
    assert!(of("holiday.jpg").starts_with("not a document by its name"));
    assert!(of("FRA-P-1.gif").starts_with("not a picture by its name: expected .jpg"));
    assert!(of("README").starts_with("not a picture by its name"));
}

#[test]
fn a_list_says_by_line_what_is_wrong_and_goes_on() {
    let list = "\u{feff}Number,ISSUER,kind,file,remark\r\n\
        12AB34567,FRA,P,a.jpg,\r\n\
        \r\n\
        C01X00T47,DEU,P,\"deep\\b, c.png\",\"quoted, as it should\"\r\n\
        1,F1A,P,a.jpg,\r\n\
        1,FRA,P,a.jpg\r\n\
        1,FRA,P,../a.jpg,\r\n\
        1,FRA,P,/etc/passwd,\r\n\
        1,FRA,P,C:\\a.jpg,\r\n\
        1,FRA,P,missing.jpg,\r\n\
        1,FRA,P,,\r\n\
        1,FRA,P,deep,\r\n\
        2,FRA,P,a.jpg,last without an end";
    let told = of_folder(&[
        ("references.csv", list.as_bytes()),
        ("a.jpg", b"A"),
        ("deep/b, c.png", b"B"),
        ("not listed.jpg", b""),
    ]);
    let expected = [
        "2: FRA P 12AB34567 = A",
        "4: D P C01X00T47 = B",
        "5: the issuer is not one: expected three letters",
        "6: 4 fields: expected 5, as in the header",
        "7: the path leads out",
        "8: the path leads out",
        "9: the path leads out",
        "10: no such file",
        "11: no file is named",
        "12: not a plain file",
        "13: FRA P 2 = A",
    ];
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for (told, expected) in told.iter().zip(expected) {
        assert!(told.starts_with(&format!("the list, line {expected}")), "{told}");
    }
}

#[test]
fn a_quote_left_open_is_found_at_its_line() {
    let list = "issuer,kind,number,file\nFRA,P,1,a.jpg\nFRA,P,2,\"a.jpg\nFRA,P,3,a.jpg\nFRA,P,4,a.jpg\n";
    let told = of_folder(&[("references.csv", list.as_bytes()), ("a.jpg", b"A")]);
    assert_eq!(told[0], "the list, line 2: FRA P 1 = A");
    assert!(told[1].starts_with("the list, line 3: the row runs on to line 6"), "{}", told[1]);
    assert_eq!(told.len(), 2);
}

#[test]
fn bytes_that_are_no_text_are_one_line_s_problem() {
    let list = b"issuer,kind,number,file\nFRA,P,1,caf\xe9.jpg\nFRA,P,2,a.jpg\n";
    let told = of_folder(&[("references.csv", list), ("a.jpg", b"A")]);
    assert_eq!(told[0], "the list, line 2: not UTF-8: save the list as UTF-8");
    assert_eq!(told[1], "the list, line 3: FRA P 2 = A");
}

#[test]
fn a_list_by_itself_finds_pictures_from_its_own_folder() {
    let dir = folder(&[
        ("lists/today.csv", b"issuer,kind,number,file\nFRA,P,1,p/a.jpg\n"),
        ("lists/p/a.jpg", b"A"),
    ]);
    assert_eq!(read(&dir.path().join("lists/today.csv"), BOUNDS), ["the list, line 2: FRA P 1 = A"]);
}

#[test]
fn a_list_without_its_header_says_what_was_expected() {
    let of = |text: &[u8]| refusal("list.csv", text);
    assert!(of(b"FRA,P,1,a.jpg\n").contains("line 1: a column is missing; expected issuer,kind,number,file"));
    assert!(of(b"issuer;kind;number;file\n").contains("separated by semicolons"));
    assert!(of(b"issuer,kind,number,file,File\n").contains("a column stands twice"));
    assert!(of(b"\xff\xfei\0s\0").contains("in UTF-8"));
    assert!(of(b"").contains("no picture and no references.csv"));
    assert!(of(b"issuer,kind,number,file\n").contains("no picture"));
}

#[cfg(unix)]
#[test]
fn links_and_pipes_lead_nowhere_outside() {
    use std::os::unix::fs::symlink;
    let outside = folder(&[("FRA-P-9.jpg", b"SECRET")]);
    let dir = folder(&[("FRA-P-1.jpg", b"in")]);
    let at = |name: &str| dir.path().join(name);
    symlink(outside.path().join("FRA-P-9.jpg"), at("FRA-P-2.jpg")).unwrap();
    symlink(at("FRA-P-1.jpg"), at("FRA-P-3.jpg")).unwrap();
    symlink(outside.path(), at("FRA-P-4.jpg")).unwrap();
    symlink(dir.path(), at("again")).unwrap();
    symlink(at("FRA-P-5.jpg"), at("FRA-P-5.jpg")).unwrap();
    let _listening = std::os::unix::net::UnixListener::bind(at("FRA-P-6.jpg")).unwrap();
    let told = read(dir.path(), BOUNDS);
    assert!(!told.concat().contains("SECRET"));
    assert!(told[1].contains("leads out"), "{told:#?}");
    assert_eq!(told[2], "FRA-P-3.jpg: FRA P 3 = in");
    assert!(told[3].contains("link to a folder") && told[6].contains("link to a folder"), "{told:#?}");
    assert!(told[4].contains("cannot be read"), "{told:#?}");
    assert!(told[5].contains("not a plain file"), "{told:#?}");

    fs::write(
        at("references.csv"),
        "issuer,kind,number,file\nFRA,P,2,FRA-P-2.jpg\nFRA,P,4,FRA-P-4.jpg/FRA-P-9.jpg\n",
    )
    .unwrap();
    let told = read(dir.path(), BOUNDS);
    assert_eq!(told.len(), 2);
    assert!(told.iter().all(|t| t.contains("leads out")), "{told:#?}");
}

#[test]
fn a_zip_of_pictures_is_read_as_a_folder_is() {
    let mut by_windows = stored("ships\\D-P-3.png", b"three");
    by_windows.mode = 0;
    let told = of_zip(&[
        stored("ships/", b""),
        deflated("ships/FRA-P-1.jpg", b"one"),
        stored("FRA-P-2.jpg", b"two"),
        by_windows,
        stored("__MACOSX/._FRA-P-2.jpg", b""),
    ]);
    assert_eq!(
        told,
        ["FRA-P-2.jpg: FRA P 2 = two", "ships/D-P-3.png: D P 3 = three", "ships/FRA-P-1.jpg: FRA P 1 = one"]
    );
}

#[test]
fn a_zip_s_list_stands_at_its_top_or_in_its_one_folder() {
    let list = b"issuer,kind,number,file\nFRA,P,1,p/a.jpg\nFRA,P,2,../b.jpg\n";
    let told = of_zip(&[deflated("references.csv", list), stored("p/a.jpg", b"A")]);
    assert_eq!(told[0], "the list, line 2: FRA P 1 = A");
    let told = of_zip(&[
        stored("lot/p/a.jpg", b"A"),
        deflated("lot/references.csv", list),
        stored("__MACOSX/x", b""),
    ]);
    assert_eq!(told[0], "the list, line 2: FRA P 1 = A");
    assert!(told[1].contains("leads out"));
}

#[test]
fn a_zip_that_means_harm_harms_nothing() {
    let wide = |name, method| Member { method, ..stored(name, b"x") };
    let told = of_zip(&[
        stored("FRA-P-1.jpg", b"good"),
        stored("../../FRA-P-2.jpg", b"out"),
        stored("/FRA-P-3.jpg", b"out"),
        stored("a\\..\\..\\FRA-P-4.jpg", b"out"),
        Member { mode: 0o120_777, ..stored("FRA-P-5.jpg", b"/etc/passwd") },
        Member { flags: 1, ..stored("FRA-P-6.jpg", b"secret") },
        wide("FRA-P-7.jpg", 14),
        stored("FRA-P-8.jpg", b"one of two"),
        stored("./FRA-P-8.jpg", b"the other"),
        stored(&format!("{}FRA-P-9.jpg", "d/".repeat(9)), b"deep"),
        stored("inner.zip", &zip(&[stored("FRA-P-1.jpg", b"inner")])),
    ]);
    let of = |part: &str| told.iter().find(|t| t.contains(part)).unwrap();
    assert_eq!(told.iter().filter(|t| t.contains(" = ")).count(), 1, "{told:#?}");
    assert!(of("FRA-P-1.jpg").ends_with("= good"));
    assert!(["-2.jpg", "-3.jpg", "-4.jpg"].iter().all(|n| of(n).contains("leads out")));
    assert!(of("-5.jpg").contains("a link in a zip"));
    assert!(of("-6.jpg").contains("encrypted"));
    assert!(of("-7.jpg").contains("packed by method 14"));
    assert!(of("-8.jpg").contains("more than once"));
    assert!(of("-9.jpg").contains("at most 1024 bytes and 8 folders"));
    assert!(of("inner.zip").contains("not a picture"));
}

#[test]
fn a_bomb_is_unpacked_no_further_than_a_picture_may_be() {
    let bytes = vec![0; (BOUNDS.picture_bytes_max + 1) as usize];
    let open = deflated("FRA-P-1.jpg", &bytes);
    assert!(open.data.len() < 32 << 10, "a bomb is small");
    let modest = Member { size: 4, ..deflated("FRA-P-2.jpg", &bytes) };
    let boastful = Member { size: u32::MAX - 1, ..stored("FRA-P-3.jpg", b"four") };
    let short = Member { size: 100, ..deflated("FRA-P-4.jpg", b"four") };
    let changed = Member { checksum: 1, ..deflated("FRA-P-5.jpg", b"four") };
    let garbage = Member { data: vec![0xff; 9], ..deflated("FRA-P-6.jpg", b"four") };
    let told = of_zip(&[open, modest, boastful, short, changed, garbage]);
    assert!(told[0].ends_with("larger than 16777216 bytes"), "{told:#?}");
    assert!(told[1].contains("Invalid size: expected 4"), "{told:#?}");
    assert!(told[2].ends_with("larger than 16777216 bytes"), "{told:#?}");
    assert!(told[3].contains("Invalid size: expected 100, got 4"), "{told:#?}");
    assert!(told[4].contains("Invalid checksum"), "{told:#?}");
    assert!(told[5].contains("cannot be read"), "{told:#?}");
}

#[test]
fn a_zip_cut_off_or_patched_anywhere_ends_in_an_answer() {
    let whole = zip(&[
        deflated("FRA-P-1.jpg", b"one one one"),
        stored("references.csv", b"issuer,kind,number,file\nFRA,P,1,FRA-P-1.jpg\n"),
    ]);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cut.zip");
    for cut in 0..whole.len() {
        fs::write(&path, &whole[..cut]).unwrap();
        let refused = open(&path).err().expect("a zip without its end is none").to_string();
        assert!(refused.starts_with("not a whole zip"), "{refused}");
    }
    let mut good = 0;
    for at in 0..whole.len() {
        for with in [0x00, 0x01, 0x7f, 0xff] {
            let mut patched = whole.clone();
            patched[at] = with;
            fs::write(&path, &patched).unwrap();
            good += open(&path).map_or(0, |bundle| bundle.filter(|item| item.result.is_ok()).count());
        }
    }
    assert!(good > 0, "some bytes do not matter");
}

#[test]
fn how_much_is_read_is_bounded() {
    let three: [(&str, &[u8]); 3] =
        [("FRA-P-1.jpg", b"0123456789"), ("FRA-P-2.jpg", b"0123456789A"), ("FRA-P-3.jpg", b"0123456789")];
    let packed: Vec<Member> = three.iter().map(|(name, bytes)| deflated(name, bytes)).collect();
    let (_dir, packed) = file("three.zip", &zip(&packed));
    let unpacked = folder(&three);
    for path in [unpacked.path(), &packed] {
        let told = read(path, SMALL);
        assert!(told[0].ends_with("= 0123456789"), "{told:#?}");
        assert!(
            told[2].ends_with("this import has already read 10 bytes: import the rest apart"),
            "{told:#?}"
        );
    }
    let one_large = folder(&[("FRA-P-2.jpg", b"0123456789A"), ("a/b/c/FRA-P-3.jpg", b"")]);
    let told = read(one_large.path(), SMALL);
    assert_eq!(told[0], "FRA-P-2.jpg: larger than 10 bytes");
    assert!(told[1].starts_with("a/b/c: the path is longer or deeper"), "{told:#?}");

    let five = folder(&[("1", b""), ("2", b""), ("3", b""), ("4", b""), ("5", b"")]);
    assert!(matches!(open_within(five.path(), SMALL), Err(BundleError::TooMany(4))));
    let (_dir, five) = file("five.zip", &zip(&["1", "2", "3", "4", "5"].map(|n| stored(n, b""))));
    assert!(matches!(open_within(&five, SMALL), Err(BundleError::TooMany(4))));
    let rows = format!("issuer,kind,number,file\n{}", "FRA,P,1,a.jpg\n".repeat(5));
    let (_dir, five) = file("five.csv", rows.as_bytes());
    assert!(matches!(open_within(&five, SMALL), Err(BundleError::TooMany(4))));
    let (_dir, long) = file("long.csv", &[b','; 201]);
    assert!(matches!(open_within(&long, SMALL), Err(BundleError::ListSize(200))));
}

#[test]
fn a_zip_that_says_fewer_files_than_it_lists_is_refused() {
    let mut lying = zip(&[stored("FRA-P-1.jpg", b"one"), stored("FRA-P-2.jpg", b"two")]);
    let count = lying.len() - 12;
    lying[count] = 1;
    assert!(refusal("lying.zip", &lying).contains("it says that it has 1 files and lists 2"));
}

#[test]
fn what_is_none_of_the_three_is_refused() {
    assert!(refusal("notes.txt", b"hello").starts_with("neither a folder, a zip nor a .csv list"));
    assert!(refusal("empty.zip", &zip(&[])).starts_with("no picture"));
    let empty = tempfile::tempdir().unwrap();
    assert!(matches!(open(empty.path()), Err(BundleError::Empty)));
    assert!(matches!(open(&empty.path().join("none")), Err(BundleError::Io(_))));
}
