-- The same words as before, in half the time: translate looks each character of a message up in its list, and took longer than
-- dividing the message into words.
CREATE OR REPLACE FUNCTION otel.log_words(message text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN to_tsvector('simple'::regconfig, regexp_replace(left(message, 10000), '[./\\:_=@#&?+~%<>-]', ' ', 'g'));
