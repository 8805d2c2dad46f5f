//! The only place where this program touches a private key: a reviewer's own, to sign a working paper.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use verifier_core::workpaper::SigningKey;
use zeroize::Zeroizing;

use crate::input::reason;

/// Longer files are no key files.
const BYTES: u64 = 256;

/// Reads a key file as `permit-issuer` makes it: 64 hexadecimal digits, readable by its owner only.
///
/// # Errors
/// Why it cannot be used, as a sentence without the final stop; never with anything of its content.
pub(crate) fn read(path: &Path) -> Result<SigningKey, String> {
    let shown = path.display();
    let unreadable = |error: std::io::Error| format!("{shown} cannot be read: {}", reason(&error));
    let file = File::open(path).map_err(unreadable)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // of the open file, so that it cannot be exchanged in between
        let mode = file.metadata().map_err(unreadable)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(format!("{shown}: other users can read this key; chmod 600"));
        }
    }
    let mut text = Zeroizing::new(String::with_capacity(512));
    file.take(BYTES).read_to_string(&mut text).map_err(unreadable)?;
    SigningKey::from_text(&text).ok_or_else(|| format!("{shown} does not hold 64 hexadecimal digits"))
}
