//! A quarter of made-up calls with a gateway log, an invoice, and known errors in all three.
//!
//! What is planted stands in `planted.json`: a reconciliation and the rules of the ledger must find exactly that. Each call has
//! at most one error. The calls are nonsense; the export is genuinely signed. Amounts are integers throughout.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use verifier_core::crypto::prefixed;

use crate::budget::decimal_usd;
use crate::clock::wire_time;
use crate::document;
use crate::error::{Error, Result};
use crate::keys::{KeySet, Purpose, SeedSource, signed_manifest};

const PROJECT: &str = "00000000-0000-0000-0000-000000000041";
const ENVELOPE: &str = "50000000-0000-4000-8000-000000000001";
const ALLOCATION: &str = "60000000-0000-4000-8000-000000000001";
/// 2026-07-01T00:00:00Z and the 92 days after it.
const START: i64 = 1_782_864_000_000_000;
const PERIOD: i64 = 92 * 86_400_000_000;
const CAP: i64 = 1_000_000_000_000_000;
const MODELS: [(&str, &str, i64); 4] = [
    ("openai", "gpt-5-mini", 2),
    ("anthropic", "claude-sonnet-4-5", 15),
    ("google", "gemini-2.5-pro", 10),
    ("anthropic", "claude-opus-4-1", 75),
];
/// Every so many-th call is denied.
const DENIED: u64 = 20;

/// An error and where it is looked for: a class of the reconciliation, or a rule of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    CallWithoutPermit,
    BillWithoutPermit,
    PermitWithoutCall,
    PermitWithoutBill,
    PriceDrift,
    CallTwice,
    BillTwice,
    Rounding,
    Currency,
    CostNotReported,
    DeniedButDispatched,
    Remaining,
    CostDiffers,
    TokensDiffer,
    ForeignModel,
    DeniedWithCost,
    ForeignCurrency,
    SharedKey,
    Leak,
    DeniedWithinBudget,
}

const FAULTS: [Fault; 20] = [
    Fault::CallWithoutPermit,
    Fault::BillWithoutPermit,
    Fault::PermitWithoutCall,
    Fault::PermitWithoutBill,
    Fault::PriceDrift,
    Fault::CallTwice,
    Fault::BillTwice,
    Fault::Rounding,
    Fault::Currency,
    Fault::CostNotReported,
    Fault::DeniedButDispatched,
    Fault::Remaining,
    Fault::CostDiffers,
    Fault::TokensDiffer,
    Fault::ForeignModel,
    Fault::DeniedWithCost,
    Fault::ForeignCurrency,
    Fault::SharedKey,
    Fault::Leak,
    Fault::DeniedWithinBudget,
];

impl Fault {
    fn name(self) -> &'static str {
        match self {
            Self::CallWithoutPermit => "call_without_permit",
            Self::BillWithoutPermit => "bill_without_permit",
            Self::PermitWithoutCall => "permit_without_call",
            Self::PermitWithoutBill => "permit_without_bill",
            Self::PriceDrift => "price_drift",
            Self::CallTwice | Self::BillTwice => "duplicate",
            Self::Rounding => "rounding",
            Self::Currency => "currency",
            Self::CostNotReported => "cost_not_reported",
            Self::DeniedButDispatched => "denied_but_dispatched",
            Self::Remaining => "F1",
            Self::CostDiffers => "F4",
            Self::TokensDiffer => "F5",
            Self::ForeignModel => "F6",
            Self::DeniedWithCost => "F8",
            Self::ForeignCurrency => "F12",
            Self::SharedKey => "F11",
            Self::Leak => "B3",
            Self::DeniedWithinBudget => "B2",
        }
    }

    fn is_of_deny(self) -> bool {
        matches!(self, Self::DeniedButDispatched | Self::DeniedWithCost | Self::DeniedWithinBudget)
    }
}

/// Which call has which error.
struct Plan {
    calls: u64,
    stride: u64,
    each: u64,
}

impl Plan {
    /// The error of a call; planted calls are far enough apart that the neighbours of one are honest.
    fn of(&self, number: u64) -> Option<Fault> {
        let slot = number.checked_div(self.stride)?;
        let fault = usize::try_from(slot.checked_div(self.each)?).ok().and_then(|fault| FAULTS.get(fault))?;
        let base = slot * self.stride;
        let denied = base.next_multiple_of(DENIED);
        let own = if fault.is_of_deny() { denied } else { denied + 3 };
        (own == number && number <= self.calls).then_some(*fault)
    }
}

/// The amounts of a call, the same every time.
struct Call {
    number: u64,
    permit: String,
    time: String,
    provider: &'static str,
    model: &'static str,
    input: i64,
    output: i64,
    cost: i64,
    held: i64,
    is_denied: bool,
    fault: Option<Fault>,
}

impl Call {
    fn new(number: u64, plan: &Plan) -> Self {
        let mix = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23);
        let part = |modulus: u64, shift: u32| i64::try_from((mix >> shift) % modulus).unwrap_or(0);
        let (provider, model, price) =
            usize::try_from(mix % 4).ok().and_then(|index| MODELS.get(index)).copied().unwrap_or(MODELS[0]);
        let (input, output) = (10 + part(8_000, 8), 1 + part(1_000, 30));
        let fault = plan.of(number);
        // Four decimals cannot say the cost of a call whose bill is rounded to them.
        let odd = i64::from(fault == Some(Fault::Rounding));
        let cost = (input + 4 * output) * price * (1 + 99 * odd) + 7 * odd;
        let step = PERIOD / i64::try_from(plan.calls).unwrap_or(1).max(1);
        let time = START + step * i64::try_from(number).unwrap_or(0);
        Self {
            number,
            permit: id(2, number),
            time: wire_time(time.min(START + PERIOD - 1)),
            provider,
            model,
            input,
            output,
            cost,
            held: cost + 1 + part(50_000, 44),
            is_denied: number.is_multiple_of(DENIED),
            fault,
        }
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    /// The subject under which the error must be found.
    fn subject(&self, fault: Fault) -> String {
        match fault {
            Fault::CallWithoutPermit | Fault::BillWithoutPermit => format!("unknown_{}", self.number),
            Fault::Leak => id(4, self.number),
            _ => self.permit.clone(),
        }
    }
}

fn id(kind: u8, number: u64) -> String {
    format!("{kind}0000000-0000-4000-8000-{number:012}")
}

/// Writes `export.json`, `manifest.json`, `key-manifest.json`, `gateway.jsonl`, `invoice.csv` and `planted.json` into a new
/// directory: `calls` calls, and each kind of error `each` times.
///
/// # Errors
/// When a file cannot be written, or the calls are too few for the errors.
pub fn write(directory: &Path, calls: u64, each: u64) -> Result<Value> {
    let slots = each.saturating_mul(u64::try_from(FAULTS.len()).unwrap_or(1)).saturating_add(1);
    let plan = Plan { calls, stride: calls.checked_div(slots).unwrap_or(0), each: each.max(1) };
    if plan.stride < 3 * DENIED {
        return Err(Error::refused(
            "quarter.too_few_calls",
            format!("{calls} calls are too few for {each} errors of each kind"),
        ));
    }
    fs::create_dir_all(directory).map_err(|error| Error::file(directory, error))?;
    let keys = SeedSource::Fixture("quarter").key_set(0)?;
    let create = |name: &str| {
        let path = directory.join(name);
        let file = File::create(&path).map_err(|error| Error::file(&path, error))?;
        Ok::<_, Error>(BufWriter::with_capacity(1 << 20, file))
    };
    let failed = |error| Error::file(directory, error);
    let mut export = Hashed { file: create("export.json")?, hash: Sha256::new() };
    let (mut gateway, mut invoice) = (create("gateway.jsonl")?, create("invoice.csv")?);
    let mut planted = Vec::new();
    quarter(&plan, &mut export, &mut gateway, &mut invoice, &mut planted).map_err(failed)?;
    for file in [&mut export.file, &mut gateway, &mut invoice] {
        file.flush().map_err(failed)?;
    }
    let content_hash = prefixed(&export.hash.finalize().into());
    write_signed(directory, &keys, &content_hash, calls)?;
    let count = planted.len();
    let path = directory.join("planted.json");
    fs::write(&path, document::pretty(&Value::Array(planted))?).map_err(|error| Error::file(&path, error))?;
    Ok(json!({"path": directory.display().to_string(), "calls": calls, "planted": count}))
}

fn write_signed(directory: &Path, keys: &KeySet, content_hash: &str, calls: u64) -> Result<()> {
    let signer = keys.signer(Purpose::ExportSigning)?;
    let manifest = json!({
        "export_id": "30000000-0000-4000-8000-000000000002",
        "project_id": PROJECT,
        "export_type": "permits",
        "format": "json",
        "compressed": false,
        "record_count": calls,
        "signature": signer.sign_text(content_hash),
        "content_hash": content_hash,
        "public_key": signer.public_key().to_text(),
        "key_id": Purpose::ExportSigning.key_id(&signer.public_key()),
        "signed_at": wire_time(START + PERIOD),
    });
    for (name, value) in [
        ("manifest.json", &manifest),
        ("key-manifest.json", &signed_manifest(keys.entries(), signer, START)?),
    ] {
        let path = directory.join(name);
        fs::write(&path, document::pretty(value)?).map_err(|error| Error::file(&path, error))?;
    }
    Ok(())
}

struct Hashed {
    file: BufWriter<File>,
    hash: Sha256,
}

impl Hashed {
    fn put(&mut self, text: &str) -> std::io::Result<()> {
        self.hash.update(text.as_bytes());
        self.file.write_all(text.as_bytes())
    }
}

fn quarter(
    plan: &Plan,
    export: &mut Hashed,
    gateway: &mut dyn Write,
    invoice: &mut dyn Write,
    planted: &mut Vec<Value>,
) -> std::io::Result<()> {
    let (from, to) = (wire_time(START), wire_time(START + PERIOD));
    export.put(&format!(
        "{{\"bundle_type\":\"audit_export_bundle\",\"format\":\"json\",\"from\":\"{from}\",\"generated_at\":\"{to}\",\
         \"include_chain_entries\":false,\"project_id\":\"{PROJECT}\",\"record_count\":{},\"schema_version\":1,\
         \"time_range_basis\":\"permit.created_at\",\"to\":\"{to}\",\"records\":[",
        plan.calls
    ))?;
    writeln!(
        invoice,
        "BilledCost,BillingCurrency,ChargeCategory,ChargeClass,ChargePeriodStart,ProviderName,ResourceId,ServiceName,SkuId"
    )?;
    let (mut leaked, mut spent) = (0i64, 0i64);
    for number in 1..=plan.calls {
        let call = Call::new(number, plan);
        if let Some(fault) = call.fault {
            planted.push(json!({"kind": fault.name(), "subject": call.subject(fault)}));
        }
        export.put(if number == 1 { "\n" } else { ",\n" })?;
        export.put(&record(&call, leaked, spent))?;
        gateway_lines(&call, gateway)?;
        invoice_lines(&call, invoice)?;
        if !call.is_denied {
            if call.has(Fault::Leak) {
                leaked += call.held;
            } else {
                spent += call.cost;
            }
        }
    }
    export.put("\n],\"budget_allocation_events\":[")?;
    let mut seq = 1u64;
    export.put(&booking(seq, "cap_allocate", "cap_usd_micros", CAP, None))?;
    for number in 1..=plan.calls {
        let call = Call::new(number, plan);
        if call.is_denied {
            continue;
        }
        let reserved = "reserved_usd_micros";
        let mut bookings = vec![("reserve", reserved, call.held)];
        if !call.has(Fault::Leak) {
            bookings.push(("commit", "reserved_released_usd_micros", call.cost));
            bookings.push(("commit", "spent_added_usd_micros", call.cost));
            bookings.push(("release", reserved, call.held - call.cost));
        }
        for (transition, metric, amount) in bookings {
            seq += 1;
            export.put(",\n")?;
            export.put(&booking(seq, transition, metric, amount, Some(&call)))?;
        }
    }
    export.put("\n]}\n")
}

fn booking(seq: u64, transition: &str, metric: &str, amount: i64, call: Option<&Call>) -> String {
    let quoted = |text: String| format!("\"{text}\"");
    let permit = call.map_or("null".to_owned(), |call| quoted(call.permit.clone()));
    let reservation = call.map_or("null".to_owned(), |call| quoted(id(4, call.number)));
    format!(
        "{{\"allocation_id\":\"{ALLOCATION}\",\"amount\":{amount},\"envelope_id\":\"{ENVELOPE}\",\"is_active\":true,\
         \"metric\":\"{metric}\",\"permit_id\":{permit},\"project_id\":\"{PROJECT}\",\"reservation_id\":{reservation},\
         \"seq\":{seq},\"transition\":\"{transition}\"}}"
    )
}

fn record(call: &Call, leaked: i64, spent: i64) -> String {
    let Call { permit, time, provider, model, input, output, cost, held, .. } = call;
    let number = call.number;
    let head = format!(
        "{{\"permit\":{{\"id\":\"{permit}\",\"project_id\":\"{PROJECT}\",\"created_at\":\"{time}\",\"subject_type\":\"agent\",\
         \"subject_id\":\"agent-{}\",\"action_name\":\"chat.completion\",\"resource_provider\":\"{provider}\",\
         \"resource_model\":\"{model}\",\"resource_operation\":\"chat\",\"estimated_input_tokens\":{input},\
         \"estimated_output_tokens\":{output},\"policy_id\":\"policy:quarter\",\"policy_version\":\"7\",\
         \"idempotency_key\":\"call-{number}\"",
        number % 97
    );
    let envelope = |reserved: i64, remaining: i64, estimate: i64, correction: &str| {
        format!(
            ",\"budget_envelope\":{{\"envelope_id\":\"{ENVELOPE}\",\"total_budget_usd_micros\":{CAP},\
             \"reserved_budget_usd_micros\":{reserved},\"spent_budget_usd_micros\":{spent},\
             \"remaining_budget_usd_micros\":{remaining},\"estimated_cost_usd_micros\":{estimate},\
             \"correction_usd_micros\":{correction}}}"
        )
    };
    if call.is_denied {
        let within = call.has(Fault::DeniedWithinBudget);
        let code = if within { "budget.envelope_exhausted" } else { "policy.denied" };
        let budget = if within { envelope(leaked, CAP - leaked - spent, 5, "null") } else { String::new() };
        let actual = if call.has(Fault::DeniedWithCost) { cost.to_string() } else { "null".to_owned() };
        return format!(
            "{head},\"decision\":\"deny\",\"decision_details\":{{\"code\":\"{code}\"}},\"status\":\"evaluated\",\
             \"actual_cost_usd_micros\":{actual}{budget}}},\"latest_usage_ledger\":null,\"usage_log\":null}}"
        );
    }
    let reserved = leaked + held;
    let remaining = CAP - reserved - spent - i64::from(call.has(Fault::Remaining));
    let usage_key = if call.has(Fault::SharedKey) { number - 1 } else { number };
    let total = input + output + i64::from(call.has(Fault::TokensDiffer));
    if call.has(Fault::CostNotReported) {
        return format!(
            "{head},\"decision\":\"allow\",\"decision_details\":{{\"code\":\"policy.allowed\"}},\"status\":\"closed\",\
             \"actual_cost_usd_micros\":null{}}},\"latest_usage_ledger\":null,\
             \"usage_log\":{{\"permit_id\":\"{permit}\",\"provider_response_id\":\"resp_{number}\"}}}}",
            envelope(reserved, remaining, *held, "null")
        );
    }
    let booked = if call.has(Fault::CostDiffers) { cost + 2 } else { *cost };
    let ledger_model = if call.has(Fault::ForeignModel) { "another-model" } else { model };
    let currency = if call.has(Fault::ForeignCurrency) { "EUR" } else { "USD" };
    format!(
        "{head},\"decision\":\"allow\",\"decision_details\":{{\"code\":\"policy.allowed\"}},\"status\":\"closed\",\
         \"actual_cost_usd_micros\":{cost},\"actual_input_tokens\":{input},\"actual_output_tokens\":{output},\
         \"actual_total_tokens\":{total},\"usage_idempotency_key\":\"usage-{usage_key}\",\
         \"usage_verification_method\":\"provider_receipt\",\"usage_verification_status\":\"verified\"{}}},\
         \"latest_usage_ledger\":{{\"permit_id\":\"{permit}\",\"project_id\":\"{PROJECT}\",\"provider\":\"{provider}\",\
         \"model\":\"{ledger_model}\",\"budget_envelope_id\":\"{ENVELOPE}\",\"cost_usd\":{},\"currency\":\"{currency}\",\
         \"actual_input_tokens\":{input},\"actual_output_tokens\":{output},\"request_id\":\"req_{number}\",\
         \"served_from_cache\":false,\"estimated_final\":false}},\
         \"usage_log\":{{\"permit_id\":\"{permit}\",\"cost_usd_micros\":{booked},\"prompt_tokens\":{input},\
         \"completion_tokens\":{output},\"provider_response_id\":\"resp_{number}\"}}}}",
        envelope(reserved, remaining, *held, &(cost - held).to_string()),
        decimal_usd(booked),
    )
}

fn gateway_lines(call: &Call, out: &mut dyn Write) -> std::io::Result<()> {
    let mut line = |id: &str, permit: Option<&str>| {
        let metadata =
            permit.map_or("{}".to_owned(), |permit| format!("{{\"keel_permit_id\":\"{permit}\"}}"));
        writeln!(
            out,
            "{{\"request_id\":\"{id}\",\"call_type\":\"acompletion\",\"spend\":{},\"total_tokens\":{},\"prompt_tokens\":{},\
             \"completion_tokens\":{},\"startTime\":\"{}\",\"model\":\"{}\",\"custom_llm_provider\":\"{}\",\
             \"status\":\"success\",\"metadata\":{metadata}}}",
            decimal_usd(call.cost),
            call.input + call.output,
            call.input,
            call.output,
            call.time,
            call.model,
            call.provider,
        )
    };
    if call.has(Fault::CallWithoutPermit) {
        line(&format!("unknown_{}", call.number), None)?;
    }
    let is_there = !call.is_denied || call.has(Fault::DeniedButDispatched);
    let times = match call.fault {
        _ if !is_there => 0,
        Some(Fault::PermitWithoutCall) => 0,
        Some(Fault::CallTwice) => 2,
        _ => 1,
    };
    // Half of the calls carry the permit's id, the others are found by the provider's.
    let by_name = call.number.is_multiple_of(2) || call.is_denied;
    for _ in 0..times {
        line(&format!("resp_{}", call.number), by_name.then_some(call.permit.as_str()))?;
    }
    Ok(())
}

fn invoice_lines(call: &Call, out: &mut dyn Write) -> std::io::Result<()> {
    let mut line = |id: &str, cost: &str, currency: &str| {
        writeln!(
            out,
            "{cost},{currency},Usage,,{},{},{id},\"Models, inference\",{}",
            call.time, call.provider, call.model
        )
    };
    let exact = decimal_usd(call.cost);
    let response = format!("resp_{}", call.number);
    if call.has(Fault::BillWithoutPermit) {
        line(&format!("unknown_{}", call.number), &exact, "USD")?;
    }
    if call.is_denied {
        return Ok(());
    }
    match call.fault {
        Some(Fault::PermitWithoutBill) => Ok(()),
        Some(Fault::BillTwice) => {
            line(&response, &exact, "USD")?;
            line(&response, &exact, "USD")
        }
        Some(Fault::PriceDrift) => line(&response, &decimal_usd(call.cost + 10_000), "USD"),
        Some(Fault::Rounding) => {
            // to four decimals; the costs of these calls have five or six
            let rounded = (call.cost + 49) / 100 * 100;
            let text = decimal_usd(rounded);
            line(&response, text.get(..text.len().saturating_sub(2)).unwrap_or_default(), "USD")
        }
        Some(Fault::Currency) => line(&response, &exact, "EUR"),
        _ => line(&response, &exact, "USD"),
    }
}
