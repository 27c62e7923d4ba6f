#!/usr/bin/env bash
# Makes a copy of Debian's PostgreSQL server that has pgvector, for tests, and prints its folder: once a machine, in half a
# minute. Debian has pgvector for the servers of its newer releases only, so its source from there is compiled for the server
# that is installed, which itself stays as it is. Ends with 1, and a line that says why, where that cannot be done.
set -euo pipefail
release=trixie
kept=${PALATE_CACHE:-/var/cache/palate}

why() {
  echo "no PostgreSQL with pgvector: $*" >&2
  exit 1
}
command -v apt-get >/dev/null && command -v gcc >/dev/null || why 'it takes apt-get and gcc'
[ "$(id -u)" -eq 0 ] || [ -w "$kept" ] || why "$kept cannot be written"
version=$(find /usr/lib/postgresql -mindepth 1 -maxdepth 1 -printf '%f\n' 2>/dev/null | sort -n | tail -n 1)
[ -n "$version" ] || why 'no server is installed (apt-get install postgresql)'
folder=$kept/postgresql-$version
if [ -e "$folder/share/postgresql/$version/extension/vector.control" ]; then
  echo "$folder"
  exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work"
# Headers of the server, as the machine's own lists of packages have them.
dev=postgresql-server-dev-$version
apt-get download -qq "$dev" >log 2>&1 || { apt-get update -qq && apt-get download -qq "$dev"; } >log 2>&1 ||
  why "no headers of the server: $(tail -n 1 log)"
dpkg -x "$dev"_*.deb .
# The source, of the same archive and checked by its signature, with lists of its own.
archive=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -n 1)
[ -n "$archive" ] || why 'no archive of packages is known'
mkdir -p lists/partial
keys=/usr/share/keyrings/debian-archive-keyring.gpg
echo "deb-src [signed-by=$keys] $archive $release main" >sources.list
own=(-o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$work/lists"
  -o "Dir::Cache=$work" -o APT::Sandbox::User=root -qq)
{ apt-get "${own[@]}" update && apt-get "${own[@]}" source --download-only pgvector; } >log 2>&1 ||
  why "no source: $(tail -n 1 log)"
tar xf pgvector_*.orig.tar.gz
cd pgvector-*/

made=$work/made
mkdir -p "$made/lib/postgresql/$version/bin" "$made/lib/postgresql/$version/lib" "$made/share/postgresql"
for program in postgres initdb pg_isready; do cp -L "/usr/lib/postgresql/$version/bin/$program" "$made/lib/postgresql/$version/bin/"; done
find "/usr/lib/postgresql/$version/lib" -maxdepth 1 -name '*.so' ! -name 'llvmjit*' -exec cp {} "$made/lib/postgresql/$version/lib/" \;
cp -rL "/usr/share/postgresql/$version" "$made/share/postgresql/"
printf '%s\n' src/*.c | xargs -P 2 -I{} sh -c \
  'gcc -O2 -ftree-vectorize -fassociative-math -fno-signed-zeros -fno-trapping-math -fno-strict-aliasing -fwrapv -fPIC -I"$0" -c "{}" -o "{}.o"' \
  "$work/usr/include/postgresql/$version/server" >"$work/log" 2>&1 || why "it did not compile: $(grep -m 1 error "$work/log")"
gcc -shared -o "$made/lib/postgresql/$version/lib/vector.so" src/*.o -lm
own_version=$(sed -n "s/^default_version = '\(.*\)'/\1/p" vector.control)
cp vector.control "$made/share/postgresql/$version/extension/"
cp sql/vector--*--*.sql "$made/share/postgresql/$version/extension/"
cp sql/vector.sql "$made/share/postgresql/$version/extension/vector--$own_version.sql"
chmod -R a+rX "$made"
mkdir -p "$kept"
rm -rf "$folder"
mv "$made" "$folder" 2>/dev/null || why "$folder could not be written"
echo "$folder"
