SELECT $columns,
       l.place
FROM (
    $found
) l
LEFT JOIN otel.attribute_set s USING (set_id)
LEFT JOIN otel.resource r USING (resource_id)
LEFT JOIN otel.scope c ON c.scope_id = coalesce(l.scope_id, s.scope_id)
ORDER BY l.time DESC, l.time_nanos DESC, l.tie DESC
