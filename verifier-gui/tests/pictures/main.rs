//! Pictures of every view, drawn without a GPU and compared with the accepted ones in `accepted/`.
//!
//! A view that is meant to look different: look at the new pictures, whose paths the test prints, and accept them with
//! `KEEL_REVIEW_ACCEPT_PICTURES=1 cargo test -p verifier-gui --test pictures`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail by panicking")]
#![allow(clippy::indexing_slicing, clippy::as_conversions, reason = "pixels of pictures that the test made")]
#![allow(clippy::cast_possible_truncation, reason = "coordinates of a screen")]

mod contrast;
mod files;
mod raster;
mod scenes;

use egui::{ColorImage, Theme, Vec2};
use egui_kittest::Harness;
use verifier_gui::state::State;
use verifier_gui::{App, CommandSender, views};

use raster::Textures;
use scenes::Scene;

const THEMES: [(Theme, &str); 2] = [(Theme::Light, "light"), (Theme::Dark, "dark")];

/// A window that shows a state and does nothing.
struct Window {
    harness: Harness<'static, State>,
    textures: Textures,
    size: [usize; 2],
}

impl Window {
    fn new(state: State, theme: Theme, size: [usize; 2], scale: f32) -> Self {
        let textures = Textures::default();
        // Nobody receives the commands: a picture changes nothing.
        let sender = CommandSender::new(std::sync::mpsc::channel().0);
        let draw = move |ui: &mut egui::Ui, state: &mut State| views::window(state, &sender, ui);
        let mut harness = Harness::builder()
            .with_size(Vec2::new(size[0] as f32, size[1] as f32) / scale)
            .with_pixels_per_point(scale)
            .renderer(textures.clone())
            .build_ui_state(draw, state);
        // The program's colours are set where the program starts.
        drop(App::new(&harness.ctx, Vec::new()));
        harness.ctx.set_theme(theme);
        harness.run();
        Self { harness, textures, size }
    }

    fn picture(&self) -> ColorImage {
        raster::draw(&self.harness.ctx, self.harness.output(), &self.textures, self.size)
    }
}

#[test]
fn every_view_looks_as_accepted() {
    let mut different = Vec::new();
    for scene in Scene::ALL {
        for (theme, word) in THEMES {
            let window = Window::new(scene.state(), theme, [1280, 720], 1.0);
            different.extend(files::compare(&format!("{}-{word}", scene.name), &window.picture()).err());
        }
    }
    assert!(different.is_empty(), "{}\nto accept, set {}=1", different.join("\n"), files::ACCEPT);
}

/// WCAG 2.2, success criterion 1.4.3: text stands out from its ground by 4.5 to 1.
#[test]
fn every_text_can_be_read_in_both_themes() {
    let mut faint = Vec::new();
    for scene in Scene::ALL {
        for (theme, word) in THEMES {
            let window = Window::new(scene.state(), theme, [1280, 720], 1.0);
            faint.extend(contrast::faint(&window).into_iter().map(|text| format!("{} {word}: {text}", scene.name)));
        }
    }
    assert!(faint.is_empty(), "{}", faint.join("\n"));
}

/// A screen of 3840 × 2160 pixels shows the same as one of half the size, twice as fine.
#[test]
fn a_large_screen_shows_the_same() {
    let scene = Scene::ALL.iter().find(|scene| scene.name == "overview").unwrap();
    let small = Window::new(scene.state(), Theme::Light, [1920, 1080], 1.0).picture();
    let large = Window::new(scene.state(), Theme::Light, [3840, 2160], 2.0).picture();
    let mean = |at: usize| {
        let (x, y) = (2 * (at % 1920), 2 * (at / 1920));
        let four = [(0, 0), (1, 0), (0, 1), (1, 1)];
        let sum: u32 = four.iter().map(|(right, down)| u32::from(large.pixels[(y + down) * 3840 + x + right].g())).sum();
        sum / 4
    };
    let apart = small.pixels.iter().enumerate().filter(|(at, pixel)| mean(*at).abs_diff(u32::from(pixel.g())) > 128);
    let apart = apart.count();
    assert!(apart < small.pixels.len() / 500, "{apart} pixels are elsewhere");
}

/// The rasteriser itself, on shapes whose pixels are known.
#[test]
fn known_shapes_have_known_pixels() {
    let textures = Textures::default();
    let draw = |ui: &mut egui::Ui| {
        let painter = ui.painter();
        let red = egui::Color32::from_rgb(200, 0, 0);
        painter.rect_filled(egui::Rect::EVERYTHING, 0.0, egui::Color32::WHITE);
        painter.rect_filled(egui::Rect::from_min_max([10.0, 10.0].into(), [20.0, 20.0].into()), 0.0, red);
        let half = egui::Color32::from_rgba_premultiplied(0, 0, 128, 128);
        painter.rect_filled(egui::Rect::from_min_max([30.0, 10.0].into(), [40.0, 20.0].into()), 0.0, half);
    };
    let mut harness = Harness::builder().with_size([64.0, 64.0]).renderer(textures.clone()).build_ui(draw);
    harness.run();
    let picture = raster::draw(&harness.ctx, harness.output(), &textures, [64, 64]);
    let at = |x: usize, y: usize| picture.pixels[y * 64 + x].to_array();
    assert_eq!(at(15, 15), [200, 0, 0, 255]);
    assert_eq!(at(10, 10), at(15, 15), "the first pixel is within");
    assert_eq!(at(5, 5), [255, 255, 255, 255]);
    assert_eq!(at(25, 15), at(5, 5));
    assert_eq!(at(35, 15), [127, 127, 255, 255], "half of blue over white");
    let inner = (31..39).flat_map(|x| (11..19).map(move |y| (x, y)));
    assert!(inner.into_iter().all(|(x, y)| at(x, y) == at(35, 15)), "no pixel is drawn twice");
}
