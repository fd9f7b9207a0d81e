# SPDX-License-Identifier: BSD-2-Clause
# applets.sh - BusyBox applets whose output can be compared with Linux's.
#
# Run as `sh applets.sh FOLDER` by the guest's shell and by the same BusyBox
# on Linux (tests/test_compare.py); the outputs must be equal. PATH holds
# BusyBox only. Each step's status is printed too. Nothing here may depend on
# time, host name, process numbers, or what else the machine runs. So a `wait`
# for a job that was killed has its errors thrown away: ash says "Terminated"
# if the job ends while `wait` waits, and nothing if it has ended before.
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
sh_run kill 'kill -l 9; sleep 100 & kill $!; wait $! 2>/dev/null; echo $?'
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

# applets that make or take apart what others made
xz=/Td6WFoAAAFpIt42AgAhARYAAAB0L+Wj4AEHADFdADoaCM52x+Xp1gc0w9EOv85V4aq94OSPmAHd
xz=${xz}jeUHVJ5lJV8nOmp+tNNI/lC3hrj2AAAAAAAAVkWH8gABSYgCAAAAAobydwD4wDYsCAAAAAAFZWg==
lzma=XQAAgAD//////////wA6GgjOdsfl6dYHNMPRDr/OVeGqveDkj5gB3Y3lB1SeZSVfJzpqfrTTSP5Q
lzma=${lzma}t4blEt///+qiAAA=
zip=UEsDBBQAAAAIAIMYIlBWRYfyMAAAAAgBAAALAAAAZGlyL29uZS50eHQryUhVKCzNTM5WSCrKL89TSMuv
zip=${zip}UMgqzS0oVsgvSy1SKAFK5yRWVSqk5KdzlQxjtQBQSwMEFAAAAAAAgxgiUJCvfEwCAAAAAgAAAAMAAAB0
zip=${zip}d28yClBLAQIUAxQAAAAIAIMYIlBWRYfyMAAAAAgBAAALAAAAAAAAAAAAAACAAQAAAABkaXIvb25lLnR4
zip=${zip}dFBLAQIUAxQAAAAAAIMYIlCQr3xMAgAAAAIAAAADAAAAAAAAAAAAAACAAVkAAAB0d29QSwUGAAAAAAIA
zip=${zip}AgBqAAAAfAAAAAAA
echo "$xz" | base64 -d >fox.xz
echo "$lzma" | base64 -d >fox.lzma
echo "$zip" | base64 -d >fox.zip
echo H52QY960gSOnzJw5ZciAoFMGDx0F | base64 -d >comp.Z
sh_run xz 'xzcat fox.xz | md5sum; xz -dc fox.xz | wc; unxz -k fox.xz && wc -l fox; rm -f fox'
sh_run unlzma 'lzcat fox.lzma | md5sum; lzma -dc fox.lzma | wc; unlzma fox.lzma && rm fox'
sh_run unzip 'unzip -l fox.zip | tail -3 | head -1; unzip -q fox.zip && find dir two -type f |
	xargs md5sum'
sh_run uncompress 'uncompress comp.Z && cat comp'
sh_run dpkg-deb 'mkdir deb && cd deb && echo 2.0 >debian-binary &&
	printf "Package: p\nVersion: 1\nArchitecture: all\nMaintainer: m <m@x>\nDescription: d\n" \
		>control && tar czf control.tar.gz ./control && tar czf data.tar.gz ../lines &&
	ar -r ../p.deb debian-binary control.tar.gz data.tar.gz 2>/dev/null; cd .. &&
	dpkg-deb -f p.deb | head -2; dpkg-deb -c p.deb | wc -l; dpkg-deb -x p.deb debx && ls debx'
run rpm rpm -qpi lines
run rpm2cpio rpm2cpio lines
sh_run ar-x 'mkdir arx && cd arx && ar -x ../a.ar && cmp lines ../lines && echo same'
sh_run cpio-i 'cd tree && find . | sort | cpio -o -H newc 2>/dev/null >../c.cpio && cd .. &&
	mkdir ci && cd ci && cpio -idm <../c.cpio 2>/dev/null; find . | sort; stat -c "%h %Y" x'
sh_run tar-links 'mkdir tl && tar cf - tree | tar xf - -C tl && stat -c "%N %h" tl/tree/hard |
	sed "s/[^0-9]*//" && stat -c "%n %a %Y" tl/tree/sub/yy'
sh_run mkdosfs 'truncate -s 1M fat && mkdosfs -v -n LABEL fat 2>&1 | sed s/volumeID:.*,//
	od -A d -t x1 -N 16 fat'
sh_run mke2fs 'truncate -s 1M ext && mke2fs -F -L label ext'
sh_run mkswap 'truncate -s 1M swp && mkswap -L name swp | sed "s/UUID=.*//"'
sh_run fdisk 'truncate -s 8M disk && printf "o\nn\np\n1\n\n\nw\n" | fdisk disk >/dev/null 2>&1
	fdisk -l disk'
run mkpasswd mkpasswd -m md5 -S saltsalt secret
run mkpasswd-sha mkpasswd -m sha512 -S saltsalt secret
sh_run mim 'printf "hello() { echo mim \$1; }\n" >Mimfile; mim hello you'
sh_run nuke 'mkdir -p nk/a && touch nk/b && nuke nk; ls nk'
sh_run shred 'cp lines shr && shred -n 1 shr && wc -c <shr; shred -u shr; ls shr'
sh_run freeramdisk 'freeramdisk lines'
sh_run fatattr 'fatattr lines'
sh_run run-init 'run-init none init'
sh_run switch_root 'switch_root none init 2>&1 | tail -1'

# applets that ask or tell the kernel
sh_run '[' '[ -s lines ] && [ lines -nt none ] && [ -p nn ] && [ -c nod ]; echo $?'
sh_run '[[' '[[ abc == a*c ]] && [[ -r lines ]]; echo $?'
sh_run chroot 'mkdir -p cr/bin && cp "$(which busybox)" cr/bin && ln -s busybox cr/bin/ls &&
	chroot cr /bin/busybox pwd && chroot cr /bin/ls /; chroot none x'
sh_run clear 'TERM=vt100 clear | od -c'
sh_run reset 'reset </dev/null | od -c'
sh_run ipcalc 'ipcalc -n -b -m -p 192.168.7.9/20'
run ionice ionice -c 3 -t echo idle
run linux32 linux32 echo personality
sh_run logname 'logname </dev/null'
run groups groups
run setpriv setpriv --nnp echo privileged
run sysctl sysctl -n kernel.ostype
sh_run taskset 'taskset 1 echo first'
sh_run ts 'echo stamped | ts "" | cut -d " " -f 2-'
sh_run start-stop-daemon 'start-stop-daemon -S -b -m -p pf -x "$(which sleep)" -- 100
	sleep 0.2; kill -0 "$(cat pf)" && start-stop-daemon -K -p pf | sed "s/pid.*//"'
sh_run nologin 'timeout 0.2 nologin </dev/null'
sh_run mountpoint 'stat -f -c %T /proc'

# more of what the everyday ones ask of the file system
sh_run ls-sorted 'cd tree && touch -d "2001-01-01" sub/old && ls -t sub; ls -S; ls -r; ls -i x |
	wc -w; ls -R .; ls -A; ls -p; ls -x; ls -m 2>/dev/null | head -1; rm sub/old'
sh_run ls-odd 'mkdir odd && cd odd && touch "a b" "c
d" "$(printf "e\\001f")" -- -g && ls; ls -b 2>/dev/null; find . | sort; rm -- * && ls -a'
sh_run find-more 'find tree -newer lines | sort; find tree -links +1 | sort; find tree -empty;
	find tree -maxdepth 1 -mindepth 1 | sort; find tree -name "y*" -o -type l | sort;
	find tree -depth | tail -1; find tree -inum $(stat -c %i tree/x) | sort;
	find -L tree -name link -type f; find none; find tree -type d -exec stat -c %n {} + | sort'
sh_run cp-more 'cp lines lines; cp none x; cp tree c2; cp -r tree c2 && find c2 | sort;
	cp -P tree/link l2 && readlink l2; cp tree/link l3 && stat -c %F l3; cp -l lines hl &&
	stat -c %h lines; rm hl; cp -s /none/abs sl && readlink sl; cp -u lines long 2>&1'
sh_run cp-special 'mkfifo cf && cp -a cf cf2 && stat -c %F cf2; cp -a nod nod2 && stat -c %F nod2'
sh_run mv-more 'mkdir m1 m2 && touch m1/f m2/f && mv -n m1/f m2 && ls m1; mv m1 m2 && ls m2;
	mv m2 m2/m1; mv lines/ x; mv m2/f m2/m1/g && find m2 | sort'
sh_run rm-more 'mkdir -p rd/a/b && touch rd/a/b/c && chmod 0 rd/a/b/c && rm -rf rd && ls rd;
	rm none; rm -f none; rm -r .; rm tree'
sh_run ln-more 'ln lines tree/x; ln -s a/b dangling && cat dangling; ln -sfn sub tree/dl &&
	readlink tree/dl && rm tree/dl; ln tree dirlink; ln -s loop1 loop2 && ln -s loop2 loop1 &&
	cat loop1; readlink -f loop1; readlink -f dangling; realpath none/x'
sh_run chmod-more 'touch cm && for m in u+s g+s o+t a-x 4755 2755 1777 =r u=rwx,g=u +X; do
	chmod $m cm && stat -c "$m %a %A" cm; done; chmod 644 none; chmod -R a+rX tree;
	chmod 755 dangling'
sh_run chown-more 'touch co && chown 12:34 co && stat -c "%u %g" co; chown :56 co &&
	stat -c "%u %g" co; chown -h 78 l2 && stat -c %u l2; chgrp -R 9 m2 &&
	find m2 -exec stat -c "%g %n" {} + | sort -k 2'
sh_run dd-more 'dd if=lines of=d1 bs=3 seek=2 2>/dev/null && od -c d1 | head -2;
	dd if=lines bs=1 skip=4 count=3 2>/dev/null; echo; echo xx |
	dd of=d1 conv=notrunc 2>/dev/null; head -1 d1; dd if=lines bs=5 2>&1 >/dev/null | head -2;
	dd if=/dev/zero of=d2 bs=1k count=0 seek=100 2>/dev/null; stat -c "%s %b" d2'
sh_run du-more 'mkdir dum && dd if=/dev/zero of=dum/f bs=4096 count=3 2>/dev/null &&
	truncate -s 1M dum/hole && du -k dum/f dum/hole; du -a -b dum/f 2>/dev/null'
sh_run touch-more 'touch -a -d @1000 tm && stat -c %X tm; touch -m -d @2000 tm &&
	stat -c "%X %Y" tm; touch -c none && ls none; touch -h -d @3000 l2 && stat -c %Y l2;
	touch none/x; touch -r tm tm2 && stat -c %Y tm2'
sh_run truncate-more 'truncate -s +5 tr1 && stat -c %s tr1; truncate -s -3 tr1 &&
	stat -c %s tr1; truncate -s 1G tr2 && stat -c "%s %b" tr2; truncate -s 0 tree; rm tr2'
sh_run fallocate-more 'fallocate -o 100 -l 50 fb && stat -c %s fb; fallocate -l 0 fb'
sh_run sed-in-place 'ln lines hl2; cp -p lines si2; sed -i s/one/1/ si2 && head -1 si2 &&
	stat -c %h lines; rm hl2'
sh_run split-lines 'tail -n +2 long | head -n 5; tail -c 100 long; head -c -100000 long'
sh_run tee-append 'echo a | tee ta >/dev/null; echo b | tee -a ta; cat ta'
sh_run xargs-more 'seq 1 1000 | xargs -n 100 echo | wc -l; echo a b | xargs -I % echo [%];
	seq 3 | xargs -P 3 -n 1 sh -c "exit 1"; echo $?; echo x | xargs false; echo $?;
	echo x | xargs no-such-program; echo $?'
sh_run sort-big 'sort -r long | head -3; sort -n -k 3 long | tail -2; sort -u long | wc -l;
	sort -c lines; sort -o so lines && cat so'
sh_run time-limits 'timeout -s KILL 0.1 sleep 5; echo $?; timeout 0.1 sh -c "trap \"\" TERM
	sleep 0.3"; echo $?'
sh_run umask-more 'umask -S; umask 027; mkdir umd && stat -c %a umd; umask u=rwx,g=,o=; umask'
sh_run flock-free 'mkfifo fx; (sleep 0.1; echo late >fx) & read -t 5 x <fx; echo "$x"; wait'
sh_run fifo-many 'mkfifo fm; exec 9<>fm; for i in 1 2 3; do (echo $i >fm) & done; wait;
	for i in 1 2 3; do read x <&9; echo $x; done | sort'

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
sh_run wait-n 'false & p=$!; wait $p; echo $?; (exit 42) & wait $!; echo $?; wait 99999; echo $?'
sh_run signals 'for s in HUP INT TERM USR1; do trap "echo got $s" $s; kill -$s $$; done;
	sh -c "kill -SEGV \$\$"; echo $?; sleep 5 & sleep 0.1
	kill -STOP $!; kill -CONT $!; kill $!; wait $! 2>/dev/null; echo $?'
sh_run subshells '(cd tree && pwd | sed "s,.*/,,"); pwd | wc -l; x=1; (x=2; echo $x); echo $x;
	{ echo a; echo b; } | while read l; do echo "<$l>"; done'
sh_run many-pipes 'seq 1 2000 | cat | cat | cat | cat | cat | cat | cat | cat | tail -1'
sh_run nested 'echo $(echo $(echo $(echo deep)))'
sh_run redirects 'exec 3>r3 4<lines; read a <&4; read b <&4; echo $a $b >&3; exec 3>&- 4<&-;
	cat r3; echo x >&7; ls none >both 2>&1; cat both; : >r3; wc -c <r3; echo y >>r3; cat <>r3;
	set -C; echo z >r3; cat r3'
sh_run globs 'echo tree/[xy]* tree/*/* none*; echo t?ee; cd tree; echo */; echo .*'
sh_run tests 'for t in -f -d -L -h -p -c -b -S -r -w -x -s -u -g -k -O; do
	for f in lines tree tree/link nn nod none /dev/null; do
	test $t $f && echo "$t $f"; done; done; test lines -ef ./lines && echo same'
sh_run ulimits 'ulimit -f 10; dd if=/dev/zero of=uf bs=1k count=20 2>/dev/null; stat -c %s uf;
	ulimit -n 20; ulimit -n; sh -c "ulimit -f"; ulimit -c 0; ulimit -c'
sh_run background 'sleep 0.3 & sleep 0.1; kill -0 $!; echo $?; wait; kill -0 $! 2>/dev/null;
	echo $?'
sh_run heredoc-big 'cat <<X | wc -c
$(cat long)
X'
sh_run argv-big 'set -- $(seq 1 5000); echo $# ${5000}; echo "$@" | wc -c;
	sh -c "echo \$#" x "$@"'
sh_run env-big 'export BIG=$(head -c 60000 long); sh -c "echo \${#BIG}"; env | grep -c "^BIG"'
sh_run cd-rules 'cd tree/sub/deep; cd ../..; ls -d sub; cd - >/dev/null; cd none
	cd ../../../lines
	pwd | sed "s,.*/tree,tree,"; mkdir gone; cd gone; rmdir ../gone; ls; pwd >/dev/null; cd ..'
sh_run times 'times | wc -l'
sh_run proc-self 'ls /proc/self/fd | head -3; cat /proc/self/limits | head -1;
	ls -d /proc/$$/task/$$ | wc -l; grep -c " /proc proc " /proc/mounts;
	cut -d " " -f 2-3 /proc/self/stat;
	cat /proc/sys/kernel/ostype; wc -w </proc/loadavg; ls -l /proc/self/cwd | wc -l'
echo end
