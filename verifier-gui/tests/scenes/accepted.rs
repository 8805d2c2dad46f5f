//! Accepted pictures, as PNG files beside this test.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};

use egui::{Color32, ColorImage};

/// A channel may differ by so much: fonts are rasterised with what the processor offers.
const NEAR: u8 = 16;
/// So many pixels may differ by more; a changed digit has three times as many.
const STRAY: usize = 8;

/// Set to anything, it accepts the pictures as they are now.
pub(crate) const ACCEPT: &str = "KEEL_REVIEW_ACCEPT_PICTURES";

/// Compares with the accepted picture of this name; says where the new one lies when it is another.
pub(crate) fn compare(name: &str, picture: &ColorImage) -> Result<(), String> {
    let accepted = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenes/accepted").join(name);
    let accepted = accepted.with_extension("png");
    if std::env::var_os(ACCEPT).is_some() {
        write(&accepted, picture);
        return Ok(());
    }
    let found = if accepted.exists() {
        let known = read(&accepted);
        if known.size != picture.size {
            format!("has another size than {:?}", known.size)
        } else {
            let pairs = known.pixels.iter().zip(&picture.pixels);
            match pairs.filter(|(one, other)| is_other(**one, **other)).count() {
                0..=STRAY => return Ok(()),
                count => format!("differs in {count} pixels"),
            }
        }
    } else {
        "is not accepted yet".to_owned()
    };
    let new: PathBuf = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name).with_extension("png");
    write(&new, picture);
    Err(format!("{name} {found}: look at {}", new.display()))
}

fn is_other(one: Color32, other: Color32) -> bool {
    one.to_array().iter().zip(other.to_array()).any(|(one, other)| one.abs_diff(other) > NEAR)
}

pub(crate) fn write(path: &Path, picture: &ColorImage) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let [width, height] = picture.size.map(|side| u32::try_from(side).unwrap());
    let mut encoder = png::Encoder::new(BufWriter::new(File::create(path).unwrap()), width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::High);
    let bytes: Vec<u8> = picture.pixels.iter().flat_map(|pixel| [pixel.r(), pixel.g(), pixel.b()]).collect();
    encoder.write_header().unwrap().write_image_data(&bytes).unwrap();
}

fn read(path: &Path) -> ColorImage {
    let mut reader = png::Decoder::new(BufReader::new(File::open(path).unwrap())).read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    assert_eq!(info.color_type, png::ColorType::Rgb, "{}", path.display());
    let size = [info.width, info.height].map(|side| usize::try_from(side).unwrap());
    ColorImage::from_rgb(size, &bytes)
}
