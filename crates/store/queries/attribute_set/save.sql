INSERT INTO otel.attribute_set (
    set_id, keys, attributes, pattern_id, message_format, message_words, severity_text, observed_delta_ns, flags, scope_id,
    kind
)
SELECT set_id, ARRAY(SELECT jsonb_array_elements_text(keys::jsonb)), attributes::jsonb, pattern_id, message_format,
       otel.log_words(regexp_replace(message_format, '%[s%]', ' ', 'g')), severity_text, observed_delta_ns, flags, scope_id,
       kind
FROM unnest(
    $1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::bigint[], $8::integer[], $9::integer[],
    $10::smallint[]
) AS u (set_id, keys, attributes, pattern_id, message_format, severity_text, observed_delta_ns, flags, scope_id, kind)
ON CONFLICT (set_id) DO NOTHING
