//! `sigstore BUNDLE`.

use std::ffi::OsStr;
use std::fs::File;

use verifier_core::bytes::hex;
use verifier_core::finding::catalog::input::INPUT_UNREADABLE;
use verifier_core::sigstore::artifact::ArtifactDigest;
use verifier_core::trust::TrustPolicy;
use verifier_core::trust::kit::Category;
use verifier_core::verify::{self, SignerInput, SigstoreInput};

use super::{Console, Ended, show};
use crate::args::sigstore::{Signer, SigstoreArgs};
use crate::args::trust;
use crate::exit::Exit;
use crate::input;

pub(super) fn run(args: &SigstoreArgs, console: &mut Console<'_>) -> Ended {
    let Some(as_of) = args.as_of.clone().or_else(|| console.environment.now.clone()) else {
        return console.misused("sigstore", "the clock shows no usable date; state one with --as-of");
    };
    let mut policy = TrustPolicy::new(as_of);
    policy.limits = args.limits.limits();
    trust::adopt_kit(args.trust_kit.as_ref(), &mut policy);
    if args.trusted_root.is_some() {
        policy.set_aside(Category::SigstoreRoot);
    }
    let limit = policy.limits.document_bytes;
    policy.logs.policy = args.witness_policy.as_ref().map(|file| input::named_file(file, limit));
    let signer = match args.signer() {
        Ok(Signer::Identity(expected)) => SignerInput::Identity(expected),
        Ok(Signer::Key(file)) => SignerInput::Key(input::named_file(file, limit)),
        Err(message) => return console.misused("sigstore", message),
    };
    let (artifact_name, artifact) = match (&args.artifact, args.digest) {
        (Some(file), None) => match digest(file) {
            Ok(artifact) => (file.to_string_lossy().into_owned(), artifact),
            Err(why) => {
                let message = format!("{} cannot be read: {why}", file.to_string_lossy());
                return console.failed(Exit::UNREADABLE, &INPUT_UNREADABLE, &message);
            }
        },
        (None, Some(sha256)) => {
            (format!("sha256:{}", hex::encode(&sha256)), ArtifactDigest::from_sha256(sha256))
        }
        _ => return console.misused("sigstore", "give --artifact or --digest, and one of them"),
    };
    let input = SigstoreInput {
        bundle: input::named_file(&args.bundle, limit),
        artifact_name,
        artifact,
        signer,
        trusted_root: args.trusted_root.as_ref().map(|file| input::named_file(file, limit)),
    };
    let report = verify::verify_sigstore(&input, &policy);
    show::reports(&[report], &args.output, false, console)
}

fn digest(file: &OsStr) -> Result<ArtifactDigest, String> {
    File::open(file).and_then(ArtifactDigest::read).map_err(|error| input::reason(&error))
}
