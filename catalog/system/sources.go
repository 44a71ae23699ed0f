package system

// sources names the function that computes each relation's rows. A relation
// that is not here is empty.
func sources() map[string]source {
	return map[string]source{
		"pg_catalog.pg_aggregate":           pgAggregate,
		"pg_catalog.pg_am":                  pgAm,
		"pg_catalog.pg_attribute":           pgAttribute,
		"pg_catalog.pg_auth_members":        pgAuthMembers,
		"pg_catalog.pg_authid":              pgAuthid,
		"pg_catalog.pg_cast":                pgCast,
		"pg_catalog.pg_class":               pgClass,
		"pg_catalog.pg_collation":           pgCollation,
		"pg_catalog.pg_cursors":             pgCursors,
		"pg_catalog.pg_database":            pgDatabase,
		"pg_catalog.pg_db_role_setting":     pgDbRoleSetting,
		"pg_catalog.pg_description":         pgDescription,
		"pg_catalog.pg_group":               pgGroup,
		"pg_catalog.pg_language":            pgLanguage,
		"pg_catalog.pg_namespace":           pgNamespace,
		"pg_catalog.pg_operator":            pgOperator,
		"pg_catalog.pg_prepared_statements": pgPreparedStatements,
		"pg_catalog.pg_proc":                pgProc,
		"pg_catalog.pg_roles":               pgRoles,
		"pg_catalog.pg_settings":            pgSettings,
		"pg_catalog.pg_shadow":              pgShadow,
		"pg_catalog.pg_stat_activity":       pgStatActivity,
		"pg_catalog.pg_stat_all_tables":     pgStatAllTables,
		"pg_catalog.pg_stat_user_tables":    pgStatUserTables,
		"pg_catalog.pg_stats":               pgStats,
		"pg_catalog.pg_tables":              pgTables,
		"pg_catalog.pg_tablespace":          pgTablespace,
		"pg_catalog.pg_type":                pgType,
		"pg_catalog.pg_user":                pgUser,
		"pg_catalog.pg_views":               pgViews,

		"information_schema.applicable_roles":                infoApplicableRoles,
		"information_schema.character_sets":                  infoCharacterSets,
		"information_schema.columns":                         infoColumns,
		"information_schema.enabled_roles":                   infoEnabledRoles,
		"information_schema.information_schema_catalog_name": infoCatalogName,
		"information_schema.role_table_grants":               infoTableGrants,
		"information_schema.schemata":                        infoSchemata,
		"information_schema.table_privileges":                infoTableGrants,
		"information_schema.tables":                          infoTables,
		"information_schema.views":                           infoViews,
	}
}
