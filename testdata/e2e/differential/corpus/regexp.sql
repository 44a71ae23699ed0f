-- Regular expressions: counts, positions, replacements.
-- rules:
SELECT regexp_count('aab','a*'), regexp_replace('aab','a*','X','g'), regexp_count('abc','x*'), regexp_replace('abc','b*','-','g');
SELECT count(*) FROM regexp_matches('aab','a*','g');
SELECT id, regexp_count(s, 'a'), regexp_count(s, '[a-z]', 2), regexp_count(s, 'B', 1, 'i') FROM odd;
SELECT id, regexp_instr(s, 'b'), regexp_instr(s, '[a-z]', 2), regexp_instr(s, '.', 1, 3), regexp_instr(s, 'a(.)', 1, 1, 1), regexp_instr(s, 'A(.)', 1, 1, 0, 'i', 1) FROM odd;
SELECT id, regexp_substr(s, 'b.*'), regexp_substr(s, '[a-z]+', 2), regexp_substr(s, '.', 1, 2), regexp_substr(s, 'A(.)', 1, 1, 'i'), regexp_substr(s, 'A(.)', 1, 1, 'i', 1) FROM odd;
SELECT id, regexp_replace(s, '[a-z]', 'X', 2), regexp_replace(s, '[a-z]', 'X', 1, 0), regexp_replace(s, '[a-z]', '<\&>', 1, 2), regexp_replace(s, 'A', 'X', 1, 0, 'i') FROM odd;
SELECT id, regexp_like(s, 'A', 'i'), regexp_like(s, '^a') FROM odd;
SELECT regexp_substr('foobarbaz', 'b(..)', 1, 2, '', 1), regexp_instr('abc', 'c', 5), regexp_instr('abc', '', 4), regexp_instr('abc', '', 5), regexp_substr('abc', 'b', 1, 1, '', 2);
SELECT regexp_count('a', 'a', 0);
SELECT regexp_count('a', 'a', 1, 'g');
SELECT regexp_instr('a', 'a', 1, 0);
SELECT regexp_instr('a', 'a', 1, 1, 2);
SELECT regexp_instr('a', 'a', 1, 1, 0, '', -1);
SELECT regexp_substr('a', 'a', -1);
SELECT regexp_substr('a', 'a', 1, -1);
SELECT regexp_replace('a', 'a', 'b', 1, -1);
SELECT regexp_replace('a', 'a', 'b', 0);
SELECT regexp_like('a', 'a', 'g');
SELECT regexp_split_to_array('a,b', ',', 'g');
SELECT * FROM regexp_split_to_table('a,b', ',', 'g');
SELECT regexp_replace('aaa', 'a', 'b', 1, 2, 'g'), regexp_replace('Zürich', '.', 'x', 3), regexp_instr('Zürich', 'r'), regexp_count('日本語', '.');
SELECT width_bucket(n1, -5, 5, 4), width_bucket(5, 5, 1, 3), width_bucket(0.5, 10, 0, 7) FROM odd WHERE n1 IS NOT NULL AND abs(n1) < 1e9;
SELECT width_bucket(1.0, 2.0, 2.0, 3);
SELECT width_bucket('NaN'::numeric, 1, 2, 3);
SELECT width_bucket(1::numeric, 'Infinity', 2, 3);
SELECT width_bucket('Infinity'::numeric, 1, 2, 3), width_bucket('-Infinity'::numeric, 1, 2, 3);
SELECT int4('5'), text('x'), float8('1e3'), date('2024-01-01'), numeric('1.5');
