//! What a policy demands of the money rows.

use super::judge::{Answer, few, worse};
use super::{Facts, Policy};
use crate::claim::ledger::{RuleOutcome, Statement};
use crate::ledger::usd;
use crate::report::RuleState;

/// What was spent, as far as the rows say so.
#[derive(Default)]
struct Spent {
    /// Σ of the amounts above zero, in micro-USD. A negative one sets nothing off.
    total: i128,
    /// Records with a cost.
    stated: u64,
    /// Records with a negative cost.
    negative: u64,
    /// Records whose call left and that state no readable cost.
    unknown: u64,
}

impl Spent {
    /// The cost of a record is its actual cost, else that of its usage row.
    fn of(statement: &Statement<'_>) -> Self {
        let mut spent = Self::default();
        for (row, account) in statement.ledger.permits.iter().zip(&statement.ledger.accounts) {
            let usage = [&account.ledger, &account.log].into_iter().flatten();
            let booked = || usage.filter_map(|usage| usage.cost.get()).max();
            match row.actual_cost.get().or_else(booked) {
                Some(cost) => {
                    spent.stated = spent.stated.saturating_add(1);
                    spent.negative = spent.negative.saturating_add(u64::from(cost < 0));
                    spent.total = spent.total.saturating_add(i128::from(cost.max(0)));
                }
                None => spent.unknown = spent.unknown.saturating_add(u64::from(row.is_dispatched)),
            }
        }
        spent
    }
}

impl Policy {
    pub(super) fn money(&self, facts: &Facts<'_>) -> Vec<(&'static str, Answer)> {
        let missing = |why: &str| (RuleState::NotEstablished, why.to_owned());
        let statement = match &facts.money {
            Some(Ok(statement)) => statement,
            Some(Err(why)) => return vec![("money", missing(why))],
            None => return vec![("money", missing("the money rows were not read"))],
        };
        let mut rules = Vec::new();
        if let Some(most) = self.max_spend {
            rules.push(("max_spend", max_spend(most, statement)));
        }
        if self.no_overdraft {
            let accounts = &statement.replay.accounts;
            let over: Vec<String> = accounts
                .iter()
                .filter(|account| !account.windows.is_empty())
                .map(|account| {
                    let worst = account.windows.iter().map(|window| window.worst).max().unwrap_or_default();
                    format!("{} by up to {} USD", statement.ledger.text(account.envelope), usd(worst))
                })
                .collect();
            let gaps = accounts.iter().any(|account| !account.is_complete || account.not_judged > 0);
            rules.push((
                "no_overdraft",
                match (over.is_empty(), accounts.is_empty() || gaps) {
                    (false, _) => (RuleState::Failed, format!("overdrawn: {}", few(&over))),
                    (true, true) => {
                        missing("there are no complete bookings with a limit for every reservation")
                    }
                    (true, false) => {
                        (RuleState::Met, format!("no overdraft in {} envelopes", accounts.len()))
                    }
                },
            ));
        }
        if !self.money_rules.is_empty() {
            let mut state = RuleState::Met;
            let mut open = Vec::new();
            for result in statement
                .rules
                .iter()
                .filter(|result| self.money_rules.iter().any(|id| *id == result.rule.id))
            {
                let own = match result.outcome() {
                    RuleOutcome::Violated => RuleState::Failed,
                    RuleOutcome::DataMissing | RuleOutcome::NotApplicable => RuleState::NotEstablished,
                    _ => continue,
                };
                state = worse(state, own);
                open.push(format!("{}: {}", result.rule.id, result.outcome().as_str()));
            }
            let all = self.money_rules.len();
            rules.push((
                "money_rules",
                match state {
                    RuleState::Met => (state, format!("all {all} money rules hold")),
                    _ => (state, few(&open)),
                },
            ));
        }
        rules
    }
}

fn max_spend(most: i64, statement: &Statement<'_>) -> Answer {
    let spent = Spent::of(statement);
    let most = i128::from(most);
    let permits = statement.ledger.permits.len();
    let mut message = format!(
        "at most {} USD; {} USD in {} of {permits} permit records",
        usd(most),
        usd(spent.total),
        spent.stated
    );
    let lacks = [
        (permits == 0, "there are no permit records".to_owned()),
        (!statement.ledger.fault_counts.is_empty(), "some figures cannot be read".to_owned()),
        (spent.negative > 0, format!("costs below zero set nothing off ({} of them)", spent.negative)),
        (spent.unknown > 0, format!("dispatched permits without a cost: {}", spent.unknown)),
    ];
    let open: Vec<String> = lacks.into_iter().filter(|(is_open, _)| *is_open).map(|(_, text)| text).collect();
    open.iter().for_each(|text| message.push_str(&format!("; {text}")));
    let state = match (spent.total > most, open.is_empty()) {
        (true, _) => RuleState::Failed,
        (false, true) => RuleState::Met,
        (false, false) => RuleState::NotEstablished,
    };
    (state, message)
}
