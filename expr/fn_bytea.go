package expr

import (
	"bytes"
	"math/bits"

	"github.com/sluicedb/sluice/sql"
)

// defineBytes defines bits and bytes of bytea.
func defineBytes(d *defs) {
	d.fn("bit_count(bytea)", each(func(r *Row) error {
		n := 0
		for _, c := range r.Bytes(0) {
			n += bits.OnesCount8(c)
		}
		return r.SetInt(int64(n))
	}), safe)
	// index checks that n is below count.
	index := func(n, count int64) error {
		if n < 0 || n >= count {
			return sql.Errorf(sql.CodeArraySubscriptError, "index %d out of valid range, 0..%d", n, count-1)
		}
		return nil
	}
	d.fn("get_byte(bytea,int4)", each(func(r *Row) error {
		b, n := r.Bytes(0), r.Int(1)
		if err := index(n, int64(len(b))); err != nil {
			return err
		}
		return r.SetInt(int64(b[n]))
	}))
	d.fn("set_byte(bytea,int4,int4)", each(func(r *Row) error {
		b, n := bytes.Clone(r.Bytes(0)), r.Int(1)
		if err := index(n, int64(len(b))); err != nil {
			return err
		}
		b[n] = byte(r.Int(2))
		return r.SetBytes(b)
	}))
	d.fn("get_bit(bytea,int8)", each(func(r *Row) error {
		b, n := r.Bytes(0), r.Int(1)
		if err := index(n, int64(len(b))*8); err != nil {
			return err
		}
		return r.SetInt(int64(b[n/8] >> (n % 8) & 1))
	}))
	d.fn("set_bit(bytea,int8,int4)", each(func(r *Row) error {
		b, n, v := bytes.Clone(r.Bytes(0)), r.Int(1), r.Int(2)
		if err := index(n, int64(len(b))*8); err != nil {
			return err
		}
		if v != 0 && v != 1 {
			return sql.Errorf(sql.CodeInvalidParameterValue, "new bit must be 0 or 1")
		}
		b[n/8] = b[n/8]&^(1<<(n%8)) | byte(v)<<(n%8)
		return r.SetBytes(b)
	}))
	d.fn("position(bytea,bytea)", each(func(r *Row) error { return r.SetInt(int64(bytes.Index(r.Bytes(0), r.Bytes(1))) + 1) }), safe)
	overlay := each(func(r *Row) error {
		b, with, from := r.Bytes(0), r.Bytes(1), r.Int(2)
		n := int64(len(with))
		if r.NArgs() > 3 {
			n = r.Int(3)
		}
		if from <= 0 {
			return sql.Errorf("22011", "negative substring length not allowed")
		}
		if from+n != int64(int32(from+n)) {
			return errIntRange[int32]()
		}
		head := min(from-1, int64(len(b)))
		tail := min(max(from+n-1, 0), int64(len(b)))
		out := append(bytes.Clone(b[:head]), with...)
		return r.SetBytes(append(out, b[tail:]...))
	})
	d.fn("overlay(bytea,bytea,int4)", overlay)
	d.fn("overlay(bytea,bytea,int4,int4)", overlay)
}
