-- $1 log, $2 owner, $3 lanes: from here on only this owner delivers the log; says what of it is here.
WITH owned AS (
    INSERT INTO otel.delivered (log, lane, owner)
    SELECT $1, lane, $2 FROM generate_series(0, $3::int - 1) lane
    ON CONFLICT (log, lane) DO UPDATE SET owner = $2
    RETURNING lane, has
), others AS (
    -- Lanes of a time when there were more of them.
    UPDATE otel.delivered SET owner = $2 WHERE log = $1 AND lane >= $3 RETURNING has
)
SELECT lower(range), upper(range)
FROM (SELECT has FROM owned UNION ALL SELECT has FROM others) all_lanes, unnest(has) range
