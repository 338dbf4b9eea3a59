coalesce((
    SELECT otel.message_of(s.message_format, l.message)
    FROM otel.attribute_set s
    WHERE s.set_id = l.set_id
), l.message)
