# SPDX-License-Identifier: LGPL-2.1-or-later
# Packages: python3
# S15, S16, S17 with the real kernel: links and files that had no name, several writers, descriptors that are
# duplicates, mappings, truncation; temporary names over a file that is there, from elsewhere, one after another.

. /test/lib.sh
. /test/senders.sh

mkdir -p /srv/in /srv/elsewhere
config <<'X'
[Watch in]
Path=/srv/in
Processor=kernel
[Processor kernel]
Type=transfer
IdleSec=2s
X
systemctl start inotifier
subscribe member
cd /srv/in

# expect_told FILE N SIZE: that many completions, the last with that size; and settled, no further one.
expect_told() {
        is_so() { [[ "$(n_told TransferCompleted "/srv/in/$1") $(last_size "/srv/in/$1")" == "$2 $3" ]]; }
        (($2 == 0)) || wait_until "$1 to be told $2 times, last with $3 bytes" is_so "$@"
        settle member /srv/in
        expect_eq "the completions of $1" "$(n_told TransferCompleted "/srv/in/$1")" "$2"
}

# S17: the last of two writers, whom the kernel tells apart if not both open it between two reads; one of whom
# has a duplicate.
exec 3>two
settle member /srv/in
exec 4>>two
echo one >&3
exec 3>&-
expect_told two 0
echo two >&4
exec 4>&-
expect_told two 1 8
exec 3>duplicate 4>&3
echo one >&3
exec 3>&-
expect_told duplicate 0
echo two >&4
exec 4>&-
expect_told duplicate 1 8
# Opened and closed without a write; appended to; truncated by its name, which nobody closes.
exec 3<>two 3>&-
expect_told two 1 8
echo three >>two
expect_told two 2 14
python3 -c 'import os; os.truncate("two", 3)'
expect_told two 3 3
# Written through a mapping after the close.
cat >"$work/map" <<'X'
import mmap, os, sys
f = os.open('mapped', os.O_RDWR | os.O_CREAT)
os.ftruncate(f, 100)
m = mmap.mmap(f, 100)
os.close(f)
print('closed', flush=True)
sys.stdin.read(1)
m[:5] = b'later'
m.close()
X
mkfifo "$work/go"
python3 "$work/map" <"$work/go" >"$work/mapped" &
exec 3>"$work/go"
wait_until 'the close' grep -q closed "$work/mapped"
expect_told mapped 0 # the kernel closes it with its last mapping
echo >&3
wait $!
exec 3>&-
expect_told mapped 1 100

# S16.
echo linked >/srv/elsewhere/file
ln /srv/elsewhere/file linked
expect_told linked 1 7
cat >"$work/nameless" <<'X'
import os
f = os.open('.', os.O_TMPFILE | os.O_RDWR)
os.write(f, b'nameless')
os.link('proc/self/fd/%d' % f, 'named', src_dir_fd=os.open('/', os.O_RDONLY)) # follows the link
os.close(f)
X
python3 "$work/nameless"
expect_told named 1 8

# S15.
echo new >over.part
echo old >over
expect_told over 1 4
echo newer >>over.part
mv over.part over
expect_told over 2 10
echo data >x.part
mv x.part y.part
mv y.part y
expect_told y 1 5
echo data >/srv/elsewhere/z.part
mv /srv/elsewhere/z.part z.part
expect_told z.part 0
mv z.part z
expect_told z 1 5
expect_eq 'where it was' "$(heard member '.event == "TransferCompleted" and .path == "/srv/in/z"' |
        jq -r '.details["source-path"]')" /srv/in/z.part
mv /srv/elsewhere/file moved
expect_told moved 1 7
mv moved by-hand
expect_told by-hand 0
rm by-hand
