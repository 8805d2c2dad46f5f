//! The table of permits, its filter, and the permit that is looked at.

use egui::{Key, Panel, RichText, ScrollArea, Sense, TextEdit, Ui};
use egui_extras::{Column, TableBuilder};
use verifier_core::finding::Location;
use verifier_core::ledger::PermitRow;
use verifier_core::render::escape;
use verifier_core::workpaper::MarkKind;

use super::widgets::{Mark, mark, number, section, short};
use super::{proof, review};
use crate::command::{Command, CommandSender};
use crate::filter::{self, Field, Kind};
use crate::money::{Books, grouped};
use crate::review::ReviewCommand;
use crate::state::{Session, Table};
use crate::table;

const ROW: f32 = 20.0;

pub(super) fn show(session: &Session, sender: &CommandSender, ui: &mut Ui) {
    let books = match &session.books {
        Ok(books) => books,
        Err(why) => {
            ui.heading("No permits");
            ui.label(escape(why).into_owned());
            return;
        }
    };
    head(session, books, sender, ui);
    let selected = session.table.selected.and_then(|row| at(books, row));
    if let Some(row) = selected {
        Panel::right("permit")
            .resizable(true)
            .default_size(360.0)
            .show(ui, |ui| detail(session, books, row, sender, ui));
    }
    rows(&session.table, books, sender, ui);
}

fn at(books: &Books, row: u32) -> Option<&PermitRow> {
    usize::try_from(row).ok().and_then(|at| books.ledger.permits.get(at))
}

fn head(session: &Session, books: &Books, sender: &CommandSender, ui: &mut Ui) {
    let table = &session.table;
    ui.horizontal(|ui| {
        let label = ui.label("Filter");
        let mut text = table.filter.clone();
        let width = (ui.available_width() - 300.0).max(200.0);
        let edit = TextEdit::singleline(&mut text)
            .id_salt("filter")
            .hint_text("decision == deny && cost > 10 usd")
            .desired_width(width)
            .font(egui::TextStyle::Monospace);
        let response = ui.add(edit).labelled_by(label.id);
        if response.changed() {
            sender.send(Command::EditFilter(text));
        }
        if response.has_focus() && ui.input(|input| input.key_pressed(Key::Escape)) {
            sender.send(Command::EditFilter(String::new()));
        }
        let all = books.ledger.permits.len();
        let count = table.count(all);
        let shown = format!("{} of {}", grouped(&count.to_string()), grouped(&all.to_string()));
        ui.label(if table.is_filtering { format!("{shown} …") } else { shown });
        ui.menu_button("Columns", |ui| {
            for field in Field::ALL {
                let mut is_shown = table.columns.contains(&field);
                if ui.checkbox(&mut is_shown, field.title()).changed() {
                    sender.send(Command::ToggleColumn(field));
                }
            }
        });
    });
    if let Some(error) = &table.error {
        ui.horizontal(|ui| {
            mark(Mark::Bad, "wrong filter", ui);
            ui.label(error);
        });
    }
    ui.horizontal_wrapped(|ui| {
        let values = |field| books.values(field, 12).into_iter().map(|(value, _)| value).collect();
        for completion in filter::complete(&table.filter, values) {
            if ui.small_button(escape(&completion.label).into_owned()).clicked() {
                sender.send(Command::EditFilter(completion.filter));
            }
        }
    });
    ui.horizontal_wrapped(|ui| {
        for field in
            [Field::Decision, Field::Provider, Field::Model, Field::Subject, Field::Project, Field::Day]
        {
            ui.menu_button(field.title(), |ui| {
                for (value, count) in books.values(field, 20) {
                    let title = format!("{}  {}", escape(&value), grouped(&count.to_string()));
                    if ui.button(title).clicked() {
                        let part = format!(
                            "{} == \"{}\"",
                            field.name(),
                            value.replace('\\', "\\\\").replace('"', "\\\"")
                        );
                        let filter = match table.filter.trim() {
                            "" => part,
                            filter => format!("({filter}) && {part}"),
                        };
                        sender.send(Command::EditFilter(filter));
                        ui.close();
                    }
                }
            });
        }
        if !table.filter.is_empty() && ui.button("Clear filter").clicked() {
            sender.send(Command::EditFilter(String::new()));
        }
    });
    ui.horizontal(|ui| {
        let label = ui.label("Save these rows as");
        let mut text = table.sheet.clone();
        let edit = TextEdit::singleline(&mut text)
            .id_salt("sheet")
            .hint_text("permits.csv or permits.xlsx")
            .desired_width(280.0);
        if ui.add(edit).labelled_by(label.id).changed() {
            sender.send(Command::EditSheet(text));
        }
        if ui.add_enabled(!table.sheet.trim().is_empty(), egui::Button::new("Save table")).clicked() {
            sender.send(Command::SaveSheet);
        }
        match &table.saved {
            Some(Ok(said)) => {
                mark(Mark::Good, "written", ui);
                ui.label(escape(said).into_owned());
            }
            Some(Err(why)) => {
                mark(Mark::Bad, "not written", ui);
                ui.label(escape(why).into_owned());
            }
            None => {}
        }
    });
    ui.add_space(4.0);
}

fn width(field: Field) -> f32 {
    match field {
        Field::Permit => 150.0,
        Field::Created => 200.0,
        Field::Model | Field::Reason | Field::Subject => 140.0,
        Field::Sequence | Field::Dispatched => 56.0,
        _ => 96.0,
    }
}

fn rows(state: &Table, books: &Books, sender: &CommandSender, ui: &mut Ui) {
    let count = state.count(books.ledger.permits.len());
    if count == 0 {
        ui.label(if state.filter.is_empty() {
            "There are no permits."
        } else {
            "No permit passes the filter."
        });
        return;
    }
    ScrollArea::horizontal().auto_shrink([false, false]).show(ui, |ui| {
        let mut builder = TableBuilder::new(ui)
            .striped(true)
            .cell_layout(egui::Layout::left_to_right(egui::Align::Center))
            .sense(Sense::click())
            .auto_shrink([false, false]);
        for field in &state.columns {
            builder =
                builder.column(Column::initial(width(*field)).at_least(40.0).resizable(true).clip(true));
        }
        if state.scrolls
            && let Some(selected) = state.selected
        {
            let position = match &state.rows {
                Some(rows) => rows.iter().position(|row| *row == selected),
                None => usize::try_from(selected).ok(),
            };
            if let Some(position) = position {
                builder = builder.scroll_to_row(position, None);
            }
        }
        let body = builder.header(24.0, |mut header| {
            for field in &state.columns {
                header.col(|ui| heading(*field, state, sender, ui));
            }
        });
        body.body(|body| {
            body.rows(ROW, count, |mut line| {
                let Some((number, row)) =
                    state.row(line.index()).and_then(|row| Some((row, at(books, row)?)))
                else {
                    return;
                };
                line.set_selected(state.selected == Some(number));
                for field in &state.columns {
                    line.col(|ui| cell(books, row, *field, ui));
                }
                if line.response().clicked() {
                    sender.send(Command::SelectRow(number));
                }
            });
        });
    });
}

fn heading(field: Field, state: &Table, sender: &CommandSender, ui: &mut Ui) {
    let arrow = match state.sort {
        Some((known, false)) if known == field => " ▲",
        Some((known, true)) if known == field => " ▼",
        _ => "",
    };
    let title = RichText::new(format!("{}{arrow}", field.title())).strong();
    if ui.add(egui::Button::new(title).frame(false)).clicked() {
        sender.send(Command::Sort(field));
    }
}

fn cell(books: &Books, row: &PermitRow, field: Field, ui: &mut Ui) {
    let text = table::text(&books.ledger, row, field);
    match field.kind() {
        Kind::Money | Kind::Number => number(&text, ui),
        _ => {
            let shown = short(&text);
            let shown =
                if field == Field::Permit { RichText::new(shown).monospace() } else { RichText::new(shown) };
            ui.add(egui::Label::new(shown).truncate().selectable(false));
        }
    }
}

fn detail(session: &Session, books: &Books, row: &PermitRow, sender: &CommandSender, ui: &mut Ui) {
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        ui.heading("Permit");
        ui.monospace(escape(books.ledger.text(row.permit)).into_owned());
        review_part(session, books.ledger.text(row.permit), sender, ui);
        ui.add_space(6.0);
        egui::Grid::new("permit-facts").num_columns(2).spacing([12.0, 4.0]).show(ui, |ui| {
            for field in Field::ALL.into_iter().filter(|field| *field != Field::Permit) {
                let text = table::text(&books.ledger, row, field);
                if !text.is_empty() {
                    ui.weak(field.title());
                    ui.label(escape(&text).into_owned());
                    ui.end_row();
                }
            }
        });
        section("How it is proven", ui);
        proof::show(session, books, row, sender, ui);
        let source = books.ledger.sources.get(usize::from(row.place.source));
        let location = Location {
            file: source.map_or(String::new(), |source| source.label.clone()),
            pointer: Some(books.ledger.pointer(&row.place)),
            bytes: Some(row.place.span()),
        };
        ui.add_space(6.0);
        if ui.button("Show the record's bytes").clicked() {
            sender.send(Command::ShowPlace(location));
        }
    });
}

/// The mark of the permit and the note for the next one.
fn review_part(session: &Session, permit: &str, sender: &CommandSender, ui: &mut Ui) {
    let label = ui.label("Note");
    let mut note = session.review.note.clone();
    let edit = TextEdit::multiline(&mut note).id_salt("note").desired_rows(2).desired_width(f32::INFINITY);
    if ui.add(edit).labelled_by(label.id).changed() {
        sender.send(Command::Review(ReviewCommand::EditNote(note)));
    }
    review::buttons(&session.review, MarkKind::Permit, permit, sender, ui);
}
