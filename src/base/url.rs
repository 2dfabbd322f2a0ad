//! The address of a page. Keys often stand in its query.

use std::fmt;

/// An `http(s)://` address. `Debug` and `Display` leave out what may be secret in it; only
/// [`Url::reveal`] shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Url(String);

impl Url {
    /// Wraps an address.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// Returns the address as it is asked.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", public_part(&self.0))
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&public_part(&self.0))
    }
}

/// Returns an address, or what was meant as one, without what may be secret in it: the user's name
/// and password, the query and the fragment.
pub(crate) fn public_part(url: &str) -> String {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    let (plain, tail) = url.split_at(end);
    let hidden: String = tail.chars().take(1).flat_map(|it| [it, '…']).collect();
    let (scheme, rest) = match plain.find("://") {
        Some(place) => plain.split_at(place + 3),
        None => ("", plain),
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or(authority);
    format!("{scheme}{host}{path}{hidden}")
}

#[cfg(test)]
mod tests {
    use super::{Url, public_part};

    #[test]
    fn what_may_be_secret_is_shown_nowhere() {
        for (url, shown) in [
            ("http://a/health?token=x", "http://a/health?…"),
            ("https://u:p@a:1/b#x?y", "https://a:1/b#…"),
            ("https://u:p@a/x@y", "https://a/x@y"),
            ("u:p@a", "a"),
            ("http://[::1]:80/", "http://[::1]:80/"),
        ] {
            assert_eq!(public_part(url), shown);
            let url = Url::new(url.to_owned());
            assert_eq!(
                (url.to_string(), format!("{url:?}")),
                (shown.to_owned(), format!("{shown:?}"))
            );
        }
    }
}
