//! Under what policy evidence is verified, for every command that makes something of it.

use clap::Args;
use verifier_core::time::Timestamp;
use verifier_core::trust::TrustPolicy;

use super::export::ExportChecks;
use super::limits::LimitArgs;
use super::log::LogTrustArgs;
use super::timestamps::TimestampArgs;
use super::trust::{self, RequireArgs, TrustArgs};
use crate::environment::Environment;

/// Checks, trust material, demands and limits.
#[derive(Clone, Debug, Args)]
pub(crate) struct PolicyArgs {
    #[command(flatten)]
    checks: ExportChecks,
    #[command(flatten)]
    timestamps: TimestampArgs,
    #[command(flatten)]
    logs: LogTrustArgs,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    pub(crate) require: RequireArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

impl PolicyArgs {
    /// The policy that the options state; `as_of` counts where none of them states a date.
    ///
    /// # Errors
    /// Options that exclude each other, or no usable date.
    pub(crate) fn policy(
        &self,
        as_of: Option<&Timestamp>,
        environment: &Environment,
    ) -> Result<TrustPolicy, &'static str> {
        self.trust.check()?;
        self.timestamps.check()?;
        let mut require = self.require.clone();
        require.as_of = require.as_of.or_else(|| as_of.cloned());
        let mut policy =
            trust::policy(&self.trust, &require, &self.limits, self.checks.switches(), environment)?;
        self.timestamps.apply(&self.limits, &mut policy);
        self.logs.apply(&self.limits, &mut policy);
        Ok(policy)
    }
}
