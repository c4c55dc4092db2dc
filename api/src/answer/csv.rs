//! Records as CSV (<https://www.rfc-editor.org/rfc/rfc4180>): a header line, CRLF, unknown is empty.
//! A text that a spreadsheet would take for a formula gets an apostrophe before it, since names and
//! actions are other people's input
//! (<https://owasp.org/www-community/attacks/CSV_Injection>).

use serde::Serialize;
use serde_json::Value as Json;

use crate::views::Records;

/// Lines as they are written; a dot in a column goes down into a record.
pub(super) struct Csv {
    columns: &'static [&'static str],
    text: String,
}

impl Csv {
    /// The header line.
    pub(super) fn new(columns: &'static [&'static str]) -> Self {
        let mut text = columns.join(",");
        text.push_str("\r\n");
        Self { columns, text }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.text.into_bytes()
    }
}

impl Records for Csv {
    type Error = serde_json::Error;

    fn take(&mut self, record: &impl Serialize) -> Result<(), Self::Error> {
        let record = serde_json::to_value(record)?;
        for (at, column) in self.columns.iter().enumerate() {
            if at > 0 {
                self.text.push(',');
            }
            let cell = column.split('.').fold(&record, |value, key| &value[key]);
            push_cell(&mut self.text, cell);
        }
        self.text.push_str("\r\n");
        Ok(())
    }
}

fn push_cell(text: &mut String, value: &Json) {
    match value {
        Json::Null => {}
        Json::String(cell) => push_text(text, cell),
        other => push_text(text, &other.to_string()),
    }
}

fn push_text(text: &mut String, cell: &str) {
    let guard = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        "'"
    } else {
        ""
    };
    if cell.contains([',', '"', '\r', '\n']) {
        text.push('"');
        text.push_str(guard);
        text.push_str(&cell.replace('"', "\"\""));
        text.push('"');
    } else {
        text.push_str(guard);
        text.push_str(cell);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn cells_are_quoted_guarded_and_looked_up() {
        let records = [
            json!({ "a": 1, "b": { "c": "x,\"y\"" } }),
            json!({ "a": null, "b": null }),
            json!({ "a": true, "b": { "c": "=HYPERLINK(\"http://x\",1)" } }),
        ];
        let mut csv = Csv::new(&["a", "b.c"]);
        csv.take_all(&records).unwrap();
        let text = String::from_utf8(csv.into_bytes()).unwrap();
        let lines: Vec<&str> = text.split("\r\n").collect();
        let guarded = "true,\"'=HYPERLINK(\"\"http://x\"\",1)\"";
        assert_eq!(lines, ["a,b.c", "1,\"x,\"\"y\"\"\"", ",", guarded, ""]);
    }
}
