//! Colours. A verdict also differs by its mark and word, never by colour alone.

use egui::{Color32, Context, Visuals};
use verifier_core::report::Outcome;

const GOOD: [Color32; 2] = [Color32::from_rgb(0x16, 0x7a, 0x3e), Color32::from_rgb(0x6c, 0xd4, 0x93)];
const BAD: [Color32; 2] = [Color32::from_rgb(0xb3, 0x26, 0x1e), Color32::from_rgb(0xff, 0x8f, 0x85)];
const OPEN: [Color32; 2] = [Color32::from_rgb(0x8a, 0x5a, 0x00), Color32::from_rgb(0xf0, 0xc0, 0x60)];

/// Text that stands out from its ground by more than 7 to 1, dark and light.
pub(crate) fn apply(context: &Context) {
    context.all_styles_mut(|style| {
        let link = if style.visuals.dark_mode { [0x6c, 0xb6, 0xff] } else { [0x00, 0x50, 0x9e] };
        style.visuals.hyperlink_color = Color32::from_rgb(link[0], link[1], link[2]);
        let text = if style.visuals.dark_mode { 0xdc } else { 0x1e };
        style.visuals.override_text_color = Some(Color32::from_gray(text));
        style.visuals.weak_text_color =
            Some(Color32::from_gray(if style.visuals.dark_mode { 0xa8 } else { 0x50 }));
    });
}

fn pick([light, dark]: [Color32; 2], visuals: &Visuals) -> Color32 {
    if visuals.dark_mode { dark } else { light }
}

/// The colour of an outcome; acceptance without trust is not shown as success.
pub(crate) fn outcome(outcome: Outcome, without_trust: bool, visuals: &Visuals) -> Color32 {
    let colours = match outcome {
        Outcome::Verified if without_trust => OPEN,
        Outcome::Verified => GOOD,
        Outcome::NotEstablished => OPEN,
        Outcome::Disproved | Outcome::Unreadable => BAD,
    };
    pick(colours, visuals)
}

/// What is supported.
pub(crate) fn good(visuals: &Visuals) -> Color32 {
    pick(GOOD, visuals)
}

/// What is disproved.
pub(crate) fn bad(visuals: &Visuals) -> Color32 {
    pick(BAD, visuals)
}

/// What is not established.
pub(crate) fn open(visuals: &Visuals) -> Color32 {
    pick(OPEN, visuals)
}
