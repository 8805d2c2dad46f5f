//! Making and changing a state directory.

use std::fs;
use std::path::Path;

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::{clock, open, read_text, show};
use crate::args::{AddProject, Init, RotateKey, SetPolicy, State};
use crate::issuer::{Issuer, STATE_FILE};
use crate::keys::{KeyStore, Purpose, SeedSource};
use crate::policy;
use crate::store::Store;

pub(super) fn init(args: &Init) -> Result<()> {
    let directory = &args.state.state;
    let state = directory.join(STATE_FILE);
    if state.exists() || directory.join("key-manifest.json").exists() {
        bail!("{} holds a state already", directory.display());
    }
    let text = read_text(&args.policy)?;
    policy::parse(&text)?;
    let clock = clock(args.state.now.as_deref())?;
    fs::create_dir_all(directory)?;
    let keys = KeyStore::new(directory);
    keys.init(SeedSource::Random, clock.now_micros())?;
    let mut issuer = Issuer::new(Store::open(&state)?, keys.load()?, clock);
    let id = issuer.add_project(&args.project, args.project_id.clone(), &text)?;
    let entries: Vec<Value> = issuer
        .keys()
        .entries()
        .iter()
        .map(|entry| json!({"purpose": entry.purpose, "key_id": entry.key_id}))
        .collect();
    show(&json!({
        "state": directory.display().to_string(),
        "project": args.project,
        "project_id": id,
        "keys": entries,
        "trust_root": directory.join("trust-root.json").display().to_string(),
    }))
}

pub(super) fn add_project(args: &AddProject) -> Result<()> {
    let id =
        open(&args.state)?.add_project(&args.project, args.project_id.clone(), &read_text(&args.policy)?)?;
    show(&json!({"project": args.project, "project_id": id}))
}

pub(super) fn set_policy(args: &SetPolicy) -> Result<()> {
    let policy = open(&args.state)?.set_policy(args.project.as_deref(), &read_text(&args.policy)?)?;
    show(&describe(&policy)?)
}

pub(super) fn check_policy(path: &Path) -> Result<()> {
    show(&describe(&policy::parse(&read_text(path)?)?)?)
}

fn describe(policy: &policy::Policy) -> Result<Value> {
    Ok(json!({
        "policy_id": policy.id,
        "policy_version": policy.version,
        "policy_snapshot_hash": policy::snapshot_hash(policy)?,
        "rules": policy.rules.len(),
    }))
}

pub(super) fn rotate_key(args: &RotateKey) -> Result<()> {
    let Some(purpose) = Purpose::parse(&args.purpose) else { bail!("unknown purpose {:?}", args.purpose) };
    let id = open(&args.state)?.rotate_key(purpose)?;
    show(&json!({"purpose": args.purpose, "key_id": id}))
}

pub(super) fn status(args: &State) -> Result<Value> {
    let mut issuer = open(args)?;
    let projects = issuer.store().read(|rows| {
        rows.projects()?
            .into_iter()
            .map(|project| {
                let head = rows.head(&project.id)?;
                let (permits, _) = rows.permit_range(&project.id)?;
                let envelopes: Vec<Value> = rows
                    .envelopes(&project.id)?
                    .into_iter()
                    .map(|(name, envelope)| {
                        json!({
                            "name": name,
                            "total_usd_micros": envelope.total,
                            "reserved_usd_micros": envelope.reserved,
                            "spent_usd_micros": envelope.spent,
                            "remaining_usd_micros": envelope.remaining(),
                        })
                    })
                    .collect();
                Ok(json!({
                    "project": project.name,
                    "project_id": project.id,
                    "policy_id": project.policy.id,
                    "policy_version": project.policy.version,
                    "permits": permits,
                    "chain": {"sequence_number": head.sequence, "record_hash": head.record_hash},
                    "envelopes": envelopes,
                }))
            })
            .collect::<crate::Result<Vec<_>>>()
    })?;
    Ok(json!({"projects": projects}))
}
