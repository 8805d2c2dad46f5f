//! A window that shows a state and does nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc;

use egui::accesskit::Role;
use egui::{ColorImage, Key, Theme, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use verifier_gui::state::State;
use verifier_gui::{App, CommandSender, views};

use crate::raster::{self, Textures};
use crate::texts;

/// Presses of the tab key that go once round every view.
const ROUND: usize = 400;

pub(crate) struct Window {
    pub(crate) harness: Harness<'static, State>,
    pub(crate) textures: Textures,
    /// In pixels.
    pub(crate) size: [usize; 2],
}

/// What one frame gives.
pub(crate) struct Seen {
    pub(crate) name: String,
    pub(crate) picture: ColorImage,
    pub(crate) faint: Vec<String>,
    pub(crate) unprintable: Vec<String>,
    pub(crate) nameless: Vec<String>,
}

impl Window {
    pub(crate) fn new(state: State, size: [usize; 2], scale: f32) -> Self {
        let textures = Textures::default();
        // Nobody receives the commands: looking changes nothing.
        let sender = CommandSender::new(mpsc::channel().0);
        let draw = move |ui: &mut egui::Ui, state: &mut State| views::window(state, &sender, ui);
        let mut harness = Harness::builder()
            .with_size(Vec2::new(size[0] as f32, size[1] as f32) / scale)
            .with_pixels_per_point(scale)
            .renderer(textures.clone())
            .build_ui_state(draw, state);
        // The program's colours are set where the program starts.
        drop(App::new(&harness.ctx, Vec::new()));
        harness.ctx.set_theme(Theme::Light);
        harness.run();
        Self { harness, textures, size }
    }

    pub(crate) fn look(&mut self, name: &str, theme: Theme) -> Seen {
        self.harness.ctx.set_theme(theme);
        self.harness.run();
        let named = |found: Vec<String>| found.into_iter().map(|what| format!("{name}: {what}")).collect();
        Seen {
            name: name.to_owned(),
            picture: raster::draw(&self.harness.ctx, self.harness.output(), &self.textures, self.size),
            faint: named(texts::faint(self)),
            unprintable: named(texts::unprintable(self)),
            nameless: named(self.nameless()),
        }
    }

    /// Controls that a screen reader has no words for.
    fn nameless(&self) -> Vec<String> {
        let controls = self.harness.query_all_by(|node| is_control(node.role()));
        let nameless = controls.filter(|node| {
            let node = node.accesskit_node();
            node.label().is_none_or(|label| label.trim().is_empty())
                && node.labelled_by().all(|by| by.value().is_none_or(|value| value.trim().is_empty()))
        });
        nameless.map(|node| format!("{:?} at {:?}", node.accesskit_node().role(), node.rect())).collect()
    }

    /// Controls that the tab key does not come to.
    pub(crate) fn unreached(mut self, name: &str) -> Vec<String> {
        let mut missing: BTreeMap<_, _> = self
            .harness
            .query_all_by(|node| is_control(node.role()) && !node.is_disabled())
            .map(|node| (node.accesskit_node().locate().0, node.accesskit_node().label()))
            .collect();
        assert!(!missing.is_empty(), "{name} has no controls");
        let mut visited = BTreeSet::new();
        for _ in 0..ROUND {
            self.harness.key_press(Key::Tab);
            self.harness.step();
            let focused = self
                .harness
                .query_all_by(|node| node.is_focused())
                .map(|node| node.accesskit_node().locate().0)
                .next();
            let Some(focused) = focused else { continue };
            missing.remove(&focused);
            if missing.is_empty() || (!visited.insert(focused) && visited.len() > missing.len()) {
                break;
            }
        }
        missing.into_values().map(|label| format!("{name}: {}", label.unwrap_or_default())).collect()
    }
}

fn is_control(role: Role) -> bool {
    matches!(
        role,
        Role::Button
            | Role::CheckBox
            | Role::ComboBox
            | Role::Link
            | Role::RadioButton
            | Role::Slider
            | Role::TextInput
    )
}
