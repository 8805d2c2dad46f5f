//! JSON lines in, JSON lines out: the way a gateway calls the issuer.
//!
//! One line is answered before the next is read, and the answer is flushed after its transaction is committed: what
//! was answered is kept. Every answer carries the number of its line.

use std::io::{self, BufRead, Read as _, Write};

use anyhow::Result;
use serde_json::{Value, json};

use super::open;
use crate::args::Stream;
use crate::document;
use crate::error::Error;
use crate::issuer::Issuer;

/// Bytes of one line.
const LINE: u64 = 32 << 20;

/// Answers every line of standard input; `false` when one of them was refused.
pub(super) fn run(args: &Stream, operation: Option<&str>) -> Result<bool> {
    let mut issuer = open(&args.state)?;
    issuer.keep_request_bodies(args.keep_request_bodies);
    serve(&mut issuer, operation, &mut io::stdin().lock(), &mut io::stdout().lock())
}

fn serve(
    issuer: &mut Issuer,
    operation: Option<&str>,
    input: &mut impl BufRead,
    output: &mut impl Write,
) -> Result<bool> {
    let mut all_done = true;
    let mut line = Vec::new();
    for number in 1u64.. {
        line.clear();
        if input.by_ref().take(LINE).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if line.len() > 1 && line.last() != Some(&b'\n') && u64::try_from(line.len())? >= LINE {
            anyhow::bail!("line {number} is longer than {LINE} bytes");
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let answer = answer(issuer, operation, &line).unwrap_or_else(|error| {
            all_done = false;
            error.to_json()
        });
        output.write_all(&document::line(&numbered(answer, number))?)?;
        output.flush()?;
    }
    Ok(all_done)
}

fn answer(issuer: &mut Issuer, operation: Option<&str>, line: &[u8]) -> Result<Value, Error> {
    let mut request = document::read(line)?;
    let named = match operation {
        Some(_) => None,
        None => request.as_object_mut().and_then(|members| members.remove("op")),
    };
    let operation = operation.or_else(|| named.as_ref().and_then(Value::as_str));
    match operation {
        Some("decide") => issuer.decide(request),
        Some("dispatch") => issuer.dispatch(request),
        Some("close") => issuer.close(request),
        Some("review") => issuer.review(request),
        Some("revoke") => issuer.revoke(request),
        other => Err(Error::refused(
            "request.op_unknown",
            format!("op {other:?} is none of decide, dispatch, close, review, revoke"),
        )),
    }
}

fn numbered(mut answer: Value, number: u64) -> Value {
    if let Some(members) = answer.as_object_mut() {
        members.insert("line".to_owned(), json!(number));
    }
    answer
}
