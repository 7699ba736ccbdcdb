//! Columns: cells separated by tabs become aligned text.
//!
//! Invariant: the layout is that of Go's tabwriter: a column's width counts only the rows that reach
//! past it, side by side; the last cell of a line is not padded.

/// Lays out `text`, lines of cells separated by tabs, with cells at least `least` wide, three
/// blanks apart.
pub(crate) fn align(text: &str, least: usize) -> String {
    let mut lines: Vec<Vec<&str>> = text
        .split('\n')
        .map(|line| line.split('\t').collect())
        .collect();
    let unfinished = lines.pop().unwrap_or_default();
    let mut widths: Vec<Vec<usize>> = lines
        .iter()
        .map(|cells| vec![0; cells.len().saturating_sub(1)])
        .collect();
    measure(&lines, &mut widths, least);
    let mut out = String::new();
    for (cells, widths) in lines.iter().zip(&widths) {
        for (index, cell) in cells.iter().enumerate() {
            out.push_str(cell);
            if let Some(width) = widths.get(index) {
                out.extend(std::iter::repeat_n(
                    ' ',
                    width.saturating_sub(columns(cell)),
                ));
            }
        }
        out.push('\n');
    }
    out.push_str(&unfinished.join("\t"));
    out
}

/// Gives every run of lines that have a cell in a column, followed by another, one width.
fn measure(lines: &[Vec<&str>], widths: &mut [Vec<usize>], least: usize) {
    let deepest = widths.iter().map(Vec::len).max().unwrap_or(0);
    for column in 0..deepest {
        let mut start = 0;
        while start < lines.len() {
            let reaches = |line: usize| widths.get(line).is_some_and(|row| row.len() > column);
            if !reaches(start) {
                start += 1;
                continue;
            }
            let end = (start..lines.len())
                .find(|line| !reaches(*line))
                .unwrap_or(lines.len());
            let cells = lines.get(start..end).unwrap_or_default();
            let cells = cells.iter().filter_map(|line| line.get(column));
            let widest = cells.map(|cell| columns(cell)).max().unwrap_or(0);
            let width = (widest + 3).max(least);
            for row in widths.iter_mut().take(end).skip(start) {
                if let Some(cell) = row.get_mut(column) {
                    *cell = width;
                }
            }
            start = end;
        }
    }
}

/// How many characters wide `cell` is.
fn columns(cell: &str) -> usize {
    cell.chars().count()
}

/// Cuts `text` to at most `most` columns, the last being `…`.
pub(crate) fn ellipsis(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(most.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        assert_eq!(
            align("A\tBB\tC\n1\t\tx\n", 10),
            "A         BB        C\n1                   x\n"
        );
        assert_eq!(
            align("ID\tNAME\nabcdefghijkl\tweb\n", 10),
            "ID             NAME\nabcdefghijkl   web\n"
        );
        assert_eq!(align("é\tx\n", 0), "é   x\n");
        assert_eq!(align("plain\n", 10), "plain\n");
        assert_eq!(align("", 10), "");
    }

    #[test]
    fn long_text_is_cut() {
        assert_eq!(
            ellipsis("sh -c 'echo hello world'", 20),
            "sh -c 'echo hello w…"
        );
        assert_eq!(ellipsis("short", 20), "short");
    }
}
