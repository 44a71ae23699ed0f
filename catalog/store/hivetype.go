package store

import (
	"strings"

	"github.com/sluicedb/sluice/sql"
)

// HiveType is the type that clients see for a Hive type.
func HiveType(hive string) (sql.Type, error) {
	switch strings.ToLower(hive) {
	case "string":
		return sql.Text, nil
	case "int":
		return sql.Int4, nil
	case "bigint":
		return sql.Int8, nil
	case "date":
		return sql.Date, nil
	}
	return sql.Text, nil
}
