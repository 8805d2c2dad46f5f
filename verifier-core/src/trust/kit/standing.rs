use super::{Item, Kind, Limit, Part, TrustKit};
use crate::time::{Timestamp, UnixNanos};
use crate::x509::{Revocation, revocation};

/// What something is good for at a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It counts at that date, as far as it states a time at all.
    Valid,
    /// Its time begins after that date: it was not known then.
    NotYetValid,
    /// Its time ended before that date, or something newer of the kit has taken its place.
    Stale,
    /// It is revoked at that date, or compromised at any.
    Revoked,
    /// Its time cannot be read.
    Unreadable,
}

impl State {
    /// In words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::NotYetValid => "not yet valid",
            Self::Stale => "stale",
            Self::Revoked => "revoked",
            Self::Unreadable => "unreadable",
        }
    }
}

/// An item at a date.
#[derive(Clone, Debug)]
pub struct Standing<'k> {
    /// The item.
    pub item: &'k Item,
    /// The item as a whole: valid while any part is, unless something newer has taken its place.
    pub state: State,
    /// Why, where the parts do not say it.
    pub why: Option<String>,
    /// Its parts.
    pub parts: Vec<(&'k Part, State)>,
}

impl Part {
    /// What the part is good for at a date, by its own window.
    #[must_use]
    pub fn state(&self, at: &Timestamp) -> State {
        let (begun, ended) = match (&self.from, &self.until) {
            (Limit::Unreadable, _) | (_, Limit::Unreadable) => (None, None),
            (from, until) => (
                Some(!matches!(from, Limit::At(from) | Limit::Before(from) if at < from)),
                Some(match until {
                    Limit::At(until) => at > until,
                    Limit::Before(until) => at >= until,
                    Limit::Open | Limit::Unreadable => false,
                }),
            ),
        };
        match (&self.revoked, begun, ended) {
            (Limit::Unreadable, _, _) => State::Revoked,
            (Limit::At(revoked) | Limit::Before(revoked), _, _) if at >= revoked => State::Revoked,
            (_, Some(false), _) => State::NotYetValid,
            (_, _, Some(true)) => State::Stale,
            (_, Some(true), Some(false)) => State::Valid,
            _ => State::Unreadable,
        }
    }
}

impl TrustKit {
    /// All items at a date, in order.
    #[must_use]
    pub fn standings(&self, at: &Timestamp) -> Vec<Standing<'_>> {
        self.items().iter().map(|item| self.standing(item, at)).collect()
    }

    /// The newest item of a kind that was made by that date. One that states no date is older than all that do.
    #[must_use]
    pub fn newest(&self, kind: Kind, at: &Timestamp) -> Option<&Item> {
        self.of_kind(kind)
            .filter(|item| item.made.as_ref().is_none_or(|made| made <= at))
            .max_by_key(|item| item.made.as_ref().map(Timestamp::unix_micros))
    }

    fn standing<'k>(&'k self, item: &'k Item, at: &Timestamp) -> Standing<'k> {
        let parts: Vec<(&Part, State)> = item.parts.iter().map(|part| (part, part.state(at))).collect();
        let mut standing = Standing { item, state: State::Valid, why: None, parts };
        let any = |state| standing.parts.iter().any(|(_, own)| *own == state);
        if !standing.parts.is_empty() && !any(State::Valid) {
            let order = [State::Revoked, State::Stale, State::NotYetValid];
            standing.state = order.into_iter().find(|state| any(*state)).unwrap_or(State::Unreadable);
        }
        if let Some(made) = item.made.as_ref().filter(|made| *made > at) {
            standing.state = State::NotYetValid;
            standing.why = Some(format!("made at {}", made.to_rfc3339()));
        } else if let Some(newest) = self.newest(item.kind, at).filter(|_| keys(item.kind))
            && newest.sha256 != item.sha256
        {
            standing.state = State::Stale;
            let made = newest.made.as_ref().map(Timestamp::to_rfc3339).unwrap_or_default();
            standing.why = Some(format!("the kit has one of {made}"));
        }
        if let Some(why) = self.revoked(item, at) {
            standing.state = State::Revoked;
            standing.parts.iter_mut().for_each(|(_, state)| *state = State::Revoked);
            standing.why = Some(why);
        }
        standing
    }

    /// Whether a revocation list of the kit lists the certificate.
    fn revoked(&self, item: &Item, at: &Timestamp) -> Option<String> {
        let certificate = item.certificate.as_ref()?;
        let lists = self.items().iter().filter_map(|item| item.list.as_ref());
        let at = UnixNanos::of(at);
        match revocation(certificate, lists, at) {
            Revocation::Revoked(since) => {
                Some(format!("listed as revoked since {}", UnixNanos::from_seconds(since)))
            }
            Revocation::Compromised(since) => Some(format!(
                "listed as revoked since {}, for a reason that leaves nothing before it believable",
                UnixNanos::from_seconds(since)
            )),
            Revocation::Good(_) | Revocation::Stale | Revocation::Missing => None,
        }
    }
}

fn keys(kind: Kind) -> bool {
    matches!(kind, Kind::TrustRoot | Kind::KeyManifest)
}
