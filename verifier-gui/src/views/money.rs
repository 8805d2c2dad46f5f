//! Spend, budgets and the reconciliation rules.

use egui::{Grid, ScrollArea, Ui};
use egui_plot::{Bar, BarChart, Corner, HLine, Legend, Line, LineStyle, Plot, PlotPoints};
use verifier_core::claim::ledger::RuleOutcome;
use verifier_core::render::escape;

use super::course;
use super::widgets::{self, Mark, figure, figure_title, mark, section, short, usd, word};
use crate::command::{Command, CommandSender};
use crate::filter::Field;
use crate::money::{Books, RuleLine, SUMMED, amount, grouped};
use crate::state::{Session, View};

/// Widths of columns.
const MONEY: f32 = 130.0;
const COUNT: f32 = 96.0;

/// Lines of a sum that are shown.
const LINES: usize = 30;

pub(super) fn show(session: &Session, sender: &CommandSender, ui: &mut Ui) {
    let books = match &session.books {
        Ok(books) => books,
        Err(why) => {
            ui.heading("No amounts");
            ui.label(escape(why).into_owned());
            return;
        }
    };
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        ui.horizontal(|ui| {
            let (shape, text) = if books.is_proven {
                (Mark::Good, "These amounts stand in evidence that is verified. That a provider charged them is not proven.")
            } else {
                (Mark::Open, "The evidence is not verified, so these amounts are only what the file says.")
            };
            mark(shape, if books.is_proven { "supported" } else { "not established" }, ui);
            ui.label(text);
        });
        totals(books, sender, ui);
        section("Spend by day", ui);
        days(books, sender, ui);
        for field in SUMMED.into_iter().filter(|field| *field != Field::Day) {
            section(&format!("By {}", field.name()), ui);
            sums(books, field, sender, ui);
        }
        section("To the end of the month", ui);
        forecast(books, ui);
        section("Budget envelopes", ui);
        envelopes(books, sender, ui);
        course::show(books, ui);
        section("Rules", ui);
        rules(books, sender, ui);
    });
}

fn totals(books: &Books, sender: &CommandSender, ui: &mut Ui) {
    Grid::new("totals").num_columns(2).spacing([24.0, 4.0]).show(ui, |ui| {
        let unverified = books.total.unverified;
        for (title, micros) in [
            ("Actual cost, USD", books.total.actual),
            ("   without verified provider evidence", unverified),
            ("Usage rows, USD", books.total.booked),
            ("   difference where a permit states both", books.total.difference),
        ] {
            ui.label(title);
            figure(&amount(micros), MONEY, ui);
            ui.end_row();
        }
        let (estimate, actual, count) = books.estimates;
        ui.label(format!("Estimated, {} permits with both, USD", grouped(&count.to_string())));
        figure(&amount(estimate), MONEY, ui);
        ui.end_row();
        ui.label("   actual cost minus estimate");
        figure(&amount(actual - estimate), MONEY, ui);
        ui.end_row();
        for (decision, count, sum) in &books.refused {
            let title =
                format!("Not allowed: {} {}, estimated USD", grouped(&count.to_string()), escape(decision));
            if ui.link(title).clicked() {
                sender.send(Command::Drill(format!("decision == \"{decision}\"")));
            }
            figure(&amount(*sum), MONEY, ui);
            ui.end_row();
        }
        if books.unreadable > 0 {
            let count = grouped(&books.unreadable.to_string());
            if ui.link(format!("Figures that cannot be read, in no sum: {count}")).clicked() {
                sender.send(Command::Show(View::Exceptions));
            }
            ui.label("");
            ui.end_row();
        }
        for (grade, sum, count) in &books.grades {
            let title = format!("   {}: {} permits", grade.replace('_', " "), grouped(&count.to_string()));
            if ui.link(title).clicked() {
                sender.send(Command::Drill(format!("grade == \"{grade}\"")));
            }
            figure(&amount(*sum), MONEY, ui);
            ui.end_row();
        }
    });
}

/// Bars by day. The plot's coordinates are for the eye; the amounts in its labels are exact.
fn days(books: &Books, sender: &CommandSender, ui: &mut Ui) {
    let days: Vec<_> = books.by.get(&Field::Day).into_iter().flatten().cloned().collect();
    if days.is_empty() {
        ui.label("No record states a day.");
        return;
    }
    let bars: Vec<Bar> = days
        .iter()
        .zip(0_u32..)
        .map(|((day, total), at)| {
            Bar::new(f64::from(at), height(total.actual))
                .width(0.7)
                .name(format!("{day}: USD {}", amount(total.actual)))
        })
        .collect();
    let colour = ui.visuals().hyperlink_color;
    let [sum_colour, cap_colour] = [Mark::Good.colour(ui), Mark::Open.colour(ui)];
    let mut sum = 0_i128;
    let running = days.iter().zip(0_u32..).map(|((_, total), at)| {
        sum += total.actual;
        [f64::from(at), height(sum)]
    });
    let sums = PlotPoints::from(running.collect::<Vec<_>>());
    let caps = books.envelopes.iter().filter_map(|line| line.cap);
    let cap = books.envelopes.iter().any(|line| line.cap.is_some()).then(|| caps.sum::<i128>());
    let names: Vec<String> = days.iter().map(|(day, _)| day.clone()).collect();
    let label = move |mark: egui_plot::GridMark, _: &std::ops::RangeInclusive<f64>| {
        names
            .iter()
            .zip(0_u32..)
            .find(|(_, at)| (f64::from(*at) - mark.value).abs() < 0.01)
            .map_or(String::new(), |(name, _)| name.clone())
    };
    Plot::new("days")
        .height(160.0)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_drag(false)
        .show_grid([false, true])
        .show_x(false)
        .show_y(false)
        .x_axis_formatter(label)
        .y_axis_formatter(|mark, _| usd(mark.value))
        .legend(Legend::default().position(Corner::LeftTop))
        .show(ui, |plot| {
            plot.bar_chart(BarChart::new("USD by day", bars).color(colour));
            plot.line(Line::new("sum so far, USD", sums).color(sum_colour));
            if let Some(cap) = cap {
                let limit = HLine::new("sum of the caps, USD", height(cap)).color(cap_colour);
                plot.hline(limit.style(LineStyle::dashed_dense()));
            }
        });
    Grid::new("day-sums").num_columns(3).striped(true).spacing([24.0, 2.0]).show(ui, |ui| {
        for (day, total) in &days {
            if day.is_empty() {
                ui.label("no day");
            } else if ui.link(day).clicked() {
                sender.send(Command::Drill(format!("day == {day}")));
            }
            figure(&grouped(&total.permits.to_string()), COUNT, ui);
            figure(&amount(total.actual), MONEY, ui);
            ui.end_row();
        }
    });
}

/// Micro-USD as a height in USD.
pub(super) fn height(micros: i128) -> f64 {
    let cents = micros.checked_div(10_000).and_then(|cents| i32::try_from(cents).ok()).unwrap_or(i32::MAX);
    f64::from(cents) / 100.0
}

fn sums(books: &Books, field: Field, sender: &CommandSender, ui: &mut Ui) {
    let mut sums: Vec<_> = books.by.get(&field).into_iter().flatten().collect();
    sums.sort_by(|one, other| other.1.actual.cmp(&one.1.actual).then_with(|| one.0.cmp(&other.0)));
    let rest = sums.len().saturating_sub(LINES);
    Grid::new(("sums", field.name())).num_columns(3).striped(true).spacing([24.0, 2.0]).show(ui, |ui| {
        ui.strong(field.title());
        figure_title("Permits", COUNT, ui);
        figure_title("Cost USD", MONEY, ui);
        ui.end_row();
        for (value, total) in sums.into_iter().take(LINES) {
            if value.is_empty() {
                ui.weak("not stated");
            } else if ui.link(escape(value).into_owned()).clicked() {
                sender.send(Command::Drill(format!(
                    "{} == \"{}\"",
                    field.name(),
                    value.replace('\\', "\\\\").replace('"', "\\\"")
                )));
            }
            figure(&grouped(&total.permits.to_string()), COUNT, ui);
            figure(&amount(total.actual), MONEY, ui);
            ui.end_row();
        }
    });
    if rest > 0 {
        ui.weak(format!("and {rest} more"));
    }
}

fn envelopes(books: &Books, sender: &CommandSender, ui: &mut Ui) {
    if books.envelopes.is_empty() {
        ui.label("The evidence has no budget bookings.");
        return;
    }
    Grid::new("envelopes").num_columns(7).striped(true).spacing([20.0, 2.0]).show(ui, |ui| {
        ui.strong("Envelope");
        for title in ["Cap", "Reserved", "Spent", "Remaining"] {
            figure_title(title, MONEY, ui);
        }
        ui.strong("Bookings");
        figure_title("Breaches", COUNT, ui);
        ui.end_row();
        for line in &books.envelopes {
            let optional = |micros: Option<i128>| micros.map_or("none".to_owned(), amount);
            if ui.link(escape(&line.envelope).into_owned()).clicked() {
                sender.send(Command::ShowEnvelope(line.envelope.clone()));
            }
            figure(&optional(line.cap), MONEY, ui);
            figure(&amount(line.reserved), MONEY, ui);
            figure(&amount(line.spent), MONEY, ui);
            figure(&optional(line.remaining), MONEY, ui);
            ui.label(if line.is_complete { "complete" } else { "some are missing" });
            figure(&line.breaches.to_string(), COUNT, ui);
            ui.end_row();
        }
    });
}

/// What the month comes to, beside the caps.
fn forecast(books: &Books, ui: &mut Ui) {
    let Some(forecast) = &books.forecast else {
        ui.label("No record states a time.");
        return;
    };
    let caps: i128 = books.envelopes.iter().filter_map(|line| line.cap).sum();
    Grid::new("forecast").num_columns(2).spacing([24.0, 4.0]).show(ui, |ui| {
        ui.label(format!("Spent in {} up to day {}, USD", forecast.month, forecast.elapsed));
        figure(&amount(forecast.spent), MONEY, ui);
        ui.end_row();
        ui.label(format!("To day {} at the same daily rate, USD", forecast.days));
        match forecast.forecast {
            Some(sum) => figure(&amount(sum), MONEY, ui),
            None => figure_title("too few days", MONEY, ui),
        }
        ui.end_row();
        if books.envelopes.iter().any(|line| line.cap.is_some()) {
            ui.label("Sum of the active caps, USD");
            figure(&amount(caps), MONEY, ui);
            ui.end_row();
        }
    });
    if let Some(sum) = forecast.forecast.filter(|_| caps > 0) {
        let (shape, text) = if sum > caps {
            (Mark::Bad, "At this rate the month ends above the caps.")
        } else {
            (Mark::Note, "At this rate the month ends within the caps.")
        };
        ui.horizontal(|ui| {
            mark(shape, text, ui);
            ui.label(text);
        });
    }
    ui.weak(format!(
        "Spent, and the same per elapsed day for the days left; needs {} days with records, has {}. A projection, not evidence.",
        verifier_core::ledger::DAYS_NEEDED,
        forecast.covered
    ));
}

fn rules(books: &Books, sender: &CommandSender, ui: &mut Ui) {
    Grid::new("rules").num_columns(6).striped(true).spacing([16.0, 2.0]).show(ui, |ui| {
        for title in ["", "Rule", ""] {
            ui.strong(title);
        }
        for title in ["Compared", "Not possible", "Failed"] {
            figure_title(title, COUNT, ui);
        }
        ui.end_row();
        for line in &books.rules {
            let shape = match line.outcome {
                RuleOutcome::Holds => Mark::Good,
                RuleOutcome::Violated if line.is_error => Mark::Bad,
                RuleOutcome::Violated => Mark::Open,
                RuleOutcome::DataMissing => Mark::Open,
                _ => Mark::Note,
            };
            let (checked, missing, violated) = line.counts;
            mark(shape, &line.outcome.as_str().replace('_', " "), ui);
            let title = format!("{} {}", line.id, line.title);
            if violated > 0 {
                if ui.link(title).on_hover_text(line.compares).clicked() {
                    sender.send(Command::Show(View::Exceptions));
                }
            } else {
                ui.label(title).on_hover_text(line.compares);
            }
            ui.label(word(shape, &line.outcome.as_str().replace('_', " "), ui));
            for count in [checked, missing, violated] {
                figure(&grouped(&count.to_string()), COUNT, ui);
            }
            ui.end_row();
        }
    });
    for line in books.rules.iter().filter(|line| !line.violations.is_empty()) {
        violations(line, sender, ui);
    }
}

/// The first failed comparisons of a rule, with the figures of both sides.
fn violations(line: &RuleLine, sender: &CommandSender, ui: &mut Ui) {
    ui.add_space(6.0);
    ui.strong(format!("{} {}", line.id, line.title));
    ui.weak(line.compares);
    Grid::new(("violations", line.id)).num_columns(4).striped(true).spacing([16.0, 2.0]).show(ui, |ui| {
        for violation in &line.violations {
            ui.label(short(&violation.subject));
            for (label, value) in &violation.sides {
                ui.label(format!("{label}: {}", short(value)));
            }
            widgets::place(&violation.location, sender, ui);
            ui.end_row();
        }
    });
    let more = line.counts.2.saturating_sub(u64::try_from(line.violations.len()).unwrap_or(u64::MAX));
    if more > 0 && ui.link(format!("and {} more among the exceptions", grouped(&more.to_string()))).clicked()
    {
        sender.send(Command::Show(View::Exceptions));
    }
}
