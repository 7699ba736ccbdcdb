//! Samples as tables: minimum, median, and how many times hull's median each engine takes.

use std::collections::BTreeMap;
use std::fmt::Write;

/// Samples of one row by engine, in the unit of the row.
pub(super) struct Row {
    /// What was done.
    pub(super) title: String,
    /// `ms` or `MB`.
    pub(super) unit: &'static str,
    /// The goal, in the words of the issue.
    pub(super) goal: &'static str,
    /// Engine to samples.
    pub(super) samples: BTreeMap<&'static str, Vec<f64>>,
}

impl Row {
    /// A row without samples.
    pub(super) fn new(title: impl Into<String>, unit: &'static str, goal: &'static str) -> Self {
        Self {
            title: title.into(),
            unit,
            goal,
            samples: BTreeMap::new(),
        }
    }

    /// Adds a sample.
    pub(super) fn add(&mut self, engine: &'static str, value: f64) {
        self.samples.entry(engine).or_default().push(value);
    }

    /// The row as a table in Markdown, quickest first.
    pub(super) fn table(&self) -> String {
        let mut text = format!("### {}\n\n", self.title);
        if !self.goal.is_empty() {
            // Writing to a String cannot fail.
            writeln!(text, "Goal: {}.\n", self.goal).ok();
        }
        writeln!(
            text,
            "| engine | n | min {0} | median {0} | times hull |",
            self.unit
        )
        .ok();
        text.push_str("|---|---|---|---|---|\n");
        let own = ["hull", "hull oci"]
            .iter()
            .find_map(|name| self.samples.get(name))
            .map_or(f64::NAN, |samples| median(samples));
        let mut engines: Vec<_> = self.samples.iter().collect();
        engines.sort_by(|a, b| median(a.1).total_cmp(&median(b.1)));
        for (engine, samples) in engines {
            let (least, middle) = (least(samples), median(samples));
            let ratio = middle / own;
            writeln!(
                text,
                "| {engine} | {} | {least:.2} | {middle:.2} | {ratio:.2} |",
                samples.len()
            )
            .ok();
        }
        text.push('\n');
        text
    }
}

fn least(samples: &[f64]) -> f64 {
    samples.iter().copied().fold(f64::INFINITY, f64::min)
}

fn median(samples: &[f64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::Row;

    #[test]
    fn ratios_are_to_hulls_median() {
        let mut row = Row::new("run", "ms", "");
        for value in [2.0, 1.0, 3.0] {
            row.add("hull", value);
            row.add("runc", value * 4.0);
        }
        let table = row.table();
        assert!(
            table.contains("| hull | 3 | 1.00 | 2.00 | 1.00 |"),
            "{table}"
        );
        assert!(
            table.contains("| runc | 3 | 4.00 | 8.00 | 4.00 |"),
            "{table}"
        );
    }
}
