($4::timestamptz IS NULL OR l.time >= $4)
AND ($5::timestamptz IS NULL OR l.time < $5)
AND ($8::integer IS NULL OR l.severity_number >= $8)
AND ($9::text IS NULL OR l.service = $9)
AND ($11::bigint IS NULL OR l.pattern_id = $11 OR l.error_id = $11)
AND ($12::jsonb IS NULL OR otel.log_attributes_of(l.set_id, l.attributes, l.message) @> $12)
AND ($13::timestamptz IS NULL
     OR l.time <= $13 AND (l.time < $13 OR (l.time_nanos, l.ctid) < ($14::smallint, $15::text::tid)))
