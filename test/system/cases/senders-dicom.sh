# SPDX-License-Identifier: LGPL-2.1-or-later
# Packages: dcmtk
# Limit: 400
# DICOM files, sent with DCMTK's storescu to its storescp: each of 200 that arrived is told once, with its
# size, in a watch with default settings.

. /test/lib.sh
. /test/senders.sh

# Otherwise each file waits 80 ms for acknowledgements that the loopback's other end delays.
export TCP_NODELAY=1

dicom 200
least=200
incoming
storescp --output-directory /srv/in 11112 >/dev/null 2>&1 &
wait_until 'storescp' echoscu localhost 11112
storescu localhost 11112 /srv/out/*.dcm
each_is_told 1 /srv/in
# The same images again: files of the same names.
storescu localhost 11112 /srv/out/*.dcm
each_is_told 2 /srv/in
