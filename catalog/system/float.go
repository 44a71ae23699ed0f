package system

import (
	"math"

	"github.com/sluicedb/sluice/sql"
)

func floatValue(t sql.Type, f float64) sql.Value {
	return sql.Value{Type: t, I: int64(math.Float64bits(f))}
}
