#!/usr/bin/env bash
# Starts a unit with a systemd of its own, in namespaces, on a copy of the file system that is thrown away.
#     start_unit.sh UNIT PYTHON_PREFIX PYTHON_PATH CGROUP RESULT_FOLDER
# RESULT_FOLDER has probe.sh, which runs after the unit has started.
set -euo pipefail
if [[ "${6:-}" != inside ]]; then
  echo $$ > "$4/cgroup.procs"
  exec unshare --mount --pid --fork --kill-child --uts --ipc --net --cgroup bash "$0" "${@:1:5}" inside
fi
unit=$1 prefix=$2 path=$3 result=$5

mount --make-rprivate /
base=$result/file-system
mkdir "$base"
mount -t tmpfs -o mode=755 tmpfs "$base"
mkdir "$base"/{upper,work,root}
mount -t overlay overlay -o "lowerdir=/,upperdir=$base/upper,workdir=$base/work" "$base/root"
cd "$base/root"
mkdir -p opt/eventer/.venv/bin opt/python opt/result etc/eventer units/eventer.service.d old
mount --bind "$prefix" opt/python
mount --bind "$result" opt/result
cat > opt/eventer/.venv/bin/eventer <<END
#!/opt/python/bin/python3
from eventer.cli.main import main
main()
END
chmod 755 opt/eventer/.venv/bin/eventer
echo 'instance_id = "unit"' > etc/eventer/eventer.toml
chroot . useradd --system --no-create-home eventer

# The folders of Python may be in a home directory, which the unit cannot see.
number=0 paths=
for folder in ${path//:/ }; do
  number=$((number + 1)) paths+=/opt/path$number:
  mkdir "opt/path$number"
  mount --bind "$folder" "opt/path$number"
done
cp "$unit" units/eventer.service
cat > units/eventer.service.d/test.conf <<END
[Service]
Environment=PYTHONPATH=${paths%:} LD_LIBRARY_PATH=/opt/python/lib
StandardOutput=file:/run/eventer.log
StandardError=file:/run/eventer.log
END
for target in sysinit basic shutdown network-online; do
  printf '[Unit]\nDefaultDependencies=no\n' > "units/$target.target"
done
printf '[Unit]\nDefaultDependencies=no\nWants=eventer.service probe.service\n' > units/start.target
cat > units/probe.service <<'END'
[Unit]
DefaultDependencies=no
After=eventer.service
[Service]
Type=oneshot
TimeoutStartSec=infinity
ExecStart=/bin/bash /opt/result/probe.sh
END

mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount --rbind /dev dev
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs sys/fs/cgroup
mkdir sys/fs/cgroup/systemd
mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd
ip link set lo up
pivot_root . old
cd /
umount --lazy /old
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin container=test SYSTEMD_UNIT_PATH=/units \
  /lib/systemd/systemd --system --unit=start.target --log-target=console --show-status=no < /dev/null
