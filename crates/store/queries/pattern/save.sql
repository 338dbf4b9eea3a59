WITH saved AS (
    INSERT INTO otel.pattern AS p (pattern_id, kind, service, template, example, first_seen, detail, words, lexemes)
    SELECT id, kind, service, template, example, first_seen, detail, words, string_to_array(lexemes, ' ')
    FROM unnest(
        $1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::jsonb[], $8::text[],
        $9::text[]
    ) AS u (id, kind, service, template, example, first_seen, detail, words, lexemes)
    ON CONFLICT (pattern_id) DO UPDATE SET
        template = excluded.template,
        detail = excluded.detail,
        words = excluded.words,
        lexemes = excluded.lexemes,
        first_seen = least(p.first_seen, excluded.first_seen)
    WHERE p.template <> excluded.template
    RETURNING pattern_id
)
DELETE FROM otel.embedding WHERE pattern_id IN (SELECT pattern_id FROM saved)
