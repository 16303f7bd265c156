use super::*;
use proptest::prelude::*;

fn limits() -> PictureLimits {
    PictureLimits::default()
}

fn decode(bytes: &[u8]) -> Result<Picture, PictureError> {
    Picture::decode(bytes, &limits())
}

/// A drawn scene: red, green, blue and white quarters, so that every turn and mirroring shows.
fn quarters(width: u32, height: u32) -> Picture {
    let colour = |x: u32, y: u32| match (x < width / 2, y < height / 2) {
        (true, true) => [255, 0, 0],
        (false, true) => [0, 255, 0],
        (true, false) => [0, 0, 255],
        (false, false) => [255, 255, 255],
    };
    let rgb = (0..height).flat_map(|y| (0..width).flat_map(move |x| colour(x, y))).collect();
    Picture::from_rgb(width, height, rgb).unwrap()
}

fn png(width: u32, height: u32, colour: image::ExtendedColorType, pixels: &[u8]) -> Vec<u8> {
    use image::ImageEncoder;
    let mut bytes = Vec::new();
    image::codecs::png::PngEncoder::new(&mut bytes).write_image(pixels, width, height, colour).unwrap();
    bytes
}

/// A JPEG with an EXIF segment that has the orientation tag alone.
fn with_orientation(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let tiff = [
        b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".as_slice(),
        &[orientation, 0, 0, 0, 0, 0, 0, 0],
    ]
    .concat();
    let length = (tiff.len() as u16 + 2).to_be_bytes();
    [&jpeg[..2], b"\xff\xe1", &length, &tiff, &jpeg[2..]].concat()
}

fn corners(picture: &Picture) -> [char; 4] {
    let (w, h) = (picture.width() as usize, picture.height() as usize);
    let name = |x: usize, y: usize| match picture.row(y)[x * 3..x * 3 + 3] {
        [r, g, b] if r > 128 && g > 128 && b > 128 => 'W',
        [r, ..] if r > 128 => 'R',
        [_, g, _] if g > 128 => 'G',
        _ => 'B',
    };
    [name(2, 2), name(w - 3, 2), name(2, h - 3), name(w - 3, h - 3)]
}

#[test]
fn a_jpeg_comes_back_as_it_was() {
    let picture = quarters(48, 32);
    let again = decode(&picture.to_jpeg(95).unwrap()).unwrap();
    assert_eq!((again.width(), again.height()), (48, 32));
    assert_eq!(corners(&again), ['R', 'G', 'B', 'W']);
}

#[test]
fn each_exif_orientation_is_turned_upright() {
    let jpeg = quarters(48, 32).to_jpeg(95).unwrap();
    // Where the stored corners (RG over BW) must end up, by JEITA CP-3451: 2 mirrors, 3 turns by 180 degrees,
    // 4 flips, 5 transposes, 6 turns clockwise, 7 transposes across the other diagonal, 8 turns back.
    let expected = [
        (1, "RGBW"),
        (2, "GRWB"),
        (3, "WBGR"),
        (4, "BWRG"),
        (5, "RBGW"),
        (6, "BRWG"),
        (7, "WGBR"),
        (8, "GWRB"),
    ];
    for (orientation, upright) in expected {
        let picture = decode(&with_orientation(&jpeg, orientation)).unwrap();
        assert_eq!(corners(&picture).iter().collect::<String>(), upright, "orientation {orientation}");
        let turned = orientation >= 5;
        assert_eq!((picture.width(), picture.height()), if turned { (32, 48) } else { (48, 32) });
    }
}

#[test]
fn an_orientation_that_does_not_exist_changes_nothing() {
    let jpeg = quarters(48, 32).to_jpeg(95).unwrap();
    assert_eq!(corners(&decode(&with_orientation(&jpeg, 99)).unwrap()), ['R', 'G', 'B', 'W']);
}

#[test]
fn grey_alpha_and_sixteen_bits_become_plain_rgb() {
    use image::ExtendedColorType as C;
    let first = |bytes: &[u8]| decode(bytes).unwrap().rgb()[..3].to_vec();
    assert_eq!(first(&png(1, 1, C::L8, &[77])), [77; 3]);
    assert_eq!(first(&png(1, 1, C::La8, &[77, 255])), [77; 3]);
    assert_eq!(first(&png(1, 1, C::La8, &[77, 0])), [255; 3]);
    assert_eq!(first(&png(1, 1, C::Rgba8, &[0, 100, 200, 128])), [127, 177, 227]);
    let deep: Vec<u8> = [0x1234_u16, 0xabcd, 0xff00].iter().flat_map(|v| v.to_ne_bytes()).collect();
    assert_eq!(first(&png(1, 1, C::Rgb16, &deep)), [0x12, 0xab, 0xff]);
    assert_eq!(first(&png(1, 1, C::L16, &0xbeef_u16.to_ne_bytes())), [0xbe; 3]);
}

#[test]
fn a_truncated_picture_is_an_error_wherever_it_ends() {
    let jpeg = quarters(48, 32).to_jpeg(90).unwrap();
    let png = png(48, 32, image::ExtendedColorType::Rgb8, quarters(48, 32).rgb());
    for whole in [&jpeg[..], &png] {
        for end in 0..whole.len() {
            assert!(decode(&whole[..end]).is_err(), "cut at {end} of {}", whole.len());
        }
        assert!(decode(whole).is_ok());
    }
    let cut = decode(&jpeg[..jpeg.len() - 2]).err();
    assert_eq!(cut, Some(PictureError::Truncated { offset: jpeg.len() - 2 }));
}

#[test]
fn nothing_and_other_things_are_refused_by_name() {
    assert_eq!(decode(b"").err(), Some(PictureError::Empty));
    assert_eq!(decode(b"GIF89a\x01\0\x01\0").err(), Some(PictureError::UnknownFormat));
    let large = PictureLimits { bytes_max: 10, ..limits() };
    let refused = Picture::decode(&[0; 11], &large).err();
    assert_eq!(refused, Some(PictureError::TooManyBytes { bytes: 11, bytes_max: 10 }));
}

#[test]
fn a_bomb_is_refused_by_its_header() {
    let mut bomb = png(1, 1, image::ExtendedColorType::L8, &[0]);
    bomb[16..20].copy_from_slice(&100_000_u32.to_be_bytes());
    bomb[20..24].copy_from_slice(&100_000_u32.to_be_bytes());
    assert!(matches!(decode(&bomb), Err(PictureError::TooManyPixels { width: 100_000, .. })));

    let mut jpeg = quarters(48, 32).to_jpeg(90).unwrap().to_vec();
    let frame = jpeg.windows(2).position(|m| m == b"\xff\xc0").unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xff; 4]);
    assert!(matches!(decode(&jpeg), Err(PictureError::TooManyPixels { width: 65_535, .. })));

    // Within the cap on sides, over the cap on pixels.
    let wide = PictureLimits { pixels_max: 48 * 32 - 1, ..limits() };
    let refused = Picture::decode(&quarters(48, 32).to_jpeg(90).unwrap(), &wide).err();
    assert!(matches!(refused, Some(PictureError::TooManyPixels { .. })));
}

#[test]
fn a_header_that_promises_more_than_there_is_is_refused() {
    let mut promise = png(1, 1, image::ExtendedColorType::L8, &[0]);
    promise[16..20].copy_from_slice(&4000_u32.to_be_bytes());
    promise[20..24].copy_from_slice(&4000_u32.to_be_bytes());
    assert!(decode(&promise).is_err());
}

#[test]
fn an_animation_is_refused() {
    let mut animated = png(1, 1, image::ExtendedColorType::L8, &[0]);
    animated.splice(33..33, *b"\0\0\0\x08acTL\0\0\0\x01\0\0\0\0\0\0\0\0");
    assert_eq!(decode(&animated).err(), Some(PictureError::Unsupported { what: "an animation" }));
}

#[test]
fn a_jpeg_of_very_many_scans_is_refused() {
    let jpeg = quarters(48, 32).to_jpeg(90).unwrap();
    let scan = jpeg.windows(2).position(|m| m == b"\xff\xda").unwrap();
    let again = jpeg[scan..jpeg.len() - 2].repeat(80);
    let many = [&jpeg[..jpeg.len() - 2], &again, b"\xff\xd9"].concat();
    assert_eq!(decode(&many).err(), Some(PictureError::Unsupported { what: "a JPEG of very many scans" }));
}

#[test]
fn one_pixel_is_a_picture() {
    let one = decode(&png(1, 1, image::ExtendedColorType::Rgb8, &[1, 2, 3])).unwrap();
    assert_eq!((one.width(), one.height(), one.rgb()), (1, 1, [1, 2, 3].as_slice()));
}

#[test]
fn a_crop_stays_within_the_picture_whatever_is_asked() {
    let picture = quarters(10, 8);
    let size = |left, top, width, height| {
        let crop = picture.crop(Area { left, top, width, height });
        (crop.width(), crop.height())
    };
    assert_eq!(size(2.0, 2.0, 4.0, 3.0), (4, 3));
    assert_eq!(size(-5.0, -5.0, 100.0, 100.0), (10, 8));
    assert_eq!(size(50.0, 50.0, 5.0, 5.0), (1, 1));
    assert_eq!(size(f32::NAN, f32::INFINITY, f32::NAN, -3.0), (1, 1));
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600), kind in 0..3) {
        let magic: &[u8] = match kind { 0 => b"\xff\xd8\xff", 1 => b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", _ => b"" };
        let _ = decode(&[magic, &bytes].concat());
    }

    #[test]
    fn a_picture_with_changed_bytes_never_panics(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        as_png in any::<bool>(),
    ) {
        let scene = quarters(40, 24);
        let mut bytes = if as_png {
            png(40, 24, image::ExtendedColorType::Rgb8, scene.rgb())
        } else {
            scene.to_jpeg(80).unwrap().to_vec()
        };
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let _ = decode(&bytes);
    }
}
