package store

import "github.com/sluicedb/sluice/sql"

// HiveType is the type that clients see for a Hive type.
func HiveType(hive string) (sql.Type, error) {
	h, err := sql.ParseHive(hive)
	if err != nil {
		return sql.Type{}, err
	}
	return h.SQL(), nil
}
