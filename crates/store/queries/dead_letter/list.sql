-- $1: after this one; $2: at most so many, oldest first.
SELECT dead_letter_id, failed_at, signal, records, reason, request
FROM otel.dead_letter
WHERE dead_letter_id > $1
ORDER BY dead_letter_id
LIMIT $2
