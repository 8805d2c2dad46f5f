//! `render FILE`: prints a finished `verifier_output.v3.0` document; it verifies nothing.

use verifier_core::finding::Code;
use verifier_core::finding::catalog::command::{
    RENDER_GRAPH_CYCLE, RENDER_INPUT_INVALID, RENDER_SCHEMA_UNSUPPORTED,
};
use verifier_core::finding::catalog::input::{DUPLICATE_JSON_KEY, INPUT_LIMIT_EXCEEDED};
use verifier_core::json::{AnomalyKind, Document, ParserLimits};

use super::{Console, Ended};
use crate::args::render::{DocumentForm, RenderArgs};
use crate::exit::Exit;
use crate::render::output_document::{
    Circle, OutputDocument, Tree, Unprintable, write_graph, write_html, write_json, write_tree,
};

pub(super) fn run(args: &RenderArgs, console: &mut Console<'_>) -> Ended {
    let blob = match console.read(&args.file, args.limits.document_bytes()) {
        Ok(blob) => blob,
        Err(ended) => return ended,
    };
    let parsed = Document::parse(blob, ParserLimits::from(&args.limits.limits()));
    let document = match &parsed {
        Ok(document) => document,
        Err(error) => {
            return refuse(&RENDER_INPUT_INVALID, &format!("not a JSON document: {error}"), console);
        }
    };
    let repeated = document.anomalies().find(|(kind, _)| *kind == AnomalyKind::RepeatedMember);
    if let Some((_, value)) = repeated {
        let message = format!("a member name occurs twice at {:?}", value.pointer());
        return refuse(&DUPLICATE_JSON_KEY, &message, console);
    }
    let document = match OutputDocument::of(document.root()) {
        Ok(document) => document,
        Err(Unprintable::Shape) => {
            return refuse(&RENDER_INPUT_INVALID, "the document is not a JSON object", console);
        }
        Err(Unprintable::Version(version)) => {
            let message = format!("schema_version is {version}, not \"verifier_output.v3.0\"");
            return refuse(&RENDER_SCHEMA_UNSUPPORTED, &message, console);
        }
    };
    if args.format == DocumentForm::Tree {
        return match Tree::of(document) {
            Ok(tree) => console.print(Exit::VERIFIED, |out| write_tree(&tree, args.plain, out)),
            Err(Circle::At(node)) => {
                let message = format!("node {node:?} stands on a circle of edges, or behind one");
                refuse(&RENDER_GRAPH_CYCLE, &message, console)
            }
            Err(Circle::TooLong) => {
                refuse(&INPUT_LIMIT_EXCEEDED, "shared nodes make the tree longer than 100,000 rows", console)
            }
        };
    }
    console.print(Exit::VERIFIED, |out| match args.format {
        DocumentForm::Graph => write_graph(&document, out),
        DocumentForm::Html => write_html(&document, out),
        DocumentForm::Json | DocumentForm::Tree => write_json(&document, out),
    })
}

fn refuse(code: &Code, message: &str, console: &mut Console<'_>) -> Ended {
    console.failed(Exit::NOT_ESTABLISHED, code, message)
}
