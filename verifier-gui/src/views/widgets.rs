//! Small things that several views draw.

use egui::{Color32, CornerRadius, Response, RichText, Sense, Stroke, StrokeKind, Ui, Vec2};
use verifier_core::finding::{Effect, Finding, Location, Verdict};
use verifier_core::render::answers;
use verifier_core::render::escape;

use crate::command::{Command, CommandSender};
use crate::theme;

/// The three states that everything is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Good,
    Bad,
    Open,
    Note,
}

impl Mark {
    pub(super) fn colour(self, ui: &Ui) -> Color32 {
        match self {
            Self::Good => theme::good(ui.visuals()),
            Self::Bad => theme::bad(ui.visuals()),
            Self::Open => theme::open(ui.visuals()),
            Self::Note => ui.visuals().weak_text_color(),
        }
    }
}

impl From<Verdict> for Mark {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Supported => Self::Good,
            Verdict::Disproved => Self::Bad,
            Verdict::InsufficientEvidence | Verdict::UnverifiableScope => Self::Open,
        }
    }
}

impl From<answers::State> for Mark {
    fn from(state: answers::State) -> Self {
        match state {
            answers::State::Supported => Self::Good,
            answers::State::Disproved => Self::Bad,
            answers::State::NotEstablished => Self::Open,
        }
    }
}

impl From<Effect> for Mark {
    fn from(effect: Effect) -> Self {
        match effect {
            Effect::Fails { verdict: Verdict::Disproved } | Effect::Unreadable => Self::Bad,
            Effect::Fails { .. } | Effect::Limits { .. } => Self::Open,
            Effect::Notes => Self::Note,
        }
    }
}

/// A shape for each state, so that colour is never the only difference: a disc with a tick, a square with a cross, an
/// empty ring, a dot.
pub(super) fn mark(mark: Mark, word: &str, ui: &mut Ui) -> Response {
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(18.0), Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, word));
    let colour = mark.colour(ui);
    let (painter, centre) = (ui.painter(), rect.center());
    let at = |x: f32, y: f32| centre + egui::vec2(x, y);
    let ink = Stroke::new(2.0, ui.visuals().panel_fill);
    match mark {
        Mark::Good => {
            painter.circle_filled(centre, 8.0, colour);
            painter.line_segment([at(-4.0, 0.5), at(-1.0, 3.5)], ink);
            painter.line_segment([at(-1.0, 3.5), at(4.0, -3.0)], ink);
        }
        Mark::Bad => {
            painter.rect_filled(rect.shrink(1.5), CornerRadius::same(2), colour);
            painter.line_segment([at(-3.5, -3.5), at(3.5, 3.5)], ink);
            painter.line_segment([at(3.5, -3.5), at(-3.5, 3.5)], ink);
        }
        Mark::Open => {
            painter.circle_stroke(centre, 7.0, Stroke::new(2.0, colour));
        }
        Mark::Note => {
            painter.rect_stroke(
                rect.shrink(6.0),
                CornerRadius::same(1),
                Stroke::new(1.5, colour),
                StrokeKind::Middle,
            );
        }
    }
    response
}

/// A word in the colour of its state.
pub(super) fn word(mark: Mark, text: &str, ui: &Ui) -> RichText {
    RichText::new(text).color(mark.colour(ui)).strong()
}

/// The word for how serious a finding is.
pub(super) fn effect(effect: Effect) -> String {
    match effect {
        Effect::Fails { verdict } => word_of(verdict),
        Effect::Limits { verdict } => format!("{}, not required", word_of(verdict)),
        Effect::Unreadable => "unreadable".to_owned(),
        Effect::Notes => "note".to_owned(),
    }
}

/// A verdict in the words of the overview.
fn word_of(verdict: Verdict) -> String {
    match verdict {
        Verdict::InsufficientEvidence => "not established".to_owned(),
        other => other.as_str().replace('_', " "),
    }
}

/// A link to a place of the evidence.
pub(super) fn place(location: &Location, sender: &CommandSender, ui: &mut Ui) {
    let mut parts = vec![location.file.as_str()];
    parts.extend(location.pointer.as_deref());
    let text: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).map(escape).collect();
    if text.is_empty() {
        return;
    }
    let text = text.join(" ");
    if location.bytes.is_some() {
        if ui.link(format!("show {text}")).clicked() {
            sender.send(Command::ShowPlace(location.clone()));
        }
    } else {
        ui.weak(text);
    }
}

/// A finding with its values, place and remedy.
pub(super) fn finding(finding: &Finding, sender: &CommandSender, ui: &mut Ui) {
    ui.label(escape(&finding.message).into_owned());
    for fact in &finding.facts {
        ui.horizontal_wrapped(|ui| {
            ui.weak(fact.label);
            ui.monospace(escape(&fact.value).into_owned());
        });
    }
    place(&finding.location, sender, ui);
}

/// A section's title.
pub(super) fn section(title: &str, ui: &mut Ui) {
    ui.add_space(12.0);
    ui.heading(title);
    ui.add_space(2.0);
}

/// A number in a cell, at the right edge.
pub(super) fn number(text: &str, ui: &mut Ui) {
    ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
        ui.add(egui::Label::new(RichText::new(text).monospace()).truncate());
    });
}

/// The heading of a column of numbers.
pub(super) fn figure_title(text: &str, width: f32, ui: &mut Ui) {
    let size = egui::vec2(width, ui.spacing().interact_size.y);
    ui.allocate_ui_with_layout(size, egui::Layout::right_to_left(egui::Align::Center), |ui| {
        ui.set_min_width(width);
        ui.strong(text);
    });
}

/// A text of the evidence, escaped and not longer than a line can show.
pub(super) fn short(text: &str) -> String {
    const SHOWN: usize = 120;
    let cut = text.chars().count() > SHOWN;
    let mut shown: String = escape(&text.chars().take(SHOWN).collect::<String>()).into_owned();
    if cut {
        shown.push('…');
    }
    shown
}

/// A value of an axis in USD: for the eye, not for sums.
pub(super) fn usd(value: f64) -> String {
    let text = format!("{value:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A number in a column of this width.
pub(super) fn figure(text: &str, width: f32, ui: &mut Ui) {
    let size = egui::vec2(width, ui.spacing().interact_size.y);
    ui.allocate_ui_with_layout(size, egui::Layout::right_to_left(egui::Align::Center), |ui| {
        ui.set_min_width(width);
        ui.label(RichText::new(text).monospace());
    });
}
