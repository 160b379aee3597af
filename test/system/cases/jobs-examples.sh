# SPDX-License-Identifier: LGPL-2.1-or-later
# Packages: polkitd curl sqlite3 python3
# The examples of units, installed as README tells: a script, a web service, a database.

. /test/lib.sh

readme units-install
mkdir -p /srv/dicom/incoming /srv/web /srv/rows
config <<'X'
[Watch incoming]
Path=/srv/dicom/incoming
Processor=chunked
Publish=unit
Unit=inotifier-ingest@.service

[Watch web]
Path=/srv/web
Processor=create
Publish=unit
Unit=inotifier-post@.service

[Watch rows]
Path=/srv/rows
Processor=create
Publish=unit
Unit=inotifier-sqlite@.service
X
systemctl start inotifier

hostile=("it's" '$(touch pwn)' $'a\nb' $'\xff\xfe' '"; DROP TABLE notices; --' ' x ' '&a=b%41' '-rf' '@passwd')

# A script.
for name in "${hostile[@]}"; do
        printf %s "of $name" >"/srv/dicom/incoming/$name.part"
        mv -- "/srv/dicom/incoming/$name.part" "/srv/dicom/incoming/$name"
done
wait_until 'all to be ingested' lines_of /var/lib/ingest/ingested ${#hostile[@]}
while IFS= read -r line; do
        read -r sequence digest rest <<<"$line"
        eval "path=${line#* * }"
        cmp "/var/lib/ingest/$digest" "$path"
done </var/lib/ingest/ingested
expect_eq 'what there is of different files' "$(ls /var/lib/ingest | grep -vc ingested)" ${#hostile[@]}

# A web service, which is away at first.
for name in "${hostile[@]}"; do touch -- "/srv/web/$name"; done
wait_until 'a first attempt' has_logged 'curl: (7)' 'inotifier-post@*'
cat >"$work/server.py" <<'X'
import http.server, json, urllib.parse
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        with open('/srv/.case/posted', 'a') as f:
            fields = urllib.parse.parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True)
            print(self.path, json.dumps(dict(fields)), len(fields), file=f)
        self.send_response(204)
        self.end_headers()
http.server.ThreadingHTTPServer(('127.0.0.1', 8000), Handler).serve_forever()
X
python3 "$work/server.py" 2>"$work/server.err" &
wait_until 'all to be posted' lines_of "$work/posted" ${#hostile[@]}
python3 - "${hostile[@]}" <<'X'
import json, os, sys
posted = set()
for line in open('/srv/.case/posted'):
    path, rest = line.split(' ', 1)
    fields, n = rest.rsplit(' ', 1)
    assert path == '/arrived' and int(n) == 4, line
    fields = json.loads(fields)
    assert fields['event'] == 'in_create' and int(fields['sequence']) > 0, line
    posted.add(fields['path'])
wanted = {'/srv/web/' + os.fsencode(x).decode(errors='replace') for x in sys.argv[1:]}
assert posted == wanted, (posted, wanted)
X

# A database.
for name in "${hostile[@]}"; do touch -- "/srv/rows/$name"; done
database=/var/lib/inotifier-notices/notices.db
has_rows() { [[ $(sqlite3 "$database" "SELECT count(*) FROM notices ${2-}") == "$1" ]]; }
wait_until 'all rows' has_rows ${#hostile[@]}
for name in "${hostile[@]}"; do
        hex=$(printf %s "/srv/rows/$name" | od -A n -t x1 -v | tr -d ' \n')
        has_rows 1 "WHERE hex(CAST(path AS BLOB)) = upper('$hex') AND event = 'in_create' AND times = 1" ||
                fail "no row of '$name'"
done
wait_until 'the files of jobs to be gone' no_job_files
[[ ! $(find / -xdev -name pwn 2>/dev/null) ]] || fail 'a name was executed'
rm -rf /var/lib/ingest /var/lib/inotifier-notices
