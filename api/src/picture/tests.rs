//! Pictures are whole, whoever named what is in them.

use proptest::prelude::*;

use super::*;

fn bars(label: &str) -> Picture {
    Picture {
        title: format!("Events: {label}"),
        summary: format!("of {label}"),
        drawing: Drawing::Bars {
            unit: "events".into(),
            bars: vec![Bar {
                label: label.into(),
                value: 3.0,
                shown: "3".into(),
            }],
        },
    }
}

/// Elements open and close in order, and outside of tags and quotes nothing of a tag is left.
fn assert_whole(svg: &str) {
    let (mut open, mut rest) = (Vec::new(), svg);
    while let Some((text, tag)) = rest.split_once('<') {
        assert!(!text.contains('>'), "{text}");
        let (tag, after) = tag.split_once('>').unwrap();
        rest = after;
        let name = tag.split([' ', '/']).find(|name| !name.is_empty()).unwrap();
        let known = [
            "svg", "title", "desc", "style", "rect", "line", "text", "polyline", "polygon",
        ];
        assert!(known.contains(&name), "{name}");
        assert!(tag.matches('"').count().is_multiple_of(2), "{tag}");
        match (tag.starts_with('/'), tag.ends_with('/')) {
            (true, _) => assert_eq!(open.pop(), Some(name)),
            (false, true) => {}
            (false, false) => open.push(name),
        }
    }
    assert!(open.is_empty() && rest.trim().is_empty());
    assert!(svg.chars().all(|c| c == '\n' || !c.is_control()));
}

proptest! {
    #[test]
    fn no_name_breaks_out(label in ".*|[<>&\"' \u{202e}\u{0}a/=]{0,40}") {
        assert_whole(&svg(&bars(&label)).unwrap());
    }

    #[test]
    fn any_values_are_drawn(values in proptest::collection::vec(any::<u64>(), 0..300)) {
        let start = ghev_event::Timestamp::from_seconds;
        let columns = (0..).zip(&values).map(|(at, value)| (start(at * 3600), *value));
        let picture = Picture {
            drawing: Drawing::Columns {
                unit: "events".into(),
                columns: columns.collect(),
                by_the_clock: true,
            },
            ..bars("x")
        };
        assert_whole(&svg(&picture).unwrap());
    }
}

#[test]
fn a_picture_says_what_it_shows_and_takes_nothing_from_elsewhere() {
    let mut matrix = Box::new([[0; 24]; 7]);
    matrix[2][5] = u64::MAX;
    for drawing in [
        Drawing::Week(matrix),
        Drawing::Week(Box::new([[0; 24]; 7])),
        bars("x").drawing,
    ] {
        let svg = svg(&Picture {
            drawing,
            ..bars("<b>&\u{202e}")
        })
        .unwrap();
        assert_whole(&svg);
        assert!(
            svg.starts_with("<svg role=\"img\" aria-labelledby="),
            "{svg:.80}"
        );
        assert!(
            svg.contains(">Events: &lt;b&gt;&amp;</title>"),
            "{svg:.400}"
        );
        assert!(svg.contains("prefers-color-scheme: dark"));
        for foreign in ["href", "url(", "<script", "<foreignObject", "@import"] {
            assert!(!svg.contains(foreign), "{foreign}");
        }
        assert_eq!(svg.matches("http").count(), 1, "the namespace only");
    }
}

#[test]
fn numbers_and_durations_are_as_people_read_them() {
    assert_eq!(
        [0, 999, 1000, 1_234_567].map(grouped),
        ["0", "999", "1,000", "1,234,567"]
    );
    let durations = [0.0, 59.0, 90.0, 3600.0, 5400.0, 864_000.0].map(duration);
    assert_eq!(
        durations,
        ["0 s", "59 s", "1.5 min", "1 h", "1.5 h", "10 d"]
    );
}
