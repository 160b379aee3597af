# SPDX-License-Identifier: LGPL-2.1-or-later
# Packages: polkitd sqlite3
# Limit: 1800
# 10,000 files at full speed, eight units at a time, restarted and killed on the way: 10,000 rows in a
# database, each stored once, or marked as a repeat.

. /test/lib.sh

readme units-install
mkdir -p /srv/in
config <<'X'
[Watch in]
Path=/srv/in
Processor=transfer
Publish=unit
Unit=inotifier-sqlite@.service
MaxUnits=8
X
database=/var/lib/inotifier-notices/notices.db
rows() { sqlite3 -cmd '.timeout 60000' "$database" "SELECT count(*) FROM notices ${1-}" 2>/dev/null || echo 0; }
has_rows() { (($(rows) >= $1)); }
systemctl start inotifier
began=$SECONDS
# A thousand at a time by one process each, as fast as they can.
write_files() { cd /srv/in && for i in $(seq "$1" "$2"); do echo "$i" >"f$i"; done; }
for k in {0..9}; do write_files $((k * 1000 + 1)) $((k * 1000 + 1000)) & done
wait
echo "written in $((SECONDS - began)) s"

patience=800
wait_until 'the first rows' has_rows 1000
systemctl restart inotifier
wait_until 'more rows' has_rows 2000
for _ in {1..5}; do
        wait_until 'it to be killed' signal_main KILL
        wait_until 'the next one' systemctl is-active --quiet inotifier
        systemctl reset-failed inotifier
        n=$(rows)
        wait_until 'more rows' has_rows $((n + 200))
done
wait_until 'all rows' has_rows 10000
wait_until 'the files of jobs to be gone' no_job_files
expect_eq 'the rows' "$(rows)" 10000
expect_eq 'the different paths' "$(rows 'WHERE sequence IN (SELECT min(sequence) FROM notices GROUP BY path)')" 10000
expect_eq 'rows that were stored twice without a word' "$(rows 'WHERE times > 1 AND NOT is_repeat')" 0
expect_eq 'rows that are not of a file' "$(rows "WHERE path NOT LIKE '/srv/in/f%' OR size IS NULL")" 0
journalctl --unit='inotifier-sqlite@*' --priority=warning --output=cat | sort | uniq -c | sort -rn | head -n 5 || true
echo "$(rows 'WHERE is_repeat') repeats, $((SECONDS - began)) s"
rm -rf /var/lib/inotifier-notices
