//! The text format. Knows nothing about what is told in it.

use std::fmt::{Display, Write as _};

/// Families of samples, one after the other.
#[derive(Debug, Default)]
pub(super) struct Exposition {
    text: String,
}

/// One family, which samples are added to.
pub(super) struct Family<'e> {
    text: &'e mut String,
    name: &'static str,
}

impl Exposition {
    /// A value that goes up and down.
    pub(super) fn gauge(&mut self, name: &'static str, help: &str) -> Family<'_> {
        self.family(name, "gauge", help)
    }

    /// A value that only grows; its name ends in `_total`.
    pub(super) fn counter(&mut self, name: &'static str, help: &str) -> Family<'_> {
        debug_assert!(name.ends_with("_total"), "{name}");
        self.family(name, "counter", help)
    }

    /// A value counted by how large it was.
    pub(super) fn histogram(&mut self, name: &'static str, help: &str) -> Family<'_> {
        self.family(name, "histogram", help)
    }

    fn family(&mut self, name: &'static str, kind: &str, help: &str) -> Family<'_> {
        let text = &mut self.text;
        writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}")
            .expect("a String takes any text");
        Family { text, name }
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}

impl Family<'_> {
    /// Adds a sample with these labels.
    pub(super) fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) -> &mut Self {
        self.suffixed("", labels, value)
    }

    /// Adds a sample whose name bears a suffix, as those of histograms do.
    pub(super) fn suffixed(
        &mut self,
        suffix: &str,
        labels: &[(&str, &str)],
        value: impl Display,
    ) -> &mut Self {
        self.text.push_str(self.name);
        self.text.push_str(suffix);
        for (at, (name, value)) in labels.iter().enumerate() {
            let before = if at == 0 { '{' } else { ',' };
            write!(self.text, "{before}{name}=\"{}\"", escaped(value))
                .expect("a String takes any text");
        }
        let end = if labels.is_empty() { "" } else { "}" };
        writeln!(self.text, "{end} {value}").expect("a String takes any text");
        self
    }
}

/// A label's value: names from elsewhere end no line and no label.
fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_follow_their_family_and_names_stay_inside_their_labels() {
        let mut exposition = Exposition::default();
        exposition
            .counter("a_total", "What a is.")
            .sample(&[], 1)
            .sample(&[("x", "1"), ("y", "a\"} 2\n\\")], 2.5);
        assert_eq!(
            exposition.into_text(),
            "# HELP a_total What a is.\n# TYPE a_total counter\na_total 1\n\
             a_total{x=\"1\",y=\"a\\\"} 2\\n\\\\\"} 2.5\n"
        );
    }
}
