#!/usr/bin/env bash
# Installs what the tests need beyond Go, where it can (Debian and its kin, as root), and says what is missing and what
# that means where it cannot. Never fails because something is missing: the tests themselves skip or fail.
#
# Leaves .cache/test-needs.env, which `make test` reads: on a machine where everything can be installed a test may not
# skip for want of it.
set -euo pipefail
cd "$(dirname "$0")/.."

# Debian package | how to see that it is there | what is lost without it
needs() {
    cat <<'TABLE'
postgresql         | have_postgres                   | the store runs on SQLite only: its PostgreSQL half is skipped
chromium           | have_browser                    | the story in a real browser (internal/e2e) is skipped
fonts-noto-cjk     | have_japanese_font              | screenshots show boxes where Japanese stands
spamassassin       | have spamassassin               | nobody judges whether our mail looks like spam
libmail-spf-perl   | have_perl Mail::SPF             | SpamAssassin does not look at SPF
libmail-dmarc-perl | have_perl Mail::DMARC::PurePerl | SpamAssassin does not look at DMARC
rspamd             | have rspamd                     | no second filter judges our mail
opendkim-tools     | have opendkim-testmsg           | no second implementation checks our DKIM signatures
awscli             | have aws                        | nobody tries the wire API with the AWS CLI
python3-boto3      | have_boto3                      | nobody tries the wire API with boto3
nginx-light        | have nginx                      | nobody tries to smuggle requests through nginx
haproxy            | have haproxy                    | nobody tries to smuggle requests through haproxy
nodejs             | have node                       | nobody tries the wire API with the SDK for JavaScript
python3-dkim       | have dkimverify                 | no third implementation checks our DKIM signatures
strace             | have strace                     | nobody watches what reaches the disk before an answer
sqlite3            | have sqlite3                    | no second SQLite opens our database files
gcc                | have gcc                        | the race detector (make check) cannot be built
libc6-dev          | have_libc_headers               | the race detector (make check) cannot be built
TABLE
}

have() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ]; }
have_postgres() { have initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || [ -n "${AIKAGI_TEST_POSTGRES:-}" ]; }
have_browser() { have chromium || have chromium-browser || have google-chrome || [ -d '/Applications/Google Chrome.app' ]; }
have_japanese_font() { [ "$(uname)" = Darwin ] || fc-list :lang=ja 2>/dev/null | grep -q .; }
have_boto3() { /usr/bin/python3 -c 'import boto3' 2>/dev/null || python3 -c 'import boto3' 2>/dev/null; }
have_perl() { perl -M"$1" -e1 2>/dev/null; }
have_libc_headers() { [ "$(uname)" = Darwin ] || [ -e /usr/include/stdlib.h ]; }

# missing prints the rows of the table whose need is not met.
missing() {
    local row package check
    while read -r row; do
        IFS='|' read -r package check _ <<<"$row"
        # shellcheck disable=SC2086 # a check is a command and its argument
        $check || echo "$row"
    done < <(needs)
}

may_install() { [ "$(id -u)" = 0 ] && [ -e /etc/debian_version ] && have apt-get; }

# Packages with servers would start them; the tests start their own, on loopback.
start_no_servers() {
    local policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod +x "$policy"
        trap "rm -f $policy" EXIT
    fi
}

install() {
    echo "Installing $* ..."
    export DEBIAN_FRONTEND=noninteractive
    start_no_servers
    if ! { apt-get update -q && apt-get install -q -y --no-install-recommends "$@"; } >.cache/apt.log 2>&1; then
        tail -n 5 .cache/apt.log
        echo "apt-get could not install everything; the whole log is .cache/apt.log"
    fi
}

# axe-core finds mistakes against WCAG in a page. It is MPL-2.0 and used by tests only, so it is fetched, not kept.
axe_version=4.14.1
axe_sha256=29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c
is_our_axe() {
    local sum=sha256sum
    have sha256sum || sum='shasum -a 256' # macOS
    [ "$($sum <"$1" | cut -d' ' -f1)" = "$axe_sha256" ]
}
fetch_axe() {
    local to=.cache/axe/axe.min.js
    if [ -e "$to" ] && is_our_axe "$to"; then
        return
    fi
    if ! have npm; then
        echo "Missing npm: axe-core $axe_version cannot be fetched, so pages are not checked against WCAG by it"
        return
    fi
    mkdir -p .cache/axe
    if ! npm pack --silent --pack-destination .cache/axe "axe-core@$axe_version" >/dev/null 2>.cache/axe/npm.log; then
        tail -n 3 .cache/axe/npm.log
        echo "npm could not fetch axe-core $axe_version, so pages are not checked against WCAG by it"
        return
    fi
    tar -xzf ".cache/axe/axe-core-$axe_version.tgz" -C .cache/axe --strip-components=1 package/axe.min.js package/LICENSE
    rm ".cache/axe/axe-core-$axe_version.tgz" .cache/axe/npm.log
    if ! is_our_axe "$to"; then
        echo "axe-core $axe_version from npm is not the file we know; removed"
        rm "$to"
    fi
}

# The SDK for JavaScript tells one of the stories of internal/awsapi/clients; the lock file pins it by its hashes.
fetch_javascript() {
    local from=internal/awsapi/clients/testdata/javascript to=.cache/javascript
    if cmp -s "$from/package-lock.json" "$to/package-lock.json" && [ -d "$to/node_modules" ]; then
        return
    fi
    if ! have npm; then
        echo "Missing npm: the SDK for JavaScript cannot be fetched, so nobody tries the wire API with it"
        return
    fi
    mkdir -p "$to"
    cp "$from/package.json" "$from/package-lock.json" "$to/"
    if ! npm ci --silent --no-audit --no-fund --prefix "$to" >"$to/npm.log" 2>&1; then
        tail -n 3 "$to/npm.log"
        rm -rf "$to"
        echo "npm could not fetch the SDK for JavaScript, so nobody tries the wire API with it"
    fi
}

mkdir -p .cache
if [ -n "$(missing)" ] && may_install; then
    # shellcheck disable=SC2046 # package names are words
    install $(missing | cut -d' ' -f1)
fi
missing | while IFS='|' read -r package _ lost; do
    echo "Missing ${package// /}:$lost"
done
fetch_axe
fetch_javascript

{
    if may_install; then
        echo "AIKAGI_REQUIRE_POSTGRES=1"
        echo "AIKAGI_REQUIRE_BROWSER=1"
        echo "AIKAGI_REQUIRE_MAIL_TOOLS=1"
        echo "AIKAGI_REQUIRE_CLIENTS=1"
    fi
    if [ -e .cache/axe/axe.min.js ]; then
        echo "AIKAGI_AXE=$PWD/.cache/axe/axe.min.js"
    fi
    if [ -d .cache/javascript/node_modules ]; then
        echo "AIKAGI_JAVASCRIPT=$PWD/.cache/javascript"
    fi
} >.cache/test-needs.env
