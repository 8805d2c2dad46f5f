//! Every view, drawn without a GPU: compared with the accepted picture, and asked whether people can read and use it.
//!
//! A view that is meant to look different: look at the new pictures, whose paths the test prints, and accept them with
//! `KEEL_REVIEW_ACCEPT_PICTURES=1 cargo test -p verifier-gui --test scenes`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail by panicking")]
#![allow(clippy::indexing_slicing, clippy::as_conversions, reason = "pixels of pictures that the test made")]
#![allow(clippy::iter_over_hash_type, reason = "each change is of a texture of its own")]

mod accepted;
mod raster;
mod scenes;
mod texts;
mod window;

use std::sync::OnceLock;

use egui::{Color32, Theme};
use egui_kittest::Harness;

use raster::Textures;
use scenes::Scene;
use window::{Seen, Window};

const WIDTH: usize = 1280;

/// Every scene in both themes.
fn seen() -> &'static [Seen] {
    static SEEN: OnceLock<Vec<Seen>> = OnceLock::new();
    SEEN.get_or_init(|| {
        let each = Scene::ALL.iter().flat_map(|scene| {
            let mut window = Window::new(scene.state(), [WIDTH, scene.height], 1.0);
            [(Theme::Light, "light"), (Theme::Dark, "dark")]
                .map(|(theme, word)| window.look(&format!("{}-{word}", scene.name), theme))
        });
        each.collect()
    })
}

fn none(found: Vec<String>) {
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Views that are also compared in the dark, where they differ in their colours only.
const DARK: [&str; 4] = ["overview-dark", "permits-dark", "money-dark", "tampered-exceptions-dark"];

#[test]
fn every_view_looks_as_accepted() {
    let compared = seen().iter().filter(|seen| seen.name.ends_with("-light") || DARK.contains(&&*seen.name));
    none(compared.filter_map(|seen| accepted::compare(&seen.name, &seen.picture).err()).collect());
}

/// WCAG 2.2, success criterion 1.4.3: text stands out from its ground by 4.5 to 1.
#[test]
fn every_text_can_be_read_in_both_themes() {
    none(seen().iter().flat_map(|seen| &seen.faint).cloned().collect());
}

/// No text of the evidence turns the screen round or hides in it.
#[test]
fn every_text_is_printable() {
    none(seen().iter().flat_map(|seen| &seen.unprintable).cloned().collect());
}

/// A screen reader can say what each control is.
#[test]
fn every_control_has_a_name() {
    none(seen().iter().flat_map(|seen| &seen.nameless).cloned().collect());
}

/// A person without a pointer gets to each control that can be pressed.
#[test]
fn every_control_is_reached_with_the_tab_key() {
    let scenes = Scene::ALL.iter().filter(|scene| !scene.name.starts_with("hostile"));
    none(
        scenes
            .flat_map(|scene| Window::new(scene.state(), [WIDTH, scene.height], 1.0).unreached(scene.name))
            .collect(),
    );
}

/// A screen of 3840 × 2160 pixels shows the same texts at the same places as one of half the size.
#[test]
fn a_large_screen_shows_the_same() {
    let scene = Scene::ALL.iter().find(|scene| scene.name == "overview").unwrap();
    let small = Window::new(scene.state(), [1920, 1080], 1.0);
    let mut large = Window::new(scene.state(), [3840, 2160], 2.0);
    let picture = large.look("overview-large", Theme::Light).picture;
    accepted::write(&std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("overview-large.png"), &picture);
    let (small, large) = (texts::places(&small), texts::places(&large));
    assert_eq!(small.len(), large.len());
    for ((text, one), (same, other)) in small.iter().zip(&large) {
        assert_eq!(text, same);
        // Letters are fitted to whole pixels, which are half as large there.
        assert!(one.distance(*other) < 8.0, "{text} at {one:?} and {other:?}");
    }
}

/// The rasteriser itself, on shapes whose pixels are known.
#[test]
fn known_shapes_have_known_pixels() {
    let textures = Textures::default();
    let draw = |ui: &mut egui::Ui| {
        let square = |left: f32| egui::Rect::from_min_size([left, 10.0].into(), [10.0, 10.0].into());
        let painter = ui.ctx().debug_painter();
        painter.rect_filled(
            egui::Rect::from_min_size([0.0, 0.0].into(), [64.0, 64.0].into()),
            0.0,
            Color32::WHITE,
        );
        painter.rect_filled(square(10.0), 0.0, Color32::from_rgb(200, 0, 0));
        painter.rect_filled(square(30.0), 0.0, Color32::from_rgba_premultiplied(0, 0, 128, 128));
    };
    let mut harness = Harness::builder().with_size([64.0, 64.0]).renderer(textures.clone()).build_ui(draw);
    harness.run();
    let picture = raster::draw(&harness.ctx, harness.output(), &textures, [64, 64]);
    let at = |x: usize, y: usize| picture.pixels[y * 64 + x].to_array();
    assert_eq!(at(15, 15), [200, 0, 0, 255]);
    assert_eq!(at(5, 5), [255, 255, 255, 255]);
    assert_eq!(at(25, 15), at(5, 5));
    assert_eq!(at(35, 15), [127, 127, 255, 255], "half of blue over white");
    let inner = (31..39).flat_map(|x| (11..19).map(move |y| (x, y)));
    assert!(inner.into_iter().all(|(x, y)| at(x, y) == at(35, 15)), "no pixel is drawn twice");
}
