//! Sizes in bytes, as parsed and as shown.

/// Returns a number of bytes in megabytes with two decimals.
#[expect(clippy::cast_precision_loss, reason = "two decimals of a megabyte are shown")]
pub fn megabytes(bytes: u64) -> String {
    format!("{:.2} MB", bytes as f64 / 1e6)
}

/// Parses a size of files greater than zero in bytes, with an optional unit: `512K`, `100M`, `1G`.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let units = [('K', 1 << 10), ('M', 1 << 20), ('G', 1 << 30)];
    let (number, unit) = units
        .iter()
        .find_map(|(name, unit)| Some((text.strip_suffix(*name)?, *unit)))
        .unwrap_or((text, 1_u64));
    let size = number.parse::<u64>().ok();
    size.and_then(|size| size.checked_mul(unit))
        .filter(|size| *size > 0)
        .ok_or_else(|| "expected a size such as 512K, 100M or 1G".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units_or_are_bytes() {
        for (text, size) in [("700", 700), ("512K", 524_288), ("100M", 104_857_600)] {
            assert_eq!(parse_size(text), Ok(size));
        }
        for text in [
            "",
            "0",
            "0M",
            "-1",
            "1.5G",
            "M",
            "10T",
            "99999999999999999G",
        ] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }
}
