WITH wanted AS MATERIALIZED (
    SELECT to_tsquery('simple', u.word) AS word, u.number::integer - 1 AS number
    FROM unnest($1::text[]) WITH ORDINALITY AS u (word, number)
)
SELECT held.words, array_agg(held.set_id) AS sets, array_agg(DISTINCT held.pattern_id) AS patterns
FROM (
    SELECT s.set_id, s.pattern_id, ARRAY(SELECT w.number FROM wanted w WHERE s.message_words @@ w.word ORDER BY w.number) AS words
    FROM otel.attribute_set s
    WHERE s.message_words @@ to_tsquery('simple', $2)
) held
GROUP BY held.words
