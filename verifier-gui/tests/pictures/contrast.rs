//! How far texts stand out from what is behind them.

use std::collections::BTreeSet;

use egui::epaint::{ClippedShape, Shape, TextShape};
use egui::{Color32, Rgba};

use crate::{Window, raster};

/// The least contrast of small text, WCAG 2.2, success criterion 1.4.3.
const LEAST: f32 = 4.5;

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
            if !area.is_positive() || row.glyphs.is_empty() {
                continue;
            }
            let centre = area.center();
            let at = centre.y as usize * window.size[0] + centre.x as usize;
            let first = row.visuals.glyph_vertex_range.start;
            let Some(vertex) = row.visuals.mesh.vertices.get(first) else { continue };
            let own = text.override_text_color.unwrap_or(match vertex.color {
                Color32::PLACEHOLDER => text.fallback_color,
                colour => colour,
            });
            // egui draws what cannot be pressed half transparent.
            if own.a() < 0xc0 || text.opacity_factor < 1.0 {
                continue;
            }
            let contrast = contrast(own, ground.pixels[at]);
            if contrast < LEAST {
                found.insert(format!("{:?} has {contrast:.1} to 1", row.text()));
            }
        }
    }
    found.into_iter().collect()
}

/// Moves the texts of a shape out of it.
fn take(part: &mut ClippedShape, texts: &mut Vec<(egui::Rect, TextShape)>) {
    fn inner(shape: &mut Shape, clip: egui::Rect, texts: &mut Vec<(egui::Rect, TextShape)>) {
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

fn contrast(text: Color32, ground: Color32) -> f32 {
    let brightness = |colour: Color32| {
        let linear = Rgba::from(colour);
        0.2126 * linear.r() + 0.7152 * linear.g() + 0.0722 * linear.b()
    };
    // Partly transparent text shows its ground.
    let rest = 1.0 - f32::from(text.a()) / 255.0;
    let mixed = [0, 1, 2].map(|at| {
        (f32::from(text.to_array()[at]) + f32::from(ground.to_array()[at]) * rest).min(255.0) as u8
    });
    let (one, other) = (brightness(Color32::from_rgb(mixed[0], mixed[1], mixed[2])), brightness(ground));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}
