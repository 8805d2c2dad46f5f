#!/bin/sh
# Makes the tokens of this folder with OpenSSL 3: an RSA and an ECDSA authority below one root, honest tokens of both
# and a few that a verifier must refuse. Keys are made anew and thrown away, so every run gives other bytes.
set -eu
out=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat > openssl.cnf <<'CNF'
[req]
distinguished_name = dn
prompt = no
[dn]
CN = unused
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[middle]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[signer]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[tsa]
serial = serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.3.6.1.4.1.99999.1
other_policies = 1.3.6.1.4.1.99999.2
digests = sha256, sha384, sha512
accuracy = secs:1, millisecs:500
ordering = yes
tsa_name = yes
ess_cert_id_chain = yes
ess_cert_id_alg = sha256
[tsa_v1]
serial = serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.3.6.1.4.1.99999.1
digests = sha256, sha1
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = sha1
[ca]
default_ca = lists
[lists]
database = index
crlnumber = crlnumber
default_md = sha384
CNF
echo 1000 > serial
: > index
echo 01 > crlnumber

key() { # name algorithm…
    name=$1; shift
    openssl genpkey -out "$name.key" "$@" 2>/dev/null
}
certificate() { # name subject section digest signing-options…
    name=$1 section=$3 digest=$4
    openssl req -new -key "$name.key" -subj "/O=Example/CN=$2" -config openssl.cnf -out "$name.csr"
    shift 4
    openssl x509 -req -in "$name.csr" "$@" -set_serial "0x1$(openssl rand -hex 15)" -days 9000 "-$digest" \
        -extfile openssl.cnf -extensions "$section" -out "$name.pem" 2>/dev/null
}
key root -algorithm RSA -pkeyopt rsa_keygen_bits:3072
key middle -algorithm EC -pkeyopt ec_paramgen_curve:P-384
key rsa -algorithm RSA -pkeyopt rsa_keygen_bits:2048
key ec -algorithm EC -pkeyopt ec_paramgen_curve:P-256
key small -algorithm RSA -pkeyopt rsa_keygen_bits:1024
certificate root 'Test root' root sha384 -signkey root.key
certificate middle 'Test timestamp CA' middle sha512 -CA root.pem -CAkey root.key \
    -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:64
below='-CA middle.pem -CAkey middle.key'
# shellcheck disable=SC2086
{
    certificate rsa 'Test RSA authority' signer sha384 $below
    certificate ec 'Test ECDSA authority' signer sha256 $below
    certificate small 'Test short key' signer sha256 $below
}

# A list that is made after the tokens, so that it knows more than they do.
list() {
    openssl ca -gencrl -config openssl.cnf -cert "$1.pem" -keyfile "$1.key" -crldays 3650 -out "$1.crl" 2>/dev/null
}

printf 'the stamped document\n' > document
query() { # digest options…
    digest=$1; shift
    openssl ts -query -data document "-$digest" -cert "$@" -out query.tsq 2>/dev/null
}
token() { # file signer section digest
    openssl ts -reply -queryfile query.tsq -config openssl.cnf -section "$3" -signer "$2.pem" -inkey "$2.key" \
        -chain middle.pem -"$4" -token_out -out "$1.der" >/dev/null 2>&1
    openssl base64 -A -in "$1.der" > "$out/$1.b64"
}
query sha256
token rsa_sha256 rsa tsa sha256
token rsa_sha512 rsa tsa sha512
token ec_sha256 ec tsa sha256
token ec_sha384 ec tsa sha384
token ess_v1 ec tsa_v1 sha256
token cms_sha1 rsa tsa_v1 sha1
token short_key small tsa sha256
query sha256 -no_nonce
token no_nonce ec tsa sha256
query sha512
token imprint_sha512 ec tsa sha256
query sha256
openssl ts -reply -queryfile query.tsq -config openssl.cnf -section tsa -signer ec.pem -inkey ec.key \
    -chain middle.pem -out response.der >/dev/null 2>&1
openssl base64 -A -in response.der > "$out/response.b64"

list root
list middle
cp root.pem "$out/root.pem"
cat root.crl middle.crl | sed -n '/BEGIN/,/END/p' > "$out/lists.pem"
openssl dgst -sha256 -r document | cut -d' ' -f1 > "$out/digest.txt"
