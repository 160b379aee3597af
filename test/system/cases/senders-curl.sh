# SPDX-License-Identifier: LGPL-2.1-or-later
# Packages: curl python3-minimal python3
# Limit: 300
# curl -o from a local server: each of 200 files that arrived is told once, with its size, in a watch with
# default settings.

. /test/lib.sh
. /test/senders.sh

least=200
incoming
files 200
python3 -m http.server --bind 127.0.0.1 --directory /srv/out 8000 2>/dev/null >/dev/null &
wait_until 'the server' curl --silent --fail --output /dev/null http://127.0.0.1:8000/f1
for i in {0..199}; do
        curl --silent --show-error --fail --output "/srv/in/f$i" "http://127.0.0.1:8000/f$i"
done
each_is_told 1 /srv/in

# A server that sends half, and the rest when it is told to.
head -c 3000000 /dev/urandom >/srv/out/slow
cat >"$work/halves" <<'X'
import http.server, os, time
class Halves(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        data = open('/srv/out/slow', 'rb').read()
        self.send_response(200)
        self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        self.wfile.write(data[:1500000])
        self.wfile.flush()
        while not os.path.exists('/srv/go'):
            time.sleep(0.02)
        self.wfile.write(data[1500000:])
http.server.ThreadingHTTPServer(('127.0.0.1', 8001), Halves).serve_forever()
X
python3 "$work/halves" 2>/dev/null &
listens() { (: </dev/tcp/127.0.0.1/8001); }
wait_until 'the slow server' listens
halves() { [[ -n $(find /srv/in -name "$1*" -size +1000k) ]]; }

curl --silent --output /srv/in/slow http://127.0.0.1:8001/ &
sender=$!
wait_until 'the first half' halves slow
settle member /srv/in
expect_eq 'the completions of the first half' "$(n_told TransferCompleted /srv/in/slow)" 0

# Under a temporary name, as browsers do, a killed one is not taken for complete.
curl --silent --output /srv/in/killed.crdownload http://127.0.0.1:8001/ &
killed=$!
wait_until 'the first half' halves killed
kill -KILL "$killed"
wait "$killed" || true
settle member /srv/in
expect_eq 'the completions of what was killed' \
        "$(heard member '.event == "TransferCompleted" and (.path | contains("killed"))' | wc -l)" 0

touch /srv/go
wait "$sender"
wait_heard member '.event == "TransferCompleted" and .path == "/srv/in/slow"'
expect_eq 'the completions of the slow one' "$(n_told TransferCompleted /srv/in/slow)" 1
expect_eq 'its size' "$(last_size /srv/in/slow)" 3000000
curl --silent --output /srv/in/killed.crdownload http://127.0.0.1:8000/slow
mv /srv/in/killed.crdownload /srv/in/killed
wait_heard member '.event == "TransferCompleted" and .path == "/srv/in/killed" and .details.size == 3000000'
