//! Every layout that files of events have been seen in, whole and broken, at every block size.

use ghev_event::canonical_raw;
use proptest::prelude::*;

use super::*;

/// Hands out bytes in blocks of one size, then ends or breaks.
struct Cut<'a> {
    left: &'a [u8],
    block_bytes: usize,
    damage: Option<&'static str>,
    /// Before each block, nothing comes for once: that is to change nothing.
    paused: bool,
}

impl Blocks for Cut<'_> {
    fn append_to(&mut self, to: &mut Vec<u8>) -> Result<bool, Fault> {
        self.paused = !self.paused;
        if self.paused {
            return Err(Fault::Pause);
        }
        if self.left.is_empty() {
            return self
                .damage
                .take()
                .map_or(Ok(false), |why| Err(Fault::Damaged(why.to_owned())));
        }
        let (block, left) = self.left.split_at(self.block_bytes.min(self.left.len()));
        to.extend_from_slice(block);
        self.left = left;
        Ok(true)
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Found {
    Event(u64, String),
    Reject(u64, String, String),
}

fn event(line: u64, json: &str) -> Found {
    Found::Event(line, json.to_owned())
}

fn reject(line: u64, body: &str, reason: &str) -> Found {
    Found::Reject(line, body.to_owned(), reason.to_owned())
}

/// What an import would make of the bytes.
fn found(bytes: &[u8], block_bytes: usize, damage: Option<&'static str>) -> Vec<Found> {
    found_in(Cut {
        left: bytes,
        block_bytes,
        damage,
        paused: false,
    })
}

/// What comes after all pauses.
fn after_pauses<T>(mut ask: impl FnMut() -> Result<T, Halt>) -> T {
    loop {
        match ask() {
            Err(Halt::Pause) => {}
            other => return other.unwrap(),
        }
    }
}

fn found_in(blocks: impl Blocks) -> Vec<Found> {
    let mut pieces = Pieces::new(blocks);
    let mut found = Vec::new();
    while let Some(mut piece) = after_pauses(|| pieces.next()) {
        if let Piece::Line(span) = &piece
            && read_event(pieces.bytes(span)).is_err()
        {
            match pieces.not_one_value(&span.clone()) {
                Err(Halt::Pause) => continue,
                value => piece = value.unwrap(),
            }
        }
        let text = |span: &Span| String::from_utf8_lossy(pieces.bytes(span)).into_owned();
        found.push(match piece {
            Piece::Line(span) | Piece::Value(span, None) => {
                let raw = canonical_raw(pieces.bytes(&span)).into_owned();
                Found::Event(span.line, String::from_utf8(raw).unwrap())
            }
            Piece::Value(span, Some(reason)) | Piece::Garbage(span, reason) => {
                Found::Reject(span.line, text(&span), reason)
            }
            Piece::Oversized(reject) => Found::Reject(
                reject.place,
                format!("{} bytes", reject.body_bytes),
                reject.reason.into(),
            ),
            Piece::Damage { line, reason } => Found::Reject(line, String::new(), reason),
        });
    }
    found
}

const A: &str = r#"{"type":"A","s":"}{][,\"\\"}"#;
const W: &str = r#"{"type":"WatchEvent"}"#;
const B: &str = r#"{"type": "B", "list": [1, {"type":"C"}]}"#;

#[test]
fn every_layout_gives_the_same_events() {
    let spread = "{\n  \"type\":\n\t\"S\", \"x\": \"a b\"\r\n}";
    let compact = r#"{"type":"S","x":"a b"}"#;
    for (layout, expected) in [
        (format!("{A}\n{B}\n"), vec![event(1, A), event(2, B)]),
        (format!("{A}\n{B}"), vec![event(1, A), event(2, B)]),
        (
            format!("\u{feff}{A}\r\n\r\n  {B}  \r\n"),
            vec![event(1, A), event(3, B)],
        ),
        (
            format!("{A}{B}{A}\n{B}"),
            vec![event(1, A), event(1, B), event(1, A), event(2, B)],
        ),
        (format!("[{A},\n{B}\n]\n"), vec![event(1, A), event(2, B)]),
        (format!("[{A}]\n[]\n[{B}]"), vec![event(1, A), event(3, B)]),
        (
            format!("{spread}\n{A}\n{spread}{B}"),
            vec![
                event(1, compact),
                event(5, A),
                event(6, compact),
                event(9, B),
            ],
        ),
        (
            format!("[\n{spread},\n{spread}\n]{A}"),
            vec![event(2, compact), event(6, compact), event(10, A)],
        ),
        (String::new(), vec![]),
        ("\u{feff}".to_owned(), vec![]),
        (" \n\n[ ]\n".to_owned(), vec![]),
    ] {
        for block_bytes in [1, 2, 7, 64, 4096] {
            assert_eq!(
                found(layout.as_bytes(), block_bytes, None),
                expected,
                "{layout}"
            );
        }
    }
}

/// Files that each began with a byte order mark were put together into one, as lines or as gzip
/// members; the first event of every file but the first was refused for not being JSON.
#[test]
fn a_byte_order_mark_costs_no_event_wherever_it_stands() {
    let cut = "{\"type\":\"X\",\"l\":[1,";
    for (layout, expected) in [
        (
            format!("\u{feff}{A}\n\u{feff}{B}\n"),
            vec![event(1, A), event(2, B)],
        ),
        (
            format!("\u{feff}{A}\u{feff}{B}\u{feff}\n{A}"),
            vec![event(1, A), event(1, B), event(2, A)],
        ),
        (
            format!("{A}\r\n\u{feff}\u{feff}\n \u{feff} {B}"),
            vec![event(1, A), event(3, B)],
        ),
        (
            format!("\u{feff}[{A},\u{feff}{B}]\u{feff}[{A}]"),
            vec![event(1, A), event(1, B), event(1, A)],
        ),
        (
            format!("{A}\n\u{feff}{cut}\n\u{feff}{B}\n\u{feff}{A}\n"),
            vec![
                event(1, A),
                reject(2, cut, "the file ends within it"),
                event(3, B),
                event(4, A),
            ],
        ),
    ] {
        for block_bytes in [1, 2, 5, 64, 4096] {
            assert_eq!(
                found(layout.as_bytes(), block_bytes, None),
                expected,
                "{layout}"
            );
        }
    }
    // Two bytes of one are none.
    let found = found(&[A.as_bytes(), b"\n\xef\xbb"].concat(), 1, None);
    assert!(
        matches!(found[..], [Found::Event(..), Found::Reject(2, ..)]),
        "{found:?}"
    );
}

#[test]
fn what_is_no_event_is_a_reject_and_takes_nothing_along() {
    let not_json = |body: &str| read_event(body.as_bytes()).unwrap_err().to_string();
    let cases = [
        // A line cut within a string, then whole ones.
        (
            format!("{A}\n{{\"type\":\"X\n{B}\n{A}\n"),
            vec![
                event(1, A),
                reject(2, "{\"type\":\"X", "a line break within a string"),
                event(3, B),
                event(4, A),
            ],
        ),
        // A line cut between values: its brackets stay open to the end of the file.
        (
            format!("{A}\n{{\"type\":\"X\",\"l\":[1,\n{B}\n{A}\n"),
            vec![
                event(1, A),
                reject(2, "{\"type\":\"X\",\"l\":[1,", "the file ends within it"),
                event(3, B),
                event(4, A),
            ],
        ),
        // Balanced, but no JSON, on a line with others.
        (
            format!("{A}{{\"type\":}}{B}\n"),
            vec![
                event(1, A),
                reject(1, "{\"type\":}", &not_json("{\"type\":}")),
                event(1, B),
            ],
        ),
        // JSON, but no event.
        (
            format!("{{\"a\":1}}\n[7,\"x,y\",{A},null,[{B}]]\n"),
            vec![
                reject(1, "{\"a\":1}", "no string \"type\""),
                reject(2, "7", "not a JSON object"),
                reject(2, "\"x,y\"", "not a JSON object"),
                event(2, A),
                reject(2, "null", "not a JSON object"),
                reject(2, &format!("[{B}]"), "not a JSON object"),
            ],
        ),
        // No JSON at all.
        (
            format!("hello, world\n{A} trailing\n}}\n"),
            vec![
                reject(1, "hello, world", &not_json("hello, world")),
                event(2, A),
                reject(2, "trailing", &not_json("trailing")),
                reject(3, "}", &not_json("}")),
            ],
        ),
    ];
    for (bytes, expected) in cases {
        for block_bytes in [1, 5, 64, 4096] {
            assert_eq!(
                found(bytes.as_bytes(), block_bytes, None),
                expected,
                "{bytes}"
            );
        }
    }
}

#[test]
fn bytes_that_are_no_text_are_a_reject() {
    let bytes = [A.as_bytes(), b"\n{\"type\":\"\xff\"}\n", B.as_bytes()].concat();
    let found = found(&bytes, 4096, None);
    assert_eq!(found.len(), 3);
    assert!(
        matches!(&found[1], Found::Reject(2, _, why) if why.contains("UTF-8")),
        "{found:?}"
    );
}

/// Pieces of a file that goes on behind damage.
fn found_around(before: &str, behind: &str, block_bytes: usize) -> Vec<Found> {
    struct Around<'a>(Cut<'a>, Option<Cut<'a>>);
    impl Blocks for Around<'_> {
        fn append_to(&mut self, to: &mut Vec<u8>) -> Result<bool, Fault> {
            let end = self.0.append_to(to);
            if matches!(end, Err(Fault::Damaged(_)))
                && let Some(behind) = self.1.take()
            {
                self.0 = behind;
            }
            end
        }
    }
    let cut = |text, damage| Cut {
        left: str::as_bytes(text),
        block_bytes,
        damage,
        paused: false,
    };
    let behind = cut(behind, None);
    found_in(Around(cut(before, Some("damaged")), Some(behind)))
}

#[test]
fn what_is_behind_damage_is_read_on_and_parts_of_events_are_none() {
    let user = r#"{"type":"User","id":7}"#;
    for (behind, rest) in [
        (format!("{B}\n"), None),
        (format!("{W}{B}\n"), None),
        (format!("\n[{W}]"), None),
        (format!("{user}}}\n{B}\n"), Some(format!("{user}}}"))),
        (
            format!(",\"actor\":{user}}}\n{B}"),
            Some(format!("\"actor\":{user}}}")),
        ),
        (format!("User\"}}}}\n{B}\n"), Some("User\"}}".to_owned())),
    ] {
        for block_bytes in [1, 8, 4096] {
            let found = found_around(&format!("{A}\n"), &behind, block_bytes);
            let (events, rejects): (Vec<_>, Vec<_>) = found
                .into_iter()
                .partition(|found| matches!(found, Found::Event(..)));
            let expected_events = behind.matches(W).count() + behind.matches(B).count();
            assert_eq!(events.len(), 1 + expected_events, "{behind}: {events:?}");
            let bodies: Vec<String> = rejects
                .into_iter()
                .map(|found| match found {
                    Found::Reject(_, body, _) | Found::Event(_, body) => body,
                })
                .collect();
            let expected: Vec<String> = [String::new()].into_iter().chain(rest.clone()).collect();
            assert_eq!(bodies, expected, "{behind}");
        }
    }
}

#[test]
fn damage_is_reported_once_with_what_it_cut() {
    let whole = format!("{A}\n");
    let damage = Some("the gzip file is damaged");
    assert_eq!(
        found(whole.as_bytes(), 8, damage),
        [event(1, A), reject(2, "", "the gzip file is damaged")]
    );
    let cut = format!("{A}\n{}", &B[..10]);
    assert_eq!(
        found(cut.as_bytes(), 8, damage),
        [event(1, A), reject(2, &B[..10], "the gzip file is damaged")]
    );
}

#[test]
fn a_value_larger_than_an_event_may_be_is_passed_over_in_bounded_memory() {
    let huge = format!(
        "{{\"type\":\"H\",\"x\":\"{}\"}}",
        "h".repeat(3 * EVENT_MAX_BYTES)
    );
    let size = format!("{} bytes", huge.len());
    for layout in [
        format!("{A}\n{huge}\n{B}\n"),
        format!("{A}{huge}{B}\n"),
        format!("[{A},{huge},{B}]"),
    ] {
        let found = found(layout.as_bytes(), 10_000, None);
        assert_eq!(found.len(), 3);
        let lines: Vec<u64> = (1..).take(3).collect();
        let line = |at: usize| {
            if layout.contains('\n') && layout.starts_with(&format!("{A}\n")) {
                lines[at]
            } else {
                1
            }
        };
        assert_eq!(found[0], event(line(0), A));
        assert_eq!(found[1], reject(line(1), &size, &too_large()));
        assert_eq!(found[2], event(line(2), B));
    }
    let mut pieces = Pieces::new(Cut {
        left: huge.as_bytes(),
        block_bytes: 10_000,
        damage: None,
        paused: false,
    });
    assert!(matches!(
        after_pauses(|| pieces.next()),
        Some(Piece::Oversized(_))
    ));
    assert!(pieces.buffer.capacity() < 3 * EVENT_MAX_BYTES);
}

#[test]
fn the_largest_event_allowed_is_read() {
    let frame = r#"{"type":"H","x":""}"#.len();
    let largest = format!(
        "{{\"type\":\"H\",\"x\":\"{}\"}}",
        "h".repeat(EVENT_MAX_BYTES - frame)
    );
    for layout in [
        format!("{largest}\n{A}\n"),
        format!("{largest}{A}"),
        format!("[{largest},{A}]"),
    ] {
        let found = found(layout.as_bytes(), 65_536, None);
        assert_eq!(found.len(), 2, "{:?}", &found[found.len() - 1]);
        assert!(found.iter().all(|found| matches!(found, Found::Event(..))));
    }
}

#[test]
fn deep_nesting_is_an_event_like_any_other() {
    let deep = format!(
        "{{\"type\":\"D\",\"x\":{}{}}}",
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    assert_eq!(found(deep.as_bytes(), 512, None), [event(1, &deep)]);
    let open = "[{\"a\":".repeat(10_000);
    assert_eq!(found(open.as_bytes(), 512, None).len(), 1);
}

/// A model of a file: events in some layout, and what they are kept as.
fn any_file() -> impl Strategy<Value = (String, Vec<String>)> {
    let value = prop_oneof![
        any::<u32>().prop_map(serde_json::Value::from),
        "[a-z\\\\\"{}\\[\\],\n\u{e9} ]{0,12}".prop_map(serde_json::Value::from),
        prop::collection::vec("[\\[\\]{}\"]{0,3}", 0..3).prop_map(serde_json::Value::from),
    ];
    let object = prop::collection::btree_map("[a-z\"]{1,3}", value, 0..4);
    let event = object.prop_map(|fields| {
        let mut fields: serde_json::Map<_, _> = fields.into_iter().collect();
        fields.insert("type".to_owned(), "WatchEvent".into());
        serde_json::Value::Object(fields)
    });
    let in_layout = (event, any::<bool>(), 0..5usize, any::<bool>());
    prop::collection::vec(in_layout, 0..8).prop_map(|events| {
        let (mut file, mut kept) = (String::new(), Vec::new());
        for (event, pretty, layout, marked) in events {
            if marked {
                file.push('\u{feff}');
            }
            let compact = event.to_string();
            let json = if pretty {
                serde_json::to_string_pretty(&event).unwrap()
            } else {
                compact.clone()
            };
            file.push_str(&match layout {
                0 => format!("{json}\n"),
                1 => format!("{json}\r\n"),
                2 => format!("[{json}]"),
                3 => format!("[\n  {json},\n{json}\n]\n"),
                _ => json,
            });
            kept.extend(std::iter::repeat_n(
                compact,
                if layout == 3 { 2 } else { 1 },
            ));
        }
        (file, kept)
    })
}

proptest! {
    #[test]
    fn whatever_the_layout_every_event_comes_out_once_in_order(
        (file, kept) in any_file(),
        block_bytes in 1usize..200,
    ) {
        let events: Vec<String> = found(file.as_bytes(), block_bytes, None)
            .into_iter()
            .map(|found| match found {
                Found::Event(_, json) => json,
                Found::Reject(..) => format!("{found:?}"),
            })
            .collect();
        prop_assert_eq!(events, kept);
    }

    #[test]
    fn whatever_the_bytes_nothing_panics_and_every_end_is_reached(
        bytes in prop::collection::vec(
            prop::sample::select(b"{}[]\",:\\\n \r1aet\xef\xbb\xbf".to_vec()), 0..120,
        ),
        block_bytes in 1usize..40,
    ) {
        let whole = found(&bytes, 4096, None);
        prop_assert_eq!(found(&bytes, block_bytes, None), whole);
    }

    #[test]
    fn a_cut_line_costs_only_itself(
        (at, cut) in (0usize..6, 1usize..27),
        block_bytes in 1usize..200,
    ) {
        let lines: Vec<String> = (0..6)
            .map(|n| if n == at { A[..cut].to_owned() } else { format!("{{\"type\":\"N{n}\"}}") })
            .collect();
        let found = found(lines.join("\n").as_bytes(), block_bytes, None);
        prop_assert_eq!(found.len(), 6);
        for (n, (line, found)) in (0u64..).zip(lines.iter().zip(&found)) {
            match found {
                Found::Event(place, json) => prop_assert_eq!((*place, json), (n + 1, line)),
                Found::Reject(place, body, _) => prop_assert_eq!((*place, body), (n + 1, line)),
            }
        }
    }
}
