//! Which logs and witnesses count (C2SP tlog-policy; spec 16.4.3).
//!
//! ```text
//! log <key> [<url>]
//! witness <name> <key> [<url>]
//! group <name> <all | any | k> <member> …      members are witnesses or groups that stand before
//! quorum <name | none>                         exactly once
//! ```

use std::collections::BTreeMap;
use std::fmt;

use super::key::{KeyError, NoteKey, Role, Signed};
use super::note::Note;

/// Lines of one policy.
const LINES: usize = 4096;
/// Logs, witnesses and groups of one policy.
const NAMES: usize = 1024;

/// Why a text is no policy: the line, from 1, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    /// The line.
    pub line: usize,
    /// What is wrong.
    pub reason: String,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}: {}", self.line, self.reason)
    }
}

impl std::error::Error for PolicyError {}

/// A member of a group: a witness or a group, by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Member {
    Witness(usize),
    Group(usize),
}

#[derive(Clone, Debug)]
struct Group {
    needed: usize,
    members: Vec<Member>,
}

/// Trusted logs, and the witnesses that must have cosigned a head.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    logs: Vec<NoteKey>,
    witnesses: Vec<(String, NoteKey)>,
    groups: Vec<Group>,
    quorum: Option<Member>,
}

/// What a head's signatures come to under a policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Names of the trusted logs that signed it.
    pub logs: Vec<String>,
    /// Names of the witnesses that cosigned it, with their times in Unix seconds.
    pub witnesses: Vec<(String, u64)>,
    /// Witnesses whose cosignature states a time after the latest one that counts; they are not counted.
    pub later: Vec<(String, u64)>,
    /// Logs of which a signature is there and does not verify.
    pub wrong_logs: Vec<String>,
    /// Witnesses of which a signature is there and does not verify.
    pub wrong_witnesses: Vec<String>,
    /// Witnesses with a signature of a type that is not supported; they are not counted.
    pub unevaluated: Vec<String>,
    /// Whether enough witnesses cosigned.
    pub quorum: Quorum,
}

/// Whether enough witnesses cosigned a head.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quorum {
    /// The policy asks for no witness, which is not the same as being witnessed.
    #[default]
    NotRequired,
    /// Too few did.
    Missing,
    /// Enough did.
    Reached(QuorumTime),
}

/// What the times of a quorum say about the age of a head, in Unix seconds. A group of k is believed because k of
/// its members would have to lie together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuorumTime {
    /// The head existed by then: of the k earliest cosignatures, the latest.
    pub by: u64,
    /// Whatever contains all cosignatures was made no earlier: of the k latest cosignatures, the earliest.
    pub since: u64,
}

impl QuorumTime {
    /// When `needed` of these times had come, and the least that `needed` of them say.
    #[must_use]
    pub fn of(needed: usize, times: &[u64]) -> Option<Self> {
        let mut sorted = times.to_vec();
        sorted.sort_unstable();
        let by = *sorted.get(needed.checked_sub(1)?)?;
        let since = *sorted.get(sorted.len().checked_sub(needed)?)?;
        Some(Self { by, since })
    }

    /// Both conditions together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { by: self.by.max(other.by), since: self.since.max(other.since) }
    }
}

impl Policy {
    /// A policy of one log key and no witnesses.
    #[must_use]
    pub fn of_log(key: NoteKey) -> Self {
        Self { logs: vec![key], ..Self::default() }
    }

    /// Adds a trusted log.
    pub fn add_log(&mut self, key: NoteKey) {
        self.logs.push(key);
    }

    /// Whether any log is trusted.
    #[must_use]
    pub fn has_log(&self) -> bool {
        !self.logs.is_empty()
    }

    /// The trusted log of this name.
    #[must_use]
    pub fn log(&self, name: &str) -> Option<&NoteKey> {
        self.logs.iter().find(|log| log.name == name)
    }

    /// Whether witnesses are required.
    #[must_use]
    pub fn needs_witnesses(&self) -> bool {
        self.quorum.is_some()
    }

    /// Number of witnesses.
    #[must_use]
    pub fn witness_count(&self) -> usize {
        self.witnesses.len()
    }

    /// Reads a policy.
    ///
    /// # Errors
    /// [`PolicyError`] with the line that is wrong.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let mut reading = Reading::default();
        let fail = |line: usize, reason: &str| PolicyError { line, reason: reason.to_owned() };
        let body = text.strip_suffix('\n').ok_or_else(|| fail(1, "the last line does not end"))?;
        for (line, number) in body.split('\n').zip(1..) {
            if number > LINES {
                return Err(fail(number, "too many lines"));
            }
            if line.chars().any(|character| (character < ' ' && character != '\t') || character == '\u{7f}') {
                return Err(fail(number, "a control character"));
            }
            let fields: Vec<&str> = line.split([' ', '\t']).filter(|field| !field.is_empty()).collect();
            if fields.first().is_some_and(|first| !first.starts_with('#')) {
                reading.line(&fields).map_err(|reason| PolicyError { line: number, reason })?;
            }
        }
        if reading.quorum_seen {
            Ok(reading.policy)
        } else {
            Err(fail(body.split('\n').count(), "there is no quorum line"))
        }
    }

    /// What the signatures of a note come to. Cosignatures after `latest` (Unix seconds) do not count.
    #[must_use]
    pub fn judge(&self, note: &Note<'_>, latest: u64) -> Standing {
        let mut standing = Standing::default();
        for log in &self.logs {
            match log.signed(note) {
                Signed::Yes(_) => standing.logs.push(log.name.clone()),
                Signed::Wrong => standing.wrong_logs.push(log.name.clone()),
                Signed::No | Signed::NotEvaluated => {}
            }
        }
        let mut times = vec![None; self.witnesses.len()];
        for ((name, key), time) in self.witnesses.iter().zip(&mut times) {
            match key.signed(note) {
                Signed::Yes(Some(stated)) if stated > latest => standing.later.push((name.clone(), stated)),
                Signed::Yes(stated) => {
                    *time = stated;
                    standing.witnesses.push((name.clone(), stated.unwrap_or(0)));
                }
                Signed::Wrong => standing.wrong_witnesses.push(name.clone()),
                Signed::NotEvaluated => standing.unevaluated.push(name.clone()),
                Signed::No => {}
            }
        }
        if let Some(quorum) = &self.quorum {
            standing.quorum = self.time(quorum, &times).map_or(Quorum::Missing, Quorum::Reached);
        }
        standing
    }

    /// When the member had cosigned, if it has.
    fn time(&self, quorum: &Member, witnesses: &[Option<u64>]) -> Option<QuorumTime> {
        // Groups have only members that stand before them, so one pass in order settles all.
        let mut groups: Vec<Option<QuorumTime>> = Vec::with_capacity(self.groups.len());
        let of = |member: &Member, groups: &[Option<QuorumTime>]| match member {
            Member::Witness(at) => {
                let time = witnesses.get(*at).copied().flatten()?;
                Some(QuorumTime { by: time, since: time })
            }
            Member::Group(at) => groups.get(*at).copied().flatten(),
        };
        for group in &self.groups {
            let times: Vec<QuorumTime> =
                group.members.iter().filter_map(|member| of(member, &groups)).collect();
            let by: Vec<u64> = times.iter().map(|time| time.by).collect();
            let since: Vec<u64> = times.iter().map(|time| time.since).collect();
            let by = QuorumTime::of(group.needed, &by);
            let since = QuorumTime::of(group.needed, &since);
            groups.push(by.zip(since).map(|(by, since)| QuorumTime { by: by.by, since: since.since }));
        }
        of(quorum, &groups)
    }
}

#[derive(Default)]
struct Reading {
    policy: Policy,
    names: BTreeMap<String, Member>,
    /// Names that are a member of a group already.
    taken: Vec<String>,
    quorum_seen: bool,
}

impl Reading {
    fn line(&mut self, fields: &[&str]) -> Result<(), String> {
        match fields {
            ["log", key] | ["log", key, _] => {
                let key = read_key(key, Role::Log)?;
                if self.policy.logs.iter().any(|other| other.is_same_key(&key)) {
                    return Err("a log key occurs twice".to_owned());
                }
                self.room()?;
                self.policy.logs.push(key);
                Ok(())
            }
            ["witness", name, key] | ["witness", name, key, _] => {
                let key = read_key(key, Role::Witness)?;
                if self.policy.witnesses.iter().any(|(_, other)| other.is_same_key(&key)) {
                    return Err("a witness key occurs twice".to_owned());
                }
                self.name(name, Member::Witness(self.policy.witnesses.len()))?;
                self.policy.witnesses.push(((*name).to_owned(), key));
                Ok(())
            }
            ["group", name, needed, members @ ..] if !members.is_empty() => self.group(name, needed, members),
            ["quorum", name] => {
                if std::mem::replace(&mut self.quorum_seen, true) {
                    return Err("there are two quorum lines".to_owned());
                }
                if *name != "none" {
                    let member = self.names.get(*name).ok_or_else(|| format!("{name} is not known here"))?;
                    self.policy.quorum = Some(*member);
                }
                Ok(())
            }
            _ => Err("no line that a policy has".to_owned()),
        }
    }

    fn group(&mut self, name: &str, needed: &str, members: &[&str]) -> Result<(), String> {
        let mut found = Vec::new();
        for member in members {
            let known = self.names.get(*member).ok_or_else(|| format!("{member} is not known here"))?;
            if self.taken.iter().any(|taken| taken == member) {
                return Err(format!("{member} is a member twice"));
            }
            self.taken.push((*member).to_owned());
            found.push(*known);
        }
        let canonical = !needed.starts_with('0') && needed.bytes().all(|byte| byte.is_ascii_digit());
        let needed = match needed {
            "all" => found.len(),
            "any" => 1,
            number if canonical => number.parse().map_err(|_| "no number of members".to_owned())?,
            _ => return Err("neither all, any nor a number".to_owned()),
        };
        if !(1..=found.len()).contains(&needed) {
            return Err("more members are needed than there are".to_owned());
        }
        self.name(name, Member::Group(self.policy.groups.len()))?;
        self.policy.groups.push(Group { needed, members: found });
        Ok(())
    }

    fn name(&mut self, name: &str, member: Member) -> Result<(), String> {
        self.room()?;
        if name == "none" || self.names.insert(name.to_owned(), member).is_some() {
            return Err(format!("the name {name} is taken"));
        }
        Ok(())
    }

    fn room(&self) -> Result<(), String> {
        let used = self.policy.logs.len() + self.names.len();
        if used < NAMES { Ok(()) } else { Err("too many logs, witnesses and groups".to_owned()) }
    }
}

fn read_key(text: &str, role: Role) -> Result<NoteKey, String> {
    let key = NoteKey::parse(text).map_err(|error: KeyError| error.to_string())?;
    if key.role == role { Ok(key) } else { Err("a key of the other kind".to_owned()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEAD: &str = "keel-evidence.example/log/1\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n\n\
        \u{2014} keel-evidence.example/log/1 pMCLzBpHH93nbCv/N7nnjG1KMUZHftdF/fw2R+aiJ9CKQ3ZeLfEF3It2l1LyCyELy6+L/WD6/9cYT7Z77kJg85LvhQg=\n\
        \u{2014} witness.example/w1 g91bqgAAAABqsTuA2Q/8IRwrpWA2+hnlQKWP+56C9/uHsOquCUGBTyPxgROhWFJy/lWv9rv4TIOPihKmCEKk9INH8doTlzCNdkt+AA==\n";
    const KEYS: &str = "log keel-evidence.example/log/1+a4c08bcc+ATsdfxX9v0j6EaLWCzD9vvgjNEFjNUjeq3NlIUeQbIJC\n\
        witness w1 witness.example/w1+83dd5baa+BHQ48hqB6Pn28rJceXNR3oVjMVueo/Rb/b2L5jtgUFcg\n";

    fn judge(rest: &str) -> Standing {
        Policy::parse(&format!("{KEYS}{rest}")).unwrap().judge(&Note::parse(HEAD).unwrap(), u64::MAX)
    }

    #[test]
    fn nested_groups_count_their_members() {
        let standing = judge("# a remark\n\ngroup g any w1\ngroup h all\tg\nquorum h\n");
        assert_eq!(standing.quorum, Quorum::Reached(QuorumTime { by: 1_790_000_000, since: 1_790_000_000 }));
        assert!(standing.wrong_logs.is_empty() && standing.wrong_witnesses.is_empty());
        assert_eq!(standing.logs, ["keel-evidence.example/log/1"]);
        assert_eq!(standing.witnesses, [("w1".to_owned(), 1_790_000_000)]);
        assert_eq!(
            judge("quorum w1\n").quorum,
            Quorum::Reached(QuorumTime { by: 1_790_000_000, since: 1_790_000_000 })
        );
        assert_eq!(judge("quorum none\n").quorum, Quorum::NotRequired);
        let policy = Policy::parse(&format!("{KEYS}quorum w1\n")).unwrap();
        let early = policy.judge(&Note::parse(HEAD).unwrap(), 1_789_999_999);
        assert_eq!((early.quorum, early.later.len(), early.witnesses.len()), (Quorum::Missing, 1, 0));
        let other = "witness w2 b+9a4ca6c3+BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";
        assert!(
            Policy::parse(&format!("{KEYS}{other}quorum none\n")).is_err(),
            "a key id that is not its own"
        );
    }

    /// Two of two had cosigned only when the second one had.
    #[test]
    fn a_quorum_is_as_old_as_its_last_needed_member() {
        let time = |needed, times: &[u64]| QuorumTime::of(needed, times).map(|time| (time.by, time.since));
        assert_eq!(time(2, &[9, 1]), Some((9, 1)));
        assert_eq!(time(2, &[1, 9, 5]), Some((5, 5)));
        assert_eq!(time(1, &[1, 9]), Some((1, 9)));
        assert_eq!(time(3, &[1, 9]), None);
        assert_eq!(time(0, &[1, 9]), None);
    }

    #[test]
    fn what_is_ambiguous_is_refused() {
        for (rest, reason) in [
            ("", "no quorum"),
            ("quorum w1", "does not end"),
            ("quorum w2\n", "not known"),
            ("quorum w1\nquorum w1\n", "two quorum"),
            ("group g any w2\nquorum none\n", "not known"),
            ("group g 2 w1\nquorum none\n", "more members"),
            ("group g 0 w1\nquorum none\n", "neither"),
            ("group g 01 w1\nquorum none\n", "neither"),
            ("group g any w1 w1\nquorum none\n", "twice"),
            ("group g any w1\ngroup h any w1\nquorum none\n", "twice"),
            ("group w1 any w1\nquorum none\n", "taken"),
            ("group none any w1\nquorum none\n", "taken"),
            ("group g any\nquorum none\n", "no line"),
            ("other\nquorum none\n", "no line"),
            ("quorum none\u{1}\n", "control"),
            ("quorum none\u{7f}\n", "control"),
        ] {
            let error = Policy::parse(&format!("{KEYS}{rest}")).unwrap_err();
            assert!(error.reason.contains(reason), "{rest:?}: {error}");
        }
        assert!(Policy::parse(&format!("{KEYS}{KEYS}quorum none\n")).is_err());
        let swapped = KEYS.replace("log keel", "witness x keel");
        assert!(Policy::parse(&format!("{swapped}quorum none\n")).is_err());
    }
    proptest! {
        /// Nested groups against the recursive definition: when a member is satisfied, and since when.
        #[test]
        fn groups_are_what_their_definition_says(
            shape in prop::collection::vec((1_usize..5, 1_usize..5), 1..12),
            witnesses in prop::collection::vec(prop::option::of(0_u64..1000), 1..20),
        ) {
            let mut policy = Policy::default();
            let mut free: Vec<Member> = (0..witnesses.len()).map(Member::Witness).collect();
            for (count, needed) in shape {
                let members: Vec<Member> = free.drain(..count.min(free.len())).collect();
                let needed = needed.min(members.len());
                free.push(Member::Group(policy.groups.len()));
                policy.groups.push(Group { needed, members });
            }
            /// `earliest`: the k-th cosignature counted from the first one, else from the last one.
            fn defined(policy: &Policy, member: Member, witnesses: &[Option<u64>], earliest: bool) -> Option<u64> {
                match member {
                    Member::Witness(at) => witnesses[at],
                    Member::Group(at) => {
                        let Group { needed, members } = &policy.groups[at];
                        let times = members.iter().map(|member| defined(policy, *member, witnesses, earliest));
                        let mut times: Vec<u64> = times.flatten().collect();
                        times.sort();
                        if !earliest {
                            times.reverse();
                        }
                        times.get(needed - 1).copied()
                    }
                }
            }
            for member in free {
                let time = policy.time(&member, &witnesses);
                prop_assert_eq!(time.map(|time| time.by), defined(&policy, member, &witnesses, true));
                prop_assert_eq!(time.map(|time| time.since), defined(&policy, member, &witnesses, false));
            }
        }
    }
}
