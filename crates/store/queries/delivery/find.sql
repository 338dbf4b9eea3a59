-- $1 log, $2 lane, $3 owner, $4 first, $5 last: is it ours, and is this here?
SELECT owner = $3, has @> int8range($4, $5, '[]') FROM otel.delivered WHERE log = $1 AND lane = $2
