# SPDX-License-Identifier: LGPL-2.1-or-later
# Packages: python3
# Mail that is delivered into a Maildir, in tmp/ first and then in new/: each of 200 messages is told once, with
# its size.

. /test/lib.sh
. /test/senders.sh

python3 -c 'import mailbox; mailbox.Maildir("/srv/mail")'
config <<'X'
[Watch mail]
Path=/srv/mail/new
Processor=transfer
X
systemctl start inotifier
subscribe member
python3 - <<'X'
import mailbox
box = mailbox.Maildir('/srv/mail')
for i in range(200):
    box.add('Subject: %d\n\n%s\n' % (i, 'text\n' * (i * i % 5000)))
X
least=200
each_is_told 1 /srv/mail/new
# Read by somebody, they go to cur/, and one comes back: by a rename from a directory that is not watched.
first=$(find /srv/mail/new -type f -not -name '.*' | sort | sed -n 1p)
mv "$first" /srv/mail/cur/
mv /srv/mail/cur/* "$first"
wait_until 'the second completion' eval '(($(n_told TransferCompleted "$first") == 2))'
