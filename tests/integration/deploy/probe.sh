# Writes what the running unit may do to a report, and stops the unit.
exec > /opt/result/report 2>&1
until curl --silent --fail --output /dev/null http://127.0.0.1:9099/readyz; do
  systemctl --quiet is-active eventer.service || break
  sleep 0.5
done
pid=$(systemctl show eventer.service --property MainPID --value)
grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' "/proc/$pid/status"
echo "user: $(stat --format %U "/proc/$pid")"
for folder in /etc /usr /opt /units; do
  nsenter --target "$pid" --mount touch "$folder/written" 2> /dev/null && echo "can write to $folder"
done
[[ -n "$(nsenter --target "$pid" --mount ls -A /root 2> /dev/null)" ]] && echo "can read /root"
nsenter --target "$pid" --mount stat --format '%n %a' /var/lib/eventer
body='{"template": "{ n: std.native(\"get_index\")() }", "count": 2}'
curl --silent --header 'Content-Type: application/json' --data "$body" http://127.0.0.1:9099/generator/preview
echo
systemctl stop eventer.service
systemctl show eventer.service --property Result --property ExecMainStatus
cat /run/eventer.log
touch /opt/result/done
