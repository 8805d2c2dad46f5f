//! Envelopes over their bookings: held, spent and limit as lines, moments above the limit as crosses.

use egui::Ui;
use egui_plot::{Corner, Legend, Line, LineStyle, MarkerShape, Plot, PlotPoints, Points};
use verifier_core::ledger::Balance;
use verifier_core::render::escape;

use super::money::height;
use super::widgets::{Mark, mark, usd};
use crate::money::{Books, EnvelopeLine, amount, grouped};

/// Envelopes whose course is drawn.
const ENVELOPES: usize = 12;

pub(super) fn show(books: &Books, ui: &mut Ui) {
    let drawn = books.envelopes.iter().filter(|line| !line.balances.is_empty());
    drawn.take(ENVELOPES).for_each(|line| course(line, ui));
    if let Some(more) = books.envelopes.len().checked_sub(ENVELOPES).filter(|more| *more > 0) {
        ui.weak(format!("and {more} more envelopes"));
    }
}

fn course(line: &EnvelopeLine, ui: &mut Ui) {
    ui.add_space(6.0);
    ui.strong(escape(&line.envelope).into_owned());
    ui.horizontal_wrapped(|ui| {
        let over = line.balances.iter().filter(|balance| balance.is_over()).count();
        let (shape, text) = if over > 0 {
            (Mark::Bad, format!("above the limit at {over} of the shown bookings"))
        } else {
            (Mark::Note, "never above its limit in the shown bookings".to_owned())
        };
        mark(shape, &text, ui);
        ui.label(text);
        if line.open.0 > 0 {
            mark(Mark::Open, "held", ui);
            let count = grouped(&line.open.0.to_string());
            ui.label(format!("{count} reservations still held, USD {}", amount(line.open.1)));
        }
    });
    let at = |seq: i64| f64::from(i32::try_from(seq).unwrap_or(i32::MAX));
    let points = |value: &dyn Fn(&Balance) -> Option<i128>| -> PlotPoints<'static> {
        let own = line.balances.iter().filter_map(|balance| Some([at(balance.seq), height(value(balance)?)]));
        PlotPoints::from(own.collect::<Vec<_>>())
    };
    let [held, spent, cap, bad] =
        [ui.visuals().hyperlink_color, Mark::Good.colour(ui), Mark::Open.colour(ui), Mark::Bad.colour(ui)];
    Plot::new(("course", &line.envelope))
        .height(150.0)
        .legend(Legend::default().position(Corner::LeftTop))
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_drag(false)
        .x_axis_label("booking number")
        .y_axis_formatter(|mark, _| usd(mark.value))
        .show(ui, |plot| {
            let reserved = points(&|balance| Some(balance.reserved + balance.spent));
            plot.line(Line::new("held and spent, USD", reserved).color(held));
            let lines = points(&|balance| Some(balance.spent));
            plot.line(Line::new("spent, USD", lines).color(spent).style(LineStyle::dotted_dense()));
            let limit = points(&|balance| balance.cap);
            plot.line(Line::new("limit, USD", limit).color(cap).style(LineStyle::dashed_dense()));
            let over = points(&|balance| balance.is_over().then_some(balance.reserved + balance.spent));
            let crosses = Points::new("above the limit", over).shape(MarkerShape::Cross);
            plot.points(crosses.radius(5.0).color(bad));
        });
}
