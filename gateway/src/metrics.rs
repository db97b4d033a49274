//! Numbers in the text format of Prometheus (exposition format 0.0.4).

use std::fmt::{self, Display, Write as _};

/// What kind of number a family is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only grows, until the process starts anew.
    Counter,
    /// It goes up and down.
    Gauge,
}

/// A page of numbers, family by family.
#[derive(Debug, Default)]
pub struct Page(String);

impl Page {
    /// Starts a family: its name, kind, and what it says.
    pub fn family(&mut self, name: &'static str, kind: Kind, help: &'static str) -> Family<'_> {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
        };
        let page = &mut self.0;
        page.push_str(&format!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
        Family { name, page }
    }

    /// The page.
    pub fn into_text(self) -> String {
        self.0
    }
}

/// The numbers of one family.
pub struct Family<'p> {
    name: &'static str,
    page: &'p mut String,
}

impl Family<'_> {
    /// Adds one number.
    pub fn add(&mut self, labels: &[(&str, &dyn Display)], value: impl Display) {
        self.page.push_str(self.name);
        for (index, (name, label)) in labels.iter().enumerate() {
            let open = if index == 0 { '{' } else { ',' };
            // Writing to a string cannot fail.
            let _ = write!(self.page, "{open}{name}=\"{}\"", Escaped(label));
        }
        let close = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.page, "{close} {value}");
    }
}

/// A label's value: backslash, quote and line feed are escaped.
struct Escaped<'l>(&'l dyn Display);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.to_string().chars() {
            match character {
                '\\' => f.write_str("\\\\")?,
                '"' => f.write_str("\\\"")?,
                '\n' => f.write_str("\\n")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_the_text_format() {
        let mut page = Page::default();
        page.family("up", Kind::Gauge, "Whether it runs.")
            .add(&[], 1);
        let mut uses = page.family("uses_total", Kind::Counter, "Uses.");
        uses.add(&[("key", &"a\"b\\c\nd"), ("version", &2)], 17);
        assert_eq!(
            page.into_text(),
            "# HELP up Whether it runs.\n# TYPE up gauge\nup 1\n# HELP uses_total Uses.\n\
             # TYPE uses_total counter\nuses_total{key=\"a\\\"b\\\\c\\nd\",version=\"2\"} 17\n"
        );
    }
}
