//! Which column or member of a file holds what.
//!
//! A map is a preset, or a JSON document:
//!
//! ```json
//! {"format": "csv", "delimiter": ";", "unit": "usd",
//!  "columns": {"request": "Request ID", "cost": "Amount", "permit": "metadata.keel_permit_id"}}
//! ```
//!
//! `format` is `csv`, `jsonl` or `parquet`, and told by the first bytes where it is not stated; `unit` is `usd` (the
//! default), `cent` or `micro_usd`. A dot goes down into an object, also into one that a column or a member holds as JSON
//! text, and into a map of a Parquet file. `cost` is required, and one of `permit`, `request` and `response`, or what lines
//! that sum calls need: `provider`, `model`, `time` and `period_end`. Anything unknown in a map is an error that lists what
//! is known.

use crate::bytes::Blob;
use crate::json::{Document, ParserLimits, Value};

/// What a column means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The permit id.
    Permit,
    /// An id that the caller or gateway gave to the call.
    Request,
    /// An id that the provider gave to the answer.
    Response,
    /// The cost, a decimal number.
    Cost,
    /// The currency code; USD where the file has no such column.
    Currency,
    /// Provider.
    Provider,
    /// Model or price key.
    Model,
    /// Input tokens.
    Input,
    /// Output tokens.
    Output,
    /// When the call was made, or when the period begins that is billed.
    Time,
    /// When the billed period ends; what happens at that moment is not in it.
    PeriodEnd,
    /// The billed account.
    Account,
    /// The billed resource.
    Resource,
    /// What is charged, such as the price of input tokens.
    Charge,
    /// `success` or another word.
    Status,
    /// FOCUS `ChargeCategory`.
    Category,
    /// FOCUS `ChargeClass`.
    Class,
}

const FIELDS: &[(&str, Field)] = &[
    ("permit", Field::Permit),
    ("request", Field::Request),
    ("response", Field::Response),
    ("cost", Field::Cost),
    ("currency", Field::Currency),
    ("provider", Field::Provider),
    ("model", Field::Model),
    ("input_tokens", Field::Input),
    ("output_tokens", Field::Output),
    ("time", Field::Time),
    ("period_end", Field::PeriodEnd),
    ("account", Field::Account),
    ("resource", Field::Resource),
    ("charge", Field::Charge),
    ("status", Field::Status),
    ("category", Field::Category),
    ("class", Field::Class),
];

/// What one unit of a cost is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// US dollars (or the currency stated).
    Usd,
    /// Hundredths.
    Cent,
    /// Millionths.
    Micro,
}

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Told by the first bytes: `PAR1` begins Parquet, `{` JSON lines, anything else is CSV.
    Either,
    /// CSV with a header line.
    Csv,
    /// JSON lines.
    Lines,
    /// Parquet.
    Parquet,
}

/// A map.
#[derive(Clone, Debug)]
pub struct Map {
    /// The form.
    pub form: Form,
    /// The character between CSV fields.
    pub delimiter: u8,
    /// The unit of costs.
    pub unit: Unit,
    /// Places for each field, the first that is there counts.
    pub columns: Vec<(Field, Vec<String>)>,
    /// Columns without which a file is not of this form.
    pub required: Vec<String>,
}

impl Map {
    fn preset(columns: &[(Field, &[&str])], required: &[&str]) -> Self {
        let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        Self {
            form: Form::Either,
            delimiter: b',',
            unit: Unit::Usd,
            columns: columns.iter().map(|(field, names)| (*field, own(names))).collect(),
            required: own(required),
        }
    }

    /// Spend rows of LiteLLM, as its database table and `/spend/logs` have them. A permit id is looked for in
    /// `metadata`, where a gateway's callers put it.
    #[must_use]
    pub fn litellm() -> Self {
        Self::preset(
            &[
                (
                    Field::Permit,
                    &[
                        "metadata.keel_permit_id",
                        "metadata.spend_logs_metadata.keel_permit_id",
                        "metadata.permit_id",
                    ],
                ),
                (Field::Request, &["request_id"]),
                (Field::Response, &["request_id"]),
                (Field::Cost, &["spend"]),
                (Field::Provider, &["custom_llm_provider"]),
                (Field::Model, &["model"]),
                (Field::Input, &["prompt_tokens"]),
                (Field::Output, &["completion_tokens"]),
                (Field::Time, &["startTime"]),
                (Field::Status, &["status"]),
            ],
            &["request_id", "spend"],
        )
    }

    /// Invoice lines in FOCUS 1.2. A call is told by `x_KeelPermitId`, the tag `keel_permit_id`,
    /// `x_ProviderResponseId` or `ResourceId`; a line of none and with a charge period is a sum, see [`super::sum`].
    #[must_use]
    pub fn focus() -> Self {
        Self::preset(
            &[
                (Field::Permit, &["x_KeelPermitId", "Tags.keel_permit_id"]),
                (Field::Response, &["x_ProviderResponseId", "ResourceId"]),
                (Field::Cost, &["BilledCost"]),
                (Field::Currency, &["BillingCurrency"]),
                (Field::Provider, &["ProviderName"]),
                (Field::Model, &["x_Model", "SkuId"]),
                (Field::Time, &["ChargePeriodStart"]),
                (Field::PeriodEnd, &["ChargePeriodEnd"]),
                (Field::Account, &["SubAccountId", "BillingAccountId"]),
                (Field::Resource, &["ResourceId"]),
                (Field::Charge, &["SkuPriceId", "SkuId", "ChargeDescription"]),
                (Field::Category, &["ChargeCategory"]),
                (Field::Class, &["ChargeClass"]),
            ],
            &["BilledCost", "BillingCurrency", "ChargeCategory"],
        )
    }

    /// Reads a map document.
    ///
    /// # Errors
    /// What is wrong, as a sentence without the final stop.
    pub fn parse(blob: Blob) -> Result<Self, String> {
        let document = Document::parse(blob, ParserLimits::default()).map_err(|error| error.to_string())?;
        let root = document.root().as_object().ok_or("a column map is a JSON object")?;
        let mut map = Self::preset(&[], &[]);
        let mut has_columns = false;
        for member in root.members() {
            match &*member.name() {
                "format" => {
                    map.form = match member.value.text().as_deref() {
                        Some("csv") => Form::Csv,
                        Some("jsonl") => Form::Lines,
                        Some("parquet") => Form::Parquet,
                        _ => return Err("format must be \"csv\", \"jsonl\" or \"parquet\"".to_owned()),
                    };
                }
                "unit" => {
                    map.unit = match member.value.text().as_deref() {
                        Some("usd") => Unit::Usd,
                        Some("cent") => Unit::Cent,
                        Some("micro_usd") => Unit::Micro,
                        _ => return Err("unit must be \"usd\", \"cent\" or \"micro_usd\"".to_owned()),
                    };
                }
                "delimiter" => {
                    map.delimiter = match member.value.text().map(|text| text.as_bytes().to_vec()).as_deref()
                    {
                        Some([byte @ (b',' | b';' | b'\t' | b'|')]) => *byte,
                        _ => {
                            return Err(
                                "delimiter must be a comma, semicolon, tab or vertical bar".to_owned()
                            );
                        }
                    };
                }
                "columns" => {
                    has_columns = true;
                    map.columns(member.value)?;
                }
                other => {
                    return Err(format!(
                        "{other:?} is unknown; known are format, unit, delimiter and columns"
                    ));
                }
            }
        }
        if document.anomalies().next().is_some() {
            return Err("a member is repeated, or a text cannot be read".to_owned());
        }
        if !has_columns {
            return Err("columns is missing".to_owned());
        }
        let has = |field| map.columns.iter().any(|(own, _)| *own == field);
        if !has(Field::Cost) {
            return Err("columns must name cost".to_owned());
        }
        let of_calls = [Field::Permit, Field::Request, Field::Response].into_iter().any(has);
        let of_sums = [Field::Provider, Field::Model, Field::Time, Field::PeriodEnd].into_iter().all(has);
        if !of_calls && !of_sums {
            return Err(
                "columns must name permit, request or response, or provider, model, time and period_end"
                    .to_owned(),
            );
        }
        Ok(map)
    }

    fn columns(&mut self, columns: Value<'_>) -> Result<(), String> {
        let columns = columns.as_object().ok_or("columns must be an object")?;
        for member in columns.members() {
            let name = member.name();
            let Some((_, field)) = FIELDS.iter().find(|(known, _)| *known == name) else {
                let known: Vec<&str> = FIELDS.iter().map(|(known, _)| *known).collect();
                return Err(format!("columns: {name:?} is unknown; known are {}", known.join(", ")));
            };
            let column = member.value.non_empty_text();
            let column = column.ok_or_else(|| format!("columns: {name} must be the name of a column"))?;
            self.required.push(column.clone().into_owned());
            self.columns.push((*field, vec![column.into_owned()]));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Map, String> {
        Map::parse(Blob::new(text.as_bytes().to_vec()))
    }

    #[test]
    fn a_map_names_columns() {
        let map = parse(
            r#"{"format":"csv","delimiter":";","unit":"cent","columns":{"request":"Id","cost":"Amount"}}"#,
        )
        .unwrap();
        assert_eq!((map.form, map.delimiter, map.unit), (Form::Csv, b';', Unit::Cent));
        assert_eq!(map.required, ["Id", "Amount"]);
    }

    #[test]
    fn what_is_unknown_or_missing_is_said() {
        for (text, part) in [
            ("[]", "a JSON object"),
            ("{", "line"),
            (r#"{"columns":{"cost":"c","price":"p"}}"#, "\"price\" is unknown; known are permit, request"),
            (r#"{"colums":{}}"#, "\"colums\" is unknown"),
            (r#"{"format":"xls"}"#, "format must be"),
            (r#"{"unit":"eur"}"#, "unit must be"),
            (r#"{"delimiter":",,"}"#, "delimiter must be"),
            (r#"{"columns":{"cost":1}}"#, "cost must be the name"),
            (r#"{"columns":{"request":"r"}}"#, "must name cost"),
            (r#"{"columns":{"cost":"c"}}"#, "permit, request or response"),
            (r#"{"columns":{"cost":"c","cost":"d","request":"r"}}"#, "repeated"),
            ("{}", "columns is missing"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(part) || part == "line", "{text}: {error}");
        }
    }
}
