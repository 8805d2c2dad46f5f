//! Events on one time axis, with the faults of the chains below.

use egui::{Key, Modifiers, ScrollArea, Ui, vec2};
use egui_plot::{GridMark, Plot, PlotPoint, PlotPoints, Points};
use verifier_core::render::escape;
use verifier_core::time::Timestamp;

use super::widgets::{self, Mark, mark, section};
use crate::command::{Command, CommandSender};
use crate::money::grouped;
use crate::state::Session;

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// Sizes of a point: few and many things in its step.
const POINT: [f32; 2] = [2.5, 4.5];
const MANY: u64 = 20;

/// How the visible part moves.
#[derive(Clone, Copy, PartialEq)]
enum Move {
    Zoom(f32),
    Pan(f64),
    All,
}

pub(super) fn show(session: &Session, sender: &CommandSender, ui: &mut Ui) {
    let books = match &session.books {
        Ok(books) => books,
        Err(why) => {
            ui.heading("No events");
            ui.label(escape(why).into_owned());
            return;
        }
    };
    let timeline = &books.timeline;
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        let Some((begins, last)) = timeline.span else {
            ui.heading("No events");
            ui.label("No record of this evidence states a time.");
            return;
        };
        // The axis begins at midnight, so that its lines are days and hours.
        let first = begins.div_euclid(DAY) * DAY;
        let wish = moves(ui);
        // Seconds since the first instant: exact enough for the eye, and small enough for a float.
        let seconds = |at: i64| {
            f64::from(i32::try_from(at.saturating_sub(first).div_euclid(1_000_000)).unwrap_or(i32::MAX))
        };
        let titles: Vec<String> =
            timeline.lanes.iter().rev().map(|lane| escape(&lane.title).into_owned()).collect();
        let count = i32::try_from(titles.len()).unwrap_or(i32::MAX);
        let height = 60.0 + 34.0 * f32::from(u16::try_from(titles.len()).unwrap_or(20).min(20));
        let (start, end) = (seconds(begins), seconds(last).max(seconds(begins) + 1.0));
        let plot = Plot::new("timeline")
            .height(height)
            .allow_scroll(false)
            .allow_zoom([true, false])
            .allow_drag([true, false])
            .allow_boxed_zoom(false)
            .include_x(start - 0.02 * (end - start))
            .include_x(end + 0.02 * (end - start))
            .include_y(-0.6)
            .include_y(f64::from(count) - 0.4)
            .y_axis_min_width(230.0)
            .show_grid([true, true])
            .x_grid_spacer(|input| spaces(input.bounds))
            .y_grid_spacer(move |_| {
                (0..count).map(|at| GridMark { value: f64::from(at), step_size: 1.0 }).collect()
            })
            .x_axis_formatter(move |mark, range| instant(first, mark.value, range.end() - range.start()))
            .y_axis_formatter(move |mark, _| {
                let at = (0_i32..).zip(&titles).find(|(at, _)| (f64::from(*at) - mark.value).abs() < 0.01);
                at.map_or(String::new(), |(_, title)| title.clone())
            })
            .show_x(false)
            .show_y(false);
        let colours = [
            ui.visuals().hyperlink_color,
            Mark::Bad.colour(ui),
            Mark::Open.colour(ui),
            Mark::Good.colour(ui),
        ];
        let shown = plot.show(ui, |plot| {
            for (at, lane) in (0_i32..).zip(timeline.lanes.iter().rev()) {
                let colour = match lane.title.split(' ').next() {
                    Some("deny" | "revoked") => colours[1],
                    Some("allow") => colours[0],
                    Some("time") => colours[3],
                    _ => colours[2],
                };
                for (many, radius) in [false, true].into_iter().zip(POINT) {
                    let own = lane.points.iter().filter(|(_, count, _)| (*count >= MANY) == many);
                    let points: Vec<[f64; 2]> =
                        own.map(|(when, ..)| [seconds(*when), f64::from(at)]).collect();
                    if !points.is_empty() {
                        let name = escape(&lane.title).into_owned();
                        plot.points(Points::new(name, PlotPoints::from(points)).radius(radius).color(colour));
                    }
                }
            }
            let bounds = plot.plot_bounds();
            let width = bounds.width();
            match wish {
                Some(Move::Zoom(by)) => {
                    let centre = PlotPoint::new(bounds.center().x, bounds.center().y);
                    plot.zoom_bounds(vec2(by, 1.0), centre);
                }
                Some(Move::Pan(by)) => {
                    plot.set_plot_bounds_x(bounds.min()[0] + by * width..=bounds.max()[0] + by * width);
                }
                Some(Move::All) => {
                    plot.set_plot_bounds_x(start - 0.02 * (end - start)..=end + 0.02 * (end - start))
                }
                None => {}
            }
            (bounds.min()[0], bounds.max()[0])
        });
        let days = [shown.inner.0, shown.inner.1].map(|at| instant(first, at.clamp(start, end), 1e9));
        below(session, days, sender, ui);
    });
}

/// Buttons and keys that zoom and pan.
fn moves(ui: &mut Ui) -> Option<Move> {
    const MOVES: [(&str, Key, Move); 5] = [
        ("Zoom in", Key::Plus, Move::Zoom(1.5)),
        ("Zoom out", Key::Minus, Move::Zoom(0.667)),
        ("Earlier", Key::ArrowLeft, Move::Pan(-0.3)),
        ("Later", Key::ArrowRight, Move::Pan(0.3)),
        ("All", Key::Home, Move::All),
    ];
    let mut wish = None;
    let typing = ui.ctx().egui_wants_keyboard_input();
    ui.horizontal(|ui| {
        for (title, key, by) in MOVES {
            let pressed = !typing && ui.ctx().input_mut(|input| input.consume_key(Modifiers::NONE, key));
            if ui.button(title).clicked() || pressed {
                wish = Some(by);
            }
        }
        ui.weak("A point is one event, a large one twenty or more. Drag moves, the pinch or Ctrl and the wheel zoom.");
    });
    wish
}

fn below(session: &Session, [from, until]: [String; 2], sender: &CommandSender, ui: &mut Ui) {
    let Some(books) = session.books() else { return };
    let timeline = &books.timeline;
    if ui.button(format!("Show the permits of {from} to {until}")).clicked() {
        sender.send(Command::Drill(format!("day >= {from} && day <= {until}")));
    }
    section("Lanes", ui);
    for lane in &timeline.lanes {
        ui.horizontal_wrapped(|ui| {
            let count = grouped(&lane.count.to_string());
            let title = escape(&lane.title).into_owned();
            if lane.filter.is_empty() {
                ui.label(title);
            } else if ui.link(title).clicked() {
                sender.send(Command::Drill(lane.filter.clone()));
            }
            ui.weak(count);
        });
    }
    if timeline.without_time > 0 {
        ui.label(format!(
            "{} permits state no time that can be read",
            grouped(&timeline.without_time.to_string())
        ));
    }
    section("Breaks of the chains", ui);
    if timeline.breaks.is_empty() {
        ui.horizontal(|ui| {
            mark(Mark::Note, "none found", ui);
            ui.label("No check found a gap, a broken link or a rewritten record. What was not checked stands in the overview.");
        });
    }
    for finding in timeline.breaks.iter().take(100) {
        ui.horizontal_top(|ui| {
            mark(Mark::from(finding.effect), finding.code.title, ui);
            ui.vertical(|ui| {
                ui.strong(finding.code.id);
                widgets::finding(finding, sender, ui);
            });
        });
    }
}

/// Lines at whole minutes, hours, days or weeks, at most a dozen.
fn spaces((from, until): (f64, f64)) -> Vec<GridMark> {
    const STEPS: [f64; 9] =
        [60.0, 600.0, 3_600.0, 10_800.0, 43_200.0, 86_400.0, 604_800.0, 2_592_000.0, 31_536_000.0];
    let width = (until - from).max(1.0);
    let step = STEPS.into_iter().find(|step| width / step <= 12.0).unwrap_or(31_536_000.0 * 10.0);
    let begin = (from / step).ceil() * step;
    let values = (0_i32..13).map(|at| begin + f64::from(at) * step).filter(|value| *value <= until);
    values.map(|value| GridMark { value, step_size: step }).collect()
}

/// The instant so many seconds after `first`: the day alone where a wide range is shown.
fn instant(first: i64, seconds: f64, width: f64) -> String {
    let whole: i64 = format!("{:.0}", seconds.clamp(-1e10, 1e10)).parse().unwrap_or(0);
    let micros = first.saturating_add(whole.saturating_mul(1_000_000));
    let text = Timestamp::from_unix_micros(micros).map(|time| time.text().to_owned()).unwrap_or_default();
    let shown = if width > 5.0 * 86_400.0 { 10 } else { 16 };
    text.chars().take(shown).collect::<String>().replace('T', " ")
}
