-- What PostgreSQL answers and the engine refuses, clearly and before it runs.
-- rules: missing
SELECT percentile_cont(ARRAY[0.1, 0.9]) WITHIN GROUP (ORDER BY f8) FROM big;
SELECT rank(3) WITHIN GROUP (ORDER BY i4), dense_rank(3) WITHIN GROUP (ORDER BY i4) FROM big;
SELECT * FROM unnest(ARRAY[1, 2], ARRAY['a', 'b', 'c']) u(x, y);
SELECT to_json(array_agg(t)) FROM tiny t;
SELECT to_number('12,345.67', '99G999D99'), to_number('-1.5', 'S9D9'), to_number('  42', '9999');
SELECT id FROM odd ORDER BY id LIMIT (SELECT count(*) FROM tiny);
SELECT ARRAY[ARRAY[1,2], ARRAY[3,4]];
SELECT ARRAY[[1,2],[3,4]];
SELECT '{{1,2},{3,4}}'::int[], array_ndims('{{1,2},{3,4}}'::int[]), ('{{1,2},{3,4}}'::int[])[2][1], unnest('{{1,2},{3,4}}'::int[]);
SELECT make_interval(days => 3, hours => 5);
SELECT B'101';
SELECT '[0:1]={1,2}'::int[];
-- Results of more than 38 digits.
-- rules: wide
SELECT sum(i2), sum(i4), sum(i8), sum(n1), sum(n3), sum(n4), sum(n2) FROM odd;
SELECT sum(n2) FROM tiny WHERE n2 > 0;
SELECT id, n2 + n2 FROM odd;
