//! What BaseURL elements make of each level of an MPD (ISO/IEC 23009-1 5.6): where relative URLs begin. Of several in a level
//! the first counts; what the others make are alternatives.

use super::addressing::{Addressing, Scope};
use super::attributes::seconds;
use super::observe::Observer;
use crate::presentation::Alternative;
use crate::presentation::url::resolve;
use crate::time::Micros;
use crate::xml::Element;
use std::borrow::Cow;

/// Each of a level's may go with each of those above it: more in all are left out.
const MAX_BASES: usize = 8;

/// Where the URLs of a level begin.
pub struct Base<'s> {
    /// Absolute.
    pub url: Cow<'s, str>,
    /// Sum of @availabilityTimeOffset.
    pub early: Micros,
    /// @availabilityTimeComplete="false".
    pub chunked: bool,
}

impl Base<'_> {
    /// With those in `level`.
    pub fn of<O: Observer>(&self, level: Element) -> Base<'_> {
        let Some(element) = level.child("BaseURL") else {
            return Base { url: Cow::Borrowed(&self.url), ..*self };
        };
        let url = Cow::Owned(resolve(&self.url, &element.text()));
        if !O::ALL {
            return Base { url, ..*self };
        }
        Base {
            url,
            early: self.early.saturating_add(seconds(element, "availabilityTimeOffset").unwrap_or(0)),
            chunked: match element.attribute("availabilityTimeComplete") {
                Some(complete) => complete == "false",
                None => self.chunked,
            },
        }
    }
}

/// Where the representation at `scope` is as well, by the BaseURLs of its `levels` in the MPD at `url`; and the service
/// location of where it is.
pub fn alternatives(
    url: &str,
    levels: [Element; 4],
    addressing: &Addressing,
    scope: &Scope,
) -> (Vec<Alternative>, Option<String>) {
    // With the service location, which is empty where none is written. That in use comes first.
    let mut bases = vec![(url.to_owned(), String::new())];
    for level in levels {
        let mut own: Vec<(String, String)> = Vec::new();
        let of_level = || level.all("BaseURL").take(MAX_BASES);
        for base in bases.iter().flat_map(|above| of_level().map(move |element| under(above, element))) {
            if own.len() < MAX_BASES && own.iter().all(|known| known.0 != base.0) {
                own.push(base);
            }
        }
        if !own.is_empty() {
            bases = own;
        }
    }
    let own = addressing.elsewhere(scope);
    let mut list: Vec<Alternative> = Vec::new();
    for (base, service) in bases.iter().skip(1) {
        let (url, init) = addressing.elsewhere(&Scope { base, ..*scope });
        // An absolute URL is the same everywhere.
        let known = (&own.0, &own.1) == (&url, &init)
            || list.iter().any(|other| (&other.url, &other.init) == (&url, &init));
        if !known {
            let pathway = if service.is_empty() { base.clone() } else { service.clone() };
            list.push(Alternative { pathway, url, init, group: None });
        }
    }
    let service = bases.into_iter().next().map(|(_, service)| service);
    (list, service.filter(|service| !service.is_empty()))
}

/// What a BaseURL makes of a URL and its service location.
fn under((above, service): &(String, String), element: Element) -> (String, String) {
    let text = element.text();
    let absolute = text.starts_with("//") || text.contains("://");
    let own = element.attribute("serviceLocation").filter(|own| !own.is_empty());
    let inherited = if absolute { "" } else { service };
    (resolve(above, &text), own.map_or_else(|| inherited.to_owned(), Cow::into_owned))
}
