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
