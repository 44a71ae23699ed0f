-- Bindings that are equal but not identical are not computed once for all.
select x::text, l.t from (values ('1 month'::interval), ('30 days')) v(x),
  lateral (select v.x::text || '!' t from generate_series(1, 1) g where g = 1) l;

select x::text, l.t from (values (1.0), (1.00)) v(x),
  lateral (select v.x::text || '!' t from generate_series(1, 1) g where g = 1) l;

select x::text, l.t from (values (0::float8), ('-0'::float8)) v(x),
  lateral (select v.x::text || '!' t from generate_series(1, 1) g where g = 1) l;

select l.t from (values ('a'::char(3)), ('a'::char(5))) v(x),
  lateral (select octet_length(v.x) t from generate_series(1, 1) g where g = 1) l;

select l.t from (values (1), (1), (2), (null)) v(x),
  lateral (select v.x + g t from generate_series(1, 2) g where g < 3) l

-- What can raise is not computed for inner rows that the correlation excludes.
select t.k, (select 10 / b.x from (values (1, 5), (99, 0)) b(k, x) where b.k = t.k) from (values (1), (2)) t(k)

select t.k, l.y from (values (1), (2)) t(k), lateral (select 10 / b.x y from (values (1, 5), (99, 0)) b(k, x) where b.k = t.k) l

select t.k from (values (1), (2)) t(k) where 2 in (select 10 / b.x from (values (1, 5), (99, 0)) b(k, x) where b.k = t.k)

select t.k from (values (1), (2)) t(k) where 2 not in (select 10 / b.x from (values (1, 5), (99, 0)) b(k, x) where b.k = t.k)

select t.k, (select c.y from (values (1, 5), (99, 0)) b(k, x) join (values (2, 7)) c(z, y) on b.k = t.k and 10 / b.x = c.z)
from (values (1), (2)) t(k)

select t.k, (select c.y from (select * from (values (1, 5), (99, 0)) v(k, x) where v.k = t.k) b join (values (2, 7)) c(z, y) on 10 / b.x = c.z)
from (values (1), (2)) t(k)

select t.k, (select c.y from (select * from (values (1, 5), (99, 0)) v(k, x) where v.k = t.k) b left join (values (2, 7)) c(z, y) on 10 / b.x = c.z)
from (values (1), (2)) t(k)

select t.k, (select count(*) from (select * from (values (1, 5), (99, 0)) v(k, x) where v.k = t.k offset 0) b
  where exists (select from (values (2, 7)) c(z, y) where 10 / b.x = c.z))
from (values (1), (2)) t(k)

select t.k, l.s from (values (1), (2)) t(k), lateral (select sum(10 / b.x) over (partition by b.k) s from (values (1, 5), (1, 2), (99, 0)) b(k, x) where b.k = t.k) l

select t.k, l.s from (values (1), (2)) t(k), lateral (select count(*) over (partition by 10 / b.x) s from (values (1, 5), (1, 2), (99, 0)) b(k, x) where b.k = t.k) l

select t.k, (select b.x from (values (1, 5), (1, 2), (99, 0)) b(k, x) where b.k = t.k order by 10 / b.x limit 1) from (values (1), (2)) t(k)

select t.k, (select s.x from (select * from (values (1, 5), (99, 0)) b(k, x) where b.k = t.k) s where 10 / s.x > 1) from (values (1), (2)) t(k)

select t.k, (select b.x from (values (1, 2), (99, 0)) b(k, x) where b.k = t.k and 10 / b.x = t.z) from (values (1, 5), (2, 4)) t(k, z)

select t.k, l.y from (values (1), (2)) t(k), lateral (select 10 / b.x y, row_number() over (order by b.x) from (values (1, 5), (99, 0)) b(k, x) where b.k = t.k) l

-- A scalar subquery of a row that the correlation excludes may have many rows.
select t.o, (select sum(s) from (select (select b.x from (values (1, 5), (9, 6), (9, 7)) b(k, x) where b.k = a.k) s
  from (values (1, 1), (2, 9)) a(o, k) where a.o = t.o) z) from (values (1)) t(o)

select t.o, l.s from (values (1)) t(o), lateral (select (select b.x from (values (1, 5), (9, 6), (9, 7)) b(k, x) where b.k = a.k) s
  from (values (1, 1), (2, 9)) a(o, k) where a.o = t.o) l

-- DISTINCT below a correlation over an expression.
select t.a, l.x from (values (1)) t(a), lateral (select distinct x from (values (1, 7), (-1, 7)) b(k, x) where abs(b.k) = t.a) l

-- Conditions over set operations see no rows that the operation drops.
select * from (select x from (values (1), (2)) a(x) except select x from (values (0), (2)) b(x)) s where 10 / x > 1

select * from (select x from (values (1), (0)) a(x) except select x from (values (0), (2)) b(x)) s where 10 / x > 1

select * from (select x from (values (1), (2), (0)) a(x) except all select x from (values (0), (2)) b(x)) s where x < 5 and 10 / x > 1

select * from (select x from (values (1), (2), (3)) a(x) intersect select x from (values (1), (2)) b(x)) s where 10 / x > 5

select * from (select x from (values (1), (2)) a(x) union select x from (values (0), (2)) b(x)) s where 10 / x > 1

select * from (select x from (values (1), (2)) a(x) union select x from (values (5), (2)) b(x)) s where 10 / x > 3

select * from (select x from (values (1.00), (2.0)) a(x) except select x from (values (1.0)) b(x)) s where scale(x) = 2

-- The rows that an offset skips are computed, those past the limit are not.
select 10 / x from (values (0), (1), (2)) v(x) offset 1

select 10 / x from (values (0), (1), (2)) v(x) limit 1 offset 1

select 10 / x from (values (1), (2), (0)) v(x) limit 1 offset 1
