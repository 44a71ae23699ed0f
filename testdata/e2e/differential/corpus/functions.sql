-- Functions of the chapters on mathematics, strings, bytes, dates and arrays.
-- rules:
SELECT id, get_byte(x, 0), bit_count(x) FROM odd WHERE length(x) > 0;
SELECT get_byte('\x05'::bytea, 0), set_byte('\x0500'::bytea, 1, 255), get_bit('\x05'::bytea, 2), set_bit('\x05'::bytea, 0, 0), position('\x00'::bytea in '\x0100'::bytea), overlay('\x0102'::bytea placing '\xff'::bytea from 2);
SELECT get_byte('\x'::bytea, 0);
SELECT set_bit('\x05'::bytea, 8, 1);
SELECT id, date_bin('15 minutes', ts, timestamp '2001-01-01') FROM odd WHERE ts > '1800-01-01' AND ts < '2200-01-01';
SELECT date_bin('1 month', timestamp '2024-01-01', timestamp '2001-01-01');
SELECT date_bin('0 s', timestamp '2024-01-01', timestamp '2001-01-01');
SELECT (date '2024-01-01', date '2024-02-01') OVERLAPS (date '2024-01-15', interval '3 days'), (timestamp '2024-01-01', timestamp '2024-01-02') OVERLAPS (timestamp '2024-01-02', timestamp '2024-01-03'), (time '10:00', interval '2 hours') OVERLAPS (time '11:00', time '13:00'), (date '2024-01-01', NULL) OVERLAPS (date '2024-01-01', NULL), (NULL, date '2024-01-05') OVERLAPS (date '2024-01-01', date '2024-01-10');
SELECT id, (ts, interval '1 day') OVERLAPS (timestamp '2024-02-25', timestamp '2024-02-28') FROM odd WHERE ts < '5000-01-01';
SELECT array_dims(ARRAY[1,2]), array_dims('{}'::int[]), array_replace(ARRAY[1,NULL,1], 1, 3), array_replace(ARRAY[1,NULL], NULL, 3), trim_array(ARRAY[1,2,3], 2), array_position(ARRAY['a','b','a'], 'a', 2), width_bucket(5, ARRAY[1,5,9]), width_bucket(0.5, ARRAY[1,5,9]), width_bucket('b'::text, ARRAY['a','c']);
SELECT trim_array(ARRAY[1], 2);
SELECT normalize(s), s IS NORMALIZED, normalize(s, NFD), s IS NFKC NORMALIZED FROM odd;
SELECT unistr('\0441\+01F600\\x'), unistr('d\u0061t');
SELECT unistr('\zzzz');
SELECT parse_ident('"A b".c.D'), parse_ident('a.b(', false), quote_literal(id), quote_nullable(d), quote_literal(n1) FROM odd;
SELECT parse_ident('a b');
SELECT * FROM string_to_table('a,,b', ',', '');
SELECT sind('Infinity');
-- rules: floats
SELECT sind(30), cosd(60), tand(45), cotd(45), asind(0.5), acosd(0.5), atand(1), atan2d(1, 1), sind(f8), tand(f8), cosd(f8) FROM tiny WHERE abs(f8) < 1e9;
SELECT radians(f8) FROM tiny;
SELECT id, radians(f8) FROM tiny WHERE abs(f8) > 1e-9;
