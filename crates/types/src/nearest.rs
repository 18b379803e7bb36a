//! The name that somebody probably meant, for errors about a name that does not exist.

/// The known name that takes the fewest changes, if they are few.
#[must_use]
pub fn nearest(name: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let by_distance = known.map(|known| (distance(name, known), known)).min()?;
    let few = 1 + by_distance.1.len() / 3;
    (by_distance.0 <= few).then_some(by_distance.1)
}

/// Letters to insert, remove or replace (Levenshtein); of a long name only the beginning counts.
fn distance(from: &str, to: &str) -> usize {
    let from: Vec<char> = from.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=from.len()).collect();
    for (above, letter) in to.chars().enumerate() {
        let mut diagonal = above;
        let mut left = above + 1;
        for (cell, other) in row.iter_mut().skip(1).zip(&from) {
            let replaced = diagonal + usize::from(*other != letter);
            diagonal = *cell;
            left = replaced.min(*cell + 1).min(left + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = above + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_key_is_named_and_a_far_one_is_not() {
        let among = |name| nearest(name, ["separator", "skip_rows", "encoding"].into_iter());
        assert_eq!(among("seperator"), Some("separator"));
        assert_eq!(among("skiprows"), Some("skip_rows"));
        assert_eq!(among("colour"), None);
        assert_eq!(nearest("x", std::iter::empty()), None);
    }

    #[test]
    fn distances_are_those_of_levenshtein() {
        for (from, to, changes) in
            [("", "", 0), ("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3), ("ab", "ba", 2)]
        {
            assert_eq!(distance(from, to), changes, "{from} {to}");
        }
        assert_eq!(distance(&"x".repeat(100_000), "key"), 64);
    }
}
