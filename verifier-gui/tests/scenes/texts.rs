//! The texts of a frame: how far they stand out from what is behind them, and what they hold.

use std::collections::BTreeSet;

use egui::epaint::{ClippedShape, Shape, TextShape};
use egui::{Color32, Pos2, Rect, Rgba};

use crate::raster;
use crate::window::Window;

/// The least contrast of small text, WCAG 2.2, success criterion 1.4.3.
const LEAST: f32 = 4.5;

/// Each text with its place, in points.
pub(crate) fn places(window: &Window) -> Vec<(String, Pos2)> {
    let mut texts = Vec::new();
    window.harness.output().clone().shapes.iter_mut().for_each(|part| take(part, &mut texts));
    texts.into_iter().map(|(_, text)| (text.galley.text().to_owned(), text.pos)).collect()
}

/// Texts with characters that are not seen as themselves: controls, and those that turn the direction of writing.
pub(crate) fn unprintable(window: &Window) -> Vec<String> {
    let is_hidden = |character: char| {
        (character.is_control() && character != '\n')
            || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let texts = places(window).into_iter().map(|(text, _)| text);
    texts.filter(|text| text.contains(is_hidden)).map(|text| format!("{text:?}")).collect()
}

/// Texts that hardly differ from their ground, with the contrast that they have. What cannot be pressed is exempt.
pub(crate) fn faint(window: &Window) -> Vec<String> {
    let mut output = window.harness.output().clone();
    let mut texts = Vec::new();
    output.shapes.iter_mut().for_each(|part| take(part, &mut texts));
    let ground = raster::draw(&window.harness.ctx, &output, &window.textures, window.size);
    let mut found = BTreeSet::new();
    for (clip, text) in texts {
        for row in &text.galley.rows {
            let area = row.rect().translate(text.pos.to_vec2()).intersect(clip);
            let first = row.visuals.glyph_vertex_range.start;
            let Some(vertex) = row.visuals.mesh.vertices.get(first) else { continue };
            let own = text.override_text_color.unwrap_or(match vertex.color {
                Color32::PLACEHOLDER => text.fallback_color,
                colour => colour,
            });
            // egui draws what cannot be pressed half transparent.
            if !area.is_positive() || own.a() < 0xc0 || text.opacity_factor < 1.0 {
                continue;
            }
            let [x, y] = [area.center().x as usize, area.center().y as usize];
            let Some(ground) = ground.pixels.get(y * window.size[0] + x) else { continue };
            let contrast = contrast(own, *ground);
            if contrast < LEAST {
                found.insert(format!("{:?} has {contrast:.1} to 1", row.text()));
            }
        }
    }
    found.into_iter().collect()
}

/// Moves the texts of a shape out of it.
fn take(part: &mut ClippedShape, texts: &mut Vec<(Rect, TextShape)>) {
    fn inner(shape: &mut Shape, clip: Rect, texts: &mut Vec<(Rect, TextShape)>) {
        match shape {
            Shape::Text(text) => {
                texts.push((clip, text.clone()));
                *shape = Shape::Noop;
            }
            Shape::Vec(shapes) => shapes.iter_mut().for_each(|shape| inner(shape, clip, texts)),
            _ => {}
        }
    }
    inner(&mut part.shape, part.clip_rect, texts);
}

/// Contrast ratio of WCAG 2.2; partly transparent text shows its ground.
fn contrast(text: Color32, ground: Color32) -> f32 {
    let brightness = |colour: Color32| {
        let linear = Rgba::from(colour);
        0.2126 * linear.r() + 0.7152 * linear.g() + 0.0722 * linear.b()
    };
    let (one, other) = (brightness(ground.blend(text)), brightness(ground));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}
