# SPDX-License-Identifier: BSD-2-Clause
# smoke.sh - BusyBox applets whose output cannot be compared: do they work?
#
# Run by the guest's shell (tests/test_compare.py). Each line says what status
# an applet must give, and may look at what it printed; what goes wrong is
# printed, with the output. Ends with the line "end".
mkdir -p /tmp/smoke && cd /tmp/smoke || exit 1

# want STATUS PATTERN SCRIPT: the script's status, and a line of its output
want() {
	(eval "$3") >out 2>&1 </dev/null
	got=$?
	if [ "$got" != "$1" ]; then
		printf 'FAILED (status %s, not %s): %s\n' "$got" "$1" "$3"
		cat out
	elif [ -n "$2" ] && ! grep -q -E -e "$2" out; then
		printf 'FAILED (no line like "%s"): %s\n' "$2" "$3"
		cat out
	fi
}

# who runs, and what it takes
want 0 '^ *1 root +.* /?init|^ *1 root .*init' 'ps'
want 0 'PID +PPID' 'ps -o pid,ppid,pgid,sid,user,group,vsz,rss,nice,tty,stat,comm,args'
want 0 ' ps$' 'ps -o pid,comm'
want 0 '^Mem: [0-9]+K used' 'top -b -n 1'
want 0 'CPU:.*% idle' 'top -b -n 1'
want 0 'PID.*PPID.*USER.*STAT' 'top -b -n 1'
want 0 '^Mem: +[0-9]+ +[0-9]+ +[0-9]+' 'free'
want 0 '^Swap:' 'free -m'
want 0 'up .*load average' 'uptime'
want 0 '^1$' 'pidof -s init || pidof linuxrc || echo 1'
want 0 '' 'sleep 100 & sleep 0.1; killall sleep; wait'
want 0 'sleep' 'sleep 3 & ps | grep "[s]leep"; kill $!'
want 0 'Brig|Linux' 'dmesg'
want 0 '^ *[0-9]+$' 'dmesg | wc -l'
want 0 '' 'dmesg -n 4'
want 0 'root.* /$' 'df'
want 0 '/proc' 'df -a'
want 0 'Inodes' 'df -i .'
want 0 ' on /proc type proc' 'mount'
want 0 '^[0-9]+' 'du -s /bin'
want 0 '/dev/null' 'sleep 2 </dev/null & sleep 0.1; ls -l /proc/$!/fd; kill $!'
want 0 'i686' 'uname -m'
want 0 'i686' 'arch'
want 0 '^[0-9a-f]+$' 'hostid'
want 0 'brig' 'hostname'
want 0 '' 'hostname try && [ "$(hostname)" = try ] && hostname brig'
want 0 '' 'who; w; last; users 2>/dev/null; true'
want 0 'kernel.hostname = brig' 'sysctl kernel.hostname'
want 0 'kernel.ostype' 'sysctl -a'
want 0 '' 'sysctl -w kernel.hostname=brig'
want 0 'mask: 1$' 'taskset -p $$'
want 0 '' 'nproc'
want 0 'Every' 'timeout 1 watch -n 1 true; [ $? = 143 ]'
want 0 'max locked' 'ulimit -a'
want 0 'Module' 'lsmod'
want 0 'Package|/' 'dpkg -l 2>&1; true'

# mounts
want 0 '' 'mkdir -p m && mount -t tmpfs -o size=1m x m && touch m/f && umount m && [ ! -e m/f ]'
want 0 ' m?.*ro' 'mount -t tmpfs -o ro x m && mount | grep smoke/m; umount m'
want 1 'Read-only' 'mount -t tmpfs -o ro x m; touch m/f; s=$?; umount m; exit $s'
want 0 '' 'mount -t tmpfs x m && mount -o remount,ro m && ! touch m/f 2>/dev/null; umount m'
want 0 '' 'mkdir -p a b && touch a/f && mount --bind a b && [ -e b/f ] && umount b'
want 0 '' 'mount -t tmpfs x m; cd m; ! umount /tmp/smoke/m; cd ..; umount m'
want 0 '' 'mount -t tmpfs x m; cd m; umount -l /tmp/smoke/m'
want 255 'No such device' 'mount -t nosuch x m'
want 1 'Invalid|not mounted|can.t unmount' 'umount m'
want 0 '' 'mkdir -p nr && mount -t tmpfs x nr && cp -a /bin nr && chroot nr /bin/true && umount nr'
want 1 '' 'mkdir -p pv/old && pivot_root pv pv/old'
want 0 '' 'unshare --help; nsenter --help; true'

# editors and pagers, without a terminal
want 0 'one' 'printf "one\ntwo\n" >t; less t'
want 0 'two' 'more t'
want 0 '' 'printf ":s/one/1/\n:wq\n" | TERM=vt100 timeout 5 vi t >/dev/null; true'
want 0 '' 'TERM=vt100 timeout 5 vi -c ":wq" t'
want 0 '' 'TERM=vt100 timeout 5 vi -c ":s/two/2/" -c ":wq" t'

# services
want 0 '' 'mkdir -p tabs; echo "* * * * * true" >tabs/root
	crond -b -c $PWD/tabs -L $PWD/log; sleep 0.2; kill $(pidof crond)'
want 0 'true' 'mkdir -p /var/spool/cron/crontabs; echo "1 2 3 4 * true" | crontab -; crontab -l'
want 0 '' 'mdev -s; [ -c /dev/null ]'
want 0 '' 'start-stop-daemon -S -b -m -p pf -x /bin/sleep -- 100; start-stop-daemon -K -q -p pf'
want 0 '' 'start-stop-daemon -S -b -x /bin/sleep -- 101; start-stop-daemon -K -n sleep'
want 0 'guest' 'adduser -D guest 2>/dev/null; echo guest'
want 0 '65534|nobody' 'su -s /bin/sh nobody -c id'
want 0 'uid=65534' 'su -s /bin/sh nobody -c "id; ls /root 2>&1" | cat'
want 0 '' 'setpriv --dump; true'
want 0 '' 'setsid true; nohup true 2>/dev/null; true'
want 1 '' 'passwd -l nosuchuser'

# time
want 0 '^ *mode|offset' 'adjtimex'
want 0 '20[0-9][0-9]' 'date'
want 0 '1000000' 'old=$(date +%s); date -s @1000000 >/dev/null; date +%s; date -s @$old >/dev/null'
want 0 '' 'hwclock --help; true'

# what has no device here says so and goes on
for each in 'fsfreeze -f .' 'fstrim .' 'losetup -a' 'lsscsi' 'modprobe none' 'insmod none' \
	'rmmod none' 'modinfo none' 'depmod -n' 'swapon none' 'swapoff none' 'blockdev --getsz t' \
	'blkdiscard t' 'findfs LABEL=none' 'partprobe none' 'loadfont <t' 'loadkmap <t' dumpkmap \
	'setkeycodes 1 1' 'chvt 1' 'deallocvt 9' 'openvt -c 9 true' 'fdisk -l' 'devmem 0' \
	'i2cdetect -l' 'watchdog --help' 'acpid --help' 'svc none' 'svok none' 'mt status' \
	'raidautorun' 'eject' 'resume none' 'nameif' 'ubirename none' 'svok none' \
	'freeramdisk none' 'hwclock' 'microcom -t 1 t' 'getty' 'sulogin -t 1' 'run-init' \
	'switch_root'; do
	timeout 5 sh -c "$each" >out 2>&1 </dev/null
	got=$?
	[ "$got" -lt 128 ] || [ "$got" -ge 200 ] || printf 'FAILED (status %s): %s\n' "$got" "$each"
done

# nothing of it left the machine unwell
want 0 '^ok$' 'echo ok'
want 1 '' 'dmesg | grep -i -E "panic|assert|BUG"'
cd / && rm -rf /tmp/smoke
echo end
