-- $1 log, $2 lane, $3 owner, $4 firsts and $5 lasts of what the lane has then, $6 first and $7 last of what is new.
UPDATE otel.delivered
SET has = (SELECT range_agg(int8range(first, last, '[]')) FROM unnest($4::bigint[], $5::bigint[]) AS had(first, last)),
    updated_at = now()
WHERE log = $1 AND lane = $2 AND owner = $3 AND NOT has @> int8range($6, $7, '[]')
