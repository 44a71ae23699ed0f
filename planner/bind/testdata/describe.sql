select 1
select 1, 'a', null, 1.5, 10000000000, 100000000000000000000, true, false
select 1 as x, 2 "Y", 3 as select
select -1, - 1, +1, -2147483648, 2147483648, -9223372036854775808, 1e10, .5, 5.
select 1 + 1, 1 + 1.5, 1 / 2, 1 % 2, 2 ^ 3, 1 + 10000000000, 1::smallint + 1::smallint, 1::smallint + 1
select 'a' || 'b', 'a' || 1, 1 || 'a', 'a'::text || null
select 1 < 2, 'a' = 'b', 1 = '1', '1' < 2, 1.5 >= 1
select 1 = 'x'
select 'abc'::int
select 'a' + 1
select 1 + 'a'
select 'a' + 'b'
select true + 1
select 1 and 2
select not 1
select 1 where 1
select 1 where 'x'
select 1 where null
select nothere
select t1.nothere from t1
select nothere.a from t1
select b.a from t1 b, t2 b
select a from t1, t2
select t1.a, t2.a from t1, t2
select * from t1
select t1.* from t1, t2
select t2.*, * from t1, t2
select *
select t9.* from t1
select * from nosuch
select * from nosuch.t
select * from public.t1
select public.t1.a from t1
select t1.a from t1 x
select x.a from t1 x
select a, a, a as b from t1 order by a
select a from t1 order by b
select a as z from t1 order by z
select a as z from t1 order by z + 1
select a as b, b as a from t1 order by a
select a, b as a from t1 order by a
select 1 from t1 order by 1
select a from t1 order by 2
select a from t1 order by 'x'
select a from t1 order by 1.5
select distinct a from t1 order by b
select distinct a from t1 order by a + 1
select distinct a + 1 from t1 order by a + 1
select distinct on (a) a, b from t1 order by a, b
select distinct on (a) a, b from t1 order by b, a
select distinct on (a, b) a, b from t1 order by b
select distinct on (1) a, b from t1
select a, count(*) from t1 group by a
select a, count(*) from t1
select a, b from t1 group by a
select a + 1 from t1 group by a + 1
select a + 1 from t1 group by a
select a + 2 from t1 group by a + 1
select b from t1 group by 1
select b as q from t1 group by q
select a as b, count(*) from t1 group by b
select count(*) from t1 group by 2
select count(*), sum(a), sum(e), sum(c), sum(f), avg(a), avg(c), avg(f), min(b), max(d), min(g) from t1
select count(a), count(distinct a), count(*) filter (where a > 1) from t1
select sum(b) from t1
select sum(a, b) from t1
select count() from t1
select count(*) from t1 where count(*) > 1
select count(count(*)) from t1
select sum(sum(a)) over () from t1
select sum(a) over (partition by b order by a) from t1
select rank() over (order by a), row_number() over (), lag(a) over w, dense_rank() over w from t1 window w as (order by b)
select rank() from t1
select lower(b) over () from t1
select sum(a) over w from t1
select count(distinct a) over () from t1
select a from t1 where rank() over () = 1
select a from t1 having a > 1
select count(*) from t1 having count(*) > 1
select 1 from t1 having true
select a from t1 group by a having b > 'x'
select a from t1 where sum(a) > 1
select a from t1 group by sum(a)
select sum(a) from t1 group by rollup (b)
select a, b, grouping(a, b), count(*) from t1 group by grouping sets ((a), (b), ())
select a, b, count(*) from t1 group by cube (a, b)
select a, grouping(b) from t1 group by a
select lower('A'), upper(b), length(b), substring(b from 1 for 2), substring(b, 2), trim(b), trim(leading 'x' from b), position('a' in b) from t1
select extract(year from d), extract(epoch from g), date_part('year', d) from t1
select coalesce(a, 1), coalesce(null, 'x'), nullif(a, 1), greatest(a, 1.5), least(1, 2) from t1
select coalesce(a, 'x') from t1
select coalesce(a, b) from t1
select case when a > 1 then 'x' else b end, case a when 1 then 2 end, case when true then 1 else 1.5 end from t1
select case when a then 1 end from t1
select case when a > 1 then b else a end from t1
select case a when 'x' then 1 end from t1
select case when true then null end, case when true then null else 1 end
select cast(a as text), a::bigint, b::varchar(3), c::numeric(5,1), d::timestamp, '2020-01-01'::date, date '2020-01-01', interval '1' year, '1 day'::interval from t1
select a::date from t1
select a::nosuch from t1
select b::int, f::int, c::int, a::text::varchar(10), h::int from t1
select 1::numeric(10,2), 1.234::numeric(10,2), '1.5'::numeric, 'x'::char(3), 'x'::char, 'x'::"char", 'a'::name
select current_date, current_timestamp, current_timestamp(3), localtimestamp, localtime, current_user, session_user, current_catalog, current_schema
select now(), now() - interval '1 day', current_date - 1, current_date - date '2020-01-01', d + 1, d + interval '1 day', g - g from t1
select a in (1, 2), a not in (1, null), b in ('x', 'y'), d in ('2020-01-01', '2020-01-02') from t1
select a in ('x') from t1
select a in (1, 2.5), a in (1, 'x') from t1
select a between 1 and 2, d between '2020-01-01' and '2020-12-31', a not between symmetric 2 and 1 from t1
select b like 'x%', b not ilike '%y', b like 'a!%' escape '!', b similar to 'x' from t1
select a like 'x' from t1
select a is null, b is not null, h is true, h is not unknown, a is distinct from 1, b is not distinct from null from t1
select a is true from t1
select array[1, 2], array[1, 2.5], array['a', 'b'], array[]::int[], '{1,2}'::int[]
select array[]
select array[1, 'x']
select array[1, 'x'::text]
select x[1], x from t2
select a[1] from t1
select a = any(array[1,2]), a = any('{1,2}'), a > all(x) from t2
select a = any(1) from t1
select exists (select 1), (select 1), (select a from t1 limit 1), array(select a from t1)
select (select a, b from t1)
select a in (select a from t2), a = any (select a from t2), a > all (select a from t2) from t1
select a in (select a, b from t2) from t1
select (a, b) in (select a, b from t2) from t1
select (a, b) = (1, 'x'), (a, b) < (1, 'x') from t1
select (a, b) = (1, 2, 3) from t1
select row(1, 'x', null), (1, 2)
select a from t1 where exists (select 1 from t2 where t2.a = t1.a)
select a, (select max(t2.a) from t2 where t2.a = t1.a) from t1
select (select t1.a) from t1 group by t1.a
select (select t1.b) from t1 group by t1.a
select (select sum(t1.a)) from t1
select (select count(*) from t2 having sum(t1.a) > 1) from t1
select a from t1 union select a from t2
select a from t1 union all select b from t2
select 1 union select 'x'
select 1 union select 1.5 union select 2
select '1' union select 2
select null union select 1
select null union select null
select 'a' union select 'b'
select 1, 2 union select 1
select a from t1 union select a from t2 order by a
select a from t1 union select a from t2 order by b
select a from t1 union select a from t2 order by a + 1
select a as z from t1 union select a from t2 order by z limit 1
select d from t1 union select g from t1
select b from t1 intersect select i from t1
select i from t1 union select i from t1
select i from t1 union select j from t1
select c from t1 union select 1
select c from t1 union select c from t1
values (1, 'a'), (2, 'b')
values (1), ('x')
values (1), (1.5)
values (1, 2), (3)
values (null), (null)
select * from (values (1, 'x'), (2, null)) v
select * from (values (1, 'x')) v(p, q)
select * from (values (1, 'x')) v(p, q, r)
select * from (select 1, 'x') q
select * from (select a from t1) q(z) where z > 1
with q as (select a, b from t1) select * from q
with q(x) as (select a, b from t1) select * from q
with q(x, y, z) as (select a, b from t1) select * from q
with q as (select 1), q as (select 2) select * from q
with q as (select * from r), r as (select 1) select * from q
with recursive q as (select * from r), r as (select 1 as one) select * from q
with recursive r(n) as (select 1 union all select n + 1 from r where n < 10) select * from r
with recursive r(n) as (select 1 union all select n + 1.5 from r where n < 10) select * from r
with recursive r(n) as (select n + 1 from r) select * from r
with recursive r(n) as (select n from r union all select 1) select * from r
with recursive r(n) as (select 1 union all select a.n from r a, r b) select * from r
select * from t1 join t2 on t1.a = t2.a
select * from t1 join t2 using (a)
select * from t1 natural join t2
select a from t1 join t2 using (a)
select b from t1 join t2 using (a)
select t1.a, t2.a, a from t1 left join t2 using (a)
select a from t1 full join t2 using (a)
select * from t1 join t2 using (nothere)
select * from t1 join t2 using (b, b)
select * from t1 cross join t2
select * from t1 join t2 on t1.a
select * from t1 join t2 on t1.a = t3.a
select * from (t1 join t2 using (a)) j
select j.a, j.d from (t1 join t2 using (a)) j
select t1.a from (t1 join t2 using (a)) j
select * from t1 join t2 using (a) as u where u.a = 1
select * from t1, lateral (select t1.a + 1 as z) q
select * from t1, (select t1.a + 1 as z) q
select * from t1 left join lateral (select t1.a) q on true
select * from t1 right join lateral (select t1.a) q on true
select * from t1, t1
select * from t1 x, t2 x
select * from generate_series(1, 3)
select * from generate_series(1, 3) g
select * from generate_series(1, 3) as g(x)
select g from generate_series(1, 3) g
select * from generate_series(1, 3) with ordinality
select * from generate_series(1, 3) with ordinality as g(x, o)
select * from t1, generate_series(1, a) g
select generate_series(1, 3), a from t1
select generate_series(1, generate_series(1, 2))
select a from t1 where generate_series(1, 3) = 1
select case when true then generate_series(1, 3) end
select sum(generate_series(1, 3))
select * from lower('X')
select * from lower('X') as l
select * from current_date
select $1
select $1 + 1
select $1 || 'x'
select $1::int
select $1 = $2
select a from t1 where a = $1 and b like $2
select a from t1 where a in ($1, $2) and d > $3
select a from t1 where a = any($1)
select a from t1 limit $1 offset $2
select a from t1 where $1
select $1::text, $1::int
select coalesce($1, 1), case when $2 then 1 end, $3 is null
select $2
select $1 + $2
select $1 union select 1
select lower($1), length($2), abs($3)
select $1 in (select a from t1), $2 between 1 and 2.5
select d + $1, g - $2, d - $3 from t1
select a from t1 order by $1
select sum($1) from t1
values ($1, 1), (2, $2)
select round(1.5), round(1.555, 2), floor(1.5), ceil(f), abs(-1), mod(5, 2), power(2, 3), sqrt(2) from t1
select sum(c * (1 - c)), avg(c) from t1
select c + 1, c * c, c / 2, - c, c % 2, c::float8, c + f from t1
select nosuch(1)
select nosuch.f(1)
select lower(1)
select lower('a', 'b')
select lower(*)
select lower(distinct 'a')
select lower('a') filter (where true)
select pg_catalog.lower('A')
select abs('1')
select abs('x')
select int4('5'), text('x'), date('2020-01-01'), float8(1)
select count(*)::text, count(*) + 1 from t1
select a collate "C" from t1
select b collate "C", b collate "nosuch" from t1
select b collate "C" < 'x' from t1
select string_agg(b, ','), array_agg(a order by b), array_agg(distinct a), bool_and(h) from t1
select string_agg(distinct b, ',' order by a) from t1
select percentile_cont(0.5) within group (order by f) from t1
select percentile_cont(0.5) from t1
select max(array[a]) from t1
select t1 from t1
select count(t1) from t1
select a from t1 for update
select a into z from t1
select a from t1 limit 1 + 1
select a from t1 limit a
select a from t1 limit 'x'
select a from t1 limit true
select a from t1 offset null limit all
select a from t1 order by a fetch first 2 rows with ties
select a from t1 order by a using <
select a from t1 order by a using ~
select a from t1 order by a desc nulls last
select tableoid from t1
select 1 as "a""b", 2 as "?column?"
select 'x' as a, 'y'::varchar(5) b, "i" from t1
select i || 'x', i || i, j || 'x', lower(i), upper(j), i = j, i = 'x', j = 'x' from t1
select date_trunc('month', g), date_trunc('month', d), g::date, y at time zone 'UTC', g at time zone 'UTC' from t1, t2
select date_part('year', g), make_date(2020, 1, 2) from t1
select sum(a) over (order by a rows between 1 preceding and current row), sum(a) over (order by a range between 1 preceding and 1 following) from t1
select sum(a) over (order by b range between 1 preceding and current row) from t1
select sum(a) over (range between 1 preceding and current row) from t1
select sum(a) over (order by a rows a preceding) from t1
select sum(a) over (groups 1 preceding) from t1
select first_value(a) over (partition by b), ntile(3) over (order by a), lead(a, 2, 0) over (order by a) from t1
select sum(a) over (w order by b) from t1 window w as (partition by a)
select sum(a) over (w partition by b) from t1 window w as (partition by a)
select sum(a) over (w) from t1 window w as (order by a rows 1 preceding)
select a as x from t1 where x = 1
select a as x, x + 1 from t1
select "A" from t1
select T1.A from T1
selec 1
select 1 from
select (1
select 'unterminated
select e'\xzz'
select interval '1 day' * 2, interval '1' day + interval '2' hour, interval '1-2' year to month
select interval 'nonsense'
select date '2020-13-45'
select timestamp '2020-01-01 00:00', timestamptz '2020-01-01 00:00+01', time '10:00'
select 1 where 1 in (select 1) and not exists (select 2)
select a from t1 where a not in (select a from t2) and b = (select b from t2 limit 1)
select t.x from (select a as x from t1) as t where t.x is not null group by t.x having count(*) > 1 order by count(*) desc limit 5
select a b, count(*) c from t1 group by b
select (t1).a from t1
select (t1.*) from t1
select row(t1.*) from t1
select count(*) from (select distinct a from t1) q
select d::text || ' x', a::text || b from t1
select not h, h and a > 1, h or null from t1
select 1::int2 = 1::int8, 1::float4 + 1::float8, 1::float4 * 1, 1.5 * 1::float8
select a + e, e + c, c + f, a * c, a / c from t1
select max(a), min(a) + 1 as m from t1 group by b order by m
select sum(a) from t1 order by a
select a from t1 group by a order by sum(e)
select a from t1 order by count(*)
select distinct sum(a) from t1 order by sum(a)
select a from s.t3
select s.t3.k, t3.k from s.t3
select k from t3
select postgres.s.t3.k from postgres.s.t3
select other.s.t3.k from s.t3
select * from other.s.t3
with recursive r(n) as (select 1 union all select (select n + 1 from r)) select * from r
with recursive r(n) as (select 1 union all select r.n from t1 left join r on true) select * from r
with recursive r(n) as (select 1 union all select sum(n) from r) select * from r
with recursive r(n) as (select 1 union all select n + 1 from r order by 1) select * from r
with recursive r(n) as (select 1 union select n + 1 from r) select r.n, s.n from r, r s
with recursive r(n, m) as (select 1, 'x' union all select n + 1, 'y' from r) select * from r
with recursive r(n) as (values (1) union all select n + 1 from r where n < 3) select sum(n) from r
with a as materialized (select 1 x), b as not materialized (select x from a) select * from a, b
select $1 is null or a = $1 from t1
select a = $1 or $1 is null from t1
select $1::int is null, a = $1 from t1
select case $1 when 1 then 2 end
select * from t1 where a = $1 union select * from t1 where a = $2 order by 1 limit $3
select (select $1) + 1
select array[$1, 1], $2 = any(array['x'])
select greatest($1, 1), nullif($2, 'x'), row($3)
select extract(year from $1)
select a from t1 where d = '2020-01-01' and g >= '2020-01-01' and e in ('1', '2') and c = '1.5'
select a from t1 where d = 'x'
select a from t1 where h
select a from t1 where h = 'true' and h in ('t', 'f')
select a from t1 group by a having max(b) > 'x' order by max(d) desc, a
select a, sum(e) over (order by sum(c)) from t1 group by a
select sum(count(*)) over () from t1 group by a
select a, rank() over (order by count(*) desc) from t1 group by a
select b from t1 group by a, b having a in (select a from t2 where t2.b = t1.b)
select b from t1 group by b having exists (select 1 from t2 where t2.a = t1.a)
select (select count(*) from t2 where t2.a = t1.a) from t1 group by t1.b
select (select count(*) from t2 where t2.a = max(t1.a)) from t1
select a from t1 where a = (select max(t1.a) from t2)
select exists (select 1 from t2 where sum(t1.a) > 1) from t1
select 1 from t1 group by a order by (select max(x.a) from t1 x where x.a = t1.a)
select j.* from t1 left join t2 j on j.a = t1.a and exists (select 1 from s.t3 where k = t1.a and v = j.b)
select * from t1 full join t2 on t1.a = t2.a and t1.b = t2.b
select t.*, u.b from t1 t natural left join t2 u
select a, b, c from t1 join t2 using (a, b)
select t1.a from t1 join t2 using (a) join s.t3 on k = a
select a from t1 join t2 using (a) join t1 z using (a)
select x.a from t1 x join (select a, count(*) n from t2 group by a) y on x.a = y.a where n > 1
select * from (select 1 a, 2 a) q
select q.a from (select 1 a, 2 a) q
select * from t1 t(a1, a2)
select t.a1, t.c from t1 t(a1, a2)
select t.a from t1 t(a1, a2)
select * from t1 t(a, b, c, d, e, f, g, h, i, j, k)
select t1.a from t1 order by t1.a, random()
select distinct a from t1 order by random()
select a from t1 where a in (1, 2) is true
select 1 is distinct from null, null is not distinct from null, row(1, 2) is null, row(1, null) is not null
select 'x' = any('{x,y}'), 1 = any('{1,2}'), 1 <> all(array[1, 2])
select '2020-01-01'::date::text::varchar(4), 1::text::int::numeric(4, 2)::varchar, '1'::char(2)::text
select 1.0::numeric(3, 5)
select 1::numeric(0)
select 1::varchar(0)
select 1::int(4)
select 1::date
select true::int, 1::bool, 'yes'::bool, 1.5::bool
select b::bool, f::text, c::text, d::text, x::text from t1, t2
select date '2020-01-31' + 1, date '2020-01-31' - 1, date '2020-01-31' + time '10:00', timestamp '2020-01-01' - timestamp '2019-01-01'
select interval '1 day' + '2 hours', now() + '1 day', d + '1 day' from t1
select d - '2020-01-01', g - '2020-01-01' from t1
select -a, +a, - b from t1
select a | 1, a & 1, a # 1, ~ a, a << 1 from t1
select b || a || null from t1
select b ~ 'x', b !~* 'y', b ~~ 'z', b operator(pg_catalog.||) 'z' from t1
select b operator(s.||) 'z' from t1
select min(x), max(i), max(j), min(h) from t1, t2
select a as "select", b as from from t1
select t1.b.c from t1
select a.b.c.d.e from t1
select count(*) over (partition by a order by b rows between unbounded preceding and unbounded following exclude current row) from t1
select lag(b, 1, 'x') over (order by a), nth_value(a, 2) over (order by a) from t1
select sum(a) filter (where a > 1) over (order by b) from t1
select sum(a) over (order by sum(a) over ()) from t1
select count(*) from t1 group by grouping sets ((a, b), a, ()) having grouping(a) = 0 order by grouping(a, b)
select a + 1 as p, grouping(a + 1) from t1 group by rollup (a + 1)
select a from t1 group by ()
select count(*) from t1 group by ()
select grouping(a) from t1
select 1 as x, count(*) from t1 group by rollup (x)
select * from t1 where (a, b) in (values (1, 'x'), (2, 'y'))
select * from t1 where row(a, b) = any (select a, b from t2)
select * from t1 where (a, b) in ((1, 'x'), (2, 'y'))
select * from t1 where (a, b) > (select a, b from t2 limit 1)
table t1
table s.t3 order by k limit 1
select * from only t1
select all a from t1
select a from t1 limit 5 offset 1
(select a from t1 order by a limit 1) union all (select a from t2 limit 1) order by 1
select a from t1 union select a from t2 intersect select k from s.t3
select a, b from t1 except all select a, b from t2
select 1 union all select null union all select '3'
select x from t2 union select '{1}'
select null::text union select 1
select json '{"a": 1}' -> 'a', '{"a": 1}'::jsonb ->> 'a'
select json '{}' = json '{}'
select j from (select json '{}' j) q group by j
select j from (select json '{}' j) q order by j
select distinct json '{}'
select unnest(array[1, 2]), unnest(x) from t2
select * from unnest(array[1, 2]) with ordinality as u(v, n)
select u from unnest(array['a']) u
select generate_series(1, 2) as g order by g
select generate_series(1, 2) as g group by g
select a, generate_series(1, 2) from t1 group by a
