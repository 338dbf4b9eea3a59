SELECT l.*, l.ctid::text AS place, l.ctid AS tie
FROM otel.log_record l
WHERE ($2::text[] IS NULL OR $may_have_text AND $has_text)
  AND $matches
ORDER BY l.time DESC, l.time_nanos DESC, l.ctid DESC
LIMIT $10
