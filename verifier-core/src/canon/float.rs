//! Two layouts of the shortest decimal that reads back as the same double.
//!
//! The digits come from `ryu-js`. The standard library's shortest digits are not usable: of two equally
//! near candidates it takes the upper one, ECMAScript and Python take the even one
//! (`89609850710186.625` is `…186.62`).

/// Significant digits and the position of the decimal point: value = 0.DIGITS × 10^point.
fn shortest(value: f64) -> (String, i32) {
    let mut buffer = ryu_js::Buffer::new();
    let text = buffer.format_finite(value.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let all = format!("{whole}{fraction}");
    let leading = all.bytes().take_while(|digit| *digit == b'0').count();
    let digits = all.get(leading..).unwrap_or_default().trim_end_matches('0').to_owned();
    let length = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    (digits, exponent + length(whole.len()) - length(leading))
}

/// Python's `repr` of a finite float (spec 01 section 2 rule 5).
pub(super) fn python_repr(value: f64) -> String {
    let sign = if value.is_sign_negative() { "-" } else { "" };
    if value == 0.0 {
        return format!("{sign}0.0");
    }
    let (digits, point) = shortest(value);
    if (-3..=16).contains(&point) {
        let body = positional(&digits, point);
        let tail = if body.contains('.') { "" } else { ".0" };
        return format!("{sign}{body}{tail}");
    }
    let exponent = point - 1;
    let exponent_sign = if exponent < 0 { '-' } else { '+' };
    format!("{sign}{}e{exponent_sign}{:02}", scientific(&digits), exponent.abs())
}

/// ECMAScript `Number::toString` of a finite float (RFC 8785 section 3.2.2.3).
pub(super) fn ecmascript(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    ryu_js::Buffer::new().format_finite(value).to_owned()
}

fn positional(digits: &str, point: i32) -> String {
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let zeros = |number: i32| "0".repeat(usize::try_from(number).unwrap_or(0));
    if point <= 0 {
        return format!("0.{}{digits}", zeros(-point));
    }
    if point >= count {
        return format!("{digits}{}", zeros(point - count));
    }
    let at = usize::try_from(point).unwrap_or(0);
    format!("{}.{}", digits.get(..at).unwrap_or_default(), digits.get(at..).unwrap_or_default())
}

fn scientific(digits: &str) -> String {
    match (digits.get(..1), digits.get(1..)) {
        (Some(first), Some(rest)) if !rest.is_empty() => format!("{first}.{rest}"),
        _ => digits.to_owned(),
    }
}
