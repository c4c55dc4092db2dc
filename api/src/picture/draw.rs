//! Draws with plotters.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::drawing::{Bar, Drawing, Picture};
use super::palette::{self, BACKGROUND, BAR, Colour, EMPTY, GRID, MUTED, TEXT};
use super::text::{self, grouped, label};
use ghev_event::Timestamp;

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type Drawn = Result<(), Box<dyn std::error::Error + Send + Sync>>;

const FONT: &str = "sans-serif";
const WIDTH: u32 = 760;
const TITLE_HEIGHT: i32 = 44;
const MARGIN: i32 = 16;

/// Room for the names before bars, and for the values beside them.
const LABELS_WIDTH: i32 = 230;
const VALUES_WIDTH: i32 = 90;

/// Above so many columns they are drawn as one shape.
const COLUMNS_APART_MAX: usize = 240;

/// The picture as SVG.
pub(crate) fn svg(picture: &Picture) -> Result<String, String> {
    let mut body = String::new();
    let height = match &picture.drawing {
        Drawing::Bars { bars, .. } => 110 + 26 * u32::try_from(bars.len().max(1)).unwrap_or(1),
        Drawing::Columns { .. } => 340,
        Drawing::Week(_) => 300,
    };
    let root = SVGBackend::with_string(&mut body, (WIDTH, height)).into_drawing_area();
    draw(&root, picture).map_err(|error| error.to_string())?;
    drop(root);
    let rest = body
        .strip_prefix("<svg ")
        .and_then(|rest| rest.split_once('>'));
    let (attributes, shapes) = rest.ok_or_else(|| "plotters wrote no svg element".to_owned())?;
    let (title, summary) = (
        text::escaped(&picture.title),
        text::escaped(&picture.summary),
    );
    let style = palette::style();
    Ok(format!(
        "<svg role=\"img\" aria-labelledby=\"ghev-title ghev-summary\" {attributes}>\n\
         <title id=\"ghev-title\">{title}</title>\n<desc id=\"ghev-summary\">{summary}</desc>\n\
         <style>{style}</style>{shapes}"
    ))
}

fn draw(root: &Area<'_>, picture: &Picture) -> Drawn {
    root.fill(&BACKGROUND.light)?;
    let title = style(&TEXT, 20).pos(Pos::new(HPos::Left, VPos::Top));
    root.draw_text(&text::plain(&picture.title), &title, (MARGIN, MARGIN))?;
    let (_, area) = root.split_vertically(TITLE_HEIGHT);
    match &picture.drawing {
        Drawing::Bars { unit, bars } => draw_bars(&area, unit, bars)?,
        Drawing::Columns {
            unit,
            columns,
            by_the_clock,
        } => draw_columns(&area, unit, columns, *by_the_clock)?,
        Drawing::Week(matrix) => draw_week(&area, matrix)?,
    }
    root.present()?;
    Ok(())
}

fn style(colour: &Colour, size: i32) -> TextStyle<'static> {
    (FONT, size).into_font().color(&colour.light)
}

/// A little more than the largest value, and something where there is none.
fn top(values: impl Iterator<Item = f64>) -> f64 {
    let largest = values.fold(0.0, f64::max);
    if largest > 0.0 { largest * 1.04 } else { 1.0 }
}

fn draw_bars(area: &Area<'_>, unit: &str, bars: &[Bar]) -> Drawn {
    if bars.is_empty() {
        return draw_nothing(area);
    }
    let rows = f64::from(u32::try_from(bars.len())?);
    let mut chart = ChartBuilder::on(area)
        .margin(MARGIN)
        .set_label_area_size(LabelAreaPosition::Left, LABELS_WIDTH)
        .set_label_area_size(LabelAreaPosition::Bottom, 42)
        .margin_right(MARGIN + VALUES_WIDTH)
        // Downwards: the first bar is on top.
        .build_cartesian_2d(0.0..top(bars.iter().map(|bar| bar.value)), rows..0.0)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID.light)
        .axis_style(GRID.light)
        .label_style(style(&MUTED, 14))
        .axis_desc_style(style(&MUTED, 14))
        .y_labels(0)
        .x_labels(6)
        .x_label_formatter(&|value| number(*value))
        .x_desc(unit)
        .draw()?;
    let before = style(&MUTED, 14).pos(Pos::new(HPos::Right, VPos::Center));
    let beside = style(&TEXT, 14).pos(Pos::new(HPos::Left, VPos::Center));
    for (row, bar) in (0_u32..).zip(bars) {
        let (upper, middle) = (f64::from(row), f64::from(row) + 0.5);
        let end = bar.value.max(0.0);
        let corners = [(0.0, upper + 0.15), (end, upper + 0.85)];
        let name =
            EmptyElement::at((0.0, middle)) + Text::new(label(&bar.label), (-8, 0), before.clone());
        let shown = EmptyElement::at((end, middle))
            + Text::new(text::plain(&bar.shown), (6, 0), beside.clone());
        chart.draw_series([Rectangle::new(corners, BAR.light.filled())])?;
        chart.draw_series([name])?;
        chart.draw_series([shown])?;
    }
    Ok(())
}

/// A number on an axis, without a fraction where it has none.
fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    let whole = text.strip_suffix(".0").unwrap_or(&text);
    whole.parse().map_or_else(|_| whole.to_owned(), grouped)
}

fn draw_columns(
    area: &Area<'_>,
    unit: &str,
    columns: &[(Timestamp, u64)],
    by_the_clock: bool,
) -> Drawn {
    if columns.is_empty() {
        return draw_nothing(area);
    }
    let values: Vec<f64> = columns.iter().map(|(_, value)| float(*value)).collect();
    let count = i32::try_from(columns.len())?;
    let mut chart = ChartBuilder::on(area)
        .margin(MARGIN)
        .set_label_area_size(LabelAreaPosition::Left, 76)
        .set_label_area_size(LabelAreaPosition::Bottom, 46)
        .build_cartesian_2d(0..count, 0.0..top(values.iter().copied()))?;
    let start_of = |at: &i32| {
        let column = usize::try_from(*at).ok().and_then(|at| columns.get(at));
        column.map_or_else(String::new, |(start, _)| moment(*start, by_the_clock))
    };
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID.light)
        .axis_style(GRID.light)
        .label_style(style(&MUTED, 14))
        .axis_desc_style(style(&MUTED, 14))
        .x_labels(5)
        .x_label_formatter(&start_of)
        .x_desc("time (UTC)")
        .y_labels(6)
        .y_label_formatter(&|value| number(*value))
        .y_desc(unit)
        .draw()?;
    if values.len() > COLUMNS_APART_MAX {
        let points = (0..count).zip(values);
        chart.draw_series(AreaSeries::new(points, 0.0, BAR.light.mix(0.6)))?;
        return Ok(());
    }
    let gap = u32::from(values.len() < COLUMNS_APART_MAX / 4);
    chart.draw_series((0..count).zip(values).map(|(at, value)| {
        let mut column = Rectangle::new([(at, 0.0), (at + 1, value)], BAR.light.filled());
        column.set_margin(0, 0, gap, gap);
        column
    }))?;
    Ok(())
}

/// A bucket's start: `2026-11-24 11:00`, or the day alone.
fn moment(start: Timestamp, by_the_clock: bool) -> String {
    let text = start.to_string().replace('T', " ");
    text.chars()
        .take(if by_the_clock { 16 } else { 10 })
        .collect()
}

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

fn draw_week(area: &Area<'_>, matrix: &[[u64; 24]; 7]) -> Drawn {
    const LEFT: i32 = 64;
    const CELL_WIDTH: i32 = 28;
    const CELL_HEIGHT: i32 = 26;
    let most = matrix.iter().flatten().copied().max().unwrap_or(0);
    let day_style = style(&MUTED, 14).pos(Pos::new(HPos::Right, VPos::Center));
    let hour_style = style(&MUTED, 14).pos(Pos::new(HPos::Center, VPos::Top));
    for ((row, hours), day) in (0..).zip(matrix).zip(DAYS) {
        let y = row * CELL_HEIGHT + MARGIN / 2;
        area.draw_text(day, &day_style, (LEFT - 8, y + CELL_HEIGHT / 2))?;
        for (column, &events) in (0..).zip(hours) {
            let x = LEFT + column * CELL_WIDTH;
            let corners = [(x, y), (x + CELL_WIDTH - 2, y + CELL_HEIGHT - 2)];
            area.draw(&Rectangle::new(corners, EMPTY.light.filled()))?;
            if events > 0 {
                let share = 0.15 + 0.85 * float(events) / float(most);
                area.draw(&Rectangle::new(corners, BAR.light.mix(share).filled()))?;
            }
        }
    }
    let below = 7 * CELL_HEIGHT + MARGIN;
    for hour in (0..24).step_by(3) {
        let x = LEFT + hour * CELL_WIDTH + CELL_WIDTH / 2;
        area.draw_text(&format!("{hour:02}"), &hour_style, (x, below))?;
    }
    let legend = format!(
        "hour of the day (UTC); the darkest has {} events",
        grouped(most)
    );
    let middle = LEFT + 12 * CELL_WIDTH;
    area.draw_text(&legend, &hour_style, (middle, below + 22))?;
    Ok(())
}

fn draw_nothing(area: &Area<'_>) -> Drawn {
    let centred = style(&MUTED, 16).pos(Pos::new(HPos::Center, VPos::Center));
    let (width, height) = area.dim_in_pixel();
    let middle = (i32::try_from(width / 2)?, i32::try_from(height / 2)?);
    area.draw_text("nothing was seen in this window", &centred, middle)?;
    Ok(())
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a picture has fewer than 2^53 pixels"
)]
const fn float(number: u64) -> f64 {
    number as f64
}
