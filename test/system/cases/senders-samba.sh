# SPDX-License-Identifier: LGPL-2.1-or-later
# Packages: samba smbclient python3 python3-pyasn1 python3-pycryptodome python3-six python3-pkg-resources
# Unpacked: python3-impacket
# Limit: 300
# Samba, which writes under the final name: each file that arrived is told once, with its size, in a watch with
# default settings. From smbclient; and as Windows copies: the size is set first, then the file is written,
# then it is given its times, and after that closed.

. /test/lib.sh
. /test/senders.sh

mkdir -p /srv/in /srv/.samba
chown member: /srv/in
cat >/srv/.samba/smb.conf <<'X'
[global]
server role = standalone server
interfaces = lo
bind interfaces only = yes
disable spoolss = yes
log file = /srv/.case/smbd
private dir = /srv/.samba
lock directory = /srv/.samba
state directory = /srv/.samba
cache directory = /srv/.samba
pid directory = /srv/.samba
ncalrpc dir = /srv/.samba/ncalrpc
[in]
path = /srv/in
writeable = yes
X
printf 'member\nmember\n' | smbpasswd -c /srv/.samba/smb.conf -s -a member >/dev/null
smbd --foreground --no-process-group --configfile=/srv/.samba/smb.conf >/dev/null 2>&1 &
client() { smbclient --configfile=/srv/.samba/smb.conf --user=member%member --command="$1" //127.0.0.1/in; }
wait_until 'the server' client ls

# windows FILE…: copies them as Windows does. As `half/NAME` it is copied to the half, and then nothing
# more happens until it is killed.
cat >"$work/windows" <<'X'
import os, signal, struct, sys
sys.path.insert(0, '/opt/python3-impacket/usr/lib/python3/dist-packages')
from impacket.smb3 import SMB3
from impacket import smb3structs as smb

def copy(client, tree, path):
    with open(path, 'rb') as f:
        data = f.read()
    f = client.create(tree, os.path.basename(path), smb.GENERIC_READ | smb.GENERIC_WRITE, smb.FILE_SHARE_READ,
                      smb.FILE_NON_DIRECTORY_FILE, smb.FILE_OVERWRITE_IF, smb.FILE_ATTRIBUTE_ARCHIVE)
    client.setInfo(tree, f, struct.pack('<q', len(data)), fileInfoClass=smb.SMB2_FILE_END_OF_FILE_INFO)
    end = len(data) // 2 if '/half/' in path else len(data)
    for at in range(0, end, 32768):
        piece = data[at:min(at + 32768, end)]
        client.write(tree, f, piece, at, len(piece))
    if end < len(data):
        print('half', flush=True)
        signal.pause()
    times = smb.FILE_BASIC_INFORMATION()
    for field in 'CreationTime', 'LastAccessTime', 'LastWriteTime', 'ChangeTime':
        times[field] = (1000000000 + 11644473600) * 10000000
    times['FileAttributes'] = smb.FILE_ATTRIBUTE_ARCHIVE
    client.setInfo(tree, f, times.getData(), fileInfoClass=smb.SMB2_FILE_BASIC_INFO)
    client.close(tree, f)

client = SMB3('127.0.0.1', '127.0.0.1', sess_port=445)
client.login('member', 'member')
tree = client.connectTree('in')
for path in sys.argv[1:]:
    copy(client, tree, path)
X
windows() { python3 "$work/windows" "$@"; }

least=200
incoming
files 200
client 'prompt; lcd /srv/out; mput f*' 2>/dev/null
each_is_told 1 /srv/in
windows /srv/out/*
each_is_told 2 /srv/in
expect_eq 'the time that a copy was given' "$(stat -c %Y /srv/in/f7)" 1000000000

# Killed half way: what is left has the size that was set first, and looks complete.
mkdir /srv/half
head -c 3000000 /dev/urandom >/srv/half/killed
python3 "$work/windows" /srv/half/killed >"$work/half" &
sender=$!
wait_until 'the half' grep -q half "$work/half"
expect_eq 'the completions of the half' "$(n_told TransferCompleted /srv/in/killed)" 0
kill -KILL "$sender"
wait "$sender" || true
wait_heard member '.event == "TransferCompleted" and .path == "/srv/in/killed" and .details.size == 3000000'
