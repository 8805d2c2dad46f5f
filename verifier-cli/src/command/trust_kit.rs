//! `trust pack` and `trust show`.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use serde_json::json;
use verifier_core::bytes::Blob;
use verifier_core::crypto::{prefixed, sha256};
use verifier_core::finding::catalog::input::INPUT_UNREADABLE;
use verifier_core::finding::catalog::trust::{TRUST_KIT_INVALID, TRUST_MATERIAL_NOT_RECOGNISED};
use verifier_core::json::ParserLimits;
use verifier_core::render::ascii;
use verifier_core::time::Timestamp;
use verifier_core::trust::kit::{Item, Limit, Part, Standing, State, TrustKit};

use super::{Console, Ended};
use crate::args::trust_kit::{Action, PackArgs, ShowArgs, TrustKitArgs};
use crate::exit::Exit;
use crate::input;
use crate::render::escape;
use crate::render::style::{Page, Tone};

pub(super) fn run(args: &TrustKitArgs, console: &mut Console<'_>) -> Ended {
    match &args.action {
        Action::Pack(args) => pack(args, console),
        Action::Show(args) => show(args, console),
    }
}

/// Why nothing was packed.
struct Refused {
    unreadable: bool,
    why: String,
}

/// What was found.
#[derive(Default)]
struct Gathered {
    items: Vec<Item>,
    left_out: Vec<String>,
}

fn pack(args: &PackArgs, console: &mut Console<'_>) -> Ended {
    if args.paths.is_empty() && args.trust_root.is_none() {
        return console.misused("trust pack", "give a PATH or --trust-root");
    }
    let gathered = match gather(args) {
        Ok(gathered) => gathered,
        Err(Refused { unreadable, why }) => {
            let code = if unreadable { &INPUT_UNREADABLE } else { &TRUST_MATERIAL_NOT_RECOGNISED };
            return console.failed(Exit::UNREADABLE, code, &why);
        }
    };
    let kit = match TrustKit::of(gathered.items) {
        Ok(kit) => kit,
        Err(error) => return console.failed(Exit::UNREADABLE, &TRUST_KIT_INVALID, &error.to_string()),
    };
    let text = kit.write();
    let name = args.out.to_string_lossy();
    if let Err(error) = File::create_new(&args.out).and_then(|mut file| file.write_all(text.as_bytes())) {
        let message = match error.kind() {
            io::ErrorKind::AlreadyExists => format!("{name} exists already"),
            _ => format!("{name} cannot be written: {}", input::reason(&error)),
        };
        return console.failed(Exit::UNREADABLE, &INPUT_UNREADABLE, &message);
    }
    console.print(Exit::VERIFIED, |out| {
        writeln!(out, "PACKED: {}: {} items", escape::text(&name), kit.items().len())?;
        writeln!(out, "  digest     {}", prefixed(&sha256(text.as_bytes())))?;
        for item in kit.items() {
            let (file, subject) = (escape::text(&item.file), escape::text(&item.subject));
            writeln!(out, "  {:<22} {file}: {subject}", item.kind.as_str())?;
        }
        gathered.left_out.iter().try_for_each(|line| writeln!(out, "  left out               {line}"))
    })
}

fn gather(args: &PackArgs) -> Result<Gathered, Refused> {
    let limits = ParserLimits::from(&args.limits.limits());
    let bytes = args.limits.document_bytes();
    let unreadable = |why: String| Refused { unreadable: true, why };
    let mut gathered = Gathered::default();
    if let Some(file) = &args.trust_root {
        let content = input::named_file(file, bytes).content.map_err(unreadable)?;
        let item = Item::trust_root(&base_name(file), &content, limits);
        let item = item.map_err(|why| Refused {
            unreadable: false,
            why: format!("{}: {why}", file.to_string_lossy()),
        })?;
        gathered.items.push(item);
    }
    for path in &args.paths {
        let shown = path.to_string_lossy();
        if Path::new(path).is_dir() {
            let files = input::folder(Path::new(path))
                .map_err(|why| unreadable(format!("{shown} cannot be read: {why}")))?;
            for (name, content) in &files {
                gathered.add(name, &format!("{shown}/{name}"), content, limits, false)?;
            }
        } else {
            let content = input::named_file(path, bytes).content.map_err(unreadable)?;
            gathered.add(&base_name(path), &shown, &content, limits, true)?;
        }
    }
    Ok(gathered)
}

impl Gathered {
    /// Adds a file. One that is no trust material may lie in a folder, but not be named; a damaged one may do neither.
    fn add(
        &mut self,
        name: &str,
        shown: &str,
        content: &Blob,
        limits: ParserLimits,
        named: bool,
    ) -> Result<(), Refused> {
        match Item::identify(name, content, limits) {
            Ok(items) => self.items.extend(items),
            Err(error) if named || error.damaged => {
                return Err(Refused { unreadable: false, why: format!("{shown}: {}", error.why) });
            }
            Err(error) => {
                self.left_out.push(format!("{}: {}", escape::text(shown), escape::text(&error.why)));
            }
        }
        Ok(())
    }
}

/// The name that the kit keeps: where the file lay is not part of what it is.
fn base_name(path: &OsStr) -> String {
    Path::new(path).file_name().unwrap_or(path).to_string_lossy().into_owned()
}

fn show(args: &ShowArgs, console: &mut Console<'_>) -> Ended {
    let Some(as_of) = args.as_of.clone().or_else(|| console.environment.now.clone()) else {
        return console.misused("trust show", "the clock shows no usable date; state one with --as-of");
    };
    let blob = match console.read(&args.kit, args.limits.document_bytes()) {
        Ok(blob) => blob,
        Err(ended) => return ended,
    };
    let kit = match TrustKit::parse(&blob, ParserLimits::from(&args.limits.limits())) {
        Ok(kit) => kit,
        Err(error) => {
            let message = format!("{}: {error}", args.kit.to_string_lossy());
            return console.failed(Exit::UNREADABLE, &TRUST_KIT_INVALID, &message);
        }
    };
    let listing = Listing {
        name: args.kit.to_string_lossy().into_owned(),
        digest: prefixed(&blob.sha256()),
        standings: kit.standings(&as_of),
        as_of: &as_of,
    };
    let exit = if listing.wanting() == 0 { Exit::VERIFIED } else { Exit::NOT_ESTABLISHED };
    let environment = console.environment;
    console.print(exit, |out| match args.json {
        true => ascii::write(&listing.json(), out),
        false => listing.write(&mut Page::new(out, args.color, environment)),
    })
}

struct Listing<'a> {
    name: String,
    digest: String,
    standings: Vec<Standing<'a>>,
    as_of: &'a Timestamp,
}

impl Listing<'_> {
    /// Items that do not count at the date.
    fn wanting(&self) -> usize {
        self.standings.iter().filter(|standing| standing.state != State::Valid).count()
    }

    fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        let (count, wanting) = (self.standings.len(), self.wanting());
        let word = match wanting {
            0 => page.paint(Tone::Good, "CURRENT"),
            _ => page.paint(Tone::Open, "NOT CURRENT"),
        };
        let name = escape::text(&self.name);
        page.line(&format!("{word}: {name}: {} of {count} items count", count.saturating_sub(wanting)))?;
        page.line(&format!("  digest     {}", self.digest))?;
        page.line(&format!("  judged as of {}", self.as_of))?;
        for standing in &self.standings {
            let item = standing.item;
            page.line("")?;
            let state = page.paint(tone(standing.state), standing.state.as_str());
            let why = standing.why.as_ref().map(|why| format!(" ({})", escape::text(why)));
            page.line(&format!("  {}: {state}{}", item.kind, why.unwrap_or_default()))?;
            page.line(&format!("    file     {}", escape::text(&item.file)))?;
            page.line(&format!("    digest   {}", prefixed(&item.sha256)))?;
            page.line(&format!("    content  {}", escape::text(&item.subject)))?;
            if let Some(made) = &item.made {
                page.line(&format!("    made     {} (not covered by a signature)", made.to_rfc3339()))?;
            }
            for (part, state) in &standing.parts {
                let state = page.paint(tone(*state), state.as_str());
                page.line(&format!("    {}{state}", window(part)))?;
            }
            if standing.parts.is_empty() {
                page.line("    states no time for which it counts")?;
            }
        }
        Ok(())
    }

    fn json(&self) -> serde_json::Value {
        let items: Vec<_> = self
            .standings
            .iter()
            .map(|standing| {
                let parts: Vec<_> = standing
                    .parts
                    .iter()
                    .map(|(part, state)| {
                        json!({
                            "name": part.name,
                            "from": part.from.text(),
                            "until": part.until.text(),
                            "revoked": part.revoked.text(),
                            "state": state.as_str(),
                        })
                    })
                    .collect();
                json!({
                    "kind": standing.item.kind.as_str(),
                    "file": standing.item.file,
                    "sha256": prefixed(&standing.item.sha256),
                    "content": standing.item.subject,
                    "made": standing.item.made.as_ref().map(Timestamp::to_rfc3339),
                    "state": standing.state.as_str(),
                    "why": standing.why,
                    "validity": parts,
                })
            })
            .collect();
        json!({
            "schema": "keel-verify.trust-kit-status/v1",
            "name": self.name,
            "sha256": self.digest,
            "as_of": self.as_of.to_rfc3339(),
            "items": items,
        })
    }
}

fn window(part: &Part) -> String {
    let name = part.name.as_ref().map(|name| format!("{}: ", escape::text(name))).unwrap_or_default();
    let bound = |limit: &Limit| limit.text().unwrap_or_else(|| "open".to_owned());
    let before = if matches!(part.until, Limit::Before(_)) { "before " } else { "" };
    let revoked = match &part.revoked {
        Limit::Open => String::new(),
        Limit::Unreadable => ", revoked or compromised".to_owned(),
        other => format!(", revoked at {}", bound(other)),
    };
    format!("{name}{} to {before}{}{revoked}: ", bound(&part.from), bound(&part.until))
}

fn tone(state: State) -> Tone {
    match state {
        State::Valid => Tone::Good,
        State::NotYetValid | State::Stale => Tone::Open,
        State::Revoked | State::Unreadable => Tone::Bad,
    }
}
