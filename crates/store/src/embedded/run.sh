# Becomes the server that is named, and stops it when standard input ends: also when who started it is killed.
exec 3<&0
{ read -r _ <&3; kill -INT $$; } &
exec "$@" 3<&- </dev/null
