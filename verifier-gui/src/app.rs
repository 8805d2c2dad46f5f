//! The application: drains commands and worker events, then draws.

use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver};

use eframe::Frame;
use egui::{Context, Ui, ViewportCommand};

use crate::command::{Command, CommandSender};
use crate::filter::Field;
use crate::settings::Settings;
use crate::state::{Closing, State};
use crate::theme;
use crate::update;
use crate::views;
use crate::worker::Worker;

/// The window's content.
pub struct App {
    state: State,
    worker: Worker,
    sender: CommandSender,
    commands: Receiver<Command>,
    /// Where the window is remembered.
    settings: Option<PathBuf>,
    /// The window's size, and whether it is light and how large everything is, as last drawn.
    size: Option<(f32, f32)>,
    look: Option<(bool, f32)>,
}

impl App {
    /// Starts with some commands, mostly a file to open.
    #[must_use]
    pub fn new(context: &Context, start: Vec<Command>) -> Self {
        Self::remembering(context, start, None)
    }

    /// The same, remembered in a file.
    #[must_use]
    pub fn remembering(context: &Context, start: Vec<Command>, settings: Option<PathBuf>) -> Self {
        theme::apply(context);
        let known = settings.as_deref().map(Settings::load).unwrap_or_default();
        if let Some(light) = known.light {
            context.set_theme(if light { egui::Theme::Light } else { egui::Theme::Dark });
        }
        if let Some(zoom) = known.zoom {
            context.set_zoom_factor(zoom);
        }
        let column = |name: &String| Field::ALL.into_iter().find(|field| field.name() == name.as_str());
        let state = State {
            recent: known.recent.clone(),
            columns: known.columns.iter().filter_map(column).collect(),
            ..State::default()
        };
        let (sender, commands) = mpsc::channel();
        let repaint = context.clone();
        let app = Self {
            state,
            settings,
            size: None,
            look: None,
            worker: Worker::start(move || repaint.request_repaint()),
            sender: CommandSender::new(sender),
            commands,
        };
        start.into_iter().for_each(|command| app.sender.send(command));
        app
    }

    /// Takes in everything that happened since the last frame.
    pub fn advance(&mut self, context: &Context) {
        let dropped: Vec<_> = context
            .input(|input| input.raw.dropped_files.iter().map(|file| file.path().to_path_buf()).collect());
        if !dropped.is_empty() {
            self.sender.send(Command::Open(dropped));
        }
        if self.state.session.is_some() && context.input(|input| input.viewport().close_requested()) {
            if self.state.closing != Closing::Done {
                self.sender.send(Command::Close);
            }
            context.send_viewport_cmd(ViewportCommand::CancelClose);
        }
        while let Ok(command) = self.commands.try_recv() {
            update::apply(command, &mut self.state, &self.worker);
        }
        while let Some(event) = self.worker.next_event() {
            update::take(event, &mut self.state);
        }
        if self.state.closing == Closing::Done {
            self.state.session = None;
            context.send_viewport_cmd(ViewportCommand::Close);
        }
        if let Some(session) = &self.state.session {
            self.state.columns.clone_from(&session.table.columns);
        }
    }

    /// Asks for something, as a view would.
    pub fn send(&self, command: Command) {
        self.sender.send(command);
    }

    /// What is shown.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Draws.
    pub fn draw(&self, ui: &mut Ui) {
        views::window(&self.state, &self.sender, ui);
    }
}

impl eframe::App for App {
    fn logic(&mut self, context: &Context, _frame: &mut Frame) {
        self.advance(context);
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut Frame) {
        self.draw(ui);
        self.size =
            ui.ctx().input(|input| input.viewport().inner_rect).map(|rect| (rect.width(), rect.height()));
        self.look = Some((!ui.visuals().dark_mode, ui.ctx().zoom_factor()));
    }

    fn on_exit(&mut self, _graphics: Option<&eframe::glow::Context>) {
        let Some(path) = &self.settings else { return };
        let settings = Settings {
            light: self.look.map(|(light, _)| light),
            zoom: self.look.map(|(_, zoom)| zoom),
            size: self.size,
            recent: self.state.recent.clone(),
            columns: self.state.columns.iter().map(|field| field.name().to_owned()).collect(),
        };
        settings.save(path);
    }
}
