# Sourced by what brings the real peers into target/peers: Debian's packages are downloaded and
# unpacked there, never installed. apt works on a state of its own, so that the machine's package
# lists stay as they are.

PEERS=$PWD/target/peers

complain() { printf '%s: %s\n' "$0" "$*" >&2; }

# Prints where this machine gets Debian from, in either of apt's two formats.
debian_mirror() {
    local files=()
    [ -e /etc/apt/sources.list ] && files+=(/etc/apt/sources.list)
    while IFS= read -r file; do files+=("$file"); done < <(
        find /etc/apt/sources.list.d \( -name '*.list' -o -name '*.sources' \) 2>/dev/null | sort)
    [ ${#files[@]} -gt 0 ] || return 1
    sed -nE 's%^(URIs:|deb (\[[^]]*\] )?) *([a-z]+://[^ ]+/debian)/?( .*)?$%\3%p' "${files[@]}" |
        head -n 1
}

# own_apt FOLDER [SUITE]: makes `own_apt_get` work in FOLDER, with the machine's own sources or with
# this release of Debian instead.
own_apt() {
    local base apt=$1 suite=${2:-}
    rm -rf "$apt" && mkdir -p "$apt"/{lists/partial,cache/archives/partial,parts} || return
    apt_options=(-qq -oDir::State::Lists="$apt/lists" -oDir::Cache="$apt/cache"
        -oAPT::Sandbox::User=root -oDebug::NoLocking=1)
    if [ -n "$suite" ]; then
        base=$(debian_mirror) && [ -n "$base" ] || { complain "no Debian mirror in /etc/apt"; return 1; }
        printf "%s [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $base $suite main\n" \
            deb deb-src >"$apt/sources.list"
        apt_options+=(-oDir::Etc::SourceList="$apt/sources.list" -oDir::Etc::SourceParts="$apt/parts")
    fi
    own_apt_get update
}

own_apt_get() { apt-get "${apt_options[@]}" "$@"; }
