//! Whether an answer was made just now, by its own headers. One that lay in a cache says what was
//! so then.

use time::{Date, Month, Time, UtcDateTime};
use ureq::http::HeaderMap;
use ureq::http::header::{AGE, DATE, WARNING};

/// How far the clock of a server and ours may be apart, in seconds.
const SKEW: i64 = 60;

/// Warnings of a cache that could not ask: stale, revalidation failed, disconnected, a guess
/// (RFC 7234, section 5.5, codes 110 to 113).
const STALE_WARNINGS: [&str; 4] = ["110", "111", "112", "113"];

/// Headers by which caches say whether they answered themselves. RFC 9211 describes the last; the
/// others are custom of Varnish, Squid, nginx and the content networks.
const OF_CACHES: [&str; 5] = [
    "x-cache",
    "x-cache-status",
    "x-proxy-cache",
    "cf-cache-status",
    "cache-status",
];

/// What those say of an answer that nobody behind them has confirmed.
const FROM_CACHE: [&str; 3] = ["hit", "stale", "updating"];

/// Refuses an answer that is older than `limit` seconds, or may be. `now` is in Unix seconds.
///
/// With a `limit` of its own a page may come from a cache, as long as it says how old it is. What no
/// header speaks of is taken as it comes.
///
/// # Errors
/// Which header shows it.
pub(crate) fn must_be_fresh(headers: &HeaderMap, now: i64, limit: i64) -> Result<(), String> {
    for value in headers.get_all(WARNING) {
        let text = value.to_str().unwrap_or_default();
        let mut codes = text
            .split(',')
            .filter_map(|one| one.split_whitespace().next());
        if codes.any(|code| STALE_WARNINGS.contains(&code)) {
            return Err(format!("warning: {text:?}"));
        }
    }
    let mut has_age = false;
    for value in headers.get_all(AGE) {
        let text = value.to_str().unwrap_or_default();
        match text.trim().parse::<u32>() {
            Ok(age) if i64::from(age) <= limit => has_age = true,
            Ok(_) | Err(_) => return Err(format!("age: {text:?}, more than {limit} s")),
        }
    }
    if !(has_age && limit > 0) {
        must_not_be_cached(headers)?;
    }
    for value in headers.get_all(DATE) {
        let text = value.to_str().unwrap_or_default();
        let Some(made) = unix_seconds(text) else {
            return Err(format!("date: {text:?} is no date of HTTP"));
        };
        let age = now.saturating_sub(made);
        if !(-SKEW..=limit.saturating_add(SKEW)).contains(&age) {
            return Err(format!(
                "date: {text:?} is {age} s before our clock: an old answer, or one of the two \
                 clocks is wrong"
            ));
        }
    }
    Ok(())
}

fn must_not_be_cached(headers: &HeaderMap) -> Result<(), String> {
    for name in OF_CACHES {
        for value in headers.get_all(name) {
            let text = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
            let mut words = text.split(|c: char| !c.is_ascii_alphanumeric());
            if words.any(|word| FROM_CACHE.contains(&word)) {
                return Err(format!("{name}: {text:?}"));
            }
        }
    }
    Ok(())
}

/// Reads the only form that may be sent (RFC 9110, section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
pub(crate) fn unix_seconds(text: &str) -> Option<i64> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [_, day, month, year, time, "GMT"] = words.as_slice() else {
        return None;
    };
    let names = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let place = names.find(*month)?;
    if month.len() != 3 || place % 3 != 0 {
        return None;
    }
    let month = Month::try_from(u8::try_from(place / 3 + 1).ok()?).ok()?;
    let date = Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()?;
    let mut parts = time.split(':').map(|part| part.parse::<u8>().ok());
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    // A leap second is the last one of its minute.
    let time = Time::from_hms(hour, minute, second.min(59)).ok()?;
    Some(UtcDateTime::new(date, time).unix_timestamp())
}

#[cfg(test)]
mod tests;
