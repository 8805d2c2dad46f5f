//! Draws what egui tessellates, on the CPU: textured triangles with premultiplied colours, as its GPU painters do.
//!
//! Coverage is decided in whole numbers (1/256 pixel, top-left rule), so that a picture does not depend on the machine.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use egui::epaint::{ImageData, Mesh, Primitive, Vertex};
use egui::{Color32, ColorImage, Context, FullOutput, Pos2, Rect, TextureId, TexturesDelta};
use egui_kittest::TestRenderer;

/// Pixels from the corner beyond which nothing is told apart.
const FAR: f32 = 1_000_000.0;

/// The textures that egui asked for so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Textures(Arc<Mutex<HashMap<TextureId, ColorImage>>>);

impl TestRenderer for Textures {
    fn handle_delta(&mut self, delta: &mut TexturesDelta) {
        let mut known = self.0.lock().unwrap();
        for (id, changes) in delta.set.drain() {
            for change in changes {
                let ImageData::Color(image) = change.image;
                match change.pos {
                    None => {
                        known.insert(id, ColorImage::clone(&image));
                    }
                    Some([left, top]) => {
                        let whole = known.get_mut(&id).expect("a part follows its whole");
                        let (width, stride) = (image.size[0], whole.size[0]);
                        for (y, row) in image.pixels.chunks_exact(width).enumerate() {
                            let at = (top + y) * stride + left;
                            whole.pixels[at..at + width].copy_from_slice(row);
                        }
                    }
                }
            }
        }
        for id in delta.free.drain() {
            known.remove(&id);
        }
    }
}

/// What `output` looks like.
pub(crate) fn draw(
    context: &Context,
    output: &FullOutput,
    textures: &Textures,
    size: [usize; 2],
) -> ColorImage {
    let scale = output.pixels_per_point;
    // What eframe clears the window with.
    let mut picture = ColorImage::filled(size, context.global_style().visuals.panel_fill);
    let textures = textures.0.lock().unwrap();
    for part in context.tessellate(output.shapes.clone(), scale) {
        let Primitive::Mesh(mesh) = &part.primitive else { panic!("a callback cannot be drawn here") };
        let clip = pixels(part.clip_rect, scale, size);
        fill(&mut picture, mesh, &textures[&mesh.texture_id], clip, scale);
    }
    picture
}

/// Pixels within `clip`: left, top, right, bottom.
fn pixels(clip: Rect, scale: f32, size: [usize; 2]) -> [i64; 4] {
    let round = |at: f32, most: usize| ((at * scale).round() as i64).clamp(0, most as i64);
    [
        round(clip.min.x, size[0]),
        round(clip.min.y, size[1]),
        round(clip.max.x, size[0]),
        round(clip.max.y, size[1]),
    ]
}

fn fill(picture: &mut ColorImage, mesh: &Mesh, texture: &ColorImage, clip: [i64; 4], scale: f32) {
    for corners in mesh.indices.chunks_exact(3) {
        let corners = [corners[0], corners[1], corners[2]].map(|index| mesh.vertices[index as usize]);
        triangle(picture, corners, texture, clip, scale);
    }
}

fn triangle(
    picture: &mut ColorImage,
    mut corners: [Vertex; 3],
    texture: &ColorImage,
    clip: [i64; 4],
    scale: f32,
) {
    let fixed = |at: Pos2| {
        [at.x, at.y].map(|part| (part * scale).clamp(-FAR, FAR)).map(|part| (part * 256.0).round() as i64)
    };
    let mut points = corners.map(|corner| fixed(corner.pos));
    let mut area = side(points[0], points[1], points[2]);
    if area == 0 {
        return;
    }
    if area < 0 {
        points.swap(1, 2);
        corners.swap(1, 2);
        area = -area;
    }
    let edges = [(1, 2), (2, 0), (0, 1)].map(|(from, to)| {
        let (from, to) = (points[from], points[to]);
        let is_top_left = (from[1] == to[1] && to[0] > from[0]) || to[1] < from[1];
        (from, to, if is_top_left { 0 } else { 1 })
    });
    let span = |axis: usize, low: i64, high: i64| {
        let all = points.map(|point| point[axis]);
        let least = all.iter().min().unwrap().div_euclid(256);
        let most = all.iter().max().unwrap().div_euclid(256) + 1;
        least.max(low)..most.min(high)
    };
    let one_colour = corners.iter().all(|corner| corner.color == corners[0].color);
    let one_texel = corners.iter().all(|corner| corner.uv == corners[0].uv);
    let plain =
        (one_colour && one_texel).then(|| times(colour(corners[0].color), sample(texture, corners[0].uv)));
    for y in span(1, clip[1], clip[3]) {
        let columns = span(0, clip[0], clip[2]);
        // Each weight grows by a fixed step from pixel to pixel, so the pixels within are one stretch.
        let first = [columns.start * 256 + 128, y * 256 + 128];
        let weights = edges.map(|(from, to, _)| side(from, to, first));
        let steps = edges.map(|(from, to, _)| (from[1] - to[1]) * 256);
        let (mut low, mut high) = (0, columns.end - columns.start);
        for at in 0..3 {
            let lacks = edges[at].2 - weights[at];
            match steps[at].signum() {
                0 if lacks > 0 => high = 0,
                1 => low = low.max(-(-lacks).div_euclid(steps[at])),
                -1 => high = high.min((-lacks).div_euclid(-steps[at]) + 1),
                _ => {}
            }
        }
        let start = y as usize * picture.size[0] + columns.start as usize;
        for x in low..high {
            let pixel = &mut picture.pixels[start + x as usize];
            let source = plain.unwrap_or_else(|| {
                let weights = [0, 1, 2].map(|at| (weights[at] + steps[at] * x) as f32 / area as f32);
                let mix = |part: &dyn Fn(&Vertex) -> f32| {
                    (0..3).map(|at| weights[at] * part(&corners[at])).sum::<f32>()
                };
                let uv = Pos2::new(mix(&|corner| corner.uv.x), mix(&|corner| corner.uv.y));
                let tint = [0, 1, 2, 3].map(|at| mix(&|corner| f32::from(corner.color.to_array()[at])));
                times(tint, sample(texture, uv))
            });
            *pixel = over(source, *pixel);
        }
    }
}

/// Twice the area of the triangle, positive when it turns clockwise on the screen.
fn side(from: [i64; 2], to: [i64; 2], point: [i64; 2]) -> i64 {
    (to[0] - from[0]) * (point[1] - from[1]) - (to[1] - from[1]) * (point[0] - from[0])
}

fn colour(colour: Color32) -> [f32; 4] {
    colour.to_array().map(f32::from)
}

fn times(one: [f32; 4], other: [f32; 4]) -> [f32; 4] {
    [0, 1, 2, 3].map(|at| one[at] * other[at] / 255.0)
}

/// The texture at `uv`, mixed of the four texels around.
fn sample(texture: &ColorImage, uv: Pos2) -> [f32; 4] {
    let place = |part: f32, size: usize| {
        let at = (part * size as f32 - 0.5).clamp(0.0, (size - 1) as f32);
        let low = at.floor() as usize;
        (low, (low + 1).min(size - 1), at - at.floor())
    };
    let (left, right, x) = place(uv.x, texture.size[0]);
    let (top, bottom, y) = place(uv.y, texture.size[1]);
    let texel = |column: usize, row: usize| colour(texture.pixels[row * texture.size[0] + column]);
    let mix = |one: [f32; 4], other: [f32; 4], share: f32| {
        [0, 1, 2, 3].map(|at| one[at] * (1.0 - share) + other[at] * share)
    };
    let (upper, lower) =
        (mix(texel(left, top), texel(right, top), x), mix(texel(left, bottom), texel(right, bottom), x));
    mix(upper, lower, y)
}

fn over(source: [f32; 4], ground: Color32) -> Color32 {
    if source[3] >= 255.0 {
        let [red, green, blue, _] = source.map(|part| part.round() as u8);
        return Color32::from_rgb(red, green, blue);
    }
    let rest = 1.0 - source[3] / 255.0;
    let ground = ground.to_array();
    let [red, green, blue, _] =
        [0, 1, 2, 3].map(|at| (source[at] + f32::from(ground[at]) * rest).round().clamp(0.0, 255.0) as u8);
    Color32::from_rgb(red, green, blue)
}
