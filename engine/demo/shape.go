// Package demo makes the demo lake: an e-commerce company's raw and processed
// data, the same for a seed, written by the project's own Parquet writer.
package demo

import (
	"time"

	"github.com/sluicedb/sluice/sql"
)

// Size of the lake at scale 1.
const (
	customersAtOne = 50_000
	productsAtOne  = 2_000
	ordersAtOne    = 200_000
	eventsAtOne    = 2_000_000
	days           = 365
)

var firstDay = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

// column is a column of a demo table.
type column struct {
	name, hive, comment string
}

// table is a demo table.
type table struct {
	database, name, comment string
	cols                    []column
	byDay                   bool // partitioned by year=/month=/day=
}

var keys = []column{{"year", "int", "year of the day"}, {"month", "int", "month, 1 to 12"}, {"day", "int", "day of the month"}}

var tables = []table{
	{database: "processed", name: "customers", comment: "one row a customer", cols: []column{
		{"customer_id", "bigint", "primary key"}, {"name", "string", ""}, {"email", "string", "missing for guests"}, {"country", "string", "ISO 3166 code"},
		{"city", "string", ""}, {"segment", "string", "consumer, business or vip"}, {"signed_up", "date", ""}, {"credit_limit", "decimal(12,2)", "missing if never checked"},
		{"newsletter", "boolean", ""}}},
	{database: "processed", name: "products", comment: "the assortment", cols: []column{
		{"product_id", "bigint", "primary key"}, {"name", "string", ""}, {"category", "string", ""}, {"brand", "string", ""},
		{"price", "decimal(10,2)", "list price"}, {"cost", "decimal(10,2)", "missing for consignment goods"}, {"weight_kg", "double", ""}, {"launched", "date", ""}}},
	{database: "processed", name: "orders", comment: "one row an order", byDay: true, cols: []column{
		{"order_id", "bigint", "primary key"}, {"customer_id", "bigint", "customers.customer_id"}, {"ordered_at", "timestamp", "UTC"}, {"status", "string", "placed, shipped, delivered, returned or cancelled"},
		{"channel", "string", "web, app, store or phone"}, {"total", "decimal(12,2)", "sum of the items after discounts"}, {"coupon", "string", "missing in most orders"}, {"note", "string", "what the customer wrote"}}},
	{database: "processed", name: "order_items", comment: "one row an item of an order", cols: []column{
		{"order_id", "bigint", "orders.order_id"}, {"line", "int", "from 1"}, {"product_id", "bigint", "products.product_id"}, {"quantity", "int", ""},
		{"unit_price", "decimal(10,2)", ""}, {"discount", "decimal(4,2)", "share of the price, 0 to 0.30"}}},
	{database: "processed", name: "events", comment: "what visitors did", byDay: true, cols: []column{
		{"event_id", "bigint", "primary key"}, {"event_time", "timestamp", "UTC"}, {"event_type", "string", ""}, {"user_id", "bigint", "customers.customer_id, missing if not signed in"},
		{"session_id", "string", ""}, {"product_id", "bigint", "missing if no product was shown"}, {"device", "string", ""}, {"country", "string", ""},
		{"duration_ms", "int", ""}, {"payload", "string", "JSON"}}},
	{database: "raw", name: "events", comment: "as the stream delivered them, all text", byDay: true, cols: []column{
		{"received_at", "string", ""}, {"source", "string", ""}, {"body", "string", "JSON"}}},
}

// typeOf is the type that a demo column is written with.
func typeOf(hive string) sql.Type {
	switch hive {
	case "bigint":
		return sql.Int8
	case "int":
		return sql.Int4
	case "double":
		return sql.Float8
	case "boolean":
		return sql.Bool
	case "date":
		return sql.Date
	case "timestamp":
		return sql.Timestamp
	case "decimal(12,2)":
		return sql.Decimal(12, 2)
	case "decimal(10,2)":
		return sql.Decimal(10, 2)
	case "decimal(4,2)":
		return sql.Decimal(4, 2)
	}
	return sql.Text
}
