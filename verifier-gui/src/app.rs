//! The application: drains commands and worker events, then draws.

use std::sync::mpsc::{self, Receiver};

use eframe::Frame;
use egui::{Context, Ui};

use crate::command::{Command, CommandSender};
use crate::state::State;
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
}

impl App {
    /// Starts with some commands, mostly a file to open.
    #[must_use]
    pub fn new(context: &Context, start: Vec<Command>) -> Self {
        theme::apply(context);
        let (sender, commands) = mpsc::channel();
        let repaint = context.clone();
        let app = Self {
            state: State::default(),
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
        while let Ok(command) = self.commands.try_recv() {
            update::apply(command, &mut self.state, &self.worker);
        }
        while let Some(event) = self.worker.next_event() {
            update::take(event, &mut self.state);
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
    }
}
