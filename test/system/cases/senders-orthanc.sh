# SPDX-License-Identifier: LGPL-2.1-or-later
# Packages: orthanc dcmtk curl
# Limit: 400
# Orthanc, which stores what it receives, by DICOM and over HTTP, in a tree of directories that it makes: each
# of the files is told once, with its size, in a watch with default settings but for Recursive=.

. /test/lib.sh
. /test/senders.sh

# Otherwise each file waits 80 ms for acknowledgements that the loopback's other end delays.
export TCP_NODELAY=1

dicom 200
mkdir -p /srv/index
incoming Recursive=yes
cat >/srv/orthanc.json <<'X'
{
  "StorageDirectory": "/srv/in",
  "IndexDirectory": "/srv/index",
  "AuthenticationEnabled": false,
  "DicomPort": 4242,
  "HttpPort": 8042
}
X
Orthanc /srv/orthanc.json >"$work/orthanc" 2>&1 &
server=$!
wait_until 'Orthanc' curl --silent --fail --output /dev/null http://127.0.0.1:8042/system
storescu --call ORTHANC localhost 4242 /srv/out/*.dcm
least=200
each_is_told 1 /srv/in

# Over HTTP, other images.
n_stored() { curl --silent --fail http://127.0.0.1:8042/instances | jq length; }
expect_eq 'what Orthanc has' "$(n_stored)" 200
rm /srv/out/*
dicom 50 2
for file in /srv/out/*.dcm; do
        curl --silent --show-error --fail --output /dev/null --data-binary "@$file" http://127.0.0.1:8042/instances
done
expect_eq 'what Orthanc has' "$(n_stored)" 250
least=250
each_is_told 1 /srv/in
kill "$server"
wait "$server" || true
