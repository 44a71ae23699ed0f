package physical

import "github.com/sluicedb/sluice/sql"

// LimitCount is the value of a LIMIT, -1 for none.
func LimitCount(v sql.Value) (int64, error) {
	if v.Null {
		return -1, nil
	}
	return notNegative(v, sql.CodeInvalidRowCountInLimit, "LIMIT")
}

// LimitOffset is the value of an OFFSET.
func LimitOffset(v sql.Value) (int64, error) {
	if v.Null {
		return 0, nil
	}
	return notNegative(v, sql.CodeInvalidRowCountInOffset, "OFFSET")
}

func notNegative(v sql.Value, code sql.Code, word string) (int64, error) {
	if v.I < 0 {
		return 0, sql.Errorf(code, "%s must not be negative", word)
	}
	return v.I, nil
}
