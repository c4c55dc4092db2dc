//! Each part of the page as HTML.

use std::fmt::Write as _;

use ghev_readmodel::CoverageState;

use super::figures::{Figures, RepoFigures};
use super::words::{NOTHING, age, bar, maybe_duration, name, number, repo, time};
use crate::document::html::escaped;

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// Shades of the matrix beside the one of nothing.
const SHADES: u64 = 4;

/// The heading of a column of bars, which need none to be seen.
const SHARE: &str = "<span class=\"unseen\">Share</span>";

/// A table. Headings and cells are HTML; the first cell of a row is its heading.
fn table(caption: &str, headings: &[&str], rows: &[Vec<String>]) -> String {
    let mut html = format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"{caption}\">\n<table>\n\
         <caption class=\"unseen\">{caption}</caption>\n<thead><tr>"
    );
    for heading in headings {
        add(&mut html, format_args!("<th scope=\"col\">{heading}</th>"));
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        html.push_str("<tr>");
        for (at, cell) in row.iter().enumerate() {
            if at == 0 {
                add(&mut html, format_args!("<th scope=\"row\">{cell}</th>"));
            } else {
                add(&mut html, format_args!("<td>{cell}</td>"));
            }
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody></table></div>\n");
    html
}

pub(super) fn health(figures: &Figures) -> String {
    let Figures { status, lag, .. } = figures;
    let newest = figures.observed_at.map(|at| age(at, figures.now));
    let behind = lag.records.map(number);
    let cards = [
        ("Last 10 minutes", number(figures.ten_minutes), "events"),
        ("Last hour", number(figures.hour.total()), "events"),
        ("Kept", number(status.events), "events in all"),
        (
            "Newest record",
            newest.unwrap_or_else(|| NOTHING.into()),
            "old",
        ),
        (
            "Behind the log",
            behind.unwrap_or_else(|| NOTHING.into()),
            "records",
        ),
        ("Suspected gaps", number(status.gaps), "in all"),
        ("Dead letters", number(status.dead_letters), "not decoded"),
    ];
    let mut html = String::new();
    if let Some(stale) = &figures.stale {
        add(
            &mut html,
            format_args!("<p class=\"trouble\">Stale: {}</p>\n", escaped(stale)),
        );
    }
    html.push_str("<dl class=\"cards\">\n");
    for (title, figure, unit) in cards {
        add(
            &mut html,
            format_args!(
                "<div class=\"card\"><dt>{title}</dt><dd><span class=\"figure\">{figure}</span> \
                 <span class=\"muted\">{unit}</span></dd></div>\n"
            ),
        );
    }
    html.push_str("</dl>\n");
    html
}

pub(super) fn over_time(figures: &Figures) -> String {
    let totals = figures.day.buckets.iter();
    let max = totals.map(|bucket| bucket.counts.total());
    let max = max.max().unwrap_or(0);
    let rows: Vec<Vec<String>> = figures
        .day
        .buckets
        .iter()
        .rev()
        .map(|bucket| {
            let total = bucket.counts.total();
            vec![time(Some(bucket.start)), bar(total, max), number(total)]
        })
        .collect();
    let rows = table(
        "Events by hour, last day",
        &["Hour", SHARE, "Events"],
        &rows,
    );
    format!("<details class=\"figures\"><summary>By hour, last day</summary>\n{rows}</details>\n")
}

pub(super) fn types(figures: &Figures) -> String {
    let mut kinds: Vec<_> = figures.all.iter().collect();
    kinds.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let last_hour = figures.hour.iter().map(|(_, events)| events);
    let max = last_hour.max().unwrap_or(0);
    let rows: Vec<Vec<String>> = kinds
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(kind, all)| {
            let hour = figures.hour.of(&kind);
            let label = name(Some(kind.name()));
            vec![label, bar(hour, max), number(hour), number(all)]
        })
        .collect();
    table(
        "Events by type",
        &["Type", SHARE, "Last hour", "All"],
        &rows,
    )
}

pub(super) fn latest(figures: &Figures) -> String {
    let rows: Vec<Vec<String>> = figures
        .latest
        .iter()
        .map(|event| {
            let of_repo = event.repo.as_ref().and_then(|repo| repo.name.as_deref());
            let actor = event.actor.as_ref().and_then(|actor| actor.name.as_deref());
            let kind = event.kind.name().strip_suffix("Event");
            let kind = name(Some(kind.unwrap_or(event.kind.name())));
            let action = event.action.as_deref();
            vec![
                time(event.created_at),
                kind,
                action.map_or_else(String::new, |action| name(Some(action))),
                repo(of_repo),
                name(actor),
            ]
        })
        .collect();
    table(
        "Latest events",
        &["Happened, UTC", "Type", "Action", "Repository", "Actor"],
        &rows,
    )
}

pub(super) fn trending(figures: &Figures) -> String {
    let rows: Vec<Vec<String>> = figures
        .trending
        .repos
        .iter()
        .map(|row| {
            vec![
                repo(row.name.as_deref()),
                number(row.count),
                format!("{:.1}", row.baseline_mean),
                format!("{:+.1}", row.z_score),
            ]
        })
        .collect();
    table(
        "Trending repositories",
        &["Repository", "Events", "Usual", "Stands out by"],
        &rows,
    )
}

/// The form, and what it asked for. Everything works without a script: the form asks for this page.
pub(super) fn interval(figures: &Figures) -> String {
    let asked = figures.repo.as_ref().map_or("", |repo| repo.name.as_str());
    let mut html = format!(
        "<form action=\"/\" method=\"get\" class=\"line\"><label for=\"repo\">Repository</label>\n\
         <input id=\"repo\" name=\"repo\" value=\"{}\" placeholder=\"rust-lang/rust\" \
         autocomplete=\"off\" spellcheck=\"false\" required pattern=\"[^\\/]+\\/[^\\/]+\">\n\
         <button type=\"submit\">Show</button></form>\n",
        escaped(asked)
    );
    match &figures.repo {
        None => html.push_str("<p class=\"muted\">Name a repository to see its rhythm.</p>\n"),
        Some(RepoFigures {
            name: asked,
            seen: None,
        }) => add(
            &mut html,
            format_args!(
                "<p role=\"status\">No event of {} was seen yet.</p>\n",
                name(Some(asked))
            ),
        ),
        Some(RepoFigures {
            name: asked,
            seen: Some((interval, spread)),
        }) => {
            let gaps = &interval.gaps;
            add(
                &mut html,
                format_args!(
                    "<p role=\"status\">{}: {} {} seen.</p>\n",
                    name(Some(asked)),
                    number(interval.sample_size),
                    if interval.sample_size == 1 {
                        "pull request"
                    } else {
                        "pull requests"
                    },
                ),
            );
            let figures = [
                ("Mean", gaps.mean_seconds),
                ("Median", gaps.p50_seconds),
                ("90 % within", gaps.p90_seconds),
                ("Shortest", gaps.min_seconds),
                ("Longest", gaps.max_seconds),
            ];
            html.push_str("<dl class=\"cards\">\n");
            for (title, seconds) in figures {
                add(
                    &mut html,
                    format_args!(
                        "<div class=\"card\"><dt>{title}</dt><dd><span class=\"figure\">{}</span></dd></div>\n",
                        maybe_duration(seconds)
                    ),
                );
            }
            html.push_str("</dl>\n");
            let max = spread.steps().map(|(_, count)| count).max().unwrap_or(0);
            let rows: Vec<Vec<String>> = spread
                .steps()
                .map(|(step, count)| vec![step.to_owned(), bar(count, max), number(count)])
                .collect();
            html.push_str(&table(
                "How long pull requests were apart",
                &["Apart", SHARE, "Times"],
                &rows,
            ));
        }
    }
    html
}

pub(super) fn matrix(figures: &Figures) -> String {
    let rows = &figures.matrix.rows;
    let max = rows.iter().flatten().copied().max().unwrap_or(0).max(1);
    let mut html = String::from(
        "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Events by weekday and hour\">\n\
         <table class=\"matrix\">\n<caption class=\"unseen\">Events by weekday and hour</caption>\n\
         <thead><tr><td></td>",
    );
    for hour in 0..24 {
        add(&mut html, format_args!("<th scope=\"col\">{hour}</th>"));
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for (day, hours) in DAYS.iter().zip(rows) {
        add(&mut html, format_args!("<tr><th scope=\"row\">{day}</th>"));
        for &count in hours {
            let shade = (count * SHADES).div_ceil(max);
            let shown = short(count);
            add(
                &mut html,
                format_args!("<td class=\"shade-{shade}\">{shown}</td>"),
            );
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody></table></div>\n");
    html
}

/// A count in a small cell.
fn short(count: u64) -> String {
    match count {
        0 => String::new(),
        1..10_000 => count.to_string(),
        10_000..10_000_000 => format!("{}k", count / 1000),
        _ => format!("{}M", count / 1_000_000),
    }
}

pub(super) fn sources(figures: &Figures) -> String {
    let coverage = match figures.coverage.state {
        CoverageState::Ok => "ok: overlapping polls prove that nothing was lost",
        CoverageState::Degraded => "degraded: a gap is suspected",
        CoverageState::Unknown => {
            "unknown: nothing tells how much was missed, as for every public feed"
        }
    };
    let mut html = format!(
        "<p>Coverage of the last day: <strong>{coverage}</strong>. {} polls.</p>\n",
        number(figures.coverage.polls)
    );
    let rows: Vec<Vec<String>> = figures
        .status
        .sources
        .iter()
        .map(|source| {
            let count = |count: Option<u64>| count.map_or_else(|| NOTHING.to_owned(), number);
            let budget = source.budget.map(|budget| {
                format!(
                    "{} of {}",
                    number(budget.remaining.into()),
                    number(budget.limit.into())
                )
            });
            let status = source.status.map(|status| status.to_string());
            vec![
                name(Some(&source.source)),
                number(source.events),
                number(source.polls),
                format!("{} ago", age(source.observed_at, figures.now)),
                source
                    .error
                    .as_deref()
                    .map(|error| name(Some(error)))
                    .or(status)
                    .unwrap_or_else(|| NOTHING.to_owned()),
                count(source.new),
                count(source.overlap.map(u64::from)),
                budget.unwrap_or_else(|| NOTHING.to_owned()),
            ]
        })
        .collect();
    html.push_str(&table(
        "Sources",
        &[
            "Source",
            "Events",
            "Polls",
            "Last record",
            "Last answer",
            "New",
            "Known before",
            "Budget left",
        ],
        &rows,
    ));
    if figures.gaps.is_empty() {
        html.push_str("<p class=\"muted\">No gap is suspected.</p>\n");
        return html;
    }
    let rows: Vec<Vec<String>> = figures
        .gaps
        .iter()
        .map(|gap| {
            vec![
                time(Some(gap.to)),
                time(gap.from),
                name(Some(&gap.source)),
                gap.reason.name().replace('_', " "),
            ]
        })
        .collect();
    html.push_str("<h3>Latest suspected gaps</h3>\n");
    html.push_str(&table(
        "Suspected gaps",
        &["Until", "From", "Source", "Why"],
        &rows,
    ));
    html
}

fn add(html: &mut String, part: std::fmt::Arguments<'_>) {
    html.write_fmt(part).expect("a String takes any text");
}
