-- Whose opinion the scores are: the perceptor that judged, unknown for what was judged before.
ALTER TABLE paintings ADD COLUMN judge TEXT;
