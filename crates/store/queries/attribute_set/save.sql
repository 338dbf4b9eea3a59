INSERT INTO otel.attribute_set (set_id, keys, attributes)
SELECT set_id, ARRAY(SELECT jsonb_array_elements_text(keys::jsonb)), attributes::jsonb
FROM unnest($1::bigint[], $2::text[], $3::text[]) AS u (set_id, keys, attributes)
ON CONFLICT (set_id) DO NOTHING
