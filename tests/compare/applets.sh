# SPDX-License-Identifier: BSD-2-Clause
# applets.sh - BusyBox applets whose output can be compared with Linux's.
#
# Run as `sh applets.sh FOLDER` by the guest's shell and by the same BusyBox
# on Linux (tests/test_compare.py); the outputs must be equal. PATH holds
# BusyBox only. Each step's status is printed too. Nothing here may depend on
# time, host name, process numbers, or what else the machine runs.
cd "$1" || exit 1
export TZ=UTC LC_ALL=C
umask 022

# run LABEL COMMAND...: output, errors and status
run() {
	label=$1
	shift
	printf '== %s\n' "$label"
	"$@" 2>&1
	printf '[%s]\n' "$?"
}
sh_run() {
	run "$1" sh -c "$2"
}

printf 'one\ntwo\nthree\nfour\nfive\nsix\nseven\n' >lines
printf 'b 2\na 10\nc 1\na 9\n' >pairs
printf 'Hello, World\n\tindented line\nlast' >text
i=0
while [ $i -lt 3000 ]; do echo "line number $i of a longer file"; i=$((i + 1)); done >long
mkdir -p tree/sub/deep
echo x >tree/x
echo yy >tree/sub/yy
ln -s x tree/link
ln tree/x tree/hard
chmod 640 tree/sub/yy
touch -d '2020-01-02 03:04:05' lines pairs text long tree/x tree/sub/yy \
	tree/sub/deep tree/sub tree

sh_run test '[ -f lines ] && [ -d tree ] && [ -L tree/link ] && [ ! -e none ] && test 3 -gt 2'
run ar sh -c 'ar -r a.ar lines 2>/dev/null; ar -t a.ar'
run ash ash -c 'f() { echo in f $1; }; f x; set -- a b c; echo $((6 * 7)) $# $3'
run ascii sh -c 'ascii | head -3'
run awk awk '{ s[$1] += $2 } END { for (k in s) print k, s[k] }' pairs
run base64 base64 text
sh_run base64-d 'base64 text | base64 -d | cmp - text && echo same'
run basename basename /a/b/c.txt .txt
sh_run bc 'echo "2^64; scale=5; 22/7" | bc'
sh_run bzip2 'bzip2 -k long && bunzip2 -c long.bz2 | md5sum && bzcat long.bz2 | wc -l'
run cal cal 2 2024
run cat cat -n text
run cat-e cat -e text
run chgrp chgrp 0 lines
sh_run chmod 'chmod u+x,go-r lines && stat -c %a lines; chmod 644 lines'
run chown chown 0:0 lines
run cmp cmp lines pairs
sh_run cp 'cp -a tree copy && ls -lR --full-time copy | grep -v "^[tdl]" | sed "s/  */ /g"'
sh_run cpio 'cd tree &&
	find . | sort | cpio -o -H newc 2>/dev/null | cpio -t 2>/dev/null | sort'
run crc32 crc32 lines
run cut cut -d ' ' -f 2 pairs
run cut-c cut -c 2-4 lines
run date date -u -d @1000000000 '+%Y-%m-%d %H:%M:%S %a %j'
sh_run dc 'echo "3 4 + p" | dc'
sh_run dd 'dd if=long of=part bs=512 skip=2 count=3 2>/dev/null; md5sum <part; wc -c <part'
run diff diff -u -L a -L b lines pairs
run dirname dirname /a/b/c
sh_run dos2unix 'printf "a\r\nb\r\n" >dos; dos2unix dos; od -c dos; unix2dos dos; od -c dos'
run du du -a tree/nothing
run echo echo -e 'a\tb\\n' -n
sh_run ed 'printf "2d\nw out\nq\n" | ed lines; cat out'
run egrep egrep -n 'o(n|u)' lines
run env env -i A=1 B=2 env
run expand expand text
run expr expr 7 '*' '(' 2 + 3 ')'
run expr-match expr abcdef : 'abc\(.*\)'
run factor factor 123456789 97
sh_run fallocate 'fallocate -l 10000 fa && stat -c "%s" fa'
run false false
run fgrep fgrep -c e lines
sh_run find 'find tree | sort; find tree -type f -size -1 -o -type l | sort;
	find tree -perm 640'
sh_run find-exec 'find tree -type f -exec basename {} \; | sort'
run fold fold -w 10 text
sh_run fsync 'fsync lines 2>/dev/null; true'
sh_run getopt 'getopt ab:c -a -b val x y'
run grep grep -v -n e lines
sh_run grep-r 'grep -r y tree | sort'
sh_run gzip 'gzip -c long | gunzip -c | md5sum; gzip -c long | zcat | wc -c'
run head head -n 3 lines
run head-c head -c 5 lines
run hexdump hexdump -C text
run id id -u
run install-like sh -c 'mkdir -p i/j && cp lines i/j/ && ls i/j'
sh_run kill 'kill -l 9; sleep 100 & kill $!; wait $!; echo $?'
sh_run less 'less lines | head -2'
run link sh -c 'link lines linked && stat -c %h lines && unlink linked && stat -c %h lines'
sh_run ln 'ln -sf lines soft; readlink soft; ln -f lines hard2; stat -c %h lines; rm hard2'
sh_run ls 'ls -1 tree; ls -d tree; ls -F tree; ls -a tree | wc -l; ls none'
sh_run ls-l 'cd tree && ls -ln --full-time x sub/yy | sed "s/  */ /g"'
sh_run lzma 'xz -h 2>&1 | head -1 | cut -c 1-7'
sh_run lzop 'lzop -c long | lzop -dc | md5sum'
run md5sum md5sum lines text
sh_run md5sum-c 'md5sum lines text >sums; md5sum -c sums'
sh_run mkdir 'mkdir -p p/q/r && ls p/q; mkdir p; mkdir -m 700 m && stat -c %a m'
sh_run mkfifo 'mkfifo ff && (echo through >ff & cat ff); stat -c %F ff'
sh_run mknod 'mknod nn p && stat -c %F nn; mknod nod c 1 3 && stat -c "%t %T %F" nod'
sh_run mktemp 'f=$(mktemp -p . abc.XXXXXX) && [ -f "$f" ] && stat -c "%a %s" "$f"; rm -f "$f"'
run more sh -c 'more lines | tail -1'
sh_run mv 'mv soft moved && readlink moved; mv none x'
run nl nl text
run nproc-positive sh -c '[ $(nproc) -ge 1 ]'
run od od -c text
run od-x od -A d -t x1 lines
sh_run paste 'paste -d : lines pairs'
sh_run patch 'cp lines pl; diff -u lines text >pp; patch -i pp pl; cmp pl text && echo patched'
run printf printf '%05d|%-6s|%x|%c|%s\n' 42 ab 255 z 'a b'
sh_run ps 'sh -c "ps | grep -c \"[p]s\"" >/dev/null; echo $?'
sh_run pwd 'cd tree/sub && pwd | sed "s,.*/tree,tree,"; cd link 2>&1 | sed "s/.*:/:/"'
run readlink readlink tree/link
sh_run realpath 'realpath tree/link | sed "s,.*/tree,tree,"'
sh_run renice 'renice -n 5 -p $$ && true'
run rev rev lines
sh_run rm 'mkdir rr && touch rr/a rr/b && rm rr; rm -r rr && ls rr'
sh_run rmdir 'mkdir -p e1/e2 && rmdir e1; rmdir -p e1/e2 && ls -d e1'
sh_run run-parts 'mkdir parts && printf "#!/bin/sh\necho part\n" >parts/one &&
	chmod 755 parts/one && run-parts parts'
run sed sed -n -e '2,4s/o/0/gp' lines
sh_run sed-i 'cp lines si && sed -i "1d;\$s/seven/SEVEN/" si && cat si'
run seq seq -s , 1 3 20
sh_run setsid 'setsid sh -c "echo in a session"'
run sha1sum sha1sum lines
run sha256sum sha256sum text
run sha3sum sha3sum text
run sha512sum sha512sum long
sh_run shuf 'shuf lines | sort | cmp - sorted 2>/dev/null; shuf -n 2 lines | wc -l'
run sleep sleep 0.05
run sort sort lines
run sort-k sort -k 1,1 -k 2,2n pairs
run sort-u sort -r -u pairs
sh_run stat 'stat -c "%n %s %f %u %g %h %Y" lines text tree/x;
	stat -c %N tree/link | sed "s/[^a-z> -]//g"'
sh_run strings 'printf "ab\001readable\002x" | strings'
sh_run stty 'stty </dev/null'
run sum sh -c 'sum lines 2>/dev/null | cut -d " " -f 1'
sh_run sync 'sync'
run tac tac lines
run tail tail -n 2 lines
sh_run tail-c 'tail -c 6 lines; tail -n +6 lines'
sh_run tar 'tar cf t.tar tree && tar tf t.tar | sort; mkdir un && tar xf t.tar -C un &&
	ls -R un; tar czf t.tgz tree && tar tzf t.tgz | wc -l'
sh_run tee 'echo both | tee t1 t2; cat t1 t2'
sh_run time 'time -p true 2>&1 | sed "s/[0-9.]//g"'
sh_run timeout 'timeout 1 sleep 10; echo $?; timeout 5 echo quick'
sh_run touch 'touch -t 202001010000.30 tt && stat -c %Y tt; touch -r lines tt && stat -c %Y tt'
sh_run tr 'tr a-z A-Z <lines | tr -d "\n"; echo; echo aabbcc | tr -s ab'
run true true
sh_run truncate 'truncate -s 12345 tr1; stat -c %s tr1; truncate -s 3 tr1; wc -c <tr1'
sh_run tty 'tty </dev/null'
sh_run umask 'umask 077; touch um; stat -c %a um'
run uname uname -s
run unexpand unexpand -a text
run uniq sh -c 'sort pairs | cut -d " " -f 1 | uniq -c'
sh_run usleep 'usleep 1000'
sh_run uuencode 'uuencode lines name | uudecode -o uu && cmp uu lines && echo same'
run wc wc lines text long
run which which sh-none
run whoami whoami
run xargs sh -c 'echo a b c | xargs -n 1 echo item'
sh_run xargs-0 'find tree -type f -print0 | xargs -0 ls | sort'
run xxd xxd text
sh_run yes 'yes | head -n 3; yes no | head -n 1000 | md5sum'

# the shell itself
sh_run pipeline 'cat long | grep 9 | sort -r | head -5 | tr l L'
sh_run here 'cat <<X
a $((1 + 2))
X'
sh_run trap 'trap "echo trapped" EXIT; trap "echo usr1" USR1; kill -USR1 $$; echo end'
sh_run jobs 'sleep 0.1 & wait; echo waited $?'
sh_run subst 'x=$(echo a; echo b); echo "$x" | wc -l; echo ${x%b} ${#x}'
sh_run case 'for f in tree/*; do case $f in *link) echo L;; *sub) echo S;; *) echo O;;
	esac; done'
sh_run glob 'echo tree/*/y* t*t'
sh_run redirect 'echo out; echo err >&2; exec 5>five; echo five >&5; cat five;
	cat <lines 5<&- | head -1'
sh_run exec-status 'exit 3'
sh_run signal-status 'sh -c "kill -9 \$\$"; echo $?'
sh_run not-found 'no-such-command-here; echo $?'
sh_run not-exec 'echo x >nx; ./nx; echo $?'
sh_run read 'while read a b; do echo "$b $a"; done <pairs'
sh_run ulimit 'ulimit -n 50; ulimit -n'
sh_run big-pipe 'dd if=/dev/zero bs=1000 count=1000 2>/dev/null | wc -c'
sh_run proc 'cat /proc/self/comm; tr "\0" " " </proc/self/cmdline;
	readlink /proc/self/fd/0 </dev/null; grep -c . /proc/self/status >/dev/null &&
	echo status'
sh_run dev 'head -c 4 /dev/zero | od -c; echo x >/dev/null; echo x >/dev/full;
	[ $(head -c 100 /dev/urandom | wc -c) = 100 ] && echo 100'
echo end
